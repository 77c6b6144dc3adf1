// SPDX-License-Identifier: MIT
/* A source of kind files on a root in a temporary folder, with an empty folder of somebody in it.
 * Failures end the test. */
#ifndef TESTS_UNIT_WORKERS_SOURCES_DRIVE_H
#define TESTS_UNIT_WORKERS_SOURCES_DRIVE_H

#include "tests/support/temporary.h"
#include "tests/unit/workers/sources/recording.h"

#define PATH_BYTES 512
#define TENANT     "11111111-1111-4111-8111-111111111111"
#define USER       "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"

struct drive {
    char directory[TEMPORARY_BUFFER];
    char root[128];
    char folder[256]; /* the user's */
    struct recording recording;
    struct source_problem problem;
    struct source_outcome outcome;
    struct source *source;
};

struct source_settings drive_settings_of(const struct drive *place);
int drive_set_up(void **state);
int drive_tear_down(void **state);
const char *drive_below(const char *folder, const char *name, char path[PATH_BYTES]);
void drive_put(const char *folder, const char *name, const char *content);
void drive_make_folder(const char *folder, const char *name);
void drive_open_with(struct drive *place, const struct source_settings *settings);
void drive_gather_as(struct drive *place, const struct source_subject *subject);
void drive_gather(struct drive *place);
void drive_assert_ended(const struct drive *place, enum source_state expected,
                        enum source_reason reason);

#endif
