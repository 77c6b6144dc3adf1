// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/watch_fixture.h"

#include <stdlib.h>

void watch_open(struct watching *f, int idle_ms)
{
    struct exportd_options options = {.requests_endpoint = stub_requests_endpoint(f->stub),
                                      .status_endpoint = stub_status_endpoint(f->stub),
                                      .timeout_ms = TRY_MS,
                                      .deadline_ms = DEADLINE_MS,
                                      .idle_ms = idle_ms};

    assert_int_equal(exportd_open(&f->client, &options, &f->error), EXPORTD_OK);
    assert_int_equal(exportd_watch_open(&f->watch, f->client, &f->error), EXPORTD_OK);
}

int watch_set_up(void **state)
{
    struct watching *fixture = calloc(1, sizeof(*fixture));

    if (!fixture || temporary_make(fixture->directory) != 0) {
        return -1;
    }
    stub_start(&fixture->stub, fixture->directory);
    stub_accept(fixture->stub, fixture->id);
    *state = fixture;
    return 0;
}

int watch_tear_down(void **state)
{
    struct watching *fixture = *state;

    exportd_watch_close(&fixture->watch);
    exportd_close(&fixture->client);
    stub_stop(&fixture->stub);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

void watch_expect_event(struct watching *f, int64_t revision, const char *kind, double progress)
{
    assert_int_equal(exportd_watch_next(f->watch, PATIENCE_MS, &f->event, &f->error), 1);
    assert_int_equal(f->event.revision, revision);
    assert_string_equal(f->event.kind, kind);
    assert_true(f->event.progress == progress);
    assert_string_equal(f->event.operation_id, f->id);
}

void watch_expect_quiet(struct watching *f)
{
    assert_int_equal(exportd_watch_next(f->watch, QUIET_MS, &f->event, &f->error), 0);
}

void watch_expect_requests(struct watching *f, int count)
{
    for (int i = 0; i < PATIENCE_MS && stub_counts(f->stub).distinct_requests < count;
         i += QUIET_MS) {
        watch_expect_quiet(f);
    }
    watch_expect_quiet(f);
    assert_int_equal(stub_counts(f->stub).distinct_requests, count);
}

void watch_begin(struct watching *f, int idle_ms)
{
    watch_open(f, idle_ms);
    assert_int_equal(exportd_watch_add(f->watch, f->id, &f->error), EXPORTD_OK);
    watch_expect_event(f, 1, "snapshot", 0);
    assert_string_equal(f->event.tenant_id, "");
    assert_true(stub_wait_subscribed(f->stub, f->id));
}
