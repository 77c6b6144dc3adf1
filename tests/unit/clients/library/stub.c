// SPDX-License-Identifier: MIT
#include "tests/unit/clients/library/stub_inside.h"

#include <string.h>
#include <unistd.h>
#include <zmq.h>

enum { TURN_MS = 2 };

static void open_sockets(struct stub *stub)
{
    const int none = 0;

    stub->context = zmq_ctx_new();
    stub_check(stub->context != NULL, "no context");
    stub->router = zmq_socket(stub->context, ZMQ_ROUTER);
    stub->publisher = zmq_socket(stub->context, ZMQ_XPUB);
    stub_check(stub->router && stub->publisher, "no socket");
    zmq_setsockopt(stub->router, ZMQ_LINGER, &none, sizeof(none));
    zmq_setsockopt(stub->publisher, ZMQ_LINGER, &none, sizeof(none));
    stub_check(zmq_bind(stub->router, stub->requests_endpoint) == 0, "no requests endpoint");
    stub_check(zmq_bind(stub->publisher, stub->status_endpoint) == 0, "no status endpoint");
}

static void close_sockets(struct stub *stub)
{
    zmq_close(stub->router);
    zmq_close(stub->publisher);
    zmq_ctx_term(stub->context); /* waits until the endpoints are free again */
    stub->router = NULL;
    stub->publisher = NULL;
    stub->topic_count = 0;
}

static void send_answer(void *router, zmq_msg_t *identity, const void *bytes, size_t size_bytes,
                        bool has_extra_frame)
{
    zmq_msg_t copy;

    zmq_msg_init(&copy);
    zmq_msg_copy(&copy, identity);
    zmq_msg_send(&copy, router, ZMQ_SNDMORE);
    zmq_send(router, "", 0, ZMQ_SNDMORE);
    zmq_send(router, bytes, size_bytes, has_extra_frame ? ZMQ_SNDMORE : 0);
    if (has_extra_frame) {
        zmq_send(router, "more", 4, 0);
    }
}

/* A map that answers the request with the id, plus one member. */
static void spoil(struct wire_output *answer, const char *member, int64_t status)
{
    struct wire_input input;
    struct wire_error wrong;
    struct wire_output made = WIRE_OUTPUT_INIT;

    stub_check(wire_input_init(&input) == 0 &&
                   wire_parse(&input, answer->data, answer->size_bytes, &wrong) == 0,
               "an answer that cannot be spoiled");
    wire_map(&made, member ? 3 : 2);
    wire_text(&made, TEXT("requestId"));
    wire_object(&made, wire_find(&input.root, "requestId"));
    wire_text(&made, TEXT("status"));
    wire_integer(&made, status);
    if (member) {
        wire_text(&made, text_of(member));
        wire_bool(&made, true);
    }
    wire_output_clear(answer);
    wire_append(answer, made.data, made.size_bytes);
    wire_output_release(&made);
    wire_input_release(&input);
}

static void make_garbage(enum stub_garbage garbage, struct wire_output *answer)
{
    static const unsigned char bomb[] = {0xdf, 0xff, 0xff, 0xff, 0xff};
    static char long_answer[70000];

    switch (garbage) {
    case STUB_GARBAGE_BYTES:
        wire_output_clear(answer);
        wire_append(answer, "\xc1 is not msgpack", 16);
        break;
    case STUB_GARBAGE_LONG:
        wire_output_clear(answer);
        wire_append(answer, long_answer, sizeof(long_answer));
        break;
    case STUB_GARBAGE_ARRAY:
        wire_output_clear(answer);
        wire_array(answer, 0);
        break;
    case STUB_GARBAGE_FIELD:
        spoil(answer, "surprise", 200);
        break;
    case STUB_GARBAGE_STATUS:
        spoil(answer, NULL, 7);
        break;
    case STUB_GARBAGE_EMPTY:
        spoil(answer, NULL, 200);
        break;
    case STUB_GARBAGE_BOMB:
        wire_output_clear(answer);
        wire_append(answer, bomb, sizeof(bomb));
        break;
    default:
        break;
    }
}

static bool take(int *number)
{
    if (*number == 0) {
        return false;
    }
    --*number;
    return true;
}

static void count_request(struct stub *stub, const void *bytes, size_t size_bytes)
{
    char *copy;

    stub->state.counts.requests++;
    for (int i = 0; i < stub->seen_count; i++) {
        if (stub->seen_bytes[i] == size_bytes && memcmp(stub->seen[i], bytes, size_bytes) == 0) {
            return;
        }
    }
    stub_check(stub->seen_count < STUB_SEEN, "too many requests");
    copy = malloc(size_bytes + 1);
    if (!copy) {
        abort();
    }
    memcpy(copy, bytes, size_bytes);
    stub->seen[stub->seen_count] = copy;
    stub->seen_bytes[stub->seen_count++] = size_bytes;
    stub->state.counts.distinct_requests++;
}

static void send_stale(struct stub *stub, zmq_msg_t *identity)
{
    struct ping_reply stale = {
        .has_request_id = true, .request_id = TEXT("0000000000000000-1"), .status = 200};
    struct wire_output answer = WIRE_OUTPUT_INIT;

    ping_reply_encode(&stale, &answer);
    send_answer(stub->router, identity, answer.data, answer.size_bytes, false);
    wire_output_release(&answer);
}

static void answer_request(struct stub *stub, zmq_msg_t *identity, zmq_msg_t *payload)
{
    struct stub_faults *faults = &stub->faults;
    struct wire_output answer = WIRE_OUTPUT_INIT;
    enum stub_garbage garbage = STUB_GARBAGE_NONE;
    int error = take(&faults->busy) ? ERROR_BUSY : take(&faults->refused) ? faults->error : 0;

    stub->state.is_waiting = take(&faults->waits);
    count_request(stub, zmq_msg_data(payload), zmq_msg_size(payload));
    stub_answer(&stub->state, zmq_msg_data(payload), zmq_msg_size(payload), error, &answer);
    stub_check(answer.error == 0, "no answer");
    if (take(&faults->garbage_count)) {
        garbage = faults->garbage;
        make_garbage(garbage, &answer);
    }
    if (faults->delay_ms) {
        usleep((useconds_t)faults->delay_ms * 1000);
    }
    if (take(&faults->stale)) {
        send_stale(stub, identity);
    }
    if (!take(&faults->lost)) {
        send_answer(stub->router, identity, answer.data, answer.size_bytes,
                    garbage == STUB_GARBAGE_FRAMES);
        if (take(&faults->twice)) {
            send_answer(stub->router, identity, answer.data, answer.size_bytes, false);
        }
    }
    wire_output_release(&answer);
}

/* One request: [identity][empty][payload]. */
static bool receive_request(struct stub *stub)
{
    zmq_msg_t frames[3];
    bool is_there;

    for (int i = 0; i < 3; i++) {
        zmq_msg_init(&frames[i]);
    }
    is_there = zmq_msg_recv(&frames[0], stub->router, ZMQ_DONTWAIT) >= 0;
    if (is_there) {
        stub_check(zmq_msg_recv(&frames[1], stub->router, ZMQ_DONTWAIT) == 0, "no delimiter");
        stub_check(zmq_msg_recv(&frames[2], stub->router, ZMQ_DONTWAIT) >= 0 &&
                       !zmq_msg_more(&frames[2]),
                   "not one payload");
        answer_request(stub, &frames[0], &frames[2]);
    }
    for (int i = 0; i < 3; i++) {
        zmq_msg_close(&frames[i]);
    }
    return is_there;
}

static bool receive_subscription(struct stub *stub)
{
    char bytes[UUID_TEXT_BUFFER] = "";
    int size = zmq_recv(stub->publisher, bytes, sizeof(bytes), ZMQ_DONTWAIT);

    if (size < 0) {
        return false;
    }
    if (size == UUID_TEXT_BUFFER && bytes[0] == 1) {
        stub_check(stub->topic_count < STUB_TOPICS, "too many topics");
        memcpy(stub->topics[stub->topic_count], bytes + 1, UUID_TEXT_BYTES);
        stub->topics[stub->topic_count++][UUID_TEXT_BYTES] = '\0';
    }
    return true;
}

static void send_publications(struct stub *stub)
{
    for (int i = 0; i < stub->outbox_count; i++) {
        struct stub_publication_frames *publication = &stub->outbox[i];

        zmq_send(stub->publisher, publication->topic, strlen(publication->topic), ZMQ_SNDMORE);
        zmq_send(stub->publisher, publication->payload.data, publication->payload.size_bytes, 0);
        wire_output_release(&publication->payload);
    }
    stub->outbox_count = 0;
}

static void turn(struct stub *stub)
{
    if (stub->should_be_away != stub->is_away) {
        if (stub->should_be_away) {
            close_sockets(stub);
        } else {
            open_sockets(stub);
        }
        stub->is_away = stub->should_be_away;
    }
    if (!stub->is_away) {
        while (receive_subscription(stub)) {
        }
        send_publications(stub);
        while (receive_request(stub)) {
        }
    }
}

static void *run(void *argument)
{
    struct stub *stub = argument;
    bool is_stopping = false;

    while (!is_stopping) {
        pthread_mutex_lock(&stub->lock);
        turn(stub);
        is_stopping = stub->is_stopping;
        pthread_mutex_unlock(&stub->lock);
        usleep(TURN_MS * 1000);
    }
    if (!stub->is_away) {
        close_sockets(stub);
    }
    return NULL;
}

void stub_start(struct stub **stub, const char *directory)
{
    struct stub *made = calloc(1, sizeof(*made));

    stub_check(made != NULL, "no memory");
    snprintf(made->requests_endpoint, sizeof(made->requests_endpoint), "ipc://%s/requests",
             directory);
    snprintf(made->status_endpoint, sizeof(made->status_endpoint), "ipc://%s/status", directory);
    stub_check(pthread_mutex_init(&made->lock, NULL) == 0, "no lock");
    open_sockets(made);
    stub_check(pthread_create(&made->thread, NULL, run, made) == 0, "no thread");
    *stub = made;
}

void stub_stop(struct stub **stub)
{
    struct stub *stopped = *stub;

    if (!stopped) {
        return;
    }
    pthread_mutex_lock(&stopped->lock);
    stopped->is_stopping = true;
    pthread_mutex_unlock(&stopped->lock);
    pthread_join(stopped->thread, NULL);
    for (int i = 0; i < stopped->outbox_count; i++) {
        wire_output_release(&stopped->outbox[i].payload);
    }
    for (int i = 0; i < stopped->seen_count; i++) {
        free(stopped->seen[i]);
    }
    pthread_mutex_destroy(&stopped->lock);
    free(stopped);
    *stub = NULL;
}
