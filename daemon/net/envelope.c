// SPDX-License-Identifier: MIT
#include "daemon/net/envelope.h"

#include <string.h>

#include "daemon/net/frames.h"

static size_t size_of(const struct frames *frames, uint32_t number)
{
    return zmq_msg_size(&frames->frames[number]);
}

/* Everything before the first empty frame is the way back: the routing id, what REQ_CORRELATE adds,
 * the ids of proxies. A DEALER that sends no empty frame gets its reply without one. */
bool envelope_read(struct envelope *envelope, const struct frames *frames, uint32_t *payload)
{
    uint32_t delimiter = 1;
    size_t used = 0;

    while (delimiter < frames->kept && size_of(frames, delimiter) > 0) {
        delimiter++;
    }
    envelope->has_delimiter = delimiter < frames->kept;
    envelope->frame_count = (uint8_t)(envelope->has_delimiter ? delimiter : 1);
    *payload = envelope->frame_count + (envelope->has_delimiter ? 1U : 0U);
    if (envelope->frame_count > LIMIT_ENVELOPE_FRAMES) {
        return false;
    }
    for (uint8_t i = 0; i < envelope->frame_count; i++) {
        size_t size_bytes = size_of(frames, i);
        if (size_bytes > LIMIT_ENVELOPE_BYTES) {
            return false;
        }
        memcpy(envelope->bytes + used, zmq_msg_data((zmq_msg_t *)&frames->frames[i]), size_bytes);
        envelope->sizes[i] = (uint16_t)size_bytes;
        used += size_bytes;
    }
    return true;
}
