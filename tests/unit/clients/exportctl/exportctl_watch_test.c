// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/clients/exportctl/control.h"

#define UNKNOWN_OPERATION "01941b2c-7d3e-7f00-8000-00000000ffff"

static void an_event_is_a_line_when_nobody_looks(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    stub_accept(c->stub, id);
    control_start(c, (const char *const[]){"watch", id, NULL});
    assert_true(stub_wait_subscribed(c->stub, id));
    assert_true(stub_wait_requests(c->stub, 1));
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_PUBLISH);
    stub_move(c->stub, id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    assert_int_equal(control_wait(c), 0);
    assert_non_null(strstr(c->out, "completed"));
    assert_non_null(strstr(c->out, "100.0 %"));
    assert_null(strchr(c->out, '\033'));
    assert_null(strchr(c->out, '\r'));
}

static void several_operations_end_with_the_worst(void **state)
{
    struct control *c = *state;
    char ids[2][UUID_TEXT_BUFFER];
    json_t *json;

    stub_accept(c->stub, ids[0]);
    stub_accept(c->stub, ids[1]);
    stub_move(c->stub, ids[0], OPERATION_STAGE_DONE, STUB_LOSE);
    stub_move(c->stub, ids[1], OPERATION_STAGE_FAILED, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "watch", ids[0], ids[1], "--json"), 1);
    assert_int_equal(control_line_count(c), 2);
    for (int i = 0; i < 2; i++) {
        json = control_json_line(c, i);
        assert_string_equal(json_string_value(json_object_get(json, "kind")), "snapshot");
        json_decref(json);
    }
    assert_int_equal(CONTROL_RUN(c, "watch", ids[0]), 0);
    assert_int_equal(CONTROL_RUN(c, "watch", ids[0], UNKNOWN_OPERATION), 4);
    assert_non_null(strstr(c->err, UNKNOWN_OPERATION));
    assert_non_null(strstr(c->out, ids[0]));
}

static void a_service_that_restarts_is_told_once_and_waited_for(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    stub_accept(c->stub, id);
    stub_go_away(c->stub);
    control_start(c, (const char *const[]){"watch", id, "--timeout", "0.2", NULL});
    assert_int_equal(process_wait(&c->process, 1000), -ERROR_TIMEOUT);
    stub_move(c->stub, id, OPERATION_STAGE_DONE, STUB_LOSE);
    stub_come_back(c->stub);
    assert_int_equal(control_wait(c), 0);
    assert_non_null(strstr(c->err, "still trying"));
    assert_null(strstr(strstr(c->err, "still trying") + 1, "still trying"));
}

/* Reads the terminal while the child runs: a full terminal would stop it. */
static size_t read_terminal(struct control *c, int terminal, char *text, size_t text_bytes)
{
    size_t used = 0;
    bool is_running = true;

    while (is_running) {
        struct pollfd item = {.fd = terminal, .events = POLLIN};

        is_running = process_is_running(&c->process);
        while (used + 1 < text_bytes && poll(&item, 1, 50) == 1 && (item.revents & POLLIN)) {
            ssize_t got = read(terminal, text + used, text_bytes - 1 - used);

            if (got <= 0) {
                break;
            }
            used += (size_t)got;
        }
    }
    text[used] = '\0';
    return used;
}

static void watch_on_a_terminal(struct control *c, char *text, size_t text_bytes)
{
    char id[UUID_TEXT_BUFFER];
    int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
    c->redirect = ptsname(terminal);
    stub_accept(c->stub, id);
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    stub_tick(c->stub, id, 50, STUB_LOSE);
    control_start(c, (const char *const[]){"watch", id, NULL});
    assert_true(stub_wait_subscribed(c->stub, id));
    assert_true(stub_wait_requests(c->stub, 1));
    stub_move(c->stub, id, OPERATION_STAGE_DONE, STUB_PUBLISH);
    read_terminal(c, terminal, text, text_bytes);
    assert_int_equal(control_wait(c), 0);
    close(terminal);
}

static void a_terminal_shows_a_bar_that_is_redrawn(void **state)
{
    static char text[65536];
    struct control *c = *state;

    watch_on_a_terminal(c, text, sizeof(text));
    assert_non_null(strstr(text, "[########################] 100 % complete"));
    assert_non_null(strstr(text, "\033[K"));
    assert_non_null(strstr(text, "\033[32m"));
}

static void no_color_means_no_colour(void **state)
{
    static char text[65536];
    struct control *c = *state;

    c->environment[3] = "NO_COLOR=1";
    watch_on_a_terminal(c, text, sizeof(text));
    assert_non_null(strstr(text, "[########################] 100 % complete"));
    assert_null(strstr(text, "\033[32m"));
}

static void events_are_printed_after_a_sequence(void **state)
{
    struct control *c = *state;
    char ids[2][UUID_TEXT_BUFFER];
    json_t *json;

    stub_accept(c->stub, ids[0]);
    stub_accept(c->stub, ids[1]);
    stub_move(c->stub, ids[0], OPERATION_STAGE_GATHERING, STUB_LOSE);
    assert_int_equal(CONTROL_RUN(c, "events", "--since", "0"), 0);
    assert_int_equal(control_line_count(c), 3);
    assert_int_equal(CONTROL_RUN(c, "events", "--since", "1", "--operation", ids[0], "--json"), 0);
    assert_int_equal(control_line_count(c), 1);
    json = control_json_line(c, 0);
    assert_int_equal(json_integer_value(json_object_get(json, "sequence")), 3);
    assert_string_equal(json_string_value(json_object_get(json, "operationId")), ids[0]);
    json_decref(json);
    assert_int_equal(CONTROL_RUN(c, "events", "--since", "3"), 0);
    assert_string_equal(c->out, "");
}

static void followed_events_go_on_until_interrupted(void **state)
{
    struct control *c = *state;
    char id[UUID_TEXT_BUFFER];

    stub_accept(c->stub, id);
    control_start(c, (const char *const[]){"events", "--since", "0", "--follow", NULL});
    assert_true(stub_wait_requests(c->stub, 1));
    stub_move(c->stub, id, OPERATION_STAGE_GATHERING, STUB_LOSE);
    assert_true(stub_wait_requests(c->stub, 3));
    assert_int_equal(kill(c->process.pid, SIGINT), 0);
    assert_int_equal(control_wait(c), 0);
    assert_int_equal(control_line_count(c), 2);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, control_set_up, control_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(an_event_is_a_line_when_nobody_looks),
        TEST(several_operations_end_with_the_worst),
        TEST(a_service_that_restarts_is_told_once_and_waited_for),
        TEST(a_terminal_shows_a_bar_that_is_redrawn),
        TEST(no_color_means_no_colour),
        TEST(events_are_printed_after_a_sequence),
        TEST(followed_events_go_on_until_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
