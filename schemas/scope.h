// SPDX-License-Identifier: MIT
/* The scopes that the permission table knows, as a set of bits. Scopes are names, not a hierarchy:
 * none includes another, whatever their spelling suggests. */
#ifndef SCHEMAS_SCOPE_H
#define SCHEMAS_SCOPE_H

#include "schemas/base/text.h"

/* SCOPE_APPROVER has the name that the configuration gives it, if it does. */
enum scope { SCOPE_READ_ALL, SCOPE_READ_WRITE_ALL, SCOPE_APPROVER, SCOPE_COUNT };

struct scope_set {
    uint32_t bits;
};

/* Reads a "scp" claim: words between single spaces, compared whole and with case. Words that no row
 * of the permission table names are left out. approver is the name of SCOPE_APPROVER, or empty. */
struct scope_set scope_set_parse(struct text scp, struct text approver);

struct scope_set scope_set_of(enum scope scope);
bool scope_set_has(struct scope_set set, enum scope scope);
const char *scope_name(enum scope scope);

#endif
