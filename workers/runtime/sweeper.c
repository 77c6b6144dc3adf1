// SPDX-License-Identifier: MIT
#include "workers/runtime/sweeper.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "workers/bundle/bundle.h"
#include "workers/runtime/sockets.h"

#define PATHS_NAME "sweeper"

struct sweep {
    int64_t fence;
    char path[BUNDLE_PATH_BUFFER];
};

static void remove_file(const struct sweep *sweep)
{
    if (unlink(sweep->path) == 0 || errno == ENOENT)
        log_line(LOG_INFO, "swept", "fence=%lld", (long long)sweep->fence);
    else
        log_line(LOG_ERROR, "not_swept", "fence=%lld errno=%d", (long long)sweep->fence, errno);
}

static void *sweeper_main(void *argument)
{
    void *paths = argument;
    struct sweep sweep;
    int got;

    do {
        got = zmq_recv(paths, &sweep, sizeof(sweep), 0);
        if (got == (int)sizeof(sweep))
            remove_file(&sweep);
    } while (got == (int)sizeof(sweep) || (got < 0 && errno == EINTR));
    return NULL;
}

int sweeper_start(struct sweeper *sweeper, void *context)
{
    sweeper->paths = socket_inside(context, ZMQ_PAIR, true, PATHS_NAME, 0);
    sweeper->thread_paths = socket_inside(context, ZMQ_PAIR, false, PATHS_NAME, 0);
    if (!sweeper->paths || !sweeper->thread_paths)
        return -ERROR_IO;
    sweeper->is_running =
        pthread_create(&sweeper->thread, NULL, sweeper_main, sweeper->thread_paths) == 0;
    return sweeper->is_running ? 0 : -ERROR_IO;
}

void sweeper_remove(struct sweeper *sweeper, const char *path, int64_t fence)
{
    struct sweep sweep;

    memset(&sweep, 0, sizeof(sweep));
    sweep.fence = fence;
    snprintf(sweep.path, sizeof(sweep.path), "%s", path);
    if (zmq_send(sweeper->paths, &sweep, sizeof(sweep), ZMQ_DONTWAIT) < 0)
        log_line(LOG_ERROR, "not_swept", "fence=%lld errno=%d", (long long)fence, errno);
}

void sweeper_join(struct sweeper *sweeper)
{
    if (sweeper->is_running) {
        zmq_send(sweeper->paths, "", 0, 0);
        pthread_join(sweeper->thread, NULL);
        sweeper->is_running = false;
    }
    if (sweeper->paths)
        zmq_close(sweeper->paths);
    if (sweeper->thread_paths)
        zmq_close(sweeper->thread_paths);
    sweeper->paths = sweeper->thread_paths = NULL;
}
