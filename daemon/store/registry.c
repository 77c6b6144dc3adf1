// SPDX-License-Identifier: MIT
#include "daemon/store/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/store/registry_file.h"
#include "schemas/base/errors.h"
#include "schemas/base/table.h"

/* Code points, as in schemas/profile.yaml. */
#define USER_PRINCIPAL_NAME_LENGTH 320
#define DISPLAY_NAME_LENGTH        256

/* Profiles that are remembered: a power of two. The statement is the operator's and may depend on
 * the time, so that no verdict is kept for long. */
#define REMEMBERED  4096
#define REMEMBER_MS 1000

struct remembered {
    struct uuid tenant_id;
    struct uuid user_id;
    uint64_t generation; /* of the registry when it was found */
};

struct registry {
    struct registry_file file;
    struct registry_options options;
    struct mono version_known; /* when the version was looked at last */
    int64_t data_version;
    uint64_t generation; /* counts what ends the remembering; from 1 */
    struct mono generation_began;
    struct remembered remembered[REMEMBERED];
    char message[REGISTRY_MESSAGE_BYTES];
    char user_principal_name[4 * USER_PRINCIPAL_NAME_LENGTH]; /* of the profile found last */
    char display_name[4 * DISPLAY_NAME_LENGTH];
};

int registry_open(struct registry **registry, const struct registry_options *options,
                  char message[REGISTRY_MESSAGE_BYTES])
{
    struct registry *r = calloc(1, sizeof *r);
    int rc = -ERROR_MEMORY;

    snprintf(message, REGISTRY_MESSAGE_BYTES, "out of memory");
    if (r) {
        r->options = *options;
        rc = registry_file_open(&r->file, options, message);
    }
    if (rc) {
        registry_close(&r);
        return rc;
    }
    *registry = r;
    return 0;
}

void registry_close(struct registry **registry)
{
    if (!*registry) {
        return;
    }
    registry_file_close(&(*registry)->file);
    free(*registry);
    *registry = NULL;
}

static int fail(struct registry *registry, const char *why)
{
    snprintf(registry->message, sizeof registry->message, "%s", why);
    return -ERROR_REGISTRY;
}

/* A parameter that is not bound is NULL, and nobody would be found: a caller must look. */
static bool bind_uuid(sqlite3_stmt *statement, const char *name, const struct uuid *uuid)
{
    char text[UUID_TEXT_BUFFER] = "";

    if (uuid) {
        uuid_format(uuid, text);
    }
    return sqlite3_bind_text(statement, sqlite3_bind_parameter_index(statement, name), text, -1,
                             SQLITE_TRANSIENT) == SQLITE_OK;
}

static bool read_text(sqlite3_stmt *statement, int column, uint32_t maximum, struct text *text)
{
    uint32_t code_points;

    text->data = (const char *)sqlite3_column_text(statement, column);
    text->size_bytes = text->data ? (uint32_t)sqlite3_column_bytes(statement, column) : 0;
    if (!text->data) {
        *text = TEXT("");
    }
    return text_code_points(*text, &code_points) == 0 && code_points <= maximum;
}

static bool read_columns(sqlite3_stmt *statement, struct profile *profile)
{
    struct text user_id;
    struct text home_tenant_id;

    return read_text(statement, 0, UUID_TEXT_BYTES, &user_id) &&
           read_text(statement, 1, USER_PRINCIPAL_NAME_LENGTH, &profile->user_principal_name) &&
           read_text(statement, 2, DISPLAY_NAME_LENGTH, &profile->display_name) &&
           read_text(statement, 3, UUID_TEXT_BYTES, &home_tenant_id) &&
           uuid_parse(user_id, &profile->user_id) == 0 &&
           uuid_parse(home_tenant_id, &profile->home_tenant_id) == 0;
}

/* A text that SQLite has no memory for reads like one that is absent. */
static int read_profile(struct registry *registry, sqlite3_stmt *statement, const char *otherwise,
                        struct profile *profile)
{
    bool is_profile = read_columns(statement, profile);

    if (sqlite3_errcode(registry->file.database) == SQLITE_NOMEM) {
        return fail(registry, sqlite3_errmsg(registry->file.database));
    }
    return is_profile ? 0 : fail(registry, otherwise);
}

static struct text keep(struct text text, char *buffer)
{
    memcpy(buffer, text.data, text.size_bytes);
    return (struct text){buffer, text.size_bytes};
}

/* Another file may have been put in the place of the one that is open, which then nobody writes
 * any more. Until that can be opened nothing is known. */
static int follow_file(struct registry *registry)
{
    int is_current = registry_file_is_current(&registry->file, registry->options.database);
    struct registry_file file;

    if (is_current < 0) {
        return fail(registry, strerror(-is_current));
    }
    if (is_current) {
        return 0;
    }
    if (registry_file_open(&file, &registry->options, registry->message)) {
        return -ERROR_REGISTRY;
    }
    registry_file_close(&registry->file);
    registry->file = file;
    registry->generation++;
    registry->version_known.ms = INT64_MIN;
    return 0;
}

/* A snapshot that cannot be had is no error here: then each question takes its own, and says what
 * is wrong. -ERROR_REGISTRY when the file is not there. */
static int read_begin(struct registry *registry)
{
    int rc = 0;

    if (sqlite3_get_autocommit(registry->file.database)) {
        rc = follow_file(registry);
        if (!rc) {
            (void)sqlite3_step(registry->file.begin);
            sqlite3_reset(registry->file.begin);
        }
    }
    return rc;
}

void registry_rest(struct registry *registry)
{
    if (!sqlite3_get_autocommit(registry->file.database)) {
        (void)sqlite3_step(registry->file.commit);
        sqlite3_reset(registry->file.commit);
    }
}

static int find(struct registry *registry, const struct uuid *tenant_id, const struct uuid *user_id,
                struct profile *found)
{
    static const char is_other[] = "the row found is no profile of this user";
    sqlite3_stmt *statement = registry->file.profile;
    int step = SQLITE_ERROR;
    int rc;

    if (bind_uuid(statement, ":tenant_id", tenant_id) &&
        bind_uuid(statement, ":user_id", user_id)) {
        step = sqlite3_step(statement);
    }
    if (step == SQLITE_DONE) {
        return -ERROR_NOT_FOUND;
    }
    if (step != SQLITE_ROW) {
        return fail(registry, sqlite3_errmsg(registry->file.database));
    }
    rc = read_profile(registry, statement, is_other, found);
    return rc || uuid_equal(&found->user_id, user_id) ? rc : fail(registry, is_other);
}

int registry_find(struct registry *registry, const struct uuid *tenant_id,
                  const struct uuid *user_id, struct profile *profile)
{
    struct profile found;
    int rc = read_begin(registry);

    if (rc) {
        return rc;
    }
    sqlite3_reset(registry->file.profile);
    rc = find(registry, tenant_id, user_id, &found);
    if (!rc) {
        found.user_principal_name = keep(found.user_principal_name, registry->user_principal_name);
        found.display_name = keep(found.display_name, registry->display_name);
        *profile = found;
    }
    sqlite3_reset(registry->file.profile);
    return rc;
}

/* A version that cannot be had ends the remembering. */
static void look_for_changes(struct registry *registry, struct mono now)
{
    int64_t version = -1;

    if (registry->version_known.ms != now.ms) {
        if (!read_begin(registry) && sqlite3_step(registry->file.version) == SQLITE_ROW) {
            version = sqlite3_column_int64(registry->file.version, 0);
        }
        if (sqlite3_reset(registry->file.version) != SQLITE_OK || version < 0) {
            version = -1;
        }
        registry->version_known.ms = version < 0 ? INT64_MIN : now.ms;
        if (version < 0 || version != registry->data_version) {
            registry->generation_began.ms = now.ms - REMEMBER_MS;
        }
        registry->data_version = version;
    }
    if (!registry->generation || now.ms - registry->generation_began.ms >= REMEMBER_MS) {
        registry->generation++;
        registry->generation_began = now;
    }
}

int registry_has(struct registry *registry, const struct uuid *tenant_id,
                 const struct uuid *user_id, struct mono now)
{
    uint64_t hash = table_hash_uuid(tenant_id) * 31 + table_hash_uuid(user_id);
    struct remembered *remembered = &registry->remembered[hash % REMEMBERED];
    struct profile profile;
    int rc;

    look_for_changes(registry, now);
    if (remembered->generation == registry->generation &&
        uuid_equal(&remembered->user_id, user_id) &&
        uuid_equal(&remembered->tenant_id, tenant_id)) {
        return 0;
    }
    rc = registry_find(registry, tenant_id, user_id, &profile);
    if (!rc) {
        *remembered = (struct remembered){*tenant_id, *user_id, registry->generation};
    }
    return rc;
}

int registry_list(struct registry *registry, const struct uuid *tenant_id, const struct uuid *after,
                  int64_t limit, registry_visitor visit, void *argument)
{
    sqlite3_stmt *statement;
    struct profile profile;
    int step = SQLITE_DONE;
    int rc = read_begin(registry);

    if (rc) {
        return rc;
    }
    statement = registry->file.list; /* of the file that is there now */
    if (!bind_uuid(statement, ":tenant_id", tenant_id) || !bind_uuid(statement, ":after", after) ||
        sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":limit"), limit) !=
            SQLITE_OK) {
        rc = fail(registry, sqlite3_errmsg(registry->file.database));
    }
    while (!rc && limit-- > 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = read_profile(registry, statement, "a row found is no profile", &profile);
        rc = rc ? rc : visit(argument, &profile);
    }
    if (!rc && step != SQLITE_ROW && step != SQLITE_DONE) {
        rc = fail(registry, sqlite3_errmsg(registry->file.database));
    }
    sqlite3_reset(statement);
    return rc > 0 ? 0 : rc;
}

const char *registry_message(const struct registry *registry)
{
    return registry->message;
}
