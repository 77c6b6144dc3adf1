// SPDX-License-Identifier: MIT
#include "daemon/core/limit.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

/* One step more than the window has: the oldest is in it in part. */
#define BUCKETS (LIMIT_STEPS + 1)

/* Entries that are looked at to tell when a tenant has room again. */
#define LOOKED_AT 1024

struct limit_holder {
    struct table_link link;
    struct uuid tenant_id;
    size_t entries;
};

struct limit_entry {
    struct table_link link;
    struct limit_key key;
    struct limit_holder *holder; /* when they are shared */
    struct limit_entry *older;
    struct limit_entry *newer;
    struct limit_entry *next_changed;
    bool is_changed;
    int64_t listed;           /* the step in which it took its place in the list */
    int64_t step;             /* of counts[0], in steps since 1970 */
    uint32_t counts[BUCKETS]; /* by age in steps */
};

int limit_init(struct limit *limit, int64_t window_ms, size_t most_entries)
{
    *limit = (struct limit){.step_ms = window_ms / LIMIT_STEPS, .most_entries = most_entries};
    if (table_init(&limit->entries, 64) || table_init(&limit->holders, 64)) {
        limit_release(limit);
        return -ERROR_MEMORY;
    }
    return 0;
}

/* An entry is gone: its tenant has one less. */
static void let_go(struct limit *limit, struct limit_holder *holder)
{
    if (holder && --holder->entries == 0) {
        table_remove(&limit->holders, &holder->link);
        free(holder);
    }
}

void limit_release(struct limit *limit)
{
    struct limit_entry *next;

    for (struct limit_entry *entry = limit->oldest; entry; entry = next) {
        next = entry->newer;
        let_go(limit, entry->holder);
        free(entry);
    }
    table_release(&limit->entries);
    table_release(&limit->holders);
    *limit = (struct limit){0};
}

static uint64_t hash_of(const struct limit_key *key)
{
    return table_hash_bytes(key, sizeof *key);
}

static bool is_of(const struct limit_entry *entry, const struct limit_key *key)
{
    return uuid_equal(&entry->key.tenant_id, &key->tenant_id) &&
           uuid_equal(&entry->key.user_id, &key->user_id);
}

static struct limit_holder *find_holder(const struct limit *limit, const struct uuid *tenant_id)
{
    struct table_link *link = table_find(&limit->holders, table_hash_uuid(tenant_id));

    for (; link; link = table_find_next(link)) {
        struct limit_holder *holder = TABLE_ENTRY(link, struct limit_holder, link);
        if (uuid_equal(&holder->tenant_id, tenant_id)) {
            return holder;
        }
    }
    return NULL;
}

/* What is asked about is counted next, most of the time. */
static struct limit_entry *find(struct limit *limit, const struct limit_key *key)
{
    struct table_link *link;

    if (limit->found && is_of(limit->found, key)) {
        return limit->found;
    }
    link = table_find(&limit->entries, hash_of(key));
    for (; link; link = table_find_next(link)) {
        struct limit_entry *entry = TABLE_ENTRY(link, struct limit_entry, link);
        if (is_of(entry, key)) {
            limit->found = entry;
            return entry;
        }
    }
    return NULL;
}

/* Makes the entry one of now. */
static void age(const struct limit *limit, struct limit_entry *entry, struct wall now)
{
    int64_t step = now.ms / limit->step_ms;
    int64_t passed = step - entry->step;

    entry->step = step;
    if (passed <= 0) {
        return;
    }
    if (passed >= BUCKETS) {
        memset(entry->counts, 0, sizeof entry->counts);
        return;
    }
    memmove(&entry->counts[passed], entry->counts,
            (size_t)(BUCKETS - passed) * sizeof entry->counts[0]);
    memset(entry->counts, 0, (size_t)passed * sizeof entry->counts[0]);
}

static int64_t sum_of(const struct limit_entry *entry)
{
    int64_t sum = 0;

    for (int i = 0; i < BUCKETS; i++) {
        sum += entry->counts[i];
    }
    return sum;
}

/* Until fewer than most are left of an entry of now. */
static int64_t wait_for(const struct limit *limit, const struct limit_entry *entry, int64_t most,
                        struct wall now)
{
    int64_t left = sum_of(entry);
    int64_t steps = 0;

    while (left >= most && steps < BUCKETS) {
        steps++;
        left -= entry->counts[BUCKETS - steps];
    }
    return steps == 0 ? 0 : (entry->step + steps) * limit->step_ms - now.ms;
}

static void unlink_entry(struct limit *limit, struct limit_entry *entry)
{
    *(entry->older ? &entry->older->newer : &limit->oldest) = entry->newer;
    *(entry->newer ? &entry->newer->older : &limit->newest) = entry->older;
}

static void append(struct limit *limit, struct limit_entry *entry)
{
    entry->older = limit->newest;
    entry->newer = NULL;
    *(limit->newest ? &limit->newest->newer : &limit->oldest) = entry;
    limit->newest = entry;
}

/* Frees the oldest entry if it counts no more. */
static bool drop_oldest(struct limit *limit, struct wall now)
{
    struct limit_entry *entry = limit->oldest;

    if (!entry || entry->is_changed) {
        return false;
    }
    age(limit, entry, now);
    if (sum_of(entry) > 0) {
        return false;
    }
    unlink_entry(limit, entry);
    table_remove(&limit->entries, &entry->link);
    limit->found = limit->found == entry ? NULL : limit->found;
    let_go(limit, entry->holder);
    free(entry);
    return true;
}

static size_t held_by(const struct limit *limit, const struct uuid *tenant_id)
{
    const struct limit_holder *holder = limit->is_shared ? find_holder(limit, tenant_id) : NULL;

    return holder ? holder->entries : 0;
}

/* Whether the tenant may have another entry. What counts no more makes room as far as it must; each
 * was paid for when it was made. */
static bool make_room(struct limit *limit, const struct uuid *tenant_id, struct wall now)
{
    do {
        if (held_by(limit, tenant_id) + limit->entries.count < limit->most_entries) {
            return true;
        }
    } while (drop_oldest(limit, now));
    return false;
}

/* The entry that must have gone for the tenant to have room; those before it go earlier. */
static struct limit_entry *in_the_way(const struct limit *limit, const struct uuid *tenant_id)
{
    struct limit_entry *entry = limit->oldest;
    size_t surplus = held_by(limit, tenant_id) + limit->entries.count - limit->most_entries + 1;

    for (int i = 0; i < LOOKED_AT && entry->newer; i++) {
        size_t gives = limit->is_shared && uuid_equal(&entry->key.tenant_id, tenant_id) ? 2 : 1;

        if (gives >= surplus) {
            break;
        }
        surplus -= gives;
        entry = entry->newer;
    }
    return entry;
}

int64_t limit_wait_ms(struct limit *limit, const struct limit_key *key, int64_t most,
                      struct wall now)
{
    struct limit_entry *entry;

    if (most == 0) {
        return 0;
    }
    entry = find(limit, key);
    if (entry) {
        age(limit, entry, now);
        return wait_for(limit, entry, most, now);
    }
    if (make_room(limit, &key->tenant_id, now)) {
        return 0;
    }
    entry = in_the_way(limit, &key->tenant_id);
    age(limit, entry, now);
    return wait_for(limit, entry, 1, now);
}

/* One more of a tenant's: its holder; NULL without memory. */
static struct limit_holder *hold(struct limit *limit, const struct uuid *tenant_id)
{
    struct limit_holder *holder = find_holder(limit, tenant_id);

    if (!holder && (holder = calloc(1, sizeof *holder))) {
        holder->tenant_id = *tenant_id;
        table_insert(&limit->holders, &holder->link, table_hash_uuid(tenant_id));
    }
    if (holder) {
        holder->entries++;
    }
    return holder;
}

static struct limit_entry *make(struct limit *limit, const struct limit_key *key, struct wall now)
{
    struct limit_entry *entry = calloc(1, sizeof *entry);

    if (entry && limit->is_shared && !(entry->holder = hold(limit, &key->tenant_id))) {
        free(entry);
        return NULL;
    }
    if (entry) {
        entry->key = *key;
        entry->step = entry->listed = now.ms / limit->step_ms;
        table_insert(&limit->entries, &entry->link, hash_of(key));
        append(limit, entry);
    }
    return entry;
}

/* The key's entry of now, or a new one; NULL where there is no room, which is no error, or no
 * memory. */
static struct limit_entry *get(struct limit *limit, const struct limit_key *key, struct wall now,
                               int *rc)
{
    struct limit_entry *entry = find(limit, key);

    *rc = 0;
    if (entry) {
        age(limit, entry, now);
        if (entry->listed != entry->step) {
            entry->listed = entry->step;
            unlink_entry(limit, entry);
            append(limit, entry);
        }
        return entry;
    }
    /* Two for one, so that what counts no more does not stay for ever. */
    (void)(drop_oldest(limit, now) && drop_oldest(limit, now));
    if (!make_room(limit, &key->tenant_id, now)) {
        return NULL;
    }
    entry = make(limit, key, now);
    *rc = entry ? 0 : -ERROR_MEMORY;
    return entry;
}

int limit_count(struct limit *limit, const struct limit_key *key, struct wall time, struct wall now)
{
    int64_t steps = now.ms / limit->step_ms - time.ms / limit->step_ms;
    struct limit_entry *entry;
    int rc = 0;

    if (steps >= BUCKETS) {
        return 0;
    }
    entry = get(limit, key, now, &rc);
    if (!entry) {
        return rc;
    }
    entry->counts[steps > 0 ? steps : 0]++;
    if (limit->is_kept && !entry->is_changed) {
        entry->is_changed = true;
        entry->next_changed = limit->changed;
        limit->changed = entry;
    }
    return 0;
}

bool limit_take_changed(struct limit *limit, struct limit_key *key,
                        uint8_t packed[LIMIT_PACKED_BYTES])
{
    struct limit_entry *entry = limit->changed;

    if (!entry) {
        return false;
    }
    limit->changed = entry->next_changed;
    entry->is_changed = false;
    *key = entry->key;
    for (int i = 0; i < 8; i++) {
        packed[i] = (uint8_t)((uint64_t)entry->step >> (56 - 8 * i));
    }
    for (int i = 0; i < BUCKETS; i++) {
        for (int j = 0; j < 4; j++) {
            packed[8 + 4 * i + j] = (uint8_t)(entry->counts[i] >> (24 - 8 * j));
        }
    }
    return true;
}

int limit_restore(struct limit *limit, const struct limit_key *key, const uint8_t *packed,
                  size_t packed_bytes, struct wall now)
{
    uint32_t counts[BUCKETS] = {0};
    uint64_t step = 0;
    struct limit_entry *entry;
    int rc;

    if (packed_bytes != LIMIT_PACKED_BYTES) {
        return -ERROR_DAMAGED;
    }
    for (int i = 0; i < 8; i++) {
        step = step << 8 | packed[i];
    }
    for (int i = 0; i < 4 * BUCKETS; i++) {
        counts[i / 4] = counts[i / 4] << 8 | packed[8 + i];
    }
    if (step > INT64_MAX / (uint64_t)limit->step_ms) {
        return -ERROR_DAMAGED;
    }
    entry = get(limit, key, now, &rc);
    if (!entry) {
        return rc;
    }
    entry->step = (int64_t)step;
    memcpy(entry->counts, counts, sizeof counts);
    age(limit, entry, now);
    return 0;
}
