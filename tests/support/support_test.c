// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "tests/support/people.h"
#include "tests/support/process.h"
#include "tests/support/raw.h"
#include "tests/support/temporary.h"

static int run_shell(const char *script, const char *output, struct process *process)
{
    const char *const arguments[] = {"/bin/sh", "-c", script, NULL};
    const char *const environment[] = {"SUPPORT_TEST=seen", NULL};
    const struct process_options options = {
        .arguments = arguments, .environment = environment, .output_path = output};
    return process_start(&options, process);
}

static void output_environment_and_exit_code_of_a_child_are_kept(void **state)
{
    (void)state;
    char directory[TEMPORARY_BUFFER];
    char path[TEMPORARY_BUFFER + 16];
    char line[32] = "";
    struct process process;
    assert_int_equal(temporary_make(directory), 0);
    snprintf(path, sizeof(path), "%s/out", directory);
    assert_int_equal(run_shell("echo $SUPPORT_TEST; exit 7", path, &process), 0);
    assert_int_equal(process_wait(&process, 30000), 0);
    assert_int_equal(process_exit_code(&process), 7);
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof(line), file));
    (void)fclose(file);
    assert_string_equal(line, "seen\n");
    assert_int_equal(temporary_remove(directory), 0);
    assert_int_equal(access(directory, F_OK), -1);
}

static void a_child_that_does_not_end_is_waited_for_within_bounds_and_killed(void **state)
{
    (void)state;
    struct process process;
    assert_int_equal(run_shell("trap '' TERM; while :; do sleep 1; done", NULL, &process), 0);
    assert_int_equal(process_wait(&process, 10), -ERROR_TIMEOUT);
    assert_true(process_is_running(&process));
    pid_t pid = process.pid;
    process_release(&process);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(process_exit_code(&process), -1);
    process_release(&process);
}

static void a_program_that_is_not_there_ends_with_127(void **state)
{
    (void)state;
    const char *const arguments[] = {"/nonexistent/program", NULL};
    struct process process;
    assert_int_equal(process_start(&(struct process_options){.arguments = arguments}, &process), 0);
    assert_int_equal(process_wait(&process, 30000), 0);
    assert_int_equal(process_exit_code(&process), 127);
}

/* The read end of a pipe is at its end when nobody holds the write end any more. */
static void children_do_not_outlive_a_parent_that_is_killed(void **state)
{
    (void)state;
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        struct process process;
        close(ends[0]);
        if (run_shell("while :; do sleep 1; done", NULL, &process) || write(ends[1], "r", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            pause();
        }
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(kill(parent, SIGKILL), 0);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_int_equal(read(ends[0], &byte, 1), 0);
    close(ends[0]);
}

static void messages_made_by_hand_are_read_back(void **state)
{
    (void)state;
    static struct raw_message message;
    static char text[70000];
    int64_t number = 0;
    memset(text, 'x', sizeof(text) - 1);
    raw_map(&message, 3);
    raw_text_field(&message, "long", text);
    raw_integer_field(&message, "number", INT64_MAX);
    raw_text(&message, "list");
    raw_array(&message, 2);
    raw_integer(&message, -5);
    raw_map(&message, 1);
    raw_text_field(&message, "key", "value");
    assert_false(message.is_too_long);
    assert_int_equal(raw_get_integer(&message, "number", &number), 0);
    assert_true(number == INT64_MAX);
    assert_int_equal(raw_get_integer(&message, "list.0", &number), 0);
    assert_true(number == -5);
    assert_int_equal(raw_get_text(&message, "list.1.key", text, sizeof(text)), 0);
    assert_string_equal(text, "value");
    assert_int_equal(raw_get_text(&message, "list.2.key", text, sizeof(text)),
                     -ERROR_FIELD_MISSING);
    assert_int_equal(raw_get_text(&message, "long", text, 10), -ERROR_TOO_LONG);
}

static void half_of_the_people_of_a_tenant_are_in_the_next_one_too(void **state)
{
    (void)state;
    const struct people people = {.tenant_count = 2, .profile_count = 8};
    char here[PEOPLE_NAME_BUFFER];
    char there[PEOPLE_NAME_BUFFER];
    assert_int_equal(people_per_tenant(&people), 4);
    assert_int_equal(people_person(&people, 0, 2), people_person(&people, 1, 0));
    assert_int_equal(people_person(&people, 0, 3), people_person(&people, 1, 1));
    assert_string_not_equal(people_marker(0, 2, here), people_marker(1, 2, there));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_environment_and_exit_code_of_a_child_are_kept),
        cmocka_unit_test(a_child_that_does_not_end_is_waited_for_within_bounds_and_killed),
        cmocka_unit_test(a_program_that_is_not_there_ends_with_127),
        cmocka_unit_test(children_do_not_outlive_a_parent_that_is_killed),
        cmocka_unit_test(messages_made_by_hand_are_read_back),
        cmocka_unit_test(half_of_the_people_of_a_tenant_are_in_the_next_one_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
