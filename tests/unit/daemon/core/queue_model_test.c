// SPDX-License-Identifier: MIT
/* The queue against the simplest model of it and of the store behind it: an operation is queued in
 * the store, in flight, or gone, and the queue must hand out each that is queued once and no other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/queue.h"
#include "tests/unit/daemon/core/world.h"

#define TENANTS 5
#define IDS     20000
#define STEPS   30000

enum place { ABSENT, QUEUED, IN_FLIGHT, GONE };

struct model {
    enum place place[IDS]; /* id i is of tenant i % TENANTS */
    size_t made;
    size_t queued;
    size_t in_flight[512];
    size_t flying;
};

static struct queue_entry entry_of(size_t id)
{
    return (struct queue_entry){.id = number_uuid(id), .tenant_id = number_uuid(id % TENANTS)};
}

static size_t number_of(const struct uuid *uuid)
{
    return (size_t)uuid->bytes[15] | (size_t)uuid->bytes[14] << 8 | (size_t)uuid->bytes[13] << 16;
}

static void fill_page(struct queue *queue, const struct model *model, const struct uuid *tenant,
                      size_t room)
{
    struct queue_entry entries[QUEUE_PAGE];
    size_t count = 0;
    size_t more = 0;

    for (size_t id = 0; id < model->made; id++) {
        if (model->place[id] == QUEUED && id % TENANTS == number_of(tenant)) {
            if (count < room) {
                entries[count++] = entry_of(id);
            } else {
                more++;
            }
        }
    }
    queue_fill(queue, tenant, entries, count, more > 0);
}

static void take_in(struct queue *queue, struct model *model, uint64_t *seed)
{
    /* Tenant 0 gets half of everything, so that its page overflows. */
    size_t id = model->made;
    struct queue_entry entry;

    while (id % TENANTS != 0 && next_random(seed, 2) == 0) {
        id++;
    }
    if (id >= IDS) {
        return;
    }
    model->made = id + 1;
    model->place[id] = QUEUED;
    model->queued++;
    entry = entry_of(id);
    assert_int_equal(queue_push(queue, &entry), 0);
}

static void take(struct queue *queue, struct model *model, size_t room)
{
    struct queue_entry entry;
    struct uuid tenant;
    size_t id;

    if (model->flying == sizeof model->in_flight / sizeof model->in_flight[0]) {
        return;
    }
    while (queue_needs_page(queue, SIZE_MAX, &tenant)) {
        fill_page(queue, model, &tenant, room);
    }
    if (!queue_pop(queue, &entry)) {
        assert_int_equal(model->queued, 0);
        return;
    }
    id = number_of(&entry.id);
    assert_int_equal(number_of(&entry.tenant_id), id % TENANTS);
    assert_int_equal(model->place[id], QUEUED);
    model->place[id] = IN_FLIGHT;
    model->queued--;
    model->in_flight[model->flying++] = id;
}

static void land(struct queue *queue, struct model *model, uint64_t *seed)
{
    size_t at;
    size_t id;
    struct queue_entry entry;

    if (model->flying == 0) {
        return;
    }
    at = (size_t)next_random(seed, model->flying);
    id = model->in_flight[at];
    model->in_flight[at] = model->in_flight[--model->flying];
    if (next_random(seed, 3) == 0) {
        model->place[id] = GONE;
        return;
    }
    model->place[id] = QUEUED;
    model->queued++;
    entry = entry_of(id);
    assert_int_equal(queue_push_front(queue, &entry), 0);
}

static void check_held(const struct queue *queue, const struct model *model)
{
    assert_true(queue->held <= model->queued);
    assert_true(queue->held <= (size_t)TENANTS * QUEUE_PAGE);
}

static void run(uint64_t seed, size_t room)
{
    struct model *model = calloc(1, sizeof *model);
    struct queue queue;

    assert_non_null(model);
    assert_int_equal(queue_init(&queue), 0);
    for (size_t step = 0; step < STEPS; step++) {
        uint64_t roll = next_random(&seed, 100);
        bool is_growing = step % 6000 < 3000;

        if (roll < (is_growing ? 50U : 10U)) {
            take_in(&queue, model, &seed);
        } else if (roll < 75) {
            take(&queue, model, room);
        } else {
            land(&queue, model, &seed);
        }
        check_held(&queue, model);
    }
    while (model->queued > 0) {
        model->flying = 0; /* what is in flight stays there */
        take(&queue, model, room);
    }
    assert_int_equal(queue.held, 0);
    queue_release(&queue);
    free(model);
}

static void nothing_is_lost_and_nothing_comes_twice(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 8; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed, QUEUE_PAGE);
    }
}

static void short_pages_lose_nothing_either(void **state)
{
    (void)state;
    run(101, 1);
    run(102, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_lost_and_nothing_comes_twice),
        cmocka_unit_test(short_pages_lose_nothing_either),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
