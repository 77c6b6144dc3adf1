// SPDX-License-Identifier: MIT
/* What becomes of a published bundle. Until its worker is told so, a mark lies beside it
 * (IDENTITY_UNRECORDED; workers/bundle/publication.h makes it before the bundle has its name), so
 * that a bundle whose worker was killed is found again by workers/bundle/leftovers.h. Both
 * functions may be called twice, or by two processes at once: what is gone already is no error.
 * They follow no link, and wait for the disk. Any thread. -ERROR_IO with errno. */
#ifndef WORKERS_BUNDLE_UNRECORDED_H
#define WORKERS_BUNDLE_UNRECORDED_H

#include "workers/bundle/identity.h"

/* The daemon has recorded it: removes the mark. */
int bundle_keep(const char *directory, const struct bundle_identity *bundle);

/* It counts no more: removes the bundle, then the mark, then the tenant's folder if that is empty.
 */
int bundle_remove(const char *directory, const struct bundle_identity *bundle);

#endif
