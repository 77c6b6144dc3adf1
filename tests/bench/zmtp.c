// SPDX-License-Identifier: MIT
#include "tests/bench/zmtp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/measure.h"

#define GREETING_BYTES 64
#define HEAD_BYTES     9
#define FLAG_MORE      1
#define FLAG_LONG      2
#define FLAG_COMMAND   4

static void write_all(int socket, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size) {
        ssize_t written = send(socket, at, size, MSG_NOSIGNAL);
        if (written < 0 && (errno == EAGAIN || errno == EINTR)) {
            struct pollfd item = {.fd = socket, .events = POLLOUT};
            (void)poll(&item, 1, -1);
            continue;
        }
        if (written < 0) {
            measure_fail("send");
        }
        at += written;
        size -= (size_t)written;
    }
}

static void read_all(int socket, void *bytes, size_t size)
{
    if (recv(socket, bytes, size, MSG_WAITALL) != (ssize_t)size) {
        measure_fail("handshake");
    }
}

/* Greeting of ZMTP 3.0 with the NULL mechanism, then READY with the socket type. */
static void shake_hands(int socket, const char *type)
{
    uint8_t greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, [10] = 3, [12] = 'N', 'U', 'L', 'L'};
    static const char property[] = "\x05READY\x0bSocket-Type\0\0";
    uint8_t ready[64] = {FLAG_COMMAND};
    size_t size = 2 + sizeof(property); /* with the third zero of the length */
    memcpy(ready + 2, property, sizeof(property));
    ready[size++] = (uint8_t)strlen(type);
    memcpy(ready + size, type, strlen(type));
    size += strlen(type);
    ready[1] = (uint8_t)(size - 2);
    write_all(socket, greeting, sizeof(greeting));
    write_all(socket, ready, size);
    uint8_t head[2];
    uint8_t body[255];
    read_all(socket, greeting, sizeof(greeting));
    read_all(socket, head, sizeof(head));
    read_all(socket, body, head[1]);
    if (head[0] != FLAG_COMMAND || memcmp(body, "\x05READY", 6) != 0) {
        measure_fail("handshake");
    }
}

bool zmtp_connect(struct zmtp *zmtp, const char *endpoint, const char *type)
{
    int port = 0;
    if (sscanf(endpoint, "tcp://127.0.0.1:%d", &port) != 1) { // NOLINT(cert-err34-c): ours
        measure_fail(endpoint);
    }
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int yes = 1;
    if (handle < 0 || setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes))) {
        measure_fail(endpoint);
    }
    if (connect(handle, (struct sockaddr *)&address, sizeof(address))) {
        if (errno != ECONNREFUSED) {
            measure_fail(endpoint);
        }
        close(handle);
        return false;
    }
    shake_hands(handle, type);
    if (fcntl(handle, F_SETFL, O_NONBLOCK)) {
        measure_fail("fcntl");
    }
    zmtp->socket = handle;
    zmtp->input_size = zmtp->output_size = 0;
    return true;
}

void zmtp_close(struct zmtp *zmtp)
{
    close(zmtp->socket);
    zmtp->socket = -1;
}

void zmtp_flush(struct zmtp *zmtp)
{
    if (zmtp->output_size) {
        write_all(zmtp->socket, zmtp->output, zmtp->output_size);
        zmtp->output_size = 0;
    }
}

static void put_frame(struct zmtp *zmtp, uint8_t flags, const void *bytes, size_t size)
{
    if (size > ZMTP_OUTPUT_BYTES - HEAD_BYTES) {
        errno = EMSGSIZE;
        measure_fail("a frame");
    }
    if (HEAD_BYTES + size > ZMTP_OUTPUT_BYTES - zmtp->output_size) {
        zmtp_flush(zmtp);
    }
    uint8_t *at = zmtp->output + zmtp->output_size;
    size_t head = size > UINT8_MAX ? HEAD_BYTES : 2;
    at[0] = (uint8_t)(flags | (head > 2 ? FLAG_LONG : 0));
    for (size_t i = 1; i < head; i++) {
        at[i] = (uint8_t)((uint64_t)size >> (8 * (head - 1 - i)));
    }
    if (size) {
        memcpy(at + head, bytes, size);
    }
    zmtp->output_size += head + size;
}

void zmtp_put(struct zmtp *zmtp, const void *bytes, size_t size, bool has_more)
{
    put_frame(zmtp, has_more ? FLAG_MORE : 0, bytes, size);
}

/* PING has two bytes of time to live, and a context that PONG gives back. Who does not answer is
 * taken for dead. */
static void on_command(struct zmtp *zmtp, const uint8_t *body, size_t size)
{
    if (size < 7 || size > 64 || memcmp(body, "\x04PING", 5) != 0) {
        return;
    }
    uint8_t pong[64] = {4, 'P', 'O', 'N', 'G'};
    memcpy(pong + 5, body + 7, size - 7);
    put_frame(zmtp, FLAG_COMMAND, pong, size - 2);
    zmtp_flush(zmtp);
}

/* Takes one frame from the input; returns its bytes, or 0 when it is not complete yet. */
static size_t take_frame(struct zmtp *zmtp, const uint8_t *bytes, size_t available,
                         zmtp_receiver receive, void *context)
{
    size_t head = available && (bytes[0] & FLAG_LONG) ? HEAD_BYTES : 2;
    if (available < head) {
        return 0;
    }
    uint64_t size = bytes[1];
    for (size_t i = 2; i < head; i++) {
        size = size << 8 | bytes[i];
    }
    if (size > ZMTP_INPUT_BYTES - head) {
        measure_fail("a frame that is too long");
    }
    if (available < head + size) {
        return 0;
    }
    if (bytes[0] & FLAG_COMMAND) {
        on_command(zmtp, bytes + head, size);
    } else {
        receive(context, bytes + head, size, bytes[0] & FLAG_MORE);
    }
    return head + size;
}

void zmtp_receive(struct zmtp *zmtp, zmtp_receiver receive, void *context)
{
    ssize_t size =
        recv(zmtp->socket, zmtp->input + zmtp->input_size, ZMTP_INPUT_BYTES - zmtp->input_size, 0);
    if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (size <= 0) {
        measure_fail("the server closed the connection");
    }
    zmtp->input_size += (size_t)size;
    size_t offset = 0;
    size_t taken;
    while ((taken = take_frame(zmtp, zmtp->input + offset, zmtp->input_size - offset, receive,
                               context)) > 0) {
        offset += taken;
    }
    zmtp->input_size -= offset;
    memmove(zmtp->input, zmtp->input + offset, zmtp->input_size);
}
