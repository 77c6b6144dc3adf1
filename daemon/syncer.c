// SPDX-License-Identifier: MIT
#include "daemon/syncer.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/store/store.h"
#include "schemas/base/errors.h"

struct syncer {
    struct store *store;
    pthread_t thread;
    int begun; /* the thread waits for it */
    int ended; /* the daemon waits for it */
    atomic_bool must_stop;
    atomic_bool is_over;
    bool is_under_way;
    bool is_handed_over; /* to the thread */
    int result;          /* of the sync that is over */
};

/* An eventfd takes and gives eight bytes, and waits where it has none. */
static int post(int descriptor)
{
    const uint64_t one = 1;
    ssize_t written;

    do {
        written = write(descriptor, &one, sizeof one);
    } while (written < 0 && errno == EINTR);
    return written == sizeof one ? 0 : -ERROR_IO;
}

static int await(int descriptor)
{
    uint64_t posted;
    ssize_t got;

    do {
        got = read(descriptor, &posted, sizeof posted);
    } while (got < 0 && errno == EINTR);
    return got == sizeof posted ? 0 : -ERROR_IO;
}

static void synchronize(struct syncer *syncer)
{
    syncer->result = store_is_unsynchronized(syncer->store) ? store_synchronize(syncer->store) : 0;
    atomic_store(&syncer->is_over, true);
}

static void *run(void *argument)
{
    struct syncer *syncer = argument;

    while (await(syncer->begun) == 0 && !atomic_load(&syncer->must_stop)) {
        synchronize(syncer);
        if (post(syncer->ended)) {
            break;
        }
    }
    return NULL;
}

static void release(struct syncer *syncer)
{
    if (syncer->begun >= 0) {
        close(syncer->begun);
    }
    if (syncer->ended >= 0) {
        close(syncer->ended);
    }
    free(syncer);
}

int syncer_open(struct syncer **syncer, struct store *store)
{
    struct syncer *s = calloc(1, sizeof *s);
    int rc;

    if (!s) {
        return -ERROR_MEMORY;
    }
    s->store = store;
    s->begun = eventfd(0, EFD_CLOEXEC);
    s->ended = s->begun < 0 ? -1 : eventfd(0, EFD_CLOEXEC);
    rc = s->ended < 0 ? errno : pthread_create(&s->thread, NULL, run, s);
    if (rc) {
        release(s);
        errno = rc;
        return -ERROR_MEMORY;
    }
    *syncer = s;
    return 0;
}

void syncer_close(struct syncer **syncer)
{
    struct syncer *s = *syncer;

    if (!s) {
        return;
    }
    atomic_store(&s->must_stop, true);
    if (post(s->begun) == 0) {
        pthread_join(s->thread, NULL);
    }
    release(s);
    *syncer = NULL;
}

int syncer_begin(struct syncer *syncer, bool nobody_waits)
{
    int rc = 0;

    atomic_store(&syncer->is_over, false);
    syncer->is_handed_over = !nobody_waits;
    if (nobody_waits) {
        synchronize(syncer);
    } else {
        rc = post(syncer->begun);
    }
    syncer->is_under_way = !rc;
    return rc;
}

bool syncer_is_under_way(const struct syncer *syncer)
{
    return syncer->is_under_way;
}

bool syncer_is_over(const struct syncer *syncer)
{
    return atomic_load(&syncer->is_over);
}

int syncer_end(struct syncer *syncer)
{
    int rc = syncer->is_handed_over ? await(syncer->ended) : 0;

    syncer->is_under_way = false;
    return store_synchronized(syncer->store, rc ? rc : syncer->result);
}

int syncer_descriptor(const struct syncer *syncer)
{
    return syncer->ended;
}
