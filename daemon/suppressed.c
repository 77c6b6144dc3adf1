// SPDX-License-Identifier: MIT
#include "daemon/suppressed.h"

#include "schemas/base/errors.h"
#include "schemas/base/log.h"

#define INTERVAL_MS 1000

static const char *const events[THROTTLED_COUNT] = {
    [THROTTLED_REFUSED] = "refused",
    [THROTTLED_REPORT_REFUSED] = "report_refused",
};

static void tell_refusals(struct throttle *throttle)
{
    struct throttle_sort sort;
    uint64_t count;

    while (throttle_take(throttle, &sort, &count)) {
        log_line(LOG_WARNING, "suppressed", "of=%s code=%s identity=%s suppressed=%llu",
                 events[sort.event], sort.error ? error_row(sort.error)->inner_code : "-",
                 sort.identity[0] ? sort.identity : "-", (unsigned long long)count);
    }
}

static void tell_dropped(struct daemon *daemon)
{
    struct effects *const both[] = {&daemon->written, &daemon->effects};
    size_t replies = 0;
    size_t frames = 0;

    for (int i = 0; i < 2; i++) {
        replies += both[i]->dropped_replies;
        frames += both[i]->dropped_frames;
        both[i]->dropped_replies = both[i]->dropped_frames = 0;
    }
    if (daemon->surplus > 0) {
        log_line(LOG_WARNING, "surplus", "messages=%zu reason=outstanding_messages",
                 daemon->surplus);
        daemon->surplus = 0;
    }
    if (replies > 0) {
        log_line(LOG_WARNING, "reply_dropped", "count=%zu reason=peer_gone_or_full", replies);
    }
    if (frames > 0) {
        log_line(LOG_WARNING, "status_dropped", "count=%zu reason=full", frames);
    }
}

void suppressed_tell_all(struct daemon *daemon)
{
    if (daemon->throttle) {
        tell_refusals(daemon->throttle);
    }
    tell_dropped(daemon);
}

void suppressed_tell(struct daemon *daemon)
{
    struct mono now = mono_now();

    if (now.ms - daemon->suppressed_told.ms >= INTERVAL_MS) {
        daemon->suppressed_told = now;
        suppressed_tell_all(daemon);
    }
}
