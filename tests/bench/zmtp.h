// SPDX-License-Identifier: MIT
/* A TCP connection that speaks ZMTP 3.0 with the NULL mechanism (rfc.zeromq.org/spec/23) by hand,
 * so that played peers take little of the machine that is measured. What the peer's heartbeat asks
 * is answered. Memory and errors are as in measure.h: what fails ends the program. One thread. */
#ifndef TESTS_BENCH_ZMTP_H
#define TESTS_BENCH_ZMTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ZMTP_INPUT_BYTES  131072
#define ZMTP_OUTPUT_BYTES 32768

struct zmtp {
    int socket; /* not blocking; for epoll */
    size_t input_size;
    size_t output_size;
    uint8_t input[ZMTP_INPUT_BYTES];
    uint8_t output[ZMTP_OUTPUT_BYTES];
};

/* Connects to tcp://127.0.0.1:PORT as a socket of this type ("REQ", "PULL", …). False when nobody
 * listens there. */
bool zmtp_connect(struct zmtp *zmtp, const char *endpoint, const char *type);
void zmtp_close(struct zmtp *zmtp);

/* Frames gather until they are flushed or do not fit any more. */
void zmtp_put(struct zmtp *zmtp, const void *bytes, size_t size, bool has_more);
void zmtp_flush(struct zmtp *zmtp);

/* Takes what has arrived, without waiting, and shows it frame by frame. */
typedef void (*zmtp_receiver)(void *context, const uint8_t *frame, size_t size, bool has_more);
void zmtp_receive(struct zmtp *zmtp, zmtp_receiver receive, void *context);

#endif
