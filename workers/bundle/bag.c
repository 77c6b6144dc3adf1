// SPDX-License-Identifier: MIT
#include "workers/bundle/bag.h"

#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"

#define PAYLOAD     "data/"
#define DECLARATION "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"

int bag_begin(struct bag *bag, const struct bag_options *options)
{
    *bag = (struct bag){.manifest.file = -1, .stop = options->stop};
    int top_bytes = snprintf(bag->top, sizeof(bag->top), "%s", options->top);

    if (top_bytes < 0 || (size_t)top_bytes >= sizeof(bag->top))
        return bag->error = -ERROR_TOO_LONG;
    bag->digest = EVP_MD_CTX_new();
    if (!bag->digest)
        return bag->error = -ERROR_MEMORY;
    char name[96];

    snprintf(name, sizeof(name), "%s.manifest", bag->top);
    bag->error = spool_open(&bag->manifest, options->folder, name);
    if (!bag->error)
        bag->error = zip_stream_begin(&bag->zip, options->file, options->compression_level,
                                      options->maximum_bytes, options->time);
    return bag_put(bag, "bagit.txt", DECLARATION, sizeof(DECLARATION) - 1);
}

void bag_release(struct bag *bag)
{
    zip_stream_destroy(&bag->zip);
    spool_close(&bag->manifest);
    EVP_MD_CTX_free(bag->digest);
    bag->digest = NULL;
}

/* The latched error, or that there is one now. */
static int check(struct bag *bag)
{
    if (!bag->error && bag->stop && atomic_load_explicit(bag->stop, memory_order_relaxed) != 0)
        bag->error = -ERROR_CANCELLED;
    return bag->error;
}

int bag_entry_begin(struct bag *bag, const char *path)
{
    char full[BAG_PATH_BUFFER];

    if (check(bag))
        return bag->error;
    if (bag->in_entry)
        return bag->error = -ERROR_INTERNAL;
    int bytes = snprintf(full, sizeof(full), "%s/%s", bag->top, path);
    if (bytes < 0 || (size_t)bytes >= sizeof(full))
        return bag->error = -ERROR_TOO_LONG;
    memcpy(bag->path, path, strlen(path) + 1);
    bag->entry_bytes = 0;
    bag->in_entry = true;
    if (EVP_DigestInit_ex(bag->digest, EVP_sha256(), NULL) != 1)
        return bag->error = -ERROR_MEMORY;
    return bag->error = zip_stream_entry_begin(bag->zip, full);
}

int bag_entry_write(struct bag *bag, const void *data, size_t size_bytes)
{
    if (check(bag))
        return bag->error;
    if (!bag->in_entry)
        return bag->error = -ERROR_INTERNAL;
    if (EVP_DigestUpdate(bag->digest, data, size_bytes) != 1)
        return bag->error = -ERROR_MEMORY;
    bag->entry_bytes += size_bytes;
    return bag->error = zip_stream_entry_write(bag->zip, data, size_bytes);
}

static int add_payload_line(struct bag *bag, const char *line, size_t size_bytes)
{
    bag->payload_bytes += bag->entry_bytes;
    bag->payload_files++;
    return spool_append(&bag->manifest, line, size_bytes);
}

static int add_tag_line(struct bag *bag, const char *line, size_t size_bytes)
{
    if (size_bytes > sizeof(bag->tag_lines) - bag->tag_lines_bytes)
        return -ERROR_INTERNAL;
    memcpy(bag->tag_lines + bag->tag_lines_bytes, line, size_bytes);
    bag->tag_lines_bytes += size_bytes;
    return 0;
}

int bag_entry_end(struct bag *bag)
{
    char digest[DIGEST_BUFFER];
    char line[DIGEST_BUFFER + BAG_PATH_BUFFER + 3];

    if (bag->error)
        return bag->error;
    if (!bag->in_entry)
        return bag->error = -ERROR_INTERNAL;
    bag->in_entry = false;
    bag->error = zip_stream_entry_end(bag->zip);
    if (!bag->error)
        bag->error = digest_end(bag->digest, digest);
    if (bag->error)
        return bag->error;
    size_t bytes = (size_t)snprintf(line, sizeof(line), "%s  %s\n", digest, bag->path);

    if (strncmp(bag->path, PAYLOAD, sizeof(PAYLOAD) - 1) == 0)
        return bag->error = add_payload_line(bag, line, bytes);
    return bag->error = add_tag_line(bag, line, bytes);
}

int bag_put(struct bag *bag, const char *path, const void *data, size_t size_bytes)
{
    int rc = bag_entry_begin(bag, path);

    if (!rc)
        rc = bag_entry_write(bag, data, size_bytes);
    return rc ? rc : bag_entry_end(bag);
}

static int put_information(struct bag *bag, const char *identifier, struct wall time)
{
    char date[DATE_TIME_BUFFER];
    char text[512];

    /* Bagging-Date is a day: the first ten characters of the time. */
    int bytes =
        snprintf(text, sizeof(text),
                 "Bag-Software-Agent: exportd %s\n"
                 "Bagging-Date: %.10s\n"
                 "External-Description: Personal data held about one person\n"
                 "External-Identifier: %s\n"
                 "Payload-Oxum: %llu.%llu\n",
                 EXPORTD_VERSION, date_time_format(time, date), identifier,
                 (unsigned long long)bag->payload_bytes, (unsigned long long)bag->payload_files);

    if (bytes < 0 || (size_t)bytes >= sizeof(text))
        return bag->error = -ERROR_TOO_LONG;
    return bag_put(bag, "bag-info.txt", text, (size_t)bytes);
}

static int on_manifest(void *context, const char *data, size_t size_bytes)
{
    return bag_entry_write(context, data, size_bytes);
}

static int put_manifest(struct bag *bag)
{
    int rc = bag_entry_begin(bag, "manifest-sha256.txt");

    if (!rc)
        rc = bag->error = spool_read(&bag->manifest, 0, on_manifest, bag);
    return rc ? rc : bag_entry_end(bag);
}

int bag_finish(struct bag *bag, const char *identifier, struct wall time, uint64_t *size_bytes,
               char sha256[DIGEST_BUFFER])
{
    int rc = put_information(bag, identifier, time);

    if (!rc)
        rc = put_manifest(bag);
    if (!rc)
        rc = bag_put(bag, "tagmanifest-sha256.txt", bag->tag_lines, bag->tag_lines_bytes);
    if (!rc)
        rc = bag->error = zip_stream_finish(bag->zip, size_bytes, sha256);
    return rc;
}
