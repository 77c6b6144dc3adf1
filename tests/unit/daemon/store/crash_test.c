// SPDX-License-Identifier: MIT
/* The process dies: a child does it, at every point that matters, and the parent looks at what is
 * left. Then the file system fails at every call. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/memory_fault.h"
#include "tests/unit/daemon/core/world.h"
#include "tests/unit/daemon/store/sample.h"

/* What the child tells before it dies. */
struct told {
    int64_t acknowledged; /* sequence of the last event of a successful commit */
    int64_t calls;
    int opened;
    int rc;
    char message[STORE_MESSAGE_BYTES];
};

static struct told *told;

static void in_child(struct sample *sample, void (*act)(struct sample *, int), int argument)
{
    pid_t child;
    int status;

    *told = (struct told){0};
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        act(sample, argument);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* Whatever was acknowledged is there, and of the rest a prefix. */
static void check_what_is_left(struct sample *sample)
{
    int64_t sequence;

    sample_open(sample);
    sequence = store_sequence(sample->store);
    assert_in_range(sequence, told->acknowledged, sample->event_count);
    sample_truncate(sample, sequence);
    sample_compare(sample);
    sample_close(sample);
}

static void must(int rc)
{
    if (rc) {
        _exit(2);
    }
}

static void put_and_die(struct sample *sample, int is_committing)
{
    must(store_open(&sample->store, &sample->options, sample->message));
    must(sample_put_after(sample, store_sequence(sample->store)));
    if (is_committing) {
        must(store_commit(sample->store));
        told->acknowledged = store_sequence(sample->store);
    }
}

static void a_committed_turn_survives_the_process_and_one_that_is_not_does_not(void **state)
{
    struct sample *sample = *state;
    int64_t before;

    sample_close(sample);
    for (int i = 0; i < 20; i++) {
        before = sample->event_count;
        for (int k = 0; k < 30; k++) {
            sample_make(sample);
        }
        in_child(sample, put_and_die, i % 2 == 0);
        check_what_is_left(sample);
        assert_int_equal(sample->event_count, before + (i % 2 == 0 ? 30 : 0));
    }
    sample_open(sample);
}

#define CATCH_UP_OPERATIONS 40

/* Commits everything, brings part of the view up to date, and dies with or without a commit. */
static void catch_up_and_die(struct sample *sample, int argument)
{
    put_and_die(sample, 1);
    must(store_catch_up(sample->store, (size_t)argument / 2));
    if (argument % 2) {
        must(store_commit(sample->store));
    }
}

static void a_view_that_is_partly_up_to_date_is_finished_at_the_next_start(void **state)
{
    struct sample *sample = *state;

    sample->options.overlay_operations = 1000000;
    sample_close(sample);
    for (int point = 0; point < 2 * CATCH_UP_OPERATIONS; point++) {
        for (int k = 0; k < 20; k++) {
            sample_make(sample);
        }
        in_child(sample, catch_up_and_die, point);
        assert_int_equal(told->acknowledged, sample->event_count);
        check_what_is_left(sample);
    }
    sample_open(sample);
}

/* Many lives that all die while the view is behind, without one that closes in between. */
static void deaths_in_a_row_replay_to_the_same_state(void **state)
{
    struct sample *sample = *state;

    sample->options.overlay_operations = 1000000;
    sample_close(sample);
    for (int life = 0; life < 12; life++) {
        for (int k = 0; k < 40; k++) {
            sample_make(sample);
        }
        in_child(sample, catch_up_and_die, (int)next_random(&sample->seed, 60));
        assert_int_equal(told->acknowledged, sample->event_count);
    }
    check_what_is_left(sample);
    sample_open(sample);
}

#define FAULT_TURNS  3
#define FAULT_EVENTS 14

static void work_with_faults(struct sample *sample)
{
    int64_t event_count = sample->event_count;

    told->rc = store_open(&sample->store, &sample->options, told->message);
    told->opened = !told->rc;
    for (int turn = 0; turn < FAULT_TURNS && !told->rc; turn++) {
        sample->event_count = event_count * (turn + 1) / FAULT_TURNS;
        told->rc = sample_put_after(sample, store_sequence(sample->store));
        if (!told->rc) {
            told->rc = store_commit(sample->store);
        }
        if (!told->rc) {
            told->acknowledged = store_sequence(sample->store);
            told->rc = store_catch_up(sample->store, 4);
        }
    }
    if (!told->rc) {
        told->rc = store_close(&sample->store);
    }
}

/* 4n + 2 for sticky + 1 for a full disk. */
static void fail_the_nth_call(struct sample *sample, int argument)
{
    faulty_vfs_arm(argument / 4, argument & 2, argument & 1);
    work_with_faults(sample);
    told->calls = faulty_vfs_calls();
}

static int fail_all(struct sample *sample, int kind)
{
    int failed = 0;

    for (int n = 1;; n = memory_fault_next(n)) { /* the same of them as of allocations */
        assert_int_equal(temporary_remove(sample->directory), 0);
        sample_truncate(sample, 0);
        for (int k = 0; k < FAULT_TURNS * FAULT_EVENTS; k++) {
            sample_make(sample);
        }
        in_child(sample, fail_the_nth_call, 4 * n + kind);
        if (told->calls < n) {
            assert_int_equal(told->rc, 0);
            assert_int_equal(told->acknowledged, sample->event_count);
            print_message("kind %d: %d calls, %d failures noticed\n", kind, n - 1, failed);
            return failed;
        }
        assert_true(told->opened || told->message[0]);
        failed += told->rc != 0;
        check_what_is_left(sample);
        if (n % 8 == 0) { /* and life goes on */
            sample_open(sample);
            sample_put(sample, 10);
            assert_int_equal(store_commit(sample->store), 0);
            sample_compare(sample);
            sample_close(sample);
        }
    }
}

static void no_failing_call_of_the_file_system_loses_what_was_acknowledged(void **state)
{
    struct sample *sample = *state;

    sample->options.overlay_operations = 16;
    sample_close(sample);
    for (int kind = 0; kind < 4; kind++) {
        assert_true(fail_all(sample, kind) > 30);
    }
    sample_open(sample);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sample_set_up, sample_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_committed_turn_survives_the_process_and_one_that_is_not_does_not),
        TEST(a_view_that_is_partly_up_to_date_is_finished_at_the_next_start),
        TEST(deaths_in_a_row_replay_to_the_same_state),
        TEST(no_failing_call_of_the_file_system_loses_what_was_acknowledged),
    };

    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED || faulty_vfs_install()) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
