// SPDX-License-Identifier: MIT
/* Bytes as a file of revocations: either it is refused with one line that names the file and quotes
 * no control character, or everybody it names is refused and nobody else. */
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/revocations.h"
#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

static void expect(const struct revocations *revocations, const struct claims *claims, int rc)
{
    if (revocations_check(revocations, claims) != rc)
        abort();
}

static void check_person(const struct revocations *revocations, const json_t *person)
{
    struct claims claims = {.has_actor = false};
    struct claims actor = {.has_actor = true};
    struct text tenant;
    struct text object;

    if (!bounded_json_text(json_object_get(person, "tid"), &tenant) ||
        !bounded_json_text(json_object_get(person, "oid"), &object) ||
        uuid_parse(tenant, &claims.tenant_id) || uuid_parse(object, &claims.object_id))
        abort();
    actor.tenant_id = claims.tenant_id;
    actor.actor_id = claims.object_id;
    expect(revocations, &claims, -ERROR_PERSON_REVOKED);
    expect(revocations, &actor, -ERROR_PERSON_REVOKED);
}

/* What was accepted is JSON for others too. */
static void check_all(const struct revocations *revocations, const uint8_t *data, size_t size_bytes)
{
    json_t *document = json_loadb((const char *)data, size_bytes, JSON_REJECT_DUPLICATES, NULL);
    const json_t *tokens = json_object_get(document, "tokens");
    const json_t *persons = json_object_get(document, "persons");
    /* An id that no file can name, of a person with an id that hardly one does. */
    struct claims nobody = {.object_id = {.bytes = {0x5a, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}}};

    if (!document)
        abort();
    expect(revocations, &nobody, 0);
    for (size_t i = 0; i < json_array_size(tokens); i++) {
        struct claims claims = nobody;
        struct text id;
        if (!bounded_json_text(json_array_get(tokens, i), &id) ||
            text_copy(id, claims.token_id, sizeof claims.token_id))
            abort();
        expect(revocations, &claims, -ERROR_TOKEN_REVOKED);
    }
    for (size_t i = 0; i < json_array_size(persons); i++)
        check_person(revocations, json_array_get(persons, i));
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    char message[REVOCATIONS_MESSAGE_BYTES] = "";
    struct revocations *revocations = NULL;
    struct memory_file file;
    int rc;

    if (size_bytes > LIMIT_REVOCATIONS_BYTES + 1)
        return 0;
    memory_file_open(&file, data, size_bytes);
    rc = revocations_load(&revocations, file.path, message);
    if (!rc)
        check_all(revocations, data, size_bytes);
    else if (rc != -ERROR_CONFIGURATION || !memory_file_is_named(&file, message))
        abort();
    revocations_destroy(&revocations);
    memory_file_close(&file);
    return 0;
}
