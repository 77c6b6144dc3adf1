// SPDX-License-Identifier: MIT
/* Reading the store. */
#include <string.h>

#include "daemon/store/internal.h"
#include "daemon/store/row.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"

static int row_error(struct store *store, int step)
{
    return step == SQLITE_DONE ? 0 : store_sqlite_error(store, "reading the store");
}

/* Reads the one row of a bound statement. The result is copied out, for a statement that is not
 * reset would keep the write-ahead log from being reused. */
static int read_one(struct store *store, sqlite3_stmt *statement, struct record *record,
                    struct text *result)
{
    struct text stored = {0};
    int step = sqlite3_step(statement);
    int rc = step == SQLITE_DONE ? -ERROR_NOT_FOUND : 0;

    if (step == SQLITE_ROW) {
        rc = row_read(statement, record, &stored);
        if (rc || stored.size_bytes > sizeof store->result) {
            rc = store_damaged_operation(store, statement);
        }
    } else if (step != SQLITE_DONE) {
        rc = row_error(store, step);
    }
    if (!rc && result) {
        memcpy(store->result, stored.data ? stored.data : "", stored.size_bytes);
        *result = (struct text){store->result, stored.size_bytes};
    }
    return store_finish(store, statement, rc);
}

int store_read_newest(struct store *store, const struct overlay_entry *entry, struct record *record,
                      struct text *result)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_EVENT];
    int rc;

    sqlite3_bind_int64(statement, 1, entry->sequence);
    rc = read_one(store, statement, record, result);
    if (rc == -ERROR_NOT_FOUND || rc == -ERROR_DAMAGED ||
        (!rc && (record->sequence != entry->sequence || !uuid_equal(&record->id, &entry->id)))) {
        return store_damaged_event(store, entry->sequence);
    }
    return rc;
}

/* Ids end in random bytes. */
struct record *store_recent(struct store *store, const struct uuid *id)
{
    size_t bits = (size_t)id->bytes[UUID_BYTES - 2] << 8 | id->bytes[UUID_BYTES - 1];

    return &store->recent[bits % RECENT_RECORDS];
}

static bool is_of(const struct uuid *owner, const struct uuid *tenant_id)
{
    return !tenant_id || uuid_equal(owner, tenant_id);
}

/* Of any tenant without one. */
static int get(struct store *store, const struct uuid *tenant_id, const struct uuid *id,
               struct record *record, struct text *result)
{
    const struct record *recent = store_recent(store, id);
    const struct overlay_entry *entry = overlay_find(&store->overlay, id);
    sqlite3_stmt *statement = store->statements[tenant_id ? STATEMENT_GET_OF : STATEMENT_GET];

    if (!result && recent->sequence > 0 && uuid_equal(&recent->id, id) &&
        is_of(&recent->tenant_id, tenant_id)) {
        *record = *recent;
        return 0;
    }
    if (entry && is_of(&entry->tenant->tenant_id, tenant_id)) {
        return store_read_newest(store, entry, record, result);
    }
    store_bind_uuid(statement, 1, id);
    if (tenant_id) {
        store_bind_uuid(statement, 2, tenant_id);
    }
    return read_one(store, statement, record, result);
}

int store_get(struct store *store, const struct uuid *id, struct record *record,
              struct text *result)
{
    return get(store, NULL, id, record, result);
}

int store_get_of(struct store *store, const struct uuid *tenant_id, const struct uuid *id,
                 struct record *record, struct text *result)
{
    return get(store, tenant_id, id, record, result);
}

/* The one in the overlay, if it is there. */
static int find_key_in_overlay(struct store *store, const struct uuid *tenant_id,
                               const uint8_t digest[RECORD_KEY_DIGEST_BYTES], struct record *record,
                               struct text *result)
{
    const struct overlay_entry *entry = overlay_find_key(&store->overlay, digest, NULL);
    int rc;

    for (; entry; entry = overlay_find_key(&store->overlay, digest, entry)) {
        rc = store_read_newest(store, entry, record, result);
        if (rc || (memcmp(record->key_digest, digest, RECORD_KEY_DIGEST_BYTES) == 0 &&
                   uuid_equal(&record->tenant_id, tenant_id))) {
            return rc;
        }
    }
    return -ERROR_NOT_FOUND;
}

int store_find_key(struct store *store, const struct uuid *tenant_id,
                   const uint8_t digest[RECORD_KEY_DIGEST_BYTES], struct record *record,
                   struct text *result)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_FIND_KEY];
    int rc = find_key_in_overlay(store, tenant_id, digest, record, result);

    if (rc != -ERROR_NOT_FOUND) {
        return rc;
    }
    store_bind_uuid(statement, 1, tenant_id);
    sqlite3_bind_blob(statement, 2, digest, RECORD_KEY_DIGEST_BYTES, SQLITE_STATIC);
    return read_one(store, statement, record, result);
}

/* How far a walk of the log has come: the event there and its hash. */
struct place {
    int64_t sequence;
    uint8_t hash[CHAIN_HASH_BYTES];
};

/* The log is without gaps and a chain, so the event must be the one that follows from the place. */
static int visit_event(struct store *store, sqlite3_stmt *statement, const struct uuid *tenant_id,
                       const struct uuid *id, store_visitor visit, void *argument,
                       struct place *place)
{
    const char *name = (const char *)sqlite3_column_text(statement, ROW_COLUMN_COUNT);
    enum event_kind kind;
    struct record record;
    struct text result;
    int rc;

    if (!name || !event_kind_of(text_of(name), &kind) || row_read(statement, &record, &result) ||
        record.sequence != place->sequence + 1) {
        return store_damaged_event(store, place->sequence + 1);
    }
    rc = store_check_chain(store, statement, record.sequence, place->hash);
    if (rc) {
        return rc;
    }
    place->sequence = record.sequence;
    if (!uuid_equal(&record.tenant_id, tenant_id) || (id && !uuid_equal(&record.id, id))) {
        return 0;
    }
    return visit(argument, kind, &record, result);
}

int store_events(struct store *store, int64_t after, const struct uuid *tenant_id,
                 const struct uuid *id, size_t examined_maximum, store_visitor visit,
                 void *argument, int64_t *examined_last)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_EVENTS];
    struct place place = {.sequence = after < 0 ? 0 : after};
    int step = SQLITE_DONE;
    int rc = 0;

    *examined_last = after;
    if (place.sequence >= store->sequence) {
        return 0;
    }
    rc = store_hash(store, place.sequence, place.hash);
    sqlite3_bind_int64(statement, 1, place.sequence);
    sqlite3_bind_int64(statement, 2, (int64_t)examined_maximum);
    while (!rc && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = visit_event(store, statement, tenant_id, id, visit, argument, &place);
        if (!rc) {
            *examined_last = place.sequence;
        }
    }
    if (rc > 0) {
        return store_finish(store, statement, 0);
    }
    return store_finish(store, statement, rc ? rc : row_error(store, step));
}

bool store_is_superseded(struct store *store, sqlite3_stmt *statement)
{
    const void *bytes = sqlite3_column_blob(statement, 0);
    struct uuid id;

    if (store->overlay.count == 0 || !bytes || sqlite3_column_bytes(statement, 0) != UUID_BYTES) {
        return false;
    }
    memcpy(id.bytes, bytes, UUID_BYTES);
    return overlay_find(&store->overlay, &id) != NULL;
}

int store_visit_current(struct store *store, sqlite3_stmt *statement, size_t maximum,
                        store_visitor visit, void *argument)
{
    struct record record;
    struct text result;
    int step = SQLITE_DONE;
    int rc = 0;

    while (!rc && maximum > 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        if (store_is_superseded(store, statement)) {
            continue;
        }
        rc = row_read(statement, &record, &result) ? store_damaged_operation(store, statement) : 0;
        if (!rc) {
            rc = visit(argument, EVENT_KIND_SNAPSHOT, &record, result);
            maximum--;
        }
    }
    if (rc > 0) {
        return store_finish(store, statement, 0);
    }
    return store_finish(store, statement, rc || step == SQLITE_ROW ? rc : row_error(store, step));
}

struct store_counts store_counts(const struct store *store, const struct uuid *tenant_id)
{
    return counts_of(&store->counts, tenant_id);
}

int store_tenants(const struct store *store, store_tenant_visitor visit, void *argument)
{
    return counts_each(&store->counts, visit, argument);
}
