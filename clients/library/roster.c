// SPDX-License-Identifier: MIT
#include "clients/library/roster.h"

#include <stdlib.h>
#include <string.h>

#include "clients/library/convert.h"

enum { ROSTER_FIRST_CAPACITY = 8 };

void roster_release(struct roster *roster)
{
    free(roster->entries);
    *roster = (struct roster){0};
}

/* The place of an id: where it is, or where it would be. */
static size_t place_of(const struct roster *roster, const struct uuid *id)
{
    size_t low = 0;
    size_t high = roster->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (uuid_compare(&roster->entries[middle].id, id) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct roster_entry *roster_find(const struct roster *roster, const struct uuid *id)
{
    size_t place = place_of(roster, id);

    if (place == roster->count || !uuid_equal(&roster->entries[place].id, id)) {
        return NULL;
    }
    return &roster->entries[place];
}

static bool grow(struct roster *roster)
{
    size_t capacity = roster->capacity ? roster->capacity * 2 : ROSTER_FIRST_CAPACITY;
    struct roster_entry *grown;

    if (roster->entries && roster->count < roster->capacity) {
        return true;
    }
    grown = reallocarray(roster->entries, capacity, sizeof(*grown));
    if (!grown) {
        return false;
    }
    roster->entries = grown;
    roster->capacity = capacity;
    return true;
}

struct roster_entry *roster_add(struct roster *roster, const struct uuid *id)
{
    struct roster_entry *entry = roster_find(roster, id);
    size_t place = place_of(roster, id);

    if (entry) {
        return entry;
    }
    if (!grow(roster)) {
        return NULL;
    }
    entry = &roster->entries[place];
    memmove(entry + 1, entry, (roster->count - place) * sizeof(*entry));
    *entry = (struct roster_entry){.id = *id, .need = ROSTER_NEEDS_STATE};
    roster->count++;
    return entry;
}

void roster_remove(struct roster *roster, struct roster_entry *entry)
{
    size_t place = (size_t)(entry - roster->entries);

    roster->count--;
    memmove(entry, entry + 1, (roster->count - place) * sizeof(*entry));
}

/* Within a revision there are only ticks: shown when they bring the attempt further. */
static bool is_newer(const struct roster_entry *entry, const struct exportd_event *event)
{
    if (event->revision != entry->revision) {
        return event->revision > entry->revision;
    }
    if (event->attempt != entry->attempt) {
        return event->attempt > entry->attempt;
    }
    return event->progress > entry->progress;
}

/* A started attempt has a number of its own, so this never joins two. */
static void keep_progress(const struct roster_entry *entry, struct exportd_event *event)
{
    if (entry->revision != 0 && event->status == EXPORTD_STATUS_RUNNING &&
        event->attempt == entry->attempt && event->progress < entry->progress) {
        event->progress = entry->progress;
    }
}

enum roster_verdict roster_learn(struct roster_entry *entry, struct exportd_event *event)
{
    if (!is_newer(entry, event)) {
        return ROSTER_DROP;
    }
    keep_progress(entry, event);
    entry->revision = event->revision;
    entry->sequence = event->sequence;
    entry->attempt = event->attempt;
    entry->progress = event->progress;
    entry->news_count++;
    return ROSTER_SHOW;
}

enum roster_verdict roster_hear(struct roster_entry *entry, struct exportd_event *event)
{
    /* A tick or a replay of the next revision means that the change itself was missed. */
    int64_t next = entry->revision + (convert_is_change(event) ? 1 : 0);
    bool is_first = entry->revision == 0;

    if (event->revision > entry->heard_revision) {
        entry->heard_revision = event->revision;
        entry->news_count++;
    }
    if (!is_first && event->revision > next) {
        entry->need = ROSTER_NEEDS_EVENTS;
        return ROSTER_SKIPPED;
    }
    return roster_learn(entry, event);
}

void roster_correct(struct roster_entry *entry, int64_t revision)
{
    if (revision < entry->revision) {
        entry->revision = 0;
        entry->sequence = 0;
    }
    entry->heard_revision = revision;
}
