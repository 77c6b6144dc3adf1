// SPDX-License-Identifier: MIT
/* The operations that the view does not have in their newest state yet, in the order in which they
 * must be written to it. An entry is small and says where in the log that state is, so that a burst
 * of a hundred thousand fits into a few MiB. */
#ifndef DAEMON_STORE_OVERLAY_H
#define DAEMON_STORE_OVERLAY_H

#include "daemon/store/counts.h"
#include "schemas/base/table.h"
#include "schemas/record.h"

struct overlay_entry {
    struct table_link by_id;
    struct table_link by_key;
    struct overlay_entry *next; /* changed later */
    struct counts_tenant *tenant;
    struct uuid id;
    int64_t sequence;       /* of the newest event, which has the newest state */
    int64_t first_sequence; /* of the oldest event that the view lacks */
    uint32_t user_hash;
    bool has_key;
    bool is_in_view;
    struct counted is;
    struct counted in_view; /* as what it is counted there */
};

struct overlay {
    struct table by_id;
    struct table by_key;
    struct overlay_entry *oldest;
    struct overlay_entry *newest;
    size_t count;
    size_t in_stage[OPERATION_STAGE_COUNT];
    size_t overdue;
    struct wall earliest_due; /* none is due before; later than all when there is none */
};

int overlay_init(struct overlay *overlay); /* -ERROR_MEMORY */
void overlay_release(struct overlay *overlay);

struct overlay_entry *overlay_find(const struct overlay *overlay, const struct uuid *id);

/* Operations whose idempotency key has the hash of this digest: the first (after NULL) and the
 * next. Which of them has the key, and whose it is, says the log. */
struct overlay_entry *overlay_find_key(const struct overlay *overlay,
                                       const uint8_t digest[RECORD_KEY_DIGEST_BYTES],
                                       const struct overlay_entry *previous);

/* Sets the newest state of the entry that overlay_find gave. Where that was NULL the operation
 * enters the overlay: then is_in_view and in_view are for the caller to set. NULL when there is no
 * memory. */
struct overlay_entry *overlay_put(struct overlay *overlay, struct overlay_entry *entry,
                                  const struct record *record, struct counts_tenant *tenant);

/* Forgets the oldest; it is in the view now. */
void overlay_pop(struct overlay *overlay);

uint32_t overlay_user_hash(const struct uuid *user_id);

#endif
