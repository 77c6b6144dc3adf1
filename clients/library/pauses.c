// SPDX-License-Identifier: MIT
/* The calls of operators: pause, resume, and what is paused. */
#include "clients/library/client.h"
#include "clients/library/convert.h"
#include "clients/library/failure.h"

static int check(const struct exportd_client *client, const struct exportd_pauses *pauses,
                 struct exportd_error *error)
{
    failure_clear(error);
    if (!client || !pauses) {
        return failure(error, EXPORTD_ERROR_ARGUMENT, client ? "pauses" : "client", NULL);
    }
    return EXPORTD_OK;
}

/* Left out, everything is meant. */
static int fill_tenant(const char *tenant_id, bool *has_tenant_id, struct uuid *uuid,
                       struct exportd_error *error)
{
    *has_tenant_id = tenant_id != NULL;
    return tenant_id ? client_parse_id(tenant_id, "tenant_id", uuid, error) : EXPORTD_OK;
}

static int take(bool has_pauses, const struct pauses *told, struct exportd_pauses *pauses,
                struct exportd_error *error)
{
    if (!has_pauses) {
        return failure(error, EXPORTD_ERROR_REPLY, "pauses", NULL);
    }
    convert_pauses(told, pauses);
    return EXPORTD_OK;
}

int exportd_pause(struct exportd_client *client, const char *tenant_id,
                  struct exportd_pauses *pauses, struct exportd_error *error)
{
    struct pause_dispatch_request request = {0};
    struct pause_dispatch_reply reply;
    int rc = check(client, pauses, error);

    if (rc == EXPORTD_OK) {
        rc = fill_tenant(tenant_id, &request.has_tenant_id, &request.tenant_id, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(pause_dispatch_request, request),
                         &pause_dispatch_reply_schema, &reply, error);
    }
    return rc == EXPORTD_OK ? take(reply.has_pauses, &reply.pauses, pauses, error) : rc;
}

int exportd_resume(struct exportd_client *client, const char *tenant_id,
                   struct exportd_pauses *pauses, struct exportd_error *error)
{
    struct resume_dispatch_request request = {0};
    struct resume_dispatch_reply reply;
    int rc = check(client, pauses, error);

    if (rc == EXPORTD_OK) {
        rc = fill_tenant(tenant_id, &request.has_tenant_id, &request.tenant_id, error);
    }
    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(resume_dispatch_request, request),
                         &resume_dispatch_reply_schema, &reply, error);
    }
    return rc == EXPORTD_OK ? take(reply.has_pauses, &reply.pauses, pauses, error) : rc;
}

int exportd_get_pauses(struct exportd_client *client, struct exportd_pauses *pauses,
                       struct exportd_error *error)
{
    struct get_pauses_request request = {0};
    struct get_pauses_reply reply;
    int rc = check(client, pauses, error);

    if (rc == EXPORTD_OK) {
        rc = client_call(client, CALL(get_pauses_request, request), &get_pauses_reply_schema,
                         &reply, error);
    }
    return rc == EXPORTD_OK ? take(reply.has_pauses, &reply.pauses, pauses, error) : rc;
}
