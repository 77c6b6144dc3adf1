// SPDX-License-Identifier: MIT
/* How many of something each key had in the last window: a sliding window in steps, so that no
 * window of that length ever holds more than is allowed, wherever it begins. What is allowed again
 * is known to a step, which is rounded up. One small entry a key; entries are bounded, and when
 * they are used up a key without one waits until the oldest counts no more. Where a tenant has many
 * keys it gets another entry only while it has fewer than are free: one alone may have half of all,
 * and however many others take all they can, whoever has none finds some. Nothing is ever forgotten
 * to make room. Pure.
 *
 * Times are of the wall clock, for counts outlive the daemon. When it is set back, what was counted
 * counts as of now: nothing is forgotten early, and nobody waits longer than a window. */
#ifndef DAEMON_CORE_LIMIT_H
#define DAEMON_CORE_LIMIT_H

#include "schemas/base/clock.h"
#include "schemas/base/table.h"

#define LIMIT_STEPS        24
#define LIMIT_PACKED_BYTES (8 + 4 * (LIMIT_STEPS + 1))

/* Whose count it is; the user is all zeros where it is a tenant's. */
struct limit_key {
    struct uuid tenant_id;
    struct uuid user_id;
};

struct limit_entry;

struct limit {
    int64_t step_ms;
    size_t most_entries;
    bool is_kept;   /* somebody stores the entries that change */
    bool is_shared; /* a tenant has many keys; set before the first is counted */
    struct table entries;
    struct table holders;       /* how many entries a tenant has, when they are shared */
    struct limit_entry *found;  /* the one that was asked for last */
    struct limit_entry *oldest; /* in the order of the steps in which they were counted last */
    struct limit_entry *newest;
    struct limit_entry *changed; /* since they were taken by limit_take_changed */
};

int limit_init(struct limit *limit, int64_t window_ms, size_t most_entries); /* -ERROR_MEMORY */
void limit_release(struct limit *limit);                                     /* safe twice */

/* How long until one more is allowed; 0: it is now. most of 0 sets no limit. Without room for the
 * key it is when there may be some, if nobody else takes it. */
int64_t limit_wait_ms(struct limit *limit, const struct limit_key *key, int64_t most,
                      struct wall now);

/* Counts one that happened at a time, which may be in the past. Where there is no room for another
 * entry it is not counted, and limit_wait_ms of that key tells to wait. -ERROR_MEMORY. */
int limit_count(struct limit *limit, const struct limit_key *key, struct wall time,
                struct wall now);

/* An entry that changed, packed, and whose it is; false when there is none left. */
bool limit_take_changed(struct limit *limit, struct limit_key *key,
                        uint8_t packed[LIMIT_PACKED_BYTES]);

/* Takes up a packed entry of an earlier life, if it still counts. -ERROR_MEMORY; -ERROR_DAMAGED
 * when it is not one. */
int limit_restore(struct limit *limit, const struct limit_key *key, const uint8_t *packed,
                  size_t packed_bytes, struct wall now);

#endif
