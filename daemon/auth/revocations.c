// SPDX-License-Identifier: MIT
#include "daemon/auth/revocations.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"

struct token_name {
    char id[CLAIMS_TOKEN_ID_BYTES + 1];
};

struct person {
    struct uuid tenant_id;
    struct uuid object_id;
};

/* Both in order, to be searched by halves. */
struct revocations {
    struct token_name *tokens;
    size_t token_count;
    struct person *persons;
    size_t person_count;
};

static int fail_entry(char *message, const char *path, const char *list, size_t index,
                      const char *text)
{
    (void)snprintf(message, REVOCATIONS_MESSAGE_BYTES, "%s: %s[%zu]: %s", path, list, index, text);
    return -ERROR_CONFIGURATION;
}

static int compare_tokens(const void *a, const void *b)
{
    return strcmp(((const struct token_name *)a)->id, ((const struct token_name *)b)->id);
}

static int compare_persons(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct person));
}

static int read_token(const json_t *value, struct token_name *token)
{
    struct text id;

    return bounded_json_text(value, &id) && claims_token_id_copy(id, token->id) ? 0 : -1;
}

static int read_person(const json_t *value, struct person *person)
{
    struct text tenant;
    struct text object;

    return json_is_object(value) && json_object_size(value) == 2 &&
                   bounded_json_text(json_object_get(value, "tid"), &tenant) &&
                   bounded_json_text(json_object_get(value, "oid"), &object) &&
                   uuid_parse(tenant, &person->tenant_id) == 0 &&
                   uuid_parse(object, &person->object_id) == 0
               ? 0
               : -1;
}

static int read_tokens(struct revocations *made, const json_t *list, const char *path,
                       char *message)
{
    made->tokens = calloc(json_array_size(list) + 1, sizeof(*made->tokens));
    if (!made->tokens)
        return bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (read_token(json_array_get(list, i), &made->tokens[i]) != 0)
            return fail_entry(message, path, "tokens", i,
                              "expected a uti: 1 to 64 letters, digits, \"-\", \"_\" and \".\"");
        made->token_count++;
    }
    qsort(made->tokens, made->token_count, sizeof(*made->tokens), compare_tokens);
    return 0;
}

static int read_persons(struct revocations *made, const json_t *list, const char *path,
                        char *message)
{
    made->persons = calloc(json_array_size(list) + 1, sizeof(*made->persons));
    if (!made->persons)
        return bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (read_person(json_array_get(list, i), &made->persons[i]) != 0)
            return fail_entry(message, path, "persons", i,
                              "expected an object of a \"tid\" and an \"oid\", both GUIDs");
        made->person_count++;
    }
    qsort(made->persons, made->person_count, sizeof(*made->persons), compare_persons);
    return 0;
}

/* A member that is misspelt would revoke nothing, and nobody would know. */
static int check_members(json_t *document, const char *path, char *message)
{
    const char *name;
    json_t *value;

    json_object_foreach(document, name, value)
    {
        if (strcmp(name, "tokens") != 0 && strcmp(name, "persons") != 0)
            return bounded_file_fail(message, path, ERROR_CONFIGURATION,
                                     "only the members \"tokens\" and \"persons\" are known");
        if (!json_is_array(value))
            return bounded_file_fail(message, path, ERROR_CONFIGURATION,
                                     "\"tokens\" and \"persons\" are lists");
    }
    return 0;
}

static int make(struct revocations **revocations, json_t *document, const char *path, char *message)
{
    struct revocations *made = calloc(1, sizeof(*made));
    int rc;

    if (!made)
        return bounded_file_fail(message, path, ERROR_MEMORY, "out of memory");
    rc = check_members(document, path, message);
    if (!rc)
        rc = read_tokens(made, json_object_get(document, "tokens"), path, message);
    if (!rc)
        rc = read_persons(made, json_object_get(document, "persons"), path, message);
    if (rc)
        revocations_destroy(&made);
    else
        *revocations = made;
    return rc;
}

int revocations_load(struct revocations **revocations, const char *path,
                     char message[REVOCATIONS_MESSAGE_BYTES])
{
    char reason[BOUNDED_JSON_REASON_BYTES];
    struct file_version version;
    json_t *document = NULL;
    struct text content;
    char *data = NULL;
    int rc = bounded_file_read(path, LIMIT_REVOCATIONS_BYTES, &data, &content, &version, message);

    if (rc)
        return rc;
    rc = bounded_json_parse(content, &document, reason);
    if (rc)
        rc = bounded_file_fail(message, path,
                               rc == -ERROR_MEMORY ? ERROR_MEMORY : ERROR_CONFIGURATION, reason);
    else
        rc = make(revocations, document, path, message);
    json_decref(document);
    free(data);
    return rc;
}

void revocations_destroy(struct revocations **revocations)
{
    if (!*revocations)
        return;
    free((*revocations)->tokens);
    free((*revocations)->persons);
    free(*revocations);
    *revocations = NULL;
}

bool revocations_name_persons(const struct revocations *revocations)
{
    return revocations && revocations->person_count > 0;
}

bool revocations_name_person(const struct revocations *revocations, const struct uuid *tenant_id,
                             const struct uuid *object_id)
{
    struct person wanted = {.tenant_id = *tenant_id, .object_id = *object_id};

    return revocations_name_persons(revocations) &&
           bsearch(&wanted, revocations->persons, revocations->person_count, sizeof(wanted),
                   compare_persons);
}

static bool is_token_named(const struct revocations *revocations, const struct claims *claims)
{
    struct token_name wanted;

    memcpy(wanted.id, claims->token_id, sizeof(wanted.id));
    return revocations->token_count > 0 &&
           bsearch(&wanted, revocations->tokens, revocations->token_count, sizeof(wanted),
                   compare_tokens);
}

int revocations_check(const struct revocations *revocations, const struct claims *claims)
{
    if (!revocations)
        return 0;
    if (is_token_named(revocations, claims))
        return -ERROR_TOKEN_REVOKED;
    if (revocations_name_person(revocations, &claims->tenant_id, &claims->object_id) ||
        (claims->has_actor &&
         revocations_name_person(revocations, &claims->tenant_id, &claims->actor_id)))
        return -ERROR_PERSON_REVOKED;
    return 0;
}
