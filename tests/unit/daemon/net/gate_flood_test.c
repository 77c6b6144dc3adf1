// SPDX-License-Identifier: MIT
/* Messages that do not end, by peers that write their frames themselves, and whose connections they
 * were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zmq.h>

#include "daemon/net/gate.h"
#include "schemas/base/limits.h"
#include "tests/support/temporary.h"

#define PATIENCE_MS 20000
#define BODY_BYTES  50000
#define FRAME_BYTES (9 + BODY_BYTES)
#define PEERS       2
#define KEY_A       "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_B       "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"

static const struct gate_limits some_limits = {.connections = 64,
                                               .subscriptions = 100,
                                               .subscriptions_per_connection = 60,
                                               .handshake_timeout_ms = 60000};
static const char greeting[64] = "\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL";
static const char ready[] = "\x04\x1a\x05READY\x0bSocket-Type\0\0\0\4PUSH";

struct fixture {
    char directory[TEMPORARY_BUFFER];
    struct gate *gate;
    void *context;
    void *socket;
    struct identities *identities;
    const struct identity *names[PEERS];
    int peers[PEERS];
    int port;
    struct gate_refusals refusals; /* the last that there were */
    size_t cut;                    /* in all */
};

static void write_identity(const struct fixture *fixture, const char *name, const char *key)
{
    char text[256];
    char file[32];

    snprintf(file, sizeof file, "%s.key", name);
    snprintf(text, sizeof text,
             "metadata\n    name = %s\n    roles = worker\ncurve\n    public-key = \"%s\"\n", name,
             key);
    assert_int_equal(temporary_write(fixture->directory, file, text, strlen(text)), 0);
}

static void load_identities(struct fixture *fixture)
{
    char message[IDENTITIES_MESSAGE_BYTES];

    write_identity(fixture, "a", KEY_A);
    write_identity(fixture, "b", KEY_B);
    assert_int_equal(identities_load(&fixture->identities, fixture->directory, message), 0);
    fixture->names[0] = identities_by_name(fixture->identities, TEXT("a"));
    fixture->names[1] = identities_by_name(fixture->identities, TEXT("b"));
    gate_follow_identities(fixture->gate, fixture->identities);
}

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char message[GATE_MESSAGE_BYTES];
    char endpoint[64];
    size_t bytes = sizeof endpoint;

    *state = fixture;
    if (!fixture || temporary_make(fixture->directory) ||
        gate_open(&fixture->gate, &some_limits, message)) {
        return -1;
    }
    load_identities(fixture);
    fixture->context = zmq_ctx_new();
    fixture->socket = zmq_socket(fixture->context, ZMQ_PULL);
    if (gate_watch(fixture->gate, fixture->context, fixture->socket, 0) ||
        zmq_setsockopt(fixture->socket, ZMQ_RCVHWM, &(int){0}, sizeof(int)) ||
        zmq_bind(fixture->socket, "tcp://127.0.0.1:*") ||
        zmq_getsockopt(fixture->socket, ZMQ_LAST_ENDPOINT, endpoint, &bytes)) {
        return -1;
    }
    fixture->port = atoi(strrchr(endpoint, ':') + 1);
    fixture->peers[0] = fixture->peers[1] = -1;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    for (int i = 0; i < PEERS; i++) {
        if (fixture->peers[i] >= 0) {
            close(fixture->peers[i]);
        }
    }
    gate_unwatch(fixture->gate, fixture->socket, 0);
    zmq_close(fixture->socket);
    zmq_ctx_term(fixture->context);
    gate_close(&fixture->gate);
    identities_destroy(&fixture->identities);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

static void look(struct fixture *fixture)
{
    gate_look(fixture->gate, mono_now());
    gate_weigh(fixture->gate, mono_now());
}

static void judge(struct fixture *fixture)
{
    struct gate_refusals refusals;

    gate_judge(fixture->gate, 0, mono_now());
    gate_refusals(fixture->gate, &refusals);
    if (refusals.unfinished > 0) {
        fixture->refusals = refusals;
        fixture->cut += refusals.unfinished;
    }
}

/* Takes all messages that wait; returns how many. */
static size_t take(struct fixture *fixture)
{
    size_t count = 0;
    zmq_msg_t message;

    zmq_msg_init(&message);
    while (zmq_msg_recv(&message, fixture->socket, ZMQ_DONTWAIT) >= 0) {
        (void)gate_heard(fixture->gate, atoi(zmq_msg_gets(&message, "__fd")));
        count++;
    }
    zmq_msg_close(&message);
    return count;
}

static void connect_peer(struct fixture *fixture, int number)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)fixture->port)};
    size_t before = gate_connections(fixture->gate);
    int64_t end_ms = mono_now().ms + PATIENCE_MS;
    int peer = socket(AF_INET, SOCK_STREAM, 0);
    char theirs[sizeof greeting + sizeof ready - 1]; /* a PULL's are as long */

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(peer, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(send(peer, greeting, sizeof greeting, 0), sizeof greeting);
    assert_int_equal(send(peer, ready, sizeof ready - 1, 0), sizeof ready - 1);
    /* libzmq hangs up on who sends messages before it has said that it is ready itself. */
    assert_int_equal(recv(peer, theirs, sizeof theirs, MSG_WAITALL), sizeof theirs);
    fixture->peers[number] = peer;
    while (gate_connections(fixture->gate) == before) {
        assert_true(mono_now().ms < end_ms);
        look(fixture);
    }
}

/* So many frames, of one message that does not end or of a message each. */
static void say(struct fixture *fixture, int number, size_t count, bool is_endless)
{
    static uint8_t frame[FRAME_BYTES] = {2, 0, 0, 0, 0, 0, 0, BODY_BYTES >> 8, BODY_BYTES & 255};

    frame[0] = is_endless ? 3 : 2;
    for (size_t i = 0; i < count; i++) {
        for (size_t sent = 0; sent < FRAME_BYTES;) {
            ssize_t rc =
                send(fixture->peers[number], frame + sent, FRAME_BYTES - sent, MSG_NOSIGNAL);

            assert_true(rc > 0);
            sent += (size_t)rc;
        }
    }
}

/* Looks, and lets processor time pass, until so many were cut. */
static void wait_for_cuts(struct fixture *fixture, size_t count)
{
    int64_t end_ms = mono_now().ms + PATIENCE_MS;

    while (fixture->cut < count) {
        assert_true(mono_now().ms < end_ms);
        look(fixture);
        take(fixture);
        judge(fixture);
    }
    assert_int_equal(fixture->cut, count);
}

/* Longer than a few beats. */
static void nobody_is_cut(struct fixture *fixture)
{
    int64_t end_ms = mono_now().ms + 300;

    while (mono_now().ms < end_ms) {
        look(fixture);
        take(fixture);
        judge(fixture);
    }
    assert_int_equal(fixture->cut, 0);
}

#define ENOUGH (2 * (size_t)LIMIT_UNFINISHED_BYTES / FRAME_BYTES)

static void a_message_that_does_not_end_is_cut_off_and_its_sender_named(void **state)
{
    struct fixture *fixture = *state;
    char port[8];
    struct sockaddr_in address;
    socklen_t bytes = sizeof address;

    connect_peer(fixture, 0);
    assert_true(gate_admits(fixture->gate, 0, TEXT("127.0.0.1"), fixture->names[0], mono_now()));
    say(fixture, 0, ENOUGH, true);
    assert_int_equal(getsockname(fixture->peers[0], (struct sockaddr *)&address, &bytes), 0);
    wait_for_cuts(fixture, 1);
    snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
    assert_string_equal(fixture->refusals.address, "127.0.0.1");
    assert_string_equal(fixture->refusals.port, port);
    assert_string_equal(fixture->refusals.identity, "a");
}

static void who_was_cut_off_is_not_let_in_until_a_minute_later(void **state)
{
    struct fixture *fixture = *state;
    const struct text address = TEXT("127.0.0.1");
    struct mono later;

    connect_peer(fixture, 0);
    assert_true(gate_admits(fixture->gate, 0, address, fixture->names[0], mono_now()));
    say(fixture, 0, ENOUGH, true);
    wait_for_cuts(fixture, 1);
    assert_false(gate_admits(fixture->gate, 0, address, fixture->names[0], mono_now()));
    assert_false(gate_admits(fixture->gate, 1, TEXT("::1"), fixture->names[0], mono_now()));
    assert_true(gate_admits(fixture->gate, 0, address, fixture->names[1], mono_now()));
    later = (struct mono){mono_now().ms + LIMIT_BARRED_MS};
    assert_true(gate_admits(fixture->gate, 0, address, fixture->names[0], later));
}

static void whose_connection_may_be_that_of_another_nobody_is_named_or_kept_out(void **state)
{
    struct fixture *fixture = *state;
    const struct text address = TEXT("127.0.0.1");

    connect_peer(fixture, 0);
    connect_peer(fixture, 1);
    for (int i = 0; i < PEERS; i++) {
        assert_true(gate_admits(fixture->gate, 0, address, fixture->names[i], mono_now()));
    }
    say(fixture, 0, ENOUGH, true);
    wait_for_cuts(fixture, 1);
    assert_string_equal(fixture->refusals.identity, "-");
    assert_true(gate_admits(fixture->gate, 0, address, fixture->names[0], mono_now()));
}

static void an_address_or_a_socket_that_is_not_its_own_names_nobody(void **state)
{
    struct fixture *fixture = *state;

    connect_peer(fixture, 0);
    assert_true(gate_admits(fixture->gate, 0, TEXT("127.0.0.2"), fixture->names[0], mono_now()));
    assert_true(gate_admits(fixture->gate, 1, TEXT("127.0.0.1"), fixture->names[0], mono_now()));
    say(fixture, 0, ENOUGH, true);
    wait_for_cuts(fixture, 1);
    assert_string_equal(fixture->refusals.identity, "-");
}

static void half_of_what_may_be_unfinished_may_wait_for_ever(void **state)
{
    struct fixture *fixture = *state;

    connect_peer(fixture, 0);
    say(fixture, 0, ENOUGH / 4, true);
    nobody_is_cut(fixture);
}

/* They are taken only after they have been weighed, as after a turn that was long. */
static void whole_messages_that_are_taken_late_are_no_flood(void **state)
{
    struct fixture *fixture = *state;
    size_t taken = 0;

    connect_peer(fixture, 0);
    for (int round = 0; round < 10; round++) {
        int64_t until_ms = mono_now().ms + 60;

        say(fixture, 0, 2 * ENOUGH, false);
        while (mono_now().ms < until_ms) {
            look(fixture);
        }
        taken += take(fixture);
        judge(fixture);
    }
    assert_true(taken > ENOUGH);
    nobody_is_cut(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_message_that_does_not_end_is_cut_off_and_its_sender_named,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_was_cut_off_is_not_let_in_until_a_minute_later, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(
            whose_connection_may_be_that_of_another_nobody_is_named_or_kept_out, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_address_or_a_socket_that_is_not_its_own_names_nobody,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(half_of_what_may_be_unfinished_may_wait_for_ever, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(whole_messages_that_are_taken_late_are_no_flood, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
