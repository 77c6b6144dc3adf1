// SPDX-License-Identifier: MIT
/* exportd, played by a test: it binds the daemon's side of the three sockets in a temporary folder
 * and runs the real export-worker against them. The people and their rows are made up:
 *
 *   PLAYED_ADA    two rows of mail and one file
 *   PLAYED_LINKED a link where the (optional) folder should be
 *   PLAYED_BROKEN a profile in the registry that is none
 *   anybody else  is not in the registry
 *
 * played_lock holds the mail database: whoever gathers from it waits, until played_unlock. One
 * thread. */
#ifndef TESTS_UNIT_WORKERS_RUNTIME_PLAYED_H
#define TESTS_UNIT_WORKERS_RUNTIME_PLAYED_H

#include <sqlite3.h>

#include "schemas/base/limits.h"
#include "schemas/messages.h"
#include "tests/support/process.h"
#include "tests/support/temporary.h"

#define PLAYED_TENANT "11111111-1111-4111-8111-111111111111"
#define PLAYED_ADA    "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"
#define PLAYED_LINKED "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb"
#define PLAYED_BROKEN "cccccccc-cccc-4ccc-8ccc-cccccccccccc"
#define PLAYED_NOBODY "dddddddd-dddd-4ddd-8ddd-dddddddddddd"

#define PLAYED_OPERATION "01890000-0000-7000-8000-000000000001" /* of every offer */

#define PLAYED_WAIT_MS 20000 /* for what must come */

struct played {
    char directory[TEMPORARY_BUFFER];
    char log[128];
    void *context;
    void *jobs;
    void *reports;
    void *status;
    struct process worker;
    sqlite3 *lock;
    struct wire_input input;
    char bytes[LIMIT_MESSAGE_BYTES]; /* of the report that was read last */
    union any_report report;
};

struct played_options {
    int slots;
    int attempt_seconds;
    int bundle_files;
    int busy_timeout_ms;
    const char *bundle_directory; /* below the folder; made unless is_without_directory */
    bool is_without_directory;
    int sweep_interval_ms;
    int drain_ms;
    const char *statement; /* of the mailbox */
    bool is_not_counted;
};

extern const struct played_options played_usual;

/* Writes the databases, folders and the configuration, and binds. */
void played_open(struct played *played, const struct played_options *options);
void played_close(struct played *played);

/* Starts the worker; with check, with -t. */
void played_start(struct played *played, bool only_checks);

/* Starts it and waits until it listens to notices and was heard. */
void played_serve(struct played *played, const struct played_options *options);

void played_lock(struct played *played);
void played_unlock(struct played *played);

void played_offer(struct played *played, const char *user, int64_t fence);
void played_offer_bytes(struct played *played, const void *bytes, size_t size_bytes);
void played_notice(struct played *played, const char *topic, int64_t recorded, int64_t superseded);
void played_supersede(struct played *played, int64_t first, int64_t last);
void played_cancel(struct played *played, int64_t fence);
void played_notice_bytes(struct played *played, const void *bytes, size_t size_bytes);

/* Reads reports until one of the kind about the fence comes (any fence if 0); fails the test if
 * none does. */
void played_expect(struct played *played, enum report_kind kind, int64_t fence);

/* Reads until a heartbeat with so many slots and running fences comes. */
void played_expect_heartbeat(struct played *played, int slots, uint32_t running);

/* Reads what comes for so long and counts the kind. */
int played_count(struct played *played, enum report_kind kind, int64_t for_ms);

/* The same of results, done or failed, of a fence. */
int played_results(struct played *played, int64_t fence, int64_t for_ms);

/* Files below the bundle directory whose names have the fence in them: bundles and partial ones;
 * and the marks of those that are not recorded. */
int played_files(const struct played *played, int64_t fence);
int played_marks(const struct played *played, int64_t fence);

/* Waits until there are so many of them. */
void played_expect_files(const struct played *played, int64_t fence, int expected);
void played_expect_marks(const struct played *played, int64_t fence, int expected);

/* Leaves an empty file there, as a killed worker would; suffix is what follows ".zip". */
void played_leave(const struct played *played, const char *operation, int64_t fence,
                  const char *suffix);

bool played_log_has(const struct played *played, const char *part);
void played_expect_log(const struct played *played, const char *part); /* waits */

#endif
