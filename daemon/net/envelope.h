// SPDX-License-Identifier: MIT
/* The way back to whoever sent a request. */
#ifndef DAEMON_NET_ENVELOPE_H
#define DAEMON_NET_ENVELOPE_H

#include <stdbool.h>
#include <stdint.h>

#include "schemas/base/limits.h"

struct frames;

/* Whom a request came from: the frames before its payload, to be sent back before the reply. */
struct envelope {
    uint8_t frame_count;
    bool has_delimiter; /* an empty frame followed; a reply gets one as well */
    uint16_t sizes[LIMIT_ENVELOPE_FRAMES];
    uint8_t bytes[LIMIT_ENVELOPE_FRAMES * LIMIT_ENVELOPE_BYTES];
};

/* Reads it from the frames of a message; *payload is the number of the first frame behind it. False
 * when it cannot be kept. */
bool envelope_read(struct envelope *envelope, const struct frames *frames, uint32_t *payload);

/* Whether the peer gave itself its routing id: then whoever takes the same one while it is away is
 * sent its replies. Those that libzmq gives begin with a zero byte. */
static inline bool envelope_is_chosen(const struct envelope *envelope)
{
    return envelope->sizes[0] == 0 || envelope->bytes[0] != 0;
}

#endif
