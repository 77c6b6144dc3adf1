// SPDX-License-Identifier: MIT
#include "daemon/auth/token.h"

#include <assert.h>
#include <string.h>

#include "daemon/auth/bounded_json.h"
#include "daemon/auth/issuer.h"
#include "daemon/auth/jws.h"
#include "schemas/base/errors.h"

/* The largest integer that every JSON implementation agrees about. In milliseconds, and with the
 * skew added, it still fits 64 bits, so no comparison below can overflow. */
#define INSTANT_MOST ((int64_t)1 << 53)

static_assert(INSTANT_MOST <= INT64_MAX / 1000 - TOKEN_SKEW_SECONDS_MOST, "instants fit in ms");

struct verification {
    const struct token_rules *rules;
    const struct key *key;
    const json_t *payload;
    struct wall now;
    struct text tenant_text; /* borrowed from the payload */
    bool is_application;
    struct claims claims;
};

static struct text string_or_empty(const json_t *value)
{
    struct text t = {NULL, 0};

    (void)bounded_json_text(value, &t);
    return t;
}

static bool is_listed(struct text name, const struct text *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (text_equal(name, list[i]))
            return true;
    }
    return false;
}

/* Reads an instant in Unix seconds as milliseconds; false when it is no integer in range. */
static bool read_instant(const json_t *value, int64_t least, int64_t *ms)
{
    if (!json_is_integer(value))
        return false;
    if (json_integer_value(value) < least || json_integer_value(value) > INSTANT_MOST)
        return false;
    *ms = json_integer_value(value) * 1000;
    return true;
}

/* The start is the later of nbf and iat; both are optional. */
static int read_start(const json_t *payload, int64_t *start_ms)
{
    static const char *const members[] = {"nbf", "iat"};

    *start_ms = 0;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        const json_t *value = json_object_get(payload, members[i]);
        int64_t ms;
        if (!value)
            continue;
        if (!read_instant(value, 0, &ms))
            return -ERROR_TOKEN_START;
        if (ms > *start_ms)
            *start_ms = ms;
    }
    return 0;
}

static int check_times(struct verification *v)
{
    int64_t skew_ms = (int64_t)v->rules->skew_seconds * 1000;
    int64_t end_ms;
    int64_t start_ms;
    int rc;

    if (!read_instant(json_object_get(v->payload, "exp"), 1, &end_ms))
        return -ERROR_TOKEN_EXPIRY;
    rc = read_start(v->payload, &start_ms);
    if (rc)
        return rc;
    v->claims.expires.ms = end_ms;
    v->claims.valid_until.ms = end_ms + skew_ms;
    v->claims.valid_from.ms = start_ms - skew_ms;
    if (v->now.ms >= v->claims.valid_until.ms)
        return -ERROR_TOKEN_EXPIRED;
    return v->now.ms < v->claims.valid_from.ms ? -ERROR_TOKEN_NOT_YET_VALID : 0;
}

static int check_tenant(struct verification *v)
{
    v->tenant_text = string_or_empty(json_object_get(v->payload, "tid"));
    return uuid_parse(v->tenant_text, &v->claims.tenant_id) == 0 ? 0 : -ERROR_TOKEN_TENANT;
}

static bool is_issuer_listed(const struct token_rules *rules, struct text name, struct text tenant)
{
    for (size_t i = 0; i < rules->issuer_count; i++) {
        if (issuer_matches(rules->issuers[i], name, tenant))
            return true;
    }
    return false;
}

static int check_issuer(struct verification *v)
{
    struct text name = string_or_empty(json_object_get(v->payload, "iss"));

    if (!is_issuer_listed(v->rules, name, v->tenant_text))
        return -ERROR_TOKEN_ISSUER;
    if (v->key->issuer[0] != '\0' && !issuer_matches(text_of(v->key->issuer), name, v->tenant_text))
        return -ERROR_TOKEN_KEY_ISSUER;
    return 0;
}

static int check_account(struct verification *v)
{
    return claims_are_personal(&v->claims) ? -ERROR_PERSONAL_ACCOUNT : 0;
}

/* idtyp is the accurate sign of an application, a missing scp the usual one; roles is neither,
 * because user tokens carry it too. */
static int check_kind(struct verification *v)
{
    const json_t *type = json_object_get(v->payload, "idtyp");
    const json_t *scp = json_object_get(v->payload, "scp");
    struct text scopes = string_or_empty(scp);

    if (type && !bounded_json_equal(type, TEXT("app")) && !bounded_json_equal(type, TEXT("user")))
        return -ERROR_TOKEN_KIND;
    if (scp && !json_is_string(scp))
        return -ERROR_TOKEN_SCOPES;
    v->is_application = bounded_json_equal(type, TEXT("app")) || scopes.size_bytes == 0;
    v->claims.is_delegated = !v->is_application;
    v->claims.scopes = scope_set_parse(scopes, v->rules->approver_scope);
    return 0;
}

static int check_person(struct verification *v)
{
    struct text object = string_or_empty(json_object_get(v->payload, "oid"));

    if (v->is_application)
        return 0;
    return uuid_parse(object, &v->claims.object_id) == 0 ? 0 : -ERROR_TOKEN_PERSON;
}

static bool names_somebody(const json_t *actor)
{
    static const char *const members[] = {"sub", "oid", "azp", "appid", "client_id"};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (string_or_empty(json_object_get(actor, members[i])).size_bytes > 0)
            return true;
    }
    return false;
}

static bool is_same_or_absent(const json_t *actor, const json_t *payload, const char *member)
{
    const json_t *value = json_object_get(actor, member);

    return !value || bounded_json_equal(value, string_or_empty(json_object_get(payload, member)));
}

static bool is_actor(const json_t *actor, const json_t *payload)
{
    return json_is_object(actor) && names_somebody(actor) &&
           is_same_or_absent(actor, payload, "tid") && is_same_or_absent(actor, payload, "iss");
}

/* Only the outermost actor is who acts now; the others have acted before (RFC 8693 section 4.1). */
static int check_actor(struct verification *v)
{
    const json_t *actor = json_object_get(v->payload, "act");
    const json_t *current = json_object_get(actor, "oid");
    const json_t *may_act = json_object_get(v->payload, "may_act");

    if (may_act && !json_is_object(may_act))
        return -ERROR_TOKEN_ACTOR;
    for (int depth = 0; actor; depth++) {
        if (depth == TOKEN_ACTORS_MOST || !is_actor(actor, v->payload))
            return -ERROR_TOKEN_ACTOR;
        actor = json_object_get(actor, "act");
    }
    v->claims.has_actor = current != NULL;
    return !current || uuid_parse(string_or_empty(current), &v->claims.actor_id) == 0
               ? 0
               : -ERROR_TOKEN_ACTOR;
}

bool token_rules_name_role(const struct token_rules *rules, const struct uuid *role)
{
    for (size_t i = 0; i < rules->role_count; i++) {
        if (uuid_equal(&rules->roles[i], role))
            return true;
    }
    return false;
}

/* What is no list of GUIDs holds no role: that is decided as a permission, not as a flaw. */
static int read_roles(struct verification *v)
{
    const json_t *roles = json_object_get(v->payload, "wids");
    struct uuid role;

    v->claims.lacks_role = v->rules->role_count > 0;
    for (size_t i = 0; v->claims.lacks_role && i < json_array_size(roles); i++) {
        if (uuid_parse(string_or_empty(json_array_get(roles, i)), &role) == 0 &&
            token_rules_name_role(v->rules, &role))
            v->claims.lacks_role = false;
    }
    return 0;
}

/* One string, or a list of nothing but strings (RFC 7519 section 4.1.3). */
static int check_audience(struct verification *v)
{
    const json_t *audience = json_object_get(v->payload, "aud");
    const struct token_rules *rules = v->rules;
    bool is_ours = false;

    if (json_is_string(audience))
        is_ours = is_listed(string_or_empty(audience), rules->audiences, rules->audience_count);
    for (size_t i = 0; i < json_array_size(audience); i++) {
        struct text name;
        if (!bounded_json_text(json_array_get(audience, i), &name))
            return -ERROR_TOKEN_AUDIENCE;
        is_ours = is_ours || is_listed(name, rules->audiences, rules->audience_count);
    }
    return is_ours ? 0 : -ERROR_TOKEN_AUDIENCE;
}

static int check_delegation(struct verification *v)
{
    return v->is_application ? -ERROR_APPLICATION_TOKEN : 0;
}

/* What only the audit log reads is never a reason to refuse. */
static void read_audit(struct verification *v)
{
    const json_t *application = json_object_get(v->payload, "azp");
    struct claims *claims = &v->claims;

    if (!application)
        application = json_object_get(v->payload, "appid");
    claims->has_application_id =
        uuid_parse(string_or_empty(application), &claims->application_id) == 0;
    (void)claims_token_id_copy(string_or_empty(json_object_get(v->payload, "uti")),
                               claims->token_id);
}

/* The order is the contract: first all that is 401, then all that is 403. */
static int (*const checks[])(struct verification *v) = {
    check_times,  check_tenant, check_issuer, check_account,  check_kind,
    check_person, check_actor,  read_roles,   check_audience, check_delegation,
};

int token_rules_check(const struct token_rules *rules)
{
    if (rules->issuer_count == 0 || rules->audience_count == 0 ||
        rules->skew_seconds > TOKEN_SKEW_SECONDS_MOST)
        return -ERROR_CONFIGURATION;
    for (size_t i = 0; i < rules->issuer_count; i++) {
        if (rules->issuers[i].size_bytes == 0)
            return -ERROR_CONFIGURATION;
    }
    for (size_t i = 0; i < rules->audience_count; i++) {
        if (rules->audiences[i].size_bytes == 0)
            return -ERROR_CONFIGURATION;
    }
    return 0;
}

int token_verify(const struct token_rules *rules, const struct key_set *set, struct text token,
                 struct wall now, struct claims *claims)
{
    struct verification v = {.rules = rules, .now = now};
    struct jws jws;
    json_t *payload;
    int rc = jws_open(&jws, set, token);

    assert(rules->skew_seconds <= TOKEN_SKEW_SECONDS_MOST);
    if (rc)
        return rc;
    rc = jws_json((struct text){(const char *)jws.payload, (uint32_t)jws.payload_bytes}, &payload,
                  ERROR_TOKEN_PAYLOAD);
    if (rc)
        return rc;
    v.key = jws.key;
    v.payload = payload;
    for (size_t i = 0; rc == 0 && i < sizeof(checks) / sizeof(checks[0]); i++)
        rc = checks[i](&v);
    if (!rc) {
        read_audit(&v);
        *claims = v.claims;
    }
    json_decref(payload);
    return rc;
}
