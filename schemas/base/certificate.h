// SPDX-License-Identifier: MIT
/* CURVE certificates as czmq's zcert writes and reads them: ZPL text (rfc.zeromq.org/spec/4) with
 * the sections metadata and curve, keys in Z85 (rfc.zeromq.org/spec/32). A public certificate has
 * public-key, a secret one secret-key as well. Of the metadata, name, roles and tenants mean
 * something here, what czmq's own tools write is passed over, and anything else is an error, so
 * that a mistyped "tenants" does not mean all tenants. Pure: certificate_file.h reads files. */
#ifndef SCHEMAS_BASE_CERTIFICATE_H
#define SCHEMAS_BASE_CERTIFICATE_H

#include "schemas/base/role.h"
#include "schemas/base/uuid.h"

#define CERTIFICATE_BYTES         16384 /* of a file */
#define CERTIFICATE_LINE_BYTES    1024  /* czmq cuts a line there, so a longer one is refused */
#define CERTIFICATE_NAME_BUFFER   64
#define CERTIFICATE_KEY_BYTES     40 /* in Z85 */
#define CERTIFICATE_KEY_BUFFER    (CERTIFICATE_KEY_BYTES + 1)
#define CERTIFICATE_TENANTS       26 /* what fits a line */
#define CERTIFICATE_ANY_TENANT    "any"
#define CERTIFICATE_PROBLEM_BYTES 256

struct certificate {
    char name[CERTIFICATE_NAME_BUFFER]; /* "" when there is none */
    uint32_t roles;                     /* a set of enum role; empty when there is no such line */
    uint32_t roles_line;                /* where they stand; 0 when they do not */
    bool has_tenants;                   /* without it, all */
    bool has_any_tenant;                /* all, in so many words: tenants = "any" */
    uint32_t tenant_count;
    struct uuid tenants[CERTIFICATE_TENANTS];
    char public_key[CERTIFICATE_KEY_BUFFER];
    char secret_key[CERTIFICATE_KEY_BUFFER]; /* "" in a public certificate */
};

/* What is wrong, and where. Holds nothing of the curve section. */
struct certificate_problem {
    uint32_t line;
    char text[CERTIFICATE_PROBLEM_BYTES]; /* "metadata.roles: found …, expected …" */
};

/* -ERROR_CONFIGURATION with *problem. *certificate is written on success only. */
int certificate_parse(struct text bytes, struct certificate *certificate,
                      struct certificate_problem *problem);

/* Writes the text of a public or, with is_secret, of a secret certificate, terminated.
 * -ERROR_TOO_LONG when it does not fit. */
int certificate_format(const struct certificate *certificate, bool is_secret, char *buffer,
                       size_t buffer_bytes);

/* Whether it is 32 bytes in Z85, and not only zeroes, which czmq writes where there is no key. */
bool certificate_is_key(struct text t);

/* Whether it can be an identity's name, and so a worker's: letters, digits, ".", "_", "-", the
 * first a letter or a digit. */
bool certificate_is_name(struct text t);

/* Reads "UUID, UUID, …" or "any". -ERROR_FIELD_VALUE for anything else, one twice, none, or too
 * many. */
int certificate_parse_tenants(struct text list, struct certificate *certificate);

/* Whether it is of somebody who vouches and does not say for which tenants: that it is for all must
 * be said, for nobody sees that a line is missing. */
bool certificate_lacks_tenants(const struct certificate *certificate);

/* Whether it is limited to tenants beside a role that concerns all, a worker's or an operator's, so
 * that the limit would be none. */
bool certificate_has_idle_tenants(const struct certificate *certificate);

/* Overwrites the secret key. */
void certificate_forget(struct certificate *certificate);

#endif
