// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "tests/unit/workers/sources/drive.h"

static void files_are_copied_unchanged_in_the_order_of_their_names(void **state)
{
    struct drive *place = *state;
    static const char *const names[] = {"B.txt", "a/1", "a/b/2", "a.txt", "empty", "z"};
    char path[PATH_BYTES];

    drive_make_folder(place->folder, "a");
    drive_make_folder(drive_below(place->folder, "a", path), "b");
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        drive_put(place->folder, names[i], strcmp(names[i], "empty") == 0 ? "" : names[i]);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE);
    assert_int_equal(place->outcome.counts.files, 6);
    assert_int_equal(place->outcome.counts.bytes, 5 + 3 + 5 + 5 + 0 + 1);
    assert_int_equal(place->recording.count, 6);
    for (size_t i = 0; i < 6; i++) {
        const struct recorded_entry *entry = &place->recording.entries[i];

        assert_string_equal(entry->name, names[i]);
        assert_true(entry->is_ended);
        if (entry->size_bytes > 0)
            assert_string_equal(entry->data, names[i]);
    }
    assert_true(place->recording.last_share == 1.0);
}

static void nobody_elses_files_are_touched(void **state)
{
    struct drive *place = *state;
    char path[PATH_BYTES];

    snprintf(path, sizeof(path), "%s/drive/" TENANT "/bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb",
             place->root);
    assert_int_equal(temporary_directories(path), 0);
    drive_put(path, "secret", "hers");
    snprintf(path, sizeof(path), "%s/drive/22222222-2222-4222-8222-222222222222/" USER,
             place->root);
    assert_int_equal(temporary_directories(path), 0);
    drive_put(path, "secret", "of another tenant");
    drive_put(place->folder, "own", "x");
    drive_gather(place);
    assert_int_equal(place->recording.count, 1);
    assert_string_equal(place->recording.entries[0].name, "own");
}

static void a_user_without_a_folder_is_empty(void **state)
{
    struct drive *place = *state;

    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_EMPTY, SOURCE_REASON_NOTHING_THERE);
    assert_int_equal(rmdir(place->folder), 0);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_EMPTY, SOURCE_REASON_NOTHING_THERE);
}

static void a_root_that_went_away_fails_and_is_not_empty(void **state)
{
    struct drive *place = *state;
    char moved[160];

    drive_put(place->folder, "own", "x");
    drive_gather(place);
    snprintf(moved, sizeof(moved), "%s/moved", place->directory);
    assert_int_equal(rename(place->root, moved), 0);
    drive_gather_as(place, &somebody);
    drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_ROOT_UNAVAILABLE);
    assert_true(place->outcome.is_retryable);
    /* An empty folder in its place, as a mount point without its file system. */
    assert_int_equal(mkdir(place->root, 0700), 0);
    drive_gather_as(place, &somebody);
    drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_ROOT_UNAVAILABLE);
}

static void settings_that_cannot_work_are_refused_at_start(void **state)
{
    struct drive *place = *state;
    static const struct {
        const char *root;
        const char *pattern;
        const char *key;
    } refused[] = {
        {"/nowhere/at/all", "drive/{tenant_id}/{user_id}", "root"},
        {"/dev/null", "drive/{tenant_id}/{user_id}", "root"},
        {NULL, "/drive/{tenant_id}/{user_id}", "pattern"},
        {NULL, "drive/../{tenant_id}/{user_id}", "pattern"},
        {NULL, "drive/./{tenant_id}/{user_id}", "pattern"},
        {NULL, "drive//{tenant_id}/{user_id}", "pattern"},
        {NULL, "drive/{tenant_id}/{user_id}/", "pattern"},
        {NULL, "drive/{user_id}", "pattern"},
        {NULL, "drive/{tenant_id}", "pattern"},
        {NULL, "drive/{tenant_id}/{home_tenant_id}", "pattern"},
        {NULL, "drive/{tenant_id}/{user}", "pattern"},
        {NULL, "drive/{tenant_id}/{{user_id}}", "pattern"},
        {NULL, "missing/{tenant_id}/{user_id}", "pattern"},
        {NULL, "", "pattern"},
    };

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct source_settings settings = drive_settings_of(place);

        settings.root = refused[i].root ? text_of(refused[i].root) : settings.root;
        settings.pattern = text_of(refused[i].pattern);
        if (source_open(&place->source, &settings, &place->problem) != -ERROR_CONFIGURATION)
            fail_msg("not refused: %s", refused[i].pattern);
        assert_string_equal(place->problem.key, refused[i].key);
    }
}

static void a_tree_too_deep_is_cut_and_named(void **state)
{
    struct drive *place = *state;
    char path[PATH_BYTES];

    size_t bytes = (size_t)snprintf(path, sizeof(path), "%s", place->folder);
    for (int depth = 0; depth < 64; depth++) {
        bytes += (size_t)snprintf(path + bytes, sizeof(path) - bytes, "/d");
        assert_int_equal(mkdir(path, 0700), 0);
        if (depth == 62)
            drive_put(path, "deepest", "x");
    }
    drive_put(path, "too deep", "x");
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_DEPTH_LIMIT);
    assert_int_equal(place->recording.count, 1);
}

static void limits_cut_the_source_and_say_so(void **state)
{
    struct drive *place = *state;
    struct source_settings settings = drive_settings_of(place);

    drive_put(place->folder, "1", "abc");
    drive_put(place->folder, "2", "def");
    drive_put(place->folder, "3", "");
    settings.maximum_files = 2;
    drive_open_with(place, &settings);
    drive_gather_as(place, &somebody);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_FILE_LIMIT);
    assert_int_equal(place->outcome.counts.files, 2);

    settings.maximum_files = 3;
    settings.maximum_bytes = 6;
    drive_open_with(place, &settings);
    drive_gather_as(place, &somebody);
    drive_assert_ended(place, SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE);

    settings.maximum_bytes = 5;
    drive_open_with(place, &settings);
    drive_gather_as(place, &somebody);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_BYTE_LIMIT);
    assert_int_equal(place->outcome.counts.bytes, 3);
}

struct change {
    char path[PATH_BYTES];
    bool is_done;
};

static void append_once(void *hook)
{
    struct change *change = hook;
    int file = open(change->path, O_WRONLY | O_APPEND);

    if (!change->is_done)
        assert_int_equal(write(file, "more", 4), 4);
    change->is_done = true;
    close(file);
}

static void cut_once(void *hook)
{
    struct change *change = hook;

    if (!change->is_done)
        assert_int_equal(truncate(change->path, 1), 0);
    change->is_done = true;
}

static void a_file_that_changes_while_it_is_copied_fails_the_source(void **state)
{
    struct drive *place = *state;
    static void (*const changes[])(void *) = {append_once, cut_once};
    char *content = calloc(1, 300000);

    memset(content, 'x', 299999);
    for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
        struct change change = {.is_done = false};

        drive_put(place->folder, "a", content);
        drive_put(place->folder, "b", "steady");
        drive_below(place->folder, "a", change.path);
        place->recording.on_write = changes[i];
        place->recording.hook = &change;
        drive_gather(place);
        drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_FILE_CHANGED);
        assert_true(place->outcome.is_retryable);
        assert_int_equal(place->outcome.counts.files, 2); /* the rest is still there */
        assert_string_equal(recording_find(&place->recording, "b")->data, "steady");
    }
    free(content);
}

/* Root reads everything, so a test that is root reads as somebody else. */
static void a_file_that_cannot_be_read_fails_the_source(void **state)
{
    struct drive *place = *state;
    const char *const folders[] = {place->directory, place->root, place->folder};
    const struct source_settings settings = drive_settings_of(place);
    bool is_root = geteuid() == 0;
    char path[PATH_BYTES];

    drive_put(place->folder, "a", "x");
    drive_put(place->folder, "b", "y");
    assert_int_equal(chmod(drive_below(place->folder, "b", path), 0644), 0);
    assert_int_equal(chmod(drive_below(place->folder, "a", path), 0), 0);
    for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++)
        assert_int_equal(chmod(folders[i], 0755), 0);
    assert_int_equal(chmod(drive_below(place->root, "drive", path), 0755), 0);
    assert_int_equal(chmod(drive_below(place->root, "drive/" TENANT, path), 0755), 0);
    drive_open_with(place, &settings);
    if (is_root)
        assert_int_equal(seteuid(65534), 0);
    drive_gather_as(place, &somebody);
    if (is_root)
        assert_int_equal(seteuid(0), 0);
    drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_FILE_UNREADABLE);
    assert_int_equal(place->outcome.counts.files, 1);
    assert_string_equal(place->recording.entries[0].name, "b");
}

/* Far more names than fit the budget of a level. */
static void a_folder_of_many_names_is_read_in_order(void **state)
{
    struct drive *place = *state;
    const int count = 12000;
    char previous[300] = "";
    int folder = open(place->folder, O_RDONLY | O_DIRECTORY);

    for (int i = 0; i < count; i++) {
        char name[260];

        snprintf(name, sizeof(name), "%05u-%0220d", (unsigned)i * 7919u % (unsigned)count, i);
        int file = openat(folder, name, O_WRONLY | O_CREAT, 0600);
        assert_true(file >= 0);
        close(file);
    }
    close(folder);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE);
    assert_int_equal(place->outcome.counts.files, count);
    for (int i = 0; i < count; i++) {
        const char *name = place->recording.entries[i].name;

        assert_true(strcmp(previous, name) < 0);
        snprintf(previous, sizeof(previous), "%s", name);
    }
}

static void an_error_of_the_sink_ends_the_gathering_with_it(void **state)
{
    struct drive *place = *state;
    const struct source_settings settings = drive_settings_of(place);

    drive_put(place->folder, "a", "x");
    drive_open_with(place, &settings);
    place->recording.write_error = -ERROR_DISK_FULL;
    assert_int_equal(recording_gather(&place->recording, place->source, &somebody, &place->outcome),
                     -ERROR_DISK_FULL);
}

struct stopping {
    struct recording recording;
    atomic_int stop;
};

static void set_stop(void *hook)
{
    atomic_store((atomic_int *)hook, 1);
}

static void a_copy_is_stopped_within_a_file(void **state)
{
    struct drive *place = *state;
    const struct source_settings settings = drive_settings_of(place);
    struct stopping stopping = {.recording = {.on_write = set_stop}};
    const struct sink sink = {&recording_functions, &stopping.recording};
    char path[PATH_BYTES];

    drive_put(place->folder, "endless", "");
    assert_int_equal(truncate(drive_below(place->folder, "endless", path), 1LL << 40), 0);
    drive_open_with(place, &settings);
    stopping.recording.hook = &stopping.stop;
    assert_int_equal(
        source_gather(place->source, &somebody, &sink, &stopping.stop, &place->outcome),
        -ERROR_CANCELLED);
    recording_release(&stopping.recording);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, drive_set_up, drive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(files_are_copied_unchanged_in_the_order_of_their_names),
        TEST(nobody_elses_files_are_touched),
        TEST(a_user_without_a_folder_is_empty),
        TEST(a_root_that_went_away_fails_and_is_not_empty),
        TEST(settings_that_cannot_work_are_refused_at_start),
        TEST(a_tree_too_deep_is_cut_and_named),
        TEST(limits_cut_the_source_and_say_so),
        TEST(a_file_that_changes_while_it_is_copied_fails_the_source),
        TEST(a_file_that_cannot_be_read_fails_the_source),
        TEST(a_folder_of_many_names_is_read_in_order),
        TEST(an_error_of_the_sink_ends_the_gathering_with_it),
        TEST(a_copy_is_stopped_within_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
