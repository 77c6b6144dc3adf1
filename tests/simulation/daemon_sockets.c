// SPDX-License-Identifier: MIT
/* daemon/net/sockets.h on the simulated network. Everything that leaves the daemon goes through
 * here, and so do the checks of it. */
#include <stdlib.h>
#include <string.h>

#include "daemon/net/sockets.h"
#include "schemas/base/errors.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/daemon_actor.h"
#include "tests/simulation/network.h"

struct sockets {
    char nothing;
};

/* The way back that an envelope holds: a routing id is one connection's. */
struct way {
    uint32_t link;
    uint32_t connection;
};

int sockets_open(struct sockets **sockets, const struct sockets_options *options,
                 char message[SOCKETS_MESSAGE_BYTES])
{
    (void)options;
    (void)message;
    *sockets = calloc(1, sizeof **sockets);
    if (!*sockets) {
        return -ERROR_MEMORY;
    }
    network_listen(true);
    return 0;
}

void sockets_close(struct sockets **sockets)
{
    if (*sockets) {
        network_listen(false);
    }
    free(*sockets);
    *sockets = NULL;
}

const char *sockets_endpoint(const struct sockets *sockets, enum socket_kind kind)
{
    (void)sockets;
    (void)kind;
    return "simulated";
}

int sockets_wait(struct sockets *sockets, const int *descriptors, size_t number, int timeout_ms)
{
    (void)sockets;
    (void)descriptors;
    (void)number;
    (void)timeout_ms;
    return 0;
}

struct reception {
    enum socket_kind socket;
    sockets_receiver receive;
    void *argument;
};

static void take(void *argument, const struct link *link, uint32_t connection, struct text payload)
{
    const struct reception *reception = argument;
    const struct way way = {link_number(link), connection};
    struct envelope envelope = {
        .frame_count = 1, .has_delimiter = true, .sizes = {(uint16_t)sizeof way}};
    struct incoming incoming = {.socket = reception->socket,
                                .envelope = &envelope,
                                .payload = payload,
                                .payload_frames = 1};

    memcpy(envelope.bytes, &way, sizeof way);
    checks_heard((int)reception->socket, payload);
    reception->receive(reception->argument, &incoming);
}

size_t sockets_surplus(struct sockets *sockets)
{
    (void)sockets;
    return 0;
}

size_t sockets_receive(struct sockets *sockets, size_t budget, sockets_receiver receive,
                       void *argument)
{
    static const struct {
        enum socket_kind socket;
        enum link_kind link;
    } order[] = {{SOCKET_REPORTS, LINK_REPORTS},
                 {SOCKET_REQUESTS, LINK_REQUESTS},
                 {SOCKET_STATUS, LINK_STATUS}};
    size_t taken = 0;

    (void)sockets;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        struct reception reception = {order[i].socket, receive, argument};
        for (size_t n = 0; n < budget && network_receive(order[i].link, take, &reception); n++) {
            taken++;
        }
    }
    return taken;
}

int sockets_reply(struct sockets *sockets, const struct envelope *envelope, struct text payload)
{
    struct way way;

    (void)sockets;
    if (daemon_actor_is_silent()) {
        return 0;
    }
    memcpy(&way, envelope->bytes, sizeof way);
    checks_said(SOCKET_REQUESTS, (struct text){0}, payload, network_link(way.link));
    return network_reply(way.link, way.connection, payload) ? 0 : -ERROR_BUSY;
}

int sockets_offer(struct sockets *sockets, struct text payload)
{
    (void)sockets;
    if (daemon_actor_is_silent()) {
        return 0;
    }
    checks_said(SOCKET_JOBS, (struct text){0}, payload, NULL);
    return network_offer(payload) ? 0 : -ERROR_BUSY;
}

int sockets_publish(struct sockets *sockets, uint32_t status_number, struct text topic,
                    struct text payload)
{
    (void)sockets;
    (void)status_number;
    if (daemon_actor_is_silent()) {
        return 0;
    }
    checks_said(SOCKET_STATUS, topic, payload, NULL);
    network_publish(topic, payload);
    return 0;
}
