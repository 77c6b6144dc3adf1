// SPDX-License-Identifier: MIT
#include "clients/library/vouch.h"

#include <stdlib.h>
#include <string.h>

#include "clients/library/client.h"
#include "clients/library/failure.h"
#include "schemas/codec/codec.h"

static int set_ids(struct vouched_claims *to, const struct exportd_claims *from,
                   struct exportd_error *error)
{
    int rc = client_parse_id(from->tenant_id, "tenant_id", &to->tid, error);

    if (rc == EXPORTD_OK) {
        rc = client_parse_id(from->person_id, "person_id", &to->oid, error);
    }
    to->has_act = from->actor_id != NULL;
    if (rc == EXPORTD_OK && to->has_act) {
        rc = client_parse_id(from->actor_id, "actor_id", &to->act, error);
    }
    to->has_azp = from->application_id != NULL;
    if (rc == EXPORTD_OK && to->has_azp) {
        rc = client_parse_id(from->application_id, "application_id", &to->azp, error);
    }
    return rc;
}

static int set_roles(struct vouch *vouch, const struct exportd_claims *from,
                     struct exportd_error *error)
{
    uint32_t count = 0;
    struct uuid ignored;
    int rc = EXPORTD_OK;

    for (; rc == EXPORTD_OK && from->roles && from->roles[count]; count++) {
        rc = client_parse_id(from->roles[count], "roles", &ignored, error);
        wire_text(&vouch->roles, text_of(from->roles[count]));
    }
    if (rc == EXPORTD_OK && vouch->roles.error != 0) {
        rc = failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    vouch->claims.has_wids = count > 0;
    vouch->claims.wids = (struct wire_list){
        .encoded = vouch->roles.data, .encoded_bytes = vouch->roles.size_bytes, .count = count};
    return rc;
}

static int set_texts(struct vouch *vouch, const struct exportd_claims *from,
                     struct exportd_error *error)
{
    if (!from->scopes) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "scopes", NULL);
    }
    vouch->scopes = strdup(from->scopes);
    vouch->token_id = from->token_id ? strdup(from->token_id) : NULL;
    if (!vouch->scopes || (from->token_id && !vouch->token_id)) {
        return failure(error, EXPORTD_ERROR_MEMORY, NULL, NULL);
    }
    vouch->claims.scp = text_of(vouch->scopes);
    vouch->claims.has_uti = vouch->token_id != NULL;
    vouch->claims.uti = vouch->token_id ? text_of(vouch->token_id) : (struct text){0};
    return EXPORTD_OK;
}

/* What the schema forbids is told now, and not when the service refuses it. */
static int check(const struct vouched_claims *claims, struct exportd_error *error)
{
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct wire_input input;
    struct wire_error wrong = {0};
    struct vouched_claims ignored;
    int rc = wire_input_init(&input);

    if (rc == 0) {
        vouched_claims_encode(claims, &output);
        rc = output.error ? output.error
                          : wire_parse(&input, output.data, output.size_bytes, &wrong);
        if (rc == 0) {
            rc = vouched_claims_decode(&input.root, &ignored, &wrong);
        }
        wire_input_release(&input);
    }
    wire_output_release(&output);
    return rc == 0 ? EXPORTD_OK
                   : failure(error, EXPORTD_ERROR_ARGUMENT, wrong.field[0] ? wrong.field : "claims",
                             NULL);
}

int vouch_set(struct vouch *vouch, const struct exportd_claims *claims, struct exportd_error *error)
{
    struct vouch made = {.is_given = claims != NULL, .roles = WIRE_OUTPUT_INIT};
    int rc = EXPORTD_OK;

    if (claims) {
        made.claims.is_delegated = !claims->is_application;
        made.claims.exp = claims->expires;
        rc = set_ids(&made.claims, claims, error);
        if (rc == EXPORTD_OK) {
            rc = set_texts(&made, claims, error);
        }
        if (rc == EXPORTD_OK) {
            rc = set_roles(&made, claims, error);
        }
        if (rc == EXPORTD_OK) {
            rc = check(&made.claims, error);
        }
    }
    if (rc != EXPORTD_OK) {
        vouch_release(&made);
        return rc;
    }
    vouch_release(vouch);
    *vouch = made;
    return EXPORTD_OK;
}

void vouch_release(struct vouch *vouch)
{
    free(vouch->scopes);
    free(vouch->token_id);
    wire_output_release(&vouch->roles);
    *vouch = (struct vouch){0};
}

int exportd_vouch(struct exportd_client *client, const struct exportd_claims *claims,
                  struct exportd_error *error)
{
    failure_clear(error);
    if (!client) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, "client", NULL);
    }
    return vouch_set(&client->vouch, claims, error);
}
