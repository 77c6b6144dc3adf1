// SPDX-License-Identifier: MIT
#include "workers/sources/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "workers/sources/database.h"

#define SUFFIX_BYTES 16

struct rows {
    sqlite3_stmt *statement;
    enum source_format format;
    const struct gathering *gathering;
    bool is_begun;
    int column_count;
    char **columns; /* unique names */
    struct encoding encoding;
};

static const char *const file_names[] = {
    [SOURCE_JSONL] = "rows.jsonl",
    [SOURCE_CSV] = "rows.csv",
};

static bool is_taken(const struct rows *rows, int count, const char *name)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(rows->columns[i], name) == 0)
            return true;
    }
    return false;
}

/* Neither the columns before nor the given names of those after may be called the same. */
static bool is_free(const struct rows *rows, int column, const char *name)
{
    if (is_taken(rows, column, name))
        return false;
    for (int i = column + 1; i < rows->column_count; i++) {
        const char *later = sqlite3_column_name(rows->statement, i);

        if (later && strcmp(later, name) == 0)
            return false;
    }
    return true;
}

static char *unique_name(const struct rows *rows, int column)
{
    const char *given = sqlite3_column_name(rows->statement, column);
    size_t bytes = given ? strlen(given) + SUFFIX_BYTES : 0;
    char *name = given ? malloc(bytes) : NULL;

    if (!name)
        return NULL;
    memcpy(name, given, strlen(given) + 1);
    if (is_taken(rows, column, name)) {
        for (int number = 2; number == 2 || !is_free(rows, column, name); number++)
            snprintf(name, bytes, "%s_%d", given, number);
    }
    return name;
}

int rows_new(struct rows **rows, sqlite3_stmt *statement, enum source_format format,
             const struct gathering *gathering)
{
    struct rows *made = calloc(1, sizeof(*made));

    if (!made)
        return -ERROR_MEMORY;
    made->statement = statement;
    made->format = format;
    made->gathering = gathering;
    encoding_init(&made->encoding, gathering);
    made->column_count = sqlite3_column_count(statement);
    made->columns = calloc((size_t)made->column_count, sizeof(*made->columns));
    bool is_whole = made->columns != NULL;
    for (int i = 0; is_whole && i < made->column_count; i++) {
        made->columns[i] = unique_name(made, i);
        is_whole = made->columns[i] != NULL;
    }
    if (!is_whole) {
        rows_destroy(&made);
        return -ERROR_MEMORY;
    }
    *rows = made;
    return 0;
}

void rows_destroy(struct rows **rows)
{
    struct rows *destroyed = *rows;

    if (!destroyed)
        return;
    for (int i = 0; destroyed->columns && i < destroyed->column_count; i++)
        free(destroyed->columns[i]);
    free(destroyed->columns);
    free(destroyed);
    *rows = NULL;
}

/* The text before its size: asking for it may change its encoding, and with that the size. */
static struct text text_of_column(struct rows *rows, int column)
{
    const char *data = (const char *)sqlite3_column_text(rows->statement, column);

    if (!data && !rows->encoding.error)
        rows->encoding.error = -ERROR_MEMORY;
    return data ? (struct text){data, (uint32_t)sqlite3_column_bytes(rows->statement, column)}
                : (struct text){NULL, 0};
}

static void write_base64(struct rows *rows, int column)
{
    const void *bytes = sqlite3_column_blob(rows->statement, column);
    size_t size_bytes = (size_t)sqlite3_column_bytes(rows->statement, column);

    if (!bytes && size_bytes > 0 && !rows->encoding.error)
        rows->encoding.error = -ERROR_MEMORY;
    encoding_base64(&rows->encoding, bytes, size_bytes);
}

static void write_json_value(struct rows *rows, int column)
{
    struct encoding *encoding = &rows->encoding;
    sqlite3_stmt *statement = rows->statement;

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        encoding_integer(encoding, sqlite3_column_int64(statement, column));
        return;
    case SQLITE_FLOAT:
        encoding_real(encoding, sqlite3_column_double(statement, column));
        return;
    case SQLITE_TEXT:
        encoding_json_text(encoding, text_of_column(rows, column));
        return;
    case SQLITE_BLOB:
        encoding_append(encoding, "{\"base64\":\"", 11);
        write_base64(rows, column);
        encoding_append(encoding, "\"}", 2);
        return;
    default:
        encoding_append(encoding, "null", 4);
    }
}

static void write_csv_value(struct rows *rows, int column)
{
    struct encoding *encoding = &rows->encoding;
    sqlite3_stmt *statement = rows->statement;

    switch (sqlite3_column_type(statement, column)) {
    case SQLITE_INTEGER:
        encoding_integer(encoding, sqlite3_column_int64(statement, column));
        return;
    case SQLITE_FLOAT:
        encoding_real(encoding, sqlite3_column_double(statement, column));
        return;
    case SQLITE_TEXT:
        encoding_csv_text(encoding, text_of_column(rows, column));
        return;
    case SQLITE_BLOB:
        write_base64(rows, column);
        return;
    default:
        return; /* NULL: nothing between the commas */
    }
}

static void write_json(struct rows *rows)
{
    struct encoding *encoding = &rows->encoding;

    for (int i = 0; i < rows->column_count; i++) {
        encoding_append(encoding, i == 0 ? "{" : ",", 1);
        encoding_json_text(encoding, text_of(rows->columns[i]));
        encoding_append(encoding, ":", 1);
        write_json_value(rows, i);
    }
    encoding_append(encoding, "}\n", 2);
}

static void write_csv(struct rows *rows, bool is_header)
{
    struct encoding *encoding = &rows->encoding;

    for (int i = 0; i < rows->column_count; i++) {
        if (i > 0)
            encoding_append(encoding, ",", 1);
        if (is_header)
            encoding_csv_text(encoding, text_of(rows->columns[i]));
        else
            write_csv_value(rows, i);
    }
    encoding_append(encoding, "\r\n", 2);
}

bool rows_fits(const struct rows *rows)
{
    int64_t bytes = 0;

    for (int i = 0; i < rows->column_count; i++) {
        int type = sqlite3_column_type(rows->statement, i);

        /* Asking a number for its bytes would turn it into a text. */
        if (type == SQLITE_TEXT || type == SQLITE_BLOB)
            bytes += sqlite3_column_bytes(rows->statement, i);
    }
    return bytes <= DATABASE_VALUE_BYTES;
}

static int begin(struct rows *rows)
{
    const struct sink *sink = rows->gathering->sink;
    int rc = sink->functions->entry_begin(sink->context, file_names[rows->format]);

    if (rc)
        return rc;
    rows->is_begun = true;
    rows->gathering->outcome->counts.files++;
    if (rows->format == SOURCE_CSV)
        write_csv(rows, true);
    return 0;
}

int rows_write(struct rows *rows)
{
    if (!rows->is_begun) {
        int rc = begin(rows);

        if (rc)
            return rc;
    }
    if (rows->format == SOURCE_CSV)
        write_csv(rows, false);
    else
        write_json(rows);
    rows->gathering->outcome->counts.rows++;
    return rows->encoding.error;
}

int64_t rows_bytes(const struct rows *rows)
{
    return rows->gathering->outcome->counts.bytes + (int64_t)rows->encoding.used;
}

int rows_end(struct rows *rows)
{
    const struct sink *sink = rows->gathering->sink;

    if (!rows->is_begun)
        return 0;
    rows->is_begun = false;
    int rc = encoding_flush(&rows->encoding);
    return rc ? rc : sink->functions->entry_end(sink->context);
}
