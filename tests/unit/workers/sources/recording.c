// SPDX-License-Identifier: MIT
#include "tests/unit/workers/sources/recording.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

const struct source_subject somebody = {
    .tenant_id = TEXT("11111111-1111-4111-8111-111111111111"),
    .user_id = TEXT("aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa"),
    .user_principal_name = TEXT("ada@example.org"),
    .home_tenant_id = TEXT("99999999-9999-4999-8999-999999999999"),
};

static int entry_begin(void *context, const char *name)
{
    struct recording *recording = context;

    recording->entries =
        reallocarray(recording->entries, recording->count + 1, sizeof(*recording->entries));
    if (!recording->entries)
        abort();
    recording->entries[recording->count] = (struct recorded_entry){.name = strdup(name)};
    recording->count++;
    return 0;
}

static int write_bytes(void *context, const void *bytes, size_t size_bytes)
{
    struct recording *recording = context;
    struct recorded_entry *entry = &recording->entries[recording->count - 1];

    if (recording->on_write)
        recording->on_write(recording->hook);
    if (recording->write_error)
        return recording->write_error;
    if (recording->keeps_data) {
        entry->data = realloc(entry->data, entry->size_bytes + size_bytes + 1);
        if (!entry->data)
            abort();
        memcpy(entry->data + entry->size_bytes, bytes, size_bytes);
        entry->data[entry->size_bytes + size_bytes] = '\0';
    }
    entry->size_bytes += size_bytes;
    return 0;
}

static int entry_end(void *context)
{
    struct recording *recording = context;

    recording->entries[recording->count - 1].is_ended = true;
    return 0;
}

static void progress(void *context, const struct source_counts *counts, double share)
{
    struct recording *recording = context;

    (void)counts;
    recording->last_share = share;
    recording->progress_calls++;
    if (recording->on_progress)
        recording->on_progress(recording->hook);
}

const struct sink_functions recording_functions = {
    .entry_begin = entry_begin,
    .write = write_bytes,
    .entry_end = entry_end,
    .progress = progress,
};

void recording_release(struct recording *recording)
{
    for (size_t i = 0; i < recording->count; i++) {
        free(recording->entries[i].name);
        free(recording->entries[i].data);
    }
    free(recording->entries);
    recording->entries = NULL;
    recording->count = 0;
}

const struct recorded_entry *recording_find(const struct recording *recording, const char *name)
{
    for (size_t i = 0; i < recording->count; i++) {
        if (strcmp(recording->entries[i].name, name) == 0)
            return &recording->entries[i];
    }
    return NULL;
}

int recording_gather(struct recording *recording, const struct source *source,
                     const struct source_subject *subject, struct source_outcome *outcome)
{
    const struct sink sink = {&recording_functions, recording};
    const atomic_int stop = 0;

    recording_release(recording);
    recording->last_share = 0;
    recording->progress_calls = 0;
    return source_gather(source, subject, &sink, &stop, outcome);
}
