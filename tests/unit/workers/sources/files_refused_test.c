// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/workers/sources/drive.h"

static void names_that_would_lead_elsewhere_are_refused(void **state)
{
    struct drive *place = *state;
    static const struct text names[] = {
        {"..", 2},   {".", 1},   {"", 0},     {"../" USER, 39}, {"a/../../b", 9},
        {"/etc", 4}, {"a/b", 3}, {"x\0y", 3}, {NULL, 0},        {"own\0/../..", 10},
    };
    struct source_settings settings = drive_settings_of(place);
    char long_name[300];

    drive_put(place->folder, "own", "x");
    settings.pattern = TEXT("drive/{tenant_id}/{user_principal_name}");
    drive_open_with(place, &settings);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct source_subject subject = somebody;

        subject.user_principal_name = names[i];
        drive_gather_as(place, &subject);
        drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_NAME_REFUSED);
        assert_false(place->outcome.is_retryable);
        assert_int_equal(place->recording.count, 0);
    }
    struct source_subject subject = somebody;
    memset(long_name, 'x', sizeof(long_name));
    subject.user_principal_name = (struct text){long_name, sizeof(long_name)};
    drive_gather_as(place, &subject);
    drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_NAME_REFUSED);
    subject.user_principal_name = TEXT(USER); /* a plain one is taken */
    drive_gather_as(place, &subject);
    drive_assert_ended(place, SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE);
}

static void links_are_left_out_and_named(void **state)
{
    struct drive *place = *state;
    static const char *const targets[] = {"/etc/passwd", "own", "../../..", ".", "nowhere", "/"};
    char path[PATH_BYTES];

    drive_put(place->folder, "own", "x");
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        assert_int_equal(symlink(targets[i], drive_below(place->folder, "link", path)), 0);
        drive_gather(place);
        drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_LINK_REFUSED);
        assert_int_equal(place->recording.count, 1);
        assert_string_equal(place->recording.entries[0].name, "own");
        assert_int_equal(unlink(path), 0);
    }
}

static void a_hard_link_may_be_somebody_elses_and_is_left_out(void **state)
{
    struct drive *place = *state;
    char other[PATH_BYTES];
    char path[PATH_BYTES];

    drive_put(place->directory, "secret", "of somebody else");
    drive_put(place->folder, "own", "x");
    assert_int_equal(link(drive_below(place->directory, "secret", other),
                          drive_below(place->folder, "twin", path)),
                     0);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_LINK_REFUSED);
    assert_int_equal(place->recording.count, 1);
}

static void a_linked_folder_on_the_way_fails_the_source(void **state)
{
    struct drive *place = *state;
    char moved[PATH_BYTES];

    drive_put(place->folder, "own", "x");
    snprintf(moved, sizeof(moved), "%s/elsewhere", place->directory);
    assert_int_equal(rename(place->folder, moved), 0);
    assert_int_equal(symlink(moved, place->folder), 0);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_FAILED, SOURCE_REASON_LINK_REFUSED);
    assert_int_equal(place->recording.count, 0);
}

static void special_files_are_never_waited_for(void **state)
{
    struct drive *place = *state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char path[PATH_BYTES];
    char before[PATH_BYTES];
    int listener = socket(AF_UNIX, SOCK_STREAM, 0);

    drive_put(place->folder, "own", "x");
    assert_int_equal(mkfifo(drive_below(place->folder, "fifo", path), 0600), 0);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_SPECIAL_FILE_REFUSED);
    assert_int_equal(place->recording.count, 1);

    assert_int_equal(unlink(path), 0);
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(place->folder), 0);
    memcpy(address.sun_path, "socket", sizeof("socket"));
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(chdir(before), 0);
    drive_gather(place);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_SPECIAL_FILE_REFUSED);
    close(listener);

    assert_int_equal(unlink(drive_below(place->folder, "socket", path)), 0);
    if (mknod(drive_below(place->folder, "zero", path), S_IFCHR | 0600, 0x0105) == 0) {
        drive_gather(place);
        drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_SPECIAL_FILE_REFUSED);
        assert_int_equal(place->recording.count, 1);
    }
}

static void a_mounted_file_system_is_not_entered(void **state)
{
    struct drive *place = *state;
    char path[PATH_BYTES];

    drive_put(place->folder, "own", "x");
    drive_make_folder(place->folder, "mounted");
    if (mount("none", drive_below(place->folder, "mounted", path), "tmpfs", 0, "size=1m") != 0)
        skip(); /* needs root */
    drive_put(path, "inside", "y");
    drive_gather(place);
    umount(path);
    drive_assert_ended(place, SOURCE_STATE_TRUNCATED, SOURCE_REASON_LINK_REFUSED);
    assert_int_equal(place->recording.count, 1);
}

struct racer {
    char entry[PATH_BYTES]; /* in the user's folder */
    char trap[PATH_BYTES];  /* exchanged with it */
    atomic_bool is_over;
};

static void *exchange(void *argument)
{
    struct racer *racer = argument;

    while (!atomic_load(&racer->is_over))
        syscall(SYS_renameat2, AT_FDCWD, racer->entry, AT_FDCWD, racer->trap, RENAME_EXCHANGE);
    return NULL;
}

/* While files and folders are exchanged for links to a secret, nothing of the secret is ever given.
 */
static void race(struct drive *place, const char *target, bool is_folder)
{
    struct racer racer = {.is_over = false};
    pthread_t thread;
    char path[PATH_BYTES];

    drive_below(place->folder, "entry", racer.entry);
    drive_below(place->directory, "trap", racer.trap);
    if (is_folder) {
        drive_make_folder(place->folder, "entry");
        drive_put(racer.entry, "inside", "plain");
    } else {
        drive_put(place->folder, "entry", "plain");
    }
    assert_int_equal(symlink(drive_below(place->directory, target, path), racer.trap), 0);
    assert_int_equal(pthread_create(&thread, NULL, exchange, &racer), 0);
    for (int round = 0; round < 1000; round++) {
        drive_gather_as(place, &somebody);
        for (size_t i = 0; i < place->recording.count; i++) {
            if (place->recording.entries[i].data)
                assert_string_equal(place->recording.entries[i].data, "plain");
        }
    }
    atomic_store(&racer.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void a_file_swapped_for_a_link_is_not_followed(void **state)
{
    struct drive *place = *state;
    const struct source_settings settings = drive_settings_of(place);

    drive_open_with(place, &settings);
    drive_put(place->directory, "secret", "secret");
    race(place, "secret", false);
}

static void a_folder_swapped_for_a_link_is_not_followed(void **state)
{
    struct drive *place = *state;
    const struct source_settings settings = drive_settings_of(place);
    char path[PATH_BYTES];

    drive_open_with(place, &settings);
    drive_make_folder(place->directory, "secrets");
    drive_put(drive_below(place->directory, "secrets", path), "inside", "secret");
    race(place, "secrets", true);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, drive_set_up, drive_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_that_would_lead_elsewhere_are_refused),
        TEST(links_are_left_out_and_named),
        TEST(a_hard_link_may_be_somebody_elses_and_is_left_out),
        TEST(a_linked_folder_on_the_way_fails_the_source),
        TEST(special_files_are_never_waited_for),
        TEST(a_mounted_file_system_is_not_entered),
        TEST(a_file_swapped_for_a_link_is_not_followed),
        TEST(a_folder_swapped_for_a_link_is_not_followed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
