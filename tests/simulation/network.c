// SPDX-License-Identifier: MIT
#include "tests/simulation/network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/link.h"
#include "tests/simulation/packet.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"

#define RECONNECT_MS 150
/* After this long without an answer either side takes the other for gone. */
#define SILENCE_MS 3000
#define AGAIN_MS   20

static struct link links[LINKS];
static struct packet_queue arrived[LINK_KIND_COUNT];
static void (*on_arrival)(void);
static bool is_listening;
static int64_t listening; /* how often the daemon began to listen */
static int64_t longest_delay_ms;
static unsigned dropped_per_mille;
static uint32_t connections;
static size_t next_worker;

static void connect(void *owner, int64_t process);

void network_reset(void)
{
    network_release();
    memset(links, 0, sizeof links);
    is_listening = false;
    listening = 0;
    longest_delay_ms = 2;
    dropped_per_mille = 0;
    connections = 0;
    next_worker = 0;
}

void network_release(void)
{
    packets_release();
    for (int kind = 0; kind < LINK_KIND_COUNT; kind++) {
        arrived[kind] = (struct packet_queue){0};
    }
}

void network_delay(int64_t longest_ms)
{
    longest_delay_ms = longest_ms;
}

void network_drop(unsigned per_mille)
{
    dropped_per_mille = per_mille;
}

void network_on_arrival(void (*arrive)(void))
{
    on_arrival = arrive;
}

uint32_t link_number(const struct link *link)
{
    return (uint32_t)(link - links);
}

struct link *network_link(uint32_t number)
{
    return number < LINKS && links[number].is_open ? &links[number] : NULL;
}

void *link_owner(const struct link *link)
{
    return link->owner;
}

struct link *network_any_link(void)
{
    return network_link((uint32_t)random_below(LINKS));
}

static void try_to_connect(struct link *link)
{
    agenda_add(random_between(1, RECONNECT_MS), connect, link, link->process);
}

struct link *link_open(enum link_kind kind, void *owner, link_receiver receive)
{
    struct link *link = NULL;
    int64_t process;

    for (size_t i = 0; i < LINKS && !link; i++) {
        link = links[i].is_open ? NULL : &links[i];
    }
    assert(link);
    process = link->process + 1;
    *link = (struct link){
        .is_open = true, .kind = kind, .owner = owner, .receive = receive, .process = process};
    try_to_connect(link);
    return link;
}

static void disconnect(struct link *link)
{
    if (link->connection) {
        trace_line("net", "link %u breaks", link_number(link));
    }
    link->connection = 0;
    link->subscription_count = link->kind == LINK_STATUS ? link->subscription_count : 0;
    if (link->is_open && is_listening) {
        try_to_connect(link);
    }
}

void link_close(struct link *link)
{
    if (link) {
        link->is_open = false;
        link->process++;
        disconnect(link);
    }
}

void link_break(struct link *link)
{
    if (link->connection) {
        disconnect(link);
    }
}

static void notice_silence(void *owner, int64_t connection)
{
    struct link *link = owner;

    if (link->connection == connection && link->cut_until_ms > clock_now_ms()) {
        disconnect(link);
    }
}

void link_cut(struct link *link, int64_t for_ms)
{
    link->cut_until_ms = clock_now_ms() + for_ms;
    agenda_add(SILENCE_MS, notice_silence, link, link->connection);
}

static void deliver(void *owner, int64_t number);

/* Each direction of a link keeps its order. */
static void dispatch(struct packet *packet, struct link *link)
{
    int64_t *last = packet->is_for_daemon ? &link->last_in_ms : &link->last_out_ms;
    int64_t at_ms = clock_now_ms() + random_between(0, longest_delay_ms);

    *last = at_ms > *last ? at_ms : *last;
    agenda_add(*last - clock_now_ms(), deliver, packet, 0);
}

static struct packet *packet_on(struct link *link, bool is_for_daemon, struct text topic,
                                struct text payload)
{
    struct packet *packet = packet_new(topic, payload);

    packet->link = link;
    packet->process = link->process;
    packet->connection = link->connection;
    packet->listening = listening;
    packet->is_for_daemon = is_for_daemon;
    return packet;
}

static void arrive(struct packet *packet)
{
    packet_push(&arrived[packet->link->kind], packet);
    on_arrival();
}

static void subscribe(struct link *link, const char *topic)
{
    char frame[LINK_TOPIC_BUFFER + 1] = {1};

    strcpy(frame + 1, topic);
    dispatch(packet_on(link, true, (struct text){0},
                       (struct text){frame, (uint32_t)(1 + strlen(topic))}),
             link);
}

static void connect(void *owner, int64_t process)
{
    struct link *link = owner;

    if (!link->is_open || link->process != process || link->connection || !is_listening) {
        return;
    }
    if (link->cut_until_ms > clock_now_ms()) {
        try_to_connect(link);
        return;
    }
    link->connection = ++connections;
    for (size_t i = 0; i < link->subscription_count; i++) {
        link->is_heard[i] = false;
        subscribe(link, link->subscriptions[i]);
    }
}

void link_subscribe(struct link *link, const char *topic)
{
    assert(link->subscription_count < LINK_SUBSCRIPTIONS);
    strncpy(link->subscriptions[link->subscription_count], topic, LINK_TOPIC_BUFFER - 1);
    link->is_heard[link->subscription_count++] = false;
    if (link->connection) {
        subscribe(link, topic);
    }
}

bool link_send(struct link *link, struct text payload)
{
    if (link->kind == LINK_REPORTS && !link->connection) {
        return false;
    }
    dispatch(packet_on(link, true, (struct text){0}, payload), link);
    return true;
}

/* The daemon's socket hears of a subscription before the daemon does. */
static void hear(struct link *link, const struct packet *packet)
{
    for (size_t i = 0; i < link->subscription_count; i++) {
        const char *topic = link->subscriptions[i];
        if (packet->payload.size_bytes == strlen(topic) + 1 &&
            memcmp(packet->payload.data + 1, topic, strlen(topic)) == 0) {
            link->is_heard[i] = true;
        }
    }
}

/* What was sent over a connection that is gone: lost, or late, over the old one if the daemon still
 * lives, or with a request's next one. Reports are not kept for another connection
 * (ZMQ_IMMEDIATE), and subscriptions are made anew. */
static bool survives(const struct packet *packet)
{
    bool is_old_daemon = packet->listening != listening;

    if (packet->is_for_daemon && packet->connection == 0) {
        return packet->link->kind == LINK_REQUESTS; /* there was no connection to lose it */
    }
    if (packet->is_for_daemon && packet->link->kind == LINK_STATUS) {
        return false;
    }
    if (packet->is_for_daemon && packet->link->kind == LINK_REPORTS && is_old_daemon) {
        return false;
    }
    return packet->is_late || random_chance(500);
}

/* True when the packet has to wait for the end of a cut, or for a connection. */
static bool waits(struct packet *packet)
{
    struct link *link = packet->link;
    bool is_cut = link->cut_until_ms > clock_now_ms();
    bool is_unconnected = packet->is_for_daemon && link->kind == LINK_REQUESTS &&
                          (!is_listening || link->connection == 0);

    if (is_cut || is_unconnected) {
        agenda_add(AGAIN_MS, deliver, packet, 0);
    }
    return is_cut || is_unconnected;
}

static void deliver(void *owner, int64_t number)
{
    struct packet *packet = owner;
    struct link *link = packet->link;
    bool is_broken = packet->connection != link->connection;

    (void)number;
    if (!link->is_open || link->process != packet->process || (is_broken && !survives(packet))) {
        packet_free(packet);
        return;
    }
    packet->is_late = packet->is_late || is_broken;
    if (waits(packet)) {
        return;
    }
    if (packet->is_for_daemon) {
        if (link->kind == LINK_REQUESTS) {
            packet->connection = link->connection;
        }
        if (link->kind == LINK_STATUS) {
            hear(link, packet);
        }
        arrive(packet);
    } else {
        link->receive(link->owner, packet->topic, packet->payload);
        packet_free(packet);
    }
}

/* What the daemon had received and not read ends with it. */
void network_listen(bool is_up)
{
    is_listening = is_up;
    listening += is_up;
    for (int kind = 0; kind < LINK_KIND_COUNT && !is_up; kind++) {
        packets_drop(&arrived[kind]);
    }
    for (size_t i = 0; i < LINKS; i++) {
        if (links[i].is_open && is_up) {
            try_to_connect(&links[i]);
        } else if (!is_up) {
            links[i].connection = 0;
        }
    }
}

bool network_has_arrived(void)
{
    for (int kind = 0; kind < LINK_KIND_COUNT; kind++) {
        if (arrived[kind].first) {
            return true;
        }
    }
    return false;
}

bool network_receive(enum link_kind kind,
                     void (*take)(void *argument, const struct link *link, uint32_t connection,
                                  struct text payload),
                     void *argument)
{
    struct packet *packet = packet_pop(&arrived[kind]);

    if (!packet) {
        return false;
    }
    take(argument, packet->link, packet->connection, packet->payload);
    packet_free(packet);
    return true;
}

bool network_reply(uint32_t number, uint32_t connection, struct text payload)
{
    struct link *link = network_link(number);

    if (!link || link->connection != connection) {
        return false;
    }
    dispatch(packet_on(link, false, (struct text){0}, payload), link);
    return true;
}

bool network_offer(struct text payload)
{
    for (size_t i = 0; i < LINKS; i++) {
        struct link *link = &links[(next_worker + i) % LINKS];
        if (link->is_open && link->kind == LINK_JOBS && link->connection) {
            next_worker = link_number(link) + 1;
            dispatch(packet_on(link, false, (struct text){0}, payload), link);
            return true;
        }
    }
    return false;
}

static bool is_subscribed(const struct link *link, struct text topic)
{
    for (size_t i = 0; i < link->subscription_count; i++) {
        size_t size_bytes = strlen(link->subscriptions[i]);
        if (link->is_heard[i] && topic.size_bytes >= size_bytes &&
            memcmp(topic.data, link->subscriptions[i], size_bytes) == 0) {
            return true;
        }
    }
    return false;
}

void network_publish(struct text topic, struct text payload)
{
    for (size_t i = 0; i < LINKS; i++) {
        struct link *link = &links[i];
        if (link->is_open && link->kind == LINK_STATUS && link->connection &&
            is_subscribed(link, topic) && !random_chance(dropped_per_mille)) {
            dispatch(packet_on(link, false, topic, payload), link);
        }
    }
}
