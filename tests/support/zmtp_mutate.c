// SPDX-License-Identifier: MIT
/* zmtp_mutate PORT COUNT SEED MECHANISM: makes so many TCP connections to 127.0.0.1 and says on
 * each what a peer would say (greeting, commands, frames), with mistakes in it. The mistakes come
 * from the seed. Prints how many connections were made. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define GREETING_BYTES 64
#define SPEECH_BYTES   2048
/* Connections that are left open behind the newest, so that the other side can read and answer. */
#define OPEN 128
/* How long the other side may take to let one in. */
#define PATIENCE_MS 60000

struct speech {
    uint8_t bytes[SPEECH_BYTES];
    size_t count;
};

static uint64_t state;

/* SplitMix64. */
static uint64_t draw(uint64_t below)
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (z ^ (z >> 31)) % below;
}

static void say(struct speech *speech, const void *bytes, size_t count)
{
    if (count > SPEECH_BYTES - speech->count) {
        count = SPEECH_BYTES - speech->count;
    }
    memcpy(speech->bytes + speech->count, bytes, count);
    speech->count += count;
}

static void say_greeting(struct speech *speech, const char *mechanism)
{
    uint8_t greeting[GREETING_BYTES] = {0xff, [9] = 0x7f, [10] = 3, [11] = (uint8_t)draw(3)};

    memcpy(greeting + 12, mechanism, strlen(mechanism));
    say(speech, greeting, sizeof greeting);
}

static void say_frame(struct speech *speech, uint8_t flags, const void *body, size_t count)
{
    const uint8_t head[] = {flags, (uint8_t)count};

    say(speech, head, sizeof head);
    say(speech, body, count);
}

static void say_random_frame(struct speech *speech)
{
    uint8_t body[200];
    size_t count = draw(sizeof body);

    for (size_t i = 0; i < count; i++) {
        body[i] = (uint8_t)draw(draw(2) ? 256 : 3);
    }
    say_frame(speech, (uint8_t)draw(draw(4) ? 2 : 256), body, count);
}

static void say_commands(struct speech *speech, const char *mechanism)
{
    static const char ready[] = "\5READY\13Socket-Type\0\0\0\6DEALER\10Identity\0\0\0\0";
    uint8_t hello[200] = "\5HELLO\1";

    if (strcmp(mechanism, "NULL") == 0) {
        say_frame(speech, 4, ready, sizeof ready - 1);
        return;
    }
    for (size_t i = 8 + 72; i < sizeof hello; i++) {
        hello[i] = (uint8_t)draw(256);
    }
    say_frame(speech, 4, hello, sizeof hello);
}

static void mutate(struct speech *speech)
{
    size_t at = draw(speech->count);
    size_t count = 1 + draw(8);

    switch (draw(6)) {
    case 0: /* bits */
        speech->bytes[at] ^= (uint8_t)(1U << draw(8));
        break;
    case 1: /* bytes */
        for (size_t i = at; i < at + count && i < speech->count; i++) {
            speech->bytes[i] = (uint8_t)draw(256);
        }
        break;
    case 2: /* the end is missing */
        speech->count = at;
        break;
    case 3: /* some in the middle are missing */
        count = count < speech->count - at ? count : speech->count - at;
        memmove(speech->bytes + at, speech->bytes + at + count, speech->count - at - count);
        speech->count -= count;
        break;
    case 4: /* a length */
        speech->bytes[at] = draw(2) ? 0xff : 0;
        break;
    default: /* something comes twice */
        if (speech->count + count < SPEECH_BYTES && at + count <= speech->count) {
            memmove(speech->bytes + at + count, speech->bytes + at, speech->count - at);
            speech->count += count;
        }
        break;
    }
}

static void make(struct speech *speech, const char *mechanism)
{
    speech->count = 0;
    say_greeting(speech, mechanism);
    say_commands(speech, mechanism);
    for (uint64_t n = draw(5); n > 0; n--) {
        say_random_frame(speech);
    }
    for (uint64_t n = 1 + draw(4); n > 0 && speech->count > 0; n--) {
        mutate(speech);
    }
}

/* Ends once the other side has let it in and spoken, for when too many wait for that the kernel
 * has each further one try again a second later; and so that no port stays taken. */
static void hang_up(int descriptor)
{
    const struct linger now = {.l_onoff = 1, .l_linger = 0};
    struct pollfd item = {.fd = descriptor, .events = POLLIN};

    if (descriptor >= 0) {
        (void)poll(&item, 1, PATIENCE_MS);
        (void)setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &now, sizeof now);
        close(descriptor);
    }
}

static int call(const struct sockaddr_in *address)
{
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor >= 0 && connect(descriptor, (const struct sockaddr *)address, sizeof *address)) {
        close(descriptor);
        return -1;
    }
    return descriptor;
}

int main(int argc, char **argv)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct speech speech;
    int open[OPEN];
    unsigned long made = 0;

    if (argc != 5) {
        fputs("usage: zmtp_mutate PORT COUNT SEED MECHANISM\n", stderr);
        return 2;
    }
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    state = strtoull(argv[3], NULL, 10);
    memset(open, -1, sizeof open);
    for (unsigned long count = strtoul(argv[2], NULL, 10), i = 0; i < count; i++) {
        int descriptor = call(&address);

        if (descriptor < 0) {
            fprintf(stderr, "connection %lu: %s\n", i, strerror(errno));
            return 1;
        }
        make(&speech, argv[4]);
        (void)send(descriptor, speech.bytes, speech.count, MSG_NOSIGNAL);
        hang_up(open[i % OPEN]);
        open[i % OPEN] = descriptor;
        made++;
    }
    for (size_t i = 0; i < OPEN; i++) {
        hang_up(open[i]);
    }
    printf("%lu\n", made);
    return 0;
}
