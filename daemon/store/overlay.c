// SPDX-License-Identifier: MIT
#include "daemon/store/overlay.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

int overlay_init(struct overlay *overlay)
{
    *overlay = (struct overlay){0};
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

struct overlay_entry *overlay_find(const struct overlay *overlay, const struct uuid *id)
{
    struct table_link *link = table_find(&overlay->by_id, table_hash_uuid(id));

    for (; link; link = table_find_next(link)) {
        struct overlay_entry *entry = TABLE_ENTRY(link, struct overlay_entry, by_id);
        if (uuid_equal(&entry->record.id, id)) {
            return entry;
        }
    }
    return NULL;
}

struct overlay_entry *overlay_find_key(const struct overlay *overlay, const struct uuid *tenant_id,
                                       const uint8_t digest[RECORD_KEY_DIGEST_BYTES])
{
    struct table_link *link =
        table_find(&overlay->by_key, table_hash_bytes(digest, RECORD_KEY_DIGEST_BYTES));

    for (; link; link = table_find_next(link)) {
        struct overlay_entry *entry = TABLE_ENTRY(link, struct overlay_entry, by_key);
        if (memcmp(entry->record.key_digest, digest, RECORD_KEY_DIGEST_BYTES) == 0 &&
            uuid_equal(&entry->record.tenant_id, tenant_id)) {
            return entry;
        }
    }
    return NULL;
}

static struct overlay_entry *entry_new(struct overlay *overlay, const struct record *record)
{
    struct overlay_entry *entry = calloc(1, sizeof *entry);

    if (!entry) {
        return NULL;
    }
    entry->record = *record;
    entry->first_sequence = record->sequence;
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

struct overlay_entry *overlay_put(struct overlay *overlay, const struct record *record,
                                  struct text result, bool *is_new)
{
    struct overlay_entry *entry = overlay_find(overlay, &record->id);
    char *copy = NULL;

    if (result.size_bytes > 0) {
        copy = malloc(result.size_bytes);
        if (!copy) {
            return NULL;
        }
        memcpy(copy, result.data, result.size_bytes);
    }
    *is_new = !entry;
    if (!entry) {
        entry = entry_new(overlay, record);
    }
    if (!entry) {
        free(copy);
        return NULL;
    }
    free(entry->result);
    entry->record = *record;
    entry->result = copy;
    entry->result_bytes = result.size_bytes;
    return entry;
}

void overlay_pop(struct overlay *overlay)
{
    struct overlay_entry *entry = overlay->oldest;

    overlay->oldest = entry->next;
    if (!overlay->oldest) {
        overlay->newest = NULL;
    }
    table_remove(&overlay->by_id, &entry->by_id);
    if (entry->record.has_key) {
        table_remove(&overlay->by_key, &entry->by_key);
    }
    overlay->count--;
    free(entry->result);
    free(entry);
}
