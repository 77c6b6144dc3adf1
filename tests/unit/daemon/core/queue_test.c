// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/queue.h"
#include "tests/unit/daemon/core/world.h"

static struct queue_entry entry_of(uint64_t tenant, uint64_t id)
{
    return (struct queue_entry){.id = number_uuid(id), .tenant_id = number_uuid(tenant)};
}

static uint64_t number_of(const struct uuid *uuid)
{
    uint64_t number = 0;

    for (int i = 8; i < 16; i++) {
        number = number << 8 | uuid->bytes[i];
    }
    return number;
}

static void push(struct queue *queue, uint64_t tenant, uint64_t id)
{
    struct queue_entry entry = entry_of(tenant, id);

    assert_int_equal(queue_push(queue, &entry), 0);
}

static uint64_t pop(struct queue *queue)
{
    struct queue_entry entry;

    assert_true(queue_pop(queue, &entry));
    return number_of(&entry.id);
}

static void tenants_take_turns(void **state)
{
    struct queue queue;
    struct queue_entry entry;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    for (uint64_t i = 1; i <= 3; i++) {
        push(&queue, 1, 100 + i);
        push(&queue, 2, 200 + i);
        push(&queue, 3, 300 + i);
    }
    for (uint64_t i = 1; i <= 3; i++) {
        assert_int_equal(pop(&queue), 100 + i);
        assert_int_equal(pop(&queue), 200 + i);
        assert_int_equal(pop(&queue), 300 + i);
    }
    assert_false(queue_pop(&queue, &entry));
    assert_null(queue.turn);
    queue_release(&queue);
    queue_release(&queue);
}

static void a_weight_is_the_number_of_turns_in_a_round(void **state)
{
    struct uuid heavy = number_uuid(1);
    struct queue queue;
    int of_heavy = 0;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    assert_int_equal(queue_configure(&queue, &heavy, 3, -1), 0);
    for (uint64_t i = 0; i < 40; i++) {
        push(&queue, 1, 100 + i);
        push(&queue, 2, 200 + i);
    }
    for (int i = 0; i < 40; i++) {
        of_heavy += pop(&queue) < 200;
        assert_int_equal(of_heavy, (i + 1) / 4 * 3 + (i + 1) % 4);
    }
    queue_release(&queue);
}

/* The store of a tenant with 100,000 is imitated by a counter. */
static void a_hundred_thousand_of_one_tenant_delay_another_by_one_turn(void **state)
{
    struct queue queue;
    struct uuid tenant;
    struct queue_entry page[QUEUE_PAGE];
    uint64_t next = 1;
    uint64_t id;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    for (uint64_t i = 1; i <= 100000; i++) {
        push(&queue, 1, i);
        assert_true(queue.held <= QUEUE_PAGE);
    }
    for (int round = 0; round < 500; round++) {
        bool is_served = false;

        push(&queue, 2, 900000);
        for (int i = 0; i < 2; i++) {
            if (queue_needs_page(&queue, SIZE_MAX, &tenant)) {
                for (size_t k = 0; k < QUEUE_PAGE; k++) {
                    page[k] = entry_of(1, next + k);
                }
                queue_fill(&queue, &tenant, page, QUEUE_PAGE, true);
            }
            id = pop(&queue);
            is_served |= id == 900000;
            if (id != 900000) {
                assert_int_equal(id, next++);
            }
        }
        assert_true(is_served);
    }
    queue_release(&queue);
}

static void what_is_pushed_to_the_front_comes_next(void **state)
{
    struct queue_entry back = entry_of(1, 7);
    struct queue queue;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    push(&queue, 1, 1);
    push(&queue, 1, 2);
    assert_int_equal(queue_push_front(&queue, &back), 0);
    assert_int_equal(pop(&queue), 7);
    assert_int_equal(pop(&queue), 1);
    assert_int_equal(queue_push_front(&queue, &back), 0);
    assert_int_equal(pop(&queue), 7);
    assert_int_equal(pop(&queue), 2);
    assert_null(queue.turn);
    queue_release(&queue);
}

static void a_full_page_gives_its_last_back_to_the_store(void **state)
{
    struct queue_entry back = entry_of(1, 1000);
    struct queue queue;
    struct uuid tenant;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    for (uint64_t i = 1; i <= QUEUE_PAGE; i++) {
        push(&queue, 1, i);
    }
    assert_int_equal(queue_push_front(&queue, &back), 0);
    assert_int_equal(queue.held, QUEUE_PAGE);
    assert_int_equal(pop(&queue), 1000);
    for (uint64_t i = 1; i < QUEUE_PAGE; i++) {
        assert_false(queue_needs_page(&queue, SIZE_MAX, &tenant));
        assert_int_equal(pop(&queue), i);
    }
    assert_true(queue_needs_page(&queue, SIZE_MAX, &tenant));
    assert_int_equal(number_of(&tenant), 1);
    queue_fill(&queue, &tenant, NULL, 0, false);
    assert_false(queue_needs_page(&queue, SIZE_MAX, &tenant));
    assert_null(queue.turn);
    queue_release(&queue);
}

static void a_new_one_does_not_overtake_those_that_wait_in_the_store(void **state)
{
    struct queue queue;
    struct uuid tenant;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    for (uint64_t i = 1; i <= QUEUE_PAGE + 1; i++) {
        push(&queue, 1, i);
    }
    for (uint64_t i = 1; i <= QUEUE_PAGE; i++) {
        assert_int_equal(pop(&queue), i);
        push(&queue, 1, 1000 + i);
    }
    assert_int_equal(queue.held, 0);
    assert_true(queue_needs_page(&queue, SIZE_MAX, &tenant));
    queue_release(&queue);
}

static void what_is_removed_is_not_popped_and_the_others_keep_their_order(void **state)
{
    struct uuid tenant = number_uuid(1);
    struct uuid other = number_uuid(2);
    struct uuid id = number_uuid(2);
    struct queue queue;

    (void)state;
    assert_int_equal(queue_init(&queue), 0);
    queue_remove(&queue, &tenant, &id);
    for (uint64_t i = 1; i <= 4; i++) {
        push(&queue, 1, i);
    }
    queue_remove(&queue, &other, &id);
    queue_remove(&queue, &tenant, &id);
    assert_int_equal(queue.held, 3);
    assert_int_equal(pop(&queue), 1);
    assert_int_equal(pop(&queue), 3);
    id = number_uuid(4);
    queue_remove(&queue, &tenant, &id);
    assert_null(queue.turn);
    assert_int_equal(queue.held, 0);
    queue_release(&queue);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tenants_take_turns),
        cmocka_unit_test(a_weight_is_the_number_of_turns_in_a_round),
        cmocka_unit_test(a_hundred_thousand_of_one_tenant_delay_another_by_one_turn),
        cmocka_unit_test(what_is_pushed_to_the_front_comes_next),
        cmocka_unit_test(a_full_page_gives_its_last_back_to_the_store),
        cmocka_unit_test(a_new_one_does_not_overtake_those_that_wait_in_the_store),
        cmocka_unit_test(what_is_removed_is_not_popped_and_the_others_keep_their_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
