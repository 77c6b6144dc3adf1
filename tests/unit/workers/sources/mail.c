// SPDX-License-Identifier: MIT
#include "tests/unit/workers/sources/mail.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void mail_execute(const char *path, const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(path, &handle), SQLITE_OK);
    if (sqlite3_exec(handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(handle));
    sqlite3_close(handle);
}

int mail_set_up(void **state)
{
    struct mail *place = calloc(1, sizeof(*place));

    assert_int_equal(temporary_make(place->directory), 0);
    snprintf(place->database, sizeof(place->database), "%s/mail.db", place->directory);
    place->recording.keeps_data = true;
    mail_execute(
        place->database,
        "CREATE TABLE mail(id INTEGER PRIMARY KEY, tenant TEXT, user TEXT, upn TEXT, body);"
        "INSERT INTO mail(tenant, user, upn, body) VALUES"
        " ('11111111-1111-4111-8111-111111111111','aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',"
        "  'ada@example.org','one'),"
        " ('11111111-1111-4111-8111-111111111111','aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',"
        "  'ada@example.org','two'),"
        " ('11111111-1111-4111-8111-111111111111','bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb',"
        "  '','not hers'),"
        " ('22222222-2222-4222-8222-222222222222','aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa',"
        "  'ada@example.org','another tenant');");
    *state = place;
    return 0;
}

int mail_tear_down(void **state)
{
    struct mail *place = *state;

    recording_release(&place->recording);
    temporary_remove(place->directory);
    free(place);
    return 0;
}

struct source_settings mail_settings_of(const struct mail *place, const char *statement)
{
    return (struct source_settings){
        .name = TEXT("mailbox"),
        .kind = SOURCE_SQLITE,
        .is_required = true,
        .database = text_of(place->database),
        .statement = text_of(statement),
        .format = SOURCE_JSONL,
        .counts_first = true,
        .busy_timeout_ms = 100,
        .maximum_rows = INT64_MAX,
        .maximum_files = INT64_MAX,
        .maximum_bytes = INT64_MAX,
    };
}

struct source *mail_open_with(struct mail *place, const struct source_settings *settings)
{
    struct source *source = NULL;

    if (source_open(&source, settings, &place->problem))
        fail_msg("%s: %s", place->problem.key, place->problem.message);
    return source;
}

void mail_gather_with(struct mail *place, const struct source_settings *settings)
{
    struct source *source = mail_open_with(place, settings);

    assert_int_equal(recording_gather(&place->recording, source, &somebody, &place->outcome), 0);
    source_close(&source);
}

void mail_gather(struct mail *place, const char *statement, enum source_format format)
{
    struct source_settings settings = mail_settings_of(place, statement);

    settings.format = format;
    mail_gather_with(place, &settings);
}
