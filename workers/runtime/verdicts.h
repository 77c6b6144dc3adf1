// SPDX-License-Identifier: MIT
/* What the daemon says about fences: notices, for the attempts that run here, the results that
 * wait, and the bundles of killed workers it was asked about. The control loop's.
 *
 * A fence that is known as this process's own, or was lately, is never taken for that of a found
 * bundle: fences are unique within one store only, and a bundle must not be removed because
 * somebody else's fence is called the same. */
#ifndef WORKERS_RUNTIME_VERDICTS_H
#define WORKERS_RUNTIME_VERDICTS_H

#include "workers/runtime/worker.h"

/* An encoded notice. */
void verdicts_receive(struct worker *worker, const void *bytes, size_t size_bytes);

/* Asks about a bundle that the sweep found, unless it is of this process. */
void verdicts_ask(struct worker *worker, const struct bundle_identity *bundle);

#endif
