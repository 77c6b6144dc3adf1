// SPDX-License-Identifier: MIT
/* Bytes as the columns of a stored row, each of any type: it is called damaged, or what is read of
 * it is written and read again, the same; and the chain takes what was written. */
#include <stdlib.h>
#include <string.h>

#include "daemon/store/row.h"
#include "schemas/base/errors.h"
#include "schemas/chain_row.h"
#include "tests/fuzz/fuzz.h"

struct input {
    const uint8_t *data;
    size_t size_bytes;
};

static uint8_t take(struct input *input)
{
    if (input->size_bytes == 0)
        return 0;
    input->size_bytes--;
    return *input->data++;
}

/* A letter for the type; then a number in its one byte, or a size and so many bytes. */
static void bind_column(sqlite3_stmt *statement, int number, struct input *input)
{
    uint8_t type = take(input);
    size_t size = type == 'n' || type == 0 ? 0 : take(input);
    const void *bytes = input->data;

    if (type == 't' || type == 'b') {
        size = size < input->size_bytes ? size : input->size_bytes;
        input->data += size;
        input->size_bytes -= size;
    }
    if (type == 't')
        sqlite3_bind_text(statement, number, size > 0 ? bytes : "", (int)size, SQLITE_STATIC);
    else if (type == 'b')
        sqlite3_bind_blob(statement, number, size > 0 ? bytes : "", (int)size, SQLITE_STATIC);
    else if (type == 'f')
        sqlite3_bind_double(statement, number, (double)size / 3);
    else if (type == 'l')
        sqlite3_bind_int64(statement, number, INT64_MIN + (int64_t)size);
    else if (type == 'i')
        sqlite3_bind_int64(statement, number, (int64_t)size);
}

static void check_same(const struct chain_value *first, const struct chain_value *second)
{
    for (int i = CHAIN_kind; i < CHAIN_COLUMN_COUNT; i++) {
        if (first[i].integer != second[i].integer || first[i].size_bytes != second[i].size_bytes ||
            !first[i].data != !second[i].data ||
            (first[i].size_bytes > 0 &&
             memcmp(first[i].data, second[i].data, first[i].size_bytes) != 0))
            abort();
    }
}

static void check_again(sqlite3_stmt *statement, const struct record *record, struct text result)
{
    static struct chain chain;
    uint8_t hash[CHAIN_HASH_BYTES] = {0};
    struct chain_value first[CHAIN_COLUMN_COUNT];
    struct chain_value second[CHAIN_COLUMN_COUNT];
    struct chain_value stored[CHAIN_COLUMN_COUNT];
    struct record again;
    struct text result_again;

    row_values(EVENT_KIND_SNAPSHOT, record, result, first);
    if (row_bind(statement, first) ||
        sqlite3_bind_text(statement, ROW_COLUMN_COUNT + 1, first[CHAIN_kind].data, -1,
                          SQLITE_STATIC) ||
        sqlite3_step(statement) != SQLITE_ROW || row_read(statement, &again, &result_again) ||
        !chain_row_values(statement, stored) || chain_init(&chain))
        abort();
    row_values(EVENT_KIND_SNAPSHOT, &again, result_again, second);
    check_same(first, second);
    check_same(first, stored);
    if (chain_next(&chain, stored, hash))
        abort();
    chain_release(&chain);
    sqlite3_reset(statement);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size_bytes)
{
    static sqlite3 *database;
    static sqlite3_stmt *statements[2];
    struct input input = {data, size_bytes};
    struct chain_value values[CHAIN_COLUMN_COUNT];
    struct record record;
    struct text result;
    int rc;

    if (!database &&
        (sqlite3_open(":memory:", &database) ||
         sqlite3_prepare_v2(database, "SELECT " ROW_VALUES ",?,NULL", -1, &statements[0], NULL) ||
         sqlite3_prepare_v2(database, "SELECT " ROW_VALUES ",?,NULL", -1, &statements[1], NULL)))
        abort();
    sqlite3_clear_bindings(statements[0]);
    for (int i = 1; i <= ROW_COLUMN_COUNT + 1; i++)
        bind_column(statements[0], i, &input);
    if (sqlite3_step(statements[0]) != SQLITE_ROW)
        abort();
    (void)chain_row_values(statements[0], values);
    rc = row_read(statements[0], &record, &result);
    if (!rc)
        check_again(statements[1], &record, result);
    else if (rc != -ERROR_DAMAGED)
        abort();
    sqlite3_reset(statements[0]);
    return 0;
}
