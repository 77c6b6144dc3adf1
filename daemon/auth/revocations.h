// SPDX-License-Identifier: MIT
/* Access that was taken back before its tokens expire: a JSON file that is read whole, never
 * changed, and loaded again to follow a change.
 *
 *   {"tokens": ["UTI", …], "persons": [{"tid": "GUID", "oid": "GUID"}, …]}
 *
 * Both members may be left out. A token is named by its uti, which must be one that the audit log
 * keeps (letters, digits, "-", "_" and ".", at most CLAIMS_TOKEN_ID_BYTES); a person by the tid and
 * oid of the tokens. A file with one bad entry is refused as a whole: a revocation that was
 * misspelt must not look as if it were in force. */
#ifndef DAEMON_AUTH_REVOCATIONS_H
#define DAEMON_AUTH_REVOCATIONS_H

#include "daemon/auth/bounded_file.h"
#include "daemon/auth/claims.h"

#define REVOCATIONS_MESSAGE_BYTES BOUNDED_FILE_MESSAGE_BYTES

struct revocations;

/* Reads the file of at most LIMIT_REVOCATIONS_BYTES. The caller owns *revocations, which on failure
 * is untouched; message is then a ready line. -ERROR_IO, -ERROR_CONFIGURATION, -ERROR_MEMORY. */
int revocations_load(struct revocations **revocations, const char *path,
                     char message[REVOCATIONS_MESSAGE_BYTES]);
void revocations_destroy(struct revocations **revocations);

/* Whether any person is named. NULL names none. */
bool revocations_name_persons(const struct revocations *revocations);

/* Whether this person is named. NULL revokes nothing. */
bool revocations_name_person(const struct revocations *revocations, const struct uuid *tenant_id,
                             const struct uuid *object_id);

/* 0, -ERROR_TOKEN_REVOKED, or -ERROR_PERSON_REVOKED when the person or who acts for it is named.
 * NULL revokes nothing. */
int revocations_check(const struct revocations *revocations, const struct claims *claims);

#endif
