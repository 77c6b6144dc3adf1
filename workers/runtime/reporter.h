// SPDX-License-Identifier: MIT
/* Reports to the daemon, encoded and sent without waiting. Each function returns whether the report
 * left; what did not leave is lost, and it is for the caller to send it again. The control loop's.
 */
#ifndef WORKERS_RUNTIME_REPORTER_H
#define WORKERS_RUNTIME_REPORTER_H

#include <stdbool.h>

#include "schemas/codec/codec.h"
#include "schemas/messages.h"
#include "workers/bundle/identity.h"
#include "workers/runtime/settings.h"

struct reporter {
    const struct settings *settings; /* borrowed */
    void *socket;                    /* borrowed */
    struct wire_output output;
    struct wire_output items;
};

void reporter_init(struct reporter *reporter, const struct settings *settings, void *socket);
void reporter_release(struct reporter *reporter);

bool reporter_send(struct reporter *reporter, const void *report, size_t report_bytes);
bool reporter_started(struct reporter *reporter, const struct job *job);
bool reporter_declined(struct reporter *reporter, const struct job *job);
bool reporter_progress(struct reporter *reporter, const struct job *job, double progress,
                       int64_t rows, int64_t bytes);

/* Asks what is to become of a bundle that somebody left. */
bool reporter_found(struct reporter *reporter, const struct bundle_identity *bundle);

/* fences are those that are being gathered. */
bool reporter_heartbeat(struct reporter *reporter, int slots, const int64_t *fences,
                        uint32_t fence_count);

#endif
