// SPDX-License-Identifier: MIT
/* A source of kind sqlite on a made-up mail database in a temporary folder: two rows of somebody,
 * one of another user and one of the same user in another tenant. Failures end the test. */
#ifndef TESTS_UNIT_WORKERS_SOURCES_MAIL_H
#define TESTS_UNIT_WORKERS_SOURCES_MAIL_H

#include "tests/support/temporary.h"
#include "tests/unit/workers/sources/recording.h"

#define OWN_ROWS "FROM mail WHERE tenant = :tenant_id AND user = :user_id"

struct mail {
    char directory[TEMPORARY_BUFFER];
    char database[128];
    struct recording recording;
    struct source_problem problem;
    struct source_outcome outcome;
};

void mail_execute(const char *path, const char *sql);
int mail_set_up(void **state);
int mail_tear_down(void **state);
struct source_settings mail_settings_of(const struct mail *place, const char *statement);
struct source *mail_open_with(struct mail *place, const struct source_settings *settings);
void mail_gather_with(struct mail *place, const struct source_settings *settings);
void mail_gather(struct mail *place, const char *statement, enum source_format format);

#endif
