// SPDX-License-Identifier: MIT
/* Where the daemon may listen. */
#include "daemon/net/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/errors.h"

static struct sockets_options some_options(void)
{
    const struct text any = TEXT("tcp://127.0.0.1:*");

    return (struct sockets_options){.endpoints = {any, any, any, any},
                                    .high_water_mark = 100,
                                    .outstanding_messages = 100,
                                    .handshake_timeout_ms = 2000,
                                    .heartbeat_interval_ms = 1000,
                                    .heartbeat_timeout_ms = 3000,
                                    .connections = 100,
                                    .subscriptions = 1000,
                                    .subscriptions_per_connection = 500};
}

static void an_endpoint_that_cannot_be_bound_is_named(void **state)
{
    struct sockets_options options = some_options();
    char message[SOCKETS_MESSAGE_BYTES] = "";
    struct sockets *first = NULL;
    struct sockets *sockets = NULL;
    const char *taken;

    (void)state;
    assert_int_equal(sockets_open(&first, &options, message), 0);
    taken = sockets_endpoint(first, SOCKET_JOBS);

    options.endpoints[SOCKET_STATUS] = text_of(taken);
    assert_int_equal(sockets_open(&sockets, &options, message), -ERROR_CONFIGURATION);
    assert_null(sockets);
    assert_non_null(strstr(message, taken));
    sockets_close(&first);
}

static void an_ipc_path_that_somebody_listens_on_is_not_taken_away(void **state)
{
    struct sockets_options options = some_options();
    struct sockets *first = NULL;
    struct sockets *second = NULL;
    char folder[] = "/tmp/exportd-sockets-XXXXXX";
    char endpoint[64];
    char message[SOCKETS_MESSAGE_BYTES];

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(endpoint, sizeof endpoint, "ipc://%s/requests", folder);
    options.endpoints[SOCKET_REQUESTS] = text_of(endpoint);
    assert_int_equal(sockets_open(&first, &options, message), 0);
    assert_int_equal(sockets_open(&second, &options, message), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, endpoint));
    assert_null(second);
    sockets_close(&first);
    /* What may be left behind is nobody's. */
    assert_int_equal(sockets_open(&first, &options, message), 0);
    sockets_close(&first);
    (void)remove(endpoint + strlen("ipc://"));
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_endpoint_that_cannot_be_bound_is_named),
        cmocka_unit_test(an_ipc_path_that_somebody_listens_on_is_not_taken_away),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
