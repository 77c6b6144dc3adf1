// SPDX-License-Identifier: MIT
#include "daemon/auth/bounded_json.h"

#include <stdio.h>
#include <stdlib.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/base/memory_watch.h"

/* Counts brackets outside strings. It need not understand JSON: whatever it misreads in a broken
 * document, the parser refuses. */
static bool is_too_deep(struct text t)
{
    unsigned depth = 0;
    bool in_string = false;

    for (uint32_t i = 0; i < t.size_bytes; i++) {
        char c = t.data[i];
        if (in_string) {
            if (c == '\\')
                i++;
            else if (c == '"')
                in_string = false;
        } else if (c == '"') {
            in_string = true;
        } else if (c == '{' || c == '[') {
            if (++depth > LIMIT_DEPTH)
                return true;
        } else if ((c == '}' || c == ']') && depth > 0) {
            depth--;
        }
    }
    return false;
}

static int refuse(char *reason, int error, const char *text, int line, int column)
{
    if (reason && line > 0)
        (void)snprintf(reason, BOUNDED_JSON_REASON_BYTES, "line %d, column %d: %s", line, column,
                       text);
    else if (reason)
        (void)snprintf(reason, BOUNDED_JSON_REASON_BYTES, "%s", text);
    return -error;
}

static int parse(struct text t, json_t **object, char *reason)
{
    json_error_t error;
    json_t *value;

    if (is_too_deep(t))
        return refuse(reason, ERROR_TOO_DEEP, "nested too deeply", 0, 0);
    value = json_loadb(t.data ? t.data : "", t.size_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!value) {
        /* error.text quotes the input; the code is enough to find the flaw with the position. */
        bool is_twice = json_error_code(&error) == json_error_duplicate_key;
        return refuse(reason, is_twice ? ERROR_FIELD_DUPLICATE : ERROR_MALFORMED,
                      is_twice ? "a member is given twice" : "not well-formed JSON", error.line,
                      error.column);
    }
    if (!json_is_object(value)) {
        json_decref(value);
        return refuse(reason, ERROR_MALFORMED, "not a JSON object", 0, 0);
    }
    *object = value;
    return 0;
}

int bounded_json_parse(struct text t, json_t **object, char reason[BOUNDED_JSON_REASON_BYTES])
{
    json_t *parsed = NULL;
    int rc;

    /* Jansson tells neither a lack of memory from a bad document nor always that there was one. */
    json_set_alloc_funcs(memory_watch_allocate, free);
    memory_watch_begin();
    rc = parse(t, &parsed, reason);
    if (memory_watch_has_run_out()) {
        json_decref(parsed);
        return refuse(reason, ERROR_MEMORY, "out of memory", 0, 0);
    }
    if (!rc)
        *object = parsed;
    return rc;
}

bool bounded_json_text(const json_t *value, struct text *t)
{
    if (!json_is_string(value))
        return false;
    *t = (struct text){json_string_value(value), (uint32_t)json_string_length(value)};
    return true;
}

bool bounded_json_equal(const json_t *value, struct text t)
{
    struct text own;

    return bounded_json_text(value, &own) && text_equal(own, t);
}
