// SPDX-License-Identifier: MIT
/* The open database of a registry, with the operator's statements prepared and checked. */
#ifndef DAEMON_STORE_REGISTRY_FILE_H
#define DAEMON_STORE_REGISTRY_FILE_H

#include <sqlite3.h>
#include <sys/types.h>

#include "daemon/store/registry.h"

struct registry_file {
    sqlite3 *database;
    sqlite3_stmt *profile;
    sqlite3_stmt *list;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    sqlite3_stmt *version;
    dev_t device;
    ino_t inode;
};

/* -ERROR_CONFIGURATION with a ready line; *file then holds nothing. */
int registry_file_open(struct registry_file *file, const struct registry_options *options,
                       char message[REGISTRY_MESSAGE_BYTES]);
void registry_file_close(struct registry_file *file); /* safe twice */

/* Whether it is what the path leads to: 1 or 0; -errno when that leads nowhere. */
int registry_file_is_current(const struct registry_file *file, const char *path);

#endif
