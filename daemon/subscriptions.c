// SPDX-License-Identifier: MIT
/* Who subscribes to an operation is sent its last status at once, on the socket he subscribed to;
 * on a feed, if it is one of its tenants'. */
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/show.h"
#include "schemas/base/errors.h"

/* Whether a topic is the beginning of operation ids; libzmq compares bytes. */
static bool may_be_of_operations(struct text topic)
{
    for (uint32_t i = 0; i < topic.size_bytes; i++) {
        if (!strchr("0123456789abcdef-", topic.data[i]) || topic.data[i] == '\0') {
            return false;
        }
    }
    return topic.size_bytes <= UUID_TEXT_BYTES;
}

/* An XPUB reads 1 and the topic for a subscription, 0 and the topic for the end of one. */
void subscriptions_handle(struct daemon *daemon, const struct incoming *incoming)
{
    struct text topic = incoming->payload;
    struct uuid id;
    struct record record;
    struct event event;
    uint64_t asked = SOCKETS_STATUS_BIT << incoming->status_number;

    if (incoming->refusal) {
        return;
    }
    if (topic.size_bytes > 0 && topic.data[0] == 1 &&
        may_be_of_operations((struct text){topic.data + 1, topic.size_bytes - 1})) {
        daemon->is_watched = true;
    }
    if (topic.size_bytes != 1 + UUID_TEXT_BYTES || topic.data[0] != 1) {
        return; /* a worker's topic, or a prefix: those have no last value */
    }
    topic.data++;
    topic.size_bytes--;
    if (uuid_parse(topic, &id) || store_get(daemon->store, &id, &record, NULL)) {
        return;
    }
    if (!(security_audience(&daemon->security, &record.tenant_id) & asked)) {
        return;
    }
    event = show_event(EVENT_KIND_SNAPSHOT, &record, engine_attempt(&daemon->engine, &id),
                       daemon->now.wall);
    effects_publish(&daemon->effects, asked, topic, &event_schema, &event);
}
