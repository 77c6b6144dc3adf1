// SPDX-License-Identifier: MIT
#include "clients/verify/entry_table.h"

#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "clients/verify/verify.h"
#include "schemas/base/errors.h"

#define FIRST_CAPACITY 64

int entry_table_init(struct entry_table *table)
{
    *table = (struct entry_table){0};
    table->context = EVP_MD_CTX_new();
    if (!table->context)
        return -ERROR_MEMORY;
    return RAND_bytes(table->key, sizeof(table->key)) == 1 ? 0 : -ERROR_INTERNAL;
}

void entry_table_release(struct entry_table *table)
{
    EVP_MD_CTX_free(table->context);
    free(table->entries);
    free(table->slots);
    *table = (struct entry_table){0};
}

static bool digest_piece(struct entry_table *table, const char *path, size_t path_bytes, bool folds)
{
    char piece[256];

    for (size_t at = 0; at < path_bytes;) {
        size_t bytes = 0;

        for (; bytes < sizeof(piece) && at < path_bytes; bytes++, at++) {
            bool is_upper = path[at] >= 'A' && path[at] <= 'Z';

            piece[bytes] = (char)(folds && is_upper ? path[at] - 'A' + 'a' : path[at]);
        }
        if (EVP_DigestUpdate(table->context, piece, bytes) != 1)
            return false;
    }
    return true;
}

static int digest_path(struct entry_table *table, const char *path, size_t path_bytes, bool folds,
                       uint64_t *value)
{
    unsigned char digest[EVP_MAX_MD_SIZE];

    if (EVP_DigestInit_ex(table->context, EVP_sha256(), NULL) != 1 ||
        EVP_DigestUpdate(table->context, table->key, sizeof(table->key)) != 1 ||
        !digest_piece(table, path, path_bytes, folds) ||
        EVP_DigestFinal_ex(table->context, digest, NULL) != 1)
        return -ERROR_MEMORY;
    memcpy(value, digest, sizeof(*value));
    return 0;
}

static int digest_both(struct entry_table *table, const char *path, size_t path_bytes,
                       uint64_t *folded, uint64_t *exact)
{
    int rc = digest_path(table, path, path_bytes, true, folded);

    return rc ? rc : digest_path(table, path, path_bytes, false, exact);
}

static int find(struct entry_table *table, const char *path, size_t path_bytes, bool is_twin,
                struct entry **entry)
{
    uint64_t folded;
    uint64_t exact;
    int rc = digest_both(table, path, path_bytes, &folded, &exact);

    *entry = NULL;
    if (rc || table->slot_count == 0)
        return rc;
    for (size_t at = (size_t)folded & (table->slot_count - 1); table->slots[at] != 0;
         at = (at + 1) & (table->slot_count - 1)) {
        struct entry *candidate = &table->entries[table->slots[at] - 1];

        if (candidate->folded == folded && (candidate->exact != exact) == is_twin) {
            *entry = candidate;
            return 0;
        }
    }
    return 0;
}

int entry_table_find(struct entry_table *table, const char *path, size_t path_bytes,
                     struct entry **entry)
{
    return find(table, path, path_bytes, false, entry);
}

int entry_table_twin(struct entry_table *table, const char *path, size_t path_bytes,
                     struct entry **entry)
{
    return find(table, path, path_bytes, true, entry);
}

static void place(struct entry_table *table, uint32_t number)
{
    size_t at = (size_t)table->entries[number - 1].folded & (table->slot_count - 1);

    while (table->slots[at] != 0)
        at = (at + 1) & (table->slot_count - 1);
    table->slots[at] = number;
}

/* Twice the room: both arrays have powers of two, the slots twice as many. */
static int grow(struct entry_table *table)
{
    size_t capacity = table->capacity ? table->capacity * 2 : FIRST_CAPACITY;
    uint32_t *slots = calloc(capacity * 2, sizeof(*slots));
    struct entry *entries = slots ? realloc(table->entries, capacity * sizeof(*entries)) : NULL;

    if (!entries) {
        free(slots);
        return -ERROR_MEMORY;
    }
    free(table->slots);
    table->entries = entries;
    table->capacity = capacity;
    table->slots = slots;
    table->slot_count = capacity * 2;
    for (size_t i = 0; i < table->count; i++)
        place(table, (uint32_t)(i + 1));
    return 0;
}

int entry_table_add(struct entry_table *table, const char *path, size_t path_bytes,
                    struct entry **entry)
{
    struct entry added = {0};
    int rc = digest_both(table, path, path_bytes, &added.folded, &added.exact);

    if (!rc && table->count == VERIFY_MAXIMUM_ENTRIES)
        rc = -ERROR_TOO_MANY;
    if (!rc && table->count == table->capacity)
        rc = grow(table);
    if (rc)
        return rc;
    table->entries[table->count++] = added;
    place(table, (uint32_t)table->count);
    *entry = &table->entries[table->count - 1];
    return 0;
}
