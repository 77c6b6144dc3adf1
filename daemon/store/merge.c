// SPDX-License-Identifier: MIT
/* Reads that join the view with the overlay, so that neither a list nor a page of the queue has to
 * wait until the view is up to date. */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/internal.h"
#include "daemon/store/row.h"
#include "schemas/base/errors.h"

/* Those of the overlay that match, as a heap: the one that comes next is the first. */
struct heap {
    const struct overlay_entry **entries;
    size_t count;
    bool is_descending;
};

static bool is_before(const struct heap *heap, const struct uuid *a, const struct uuid *b)
{
    int order = memcmp(a->bytes, b->bytes, UUID_BYTES);

    return heap->is_descending ? order > 0 : order < 0;
}

static void sift(struct heap *heap, size_t at)
{
    const struct overlay_entry *entry = heap->entries[at];
    size_t child;

    while ((child = 2 * at + 1) < heap->count) {
        if (child + 1 < heap->count &&
            is_before(heap, &heap->entries[child + 1]->id, &heap->entries[child]->id)) {
            child++;
        }
        if (!is_before(heap, &heap->entries[child]->id, &entry->id)) {
            break;
        }
        heap->entries[at] = heap->entries[child];
        at = child;
    }
    heap->entries[at] = entry;
}

static const struct overlay_entry *take(struct heap *heap)
{
    const struct overlay_entry *first = heap->entries[0];

    heap->entries[0] = heap->entries[--heap->count];
    if (heap->count > 0) {
        sift(heap, 0);
    }
    return first;
}

static int fill(struct heap *heap, const struct overlay *overlay, const struct merge *merge)
{
    const struct overlay_entry *entry = overlay->oldest;

    *heap = (struct heap){.is_descending = merge->is_descending};
    if (!entry) {
        return 0;
    }
    heap->entries = malloc(overlay->count * sizeof(const struct overlay_entry *));
    if (!heap->entries) {
        return -ERROR_MEMORY;
    }
    for (; entry; entry = entry->next) {
        if (merge->matches(entry, merge->argument)) {
            heap->entries[heap->count++] = entry;
        }
    }
    for (size_t i = heap->count / 2; i > 0; i--) {
        sift(heap, i - 1);
    }
    return 0;
}

/* Goes to the next row that the overlay has nothing newer for; *step as of SQLite. What fails is
 * noted at once: the next statement makes SQLite forget why. */
static int next_row(struct store *store, sqlite3_stmt *statement, int *step)
{
    do {
        *step = sqlite3_step(statement);
    } while (*step == SQLITE_ROW && store_is_superseded(store, statement));
    return *step == SQLITE_ROW || *step == SQLITE_DONE
               ? 0
               : store_sqlite_error(store, "reading the store");
}

static bool is_overlay_next(const struct heap *heap, sqlite3_stmt *statement, int step)
{
    const void *bytes;
    struct uuid id = {0};

    if (heap->count == 0 || step != SQLITE_ROW) {
        return heap->count > 0;
    }
    bytes = sqlite3_column_blob(statement, 0);
    if (bytes && sqlite3_column_bytes(statement, 0) == UUID_BYTES) {
        memcpy(id.bytes, bytes, UUID_BYTES);
    }
    return is_before(heap, &heap->entries[0]->id, &id);
}

static int walk(struct store *store, sqlite3_stmt *statement, struct heap *heap,
                store_visitor visit, void *argument)
{
    struct record record;
    struct text result;
    int step = SQLITE_DONE;
    int rc = next_row(store, statement, &step);

    while (!rc && (step == SQLITE_ROW || heap->count > 0)) {
        bool is_overlay = is_overlay_next(heap, statement, step);

        if (is_overlay) {
            rc = store_read_newest(store, take(heap), &record, &result);
        } else if (row_read(statement, &record, &result)) {
            rc = store_damaged_operation(store, statement);
        }
        if (!rc) {
            rc = visit(argument, EVENT_KIND_SNAPSHOT, &record, result);
        }
        if (!rc && !is_overlay) {
            rc = next_row(store, statement, &step);
        }
    }
    return rc;
}

int store_merge(struct store *store, const struct merge *merge, store_visitor visit, void *argument)
{
    struct heap heap;
    int rc = fill(&heap, &store->overlay, merge);

    if (!rc) {
        rc = walk(store, merge->statement, &heap, visit, argument);
    }
    free(heap.entries);
    return store_finish(store, merge->statement, rc > 0 ? 0 : rc);
}

struct listing {
    const struct store_query *query;
    struct uuid before;
    const struct counts_tenant *tenant;
    uint32_t user_hash;
    size_t examined_maximum;
    store_visitor visit;
    void *argument;
    struct uuid *examined_last;
    bool *has_more;
};

static bool may_be_listed(const struct overlay_entry *entry, const void *argument)
{
    const struct listing *listing = argument;

    return entry->tenant == listing->tenant &&
           memcmp(entry->id.bytes, listing->before.bytes, UUID_BYTES) < 0 &&
           (!listing->query->has_user_id || entry->user_hash == listing->user_hash) &&
           (!listing->query->is_awaiting || entry->is.stage == OPERATION_STAGE_AWAITING_APPROVAL);
}

static int list_one(void *argument, enum event_kind kind, const struct record *record,
                    struct text result)
{
    struct listing *listing = argument;
    const struct store_query *query = listing->query;
    int rc = 0;

    if (query->has_user_id && !uuid_equal(&record->user_id, &query->user_id)) {
        return 0; /* another of this hash */
    }
    if (listing->examined_maximum-- == 0) {
        *listing->has_more = true;
        return 1;
    }
    if ((!query->has_status || record->status == query->status) &&
        (!query->is_awaiting || record->stage == OPERATION_STAGE_AWAITING_APPROVAL)) {
        rc = listing->visit(listing->argument, kind, record, result);
    }
    if (rc > 0) {
        *listing->has_more = true;
    }
    if (!rc) {
        *listing->examined_last = record->id;
    }
    return rc;
}

static enum statement list_statement(const struct store_query *query)
{
    if (query->has_user_id) {
        return STATEMENT_LIST_USER;
    }
    return query->is_awaiting ? STATEMENT_LIST_AWAITING : STATEMENT_LIST;
}

int store_list(struct store *store, const struct store_query *query, size_t examined_maximum,
               store_visitor visit, void *argument, struct uuid *examined_last, bool *has_more)
{
    sqlite3_stmt *statement = store->statements[list_statement(query)];
    struct listing listing = {
        .query = query,
        .before = query->before,
        .tenant = counts_tenant(&store->counts, &query->tenant_id),
        .user_hash = query->has_user_id ? overlay_user_hash(&query->user_id) : 0,
        .examined_maximum = examined_maximum,
        .visit = visit,
        .argument = argument,
        .examined_last = examined_last,
        .has_more = has_more,
    };
    struct merge merge = {.statement = statement,
                          .is_descending = true,
                          .matches = may_be_listed,
                          .argument = &listing};

    if (!listing.tenant) {
        return -ERROR_MEMORY;
    }
    if (!query->has_before) {
        memset(listing.before.bytes, 0xff, sizeof listing.before.bytes);
    }
    store_bind_uuid(statement, 1, &query->tenant_id);
    store_bind_uuid(statement, 2, &listing.before);
    if (query->has_user_id) {
        store_bind_uuid(statement, 3, &query->user_id);
    }
    *has_more = false;
    *examined_last = listing.before;
    return store_merge(store, &merge, list_one, &listing);
}

struct queued {
    const struct counts_tenant *tenant;
    const struct uuid *before; /* or NULL */
    size_t maximum;
    store_visitor visit;
    void *argument;
};

static bool is_queued(const struct overlay_entry *entry, const void *argument)
{
    const struct queued *queued = argument;

    return entry->is.stage == OPERATION_STAGE_QUEUED && entry->tenant == queued->tenant &&
           (!queued->before || memcmp(entry->id.bytes, queued->before->bytes, UUID_BYTES) < 0);
}

static int queued_one(void *argument, enum event_kind kind, const struct record *record,
                      struct text result)
{
    struct queued *queued = argument;
    int rc;

    if (queued->maximum == 0) {
        return 1;
    }
    rc = queued->visit(queued->argument, kind, record, result);
    return rc ? rc : --queued->maximum == 0;
}

/* Rows of the queue that the overlay has newer states of would be gone through again for each page:
 * some of the overlay, whose oldest they mostly are, goes to the view first. */
#define PAGE_PORTION 256

int store_queued(struct store *store, const struct uuid *tenant_id, size_t maximum,
                 store_visitor visit, void *argument)
{
    struct queued queued = {.tenant = counts_tenant(&store->counts, tenant_id),
                            .maximum = maximum,
                            .visit = visit,
                            .argument = argument};
    struct merge merge = {.statement = store->statements[STATEMENT_QUEUED],
                          .matches = is_queued,
                          .argument = &queued};
    size_t most = (size_t)store->options.overlay_operations / PAGE_PORTION;
    int rc = queued.tenant ? 0 : -ERROR_MEMORY;

    if (!rc) {
        rc = store_catch_up(store, most > PAGE_PORTION ? PAGE_PORTION : most + 1);
    }
    if (rc) {
        return rc;
    }
    store_bind_uuid(merge.statement, 1, tenant_id);
    return store_merge(store, &merge, queued_one, &queued);
}

static bool is_gathering(const struct overlay_entry *entry, const void *argument)
{
    (void)argument;
    return entry->is.stage == OPERATION_STAGE_GATHERING;
}

int store_gathering(struct store *store, store_visitor visit, void *argument)
{
    struct merge merge = {.statement = store->statements[STATEMENT_GATHERING],
                          .matches = is_gathering};

    return store_merge(store, &merge, visit, argument);
}

int store_ahead(struct store *store, const struct uuid *tenant_id, const struct uuid *id,
                int64_t limit, int64_t *number)
{
    sqlite3_stmt *statement = store->statements[STATEMENT_AHEAD];
    const struct overlay_entry *entry = store->overlay.oldest;
    struct queued queued = {.tenant = counts_tenant(&store->counts, tenant_id), .before = id};
    int step = SQLITE_DONE;
    int rc = 0;

    *number = 0;
    for (; entry && *number < limit; entry = entry->next) {
        *number += is_queued(entry, &queued);
    }
    store_bind_uuid(statement, 1, tenant_id);
    store_bind_uuid(statement, 2, id);
    while (*number < limit && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        *number += !store_is_superseded(store, statement);
    }
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        rc = store_sqlite_error(store, "reading the queue");
    }
    return store_finish(store, statement, rc);
}
