// SPDX-License-Identifier: MIT
#include "tests/simulation/site.h"

#include <assert.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/temporary.h"
#include "tests/support/token_mint.h"

#define SCOPE   "CrossTenantUserProfileSharing.Read.All"
#define APPROVE "Exports.Approve"
#define PEOPLE  (SITE_PERSONS + 1) /* with the approver */
#define ISSUED  1000000000         /* 2001: no jump of the wall clock makes a token invalid */
#define EXPIRY  4000000000LL

struct variant {
    unsigned overlay_operations;
    unsigned lease_ms;
    unsigned offer_timeout_ms;
    unsigned retry_ceiling_ms;
    unsigned weights[SITE_TENANTS];
    unsigned caps[SITE_TENANTS];  /* operations running at once; 0: any */
    bool approvals[SITE_TENANTS]; /* are needed */
};

static const struct variant variants[SITE_CONFIGURATIONS] = {
    {64, 2000, 1000, 500, {1, 1, 1, 1}, {0}, {false}},
    {64, 1000, 300, 2000, {3, 1, 2, 1}, {0}, {false}},
    {8192, 5000, 1000, 4000, {1, 5, 1, 1}, {0}, {false}},
    {64, 2000, 500, 1000, {1, 1, 4, 1}, {1, 0, 3, 2}, {true, false, true, false}},
};

static struct uuid tenants[SITE_TENANTS];
static struct uuid users[SITE_TENANTS][SITE_USERS];
static struct uuid persons[SITE_TENANTS][PEOPLE];
static char *tokens[SITE_TENANTS][PEOPLE];
static char directory[TEMPORARY_BUFFER];
static char configurations[SITE_CONFIGURATIONS][TEMPORARY_BUFFER + 32];
static unsigned chosen;
static unsigned active;

static struct uuid id_of(const char *format, unsigned number)
{
    char text[UUID_TEXT_BUFFER];
    struct uuid id;
    int rc;

    snprintf(text, sizeof text, format, number);
    rc = uuid_parse(text_of(text), &id);
    assert(rc == 0);
    return id;
}

static void name_everybody(void)
{
    for (unsigned tenant = 0; tenant < SITE_TENANTS; tenant++) {
        tenants[tenant] = id_of("7e4a4700-0000-4000-8000-%012u", tenant);
        for (unsigned user = 0; user < SITE_USERS; user++) {
            users[tenant][user] =
                id_of("05e20000-0000-4000-8000-%012u", tenant * (SITE_USERS * 3 / 4) + user);
        }
        for (unsigned person = 0; person < PEOPLE; person++) {
            persons[tenant][person] =
                id_of("0b1ec700-0000-4000-8000-%012u", tenant * PEOPLE + person);
        }
    }
}

static char *mint_one(struct mint *mint, unsigned tenant, unsigned person)
{
    char tenant_id[UUID_TEXT_BUFFER];
    char person_id[UUID_TEXT_BUFFER];
    char payload[1024];

    uuid_format(&tenants[tenant], tenant_id);
    uuid_format(&persons[tenant][person], person_id);
    snprintf(payload, sizeof payload,
             "{\"iss\":\"https://login.example.org/%s/v2.0\",\"aud\":\"%s\",\"ver\":\"2.0\","
             "\"tid\":\"%s\",\"oid\":\"%s\",\"sub\":\"made-up\",\"scp\":\"%s\",\"azp\":\"%s\","
             "\"iat\":%d,\"nbf\":%d,\"exp\":%lld,\"uti\":\"%u-%u\"}",
             tenant_id, MINT_AUDIENCE, tenant_id, person_id,
             person == SITE_APPROVER ? SCOPE " " APPROVE : SCOPE, MINT_APPLICATION_ID, ISSUED,
             ISSUED, EXPIRY, tenant, person);
    return mint_token(mint, payload);
}

static int mint_all(void)
{
    struct mint *mint = mint_new(MINT_ES256, "simulated");
    char path[TEMPORARY_BUFFER + 32];
    int rc;

    snprintf(path, sizeof path, "%s/keys.json", directory);
    rc = mint_write_key_set(path, &mint, 1);
    for (unsigned tenant = 0; tenant < SITE_TENANTS; tenant++) {
        for (unsigned person = 0; person < PEOPLE; person++) {
            tokens[tenant][person] = mint_one(mint, tenant, person);
        }
    }
    mint_destroy(&mint);
    return rc;
}

static int insert_profile(sqlite3 *database, unsigned tenant, unsigned user)
{
    char tenant_id[UUID_TEXT_BUFFER];
    char user_id[UUID_TEXT_BUFFER];
    char sql[512];

    uuid_format(&tenants[tenant], tenant_id);
    uuid_format(&users[tenant][user], user_id);
    snprintf(sql, sizeof sql,
             "INSERT INTO profiles VALUES('%s','%s','cAnArY%u@example.org','cAnArY Person %u',"
             "'40000000-0000-4000-8000-000000000001')",
             tenant_id, user_id, user, user);
    return sqlite3_exec(database, sql, NULL, NULL, NULL);
}

static int write_registry(void)
{
    char path[TEMPORARY_BUFFER + 32];
    sqlite3 *database = NULL;
    int rc;

    snprintf(path, sizeof path, "%s/registry.db", directory);
    rc = sqlite3_open(path, &database);
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(database,
                          "PRAGMA journal_mode = MEMORY; CREATE TABLE profiles(tenant_id TEXT,"
                          " user_id TEXT, user_principal_name TEXT, display_name TEXT,"
                          " home_tenant_id TEXT, PRIMARY KEY(tenant_id, user_id)); BEGIN",
                          NULL, NULL, NULL);
    }
    for (unsigned tenant = 0; tenant < SITE_TENANTS && rc == SQLITE_OK; tenant++) {
        for (unsigned user = 0; user < SITE_USERS && rc == SQLITE_OK; user++) {
            rc = insert_profile(database, tenant, user);
        }
    }
    if (rc == SQLITE_OK) {
        rc = sqlite3_exec(database, "COMMIT", NULL, NULL, NULL);
    }
    sqlite3_close(database);
    return rc;
}

static const char configuration_text[] =
    "security: none\n"
    "sockets:\n"
    "  requests: 'ipc://requests'\n"
    "  jobs: 'ipc://jobs'\n"
    "  reports: 'ipc://reports'\n"
    "  status: 'ipc://status'\n"
    "store:\n"
    "  directory: '%s/store'\n"
    "  overlay_operations: %u\n"
    "tokens:\n"
    "  key_set: '%s/keys.json'\n"
    "  issuers: ['" MINT_ISSUER_PATTERN "']\n"
    "  audiences: ['" MINT_AUDIENCE "']\n"
    "registry:\n"
    "  database: '%s/registry.db'\n"
    "  profile_statement: >-\n"
    "    SELECT user_id, user_principal_name, display_name, home_tenant_id FROM profiles\n"
    "    WHERE tenant_id = :tenant_id AND user_id = :user_id\n"
    "  list_statement: >-\n"
    "    SELECT user_id, user_principal_name, display_name, home_tenant_id FROM profiles\n"
    "    WHERE tenant_id = :tenant_id AND user_id > :after ORDER BY user_id LIMIT :limit\n"
    "operations:\n"
    "  base_url: 'https://export.example.org/v1.0/operations'\n"
    "%s"
    "limits: {exports_per_day: 0, exports_per_day_of_subject: 0, requests_per_hour: 0}\n"
    "permissions:\n"
    "  approver_scope: " APPROVE "\n"
    "  operators: [{tenant_id: %s, object_id: %s}]\n"
    "dispatch:\n"
    "  offer_timeout_ms: %u\n"
    "  lease_ms: %u\n"
    "  retry_base_ms: 100\n"
    "  retry_ceiling_ms: %u\n"
    "  tenants:\n";

/* The tenants whose operations need approval, as a list of the configuration. */
static const char *list_approvals(const struct variant *variant, char text[1024])
{
    char tenant_id[UUID_TEXT_BUFFER];
    int at = snprintf(text, 1024, "  tenants:\n");
    int begun = at;

    for (unsigned tenant = 0; tenant < SITE_TENANTS; tenant++) {
        if (variant->approvals[tenant]) {
            at += snprintf(text + at, 1024 - (size_t)at,
                           "    - tenant_id: %s\n      approval: manual\n",
                           uuid_format(&tenants[tenant], tenant_id));
        }
    }
    return at > begun ? text : "";
}

static int write_configuration(unsigned number)
{
    const struct variant *variant = &variants[number];
    char text[4096];
    char tenant_id[UUID_TEXT_BUFFER];
    char person_id[UUID_TEXT_BUFFER];
    char approvals[1024];
    char name[32];
    int at = snprintf(text, sizeof text, configuration_text, directory, variant->overlay_operations,
                      directory, directory, list_approvals(variant, approvals),
                      uuid_format(&tenants[0], tenant_id), uuid_format(&persons[0][0], person_id),
                      variant->offer_timeout_ms, variant->lease_ms, variant->retry_ceiling_ms);

    for (unsigned tenant = 0; tenant < SITE_TENANTS; tenant++) {
        at += snprintf(text + at, sizeof text - (size_t)at,
                       "    - tenant_id: %s\n      weight: %u\n      maximum_running: %u\n",
                       uuid_format(&tenants[tenant], tenant_id), variant->weights[tenant],
                       variant->caps[tenant]);
    }
    snprintf(name, sizeof name, "exportd-%u.yaml", number);
    snprintf(configurations[number], sizeof configurations[number], "%s/%s", directory, name);
    return temporary_write(directory, name, text, (size_t)at);
}

int site_make(void)
{
    char path[TEMPORARY_BUFFER + 32];
    int rc = temporary_make(directory);

    name_everybody();
    snprintf(path, sizeof path, "%s/store", directory);
    rc = rc ? rc : temporary_directories(path);
    rc = rc ? rc : mint_all();
    rc = rc ? rc : write_registry();
    for (unsigned i = 0; i < SITE_CONFIGURATIONS && !rc; i++) {
        rc = write_configuration(i);
    }
    if (rc) {
        fprintf(stderr, "simulate: the installation cannot be made in \"%s\" (%d)\n", directory,
                rc);
    }
    return rc;
}

void site_release(void)
{
    for (unsigned i = 0; i < SITE_TENANTS * PEOPLE; i++) {
        free(tokens[i / PEOPLE][i % PEOPLE]);
    }
    if (directory[0] && temporary_remove(directory)) {
        fprintf(stderr, "simulate: %s stays behind\n", directory);
    }
}

void site_choose(unsigned configuration, unsigned tenant_count)
{
    chosen = configuration;
    active = tenant_count;
}

const char *site_configuration(void)
{
    return configurations[chosen];
}

unsigned site_active_tenants(void)
{
    return active;
}

bool site_needs_approval(unsigned tenant)
{
    return variants[chosen].approvals[tenant];
}

int64_t site_cap(unsigned tenant)
{
    return variants[chosen].caps[tenant];
}

int64_t site_weight(unsigned tenant)
{
    return variants[chosen].weights[tenant];
}

const struct uuid *site_tenant_id(unsigned tenant)
{
    return &tenants[tenant];
}

unsigned site_tenant_number(const struct uuid *tenant_id)
{
    unsigned tenant = 0;

    while (tenant < SITE_TENANTS && !uuid_equal(&tenants[tenant], tenant_id)) {
        tenant++;
    }
    return tenant;
}

const struct uuid *site_user_id(unsigned tenant, unsigned user)
{
    return &users[tenant][user];
}

const struct uuid *site_person_id(unsigned tenant, unsigned person)
{
    return &persons[tenant][person];
}

const char *site_token(unsigned tenant, unsigned person)
{
    return tokens[tenant][person];
}
