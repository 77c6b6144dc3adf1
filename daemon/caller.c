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

int caller_identify(struct daemon *daemon, struct text token, struct claims *claims)
{
    char message[KEY_SET_MESSAGE_BYTES];
    int reload_rc;
    int rc = authorizer_check(daemon->authorizer, token, daemon->now.wall, claims);

    if (rc != -ERROR_TOKEN_KEY ||
        !authorizer_refresh(daemon->authorizer, daemon->now.mono, &reload_rc, message)) {
        return rc;
    }
    log_reload(reload_rc, "keys", "unknown_key", message);
    return authorizer_check(daemon->authorizer, token, daemon->now.wall, claims);
}

void caller_reload(struct daemon *daemon)
{
    char message[KEY_SET_MESSAGE_BYTES];

    log_reload(authorizer_reload_keys(daemon->authorizer, message), "keys", "signal", message);
    if (daemon->settings.revocations) {
        log_reload(authorizer_reload_revocations(daemon->authorizer, message), "revocations",
                   "signal", message);
    }
}
