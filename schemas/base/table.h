// SPDX-License-Identifier: MIT
/* A hash table whose links live inside the things it holds: it allocates buckets only, and never
 * owns or frees what is in it. A thing may be in several tables through several links. Not for
 * sharing between threads. */
#ifndef SCHEMAS_BASE_TABLE_H
#define SCHEMAS_BASE_TABLE_H

#include "schemas/base/uuid.h"

struct table_link {
    struct table_link *next;
    uint64_t hash;
};

struct table {
    struct table_link **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

/* The thing that a link lives in. */
#define TABLE_ENTRY(link, type, member) ((type *)((char *)(link)-offsetof(type, member)))

int table_init(struct table *table, size_t expected); /* -ERROR_MEMORY */
void table_release(struct table *table);              /* safe twice; the things stay */

/* Growing may fail for want of memory; the table then stays as it is and gets slower, never wrong.
 */
void table_insert(struct table *table, struct table_link *link, uint64_t hash);
void table_remove(struct table *table, struct table_link *link);

/* The first link with this hash, and the next one after it; the caller compares keys. NULL at the
 * end. */
struct table_link *table_find(const struct table *table, uint64_t hash);
struct table_link *table_find_next(const struct table_link *link);

/* Any walk over all: start with NULL; the table must not change meanwhile. */
struct table_link *table_each(const struct table *table, const struct table_link *previous);

/* Hashes of keys; every process hashes with a secret of its own, so that peers cannot choose
 * collisions. */
uint64_t table_hash_uuid(const struct uuid *uuid);
uint64_t table_hash_integer(int64_t integer);
uint64_t table_hash_bytes(const void *bytes, size_t size_bytes);

/* Sets that secret; before the first table is filled. Without it hashes are the same in each run.
 */
void table_seed(uint64_t seed);

#endif
