// SPDX-License-Identifier: MIT
/* Where the checks of a bundle tell what they found. One thread. */
#ifndef CLIENTS_VERIFY_PROBLEMS_H
#define CLIENTS_VERIFY_PROBLEMS_H

#include <stdint.h>

#include "clients/verify/verify.h"

struct problems {
    verify_report report; /* may be NULL: then they are only counted */
    void *context;
    uint64_t count;
};

/* Tells of one. path may hold any bytes and is made printable here; NULL stands for the bundle
 * itself. */
void problem(struct problems *problems, const char *path, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
