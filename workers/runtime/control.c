// SPDX-License-Identifier: MIT
#include "workers/runtime/control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "schemas/base/supervisor.h"
#include "workers/runtime/sockets.h"
#include "workers/runtime/verdicts.h"
#include "workers/runtime/worker.h"

#define TURN_MESSAGES    64 /* of one socket, so that none starves another */
#define SOCKETS_PER_SLOT 3
#define SOCKETS_BESIDES  32
/* For attempts to notice that they are to stop, and for the threads and sockets to end. */
#define STOP_MARGIN_MS 10000

struct control {
    const struct settings *settings;
    void *context;
    struct sockets sockets;
    void *ends;
    int signals;
    struct supervisor supervisor;
    char topic[SETTINGS_NAME_BUFFER + 8];
    struct worker worker;
    struct inbox inbox;
};

static int fail(const char *what)
{
    int saved = errno;

    log_line(LOG_ERROR, "not_started", "what=%s errno=%d reason=\"%s\"", what, saved,
             zmq_strerror(saved));
    return -ERROR_IO;
}

static int open_signals(void)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    return signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int control_open(struct control *control)
{
    const struct settings *settings = control->settings;
    const char *what;

    snprintf(control->topic, sizeof(control->topic), "worker/%s", settings->name);
    control->signals = open_signals();
    if (control->signals < 0)
        return fail("signalfd");
    control->context = zmq_ctx_new();
    if (!control->context || zmq_ctx_set(control->context, ZMQ_MAX_SOCKETS,
                                         settings->slots * SOCKETS_PER_SLOT + SOCKETS_BESIDES) != 0)
        return fail("context");
    control->ends = slot_ends(control->context);
    if (!control->ends)
        return fail("inproc");
    if (sockets_open(&control->sockets, control->context, settings, &what))
        return fail(what);
    int rc = worker_open(&control->worker, control->context, settings, control->sockets.reports);
    return rc ? fail("threads") : 0;
}

/* The threads first: the context waits for their sockets. */
static void control_close(struct control *control)
{
    worker_close(&control->worker);
    sockets_close(&control->sockets);
    if (control->ends)
        zmq_close(control->ends);
    while (control->context && zmq_ctx_term(control->context) != 0 && errno == EINTR) {
    }
    if (control->signals >= 0)
        close(control->signals);
}

static void log_frames(const struct control *control, const char *message)
{
    log_line(LOG_WARNING, "dropped", "message=%s code=%s frames=%d", message,
             error_row(-ERROR_FRAMES)->inner_code, control->inbox.frame_count);
}

static void receive_offers(struct control *control, struct mono now)
{
    struct inbox *inbox = &control->inbox;

    for (int i = 0; i < TURN_MESSAGES && inbox_receive(inbox, control->sockets.jobs); i++) {
        if (inbox->frame_count == 1)
            worker_on_offer(&control->worker, inbox->frames[0], inbox->sizes[0], now, wall_now());
        else
            log_frames(control, "job");
    }
}

/* A subscription is a prefix: worker/a also hears what is meant for worker/ab. */
static bool is_for_us(const struct control *control)
{
    const struct inbox *inbox = &control->inbox;

    return inbox->sizes[0] == strlen(control->topic) &&
           memcmp(inbox->frames[0], control->topic, inbox->sizes[0]) == 0;
}

static void receive_notices(struct control *control)
{
    struct inbox *inbox = &control->inbox;

    for (int i = 0; i < TURN_MESSAGES && inbox_receive(inbox, control->sockets.status); i++) {
        if (!is_for_us(control))
            continue;
        if (inbox->frame_count == 2)
            verdicts_receive(&control->worker, inbox->frames[1], inbox->sizes[1]);
        else
            log_frames(control, "notice");
    }
}

static void receive_ends(struct control *control, struct mono now)
{
    while (inbox_receive(&control->inbox, control->ends)) {
    }
    for (int i = 0; i < control->settings->slots; i++) {
        struct slot *slot = &control->worker.slots[i];

        if (slot_has_ended(slot)) {
            worker_on_end(&control->worker, &slot->end, slot->report.data, slot->report.size_bytes,
                          now);
            slot_take_end(slot);
        }
    }
}

static void receive_found(struct control *control)
{
    struct bundle_identity bundle;

    while (sweeper_found(&control->worker.sweeper, &bundle))
        verdicts_ask(&control->worker, &bundle);
}

static void receive_signals(struct control *control, struct mono now)
{
    struct signalfd_siginfo signal;

    while (read(control->signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal)) {
        worker_on_signal(&control->worker, now);
        supervisor_tell_stopping(control->settings->drain_ms + WORKER_FLUSH_MS + STOP_MARGIN_MS);
    }
}

/* Signals and ends before offers: an offer is refused once the worker is stopping, and taken when
 * its slot has just become free. */
static int turn(struct control *control)
{
    zmq_pollitem_t items[] = {
        {.socket = control->sockets.jobs, .events = ZMQ_POLLIN},
        {.socket = control->sockets.status, .events = ZMQ_POLLIN},
        {.socket = control->ends, .events = ZMQ_POLLIN},
        {.socket = control->worker.sweeper.orders, .events = ZMQ_POLLIN},
        {.fd = control->signals, .events = ZMQ_POLLIN},
        {.socket = control->sockets.handshakes[0].monitor, .events = ZMQ_POLLIN},
        {.socket = control->sockets.handshakes[1].monitor, .events = ZMQ_POLLIN},
        {.socket = control->sockets.handshakes[2].monitor, .events = ZMQ_POLLIN},
    };
    struct mono now = mono_now();
    int wait_ms =
        supervisor_wait_ms(&control->supervisor, now, worker_wait_ms(&control->worker, now));

    if (zmq_poll(items, sizeof(items) / sizeof(items[0]), wait_ms) < 0 && errno != EINTR) {
        log_line(LOG_ERROR, "poll_failed", "errno=%d", errno);
        return -ERROR_IO;
    }
    now = mono_now();
    sockets_tend(&control->sockets, now);
    receive_signals(control, now);
    receive_ends(control, now);
    receive_notices(control);
    receive_found(control);
    receive_offers(control, now);
    worker_on_time(&control->worker, now);
    supervisor_turn(&control->supervisor, now);
    return 0;
}

/* What came since the last turn, so that the daemon need not wait for it. */
static void decline_unread(struct control *control)
{
    receive_offers(control, mono_now());
    sockets_close_jobs(&control->sockets);
}

int control_run(const struct settings *settings)
{
    char instance[UUID_TEXT_BUFFER];
    struct control *control = calloc(1, sizeof(*control));
    int rc = -ERROR_MEMORY;

    if (!control) {
        errno = ENOMEM;
        (void)fail("control");
        return rc;
    }
    control->settings = settings;
    control->signals = -1;
    rc = control_open(control);
    if (!rc) {
        log_line(LOG_INFO, "started", "name=%s instance=%s slots=%d sources=%zu version=%s",
                 settings->name, uuid_format(&settings->instance, instance), settings->slots,
                 settings->source_count, EXPORTD_VERSION);
        supervisor_init(&control->supervisor);
        supervisor_tell_ready();
    }
    while (!rc && !worker_is_finished(&control->worker, mono_now()))
        rc = turn(control);
    if (!rc)
        decline_unread(control);
    size_t unrecorded = control->worker.results.count;
    control_close(control);
    free(control);
    if (!rc)
        log_line(LOG_INFO, "ended", "unrecorded=%zu", unrecorded);
    return rc;
}
