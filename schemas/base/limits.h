// SPDX-License-Identifier: MIT
/* The bounds of everything that crosses a process. A peer that exceeds one is refused. */
#ifndef SCHEMAS_BASE_LIMITS_H
#define SCHEMAS_BASE_LIMITS_H

#define LIMIT_MESSAGE_BYTES          65536 /* one frame, and ZMQ_MAXMSGSIZE of every socket */
#define LIMIT_DEPTH                  8     /* nested maps and arrays */
#define LIMIT_ELEMENTS               4096  /* maps, arrays and scalars in one message, keys aside */
#define LIMIT_MAP_KEYS               64    /* keys of one map, and so properties of one schema */
#define LIMIT_STRING_BYTES           16384 /* one string */
#define LIMIT_TOKEN_BYTES            8192  /* one access token */
#define LIMIT_KEY_SET_BYTES          65536 /* one JWKS file */
#define LIMIT_REVOCATIONS_BYTES      1048576 /* one file of revoked tokens and persons */
#define LIMIT_CONFIGURATION_BYTES    1048576
#define LIMIT_CONFIGURATION_DEPTH    16
#define LIMIT_CONFIGURATION_ELEMENTS 16384
#define LIMIT_ENVELOPE_FRAMES        4   /* frames a request may carry before its empty delimiter */
#define LIMIT_ENVELOPE_BYTES         256 /* bytes of one such frame */
#define LIMIT_WAITING_BYTES                                                                        \
    67108864 /* messages of one socket that were received and not handled                          \
              */
#define LIMIT_WAITING_SENDER_BYTES   8388608  /* of these, the messages of one sender */
#define LIMIT_UNFINISHED_BYTES       1048576  /* bytes of a connection of which no message came */
#define LIMIT_UNFINISHED_ALL_BYTES   67108864 /* and of all connections together */
#define LIMIT_IDLE_BYTES_A_SECOND    1000     /* that do not count, for they may be heartbeats */
#define LIMIT_BARRED_MS              60000    /* for which whoever exceeded it is not let in */
#define LIMIT_TOPIC_BYTES            1024     /* one subscription */
#define LIMIT_TOPIC_UNIT_BYTES       64       /* of a topic, that count as one subscription */
#define LIMIT_SOURCES                32       /* sources of one worker, and so of one bundle */
#define LIMIT_PAGE_BYTES             57344    /* what a list reply may fill of its message */
#define LIMIT_WORKER_SLOTS           256
#define LIMIT_REFUSAL_LINES          1000 /* of the log at once, of one reason and identity; */
#define LIMIT_REFUSAL_LINES_A_SECOND 5    /* and from then on; the rest is counted */
#define LIMIT_FEEDS                  32   /* status endpoints beside the main one */
#define LIMIT_IDENTITIES             4096 /* certificates in the directory of identities */

#endif
