// SPDX-License-Identifier: MIT
/* What is known of each file of a bag while it is checked: a digest of its path and one of its
 * content, in 56 bytes, found again by path. Paths are digested with a random key, so that whoever
 * made the bundle cannot choose two that collide. One thread. */
#ifndef CLIENTS_VERIFY_ENTRY_TABLE_H
#define CLIENTS_VERIFY_ENTRY_TABLE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENTRY_DIGEST_BYTES 32

struct entry {
    uint64_t folded; /* digest of the path, letters in lower case */
    uint64_t exact;  /* digest of the path as it is */
    uint8_t digest[ENTRY_DIGEST_BYTES];
    bool is_folder;
    bool is_payload;
    bool is_whole;  /* it could be read; otherwise that was reported and digest means nothing */
    bool is_listed; /* in its manifest */
};

struct entry_table {
    struct entry *entries;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* index + 1, or 0 */
    size_t slot_count;
    unsigned char key[16];
    EVP_MD_CTX *context;
};

/* -ERROR_MEMORY, -ERROR_INTERNAL (no random numbers). */
int entry_table_init(struct entry_table *table);
void entry_table_release(struct entry_table *table); /* safe twice */

/* Finds the entry of exactly this path; *entry NULL when there is none. Valid until the next
 * entry_table_add. */
int entry_table_find(struct entry_table *table, const char *path, size_t path_bytes,
                     struct entry **entry);

/* Finds one whose path differs from this one only in case; *entry NULL when there is none. */
int entry_table_twin(struct entry_table *table, const char *path, size_t path_bytes,
                     struct entry **entry);

/* Adds one for a path, zeroed but for its keys. -ERROR_MEMORY, -ERROR_TOO_MANY
 * (VERIFY_MAXIMUM_ENTRIES). */
int entry_table_add(struct entry_table *table, const char *path, size_t path_bytes,
                    struct entry **entry);

#endif
