// SPDX-License-Identifier: MIT
/* Status frames: events under the topic of their operation, and notices to workers. */
#include <string.h>

#include "schemas/codec/codec.h"
#include "tests/simulation/bundles.h"
#include "tests/simulation/checks_said.h"

static bool is_notice(const struct evidence *evidence)
{
    return evidence->topic.size_bytes > 7 && memcmp(evidence->topic.data, "worker/", 7) == 0;
}

static bool event_fits(const struct evidence *evidence)
{
    return is_notice(evidence) || said_event_fits(evidence->root, NULL);
}

static bool topic_fits(const struct evidence *evidence)
{
    struct event said;
    struct wire_error error;
    struct uuid id;

    return is_notice(evidence) ||
           (event_decode(evidence->root, &said, &error) == 0 &&
            uuid_parse(evidence->topic, &id) == 0 && uuid_equal(&id, &said.operation_id));
}

static bool is_completing(int64_t fence)
{
    const struct model_operation *operation;

    for (size_t i = 0; (operation = model_number(i)); i++) {
        if (operation->completed_fence == fence) {
            return true;
        }
    }
    return false;
}

static bool spares(const struct wire_list *fences)
{
    int64_t fence;

    for (uint32_t i = 0; i < fences->count; i++) {
        codec_item(fences, i, &fence);
        if (is_completing(fence)) {
            return checks_detail("fence %llx", (unsigned long long)fence);
        }
    }
    return true;
}

/* What a worker is told to remove is nothing that an operation names. */
static bool spares_the_complete(const struct evidence *evidence)
{
    struct notice notice;
    struct wire_error error;

    if (!is_notice(evidence)) {
        return true;
    }
    if (notice_decode(evidence->root, &notice, &error)) {
        return checks_detail("a notice that cannot be read");
    }
    return spares(&notice.superseded) && spares(&notice.cancelled);
}

static const struct check rows[] = {
    {3, "a status frame shows an event of the log", event_fits},
    {6, "a status frame has the topic of its operation", topic_fits},
    {2, "no worker is told to remove the bundle of a complete operation", spares_the_complete},
};

const struct checks checks_status = {rows, sizeof rows / sizeof rows[0]};
