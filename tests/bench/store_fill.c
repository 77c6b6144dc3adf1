// SPDX-License-Identifier: MIT
#include "tests/bench/store_fill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/operation.h"
#include "daemon/store/store.h"
#include "tests/bench/measure.h"
#include "tests/support/people.h"

#define BATCH    10000
#define A_DAY_MS 86400000

struct filling {
    struct store *store;
    int64_t sequence;
    uint64_t random;
    struct wall now;
    struct wire_output result;
};

static void check(const struct filling *filling, int rc)
{
    if (rc) {
        (void)fprintf(stderr, "store: %s\n",
                      filling->store ? store_message(filling->store) : "not opened");
        measure_fail("store");
    }
}

static uint64_t next_random(struct filling *filling)
{
    filling->random = filling->random * 6364136223846793005U + 1442695040888963407U;
    return filling->random ^ filling->random >> 29;
}

static struct uuid id_of(const char *text)
{
    struct uuid id;
    if (uuid_parse(text_of(text), &id)) {
        measure_fail("id");
    }
    return id;
}

static struct record put_accepted(struct filling *filling, const struct store_fill *fill,
                                  uint64_t number)
{
    uint8_t random[10];
    char text[PEOPLE_ID_BUFFER];
    struct operation_request request = {.now = filling->now, .due_ms = 30LL * A_DAY_MS};
    uint64_t digits = next_random(filling);
    memcpy(random, &digits, 8);
    digits = next_random(filling);
    memcpy(random + 8, &digits, 2);
    request.id = uuid_v7(filling->now.ms, random);
    request.tenant_id = id_of(people_tenant_id((unsigned)(number % fill->tenants), text));
    request.user_id = id_of(people_user_id((unsigned)(next_random(filling) % 1000), text));
    request.requested_by = request.user_id;
    struct record record = operation_create(&request, ++filling->sequence);
    check(filling, store_put(filling->store, EVENT_KIND_ACCEPTED, &record, (struct text){0}));
    return record;
}

static void move(struct filling *filling, struct record *record, enum event_kind kind,
                 struct text result)
{
    record->fence = ((int64_t)1 << 32) + filling->sequence;
    check(filling, operation_move(record, kind, ++filling->sequence, filling->now));
    check(filling, store_put(filling->store, kind, record, result));
}

static void complete(struct filling *filling, struct record *record)
{
    const struct operation_result result = {
        .has_storage_location = true,
        .storage_location = text_of("https://bundles.example.org/0000000000000000.zip"),
    };
    wire_output_clear(&filling->result);
    operation_result_encode(&result, &filling->result);
    check(filling, filling->result.error);
    move(filling, record, EVENT_KIND_STARTED, (struct text){0});
    move(filling, record, EVENT_KIND_COMPLETED,
         (struct text){filling->result.data, (uint32_t)filling->result.size_bytes});
}

static void make_durable(struct filling *filling)
{
    check(filling, store_catch_up(filling->store, SIZE_MAX));
    check(filling, store_commit(filling->store));
    check(filling, store_rest(filling->store));
}

/* With fewer operations than samples, each is several of them. */
static void sample(const struct store_fill *fill, uint64_t number, const struct record *record)
{
    size_t at = (size_t)(number * fill->sample_count / fill->operations);
    size_t end = (size_t)((number + 1) * fill->sample_count / fill->operations);
    for (; at < end; at++) {
        uuid_format(&record->id, fill->samples[at]);
    }
}

void store_fill(const char *directory, const struct store_fill *fill)
{
    struct filling filling = {.random = 1, .now = wall_now(), .result = WIRE_OUTPUT_INIT};
    char message[STORE_MESSAGE_BYTES];
    const struct store_options options = {.directory = directory, .overlay_operations = 4 * BATCH};
    filling.now.ms -= A_DAY_MS;
    if (store_open(&filling.store, &options, message)) {
        (void)fprintf(stderr, "%s\n", message);
        measure_fail(directory);
    }
    for (uint64_t i = 0; i < fill->operations; i++) {
        filling.now.ms += i % 16 == 0;
        struct record record = put_accepted(&filling, fill, i);
        if (next_random(&filling) % 10 < fill->complete_of_ten) {
            complete(&filling, &record);
        }
        sample(fill, i, &record);
        if (i % BATCH == BATCH - 1) {
            make_durable(&filling);
        }
    }
    make_durable(&filling);
    check(&filling, store_close(&filling.store));
    wire_output_release(&filling.result);
}
