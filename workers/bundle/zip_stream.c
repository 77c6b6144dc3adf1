// SPDX-License-Identifier: MIT
#include "workers/bundle/zip_stream.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "schemas/base/errors.h"
#include "workers/bundle/deflater.h"
#include "workers/bundle/spool.h"
#include "workers/bundle/zip_record.h"

#define BEHIND_BYTES 8388608

struct zip_stream {
    struct deflater *deflater;
    EVP_MD_CTX *digest;
    int file;
    int error; /* the first; the rest does nothing */
    struct zip_time time;
    bool in_entry;
    struct zip_entry entry; /* the open one */
    char path[ZIP_STREAM_PATH_BUFFER];
    struct wire_output record;    /* that is being written */
    struct wire_output directory; /* so far */
    uint64_t entry_count;
    uint64_t size_bytes;
    uint64_t behind_bytes; /* on their way to the disk already */
    uint64_t maximum_bytes;
};

/* Starts writing to the disk what is there, so that the fsync at the end, which nothing can stop,
 * finds little to do. A hint: whether it worked, the fsync tells. */
static void write_behind(struct zip_stream *zip)
{
    uint64_t waiting_bytes = zip->size_bytes - zip->behind_bytes;

    if (waiting_bytes < BEHIND_BYTES)
        return;
    (void)sync_file_range(zip->file, (off_t)zip->behind_bytes, (off_t)waiting_bytes,
                          SYNC_FILE_RANGE_WRITE);
    zip->behind_bytes = zip->size_bytes;
}

static int put(struct zip_stream *zip, const void *data, size_t size_bytes)
{
    if (!zip->error && size_bytes > zip->maximum_bytes - zip->size_bytes)
        zip->error = -ERROR_BUNDLE_TOO_LARGE;
    if (!zip->error)
        zip->error = write_fully(zip->file, data, size_bytes);
    if (!zip->error && EVP_DigestUpdate(zip->digest, data, size_bytes) != 1)
        zip->error = -ERROR_MEMORY;
    if (!zip->error) {
        zip->size_bytes += size_bytes;
        write_behind(zip);
    }
    return zip->error;
}

static int put_record(struct zip_stream *zip)
{
    if (!zip->error)
        zip->error = zip->record.error;
    int rc = put(zip, zip->record.data, zip->record.size_bytes);

    wire_output_clear(&zip->record);
    return rc;
}

/* The header waits for the first block: when that is all, the sizes are known, and the entry is as
 * plain as ZIP has it. */
static int on_block(void *context, const struct deflated *block)
{
    struct zip_stream *zip = context;
    struct zip_entry *entry = &zip->entry;

    entry->crc = (uint32_t)crc32_combine(entry->crc, block->crc, (z_off_t)block->input_bytes);
    entry->size_bytes += block->input_bytes;
    entry->compressed_bytes += block->size_bytes;
    if (block->is_first) {
        entry->is_streamed = !block->is_last;
        entry->offset = zip->size_bytes;
        zip_record_header(&zip->record, entry, &zip->time);
        (void)put_record(zip);
    }
    return put(zip, block->data, block->size_bytes);
}

int zip_stream_begin(struct zip_stream **result, int file, int level, uint64_t maximum_bytes,
                     struct wall time)
{
    struct zip_stream *zip = level < 0 || level > 9 ? NULL : calloc(1, sizeof(*zip));
    int rc = level < 0 || level > 9 ? -ERROR_CONFIGURATION : -ERROR_MEMORY;

    if (!zip)
        return rc;
    zip->file = file;
    zip->maximum_bytes = maximum_bytes;
    zip->time = zip_time_of((time_t)(time.ms / 1000));
    zip->record = zip->directory = WIRE_OUTPUT_INIT;
    zip->digest = EVP_MD_CTX_new();
    if (zip->digest && EVP_DigestInit_ex(zip->digest, EVP_sha256(), NULL) == 1)
        rc = deflater_new(&zip->deflater, level, on_block, zip);
    if (rc)
        zip_stream_destroy(&zip);
    else
        *result = zip;
    return rc;
}

int zip_stream_entry_begin(struct zip_stream *zip, const char *path)
{
    if (zip->error)
        return zip->error;
    if (zip->in_entry || strlen(path) >= sizeof(zip->path))
        return zip->error = -ERROR_INTERNAL;
    memcpy(zip->path, path, strlen(path) + 1);
    zip->entry = (struct zip_entry){.path = zip->path};
    zip->in_entry = true;
    return 0;
}

int zip_stream_entry_write(struct zip_stream *zip, const void *data, size_t size_bytes)
{
    if (!zip->error)
        zip->error = deflater_write(zip->deflater, data, size_bytes);
    return zip->error;
}

int zip_stream_entry_end(struct zip_stream *zip)
{
    if (!zip->error)
        zip->error = deflater_end(zip->deflater);
    if (zip->error)
        return zip->error;
    zip->in_entry = false;
    zip->entry_count++;
    zip_record_central(&zip->directory, &zip->entry, &zip->time);
    if (zip->directory.error)
        return zip->error = zip->directory.error;
    if (!zip->entry.is_streamed)
        return 0;
    zip_record_descriptor(&zip->record, &zip->entry);
    return put_record(zip);
}

int zip_stream_finish(struct zip_stream *zip, uint64_t *size_bytes, char sha256[DIGEST_BUFFER])
{
    uint64_t directory_offset = zip->size_bytes;

    if (zip->error || put(zip, zip->directory.data, zip->directory.size_bytes))
        return zip->error;
    zip_record_end(&zip->record, zip->entry_count, directory_offset, zip->directory.size_bytes);
    if (put_record(zip))
        return zip->error;
    zip->error = digest_end(zip->digest, sha256);
    if (!zip->error)
        *size_bytes = zip->size_bytes;
    return zip->error;
}

void zip_stream_destroy(struct zip_stream **pointer)
{
    struct zip_stream *zip = *pointer;

    *pointer = NULL;
    if (!zip)
        return;
    deflater_destroy(&zip->deflater);
    EVP_MD_CTX_free(zip->digest);
    wire_output_release(&zip->record);
    wire_output_release(&zip->directory);
    free(zip);
}
