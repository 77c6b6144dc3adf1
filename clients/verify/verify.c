// SPDX-License-Identifier: MIT
#include "clients/verify/verify.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "clients/verify/container.h"
#include "clients/verify/entry_table.h"
#include "clients/verify/manifest.h"
#include "clients/verify/tag_files.h"
#include "schemas/base/errors.h"

#define PAYLOAD      "data/"
#define MANIFEST     "manifest-sha256.txt"
#define TAG_MANIFEST "tagmanifest-sha256.txt"

/* One manifest and where it is. */
struct listed_manifest {
    const char *name;
    bool is_there;
    bool is_payload; /* what it lists */
    struct container_place place;
};

enum { PAYLOAD_MANIFEST, OTHER_MANIFEST, MANIFEST_COUNT };

struct verification {
    struct container container;
    struct problems problems;
    struct entry_table table;
    struct tag_files tag_files;
    struct listed_manifest manifests[MANIFEST_COUNT];
    struct verify_summary summary;
    EVP_MD_CTX *digest;
    char folder[CONTAINER_NAME_BYTES]; /* the last one that was noted, so that its files do it once
                                        */
};

/* Notes a path; *entry NULL when it is there already and cannot be told apart. */
static int note(struct verification *v, const char *path, size_t path_bytes, bool is_folder,
                struct entry **entry)
{
    struct entry *same;
    struct entry *twin;
    int rc = entry_table_find(&v->table, path, path_bytes, &same);

    *entry = NULL;
    if (!rc && same) {
        if (is_folder && same->is_folder)
            return 0;
        problem(&v->problems, path,
                is_folder != same->is_folder ? "it is a file and a folder at once"
                                             : "it is there twice");
        return 0;
    }
    if (!rc)
        rc = entry_table_twin(&v->table, path, path_bytes, &twin);
    if (!rc && twin)
        problem(&v->problems, path, "its name differs from another only in upper and lower case");
    if (!rc)
        rc = entry_table_add(&v->table, path, path_bytes, entry);
    if (!rc)
        (*entry)->is_folder = is_folder;
    return rc;
}

/* Notes every folder that a file is in, as readers that extract it will make them. */
static int note_folders(struct verification *v, const char *path)
{
    const char *last = strrchr(path, '/');
    char folder[CONTAINER_NAME_BYTES];
    struct entry *entry;
    int rc = 0;

    if (!last)
        return 0;
    memcpy(folder, path, (size_t)(last - path));
    folder[last - path] = '\0';
    if (strcmp(folder, v->folder) == 0)
        return 0;
    memcpy(v->folder, folder, (size_t)(last - path) + 1);
    for (char *at = folder; !rc && at;) {
        at = strchr(at, '/');
        if (at)
            *at = '\0';
        rc = note(v, folder, strlen(folder), true, &entry);
        if (at)
            *at++ = '/';
    }
    return rc;
}

/* One file's content on its way. */
struct reading {
    EVP_MD_CTX *digest;
    struct tag_file *tag_file; /* or NULL */
    uint64_t size_bytes;
};

static int on_content(void *context, const void *data, size_t size_bytes)
{
    struct reading *reading = context;

    reading->size_bytes += size_bytes;
    if (EVP_DigestUpdate(reading->digest, data, size_bytes) != 1)
        return -ERROR_MEMORY;
    return reading->tag_file ? tag_file_take(reading->tag_file, data, size_bytes) : 0;
}

static int read_content(struct verification *v, const struct container_file *file,
                        struct entry *entry)
{
    struct reading reading = {.digest = v->digest,
                              .tag_file = tag_files_of(&v->tag_files, file->name)};

    if (EVP_DigestInit_ex(v->digest, EVP_sha256(), NULL) != 1)
        return -ERROR_MEMORY;
    int rc = container_read(&v->container, &v->problems, file->name, &file->place, on_content,
                            &reading, &entry->is_whole);
    if (!rc && EVP_DigestFinal_ex(v->digest, entry->digest, NULL) != 1)
        rc = -ERROR_MEMORY;
    if (!rc && entry->is_payload) {
        v->summary.payload_files++;
        v->summary.payload_bytes += reading.size_bytes;
    }
    return rc;
}

static int on_file(void *context, const struct container_file *file)
{
    struct verification *v = context;
    struct entry *entry;
    int rc = note_folders(v, file->name);

    if (!rc)
        rc = note(v, file->name, strlen(file->name), file->is_folder, &entry);
    if (rc || !entry || file->is_folder)
        return rc;
    if (strcmp(file->name, "fetch.txt") == 0)
        problem(&v->problems, file->name, "a finished bundle has nothing to fetch");
    entry->is_payload = strncmp(file->name, PAYLOAD, sizeof(PAYLOAD) - 1) == 0;
    for (int i = 0; i < MANIFEST_COUNT; i++) {
        if (strcmp(file->name, v->manifests[i].name) == 0) {
            v->manifests[i].is_there = true;
            v->manifests[i].place = file->place;
        }
    }
    return read_content(v, file, entry);
}

/* One manifest being compared with what is there. */
struct comparison {
    struct verification *v;
    const struct listed_manifest *manifest;
};

static int on_line(void *context, const struct manifest_line *line)
{
    struct comparison *comparison = context;
    struct verification *v = comparison->v;
    const struct listed_manifest *manifest = comparison->manifest;
    struct entry *entry;
    int rc = entry_table_find(&v->table, line->path, strlen(line->path), &entry);

    if (rc)
        return rc;
    if (!entry || entry->is_folder) {
        problem(&v->problems, line->path, "it is listed in %s, but missing", manifest->name);
        return 0;
    }
    if (entry->is_payload != manifest->is_payload)
        problem(&v->problems, line->path, "it does not belong into %s", manifest->name);
    else if (entry->is_listed)
        problem(&v->problems, line->path, "it is listed twice in %s", manifest->name);
    if (entry->is_whole && memcmp(entry->digest, line->digest, ENTRY_DIGEST_BYTES) != 0)
        problem(&v->problems, line->path, "its content has another digest than %s says",
                manifest->name);
    if (entry->is_payload == manifest->is_payload)
        entry->is_listed = true;
    return 0;
}

static int compare(struct verification *v, const struct listed_manifest *listed)
{
    struct comparison comparison = {v, listed};
    bool is_whole;

    if (!listed->is_there) {
        problem(&v->problems, listed->name, "it is missing");
        return 0;
    }
    struct manifest *manifest = calloc(1, sizeof(*manifest));

    if (!manifest)
        return -ERROR_MEMORY;
    manifest->name = listed->name;
    manifest->problems = &v->problems;
    manifest->visitor = on_line;
    manifest->context = &comparison;
    int rc = container_read(&v->container, &v->problems, listed->name, &listed->place,
                            manifest_take, manifest, &is_whole);
    if (!rc)
        rc = manifest_end(manifest);
    free(manifest);
    return rc;
}

/* Second visit: names what no manifest listed. */
static int on_unlisted(void *context, const struct container_file *file)
{
    struct verification *v = context;
    struct entry *entry;
    int rc = entry_table_find(&v->table, file->name, strlen(file->name), &entry);

    if (rc || !entry || entry->is_folder || entry->is_listed ||
        strcmp(file->name, TAG_MANIFEST) == 0)
        return rc;
    entry->is_listed = true; /* once is enough for one that is there twice */
    problem(&v->problems, file->name, "it is not listed in %s",
            entry->is_payload ? MANIFEST : TAG_MANIFEST);
    return 0;
}

static bool has_unlisted(const struct verification *v)
{
    uint64_t unlisted = 0;

    for (size_t i = 0; i < v->table.count; i++) {
        if (!v->table.entries[i].is_folder && !v->table.entries[i].is_listed)
            unlisted++;
    }
    /* The tag manifest is in none. */
    return unlisted > (v->manifests[OTHER_MANIFEST].is_there ? 1 : 0);
}

static int check(struct verification *v)
{
    struct problems silent = {0};
    int rc = container_walk(&v->container, &v->problems, on_file, v);

    if (rc == -ERROR_TOO_MANY) {
        problem(&v->problems, NULL, "it has more entries than can be checked");
        return 0;
    }
    for (int i = 0; !rc && i < MANIFEST_COUNT; i++)
        rc = compare(v, &v->manifests[i]);
    if (!rc && has_unlisted(v))
        rc = container_walk(&v->container, &silent, on_unlisted, v);
    if (!rc)
        rc = tag_files_check(&v->tag_files, &v->problems, v->summary.payload_bytes,
                             v->summary.payload_files);
    return rc;
}

int bag_verify(const char *path, verify_report report, void *context,
               struct verify_summary *summary)
{
    struct verification *v = calloc(1, sizeof(*v));

    if (!v)
        return -ERROR_MEMORY;
    v->problems = (struct problems){.report = report, .context = context};
    v->manifests[PAYLOAD_MANIFEST] = (struct listed_manifest){.name = MANIFEST, .is_payload = true};
    v->manifests[OTHER_MANIFEST] = (struct listed_manifest){.name = TAG_MANIFEST};
    v->digest = EVP_MD_CTX_new();
    int rc = container_open(&v->container, path);
    if (!rc)
        rc = entry_table_init(&v->table);
    if (!rc && !v->digest)
        rc = -ERROR_MEMORY;
    if (!rc)
        rc = check(v);
    if (!rc) {
        rc = v->problems.count < INT_MAX ? (int)v->problems.count : INT_MAX;
        if (summary)
            *summary = v->summary;
    }
    container_close(&v->container);
    entry_table_release(&v->table);
    tag_files_release(&v->tag_files);
    EVP_MD_CTX_free(v->digest);
    free(v);
    return rc;
}
