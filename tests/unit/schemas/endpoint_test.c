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
        "tcp://127.0.0.1:65536",
        "tcp://127.0.0.1:1*",
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

static void a_port_fits_in_16_bits_or_is_any(void **state)
{
    static const struct {
        const char *endpoint;
        bool has_port;
    } rows[] = {
        {"ipc:///run/exportd/requests", true},
        {"tcp://exportd.example.org:65535", true},
        {"tcp://*:*", true},
        {"tcp://[2001:db8::1]:5570", true},
        {"tcp://exportd.example.org:65536", false},
        {"tcp://exportd.example.org:4294967297", false},
        {"tcp://exportd.example.org", false},
        {"tcp://exportd.example.org:", false},
        {"tcp://exportd.example.org:5570/", false},
        {"", false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (endpoint_has_port(text_of(rows[i].endpoint)) != rows[i].has_port) {
            fail_msg("%s", rows[i].endpoint);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(loopback_in_digits_and_paths_are_local),
        cmocka_unit_test(what_only_begins_like_loopback_is_not_local),
        cmocka_unit_test(a_port_fits_in_16_bits_or_is_any),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
