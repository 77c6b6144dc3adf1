// SPDX-License-Identifier: MIT
/* The mark of a bundle that the daemon may not know of: when it is there, and what becomes of it.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/bundle_sample.h"
#include "workers/bundle/leftovers.h"
#include "workers/bundle/unrecorded.h"

#define BUNDLE SAMPLE_TENANT "/" SAMPLE_STEM ".zip"
#define MARK   BUNDLE ".unrecorded"

/* How often the empty folder is removed before a partial file is made in it. */
static int removals_before_file;
static const char *folder_to_remove;
static int folders_removed;

/* Set by the first fsync, when not NULL. */
static atomic_int *stopped_by_fsync;

/* The C library's, with somebody who is faster. */
int openat(int folder, const char *path, int flags, ...)
{
    va_list arguments;

    va_start(arguments, flags);
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if ((flags & O_CREAT) && strstr(path, ".partial") && removals_before_file > 0) {
        removals_before_file--;
        folders_removed += rmdir(folder_to_remove) == 0;
    }
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int fsync(int file)
{
    if (stopped_by_fsync)
        atomic_store(stopped_by_fsync, 1);
    return (int)syscall(SYS_fsync, file);
}

static int set_up(void **state)
{
    struct sample *sample = malloc(sizeof(*sample));

    assert_non_null(sample);
    sample_init(sample);
    removals_before_file = 0;
    folders_removed = 0;
    stopped_by_fsync = NULL;
    *state = sample;
    return 0;
}

static int tear_down(void **state)
{
    stopped_by_fsync = NULL;
    sample_release(*state);
    free(*state);
    return 0;
}

static struct bundle_identity identity_of(const struct sample *sample)
{
    return (struct bundle_identity){sample->tenant, sample->operation, SAMPLE_FENCE};
}

static bool is_there(const struct sample *sample, const char *path)
{
    return sample_run("test -e '%s/%s' || test -L '%s/%s'", sample->directory, path,
                      sample->directory, path) == 0;
}

static void write_bundle(struct sample *sample)
{
    struct bundle_result result;

    assert_int_equal(sample_write(sample, &result), 0);
}

static void run_below(const struct sample *sample, const char *command)
{
    assert_int_equal(sample_run("cd '%s' && %s", sample->directory, command), 0);
}

struct visit {
    int names_left;
    size_t found;
    struct bundle_identity last;
};

static void on_found(void *context, const struct bundle_identity *bundle)
{
    struct visit *visit = context;

    visit->found++;
    visit->last = *bundle;
}

static bool goes_on(void *context)
{
    struct visit *visit = context;

    return visit->names_left-- > 0;
}

static int sweep(const struct sample *sample, struct visit *visit, size_t *removed)
{
    const struct leftovers_visitor visitor = {visit, on_found, goes_on};

    return bundle_sweep_leftovers(sample->directory, &visitor, removed);
}

/* How many marks go, when nothing is found. */
static size_t swept(const struct sample *sample)
{
    struct visit visit = {.names_left = 1000};
    size_t removed;

    assert_int_equal(sweep(sample, &visit, &removed), 0);
    assert_int_equal(visit.found, 0);
    return removed;
}

static void a_published_bundle_has_a_mark_until_it_is_kept(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = identity_of(sample);

    write_bundle(sample);
    run_below(sample, "test \"$(stat -c '%a %s' " MARK ")\" = '600 0'");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bundle_keep(sample->directory, &bundle), 0);
        assert_false(is_there(sample, MARK));
        assert_true(is_there(sample, BUNDLE));
    }
}

static void a_bundle_is_removed_with_its_mark_and_its_empty_folder(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = identity_of(sample);

    write_bundle(sample);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(bundle_remove(sample->directory, &bundle), 0);
        assert_false(is_there(sample, SAMPLE_TENANT));
    }
    assert_int_equal(bundle_keep(sample->directory, &bundle), 0);
}

static void a_folder_with_anything_else_in_it_stays(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = identity_of(sample);

    write_bundle(sample);
    run_below(sample, "touch " SAMPLE_TENANT "/other");
    assert_int_equal(bundle_remove(sample->directory, &bundle), 0);
    assert_false(is_there(sample, BUNDLE));
    assert_false(is_there(sample, MARK));
    assert_true(is_there(sample, SAMPLE_TENANT "/other"));
}

static void nothing_is_removed_through_a_link(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = identity_of(sample);

    write_bundle(sample);
    run_below(sample, "mv " SAMPLE_TENANT " elsewhere && ln -s elsewhere " SAMPLE_TENANT);
    assert_int_equal(bundle_remove(sample->directory, &bundle), -ERROR_IO);
    assert_int_equal(bundle_keep(sample->directory, &bundle), -ERROR_IO);
    assert_true(is_there(sample, "elsewhere/" SAMPLE_STEM ".zip"));
    assert_true(is_there(sample, "elsewhere/" SAMPLE_STEM ".zip.unrecorded"));
}

static void a_sweep_shows_marked_bundles_and_leaves_them(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = identity_of(sample);
    struct visit visit = {.names_left = 1000};
    size_t removed;

    write_bundle(sample);
    run_below(sample, "touch " SAMPLE_TENANT "/" SAMPLE_OPERATION "-0000000000000001.zip");
    assert_int_equal(sweep(sample, &visit, &removed), 0);
    assert_int_equal(removed, 0);
    assert_int_equal(visit.found, 1);
    assert_true(identity_equal(&visit.last, &bundle));
    assert_true(is_there(sample, BUNDLE));
    assert_true(is_there(sample, MARK));
}

static void a_sweep_ends_when_its_visitor_says_so(void **state)
{
    struct sample *sample = *state;
    struct visit visit = {.names_left = 0};
    size_t removed;

    write_bundle(sample);
    assert_int_equal(sweep(sample, &visit, &removed), -ERROR_CANCELLED);
    assert_int_equal(visit.found, 0);
}

static void a_mark_without_a_bundle_goes_unless_its_writer_lives(void **state)
{
    struct sample *sample = *state;
    char path[SAMPLE_PATH_BYTES + 256];

    run_below(sample, "mkdir " SAMPLE_TENANT " && touch " MARK " " BUNDLE ".partial");
    snprintf(path, sizeof(path), "%s/" BUNDLE ".partial", sample->directory);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(flock(file, LOCK_EX), 0);
    assert_int_equal(swept(sample), 0);
    assert_true(is_there(sample, MARK));
    assert_int_equal(close(file), 0);
    assert_int_equal(swept(sample), 2);
    assert_false(is_there(sample, MARK));
}

static void marks_the_writer_does_not_make_stay(void **state)
{
    static const char *const others[] = {
        SAMPLE_TENANT "/" SAMPLE_STEM ".unrecorded",
        SAMPLE_TENANT "/" SAMPLE_STEM ".zip.unrecorded2",
        SAMPLE_TENANT "/" SAMPLE_STEM ".zip.partial.unrecorded",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-0000000100000a0A.zip.unrecorded",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-000000010000002.zip.unrecorded",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-0000000000000000.zip.unrecorded",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-ffffffffffffffff.zip.unrecorded",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-+000000100000002.zip.unrecorded",
        "other/" SAMPLE_STEM ".zip.unrecorded",
        SAMPLE_STEM ".zip.unrecorded",
    };
    struct sample *sample = *state;
    char command[1024];

    run_below(sample, "mkdir other " SAMPLE_TENANT " && touch target && ln -s ../target " MARK);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(command, sizeof(command), "touch '%s'", others[i]);
        run_below(sample, command);
    }
    assert_int_equal(swept(sample), 0);
    assert_true(is_there(sample, MARK));
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        assert_true(is_there(sample, others[i]));
}

static void a_bundle_whose_mark_is_taken_is_not_published(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;

    run_below(sample, "mkdir " SAMPLE_TENANT " && touch " MARK);
    assert_int_equal(sample_write(sample, &result), -ERROR_BUNDLE_EXISTS);
    assert_false(is_there(sample, BUNDLE));
    assert_false(is_there(sample, BUNDLE ".partial"));
    assert_true(is_there(sample, MARK));
}

static void a_folder_that_is_removed_meanwhile_is_made_again(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;
    char folder[SAMPLE_PATH_BYTES + 64];

    snprintf(folder, sizeof(folder), "%s/" SAMPLE_TENANT, sample->directory);
    folder_to_remove = folder;
    removals_before_file = 2;
    write_bundle(sample);
    assert_int_equal(folders_removed, 2);
    assert_true(is_there(sample, BUNDLE));
    run_below(sample, "rm -r " SAMPLE_TENANT);
    removals_before_file = 1000;
    assert_int_equal(sample_write(sample, &result), -ERROR_IO);
}

static void a_bundle_that_is_stopped_leaves_nothing(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;
    atomic_int stop = 0;

    sample->options.stop = &stop;
    for (int i = 0; i < 2; i++) { /* while it is written, and when it is to be finished */
        atomic_store(&stop, 0);
        assert_int_equal(sample_begin(sample, &bundle), 0);
        if (i == 0)
            atomic_store(&stop, 1);
        assert_int_equal(sample_entry(bundle, "files", "a", "text", 4),
                         i == 0 ? -ERROR_CANCELLED : 0);
        atomic_store(&stop, 1);
        assert_int_equal(
            bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
            -ERROR_CANCELLED);
        run_below(sample, "test -z \"$(find . -type f)\"");
    }
    atomic_store(&stop, 0);
    stopped_by_fsync = &stop; /* everything is written, and on its way to the disk */
    assert_int_equal(sample_write(sample, &result), -ERROR_CANCELLED);
    run_below(sample, "test -z \"$(find . -type f)\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_published_bundle_has_a_mark_until_it_is_kept),
        TEST(a_bundle_is_removed_with_its_mark_and_its_empty_folder),
        TEST(a_folder_with_anything_else_in_it_stays),
        TEST(nothing_is_removed_through_a_link),
        TEST(a_sweep_shows_marked_bundles_and_leaves_them),
        TEST(a_sweep_ends_when_its_visitor_says_so),
        TEST(a_mark_without_a_bundle_goes_unless_its_writer_lives),
        TEST(marks_the_writer_does_not_make_stay),
        TEST(a_bundle_whose_mark_is_taken_is_not_published),
        TEST(a_folder_that_is_removed_meanwhile_is_made_again),
        TEST(a_bundle_that_is_stopped_leaves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
