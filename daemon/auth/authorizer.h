// SPDX-License-Identifier: MIT
/* From the text of an access token to the claims of its caller: the rules, the key set and the
 * verdict cache of one daemon. Used by one thread. What the caller may then do is permission.h. */
#ifndef DAEMON_AUTH_AUTHORIZER_H
#define DAEMON_AUTH_AUTHORIZER_H

#include "daemon/auth/token.h"

struct authorizer;

struct authorizer_options {
    struct token_rules rules; /* what its texts point to must outlive the authorizer */
    const char *key_set_path; /* borrowed for as long as the authorizer lives */
    size_t cache_entries;     /* tokens remembered; about 256 bytes each */
};

/* Checks the rules and loads the key set. The caller owns *authorizer. On failure message is a
 * ready line; errors as token_rules_check and key_set_load. */
int authorizer_new(struct authorizer **authorizer, const struct authorizer_options *options,
                   char message[KEY_SET_MESSAGE_BYTES]);
void authorizer_destroy(struct authorizer **authorizer);

/* Verifies a token, or remembers that it did. Errors as token_verify, and -ERROR_TOKEN_MISSING for
 * an empty text; *claims is written on success only. Nothing is allocated for a remembered token.
 */
int authorizer_check(struct authorizer *authorizer, struct text token, struct wall now,
                     struct claims *claims);

/* Reads the key set file again. A failure leaves the last good set in force, with a ready line in
 * message. A set that differs replaces it and forgets every verdict. Errors as key_set_load. */
int authorizer_reload(struct authorizer *authorizer, char message[KEY_SET_MESSAGE_BYTES]);

#endif
