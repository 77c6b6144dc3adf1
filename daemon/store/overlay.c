// SPDX-License-Identifier: MIT
#include "daemon/store/overlay.h"

#include <stdlib.h>

#include "schemas/base/errors.h"

int overlay_init(struct overlay *overlay)
{
    *overlay = (struct overlay){.earliest_due = {INT64_MAX}};
    if (table_init(&overlay->by_id, 1024) || table_init(&overlay->by_key, 1024)) {
        overlay_release(overlay);
        return -ERROR_MEMORY;
    }
    return 0;
}

void overlay_release(struct overlay *overlay)
{
    while (overlay->oldest) {
        overlay_pop(overlay);
    }
    table_release(&overlay->by_id);
    table_release(&overlay->by_key);
}

uint32_t overlay_user_hash(const struct uuid *user_id)
{
    return (uint32_t)table_hash_uuid(user_id);
}

struct overlay_entry *overlay_find(const struct overlay *overlay, const struct uuid *id)
{
    struct table_link *link = table_find(&overlay->by_id, table_hash_uuid(id));

    for (; link; link = table_find_next(link)) {
        struct overlay_entry *entry = TABLE_ENTRY(link, struct overlay_entry, by_id);
        if (uuid_equal(&entry->id, id)) {
            return entry;
        }
    }
    return NULL;
}

struct overlay_entry *overlay_find_key(const struct overlay *overlay,
                                       const uint8_t digest[RECORD_KEY_DIGEST_BYTES],
                                       const struct overlay_entry *previous)
{
    struct table_link *link =
        previous ? table_find_next(&previous->by_key)
                 : table_find(&overlay->by_key, table_hash_bytes(digest, RECORD_KEY_DIGEST_BYTES));

    return link ? TABLE_ENTRY(link, struct overlay_entry, by_key) : NULL;
}

static struct overlay_entry *entry_new(struct overlay *overlay, const struct record *record)
{
    struct overlay_entry *entry = calloc(1, sizeof *entry);

    if (!entry) {
        return NULL;
    }
    entry->id = record->id;
    entry->first_sequence = record->sequence;
    entry->user_hash = overlay_user_hash(&record->user_id);
    entry->has_key = record->has_key;
    table_insert(&overlay->by_id, &entry->by_id, table_hash_uuid(&record->id));
    if (record->has_key) {
        table_insert(&overlay->by_key, &entry->by_key,
                     table_hash_bytes(record->key_digest, sizeof record->key_digest));
    }
    if (overlay->newest) {
        overlay->newest->next = entry;
    } else {
        overlay->oldest = entry;
    }
    overlay->newest = entry;
    overlay->count++;
    return entry;
}

static void uncount(struct overlay *overlay, const struct overlay_entry *entry)
{
    overlay->in_stage[entry->is.stage]--;
    overlay->overdue -= entry->is.is_overdue;
}

struct overlay_entry *overlay_put(struct overlay *overlay, struct overlay_entry *entry,
                                  const struct record *record, struct counts_tenant *tenant)
{
    if (entry) {
        uncount(overlay, entry);
    } else {
        entry = entry_new(overlay, record);
    }
    if (!entry) {
        return NULL;
    }
    entry->tenant = tenant;
    entry->sequence = record->sequence;
    entry->is = counted_as(record);
    overlay->in_stage[entry->is.stage]++;
    overlay->overdue += entry->is.is_overdue;
    if (record->due.ms < overlay->earliest_due.ms) {
        overlay->earliest_due = record->due;
    }
    return entry;
}

void overlay_pop(struct overlay *overlay)
{
    struct overlay_entry *entry = overlay->oldest;

    overlay->oldest = entry->next;
    if (!overlay->oldest) {
        overlay->newest = NULL;
        overlay->earliest_due.ms = INT64_MAX;
    }
    table_remove(&overlay->by_id, &entry->by_id);
    if (entry->has_key) {
        table_remove(&overlay->by_key, &entry->by_key);
    }
    uncount(overlay, entry);
    overlay->count--;
    free(entry);
}
