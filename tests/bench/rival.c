// SPDX-License-Identifier: MIT
#include "tests/bench/rival.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/temporary.h"

#define STOP_MS 10000
#define TRIES   2000
#define TRY_US  5000

static const char *const programs[RIVAL_COUNT] = {
    [RIVAL_REDIS] = "/usr/bin/redis-server", [RIVAL_BEANSTALKD] = "/usr/bin/beanstalkd"};

const char *rival_program(enum rival_kind kind)
{
    return access(programs[kind], X_OK) == 0 ? programs[kind] : NULL;
}

static struct sockaddr_in address_of(int port)
{
    return (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons((uint16_t)port),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static int free_port(void)
{
    struct sockaddr_in address = address_of(0);
    socklen_t size = sizeof(address);
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (handle < 0 || bind(handle, (struct sockaddr *)&address, size) ||
        getsockname(handle, (struct sockaddr *)&address, &size)) {
        measure_fail("a free port");
    }
    close(handle);
    return ntohs(address.sin_port);
}

static bool listens(int port)
{
    struct sockaddr_in address = address_of(port);
    int handle = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool is = handle >= 0 && connect(handle, (struct sockaddr *)&address, sizeof(address)) == 0;
    if (handle >= 0) {
        close(handle);
    }
    return is;
}

void rival_start(struct rival *rival, enum rival_kind kind, const char *directory)
{
    char port[16];
    *rival = (struct rival){.kind = kind, .port = free_port()};
    snprintf(port, sizeof(port), "%d", rival->port);
    const char *const redis[] = {
        programs[kind], "--bind",       "127.0.0.1", "--port",     port,      "--dir",
        directory,      "--appendonly", "yes",       "--save",     "",        "--appendfsync",
        "always",       "--daemonize",  "no",        "--loglevel", "warning", NULL};
    const char *const beanstalkd[] = {programs[kind], "-l",      "127.0.0.1", "-p", port,
                                      "-b",           directory, "-f",        "0",  NULL};
    const char *const *const arguments[RIVAL_COUNT] = {
        [RIVAL_REDIS] = redis, [RIVAL_BEANSTALKD] = beanstalkd};
    if (process_start(
            &(struct process_options){.arguments = arguments[kind], .output_path = "/dev/null"},
            &rival->process)) {
        measure_fail(programs[kind]);
    }
    for (unsigned i = 0; !listens(rival->port); i++) {
        if (i == TRIES || !process_is_running(&rival->process)) {
            measure_fail(programs[kind]);
        }
        usleep(TRY_US);
    }
}

void rival_stop(struct rival *rival)
{
    if (rival->process.pid) {
        (void)process_stop(&rival->process, SIGTERM, STOP_MS);
    }
}
