// SPDX-License-Identifier: MIT
#include "workers/bundle/zip_stream.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "schemas/base/errors.h"
#include "workers/bundle/digest.h"
#include "workers/bundle/spool.h"

#define BLOCK_BYTES  65536
#define BEHIND_BYTES 8388608

struct zip_stream {
    struct archive *archive;
    struct archive_entry *entry;
    EVP_MD_CTX *digest;
    int file;
    int error; /* the first; the rest does nothing */
    time_t seconds;
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

/* Never fails towards libarchive: an archive that failed cannot be closed, and one that is not
 * closed leaks its compressor. The error is kept, what follows goes nowhere, and every call here
 * asks for it. */
static la_ssize_t on_bytes(struct archive *archive, void *context, const void *data,
                           size_t size_bytes)
{
    struct zip_stream *zip = context;

    (void)archive;
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
    return (la_ssize_t)size_bytes;
}

/* What a libarchive call returned, as ours; our own callback knows best. */
static int latch(struct zip_stream *zip, int result)
{
    if (!zip->error && result != ARCHIVE_OK)
        zip->error = archive_errno(zip->archive) == ENOMEM ? -ERROR_MEMORY : -ERROR_IO;
    return zip->error;
}

static int set_up(struct zip_stream *zip, int level)
{
    struct archive *archive = zip->archive;
    char number[2] = {(char)('0' + level), '\0'};

    if (!archive || !zip->entry || !zip->digest ||
        EVP_DigestInit_ex(zip->digest, EVP_sha256(), NULL) != 1)
        return -ERROR_MEMORY;
    int result = archive_write_set_format_zip(archive);
    if (result == ARCHIVE_OK)
        result = archive_write_set_format_option(archive, "zip", "compression-level", number);
    if (result == ARCHIVE_OK)
        result = archive_write_set_bytes_per_block(archive, BLOCK_BYTES);
    if (result == ARCHIVE_OK)
        result = archive_write_set_bytes_in_last_block(archive, 1);
    if (result == ARCHIVE_OK)
        result = archive_write_open2(archive, zip, NULL, on_bytes, NULL, NULL);
    return latch(zip, result);
}

int zip_stream_begin(struct zip_stream **result, int file, int level, uint64_t maximum_bytes,
                     struct wall time)
{
    struct zip_stream *zip = calloc(1, sizeof(*zip));

    if (!zip)
        return -ERROR_MEMORY;
    zip->file = file;
    zip->maximum_bytes = maximum_bytes;
    zip->seconds = (time_t)(time.ms / 1000);
    zip->archive = archive_write_new();
    zip->entry = archive_entry_new();
    zip->digest = EVP_MD_CTX_new();
    int rc = level < 0 || level > 9 ? -ERROR_CONFIGURATION : set_up(zip, level);
    if (rc) {
        zip_stream_destroy(&zip);
        return rc;
    }
    *result = zip;
    return 0;
}

int zip_stream_entry_begin(struct zip_stream *zip, const char *path)
{
    if (zip->error)
        return zip->error;
    archive_entry_clear(zip->entry);
    archive_entry_set_pathname(zip->entry, path);
    archive_entry_set_filetype(zip->entry, AE_IFREG);
    archive_entry_set_perm(zip->entry, 0600);
    archive_entry_set_mtime(zip->entry, zip->seconds, 0);
    return latch(zip, archive_write_header(zip->archive, zip->entry));
}

int zip_stream_entry_write(struct zip_stream *zip, const void *data, size_t size_bytes)
{
    const char *at = data;

    while (!zip->error && size_bytes > 0) {
        la_ssize_t written = archive_write_data(zip->archive, at, size_bytes);

        if (written <= 0)
            return latch(zip, ARCHIVE_FATAL);
        at += written;
        size_bytes -= (size_t)written;
    }
    return zip->error;
}

int zip_stream_entry_end(struct zip_stream *zip)
{
    return zip->error ? zip->error : latch(zip, archive_write_finish_entry(zip->archive));
}

int zip_stream_finish(struct zip_stream *zip, uint64_t *size_bytes, char sha256[DIGEST_BUFFER])
{
    if (zip->error || latch(zip, archive_write_close(zip->archive)))
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
    if (!zip->error)
        zip->error = -ERROR_CANCELLED; /* freeing an archive that is not closed writes the rest */
    if (zip->archive)
        (void)archive_write_free(zip->archive);
    archive_entry_free(zip->entry);
    EVP_MD_CTX_free(zip->digest);
    free(zip);
}
