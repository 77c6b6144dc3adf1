// SPDX-License-Identifier: MIT
/* Everything that the daemon says: only what is durable, and nothing of a person. */
#include <assert.h>

#include "daemon/daemon.h"
#include "schemas/base/limits.h"
#include "tests/simulation/caller.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/daemon_actor.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/log_reader.h"
#include "tests/simulation/network.h"
#include "tests/simulation/trace.h"

/* What the next transaction holds is not written yet while this is said, and that none of it is
 * told is seen by comparing with the model, which knows only what is durable. An offer may go ahead
 * of the commit: it rests on nothing but its operation's being queued, and that is compared with
 * the model too (checks_offer.c). */
static bool is_committed(const struct evidence *evidence)
{
    return evidence->is_offer || disk_is_synchronized();
}

static bool is_short_enough(const struct evidence *evidence)
{
    return evidence->payload.size_bytes <= LIMIT_MESSAGE_BYTES ||
           checks_detail("%u bytes", evidence->payload.size_bytes);
}

/* Profiles are named to their own tenant; that is what two requests are for. */
static bool shows_profiles(const msgpack_object *root)
{
    const msgpack_object *value = wire_find(root, "value");

    return wire_find(root, "profile") ||
           (value && value->type == MSGPACK_OBJECT_ARRAY && value->via.array.size > 0 &&
            wire_find(&value->via.array.ptr[0], "displayName"));
}

static bool names_nobody(const struct evidence *evidence)
{
    return !(checks_has_canary(evidence->payload) || checks_has_canary(evidence->topic)) ||
           (evidence->tenant_id && shows_profiles(evidence->root));
}

static const struct check rows[] = {
    {1, "nothing is said before it is durable", is_committed},
    {8, "no message is longer than its bound", is_short_enough},
    {7, "no status, job or notice holds a name, payload or token", names_nobody},
};

const struct checks checks_speech = {rows, sizeof rows / sizeof rows[0]};

static const struct {
    enum moment moment;
    const char *name;
} spoken[SOCKET_COUNT] = {
    [SOCKET_REQUESTS] = {MOMENT_REPLY, "reply"},
    [SOCKET_JOBS] = {MOMENT_OFFER, "offer"},
    [SOCKET_STATUS] = {MOMENT_STATUS, "status"},
    [SOCKET_REPORTS] = {MOMENT_SAID, "nothing"},
};

void checks_said(int socket, struct text topic, struct text payload, const struct link *link)
{
    static struct wire_input input;
    const struct daemon *daemon = daemon_actor_daemon();
    struct wire_error error;
    struct evidence evidence = {
        .daemon = daemon, .topic = topic, .payload = payload, .is_offer = socket == SOCKET_JOBS};

    if (!input.zone && wire_input_init(&input)) {
        return;
    }
    if (link) {
        const struct caller *caller = link_owner(link);
        evidence.tenant_id = &caller->tenant_id;
    }
    checks_catch_up(daemon);
    if (wire_parse(&input, payload.data, payload.size_bytes, &error)) {
        checks_fail(9, "what is said can be read", "%s of %u bytes", spoken[socket].name,
                    payload.size_bytes);
        return;
    }
    evidence.root = &input.root;
    trace_line("daemon", "says %s %.*s %u bytes", spoken[socket].name, TEXT_ARGUMENTS(topic),
               payload.size_bytes);
    checks_run(MOMENT_SAID, &evidence);
    checks_run(spoken[socket].moment, &evidence);
    if (link) {
        caller_answered(link_owner(link), &input.root);
    }
}

void checks_heard(int socket, struct text payload)
{
    static const char *const names[SOCKET_COUNT] = {"request", "job", "report", "subscription"};

    trace_line("daemon", "hears %s %u bytes", names[socket], payload.size_bytes);
}
