// SPDX-License-Identifier: MIT
/* What is written ahead changes nothing of what SQLite reads, and takes no space that is short. */
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/store/write_ahead.h"
#include "tests/support/temporary.h"

#define PATH_BYTES (TEMPORARY_BUFFER + 32)

static char root[TEMPORARY_BUFFER];
static char log_path[PATH_BYTES];
static bool is_almost_full;

int __real_fstatvfs(int fd, struct statvfs *space);
int __wrap_fstatvfs(int fd, struct statvfs *space);

int __wrap_fstatvfs(int fd, struct statvfs *space)
{
    int rc = __real_fstatvfs(fd, space);

    if (is_almost_full)
        space->f_bavail = 15 * WRITE_AHEAD_BYTES / space->f_frsize;
    return rc;
}

static int set_up(void **state)
{
    (void)state;
    is_almost_full = false;
    if (temporary_make(root))
        return -1;
    snprintf(log_path, sizeof log_path, "%s/store.db-wal", root);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return temporary_remove(root);
}

static int64_t size_of(const char *path)
{
    struct stat status;

    return lstat(path, &status) ? -1 : (int64_t)status.st_size;
}

static void a_log_is_followed_by_zeros(void **state)
{
    char *content = malloc(WRITE_AHEAD_BYTES);
    FILE *file;

    (void)state;
    assert_non_null(content);
    assert_int_equal(temporary_write(root, "store.db-wal", "frames", 6), 0);
    write_ahead_grow(root);
    assert_true(size_of(log_path) >= WRITE_AHEAD_BYTES);
    file = fopen(log_path, "re");
    assert_non_null(file);
    assert_int_equal(fread(content, 1, WRITE_AHEAD_BYTES, file), WRITE_AHEAD_BYTES);
    assert_int_equal(fclose(file), 0);
    assert_memory_equal(content, "frames", 6);
    for (int64_t i = 6; i < WRITE_AHEAD_BYTES; i++)
        assert_int_equal(content[i], 0);
    free(content);
}

static void a_long_log_stays_as_it_is(void **state)
{
    (void)state;
    assert_int_equal(temporary_write(root, "store.db-wal", "frames", 6), 0);
    assert_int_equal(truncate(log_path, WRITE_AHEAD_BYTES + 5), 0);
    write_ahead_grow(root);
    assert_int_equal(size_of(log_path), WRITE_AHEAD_BYTES + 5);
}

static void no_log_is_made_where_there_is_none(void **state)
{
    char beyond[2 * 4096];

    (void)state;
    write_ahead_grow(root);
    assert_int_equal(size_of(log_path), -1);
    memset(beyond, 'x', sizeof beyond - 1);
    beyond[sizeof beyond - 1] = '\0';
    write_ahead_grow(beyond);
}

static void a_link_is_not_followed(void **state)
{
    char target[PATH_BYTES];

    (void)state;
    snprintf(target, sizeof target, "%s/other", root);
    assert_int_equal(temporary_write(root, "other", "precious", 8), 0);
    assert_int_equal(symlink(target, log_path), 0);
    write_ahead_grow(root);
    assert_int_equal(size_of(target), 8);
}

static void space_that_is_short_is_left_to_others(void **state)
{
    (void)state;
    is_almost_full = true;
    assert_int_equal(temporary_write(root, "store.db-wal", "frames", 6), 0);
    write_ahead_grow(root);
    assert_int_equal(size_of(log_path), 6);
}

static void a_disk_that_takes_no_more_ends_it(void **state)
{
    struct rlimit before;

    (void)state;
    assert_int_equal(temporary_write(root, "store.db-wal", "frames", 6), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){WRITE_AHEAD_BYTES / 2, before.rlim_max}), 0);
    write_ahead_grow(root);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_in_range(size_of(log_path), 6, WRITE_AHEAD_BYTES / 2);
}

static void execute(sqlite3 *database, const char *sql)
{
    if (sqlite3_exec(database, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s", sqlite3_errmsg(database));
}

static int64_t number(sqlite3 *database, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    int64_t value;

    assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

static void copy(const char *folder, const char *name)
{
    char from[PATH_BYTES];
    char to[PATH_BYTES];
    char buffer[4096];
    FILE *source;
    FILE *sink;
    size_t size;

    snprintf(from, sizeof from, "%s/%s", root, name);
    snprintf(to, sizeof to, "%s/%s/%s", root, folder, name);
    source = fopen(from, "re");
    sink = fopen(to, "we");
    assert_non_null(source);
    assert_non_null(sink);
    while ((size = fread(buffer, 1, sizeof buffer, source)) > 0)
        assert_int_equal(fwrite(buffer, 1, size, sink), size);
    assert_int_equal(fclose(source), 0);
    assert_int_equal(fclose(sink), 0);
}

/* The copy is what a process that was killed leaves behind. */
static void a_log_that_nobody_closed_is_read_to_its_last_row(void **state)
{
    char path[PATH_BYTES];
    char folder[PATH_BYTES];
    sqlite3 *database = NULL;

    (void)state;
    snprintf(path, sizeof path, "%s/store.db", root);
    snprintf(folder, sizeof folder, "%s/left", root);
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    execute(database, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = 0;"
                      "CREATE TABLE t(n INTEGER PRIMARY KEY); INSERT INTO t DEFAULT VALUES");
    write_ahead_grow(root);
    for (int i = 0; i < 100; i++)
        execute(database, "INSERT INTO t DEFAULT VALUES");
    copy("left", "store.db");
    copy("left", "store.db-wal");
    sqlite3_close(database);
    write_ahead_grow(folder);
    snprintf(path, sizeof path, "%s/left/store.db", root);
    assert_int_equal(sqlite3_open(path, &database), SQLITE_OK);
    assert_int_equal(number(database, "SELECT count(*) FROM t"), 101);
    assert_int_equal(number(database, "SELECT max(n) FROM t"), 101);
    execute(database, "INSERT INTO t DEFAULT VALUES; PRAGMA integrity_check");
    sqlite3_close(database);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_log_is_followed_by_zeros),
        TEST(a_long_log_stays_as_it_is),
        TEST(no_log_is_made_where_there_is_none),
        TEST(a_link_is_not_followed),
        TEST(space_that_is_short_is_left_to_others),
        TEST(a_disk_that_takes_no_more_ends_it),
        TEST(a_log_that_nobody_closed_is_read_to_its_last_row),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
