// SPDX-License-Identifier: MIT
#include "daemon/core/throttle.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/base/table.h"

#define PLACES 512 /* a power of two */
/* Places that a sort may be at, so that looking for it costs the same however many there are. */
#define PROBES 16
/* Lines are counted in thousandths: what a millisecond gives back is then a whole number. */
#define LINE 1000
#define FULL ((int64_t)LIMIT_REFUSAL_LINES * LINE)

struct place {
    struct throttle_sort sort;
    int64_t left; /* thousandths of lines that may still be written, as of then */
    struct mono then;
    uint64_t suppressed;
};

struct throttle {
    struct place shared[THROTTLED_COUNT];
    struct place places[PLACES]; /* free as long as nothing of it was used */
    uint64_t suppressed;         /* in all places */
    size_t next;                 /* where throttle_take goes on */
};

int throttle_new(struct throttle **throttle)
{
    struct throttle *made = calloc(1, sizeof *made);

    if (!made) {
        return -ERROR_MEMORY;
    }
    for (size_t i = 0; i < PLACES; i++) {
        made->places[i].left = FULL;
    }
    for (int event = 0; event < THROTTLED_COUNT; event++) {
        made->shared[event].sort.event = (enum throttled)event;
        made->shared[event].left = FULL;
    }
    *throttle = made;
    return 0;
}

void throttle_destroy(struct throttle **throttle)
{
    free(*throttle);
    *throttle = NULL;
}

static void refill(struct place *place, struct mono now)
{
    int64_t passed_ms = now.ms - place->then.ms;

    if (passed_ms <= 0) {
        return;
    }
    place->then = now;
    /* Whoever was not seen for so long has everything again; nor can the product overflow. */
    place->left += passed_ms >= FULL ? FULL : passed_ms * LIMIT_REFUSAL_LINES_A_SECOND;
    place->left = place->left > FULL ? FULL : place->left;
}

static bool is_of(const struct place *place, const struct throttle_sort *sort)
{
    return place->sort.event == sort->event && place->sort.error == sort->error &&
           strcmp(place->sort.identity, sort->identity) == 0;
}

/* Its place; else one whose sort is as if it had never been seen, and is forgotten; else the one
 * that those share for whom there is none. */
static struct place *find(struct throttle *throttle, const struct throttle_sort *sort,
                          struct mono now)
{
    size_t first = (size_t)(table_hash_bytes(sort->identity, strlen(sort->identity)) ^
                            table_hash_integer((int64_t)sort->event << 32 ^ sort->error));
    struct place *unused = NULL;

    for (size_t i = 0; i < PROBES; i++) {
        struct place *place = &throttle->places[(first + i) % PLACES];

        refill(place, now);
        if (is_of(place, sort)) {
            return place;
        }
        if (!unused && place->left == FULL && place->suppressed == 0) {
            unused = place;
        }
    }
    if (unused) {
        unused->sort = *sort;
        return unused;
    }
    refill(&throttle->shared[sort->event], now);
    return &throttle->shared[sort->event];
}

bool throttle_allows(struct throttle *throttle, enum throttled event, int error,
                     struct text identity, struct mono now)
{
    struct throttle_sort sort = {.event = event, .error = error};
    struct place *place;

    if (text_copy(identity, sort.identity, sizeof sort.identity)) {
        sort.identity[0] = '\0';
    }
    place = find(throttle, &sort, now);
    if (place->left >= LINE) {
        place->left -= LINE;
        return true;
    }
    place->suppressed++;
    throttle->suppressed++;
    return false;
}

static struct place *place_at(struct throttle *throttle, size_t index)
{
    return index < THROTTLED_COUNT ? &throttle->shared[index]
                                   : &throttle->places[index - THROTTLED_COUNT];
}

bool throttle_take(struct throttle *throttle, struct throttle_sort *sort, uint64_t *suppressed)
{
    struct place *place;

    if (throttle->suppressed == 0) {
        return false;
    }
    do {
        place = place_at(throttle, throttle->next);
        throttle->next = (throttle->next + 1) % (THROTTLED_COUNT + PLACES);
    } while (place->suppressed == 0);
    *sort = place->sort;
    *suppressed = place->suppressed;
    throttle->suppressed -= place->suppressed;
    place->suppressed = 0;
    return true;
}
