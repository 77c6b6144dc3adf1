// SPDX-License-Identifier: MIT
/* The newest state of the operations that the view does not have yet, in the order in which they
 * must be written to it. */
#ifndef DAEMON_STORE_OVERLAY_H
#define DAEMON_STORE_OVERLAY_H

#include "daemon/store/counts.h"
#include "schemas/base/table.h"
#include "schemas/record.h"

struct overlay_entry {
    struct table_link by_id;
    struct table_link by_key;
    struct overlay_entry *next; /* changed later */
    struct record record;
    char *result; /* owned; NULL when result_bytes is 0 */
    uint32_t result_bytes;
    int64_t first_sequence; /* of the oldest event that the view lacks */
    bool is_in_view;
    struct counted in_view; /* as what it is counted there */
};

struct overlay {
    struct table by_id;
    struct table by_key;
    struct overlay_entry *oldest;
    struct overlay_entry *newest;
    size_t count;
};

int overlay_init(struct overlay *overlay); /* -ERROR_MEMORY */
void overlay_release(struct overlay *overlay);

struct overlay_entry *overlay_find(const struct overlay *overlay, const struct uuid *id);
struct overlay_entry *overlay_find_key(const struct overlay *overlay, const struct uuid *tenant_id,
                                       const uint8_t digest[RECORD_KEY_DIGEST_BYTES]);

/* Sets the newest state. An operation that is not in the overlay yet enters it: then
 * entry->is_in_view and in_view are for the caller to set. NULL when there is no memory. */
struct overlay_entry *overlay_put(struct overlay *overlay, const struct record *record,
                                  struct text result, bool *is_new);

/* Forgets the oldest; it is in the view now. */
void overlay_pop(struct overlay *overlay);

#endif
