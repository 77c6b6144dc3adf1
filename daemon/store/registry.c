// SPDX-License-Identifier: MIT
#include "daemon/store/registry.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/table.h"

#define COLUMNS 4

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
    sqlite3 *database;
    sqlite3_stmt *profile;
    sqlite3_stmt *list;
    sqlite3_stmt *begin;
    sqlite3_stmt *commit;
    sqlite3_stmt *version;
    struct mono version_known; /* when the version was looked at last */
    int64_t data_version;
    uint64_t generation; /* counts what ends the remembering; from 1 */
    struct mono generation_began;
    struct remembered remembered[REMEMBERED];
    char message[REGISTRY_MESSAGE_BYTES];
    char user_principal_name[4 * USER_PRINCIPAL_NAME_LENGTH]; /* of the profile found last */
    char display_name[4 * DISPLAY_NAME_LENGTH];
};

static int refuse(struct registry *registry, const char *what, const char *why)
{
    snprintf(registry->message, sizeof registry->message, "%s: %s", what, why);
    return -ERROR_CONFIGURATION;
}

static int prepare(struct registry *registry, struct text sql, const char *key,
                   const char *const *parameters, sqlite3_stmt **statement)
{
    const char *tail = NULL;

    if (sqlite3_prepare_v3(registry->database, sql.data, (int)sql.size_bytes,
                           SQLITE_PREPARE_PERSISTENT, statement, &tail) != SQLITE_OK) {
        return refuse(registry, key, sqlite3_errmsg(registry->database));
    }
    for (const char *end = sql.data + sql.size_bytes; tail < end; tail++) {
        if (!strchr(" \t\r\n;", *tail)) {
            return refuse(registry, key, "more than one statement");
        }
    }
    if (!*statement || !sqlite3_stmt_readonly(*statement) || sqlite3_stmt_isexplain(*statement)) {
        return refuse(registry, key, "not a SELECT");
    }
    if (sqlite3_column_count(*statement) != COLUMNS) {
        return refuse(
            registry, key,
            "not four columns: user id, user principal name, display name, home tenant id");
    }
    for (; *parameters; parameters++) {
        if (!sqlite3_bind_parameter_index(*statement, *parameters)) {
            return refuse(registry, key, "does not use each of its parameters");
        }
    }
    return 0;
}

static int open_database(struct registry *registry, const struct registry_options *options)
{
    static const char *const profile_parameters[] = {":tenant_id", ":user_id", NULL};
    static const char *const list_parameters[] = {":tenant_id", ":after", ":limit", NULL};
    int rc;

    if (sqlite3_open_v2(options->database, &registry->database,
                        SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) {
        return refuse(registry, "registry.database",
                      registry->database ? sqlite3_errmsg(registry->database) : "out of memory");
    }
    sqlite3_busy_timeout(registry->database, (int)options->busy_timeout_ms);
    if (sqlite3_exec(registry->database, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF",
                     NULL, NULL, NULL) != SQLITE_OK) {
        return refuse(registry, "registry.database", sqlite3_errmsg(registry->database));
    }
    if (sqlite3_prepare_v3(registry->database, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT,
                           &registry->begin, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(registry->database, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT,
                           &registry->commit, NULL) != SQLITE_OK ||
        sqlite3_prepare_v3(registry->database, "PRAGMA data_version", -1, SQLITE_PREPARE_PERSISTENT,
                           &registry->version, NULL) != SQLITE_OK) {
        return refuse(registry, "registry.database", sqlite3_errmsg(registry->database));
    }
    rc = prepare(registry, options->profile_statement, "registry.profile_statement",
                 profile_parameters, &registry->profile);
    return rc ? rc
              : prepare(registry, options->list_statement, "registry.list_statement",
                        list_parameters, &registry->list);
}

int registry_open(struct registry **registry, const struct registry_options *options,
                  char message[REGISTRY_MESSAGE_BYTES])
{
    struct registry *r = calloc(1, sizeof *r);
    int rc = -ERROR_MEMORY;

    if (r) {
        rc = open_database(r, options);
    }
    if (rc) {
        snprintf(message, REGISTRY_MESSAGE_BYTES, "%s", r ? r->message : "out of memory");
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
    sqlite3_finalize((*registry)->profile);
    sqlite3_finalize((*registry)->list);
    sqlite3_finalize((*registry)->begin);
    sqlite3_finalize((*registry)->commit);
    sqlite3_finalize((*registry)->version);
    sqlite3_close((*registry)->database);
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

    if (sqlite3_errcode(registry->database) == SQLITE_NOMEM) {
        return fail(registry, sqlite3_errmsg(registry->database));
    }
    return is_profile ? 0 : fail(registry, otherwise);
}

static struct text keep(struct text text, char *buffer)
{
    memcpy(buffer, text.data, text.size_bytes);
    return (struct text){buffer, text.size_bytes};
}

/* A snapshot that cannot be had is no error here: then each question takes its own, and says what
 * is wrong. */
static void read_begin(struct registry *registry)
{
    if (sqlite3_get_autocommit(registry->database)) {
        (void)sqlite3_step(registry->begin);
        sqlite3_reset(registry->begin);
    }
}

void registry_rest(struct registry *registry)
{
    if (!sqlite3_get_autocommit(registry->database)) {
        (void)sqlite3_step(registry->commit);
        sqlite3_reset(registry->commit);
    }
}

static int find(struct registry *registry, const struct uuid *tenant_id, const struct uuid *user_id,
                struct profile *found)
{
    static const char is_other[] = "the row found is no profile of this user";
    sqlite3_stmt *statement = registry->profile;
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
        return fail(registry, sqlite3_errmsg(registry->database));
    }
    rc = read_profile(registry, statement, is_other, found);
    return rc || uuid_equal(&found->user_id, user_id) ? rc : fail(registry, is_other);
}

int registry_find(struct registry *registry, const struct uuid *tenant_id,
                  const struct uuid *user_id, struct profile *profile)
{
    struct profile found;
    int rc;

    read_begin(registry);
    sqlite3_reset(registry->profile);
    rc = find(registry, tenant_id, user_id, &found);
    if (!rc) {
        found.user_principal_name = keep(found.user_principal_name, registry->user_principal_name);
        found.display_name = keep(found.display_name, registry->display_name);
        *profile = found;
    }
    sqlite3_reset(registry->profile);
    return rc;
}

/* A version that cannot be had ends the remembering. */
static void look_for_changes(struct registry *registry, struct mono now)
{
    int64_t version = -1;

    if (registry->version_known.ms != now.ms) {
        read_begin(registry);
        if (sqlite3_step(registry->version) == SQLITE_ROW) {
            version = sqlite3_column_int64(registry->version, 0);
        }
        if (sqlite3_reset(registry->version) != SQLITE_OK || version < 0) {
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
    sqlite3_stmt *statement = registry->list;
    struct profile profile;
    int step = SQLITE_DONE;
    int rc = 0;

    read_begin(registry);
    if (!bind_uuid(statement, ":tenant_id", tenant_id) || !bind_uuid(statement, ":after", after) ||
        sqlite3_bind_int64(statement, sqlite3_bind_parameter_index(statement, ":limit"), limit) !=
            SQLITE_OK) {
        rc = fail(registry, sqlite3_errmsg(registry->database));
    }
    while (!rc && limit-- > 0 && (step = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = read_profile(registry, statement, "a row found is no profile", &profile);
        rc = rc ? rc : visit(argument, &profile);
    }
    if (!rc && step != SQLITE_ROW && step != SQLITE_DONE) {
        rc = fail(registry, sqlite3_errmsg(registry->database));
    }
    sqlite3_reset(statement);
    return rc > 0 ? 0 : rc;
}

const char *registry_message(const struct registry *registry)
{
    return registry->message;
}
