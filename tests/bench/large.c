// SPDX-License-Identifier: MIT
#include "tests/bench/large.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/measure.h"
#include "tests/support/temporary.h"

#define ROW_BYTES  4096
#define FILE_BYTES 8388608
#define PATH_BYTES 1024

/* Characters of four bits each: random to look at, and deflate makes half of them. */
static void fill(char *bytes, size_t size, uint64_t *state)
{
    static const char digits[] = "acdehilmnorst u\n";
    for (size_t i = 0; i < size; i++) {
        if (i % 16 == 0) { /* xorshift64* */
            *state ^= *state >> 12;
            *state ^= *state << 25;
            *state ^= *state >> 27;
        }
        bytes[i] = digits[(*state * 2685821657736338717U >> (4 * (i % 16))) & 15];
    }
}

static void check(int code, int wanted, sqlite3 *database)
{
    if (code != wanted) {
        measure_fail(sqlite3_errmsg(database));
    }
}

static sqlite3_stmt *open_rows(const char *directory, sqlite3 **database)
{
    char path[PATH_BYTES];
    sqlite3_stmt *insert = NULL;
    snprintf(path, sizeof(path), "%s/large.db", directory);
    check(sqlite3_open(path, database), SQLITE_OK, *database);
    check(sqlite3_exec(
              *database,
              "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
              "CREATE TABLE rows (id INTEGER PRIMARY KEY, tenant_id TEXT, owner TEXT, sent_at TEXT,"
              " subject TEXT, body TEXT); BEGIN",
              NULL, NULL, NULL),
          SQLITE_OK, *database);
    check(sqlite3_prepare_v2(*database,
                             "INSERT INTO rows (tenant_id, owner, sent_at, subject, body)"
                             " VALUES (?1, ?2, '2026-01-02T03:04:05Z', 'a row', ?3)",
                             -1, &insert, NULL),
          SQLITE_OK, *database);
    return insert;
}

static void write_rows(const char *directory, const char *tenant_id, const char *user_id,
                       uint64_t bytes)
{
    static char body[ROW_BYTES];
    uint64_t state = 88172645463325252U;
    sqlite3 *database = NULL;
    sqlite3_stmt *insert = open_rows(directory, &database);
    for (uint64_t done = 0; done < bytes; done += sizeof(body)) {
        fill(body, sizeof(body), &state);
        sqlite3_bind_text(insert, 1, tenant_id, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 2, user_id, -1, SQLITE_STATIC);
        sqlite3_bind_text(insert, 3, body, sizeof(body), SQLITE_STATIC);
        check(sqlite3_step(insert), SQLITE_DONE, database);
        sqlite3_reset(insert);
    }
    sqlite3_finalize(insert);
    check(sqlite3_exec(database, "COMMIT; CREATE INDEX rows_of ON rows (tenant_id, owner)", NULL,
                       NULL, NULL),
          SQLITE_OK, database);
    sqlite3_close(database);
}

static void write_files(const char *directory, const char *tenant_id, const char *user_id,
                        uint64_t bytes)
{
    static char content[FILE_BYTES];
    uint64_t state = 1181783497276652981U;
    char folder[PATH_BYTES];
    char name[64];
    snprintf(folder, sizeof(folder), "%s/large/%s/%s", directory, tenant_id, user_id);
    if (temporary_directories(folder)) {
        measure_fail(folder);
    }
    unsigned number = 0;
    for (uint64_t done = 0; done < bytes; done += sizeof(content)) {
        uint64_t left = bytes - done;
        size_t size = left < sizeof(content) ? (size_t)left : sizeof(content);
        fill(content, size, &state);
        snprintf(name, sizeof(name), "file-%05u.txt", number++);
        if (temporary_write(folder, name, content, size)) {
            measure_fail(folder);
        }
    }
}

void large_write(const char *directory, const char *tenant_id, const char *user_id, uint64_t bytes)
{
    write_rows(directory, tenant_id, user_id, bytes / 2);
    write_files(directory, tenant_id, user_id, bytes - bytes / 2);
}
