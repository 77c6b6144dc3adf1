// SPDX-License-Identifier: MIT
/* What is said, and when: what turns have decided is written in one transaction, made durable by
 * one fsync, and then told to whoever is concerned. While the disk works, the next turns decide,
 * and what they decide is written together once it has finished. */
#include "daemon/daemon.h"
#include "schemas/base/log.h"

/* With so few messages, this time and the time before, there is nobody else who could be served
 * while the disk works, and the change to another thread would be all that the caller notices. */
#define FEW_MESSAGES 1
/* So much may wait for the disk; then nothing else is received until it has finished. */
#define MOST_EFFECTS      4096
#define MOST_EFFECT_BYTES (4U << 20)

static int speak(struct daemon *daemon)
{
    int rc = syncer_end(daemon->syncer);

    if (rc) {
        return rc; /* never answer from memory alone */
    }
    daemon->durable_sequence = daemon->written_sequence;
    log_flush_sealed(); /* whoever reads a reply finds what the log says of it */
    effects_send(&daemon->written, daemon->sockets, &daemon->engine, daemon->now);
    effects_clear(&daemon->written);
    return 0;
}

static void take_written(struct daemon *daemon)
{
    struct effects empty = daemon->written;

    daemon->written = daemon->effects;
    daemon->effects = empty;
    daemon->written_sequence = store_sequence(daemon->store);
    log_seal();
}

int speak_when_durable(struct daemon *daemon)
{
    bool are_few = daemon->received <= FEW_MESSAGES && daemon->received_before <= FEW_MESSAGES;
    int rc = limits_keep(daemon);

    if (!rc) {
        rc = store_write(daemon->store); /* one fsync covers what many turns decided */
    }
    if (rc) {
        return rc;
    }
    daemon->received_before = daemon->received;
    daemon->received = 0;
    take_written(daemon);
    rc = syncer_begin(daemon->syncer, are_few || !store_is_unsynchronized(daemon->store));
    return !rc && syncer_is_over(daemon->syncer) ? speak(daemon) : rc;
}

static bool is_full(const struct effects *effects)
{
    return effects->count >= MOST_EFFECTS || effects->bytes.size_bytes >= MOST_EFFECT_BYTES;
}

int speak_if_durable(struct daemon *daemon)
{
    int rc;

    if (!syncer_is_under_way(daemon->syncer) ||
        !(syncer_is_over(daemon->syncer) || is_full(&daemon->effects))) {
        return 0;
    }
    rc = speak(daemon);
    return !rc && daemon->effects.count > 0 ? speak_when_durable(daemon) : rc;
}

int turn_settle(struct daemon *daemon)
{
    int rc = 0;

    do {
        if (syncer_is_under_way(daemon->syncer)) {
            rc = speak(daemon);
        }
        if (!rc) {
            rc = speak_when_durable(daemon);
        }
    } while (!rc && syncer_is_under_way(daemon->syncer));
    return rc;
}
