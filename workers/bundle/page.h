// SPDX-License-Identifier: MIT
/* data/index.html: the bundle for a person who is not technical. One page with no scripts, nothing
 * fetched from elsewhere, and every value escaped and isolated, so that what a source or a profile
 * says can neither act nor disguise itself. Memory is constant: files are listed from the waiting
 * manifest, and only of sources with few. */
#ifndef WORKERS_BUNDLE_PAGE_H
#define WORKERS_BUNDLE_PAGE_H

#include "workers/bundle/documents.h"

#define PAGE_LISTED_FILES 200 /* a source with more gets a count and a link to its folder */

/* Appends text as HTML text content: markup characters escaped, what HTML does not allow replaced
 * by U+FFFD. */
void page_escape(struct wire_output *output, struct text t);

/* Writes the page into the bag's open entry; errors latch in the bag. results are the decoded items
 * of the completeness, result_count of them. */
void page_write(const struct documents *documents, const struct source_result *results,
                uint32_t result_count);

#endif
