// SPDX-License-Identifier: MIT
/* Fills the caller's struct exportd_error, which may be NULL. Every function returns the result, so
 * that a failing path is one return statement. Texts are cut to their arrays, never within a
 * character. */
#ifndef CLIENTS_LIBRARY_FAILURE_H
#define CLIENTS_LIBRARY_FAILURE_H

#include <msgpack.h>

#include "clients/library/exportclient.h"
#include "schemas/base/text.h"

/* Forgets what an earlier call left. */
void failure_clear(struct exportd_error *error);

/* A failure on this side of the wire. target: the argument concerned, or NULL. message: NULL for
 * the result's own sentence. */
int failure(struct exportd_error *error, int result, const char *target, const char *message);

/* A system call failed: adds the text of errno to the message. */
int failure_of_system(struct exportd_error *error, int result, const char *target,
                      const char *message);

/* An answer with a status of 400 or above; root is the whole answer. */
int failure_of_reply(struct exportd_error *error, int status, const msgpack_object *root);

/* The result that stands for an HTTP number. */
int failure_result_of(int status);

/* Copies a borrowed text into an array of the public structs. */
void failure_copy(char *array, size_t array_bytes, struct text text);

#endif
