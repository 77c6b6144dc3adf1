// SPDX-License-Identifier: MIT
#include "tests/bench/peer.h"

#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "tests/bench/measure.h"

#define FRAME_BYTES 4096

static void *bind_peer(int type, const char *endpoint)
{
    void *socket = zmq_socket(zmq_ctx_new(), type);
    int none = 0;
    if (!socket || zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof(none)) ||
        zmq_bind(socket, endpoint)) {
        measure_fail(endpoint);
    }
    return socket;
}

static void run_echo(char *arguments[])
{
    void *router = bind_peer(ZMQ_ROUTER, arguments[0]);
    zmq_msg_t frame;
    zmq_msg_init(&frame);
    for (;;) {
        if (zmq_msg_recv(&frame, router, 0) < 0) {
            measure_fail("echo");
        }
        int more = zmq_msg_more(&frame);
        if (zmq_msg_send(&frame, router, more ? ZMQ_SNDMORE : 0) < 0) {
            measure_fail("echo");
        }
    }
}

/* Without NODROP, most would go nowhere: then it is not the same work. */
static void run_publisher(char *arguments[])
{
    static const char bytes[FRAME_BYTES];
    size_t topic_bytes = strtoul(arguments[1], NULL, 10);
    size_t event_bytes = strtoul(arguments[2], NULL, 10);
    void *socket = bind_peer(ZMQ_XPUB, arguments[0]);
    char subscription[64];
    int yes = 1;
    if (topic_bytes > FRAME_BYTES || event_bytes > FRAME_BYTES ||
        zmq_setsockopt(socket, ZMQ_XPUB_NODROP, &yes, sizeof(yes)) ||
        zmq_recv(socket, subscription, sizeof(subscription), 0) < 0) {
        measure_fail("publish");
    }
    for (;;) {
        if (zmq_send(socket, bytes, topic_bytes, ZMQ_SNDMORE) < 0 ||
            zmq_send(socket, bytes, event_bytes, 0) < 0) {
            measure_fail("publish");
        }
    }
}

int peer_run(int argc, char *argv[])
{
    if (argc == 3 && strcmp(argv[1], "--echo") == 0) {
        run_echo(argv + 2);
    }
    if (argc == 5 && strcmp(argv[1], "--publish") == 0) {
        run_publisher(argv + 2);
    }
    return -1;
}
