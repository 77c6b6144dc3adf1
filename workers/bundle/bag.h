// SPDX-License-Identifier: MIT
/* The BagIt 1.0 layer (RFC 8493): files go in one after another, their digests and sizes are taken
 * on the way, and the manifests are written at the end. Payload lines wait in an unlinked file,
 * however many. One thread. */
#ifndef WORKERS_BUNDLE_BAG_H
#define WORKERS_BUNDLE_BAG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "workers/bundle/digest.h"
#include "workers/bundle/spool.h"
#include "workers/bundle/zip_stream.h"

#define BAG_PATH_BUFFER      640
#define BAG_TAG_LINES_BUFFER 1024

struct bag {
    const atomic_int *stop;
    struct zip_stream *zip;
    struct spool manifest;
    EVP_MD_CTX *digest;
    char top[64]; /* the one folder at the top */
    char path[BAG_PATH_BUFFER];
    bool in_entry;
    uint64_t entry_bytes;
    uint64_t payload_bytes;
    uint64_t payload_files;
    size_t tag_lines_bytes;
    char tag_lines[BAG_TAG_LINES_BUFFER];
    int error;
};

struct bag_options {
    int file;   /* where the ZIP goes; borrowed */
    int folder; /* where the waiting manifest lines go; borrowed until bag_begin returns */
    const char *top;
    int compression_level;
    uint64_t maximum_bytes;
    struct wall time;
    const atomic_int *stop; /* may be NULL; borrowed */
};

/* Writes bagit.txt. Errors of all calls latch. Once *stop is other than zero, -ERROR_CANCELLED.
 * bag_release is due whatever is returned. */
int bag_begin(struct bag *bag, const struct bag_options *options);
void bag_release(struct bag *bag);

/* path is that in the bag, made of names that need no encoding in a manifest ("data/…", or a tag
 * file). */
int bag_entry_begin(struct bag *bag, const char *path);
int bag_entry_write(struct bag *bag, const void *data, size_t size_bytes);
int bag_entry_end(struct bag *bag);

/* A whole file at once. */
int bag_put(struct bag *bag, const char *path, const void *data, size_t size_bytes);

/* Writes bag-info.txt (with the identifier, the date of time and the Payload-Oxum), the manifests
 * and the end of the ZIP. */
int bag_finish(struct bag *bag, const char *identifier, struct wall time, uint64_t *size_bytes,
               char sha256[DIGEST_BUFFER]);

#endif
