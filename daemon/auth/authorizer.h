// SPDX-License-Identifier: MIT
/* From the text of an access token to the claims of its caller: the rules, the key set and the
 * verdict cache of one daemon. Used by one thread. What the caller may then do is permission.h. */
#ifndef DAEMON_AUTH_AUTHORIZER_H
#define DAEMON_AUTH_AUTHORIZER_H

#include "daemon/auth/revocations.h"
#include "daemon/auth/vouched.h"

struct authorizer;

struct authorizer_options {
    struct token_rules rules;     /* what its texts point to must outlive the authorizer */
    const char *key_set_path;     /* borrowed for as long as the authorizer lives, as the next */
    const char *revocations_path; /* NULL: nothing is revoked */
    int64_t refresh_ms;           /* see authorizer_refresh */
    size_t cache_entries;         /* tokens remembered; about 256 bytes each */
};

/* Checks the rules and loads the key set and the revocations. The caller owns *authorizer. On
 * failure message is a ready line; errors as token_rules_check, key_set_load and revocations_load.
 */
int authorizer_new(struct authorizer **authorizer, const struct authorizer_options *options,
                   char message[KEY_SET_MESSAGE_BYTES]);
void authorizer_destroy(struct authorizer **authorizer);

/* Verifies a token, or remembers that it did; whether it was revoked is asked either way. Errors as
 * token_verify and revocations_check, and -ERROR_TOKEN_MISSING for an empty text; *claims is
 * written on success only. Nothing is allocated for a remembered token. */
int authorizer_check(struct authorizer *authorizer, struct text token, struct wall now,
                     struct claims *claims);

/* The same for claims that a peer vouches for: as vouched_claims_check and revocations_check. */
int authorizer_check_vouched(const struct authorizer *authorizer,
                             const struct vouched_claims *vouched, struct wall now,
                             struct claims *claims);

/* Whether anybody's access was taken back: without it nobody need be asked about. */
bool authorizer_has_revoked_persons(const struct authorizer *authorizer);

/* Whether this person's access was taken back, whatever tokens say. */
bool authorizer_has_revoked(const struct authorizer *authorizer, const struct uuid *tenant_id,
                            const struct uuid *object_id);

/* Reads the key set file again. A failure leaves the last good set in force, with a ready line in
 * message. A set that differs replaces it and forgets every verdict. Errors as key_set_load. */
int authorizer_reload_keys(struct authorizer *authorizer, char message[KEY_SET_MESSAGE_BYTES]);

/* Reads the revocations again, likewise; 0 when there are none to read. */
int authorizer_reload_revocations(struct authorizer *authorizer,
                                  char message[KEY_SET_MESSAGE_BYTES]);

/* For when a token named an unknown key: reads the key set file again if it changed since it was
 * read, at most once in refresh_ms, so that a storm of made-up kids costs one read in that time.
 * True when it was read; *rc is then as authorizer_reload_keys gives it. */
bool authorizer_refresh(struct authorizer *authorizer, struct mono now, int *rc,
                        char message[KEY_SET_MESSAGE_BYTES]);

/* How often the file is looked at, and when again after one that could not be used. */
#define AUTHORIZER_LOOK_MS   5000
#define AUTHORIZER_FAILED_MS 60000

/* For all other times: reads the key set file again when it has changed, so that a key which was
 * removed ends although no token names an unknown one and nobody sends a signal. Costs nothing
 * between two looks; else as authorizer_refresh. */
bool authorizer_follow(struct authorizer *authorizer, struct mono now, int *rc,
                       char message[KEY_SET_MESSAGE_BYTES]);

#endif
