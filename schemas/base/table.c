// SPDX-License-Identifier: MIT
#include "schemas/base/table.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

static uint64_t secret = 0x9e3779b97f4a7c15U;

static size_t bucket_of(const struct table *table, uint64_t hash)
{
    return (size_t)hash & (table->bucket_count - 1);
}

int table_init(struct table *table, size_t expected)
{
    size_t count = 16;

    while (count < expected && count < (SIZE_MAX / 4) / sizeof(struct table_link *)) {
        count *= 2;
    }
    table->buckets = calloc(count, sizeof(struct table_link *));
    if (!table->buckets) {
        return -ERROR_MEMORY;
    }
    table->bucket_count = count;
    table->count = 0;
    return 0;
}

void table_release(struct table *table)
{
    free(table->buckets);
    *table = (struct table){0};
}

static void table_grow(struct table *table)
{
    struct table larger;
    struct table_link *link;
    struct table_link *next;

    if (table_init(&larger, table->bucket_count * 2)) {
        return;
    }
    for (size_t i = 0; i < table->bucket_count; i++) {
        for (link = table->buckets[i]; link; link = next) {
            next = link->next;
            link->next = larger.buckets[bucket_of(&larger, link->hash)];
            larger.buckets[bucket_of(&larger, link->hash)] = link;
        }
    }
    free(table->buckets);
    table->buckets = larger.buckets;
    table->bucket_count = larger.bucket_count;
}

void table_insert(struct table *table, struct table_link *link, uint64_t hash)
{
    if (table->count >= table->bucket_count) {
        table_grow(table);
    }
    link->hash = hash;
    link->next = table->buckets[bucket_of(table, hash)];
    table->buckets[bucket_of(table, hash)] = link;
    table->count++;
}

void table_remove(struct table *table, struct table_link *link)
{
    struct table_link **at = &table->buckets[bucket_of(table, link->hash)];

    while (*at && *at != link) {
        at = &(*at)->next;
    }
    if (*at) {
        *at = link->next;
        link->next = NULL;
        table->count--;
    }
}

struct table_link *table_find(const struct table *table, uint64_t hash)
{
    struct table_link *link = table->buckets[bucket_of(table, hash)];

    while (link && link->hash != hash) {
        link = link->next;
    }
    return link;
}

struct table_link *table_find_next(const struct table_link *link)
{
    struct table_link *next = link->next;

    while (next && next->hash != link->hash) {
        next = next->next;
    }
    return next;
}

struct table_link *table_each(const struct table *table, const struct table_link *previous)
{
    size_t bucket = 0;

    if (previous) {
        if (previous->next) {
            return previous->next;
        }
        bucket = bucket_of(table, previous->hash) + 1;
    }
    for (; bucket < table->bucket_count; bucket++) {
        if (table->buckets[bucket]) {
            return table->buckets[bucket];
        }
    }
    return NULL;
}

/* The finalizer of MurmurHash3: every bit of the input reaches every bit of the result. */
static uint64_t mix(uint64_t value)
{
    value ^= value >> 33;
    value *= 0xff51afd7ed558ccdU;
    value ^= value >> 33;
    value *= 0xc4ceb9fe1a85ec53U;
    return value ^ (value >> 33);
}

uint64_t table_hash_bytes(const void *bytes, size_t size_bytes)
{
    const unsigned char *at = bytes;
    uint64_t hash = secret ^ size_bytes;
    uint64_t word;

    for (; size_bytes >= sizeof word; at += sizeof word, size_bytes -= sizeof word) {
        memcpy(&word, at, sizeof word);
        hash = mix(hash ^ word) + secret;
    }
    word = 0;
    memcpy(&word, at, size_bytes);
    return mix(hash ^ word);
}

uint64_t table_hash_uuid(const struct uuid *uuid)
{
    return table_hash_bytes(uuid->bytes, sizeof uuid->bytes);
}

uint64_t table_hash_integer(int64_t integer)
{
    return mix((uint64_t)integer ^ secret);
}

void table_seed(uint64_t seed)
{
    secret = seed | 1;
}
