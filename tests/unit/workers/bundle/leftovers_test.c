// SPDX-License-Identifier: MIT
/* What a killed writer left goes; what somebody writes, and whatever else lies there, stays. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "schemas/base/errors.h"
#include "tests/support/bundle_sample.h"
#include "workers/bundle/leftovers.h"

#define LEFTOVER SAMPLE_TENANT "/" SAMPLE_STEM ".zip.partial"

/* How often a sweep comes between the making of a file and its first lock. */
static int sweeps_before_lock;
static const char *swept_directory;
static size_t swept_count;

/* The C library's, with somebody who is faster. */
int flock(int file, int operation)
{
    if (operation == LOCK_EX && sweeps_before_lock > 0) {
        size_t removed = 0;

        sweeps_before_lock--;
        assert_int_equal(bundle_sweep_leftovers(swept_directory, NULL, &removed), 0);
        swept_count += removed;
    }
    return (int)syscall(SYS_flock, file, operation);
}

static int set_up(void **state)
{
    struct sample *sample = malloc(sizeof(*sample));

    assert_non_null(sample);
    sample_init(sample);
    assert_int_equal(sample_run("mkdir '%s/" SAMPLE_TENANT "'", sample->directory), 0);
    sweeps_before_lock = 0;
    swept_directory = sample->directory;
    swept_count = 0;
    *state = sample;
    return 0;
}

static int tear_down(void **state)
{
    sample_release(*state);
    free(*state);
    return 0;
}

static void put(const struct sample *sample, const char *path)
{
    char full[SAMPLE_PATH_BYTES + 256];

    snprintf(full, sizeof(full), "%s/%s", sample->directory, path);
    sample_save(full, "half", 4);
}

/* Sweeps without an error; how many went. */
static size_t sweep(const struct sample *sample)
{
    size_t removed = 99;

    assert_int_equal(bundle_sweep_leftovers(sample->directory, NULL, &removed), 0);
    return removed;
}

static bool is_there(const struct sample *sample, const char *path)
{
    return sample_run("test -e '%s/%s' || test -L '%s/%s'", sample->directory, path,
                      sample->directory, path) == 0;
}

static void leftovers_of_every_tenant_go_and_are_counted(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(sweep(sample), 0);
    assert_int_equal(
        sample_run("mkdir '%s/0190a000-0000-7000-8000-000000000009'", sample->directory), 0);
    put(sample, LEFTOVER);
    put(sample, SAMPLE_TENANT "/" SAMPLE_OPERATION "-00000000000000ff.zip.partial");
    put(sample, "0190a000-0000-7000-8000-000000000009/" SAMPLE_STEM ".zip.partial");
    assert_int_equal(sweep(sample), 3);
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
    assert_int_equal(sweep(sample), 0);
}

static void what_somebody_has_locked_stays(void **state)
{
    struct sample *sample = *state;
    char path[SAMPLE_PATH_BYTES + 256];

    put(sample, LEFTOVER);
    snprintf(path, sizeof(path), "%s/" LEFTOVER, sample->directory);
    int file = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(flock(file, LOCK_EX), 0);
    assert_int_equal(sweep(sample), 0);
    assert_true(is_there(sample, LEFTOVER));
    assert_int_equal(close(file), 0);
    assert_int_equal(sweep(sample), 1);
    assert_false(is_there(sample, LEFTOVER));
}

static void a_bundle_that_is_being_written_stays_and_becomes_right(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;

    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sweep(sample), 0);
    assert_int_equal(sample_entry(bundle, "files", "a", "text", 4), 0);
    assert_int_equal(sweep(sample), 0);
    assert_true(is_there(sample, LEFTOVER));
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     0);
    assert_int_equal(sweep(sample), 0);
    assert_int_equal(bag_verify(result.path, NULL, NULL, NULL), 0);
}

static void a_file_swept_before_its_writer_locked_it_is_made_anew(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;

    sweeps_before_lock = 2;
    assert_int_equal(sample_write(sample, &result), 0);
    assert_int_equal(swept_count, 2);
    assert_int_equal(bag_verify(result.path, NULL, NULL, NULL), 0);
    assert_int_equal(sample_run("rm -r '%s'/*", sample->directory), 0);
    sweeps_before_lock = 1000;
    assert_int_equal(sample_write(sample, &result), -ERROR_IO);
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
}

static void names_the_writer_does_not_make_stay(void **state)
{
    static const char *const others[] = {
        SAMPLE_TENANT "/" SAMPLE_STEM ".zip",
        SAMPLE_TENANT "/" SAMPLE_STEM ".partial",
        SAMPLE_TENANT "/" SAMPLE_STEM ".zip.partial2",
        SAMPLE_TENANT "/" SAMPLE_STEM "0.zip.partial",
        SAMPLE_TENANT "/x" SAMPLE_STEM ".zip.partial",
        SAMPLE_TENANT "/" SAMPLE_OPERATION ".zip.partial",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-000000010000000.zip.partial",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "_0000000100000002.zip.partial",
        SAMPLE_TENANT "/" SAMPLE_OPERATION "-000000010000000A.zip.partial",
        SAMPLE_TENANT "/0190B000-0000-7000-8000-000000000002-0000000100000002.zip.partial",
        SAMPLE_TENANT "/.zip.partial",
        "other/" SAMPLE_STEM ".zip.partial",
        "0190A000-0000-7000-8000-000000000009/" SAMPLE_STEM ".zip.partial",
        SAMPLE_TENANT "/" SAMPLE_TENANT "/" SAMPLE_STEM ".zip.partial",
        SAMPLE_STEM ".zip.partial",
    };
    struct sample *sample = *state;

    assert_int_equal(sample_run("cd '%s' && mkdir other 0190A000-0000-7000-8000-000000000009 "
                                "" SAMPLE_TENANT "/" SAMPLE_TENANT,
                                sample->directory),
                     0);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        put(sample, others[i]);
    put(sample, LEFTOVER);
    assert_int_equal(sweep(sample), 1);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        if (!is_there(sample, others[i]))
            fail_msg("%s is gone", others[i]);
    }
}

static void links_folders_and_pipes_stay_whatever_they_are_called(void **state)
{
    struct sample *sample = *state;

    assert_int_equal(
        sample_run("cd '%s' && mkdir elsewhere && touch elsewhere/" SAMPLE_STEM ".zip.partial && "
                   "ln -s elsewhere 0190a000-0000-7000-8000-000000000009 && "
                   "touch 0190a000-0000-7000-8000-00000000000a && cd " SAMPLE_TENANT " && "
                   "ln -s ../elsewhere/" SAMPLE_STEM ".zip.partial " SAMPLE_STEM ".zip.partial && "
                   "mkdir " SAMPLE_OPERATION "-0000000000000001.zip.partial && "
                   "mkfifo " SAMPLE_OPERATION "-0000000000000002.zip.partial",
                   sample->directory),
        0);
    assert_int_equal(sweep(sample), 0);
    assert_true(is_there(sample, "elsewhere/" SAMPLE_STEM ".zip.partial"));
    assert_true(is_there(sample, LEFTOVER));
    assert_true(
        is_there(sample, SAMPLE_TENANT "/" SAMPLE_OPERATION "-0000000000000001.zip.partial"));
    assert_true(
        is_there(sample, SAMPLE_TENANT "/" SAMPLE_OPERATION "-0000000000000002.zip.partial"));
}

static void a_directory_that_is_missing_is_an_error(void **state)
{
    char path[SAMPLE_PATH_BYTES + 16];
    size_t removed = 99;
    const struct sample *sample = *state;

    snprintf(path, sizeof(path), "%s/missing", sample->directory);
    assert_int_equal(bundle_sweep_leftovers(path, NULL, &removed), -ERROR_IO);
    assert_int_equal(removed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(leftovers_of_every_tenant_go_and_are_counted),
        TEST(what_somebody_has_locked_stays),
        TEST(a_bundle_that_is_being_written_stays_and_becomes_right),
        TEST(a_file_swept_before_its_writer_locked_it_is_made_anew),
        TEST(names_the_writer_does_not_make_stay),
        TEST(links_folders_and_pipes_stay_whatever_they_are_called),
        TEST(a_directory_that_is_missing_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
