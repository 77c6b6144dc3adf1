// SPDX-License-Identifier: MIT
/* What a restart must find again. */
#include <string.h>

#include "tests/simulation/checks.h"
#include "tests/simulation/log_reader.h"

static bool is_same(const struct model_event *a, const struct model_event *b)
{
    return a->sequence == b->sequence && a->kind == b->kind &&
           uuid_equal(&a->operation_id, &b->operation_id) &&
           uuid_equal(&a->tenant_id, &b->tenant_id) && uuid_equal(&a->user_id, &b->user_id) &&
           uuid_equal(&a->requested_by, &b->requested_by) && a->revision == b->revision &&
           a->status == b->status && a->stage == b->stage && a->attempt == b->attempt &&
           a->fence == b->fence && a->has_failure == b->has_failure && a->failure == b->failure &&
           a->has_key == b->has_key &&
           memcmp(a->key_digest, b->key_digest, sizeof a->key_digest) == 0 &&
           strcmp(a->location, b->location) == 0;
}

static bool is_as_before(const struct evidence *evidence)
{
    return (is_same(evidence->event, evidence->known) && evidence->event->is_chained &&
            memcmp(evidence->event->hash, evidence->known->hash, sizeof evidence->known->hash) ==
                0) ||
           checks_detail("sequence %lld", (long long)evidence->event->sequence);
}

static size_t rows_seen;
static struct model_event other;
static bool is_other;

static bool compare_row(const struct model_event *row)
{
    const struct model_operation *operation = model_operation(&row->operation_id);
    struct model_event newest = operation ? operation->newest : (struct model_event){0};

    newest.kind = row->kind;
    rows_seen++;
    is_other = !operation || !is_same(&newest, row);
    other = *row;
    return !is_other;
}

static bool view_is_log(const struct evidence *evidence)
{
    (void)evidence;
    rows_seen = 0;
    is_other = false;
    if (!log_reader_view(compare_row) || is_other) {
        const struct model_operation *operation = model_operation(&other.operation_id);
        return checks_detail("row with sequence %lld, revision %lld; the log has %lld",
                             (long long)other.sequence, (long long)other.revision,
                             (long long)(operation ? operation->newest.revision : 0));
    }
    return rows_seen == model_count() || checks_detail("%zu of %zu", rows_seen, model_count());
}

static const struct check rows[] = {
    {1, "an event is after a restart what it was before", is_as_before},
};

static const struct check view_rows[] = {
    {1, "the view is the newest state of each operation of the log", view_is_log},
};

const struct checks checks_restart = {rows, sizeof rows / sizeof rows[0]};
const struct checks checks_view = {view_rows, sizeof view_rows / sizeof view_rows[0]};
