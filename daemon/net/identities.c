// SPDX-License-Identifier: MIT
#include "daemon/net/identities.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/certificate_file.h"
#include "schemas/base/errors.h"
#include "schemas/base/file_mode.h"
#include "schemas/base/limits.h"

#define SUFFIX   ".key"
#define EXPECTED 64

struct identities {
    struct table by_key;
    struct table by_name;
};

static int fail(char *message, const char *path, const char *reason)
{
    snprintf(message, IDENTITIES_MESSAGE_BYTES, "%s: %s", path, reason);
    return -ERROR_CONFIGURATION;
}

static int fail_memory(char *message, const char *path)
{
    fail(message, path, "out of memory");
    return -ERROR_MEMORY;
}

static uint64_t hash(struct text t)
{
    return table_hash_bytes(t.data, t.size_bytes);
}

static void identity_destroy(struct identity **identity)
{
    if (*identity) {
        free((*identity)->file);
        free(*identity);
        *identity = NULL;
    }
}

static int check_identity(const struct identities *identities, const struct identity *identity,
                          const char *path, char *message)
{
    const struct certificate *certificate = &identity->certificate;
    const struct identity *other;

    if (!certificate_is_name(text_of(certificate->name))) {
        return fail(message, path,
                    certificate->name[0] == '\0'
                        ? "metadata.name: found nothing, expected the name of the identity"
                        : "metadata.name: found a name that is not of the form expected, letters, "
                          "digits, '.', '_' and '-'");
    }
    if (certificate->roles == 0) {
        return fail(message, path, "metadata.roles: found nothing, expected a list of " ROLE_NAMES);
    }
    if (certificate_has_idle_tenants(certificate)) {
        return fail(message, path,
                    "metadata.tenants: found some, expected none for a worker, who is given the "
                    "jobs of all tenants, nor for an operator, who pauses those of all");
    }
    if (certificate_lacks_tenants(certificate)) {
        snprintf(message, IDENTITIES_MESSAGE_BYTES,
                 "%s:%u: metadata.tenants: found nothing beside the role vouches, expected the "
                 "UUIDs of the tenants that it may vouch for, or any",
                 path, certificate->roles_line);
        return -ERROR_CONFIGURATION;
    }
    other = identities_by_name(identities, text_of(certificate->name));
    if (other) {
        snprintf(message, IDENTITIES_MESSAGE_BYTES,
                 "%s: metadata.name: found \"%s\", which %s has too, expected a name of its own",
                 path, certificate->name, other->file);
        return -ERROR_CONFIGURATION;
    }
    other = identities_by_key(identities, text_of(certificate->public_key));
    if (other) {
        snprintf(message, IDENTITIES_MESSAGE_BYTES,
                 "%s: curve.public-key: found the key of %s, expected a key of its own", path,
                 other->file);
        return -ERROR_CONFIGURATION;
    }
    return 0;
}

static int load_one(struct identities *identities, const char *directory, const char *file,
                    char *message)
{
    struct identity *identity = calloc(1, sizeof *identity);
    char why[CERTIFICATE_MESSAGE_BYTES];
    char *path = NULL;
    int rc;

    if (!identity || !(identity->file = strdup(file)) ||
        asprintf(&path, "%s/%s", directory, file) < 0) {
        identity_destroy(&identity);
        return fail_memory(message, directory);
    }
    rc = certificate_read(path, CERTIFICATE_PUBLIC, &identity->certificate, why);
    if (rc) {
        snprintf(message, IDENTITIES_MESSAGE_BYTES, "%s", why);
    } else {
        rc = check_identity(identities, identity, path, message);
    }
    free(path);
    if (rc) {
        identity_destroy(&identity);
        return rc;
    }
    table_insert(&identities->by_key, &identity->by_key,
                 hash(text_of(identity->certificate.public_key)));
    table_insert(&identities->by_name, &identity->by_name,
                 hash(text_of(identity->certificate.name)));
    return 0;
}

static bool is_identity(const char *file)
{
    size_t size_bytes = strlen(file);

    return file[0] != '.' && size_bytes > strlen(SUFFIX) &&
           strcmp(file + size_bytes - strlen(SUFFIX), SUFFIX) == 0;
}

static int load_all(struct identities *identities, DIR *directory, const char *path, char *message)
{
    struct dirent *entry;
    int rc = 0;

    for (;;) {
        errno = 0;
        entry = readdir(directory);
        if (!entry) {
            return errno ? fail(message, path, strerror(errno)) : 0;
        }
        if (!is_identity(entry->d_name)) {
            continue;
        }
        if (identities->by_key.count == LIMIT_IDENTITIES) {
            return fail(message, path, "too many identities");
        }
        rc = load_one(identities, path, entry->d_name, message);
        if (rc) {
            return rc;
        }
    }
}

static int check_directory(DIR *directory, const char *path, char *message)
{
    const char *problem;
    struct stat status;

    if (fstat(dirfd(directory), &status)) {
        return fail(message, path, strerror(errno));
    }
    problem = file_mode_problem(&status);
    return problem ? fail(message, path, problem) : 0;
}

int identities_load(struct identities **identities, const char *directory,
                    char message[IDENTITIES_MESSAGE_BYTES])
{
    struct identities *loaded = calloc(1, sizeof *loaded);
    DIR *handle = NULL;
    int rc = 0;

    if (!loaded || table_init(&loaded->by_key, EXPECTED) ||
        table_init(&loaded->by_name, EXPECTED)) {
        rc = fail_memory(message, directory);
        goto out;
    }
    handle = opendir(directory);
    if (!handle) {
        rc = fail(message, directory, strerror(errno));
        goto out;
    }
    rc = check_directory(handle, directory, message);
    if (!rc) {
        rc = load_all(loaded, handle, directory, message);
    }
out:
    if (handle) {
        closedir(handle);
    }
    if (rc) {
        identities_destroy(&loaded);
        return rc;
    }
    *identities = loaded;
    return 0;
}

void identities_destroy(struct identities **identities)
{
    struct table_link *link;

    if (!*identities) {
        return;
    }
    while ((link = table_each(&(*identities)->by_key, NULL))) {
        struct identity *identity = TABLE_ENTRY(link, struct identity, by_key);

        table_remove(&(*identities)->by_key, link);
        identity_destroy(&identity);
    }
    table_release(&(*identities)->by_key);
    table_release(&(*identities)->by_name);
    free(*identities);
    *identities = NULL;
}

size_t identities_count(const struct identities *identities)
{
    return identities->by_key.count;
}

const struct identity *identities_by_key(const struct identities *identities, struct text key)
{
    struct table_link *link = table_find(&identities->by_key, hash(key));

    for (; link; link = table_find_next(link)) {
        const struct identity *identity = TABLE_ENTRY(link, struct identity, by_key);
        if (text_equal(key, text_of(identity->certificate.public_key))) {
            return identity;
        }
    }
    return NULL;
}

const struct identity *identities_by_name(const struct identities *identities, struct text name)
{
    struct table_link *link = table_find(&identities->by_name, hash(name));

    for (; link; link = table_find_next(link)) {
        const struct identity *identity = TABLE_ENTRY(link, struct identity, by_name);
        if (text_equal(name, text_of(identity->certificate.name))) {
            return identity;
        }
    }
    return NULL;
}

const struct identity *identities_each(const struct identities *identities,
                                       const struct identity *previous)
{
    const struct table_link *last = previous ? &previous->by_key : NULL;
    struct table_link *link = table_each(&identities->by_key, last);

    return link ? TABLE_ENTRY(link, struct identity, by_key) : NULL;
}
