// SPDX-License-Identifier: MIT
/* The keys that tokens may be signed with: a JWK set file (RFC 7517 section 5) read once, never
 * changed. To follow a change of the file, load it again and keep the old set when that fails. A
 * file with one bad key is refused as a whole: a key set somebody half understood is not one to
 * decide access by. One thread at a time, because keys hold their verification contexts. */
#ifndef DAEMON_AUTH_KEY_SET_H
#define DAEMON_AUTH_KEY_SET_H

#include "daemon/auth/bounded_file.h"
#include "daemon/auth/key.h"

#define KEY_SET_MESSAGE_BYTES BOUNDED_FILE_MESSAGE_BYTES

struct key_set;

/* Reads the file of at most LIMIT_KEY_SET_BYTES. The caller owns *set. On failure *set is untouched
 * and message is a ready line that names the file, the index of the key and the member: "FILE:
 * keys[2]: member \"d\": …". -ERROR_IO when the file cannot be read, -ERROR_CONFIGURATION when its
 * content is refused, -ERROR_MEMORY. */
int key_set_load(struct key_set **set, const char *path, char message[KEY_SET_MESSAGE_BYTES]);
void key_set_destroy(struct key_set **set);

/* Borrows the key with exactly this kid from the set; NULL when there is none. */
const struct key *key_set_find(const struct key_set *set, struct text kid);

/* False when there is another version of the file at the path than the set was read from. */
bool key_set_is_current(const struct key_set *set, const char *path);

/* True when both were made from the same bytes. */
bool key_set_equal(const struct key_set *a, const struct key_set *b);

#endif
