// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/crash_line.h"

#define TEXT_BYTES   4096
#define NO_HANDLER   3
#define BIG_FRAME    65536
#define DEEPEST      1000000
#define SOME_ADDRESS 8

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static void touch(void)
{
    volatile char *nowhere = (volatile char *)SOME_ADDRESS;

    *nowhere = 1;
}

static void end(void)
{
    abort();
}

static void receive(void)
{
    (void)kill(getpid(), SIGSEGV);
}

static int fall(int depth)
{
    volatile char frame[BIG_FRAME];

    frame[depth % BIG_FRAME] = 1;
    return depth < DEEPEST ? fall(depth + 1) + frame[0] : 0;
}

static void overflow(void)
{
    _exit(fall(0));
}

/* What a child that does this says before it ends; its status is returned. */
static int crash(void (*how)(void), char text[TEXT_BYTES])
{
    struct rlimit none = {0, 0};
    size_t used = 0;
    ssize_t got;
    int ends[2];
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        (void)setrlimit(RLIMIT_CORE, &none);
        (void)dup2(ends[1], STDERR_FILENO);
        for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
            (void)signal(faults[i], SIG_DFL); /* cmocka has handlers of its own */
        }
        if (!crash_line_install("sample")) {
            _exit(NO_HANDLER);
        }
        how();
        _exit(0);
    }
    assert_true(child > 0);
    close(ends[1]);
    while ((got = read(ends[0], text + used, TEXT_BYTES - 1 - used)) > 0) {
        used += (size_t)got;
    }
    text[used] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void assert_line(const char *text, const char *signal, const char *module)
{
    assert_ptr_equal(strstr(text, "time="), text);
    assert_non_null(strstr(text, " level=error program=sample event=crashed "));
    assert_non_null(strstr(text, signal));
    assert_non_null(strstr(text, module));
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_fault_of_the_program_is_told_with_its_place_and_still_ends_it(void **state)
{
    char text[TEXT_BYTES];
    int status = crash(touch, text);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_line(text, " signal=11 ", " module=test_schemas_crash_line offset=0x");
}

static void a_fault_within_a_library_is_told_as_that(void **state)
{
    char text[TEXT_BYTES];
    int status = crash(end, text);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_line(text, " signal=6 ", " module=libc.so.6 offset=0x");
}

static void a_signal_that_somebody_sent_ends_it_too(void **state)
{
    char text[TEXT_BYTES];
    int status = crash(receive, text);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_line(text, " signal=11 ", " module=");
}

static void a_stack_that_overflows_has_a_last_line(void **state)
{
    char text[TEXT_BYTES];
    int status = crash(overflow, text);

    (void)state;
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    assert_line(text, " signal=11 ", " module=test_schemas_crash_line ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fault_of_the_program_is_told_with_its_place_and_still_ends_it),
        cmocka_unit_test(a_fault_within_a_library_is_told_as_that),
        cmocka_unit_test(a_signal_that_somebody_sent_ends_it_too),
        cmocka_unit_test(a_stack_that_overflows_has_a_last_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
