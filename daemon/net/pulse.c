// SPDX-License-Identifier: MIT
#include "daemon/net/pulse.h"

#include <pthread.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "schemas/base/errors.h"

#define NS_OF_MS 1000000L
/* timer_create(2) calls it so; not every C library does. */
#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* To this thread alone: another that has the signal not blocked would die of it. */
static bool start(struct pulse *pulse, int used_ms)
{
    const struct timespec used = {.tv_sec = used_ms / 1000, .tv_nsec = used_ms % 1000 * NS_OF_MS};
    const struct itimerspec beats = {.it_interval = used, .it_value = used};
    struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGPROF};

    event.sigev_notify_thread_id = gettid();
    if (timer_create(CLOCK_PROCESS_CPUTIME_ID, &event, &pulse->timer)) {
        return false;
    }
    if (timer_settime(pulse->timer, 0, &beats, NULL)) {
        timer_delete(pulse->timer);
        return false;
    }
    return true;
}

int pulse_open(struct pulse *pulse, int used_ms)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGPROF);
    pulse->descriptor = pthread_sigmask(SIG_BLOCK, &set, NULL)
                            ? -1
                            : signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (pulse->descriptor < 0) {
        return -ERROR_IO;
    }
    if (!start(pulse, used_ms)) {
        close(pulse->descriptor);
        pulse->descriptor = -1;
        return -ERROR_IO;
    }
    return 0;
}

void pulse_close(struct pulse *pulse)
{
    if (pulse->descriptor < 0) {
        return;
    }
    timer_delete(pulse->timer);
    close(pulse->descriptor);
    pulse->descriptor = -1;
}

bool pulse_take(struct pulse *pulse)
{
    struct signalfd_siginfo beat;

    return read(pulse->descriptor, &beat, sizeof beat) == sizeof beat;
}
