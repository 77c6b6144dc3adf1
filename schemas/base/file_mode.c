// SPDX-License-Identifier: MIT
#include "schemas/base/file_mode.h"

#include <stddef.h>
#include <unistd.h>

const char *file_mode_problem(const struct stat *status)
{
    if (status->st_mode & (S_IWGRP | S_IWOTH)) {
        return "others than its owner may write to it (chmod go-w)";
    }
    if (geteuid() != 0 && status->st_uid != 0 && status->st_uid != geteuid()) {
        return "it belongs to another user";
    }
    return NULL;
}
