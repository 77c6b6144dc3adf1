// SPDX-License-Identifier: MIT
/* The finished export: one ZIP file that is one BagIt 1.0 bag (RFC 8493), written front to back
 * while the sources are read. Anyone can check it with `unzip` and `sha256sum -c
 * manifest-sha256.txt`.
 *
 * The file is DIRECTORY/TENANT/OPERATION-FENCE.zip, the fence as 16 hexadecimal digits; everything
 * in it is below the one folder OPERATION-FENCE:
 *
 *   bagit.txt                         BagIt 1.0, UTF-8
 *   data/SOURCE/...                   what the source gave, under names of workers/bundle/name.h
 *   data/SOURCE/original-names.jsonl  only when a name had to be changed
 *   data/RequestInfo.json             schemas/requestInfo.yaml
 *   data/completeness.json            schemas/completeness.yaml
 *   data/index.html                   the same for a person (workers/bundle/page.h)
 *   bag-info.txt, manifest-sha256.txt, tagmanifest-sha256.txt
 *
 * A line of original-names.jsonl has the name and the original, or originalHex when that is not
 * UTF-8.
 *
 * It is written as OPERATION-FENCE.zip.partial, synced, permitted, renamed without overwriting, and
 * its folder synced; only then does bundle_finish succeed. It leaves a mark beside it for as long
 * as the daemon may not know of it (workers/bundle/unrecorded.h). Files are mode 0600, folders
 * 0700. The same input with the same time makes the same bytes.
 *
 * Memory does not grow with bytes or rows. It does with files, by about 220 bytes each
 * (the central directory and the set of taken names), which is why maximum_files exists;
 * the manifest itself waits on disk.
 *
 * Errors latch: after the first, every call returns it and bundle_finish aborts. Besides those
 * named: -ERROR_IO, -ERROR_DISK_FULL, -ERROR_MEMORY, -ERROR_BUNDLE_TOO_LARGE (either maximum),
 * -ERROR_CANCELLED soon after *stop became other than zero.
 * -ERROR_INTERNAL means that calls came in an order that is none. A bundle belongs to one thread at
 * a time; different bundles are independent. */
#ifndef WORKERS_BUNDLE_BUNDLE_H
#define WORKERS_BUNDLE_BUNDLE_H

#include <stdatomic.h>

#include "schemas/base/clock.h"
#include "schemas/base/uuid.h"
#include "schemas/messages.h"
#include "workers/bundle/digest.h"

#define BUNDLE_DIRECTORY_BYTES       1024
#define BUNDLE_PATH_BUFFER           1280
#define BUNDLE_DEFAULT_MAXIMUM_FILES 1000000

struct bundle_writer;

struct bundle_options {
    const char *directory;  /* exists; borrowed until bundle_begin returns */
    int compression_level;  /* deflate, 0 (store) to 9 */
    uint64_t maximum_bytes; /* of the ZIP file; 0 for no maximum */
    uint64_t maximum_files; /* entries of the sources; 0 for BUNDLE_DEFAULT_MAXIMUM_FILES */
    const atomic_int *stop; /* may be NULL; borrowed until the bundle is finished or aborted */
    /* Asked last, when only the name is missing: 0, or the error that ends it. May be NULL. */
    int (*permit)(void *context);
    void *permit_context; /* borrowed as stop */
};

struct bundle_result {
    char path[BUNDLE_PATH_BUFFER]; /* of the ZIP file: directory, tenant and name */
    uint64_t size_bytes;
    char sha256[DIGEST_BUFFER]; /* of the ZIP file, lower case hexadecimal */
    uint64_t file_count;        /* payload files, ours included */
};

/* Whether bundles could be written there: it is a directory, not everybody may change what is in
 * it, and a file can be made. On failure message says in one line what is wrong, and
 * -ERROR_CONFIGURATION is returned. For the start of a worker. */
int bundle_check_directory(const char *directory, char *message, size_t message_bytes);

/* Begins a bundle. now is the time of every entry. Nothing of the arguments is kept.
 * -ERROR_BUNDLE_EXISTS when there is a bundle, or an unfinished one, of this operation and fence.
 */
int bundle_begin(struct bundle_writer **bundle, const struct bundle_options *options,
                 const struct uuid *tenant, const struct uuid *operation, int64_t fence,
                 struct wall now);

/* Begins a file. source is the source's name of the configuration; the files of one source must
 * come one after another. name is what the source calls the file: any relative path, any bytes; it
 * is made safe and unique. Both are borrowed. -ERROR_TOO_LONG for a source of more than 63 bytes or
 * a name beyond NAME_ORIGINAL_BYTES. */
int bundle_entry_begin(struct bundle_writer *bundle, const char *source, const char *name);
int bundle_entry_write(struct bundle_writer *bundle, const void *data, size_t size_bytes);
int bundle_entry_end(struct bundle_writer *bundle);

/* Bytes of payload so far, for progress. */
uint64_t bundle_payload_bytes(const struct bundle_writer *bundle);

/* Ends the source's files, writes the rest and publishes. Takes the bundle, whatever happens; on
 * failure nothing is left of it. The lists in completeness may be decoded or encoded ones. */
int bundle_finish(struct bundle_writer **bundle, const struct request_info *request_info,
                  const struct completeness *completeness, struct bundle_result *result);

/* Removes the unfinished bundle. Safe twice, and on NULL. */
void bundle_abort(struct bundle_writer **bundle);

#endif
