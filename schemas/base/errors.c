// SPDX-License-Identifier: MIT
#include "schemas/base/errors.h"

static const struct error_row rows[ERROR_COUNT] = {
    [ERROR_NONE] = {"NONE", 200, "ok", "ok", "No error."},
#define ERROR_ROW(name, status, code, inner_code, message)                                         \
    [ERROR_##name] = {#name, status, code, inner_code, message},
#include "schemas/base/errors.def"
#undef ERROR_ROW
};

const struct error_row *error_row(int error)
{
    int index = error < 0 ? -error : error;

    return index < ERROR_COUNT ? &rows[index] : &rows[ERROR_INTERNAL];
}
