// SPDX-License-Identifier: MIT
/* What a bundle says about itself: RequestInfo.json, completeness.json, index.html, and the lines
 * of original-names.jsonl. One thread. */
#ifndef WORKERS_BUNDLE_DOCUMENTS_H
#define WORKERS_BUNDLE_DOCUMENTS_H

#include "schemas/messages.h"
#include "workers/bundle/bag.h"
#include "workers/bundle/name.h"

#define DOCUMENT_SOURCE_BYTES 64

/* One source that gave files. */
struct document_source {
    char name[DOCUMENT_SOURCE_BYTES];      /* in the configuration */
    char folder[NAME_COMPONENT_BYTES + 1]; /* below data/ */
    uint64_t file_count;
    uint64_t manifest_offset; /* where its lines begin in the bag's waiting manifest; they are
                                 without gaps */
};

/* All borrowed. */
struct documents {
    struct bag *bag;
    const struct request_info *request_info;
    const struct completeness *completeness;
    const struct document_source *sources;
    uint32_t source_count;
};

/* Puts the three files into the bag. */
int documents_write(const struct documents *documents);

/* Appends one line; errors latch in the output. */
void document_original_name(struct wire_output *line, const char *name, const char *original);

#endif
