// SPDX-License-Identifier: MIT
/* What comes in from real peers, and what they get back. */
#include "daemon/net/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "schemas/base/errors.h"

#define PATIENCE_MS 5000
#define SEEN        64

struct seen {
    enum socket_kind socket;
    struct envelope envelope;
    char payload[128];
    uint32_t payload_bytes;
    uint32_t payload_frames;
};

struct fixture {
    struct sockets *sockets;
    void *context;
    void *peer;
    struct seen seen[SEEN];
    size_t count;
};

static struct sockets_options some_options(void)
{
    const struct text any = TEXT("tcp://127.0.0.1:*");

    return (struct sockets_options){.endpoints = {any, any, any, any},
                                    .high_water_mark = 100,
                                    .outstanding_messages = 100,
                                    .handshake_timeout_ms = 2000,
                                    .heartbeat_interval_ms = 1000,
                                    .heartbeat_timeout_ms = 3000,
                                    .connections = 100,
                                    .subscriptions = 1000,
                                    .subscriptions_per_connection = 500};
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct sockets_options options = some_options();
    char message[SOCKETS_MESSAGE_BYTES];

    if (!fixture || sockets_open(&fixture->sockets, &options, message)) {
        free(fixture);
        return -1;
    }
    fixture->context = zmq_ctx_new();
    *state = fixture;
    return fixture->context ? 0 : -1;
}

static void peer_close(struct fixture *fixture)
{
    if (fixture->peer) {
        zmq_close(fixture->peer);
        fixture->peer = NULL;
    }
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    peer_close(fixture);
    zmq_ctx_term(fixture->context);
    sockets_close(&fixture->sockets);
    sockets_close(&fixture->sockets);
    free(fixture);
    return 0;
}

static void *connect_peer(struct fixture *fixture, int type, enum socket_kind kind)
{
    void *peer = zmq_socket(fixture->context, type);
    int patience_ms = PATIENCE_MS;
    int linger_ms = 0;

    assert_non_null(peer);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_RCVTIMEO, &patience_ms, sizeof patience_ms), 0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_LINGER, &linger_ms, sizeof linger_ms), 0);
    if (type == ZMQ_SUB) {
        assert_int_equal(zmq_setsockopt(peer, ZMQ_SUBSCRIBE, "topic", 5), 0);
    }
    assert_int_equal(zmq_connect(peer, sockets_endpoint(fixture->sockets, kind)), 0);
    fixture->peer = peer;
    return peer;
}

/* Frames, each a string; NULL ends. */
static void send_frames(void *peer, const char *const *frames)
{
    for (; *frames; frames++) {
        assert_true(zmq_send(peer, *frames, strlen(*frames), frames[1] ? ZMQ_SNDMORE : 0) >= 0);
    }
}

static void expect_frame(void *peer, const char *frame, bool has_more)
{
    char bytes[512];
    int more;
    size_t size = sizeof more;
    int got = zmq_recv(peer, bytes, sizeof bytes, 0);

    assert_int_equal(got, strlen(frame));
    assert_memory_equal(bytes, frame, strlen(frame));
    assert_int_equal(zmq_getsockopt(peer, ZMQ_RCVMORE, &more, &size), 0);
    assert_int_equal(more, has_more);
}

static void see(void *argument, const struct incoming *incoming)
{
    struct fixture *fixture = argument;
    struct seen *seen = &fixture->seen[fixture->count++];

    assert_true(fixture->count <= SEEN);
    assert_true(incoming->payload.size_bytes < sizeof seen->payload);
    *seen = (struct seen){.socket = incoming->socket,
                          .payload_bytes = incoming->payload.size_bytes,
                          .payload_frames = incoming->payload_frames};
    if (incoming->socket == SOCKET_REQUESTS) {
        seen->envelope = *incoming->envelope;
    }
    if (incoming->payload.size_bytes > 0) {
        memcpy(seen->payload, incoming->payload.data, incoming->payload.size_bytes);
    }
}

static struct seen *receive_one(struct fixture *fixture)
{
    fixture->count = 0;
    for (int i = 0; i < 50 && fixture->count == 0; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, 100), 0);
        sockets_receive(fixture->sockets, 10, see, fixture);
    }
    assert_int_equal(fixture->count, 1);
    return &fixture->seen[0];
}

static void a_req_is_answered(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_REQ, SOCKET_REQUESTS);
    struct seen *seen;

    send_frames(peer, (const char *const[]){"question", NULL});
    seen = receive_one(fixture);
    assert_int_equal(seen->socket, SOCKET_REQUESTS);
    assert_string_equal(seen->payload, "question");
    assert_int_equal(seen->payload_frames, 1);
    assert_int_equal(seen->envelope.frame_count, 1);
    assert_true(seen->envelope.has_delimiter);
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("answer")), 0);
    expect_frame(peer, "answer", false);
}

static void a_req_that_correlates_gets_the_answer_to_its_last_question(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_REQ, SOCKET_REQUESTS);
    struct envelope first;
    int on = 1;

    assert_int_equal(zmq_setsockopt(peer, ZMQ_REQ_RELAXED, &on, sizeof on), 0);
    assert_int_equal(zmq_setsockopt(peer, ZMQ_REQ_CORRELATE, &on, sizeof on), 0);
    send_frames(peer, (const char *const[]){"one", NULL});
    first = receive_one(fixture)->envelope;
    assert_int_equal(first.frame_count, 2);
    assert_true(first.has_delimiter);
    send_frames(peer, (const char *const[]){"two", NULL});
    (void)receive_one(fixture);
    (void)sockets_reply(fixture->sockets, &first, TEXT("answer one"));
    (void)sockets_reply(fixture->sockets, &fixture->seen[0].envelope, TEXT("answer two"));
    expect_frame(peer, "answer two", false);
}

static void a_dealer_gets_a_delimiter_if_it_sent_one(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_DEALER, SOCKET_REQUESTS);
    struct seen *seen;

    send_frames(peer, (const char *const[]){"", "with", NULL});
    seen = receive_one(fixture);
    assert_string_equal(seen->payload, "with");
    assert_true(seen->envelope.has_delimiter);
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("1")), 0);
    expect_frame(peer, "", true);
    expect_frame(peer, "1", false);

    send_frames(peer, (const char *const[]){"without", NULL});
    seen = receive_one(fixture);
    assert_string_equal(seen->payload, "without");
    assert_int_equal(seen->payload_frames, 1);
    assert_false(seen->envelope.has_delimiter);
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("2")), 0);
    expect_frame(peer, "2", false);
}

static void the_frames_of_proxies_come_back_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_DEALER, SOCKET_REQUESTS);
    struct seen *seen;

    send_frames(peer, (const char *const[]){"hop1", "hop22", "hop333", "", "question", NULL});
    seen = receive_one(fixture);
    assert_string_equal(seen->payload, "question");
    assert_int_equal(seen->payload_frames, 1);
    assert_int_equal(seen->envelope.frame_count, LIMIT_ENVELOPE_FRAMES);
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("answer")), 0);
    expect_frame(peer, "hop1", true);
    expect_frame(peer, "hop22", true);
    expect_frame(peer, "hop333", true);
    expect_frame(peer, "", true);
    expect_frame(peer, "answer", false);
}

static void wrong_numbers_of_frames_are_counted_and_can_be_answered(void **state)
{
    static const struct {
        const char *frames[12];
        uint32_t payload_frames;
        const char *payload;
    } rows[] = {
        {{"", "one", "two", NULL}, 2, "one"},
        {{"", NULL}, 0, ""},
        {{"", "", NULL}, 1, ""},
        {{"a", "b", NULL}, 2, "a"},
        {{"1", "2", "3", "4", "5", "6", "7", "8", "9", NULL}, 9, "1"},
        {{"", "1", "2", "3", "4", "5", "6", "7", "8", NULL}, 8, "1"},
    };
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_DEALER, SOCKET_REQUESTS);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct seen *seen;

        send_frames(peer, rows[i].frames);
        seen = receive_one(fixture);
        assert_int_equal(seen->payload_frames, rows[i].payload_frames);
        assert_string_equal(seen->payload, rows[i].payload);
        assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("wrong")), 0);
        if (seen->envelope.has_delimiter) {
            expect_frame(peer, "", true);
        }
        expect_frame(peer, "wrong", false);
    }
}

static void an_envelope_that_is_too_long_is_dropped_and_the_next_is_heard(void **state)
{
    static char frame[LIMIT_ENVELOPE_BYTES + 2];
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_DEALER, SOCKET_REQUESTS);
    struct seen *seen;

    memset(frame, 'x', LIMIT_ENVELOPE_BYTES + 1);
    send_frames(peer, (const char *const[]){frame, "", "too long", NULL});
    send_frames(peer, (const char *const[]){"1", "2", "3", "4", "", "too many", NULL});
    frame[LIMIT_ENVELOPE_BYTES] = '\0';
    send_frames(peer, (const char *const[]){frame, "", "just right", NULL});
    seen = receive_one(fixture);
    assert_string_equal(seen->payload, "just right");
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("yes")), 0);
    expect_frame(peer, frame, true);
    expect_frame(peer, "", true);
    expect_frame(peer, "yes", false);
}

static void a_reply_to_a_peer_that_is_gone_is_refused_and_others_are_served(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_REQ, SOCKET_REQUESTS);
    struct envelope gone;
    struct seen *seen;
    int rc = 0;

    send_frames(peer, (const char *const[]){"question", NULL});
    gone = receive_one(fixture)->envelope;
    peer_close(fixture);
    for (int i = 0; i < 50 && rc == 0; i++) { /* until the socket has noticed */
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, 20), 0);
        rc = sockets_reply(fixture->sockets, &gone, TEXT("answer"));
    }
    assert_int_equal(rc, -ERROR_BUSY);
    peer = connect_peer(fixture, ZMQ_REQ, SOCKET_REQUESTS);
    send_frames(peer, (const char *const[]){"another", NULL});
    seen = receive_one(fixture);
    assert_int_equal(sockets_reply(fixture->sockets, &seen->envelope, TEXT("well")), 0);
    expect_frame(peer, "well", false);
}

static void what_nobody_takes_is_refused_and_what_nobody_hears_is_not(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(sockets_offer(fixture->sockets, TEXT("job")), -ERROR_BUSY);
    assert_int_equal(sockets_publish(fixture->sockets, 0, TEXT("topic"), TEXT("event")), 0);
}

static void a_worker_gets_offers_and_is_heard(void **state)
{
    struct fixture *fixture = *state;
    void *reports = connect_peer(fixture, ZMQ_PUSH, SOCKET_REPORTS);
    void *jobs = connect_peer(fixture, ZMQ_PULL, SOCKET_JOBS);
    struct seen *seen;
    int rc = -ERROR_BUSY;

    send_frames(reports, (const char *const[]){"report", NULL});
    seen = receive_one(fixture);
    assert_int_equal(seen->socket, SOCKET_REPORTS);
    assert_string_equal(seen->payload, "report");
    assert_int_equal(seen->payload_frames, 1);
    send_frames(reports, (const char *const[]){"report", "and more", NULL});
    assert_int_equal(receive_one(fixture)->payload_frames, 2);
    for (int i = 0; i < 50 && rc; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, 20), 0);
        rc = sockets_offer(fixture->sockets, TEXT("job"));
    }
    assert_int_equal(rc, 0);
    expect_frame(jobs, "job", false);
    zmq_close(reports);
}

static void a_subscription_is_told_and_served(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_SUB, SOCKET_STATUS);
    struct seen *seen = receive_one(fixture);

    assert_int_equal(seen->socket, SOCKET_STATUS);
    assert_int_equal(seen->payload_bytes, 6);
    assert_memory_equal(seen->payload, "\1topic", 6);
    assert_int_equal(sockets_publish(fixture->sockets, 0, TEXT("other"), TEXT("event")), 0);
    assert_int_equal(sockets_publish(fixture->sockets, 0, TEXT("topic"), TEXT("event")), 0);
    expect_frame(peer, "topic", true);
    expect_frame(peer, "event", false);
}

static void a_budget_bounds_what_is_taken_from_each_socket(void **state)
{
    struct fixture *fixture = *state;
    void *peer = connect_peer(fixture, ZMQ_DEALER, SOCKET_REQUESTS);

    for (int i = 0; i < 20; i++) {
        send_frames(peer, (const char *const[]){"", "question", NULL});
    }
    for (int i = 0; i < 100 && fixture->count < 20; i++) {
        assert_int_equal(sockets_wait(fixture->sockets, NULL, 0, 50), 0);
        assert_true(sockets_receive(fixture->sockets, 7, see, fixture) <= 7);
    }
    assert_int_equal(fixture->count, 20);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_req_is_answered),
        TEST(a_req_that_correlates_gets_the_answer_to_its_last_question),
        TEST(a_dealer_gets_a_delimiter_if_it_sent_one),
        TEST(the_frames_of_proxies_come_back_in_their_order),
        TEST(wrong_numbers_of_frames_are_counted_and_can_be_answered),
        TEST(an_envelope_that_is_too_long_is_dropped_and_the_next_is_heard),
        TEST(a_reply_to_a_peer_that_is_gone_is_refused_and_others_are_served),
        TEST(what_nobody_takes_is_refused_and_what_nobody_hears_is_not),
        TEST(a_worker_gets_offers_and_is_heard),
        TEST(a_subscription_is_told_and_served),
        TEST(a_budget_bounds_what_is_taken_from_each_socket),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
