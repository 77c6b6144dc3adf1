// SPDX-License-Identifier: MIT
/* daemon/syncer.h in virtual time: a sync is over at once, or some milliseconds later, with turns
 * in between. */
#include <stdlib.h>

#include "daemon/store/store.h"
#include "daemon/syncer.h"
#include "schemas/base/errors.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/daemon_actor.h"
#include "tests/simulation/log_reader.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"

#define SLOW_DISK_MILLE 500
#define SLOW_SYNC_MILLE 500
#define LONGEST_MS      40

struct syncer {
    struct store *store;
    int64_t sequence;  /* that the sync makes durable */
    bool is_disk_slow; /* in this life */
    bool is_under_way;
    bool is_over;
    int result;
};

static struct syncer *current;
static int64_t begun; /* another number for each sync */

int syncer_open(struct syncer **syncer, struct store *store)
{
    *syncer = calloc(1, sizeof **syncer);
    if (!*syncer) {
        return -ERROR_MEMORY;
    }
    (*syncer)->store = store;
    (*syncer)->is_disk_slow = random_chance(SLOW_DISK_MILLE);
    current = *syncer;
    return 0;
}

void syncer_close(struct syncer **syncer)
{
    free(*syncer);
    *syncer = current = NULL;
    begun++;
}

static void synchronize(struct syncer *syncer)
{
    syncer->result = store_is_unsynchronized(syncer->store) ? store_synchronize(syncer->store) : 0;
    syncer->is_over = true;
    trace_line("disk", "has synchronized up to %lld, %d", (long long)syncer->sequence,
               syncer->result);
    if (!syncer->result) {
        log_reader_synchronized(syncer->sequence);
    }
}

static void later(void *owner, int64_t number)
{
    (void)owner;
    if (current && number == begun && !current->is_over) {
        synchronize(current);
        daemon_actor_wake();
    }
}

/* How few wait does not matter: every mixture of turns and syncs is to be seen. */
int syncer_begin(struct syncer *syncer, bool nobody_waits)
{
    (void)nobody_waits;
    syncer->sequence = store_sequence(syncer->store);
    syncer->is_over = false;
    syncer->is_under_way = true;
    begun++;
    if (store_is_unsynchronized(syncer->store) && syncer->is_disk_slow &&
        random_chance(SLOW_SYNC_MILLE)) {
        agenda_add(random_between(0, LONGEST_MS), later, NULL, begun);
    } else {
        synchronize(syncer);
    }
    return 0;
}

bool syncer_is_under_way(const struct syncer *syncer)
{
    return syncer->is_under_way;
}

bool syncer_is_over(const struct syncer *syncer)
{
    return syncer->is_over;
}

int syncer_end(struct syncer *syncer)
{
    if (!syncer->is_over) {
        synchronize(syncer);
    }
    syncer->is_under_way = false;
    return store_synchronized(syncer->store, syncer->result);
}

int syncer_descriptor(const struct syncer *syncer)
{
    (void)syncer;
    return -1;
}
