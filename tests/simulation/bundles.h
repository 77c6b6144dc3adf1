// SPDX-License-Identifier: MIT
/* The bundle store: which fence of which operation has a file there, and whether the mark of what
 * may not be recorded lies beside it (workers/bundle/publication.h). Files are durable when they
 * appear, as a worker reports nothing before. One thread. */
#ifndef TESTS_SIMULATION_BUNDLES_H
#define TESTS_SIMULATION_BUNDLES_H

#include "workers/bundle/identity.h"

#define BUNDLES_URL_BUFFER 192

struct bundle_file {
    struct bundle_identity identity;
    bool is_there;
    bool is_marked;
};

void bundles_reset(void);

/* Where a fence's file is; returns the buffer. */
char *bundles_url(const struct bundle_identity *identity, char buffer[BUNDLES_URL_BUFFER]);

void bundles_publish(const struct bundle_identity *identity);
void bundles_keep(const struct bundle_identity *identity);
void bundles_remove(const struct bundle_identity *identity);
bool bundles_have(const struct bundle_identity *identity);

/* The file of a number from 0; NULL behind the last. Removed ones keep their number. */
const struct bundle_file *bundles_file(size_t number);

#endif
