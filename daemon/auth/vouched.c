// SPDX-License-Identifier: MIT
#include "daemon/auth/vouched.h"

#include "schemas/base/errors.h"
#include "schemas/codec/codec.h"

static bool lacks_role(const struct token_rules *rules, const struct wire_list *held)
{
    struct uuid role;

    for (uint32_t i = 0; i < held->count; i++) {
        codec_item(held, i, &role);
        if (token_rules_name_role(rules, &role))
            return false;
    }
    return rules->role_count > 0;
}

int vouched_claims_check(const struct token_rules *rules, const struct vouched_claims *vouched,
                         struct wall now, struct claims *claims)
{
    /* What the schema admits is far from an overflow, as in token.c. */
    struct wall expires = {vouched->exp * 1000};
    struct claims made = {
        .tenant_id = vouched->tid,
        .object_id = vouched->oid,
        .has_application_id = vouched->has_azp,
        .application_id = vouched->azp,
        .is_delegated = true,
        .has_actor = vouched->has_act,
        .actor_id = vouched->act,
        .scopes = scope_set_parse(vouched->scp, rules->approver_scope),
        .expires = expires,
        .valid_until = {expires.ms + (int64_t)rules->skew_seconds * 1000},
    };

    if (now.ms >= made.valid_until.ms)
        return -ERROR_CLAIMS_EXPIRED;
    if (claims_are_personal(&made))
        return -ERROR_PERSONAL_ACCOUNT;
    if (!vouched->is_delegated || vouched->scp.size_bytes == 0)
        return -ERROR_APPLICATION_TOKEN;
    made.lacks_role = lacks_role(rules, &vouched->wids);
    if (vouched->has_uti)
        (void)claims_token_id_copy(vouched->uti, made.token_id);
    *claims = made;
    return 0;
}
