// SPDX-License-Identifier: MIT
/* Where the access token of a request comes from: nowhere, a text, or a file that is read anew each
 * time so that another program can renew it. */
#ifndef CLIENTS_LIBRARY_TOKEN_H
#define CLIENTS_LIBRARY_TOKEN_H

#include "clients/library/exportclient.h"
#include "schemas/base/limits.h"
#include "schemas/base/text.h"

/* Two bytes more than a token: a line end and a NUL. */
#define TOKEN_BUFFER_BYTES (LIMIT_TOKEN_BYTES + 2)

struct token {
    char *text; /* owned, or NULL */
    char *file; /* owned, or NULL */
};

/* Copies; both may be NULL, both given is an error. */
int token_init(struct token *token, const char *text, const char *file,
               struct exportd_error *error);
void token_release(struct token *token); /* wipes the text */

/* The token as it is now, borrowed from the buffer or from token; data is NULL when there is none.
 * The file must be regular and not writable by group or others: whoever writes it decides who is
 * asking. */
int token_read(const struct token *token, char buffer[TOKEN_BUFFER_BYTES], struct text *text,
               struct exportd_error *error);

#endif
