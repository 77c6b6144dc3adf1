// SPDX-License-Identifier: MIT
/* The claims that a client sends instead of a token: a copy that owns what it refers to. */
#ifndef CLIENTS_LIBRARY_VOUCH_H
#define CLIENTS_LIBRARY_VOUCH_H

#include "clients/library/exportclient.h"
#include "clients/library/exportvouch.h"
#include "schemas/messages.h"

struct vouch {
    bool is_given;
    struct vouched_claims claims; /* refers to the members below */
    char *scopes;
    char *token_id;
    struct wire_output roles;
};

/* Copies and checks the claims in place of what was there; NULL takes them back. On failure nothing
 * changes. */
int vouch_set(struct vouch *vouch, const struct exportd_claims *claims,
              struct exportd_error *error);
void vouch_release(struct vouch *vouch); /* safe twice, and on a zeroed one */

#endif
