// SPDX-License-Identifier: MIT
#include "daemon/effects.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

enum effect_kind { EFFECT_REPLY, EFFECT_PUBLISH, EFFECT_OFFER };

/* Places in bytes: it may move while it grows. */
struct effect {
    enum effect_kind kind;
    struct envelope envelope; /* replies */
    uint64_t audience;        /* publications */
    size_t topic_at;
    uint32_t topic_bytes;
    size_t at;
    uint32_t size_bytes;
    int64_t fence; /* offers */
};

/* The longest notice: lists are cut there and the rest goes into another frame. */
#define NOTICE_FENCES 1024

void effects_clear(struct effects *effects)
{
    wire_output_clear(&effects->bytes);
    effects->count = 0;
    effects->error = 0;
}

void effects_release(struct effects *effects)
{
    wire_output_release(&effects->bytes);
    free(effects->items);
    *effects = (struct effects){0};
}

static struct effect *add(struct effects *effects, enum effect_kind kind)
{
    size_t larger = effects->capacity ? effects->capacity * 2 : 256;
    struct effect *items;

    if (effects->error) {
        return NULL;
    }
    if (effects->count == effects->capacity) {
        items = reallocarray(effects->items, larger, sizeof *items);
        if (!items) {
            effects->error = -ERROR_MEMORY;
            return NULL;
        }
        effects->items = items;
        effects->capacity = larger;
    }
    items = &effects->items[effects->count++];
    items->kind = kind;
    items->topic_at = 0;
    items->topic_bytes = 0;
    items->at = effects->bytes.size_bytes;
    items->size_bytes = 0;
    items->fence = 0;
    return items;
}

static void encode(struct effects *effects, struct effect *effect, const struct schema *schema,
                   const void *message)
{
    effect->at = effects->bytes.size_bytes;
    codec_encode(schema, message, &effects->bytes);
    effect->size_bytes = (uint32_t)(effects->bytes.size_bytes - effect->at);
    if (effects->bytes.error) {
        effects->error = effects->bytes.error;
    }
}

void effects_reply(struct effects *effects, const struct envelope *envelope,
                   const struct schema *schema, const void *reply)
{
    struct effect *effect = add(effects, EFFECT_REPLY);

    if (effect) {
        effect->envelope = *envelope;
        encode(effects, effect, schema, reply);
    }
}

void effects_publish(struct effects *effects, uint64_t audience, struct text topic,
                     const struct schema *schema, const void *message)
{
    struct effect *effect = add(effects, EFFECT_PUBLISH);

    if (effect) {
        effect->audience = audience;
        effect->topic_at = effects->bytes.size_bytes;
        effect->topic_bytes = topic.size_bytes;
        wire_append(&effects->bytes, topic.data, topic.size_bytes);
        encode(effects, effect, schema, message);
    }
}

void effects_offer(struct effects *effects, const struct job *job)
{
    struct effect *effect = add(effects, EFFECT_OFFER);

    if (effect) {
        effect->fence = job->fence;
        encode(effects, effect, &job_schema, job);
    }
}

/* Takes the fences of one worker and one verdict out of the notices; taken ones have fence 0
 * afterwards. */
static uint32_t take_fences(struct fence_notice *notices, size_t count, const char *worker,
                            enum verdict verdict, struct wire_output *fences)
{
    uint32_t taken = 0;

    for (size_t i = 0; i < count && taken < NOTICE_FENCES; i++) {
        if (notices[i].fence != 0 && notices[i].verdict == verdict &&
            strcmp(notices[i].worker, worker) == 0) {
            wire_integer(fences, notices[i].fence);
            notices[i].fence = 0;
            taken++;
        }
    }
    return taken;
}

#define VERDICTS 3

static void publish_notice(struct effects *effects, struct fence_notice *notices, size_t count,
                           const char *worker)
{
    struct wire_output fences[VERDICTS] = {WIRE_OUTPUT_INIT, WIRE_OUTPUT_INIT, WIRE_OUTPUT_INIT};
    char topic[sizeof "worker/" + sizeof notices->worker];
    struct notice notice = {0};
    struct wire_list *const lists[VERDICTS] = {
        [VERDICT_RECORDED] = &notice.recorded,
        [VERDICT_SUPERSEDED] = &notice.superseded,
        [VERDICT_CANCELLED] = &notice.cancelled,
    };

    for (int i = 0; i < VERDICTS; i++) {
        lists[i]->count = take_fences(notices, count, worker, (enum verdict)i, &fences[i]);
        lists[i]->encoded = fences[i].data;
        lists[i]->encoded_bytes = fences[i].size_bytes;
        effects->error = fences[i].error ? -ERROR_MEMORY : effects->error;
    }
    strcpy(topic, "worker/");
    strncat(topic, worker, sizeof notices->worker - 1);
    if (!effects->error) {
        effects_publish(effects, SOCKETS_STATUS_BIT, text_of(topic), &notice_schema, &notice);
    }
    for (int i = 0; i < VERDICTS; i++) {
        wire_output_release(&fences[i]);
    }
}

void effects_notices(struct effects *effects, struct fence_notice *notices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        while (notices[i].fence != 0 && !effects->error) {
            publish_notice(effects, notices, count, notices[i].worker);
        }
    }
}

/* The number of sockets that did not take it. */
static size_t publish(struct sockets *sockets, uint64_t audience, struct text topic,
                      struct text payload)
{
    size_t dropped = 0;

    for (uint32_t number = SOCKETS_STATUS_NUMBER; audience; number++, audience >>= 1) {
        dropped += (audience & 1) && sockets_publish(sockets, number, topic, payload);
    }
    return dropped;
}

static void send_effect(struct effects *effects, const struct effect *effect,
                        struct sockets *sockets, struct engine *engine, struct now now)
{
    const char *bytes = effects->bytes.data;
    struct text payload = {bytes + effect->at, effect->size_bytes};
    struct text topic = {bytes + effect->topic_at, effect->topic_bytes};

    switch (effect->kind) {
    case EFFECT_REPLY:
        effects->dropped_replies += sockets_reply(sockets, &effect->envelope, payload) != 0;
        break;
    case EFFECT_PUBLISH:
        effects->dropped_frames += publish(sockets, effect->audience, topic, payload);
        break;
    case EFFECT_OFFER:
        if (engine_is_offered(engine, effect->fence) && sockets_offer(sockets, payload)) {
            engine_unsent(engine, effect->fence, now);
        }
        break;
    }
}

void effects_offer_now(struct effects *effects, const struct job *job, struct sockets *sockets,
                       struct engine *engine, struct now now)
{
    size_t at = effects->bytes.size_bytes;

    job_encode(job, &effects->bytes);
    if (effects->bytes.error) {
        effects->error = effects->bytes.error;
    } else if (sockets_offer(sockets, (struct text){effects->bytes.data + at,
                                                    (uint32_t)(effects->bytes.size_bytes - at)})) {
        engine_unsent(engine, job->fence, now);
    }
    effects->bytes.size_bytes = at; /* nothing refers to it any more */
}

void effects_send(struct effects *effects, struct sockets *sockets, struct engine *engine,
                  struct now now)
{
    for (size_t i = 0; i < effects->count; i++) {
        send_effect(effects, &effects->items[i], sockets, engine, now);
    }
}
