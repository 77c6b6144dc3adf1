// SPDX-License-Identifier: MIT
/* Which addresses stay on this machine. */
#include "schemas/base/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void loopback_in_digits_and_paths_are_local(void **state)
{
    static const char *const local[] = {
        "ipc:///run/exportd/requests", "tcp://127.0.0.1:5570", "tcp://127.0.0.1:*",
        "tcp://127.1.2.3:1",           "tcp://[::1]:5570",     "tcp://[::1]:*",
    };

    (void)state;
    for (size_t i = 0; i < sizeof local / sizeof local[0]; i++) {
        assert_true(endpoint_is_local(text_of(local[i])));
    }
}

static void what_only_begins_like_loopback_is_not_local(void **state)
{
    static const char *const remote[] = {
        "",
        "tcp://localhost:5570",
        "tcp://127.0.0.1.example.org:5570",
        "tcp://127.example.org:5570",
        "tcp://127.0.0.1:0;198.51.100.1:5570",
        "tcp://127.0.0.1;198.51.100.1:5570",
        "tcp://127.0.0.1:5570@example.org:1",
        "tcp://[::1]:0;198.51.100.1:5570",
        "tcp://[::1].example.org:5570",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:",
        "tcp://[::]:5570",
        "tcp://*:5570",
        "tcp://0.0.0.0:5570",
        "tcp://198.51.100.1:5570",
    };

    (void)state;
    for (size_t i = 0; i < sizeof remote / sizeof remote[0]; i++) {
        assert_false(endpoint_is_local(text_of(remote[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_in_digits_and_paths_are_local),
        cmocka_unit_test(what_only_begins_like_loopback_is_not_local),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
