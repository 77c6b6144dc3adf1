// SPDX-License-Identifier: MIT
/* The request that is sent over and over: an export, with a real token, of one person after
 * another. */
#ifndef TESTS_BENCH_REQUEST_H
#define TESTS_BENCH_REQUEST_H

#include "tests/support/fixture.h"

struct request {
    size_t size;
    size_t user_offset; /* of the twelve digits that tell people apart */
    size_t key_offset;  /* of the digits that tell keys apart; 0 without a key */
    unsigned first_person;
    unsigned people;
    uint64_t first_key; /* so that no key comes twice */
    uint8_t bytes[16384];
};

/* Of somebody of a tenant, for all its people. */
void request_prepare(const struct fixture *fixture, unsigned tenant, bool has_key,
                     struct request *request);

/* Writes request number so-and-so; returns its size. Safe from several threads. */
size_t request_write(const struct request *request, uint64_t number, uint8_t *buffer);

/* Whether a reply is 202. */
bool request_is_accepted(const uint8_t *reply, size_t size);

/* The operation's id in such a reply, 36 characters, or NULL. */
const char *request_operation(const uint8_t *reply, size_t size);

#endif
