// SPDX-License-Identifier: MIT
#include "workers/bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/json.h"
#include "workers/bundle/bag.h"
#include "workers/bundle/documents.h"
#include "workers/bundle/name.h"
#include "workers/bundle/publication.h"

#define ORIGINAL_NAMES "original-names.jsonl"

/* Names below data/ that are ours, whatever a source is called. */
static const char *const own_names[] = {"RequestInfo.json", "completeness.json", "index.html"};

struct bundle_writer {
    int error;
    const atomic_int *stop;
    int (*permit)(void *context);
    void *permit_context;
    struct wall now;
    char operation[UUID_TEXT_BUFFER];
    char path[BUNDLE_PATH_BUFFER];
    uint64_t maximum_files;
    uint64_t entry_count;
    struct publication publication;
    struct bag bag;
    struct name_set folders; /* below data/ */
    struct name_set names;   /* below the folder of the last source */
    struct spool originals;  /* lines for its original-names.jsonl */
    struct document_source sources[LIMIT_SOURCES];
    uint32_t source_count;
    bool in_source; /* the last source is open */
};

int bundle_check_directory(const char *directory, char *message, size_t message_bytes)
{
    struct spool *probe = calloc(1, sizeof(*probe));
    int folder = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat status;
    int rc = folder < 0 || !probe || fstat(folder, &status) ? -ERROR_CONFIGURATION : 0;

    if (!rc && (status.st_mode & S_IWOTH)) {
        snprintf(message, message_bytes,
                 "bundle directory %s: everybody may write to it (chmod o-w)", directory);
        rc = -ERROR_CONFIGURATION;
        goto out;
    }
    if (rc) {
        snprintf(message, message_bytes, "bundle directory %s: %s", directory, strerror(errno));
        goto out;
    }
    /* Only trying tells: root passes every permission check, also on a read-only file system. */
    if (spool_open(probe, folder, ".exportd-probe") != 0 || write_fully(probe->file, "x", 1) != 0) {
        snprintf(message, message_bytes, "bundle directory %s: no file can be written in it: %s",
                 directory, strerror(errno));
        rc = -ERROR_CONFIGURATION;
    }
    spool_close(probe);
out:
    if (folder >= 0)
        (void)close(folder);
    free(probe);
    return rc;
}

static int reserve_names(struct bundle_writer *bundle)
{
    char name[NAME_BUFFER];
    bool is_changed;
    int rc = 0;

    for (size_t i = 0; !rc && i < sizeof(own_names) / sizeof(own_names[0]); i++)
        rc = name_claim(&bundle->folders, own_names[i], name, &is_changed);
    return rc;
}

static int open_files(struct bundle_writer *bundle, const struct bundle_options *options,
                      const struct bundle_identity *identity)
{
    char tenant[UUID_TEXT_BUFFER];
    char stem[IDENTITY_STEM_BUFFER];
    char name[IDENTITY_NAME_BUFFER];
    struct bag_options bag = {
        .top = identity_stem(identity, stem),
        .compression_level = options->compression_level,
        .maximum_bytes = options->maximum_bytes ? options->maximum_bytes : UINT64_MAX,
        .time = bundle->now,
        .stop = options->stop,
    };

    int rc = publication_open(&bundle->publication, options->directory, identity);
    if (rc)
        return rc;
    int bytes = snprintf(bundle->path, sizeof(bundle->path), "%s/%s/%s", options->directory,
                         uuid_format(&identity->tenant, tenant), bundle->publication.final);
    if (bytes < 0 || (size_t)bytes >= sizeof(bundle->path))
        return -ERROR_TOO_LONG;
    bag.file = bundle->publication.file;
    bag.folder = bundle->publication.folder;
    snprintf(name, sizeof(name), "%s.names", stem);
    rc = spool_open(&bundle->originals, bundle->publication.folder, name);
    if (!rc)
        rc = bag_begin(&bundle->bag, &bag);
    return rc ? rc : reserve_names(bundle);
}

int bundle_begin(struct bundle_writer **result, const struct bundle_options *options,
                 const struct uuid *tenant, const struct uuid *operation, int64_t fence,
                 struct wall now)
{
    const struct bundle_identity identity = {*tenant, *operation, fence};
    struct bundle_writer *bundle = calloc(1, sizeof(*bundle));

    if (!bundle)
        return -ERROR_MEMORY;
    bundle->publication = PUBLICATION_INIT;
    bundle->originals.file = -1;
    bundle->bag.manifest.file = -1;
    bundle->now = now;
    bundle->stop = options->stop;
    bundle->permit = options->permit;
    bundle->permit_context = options->permit_context;
    bundle->maximum_files =
        options->maximum_files ? options->maximum_files : BUNDLE_DEFAULT_MAXIMUM_FILES;
    uuid_format(operation, bundle->operation);
    int rc = open_files(bundle, options, &identity);
    if (rc) {
        bundle_abort(&bundle);
        return rc;
    }
    *result = bundle;
    return 0;
}

void bundle_abort(struct bundle_writer **pointer)
{
    struct bundle_writer *bundle = pointer ? *pointer : NULL;

    if (!bundle)
        return;
    *pointer = NULL;
    bag_release(&bundle->bag);
    spool_close(&bundle->originals);
    publication_discard(&bundle->publication);
    name_set_release(&bundle->folders);
    name_set_release(&bundle->names);
    free(bundle);
}

static int on_original(void *context, const char *data, size_t size_bytes)
{
    return bag_entry_write(context, data, size_bytes);
}

/* Ends the open source, if there is one, with the file that tells what its changed names were. */
static int end_source(struct bundle_writer *bundle)
{
    char path[BAG_PATH_BUFFER];

    if (!bundle->in_source)
        return 0;
    bundle->in_source = false;
    name_set_clear(&bundle->names);
    if (spool_size(&bundle->originals) == 0)
        return 0;
    struct document_source *source = &bundle->sources[bundle->source_count - 1];

    snprintf(path, sizeof(path), "data/%s/" ORIGINAL_NAMES, source->folder);
    int rc = bag_entry_begin(&bundle->bag, path);
    if (!rc)
        rc = spool_read(&bundle->originals, 0, on_original, &bundle->bag);
    if (!rc)
        rc = bag_entry_end(&bundle->bag);
    source->file_count++;
    return rc ? rc : spool_reset(&bundle->originals);
}

static int begin_source(struct bundle_writer *bundle, const char *name)
{
    struct document_source *source = &bundle->sources[bundle->source_count];
    char folder[NAME_BUFFER];
    char reserved[NAME_BUFFER];
    bool is_changed;

    for (uint32_t i = 0; i < bundle->source_count; i++) {
        if (strcmp(bundle->sources[i].name, name) == 0)
            return -ERROR_INTERNAL; /* its files were to come one after another */
    }
    if (strlen(name) >= sizeof(source->name) || strchr(name, '/'))
        return -ERROR_TOO_LONG;
    if (bundle->source_count == LIMIT_SOURCES)
        return -ERROR_TOO_MANY;
    int rc = end_source(bundle);
    if (!rc)
        rc = name_claim(&bundle->folders, name, folder, &is_changed);
    if (!rc)
        rc = name_claim(&bundle->names, ORIGINAL_NAMES, reserved, &is_changed);
    if (rc)
        return rc;
    *source = (struct document_source){.manifest_offset = spool_size(&bundle->bag.manifest)};
    memcpy(source->name, name, strlen(name) + 1);
    rc = text_copy(text_of(folder), source->folder, sizeof(source->folder));
    if (rc)
        return rc;
    bundle->source_count++;
    bundle->in_source = true;
    return 0;
}

static bool is_current(const struct bundle_writer *bundle, const char *source)
{
    return bundle->in_source && strcmp(bundle->sources[bundle->source_count - 1].name, source) == 0;
}

static int keep_original(struct bundle_writer *bundle, const char *name, const char *original)
{
    struct wire_output line = WIRE_OUTPUT_INIT;

    document_original_name(&line, name, original);
    int rc = line.error ? line.error : spool_append(&bundle->originals, line.data, line.size_bytes);
    wire_output_release(&line);
    return rc;
}

int bundle_entry_begin(struct bundle_writer *bundle, const char *source, const char *original)
{
    char name[NAME_BUFFER];
    char path[BAG_PATH_BUFFER];
    bool is_changed = false;

    if (bundle->error)
        return bundle->error;
    int rc = bundle->bag.in_entry ? -ERROR_INTERNAL : 0;
    if (!rc && ++bundle->entry_count > bundle->maximum_files)
        rc = -ERROR_BUNDLE_TOO_LARGE;
    if (!rc && !is_current(bundle, source))
        rc = begin_source(bundle, source);
    if (!rc)
        rc = name_claim(&bundle->names, original, name, &is_changed);
    if (!rc && is_changed)
        rc = keep_original(bundle, name, original);
    if (!rc) {
        struct document_source *current = &bundle->sources[bundle->source_count - 1];

        current->file_count++;
        snprintf(path, sizeof(path), "data/%s/%s", current->folder, name);
        rc = bag_entry_begin(&bundle->bag, path);
    }
    return bundle->error = rc;
}

int bundle_entry_write(struct bundle_writer *bundle, const void *data, size_t size_bytes)
{
    if (!bundle->error)
        bundle->error = bag_entry_write(&bundle->bag, data, size_bytes);
    return bundle->error;
}

int bundle_entry_end(struct bundle_writer *bundle)
{
    if (!bundle->error)
        bundle->error = bag_entry_end(&bundle->bag);
    return bundle->error;
}

uint64_t bundle_payload_bytes(const struct bundle_writer *bundle)
{
    return bundle->bag.payload_bytes + (bundle->bag.in_entry ? bundle->bag.entry_bytes : 0);
}

static int write_documents(struct bundle_writer *bundle, const struct request_info *request_info,
                           const struct completeness *completeness)
{
    struct documents documents = {
        .bag = &bundle->bag,
        .request_info = request_info,
        .completeness = completeness,
        .sources = bundle->sources,
        .source_count = bundle->source_count,
    };

    return documents_write(&documents);
}

int bundle_finish(struct bundle_writer **pointer, const struct request_info *request_info,
                  const struct completeness *completeness, struct bundle_result *result)
{
    struct bundle_writer *bundle = *pointer;
    struct bundle_result finished = {0};
    int rc = bundle->error;

    if (!rc && bundle->bag.in_entry)
        rc = -ERROR_INTERNAL;
    if (!rc)
        rc = end_source(bundle);
    if (!rc)
        rc = write_documents(bundle, request_info, completeness);
    if (!rc)
        rc = bag_finish(&bundle->bag, bundle->operation, bundle->now, &finished.size_bytes,
                        finished.sha256);
    if (!rc)
        rc = publication_sync(&bundle->publication, bundle->stop);
    if (!rc && bundle->permit)
        rc = bundle->permit(bundle->permit_context);
    if (!rc)
        rc = publication_commit(&bundle->publication);
    if (!rc) {
        memcpy(finished.path, bundle->path, sizeof(finished.path));
        finished.file_count = bundle->bag.payload_files;
        *result = finished;
    }
    bundle_abort(pointer);
    return rc;
}
