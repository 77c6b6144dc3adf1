// SPDX-License-Identifier: MIT
/* JSON from outside: key set files, token headers and payloads. The caller bounds the size; this
 * bounds the depth before the parser recurses and refuses what parsers disagree about: members
 * given twice, NUL in strings, bytes after the value (RFC 8725 section 2.4 and 3.1 is why that
 * matters in tokens). */
#ifndef DAEMON_AUTH_BOUNDED_JSON_H
#define DAEMON_AUTH_BOUNDED_JSON_H

#include <jansson.h>

#include "schemas/base/text.h"

/* Room for one line that says what is wrong and where; it never quotes the input. */
#define BOUNDED_JSON_REASON_BYTES 96

/* Reads one JSON object. The caller owns *object (json_decref). -ERROR_TOO_DEEP beyond LIMIT_DEPTH,
 * -ERROR_FIELD_DUPLICATE when a member is given twice, -ERROR_MEMORY, -ERROR_MALFORMED for anything
 * else that is not one well-formed object; reason may be NULL. */
int bounded_json_parse(struct text t, json_t **object, char reason[BOUNDED_JSON_REASON_BYTES]);

/* Borrows the text of a JSON string from the value; false when the value is NULL or no string. */
bool bounded_json_text(const json_t *value, struct text *t);

/* True when the value is a JSON string of exactly these bytes. */
bool bounded_json_equal(const json_t *value, struct text t);

#endif
