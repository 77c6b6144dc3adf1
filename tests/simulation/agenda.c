// SPDX-License-Identifier: MIT
#include "tests/simulation/agenda.h"

#include <assert.h>
#include <stddef.h>

#include "tests/simulation/clock.h"

#define MAXIMUM_TASKS 65536

struct entry {
    int64_t at_ms;
    uint64_t order;
    agenda_task task;
    void *owner;
    int64_t number;
};

static struct entry heap[MAXIMUM_TASKS];
static size_t count;
static uint64_t next_order;

static bool is_before(const struct entry *a, const struct entry *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

void agenda_add(int64_t delay_ms, agenda_task task, void *owner, int64_t number)
{
    struct entry entry = {clock_now_ms() + delay_ms, next_order++, task, owner, number};
    size_t at = count++;

    assert(count <= MAXIMUM_TASKS && delay_ms >= 0);
    for (; at > 0 && is_before(&entry, &heap[(at - 1) / 2]); at = (at - 1) / 2) {
        heap[at] = heap[(at - 1) / 2];
    }
    heap[at] = entry;
}

static struct entry take_first(void)
{
    struct entry first = heap[0];
    struct entry last = heap[--count];
    size_t at = 0;

    for (size_t child = 1; child < count; child = 2 * at + 1) {
        if (child + 1 < count && is_before(&heap[child + 1], &heap[child])) {
            child++;
        }
        if (is_before(&last, &heap[child])) {
            break;
        }
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = last;
    return first;
}

bool agenda_step(void)
{
    struct entry entry;

    if (count == 0) {
        return false;
    }
    entry = take_first();
    clock_set_ms(entry.at_ms);
    entry.task(entry.owner, entry.number);
    return true;
}

void agenda_clear(void)
{
    count = 0;
    next_order = 0;
}
