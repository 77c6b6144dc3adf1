// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/calls_fixture.h"

#include <stdlib.h>

void calls_open(struct calls *fixture, int deadline_ms, const char *token)
{
    struct exportd_options options = {.requests_endpoint = stub_requests_endpoint(fixture->stub),
                                      .status_endpoint = stub_status_endpoint(fixture->stub),
                                      .token = token,
                                      .timeout_ms = TRY_MS,
                                      .deadline_ms = deadline_ms};

    exportd_close(&fixture->client);
    assert_int_equal(exportd_open(&fixture->client, &options, &fixture->error), EXPORTD_OK);
}

int calls_set_up(void **state)
{
    struct calls *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || temporary_make(fixture->directory) != 0) {
        return -1;
    }
    stub_start(&fixture->stub, fixture->directory);
    calls_open(fixture, DEADLINE_MS, "header.payload.signature");
    *state = fixture;
    return 0;
}

int calls_tear_down(void **state)
{
    struct calls *fixture = *state;

    exportd_close(&fixture->client);
    stub_stop(&fixture->stub);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}
