// SPDX-License-Identifier: MIT
#include "daemon/caller.h"

#include "schemas/base/errors.h"
#include "schemas/base/log.h"

/* cause: what made us read it. */
static void log_reload(int rc, const char *what, const char *cause, const char *message)
{
    if (rc) {
        log_line(LOG_ERROR, "reload_failed", "%s=kept cause=%s reason=\"%s\"", what, cause,
                 message);
    } else {
        log_line(LOG_INFO, "reloaded", "%s=new cause=%s", what, cause);
    }
}

static int verify(struct daemon *daemon, struct text token, struct claims *claims)
{
    char message[KEY_SET_MESSAGE_BYTES];
    int reload_rc;
    int rc = authorizer_check(daemon->authorizer, token, daemon->now.wall, claims);

    if (rc != -ERROR_TOKEN_KEY ||
        !authorizer_refresh(daemon->authorizer, daemon->now.mono, &reload_rc, message)) {
        return rc;
    }
    log_reload(reload_rc, "keys", "unknown_key", message);
    if (reload_rc == -ERROR_MEMORY) {
        return reload_rc; /* nobody looked whether the key is there */
    }
    return authorizer_check(daemon->authorizer, token, daemon->now.wall, claims);
}

static int believe(struct daemon *daemon, const struct identity *identity,
                   const struct vouched_claims *vouched, struct claims *claims)
{
    if (!identity || !identity_has_role(identity, ROLE_VOUCHES)) {
        return -ERROR_CLAIMS_NOT_VOUCHED;
    }
    if (!identity_serves_tenant(identity, &vouched->tid)) {
        return -ERROR_CLAIMS_TENANT;
    }
    return authorizer_check_vouched(daemon->authorizer, vouched, daemon->now.wall, claims);
}

int caller_identify(struct daemon *daemon, const struct identity *identity,
                    const struct ping_request *common, struct claims *claims)
{
    if (common->has_token && common->has_claims) {
        return -ERROR_TOKEN_AND_CLAIMS;
    }
    return common->has_claims ? believe(daemon, identity, &common->claims, claims)
                              : verify(daemon, common->token, claims);
}

void caller_follow(struct daemon *daemon)
{
    char message[KEY_SET_MESSAGE_BYTES];
    int rc;

    if (authorizer_follow(daemon->authorizer, daemon->now.mono, &rc, message)) {
        log_reload(rc, "keys", "file_changed", message);
    }
}

void caller_reload(struct daemon *daemon)
{
    char message[KEY_SET_MESSAGE_BYTES];
    int rc;

    log_reload(authorizer_reload_keys(daemon->authorizer, message), "keys", "signal", message);
    if (daemon->settings.revocations) {
        rc = authorizer_reload_revocations(daemon->authorizer, message);
        log_reload(rc, "revocations", "signal", message);
        daemon->revocations_are_new |= !rc;
    }
}
