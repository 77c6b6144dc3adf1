// SPDX-License-Identifier: MIT
/* Whatever call fails, or wherever the process dies: a reader sees no bundle or a right one. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "schemas/base/errors.h"
#include "tests/support/bundle_sample.h"
#include "tests/support/fail_io.h"
#include "workers/bundle/leftovers.h"
#include "workers/bundle/unrecorded.h"

static int set_up(void **state)
{
    struct sample *sample = malloc(sizeof(*sample));

    assert_non_null(sample);
    sample_init(sample);
    *state = sample;
    return 0;
}

static int tear_down(void **state)
{
    sample_release(*state);
    free(*state);
    return 0;
}

/* The bundle and its mark, as when its fence counts no more. */
static void assert_removed(const struct sample *sample)
{
    const struct bundle_identity bundle = {sample->tenant, sample->operation, SAMPLE_FENCE};

    assert_int_equal(bundle_remove(sample->directory, &bundle), 0);
}

/* One undisturbed run, for the number of calls and the digest. */
static long count_calls(struct sample *sample, struct bundle_result *result)
{
    fail_io_arm(0, 0);
    int rc = sample_write(sample, result);
    long calls = fail_io_disarm();

    assert_int_equal(rc, 0);
    assert_true(calls > 20);
    assert_removed(sample);
    return calls;
}

static void assert_empty(const struct sample *sample)
{
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
}

static void fail_each(struct sample *sample, int how, int expected)
{
    struct bundle_result whole;
    long calls = count_calls(sample, &whole);
    long failures = 0;

    /* A little beyond: where one way failed, another is taken and makes more calls. */
    for (long at = 1; at <= calls + 4; at++) {
        struct bundle_result result;

        fail_io_arm(at, how);
        int rc = sample_write(sample, &result);
        (void)fail_io_disarm();
        if (rc) {
            failures++;
            assert_int_equal(rc, expected);
        } else {
            assert_string_equal(result.sha256, whole.sha256);
            assert_int_equal(bag_verify(result.path, NULL, NULL, NULL), 0);
            assert_removed(sample);
        }
        assert_empty(sample);
    }
    if (expected == 0)
        assert_int_equal(failures, 0);
    else
        assert_true(failures > 8);
}

static void any_failing_call_leaves_nothing_or_a_right_bundle(void **state)
{
    fail_each(*state, EIO, -ERROR_IO);
}

static void a_full_disk_at_any_call_is_named(void **state)
{
    fail_each(*state, ENOSPC, -ERROR_DISK_FULL);
}

static void a_call_that_the_file_system_does_not_know_has_another_way(void **state)
{
    fail_each(*state, EINVAL, -ERROR_IO);
}

static void short_writes_and_reads_change_nothing(void **state)
{
    fail_each(*state, FAIL_IO_SHORT, 0);
}

static void an_interrupted_write_is_repeated(void **state)
{
    struct sample *sample = *state;
    struct bundle_result whole;
    long calls = count_calls(sample, &whole);

    for (long at = 1; at <= calls; at++) {
        struct bundle_result result;

        fail_io_arm(at, EINTR);
        int rc = sample_write(sample, &result);
        (void)fail_io_disarm();
        if (rc)
            assert_int_equal(rc, -ERROR_IO);
        else
            assert_removed(sample);
        assert_empty(sample);
    }
}

static bool is_killed_at(struct sample *sample, long at)
{
    struct bundle_result result;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        fail_io_arm(at, FAIL_IO_KILL);
        _exit(sample_write(sample, &result) == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

static void on_found(void *context, const struct bundle_identity *bundle)
{
    size_t *found = context;

    assert_int_equal(bundle->fence, SAMPLE_FENCE);
    ++*found;
}

static bool goes_on(void *context)
{
    (void)context;
    return true;
}

/* A sweep leaves nothing but what a reader may see, and says that the daemon is to be asked. */
static void assert_swept(const struct sample *sample, size_t visible)
{
    size_t found = 0;
    size_t removed;
    const struct leftovers_visitor visitor = {&found, on_found, goes_on};

    assert_int_equal(bundle_sweep_leftovers(sample->directory, &visitor, &removed), 0);
    /* A mark that comes before its partial file in the folder goes with the next sweep. */
    assert_int_equal(bundle_sweep_leftovers(sample->directory, NULL, &removed), 0);
    assert_int_equal(found, visible);
    assert_int_equal(
        sample_run("test $(find '%s' -type f | wc -l) -eq %zu", sample->directory, 2 * visible), 0);
}

static void a_kill_at_any_call_shows_nothing_or_a_right_bundle_with_a_mark(void **state)
{
    struct sample *sample = *state;
    struct bundle_result whole;
    long calls = count_calls(sample, &whole);
    long visible = 0;

    for (long at = 1; at <= calls; at++) {
        assert_true(is_killed_at(sample, at));
        bool is_visible = access(whole.path, F_OK) == 0;
        if (is_visible) {
            visible++;
            assert_int_equal(bag_verify(whole.path, NULL, NULL, NULL), 0);
            assert_int_equal(sample_run("test -f '%s.unrecorded'", whole.path), 0);
        }
        /* What may be left: one partial file, never with the final name, and a mark. */
        assert_int_equal(sample_run("test $(find '%s' -type f | wc -l) -le 2", sample->directory),
                         0);
        assert_swept(sample, is_visible);
        assert_int_equal(sample_run("rm -rf '%s'/*", sample->directory), 0);
    }
    assert_false(is_killed_at(sample, calls + 1));
    assert_in_range(visible, 1, calls / 2);
}

/* Whatever call fails, the mark goes last: then it is tried again. */
static void a_removal_that_fails_at_any_call_keeps_the_mark(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = {sample->tenant, sample->operation, SAMPLE_FENCE};
    struct bundle_result result;
    long failures = 0;

    for (long at = 1; at <= 8; at++) {
        assert_int_equal(sample_write(sample, &result), 0);
        fail_io_arm(at, EIO);
        int rc = bundle_remove(sample->directory, &bundle);
        (void)fail_io_disarm();
        assert_true(rc == 0 || rc == -ERROR_IO);
        failures += rc != 0;
        if (access(result.path, F_OK) == 0)
            assert_int_equal(sample_run("test -f '%s.unrecorded'", result.path), 0);
        assert_true(rc != 0 || access(result.path, F_OK) != 0);
        assert_removed(sample);
        assert_empty(sample);
    }
    assert_int_equal(failures, 5); /* two folders opened, the bundle, the mark, the folder */
}

static void a_keeping_that_fails_at_any_call_keeps_the_bundle(void **state)
{
    struct sample *sample = *state;
    const struct bundle_identity bundle = {sample->tenant, sample->operation, SAMPLE_FENCE};
    struct bundle_result result;
    long failures = 0;

    for (long at = 1; at <= 6; at++) {
        assert_int_equal(sample_write(sample, &result), 0);
        fail_io_arm(at, EIO);
        failures += bundle_keep(sample->directory, &bundle) != 0;
        (void)fail_io_disarm();
        assert_int_equal(access(result.path, F_OK), 0);
        assert_int_equal(bundle_keep(sample->directory, &bundle), 0);
        assert_int_equal(sample_run("test ! -e '%s.unrecorded'", result.path), 0);
        assert_removed(sample);
    }
    assert_int_equal(failures, 3);
}

static void put_leftovers(const struct sample *sample)
{
    assert_int_equal(sample_run("mkdir -p '%s/" SAMPLE_TENANT "' && cd '%s/" SAMPLE_TENANT "' && "
                                "touch " SAMPLE_STEM ".zip.partial " SAMPLE_OPERATION
                                "-0000000000000001.zip.partial",
                                sample->directory, sample->directory),
                     0);
}

static void a_sweep_that_fails_at_any_call_goes_on_and_the_next_does_the_rest(void **state)
{
    struct sample *sample = *state;
    size_t removed;
    size_t rest;
    long failures = 0;

    put_leftovers(sample);
    fail_io_arm(0, 0);
    assert_int_equal(bundle_sweep_leftovers(sample->directory, NULL, &removed), 0);
    long calls = fail_io_disarm();
    assert_int_equal(removed, 2);
    for (long at = 1; at <= calls; at++) {
        put_leftovers(sample);
        fail_io_arm(at, EIO);
        int rc = bundle_sweep_leftovers(sample->directory, NULL, &removed);
        (void)fail_io_disarm();
        assert_true(rc == 0 || rc == -ERROR_IO);
        failures += rc != 0;
        assert_int_equal(bundle_sweep_leftovers(sample->directory, NULL, &rest), 0);
        assert_int_equal(removed + rest, 2);
        assert_int_equal(rc != 0, rest > 0);
    }
    assert_int_equal(failures, 2 + 3 * 2); /* two folders; each file opened, locked, removed */
}

static int deny(void *context)
{
    const struct sample *sample = context;

    /* Asked when all is there but the name. */
    assert_int_equal(
        sample_run("test $(find '%s' -name '*.partial' -size +0 | wc -l) = 1", sample->directory),
        0);
    return -ERROR_NOT_FOUND;
}

static void what_is_not_permitted_in_the_end_is_never_seen(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;

    sample->options.permit = deny;
    sample->options.permit_context = sample;
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_entry(bundle, "files", "a", "x", 1), 0);
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     -ERROR_NOT_FOUND);
    assert_null(bundle);
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(any_failing_call_leaves_nothing_or_a_right_bundle),
        TEST(a_full_disk_at_any_call_is_named),
        TEST(a_call_that_the_file_system_does_not_know_has_another_way),
        TEST(short_writes_and_reads_change_nothing),
        TEST(an_interrupted_write_is_repeated),
        TEST(what_is_not_permitted_in_the_end_is_never_seen),
        TEST(a_kill_at_any_call_shows_nothing_or_a_right_bundle_with_a_mark),
        TEST(a_removal_that_fails_at_any_call_keeps_the_mark),
        TEST(a_keeping_that_fails_at_any_call_keeps_the_bundle),
        TEST(a_sweep_that_fails_at_any_call_goes_on_and_the_next_does_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
