// SPDX-License-Identifier: MIT
/* The operations of a watch and how much of each its caller has been shown: the rules by which a
 * lossy stream of events becomes an ordered one. No I/O, no clock. One thread. */
#ifndef CLIENTS_LIBRARY_ROSTER_H
#define CLIENTS_LIBRARY_ROSTER_H

#include "clients/library/exportclient.h"
#include "schemas/base/clock.h"
#include "schemas/base/uuid.h"

/* What must be asked for before the operation can be shown further. */
enum roster_need {
    ROSTER_NEEDS_STATE,  /* read it when it is due: at first, after silence, after a failure */
    ROSTER_NEEDS_EVENTS, /* a revision was skipped: ask for the events in between */
};

struct roster_entry {
    struct uuid id;
    int64_t revision;       /* shown; 0 before anything was */
    int64_t sequence;       /* shown */
    int64_t attempt;        /* shown */
    double progress;        /* shown */
    int64_t heard_revision; /* the highest that an event spoke of */
    enum roster_need need;
    uint32_t news_count; /* how often something new was heard or shown */
    bool is_asked;       /* an answer is under way */
    struct mono due;
};

struct roster {
    struct roster_entry *entries; /* in order of id */
    size_t count;
    size_t capacity;
};

void roster_release(struct roster *roster);

/* Adds or finds; NULL when memory ran out. Pointers hold until the next add or remove. */
struct roster_entry *roster_add(struct roster *roster, const struct uuid *id);
struct roster_entry *roster_find(const struct roster *roster, const struct uuid *id);
void roster_remove(struct roster *roster, struct roster_entry *entry);

enum roster_verdict {
    ROSTER_DROP,    /* known, or older than what is known */
    ROSTER_SHOW,    /* the next thing to show; the entry remembers it */
    ROSTER_SKIPPED, /* events before it are missing; the entry now needs them */
};

/* An event as it came over the status socket. When it is to be shown, the progress of a running
 * attempt is raised to what was shown of it: only ticks bring the newest, and a change that is no
 * move, as overdue, may carry an older one. */
enum roster_verdict roster_hear(struct roster_entry *entry, struct exportd_event *event);

/* An event or a state that was read: true as it is, whatever it skips. Raises the progress too. */
enum roster_verdict roster_learn(struct roster_entry *entry, struct exportd_event *event);

/* A read that began when news_count was as it is now says that the operation is at this revision.
 * What was heard cannot be ahead of it, because the service speaks only of what is durable: forget
 * what contradicts it. */
void roster_correct(struct roster_entry *entry, int64_t revision);

#endif
