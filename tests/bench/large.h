// SPDX-License-Identifier: MIT
/* One person with very much data, half in rows and half in files, of text that deflate halves. */
#ifndef TESTS_BENCH_LARGE_H
#define TESTS_BENCH_LARGE_H

#include <stdint.h>

/* Makes DIRECTORY/large.db, with the table rows(id, tenant_id, owner, sent_at, subject, body) for
 * this user, and files below DIRECTORY/large/TENANT/USER. Ends the program when the disk is full.
 */
void large_write(const char *directory, const char *tenant_id, const char *user_id, uint64_t bytes);

#endif
