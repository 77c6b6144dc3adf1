/* SPDX-License-Identifier: MIT */
/* libexportclient for gateways that verify the tokens of their callers themselves and vouch for
 * what they found. The conventions of exportclient.h hold.
 *
 *     struct exportd_claims claims = {
 *         .tenant_id = tid, .person_id = oid, .scopes = scp, .expires = exp};
 *
 *     if (exportd_vouch(client, &claims, &error) == EXPORTD_OK &&
 *         exportd_export(client, user_id, key, &accepted, &error) == EXPORTD_OK)
 *         answer(accepted.operation.id);
 */
#ifndef EXPORTVOUCH_H
#define EXPORTVOUCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef EXPORTD_API
#if defined(__GNUC__)
#define EXPORTD_API __attribute__((visibility("default")))
#else
#define EXPORTD_API
#endif
#endif

struct exportd_client;
struct exportd_error;

/* What a peer that the service lets vouch has found in a token that it verified itself. */
struct exportd_claims {
    const char *tenant_id;      /* tid */
    const char *person_id;      /* oid */
    const char *scopes;         /* scp: words with single spaces between them */
    int64_t expires;            /* exp: seconds of Unix time */
    bool is_application;        /* no person called: refused by every request but a ping */
    const char *actor_id;       /* act.oid: who acts for the person, or NULL */
    const char *application_id; /* azp, or NULL */
    const char *token_id;       /* uti, or NULL */
    const char *const *roles;   /* wids, ends with NULL; or NULL */
};

/* From here on the client, and watches that are opened from it later, send these claims, of which
 * it makes a copy, instead of a token; NULL: the token of the options again. For a gateway that
 * verifies its callers' tokens itself; its identity needs the role vouches and the tenant. A watch
 * goes on with what the client sends. */
EXPORTD_API int exportd_vouch(struct exportd_client *client, const struct exportd_claims *claims,
                              struct exportd_error *error);

#ifdef __cplusplus
}
#endif

#endif
