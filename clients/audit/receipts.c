// SPDX-License-Identifier: MIT
#include "clients/audit/receipts.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "clients/audit/internal.h"
#include "schemas/base/errors.h"
#include "schemas/base/memory_watch.h"

static int digit(char character)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = character ? strchr(digits, character) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool read_head(const char *text, uint8_t head[CHAIN_HASH_BYTES])
{
    if (!text || strlen(text) + 1 != CHAIN_TEXT_BUFFER) {
        return false;
    }
    for (size_t i = 0; i < CHAIN_HASH_BYTES; i++) {
        int high = digit(text[2 * i]);
        int low = digit(text[2 * i + 1]);

        if (high < 0 || low < 0) {
            return false;
        }
        head[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static int read_members(const json_t *json, struct audit_receipt *receipt)
{
    const json_t *sequence = json_object_get(json, "sequence");
    const char *id = json_string_value(json_object_get(json, "operationId"));

    *receipt = (struct audit_receipt){.sequence = json_integer_value(sequence),
                                      .has_operation_id = id != NULL};
    if (!json_is_integer(sequence) || receipt->sequence < 0 ||
        !read_head(json_string_value(json_object_get(json, "head")), receipt->head) ||
        (id && uuid_parse(text_of(id), &receipt->operation_id))) {
        return -ERROR_MALFORMED;
    }
    return 1;
}

int receipts_next(FILE *file, struct audit_receipt *receipt)
{
    char line[RECEIPT_LINE_BYTES];
    const char *end;
    json_t *json;
    int rc;

    memset(line, 'x', sizeof line); /* so that the last NUL is that of fgets */
    if (!fgets(line, sizeof line, file)) {
        return ferror(file) ? -ERROR_IO : 0;
    }
    end = memrchr(line, '\0', sizeof line);
    if (end != line + strlen(line) || (!strchr(line, '\n') && !feof(file))) {
        return -ERROR_MALFORMED;
    }
    json_set_alloc_funcs(memory_watch_allocate, free);
    memory_watch_begin();
    json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
    rc = json ? read_members(json, receipt) : -ERROR_MALFORMED;
    json_decref(json);
    return memory_watch_has_run_out() ? -ERROR_MEMORY : rc;
}

/* What the receipts say about the log: where it first differs from one, and the last one before
 * that with which it agrees. */
struct agreement {
    int64_t differs; /* 0: nowhere */
    int64_t agrees;
    int64_t events;
    bool is_other; /* the event is there and is of another operation */
};

static bool agrees(sqlite3_stmt *statement, const struct audit_receipt *receipt, bool *is_other)
{
    const void *hash = sqlite3_column_blob(statement, 0);
    bool is_hash = hash && sqlite3_column_bytes(statement, 0) == CHAIN_HASH_BYTES &&
                   memcmp(hash, receipt->head, CHAIN_HASH_BYTES) == 0;
    const void *id = sqlite3_column_blob(statement, 1);

    *is_other =
        receipt->has_operation_id && !(id && sqlite3_column_bytes(statement, 1) == UUID_BYTES &&
                                       memcmp(id, receipt->operation_id.bytes, UUID_BYTES) == 0);
    return is_hash && !*is_other;
}

/* An anchor of an empty log agrees with every log. */
static bool is_of_empty_log(const struct audit_receipt *receipt)
{
    static const uint8_t zeros[CHAIN_HASH_BYTES];

    return receipt->sequence == 0 && memcmp(receipt->head, zeros, sizeof zeros) == 0;
}

static int compare(struct audit *audit, sqlite3_stmt *statement,
                   const struct audit_receipt *receipt, struct agreement *agreement)
{
    bool is_other = false;
    bool is_same = is_of_empty_log(receipt);
    int step;

    sqlite3_bind_int64(statement, 1, receipt->sequence);
    step = sqlite3_step(statement);
    if (step == SQLITE_ROW) {
        is_same = agrees(statement, receipt, &is_other);
    }
    sqlite3_reset(statement);
    if (step != SQLITE_ROW && step != SQLITE_DONE) {
        return audit_failure(audit, receipt->sequence);
    }
    if (!is_same && (agreement->differs == 0 || receipt->sequence < agreement->differs)) {
        agreement->differs = receipt->sequence > 0 ? receipt->sequence : 1;
        agreement->is_other = is_other && step == SQLITE_ROW;
    }
    return 0;
}

/* A second walk, when it is known where the log differs: which receipts are below that. */
static void look_below(const struct audit_receipt *receipt, struct agreement *agreement)
{
    if (receipt->sequence < agreement->differs && receipt->sequence > agreement->agrees) {
        agreement->agrees = receipt->sequence;
    }
}

static int fail_at(struct audit *audit, const char *path, long line, int error)
{
    snprintf(audit->message, sizeof audit->message, "%.300s line %ld %s", path, line,
             error == -ERROR_MALFORMED ? "is no receipt"
             : error == -ERROR_MEMORY  ? "cannot be read: out of memory"
                                       : "cannot be read");
    return error;
}

static int walk(struct audit *audit, const char *path, sqlite3_stmt *statement,
                struct agreement *agreement, int64_t *count)
{
    FILE *file = fopen(path, "re");
    struct audit_receipt receipt;
    long line = 0;
    int read = 0;
    int rc = 0;

    if (!file) {
        snprintf(audit->message, sizeof audit->message, "%.300s: %s", path, strerror(errno));
        return -ERROR_IO;
    }
    while (!rc && (read = receipts_next(file, &receipt)) > 0) {
        line++;
        ++*count;
        if (statement) {
            rc = compare(audit, statement, &receipt, agreement);
        } else {
            look_below(&receipt, agreement);
        }
    }
    fclose(file);
    return read < 0 ? fail_at(audit, path, line + 1, read) : rc;
}

static int report(struct audit *audit, const struct agreement *agreement)
{
    int64_t differs = agreement->differs;

    if (differs > agreement->events) {
        return audit_break(audit, agreement->events + 1,
                           "the log ends before it; there is a receipt of event %lld",
                           (long long)differs);
    }
    if (agreement->is_other) {
        return audit_break(audit, differs, "the receipt is of another operation than the event");
    }
    return audit_break(audit, agreement->agrees + 1,
                       "an event from here to %lld, of which there is a receipt, was changed",
                       (long long)differs);
}

int audit_receipts(struct audit *audit, const char *const *paths, size_t count,
                   struct audit_summary *summary, int64_t *differs)
{
    sqlite3_stmt *statement =
        audit_prepare(audit, "SELECT hash, id FROM events WHERE sequence = ?1");
    /* Only when the first one could be: or what it failed for would be forgotten. */
    sqlite3_stmt *last =
        statement ? audit_prepare(audit, "SELECT max(sequence) FROM events") : NULL;
    struct agreement agreement = {0};
    int64_t again = 0;
    int rc = 0;

    if (!statement || !last || sqlite3_step(last) != SQLITE_ROW) {
        rc = audit_failure(audit, 0);
    } else {
        agreement.events = sqlite3_column_int64(last, 0);
    }
    for (size_t i = 0; i < count && !rc; i++) {
        rc = walk(audit, paths[i], statement, &agreement, &summary->receipts);
    }
    sqlite3_finalize(statement);
    sqlite3_finalize(last);
    for (size_t i = 0; i < count && !rc && agreement.differs; i++) {
        rc = walk(audit, paths[i], NULL, &agreement, &again);
    }
    *differs = agreement.differs;
    return rc || !agreement.differs ? rc : report(audit, &agreement);
}
