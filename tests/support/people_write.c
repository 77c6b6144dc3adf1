// SPDX-License-Identifier: MIT
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "tests/support/people.h"
#include "tests/support/temporary.h"

#define PATH_BYTES 512
#define TEXT_BYTES 512

/* One open database and its INSERT, with the tenant and person whose rows are being written. */
struct table {
    sqlite3 *database;
    sqlite3_stmt *insert;
};

static const char *const awkward[] = {
    "plain",
    "comma, \"quotes\" and 'more'",
    "first line\nsecond line\r\nthird",
    "=1+1",
    "<script>alert(1)</script> & co",
    "grüße, 你好, привет, 👋",
    "tab\tand \\",
    "",
};

#define AWKWARD_COUNT (sizeof(awkward) / sizeof(awkward[0]))

static int table_open(const char *directory, const char *name, const char *schema,
                      const char *insert, struct table *table)
{
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/%s", directory, name);
    *table = (struct table){0};
    if (sqlite3_open(path, &table->database) != SQLITE_OK ||
        sqlite3_exec(table->database, schema, NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_exec(table->database, "BEGIN", NULL, NULL, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(table->database, insert, -1, &table->insert, NULL) != SQLITE_OK) {
        return -ERROR_IO;
    }
    return 0;
}

static int table_close(struct table *table, int rc)
{
    sqlite3_finalize(table->insert);
    if (!rc && sqlite3_exec(table->database, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
        rc = -ERROR_IO;
    }
    sqlite3_close(table->database);
    return rc;
}

static void bind(struct table *table, int column, const char *text)
{
    sqlite3_bind_text(table->insert, column, text, -1, SQLITE_TRANSIENT);
}

static int table_put(struct table *table)
{
    int rc = sqlite3_step(table->insert) == SQLITE_DONE ? 0 : -ERROR_IO;
    sqlite3_reset(table->insert);
    sqlite3_clear_bindings(table->insert);
    return rc;
}

static int write_profile(struct table *table, unsigned tenant, unsigned person)
{
    char id[PEOPLE_ID_BUFFER];
    char name[PEOPLE_NAME_BUFFER];
    bind(table, 1, people_tenant_id(tenant, id));
    bind(table, 2, people_user_id(person, id));
    bind(table, 3, people_principal_name(person, name));
    snprintf(name, sizeof(name), "Person %u \"<of>\" tenant %u", person, tenant);
    bind(table, 4, name);
    snprintf(id, sizeof(id), "40e30000-0000-4000-8000-%012u", person % 7);
    bind(table, 5, id);
    return table_put(table);
}

static int write_messages(struct table *table, unsigned tenant, unsigned person)
{
    char buffer[TEXT_BYTES];
    char marker[PEOPLE_NAME_BUFFER];
    int rc = 0;
    for (unsigned i = 0; i < people_message_count(tenant, person) && !rc; i++) {
        bind(table, 1, people_tenant_id(tenant, buffer));
        bind(table, 2, people_principal_name(person, buffer));
        snprintf(buffer, sizeof(buffer), "2026-0%u-%02uT08:%02u:00Z", 1 + i % 9, 1 + person % 28,
                 i);
        bind(table, 3, buffer);
        bind(table, 4, awkward[(person + i) % AWKWARD_COUNT]);
        snprintf(buffer, sizeof(buffer), "%s message %u\n%s", people_marker(tenant, person, marker),
                 i, awkward[(person + 3 * i) % AWKWARD_COUNT]);
        bind(table, 5, buffer);
        sqlite3_bind_int64(table->insert, 6, (sqlite3_int64)person * 4294967296 + i);
        if (i % 3) {
            sqlite3_bind_double(table->insert, 7, i / 8.0);
        }
        rc = table_put(table);
    }
    return rc;
}

static int write_sign_ins(struct table *table, unsigned tenant, unsigned person)
{
    char buffer[TEXT_BYTES];
    char marker[PEOPLE_NAME_BUFFER];
    int rc = 0;
    for (unsigned i = 0; i < people_sign_in_count(tenant, person) && !rc; i++) {
        bind(table, 1, people_tenant_id(tenant, buffer));
        bind(table, 2, people_user_id(person, buffer));
        snprintf(buffer, sizeof(buffer), "192.0.2.%u", (person + i) % 256);
        bind(table, 3, buffer);
        snprintf(buffer, sizeof(buffer), "%s sign-in %u, \"app\"",
                 people_marker(tenant, person, marker), i);
        bind(table, 4, buffer);
        if (i % 2) {
            sqlite3_bind_int(table->insert, 5, (int)i);
        }
        rc = table_put(table);
    }
    return rc;
}

static const char *const file_names[] = {"letter.txt", "photos/été 2026.bin", "notes/a/b/c.md"};

static int write_file(const char *directory, unsigned tenant, unsigned person, unsigned index)
{
    char path[PATH_BYTES];
    char content[TEXT_BYTES];
    char tenant_id[PEOPLE_ID_BUFFER];
    char user_id[PEOPLE_ID_BUFFER];
    char marker[PEOPLE_NAME_BUFFER];
    static const char *const folders[] = {"", "/photos", "/notes/a/b"};
    int length = snprintf(path, sizeof(path), "%s/files/%s/%s", directory,
                          people_tenant_id(tenant, tenant_id), people_user_id(person, user_id));
    snprintf(path + length, sizeof(path) - (size_t)length, "%s", folders[index]);
    int rc = temporary_directories(path);
    if (rc) {
        return rc;
    }
    path[length] = '\0';
    int size = snprintf(content, sizeof(content), "%s file %u\n",
                        people_marker(tenant, person, marker), index);
    content[size] = '\0'; /* Not text only: a zero byte and all the others. */
    for (int byte = 0; byte < 256; byte++) {
        content[size + byte] = (char)byte;
    }
    return temporary_write(path, file_names[index], content, (size_t)size + 256);
}

static int write_files(const char *directory, unsigned tenant, unsigned person)
{
    int rc = 0;
    for (unsigned i = 0; i < people_file_count(tenant, person) && !rc; i++) {
        rc = write_file(directory, tenant, person, i);
    }
    return rc;
}

typedef int (*write_rows)(struct table *table, unsigned tenant, unsigned person);

struct table_plan {
    const char *file;
    const char *schema;
    const char *insert;
    write_rows write;
};

static const struct table_plan plans[] = {
    {"registry.db",
     "CREATE TABLE profiles (tenant_id TEXT, user_id TEXT, user_principal_name TEXT,"
     " display_name TEXT, home_tenant_id TEXT, PRIMARY KEY (tenant_id, user_id)) WITHOUT ROWID",
     "INSERT INTO profiles VALUES (?1, ?2, ?3, ?4, ?5)", write_profile},
    {"mailbox.db",
     "CREATE TABLE messages (id INTEGER PRIMARY KEY, tenant_id TEXT, owner TEXT, sent_at TEXT,"
     " subject TEXT, body TEXT, size_bytes INTEGER, importance REAL);"
     "CREATE INDEX messages_of ON messages (tenant_id, owner)",
     "INSERT INTO messages (tenant_id, owner, sent_at, subject, body, size_bytes, importance)"
     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
     write_messages},
    {"sign-ins.db",
     "CREATE TABLE sign_ins (id INTEGER PRIMARY KEY, tenant_id TEXT, user_id TEXT, address TEXT,"
     " application TEXT, attempts INTEGER);"
     "CREATE INDEX sign_ins_of ON sign_ins (tenant_id, user_id)",
     "INSERT INTO sign_ins (tenant_id, user_id, address, application, attempts)"
     " VALUES (?1, ?2, ?3, ?4, ?5)",
     write_sign_ins},
};

static int write_table(const struct people *people, const char *directory,
                       const struct table_plan *plan)
{
    struct table table;
    int rc = table_open(directory, plan->file, plan->schema, plan->insert, &table);
    for (unsigned tenant = 0; tenant < people->tenant_count; tenant++) {
        for (unsigned i = 0; i < people_per_tenant(people) && !rc; i++) {
            rc = plan->write(&table, tenant, people_person(people, tenant, i));
        }
    }
    return table_close(&table, rc);
}

int people_write(const struct people *people, const char *directory)
{
    int rc = 0;
    for (size_t i = 0; i < sizeof(plans) / sizeof(plans[0]) && !rc; i++) {
        rc = write_table(people, directory, &plans[i]);
    }
    char path[PATH_BYTES];
    snprintf(path, sizeof(path), "%s/files", directory);
    rc = rc ? rc : temporary_directories(path);
    for (unsigned tenant = 0; tenant < people->tenant_count; tenant++) {
        for (unsigned i = 0; i < people_per_tenant(people) && !rc; i++) {
            rc = write_files(directory, tenant, people_person(people, tenant, i));
        }
    }
    return rc;
}
