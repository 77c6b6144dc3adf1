// SPDX-License-Identifier: MIT
#include "daemon/reload.h"

#include "daemon/caller.h"
#include "daemon/net/gate.h"
#include "daemon/net/zap.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "schemas/base/supervisor.h"

#define DENIALS_INTERVAL_MS 1000
#define VALUE_BYTES         128

static int reload_identities(struct daemon *daemon)
{
    struct identities *identities;
    char message[CONFIGURATION_ERROR_BYTES];
    char why[SOCKETS_MESSAGE_BYTES];
    size_t reopened;
    int rc;

    if (security_read_identities(&daemon->settings, &identities, message)) {
        log_line(LOG_ERROR, "reload_failed", "identities=kept reason=\"%s\"", message);
        return 0;
    }
    rc = sockets_admit(daemon->sockets, identities, &reopened, why);
    identities_destroy(&daemon->security.identities);
    daemon->security.identities = identities;
    if (rc) {
        log_line(LOG_ERROR, "reload_failed", "identities=new reason=\"%s\"", why);
        return rc;
    }
    log_line(LOG_INFO, "reloaded", "identities=%zu sockets_reopened=%zu",
             identities_count(identities), reopened);
    security_warn(&daemon->security);
    return 0;
}

int daemon_reload(struct daemon *daemon)
{
    int rc;

    supervisor_tell_reloading();
    caller_reload(daemon);
    rc = daemon->security.identities ? reload_identities(daemon) : 0;
    if (!rc) {
        supervisor_tell_ready();
    }
    return rc;
}

void daemon_tell_denials(struct daemon *daemon)
{
    struct mono now = mono_now();
    struct denials denials;
    char address[VALUE_BYTES];
    char domain[VALUE_BYTES];

    if (!daemon->security.identities || now.ms - daemon->denials_told.ms < DENIALS_INTERVAL_MS) {
        return;
    }
    sockets_denials(daemon->sockets, &denials);
    if (denials.count == 0) {
        return;
    }
    daemon->denials_told = now;
    log_line(LOG_WARNING, "denied", "count=%llu last_code=%s domain=%s address=%s key=%s",
             (unsigned long long)denials.count, error_row(denials.error)->inner_code,
             log_value(text_of(denials.domain), domain, sizeof domain),
             log_value(text_of(denials.address), address, sizeof address),
             denials.key[0] ? denials.key : "-");
}

void daemon_tell_refusals(struct daemon *daemon)
{
    struct mono now = mono_now();
    struct gate_refusals refusals;

    if (now.ms - daemon->refusals_told.ms < DENIALS_INTERVAL_MS) {
        return;
    }
    sockets_refusals(daemon->sockets, &refusals);
    if (refusals.connections + refusals.subscriptions + refusals.unfinished > 0) {
        daemon->refusals_told = now;
    }
    if (refusals.connections > 0 || refusals.subscriptions > 0) {
        log_line(LOG_WARNING, "closed", "reason=tooMany connections=%zu subscribers=%zu",
                 refusals.connections, refusals.subscriptions);
    }
    if (refusals.unfinished > 0) {
        log_line(LOG_WARNING, "closed",
                 "reason=unfinished connections=%zu last_address=%s last_port=%s last_identity=%s",
                 refusals.unfinished, refusals.address, refusals.port, refusals.identity);
    }
}
