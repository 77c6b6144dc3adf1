// SPDX-License-Identifier: MIT
#include "workers/bundle/documents.h"

#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/json.h"
#include "workers/bundle/page.h"

static int put_json(struct bag *bag, const char *path, const struct schema *schema,
                    const void *value)
{
    struct wire_output json = WIRE_OUTPUT_INIT;

    json_from_value(schema, value, &json);
    wire_append(&json, "\n", 1);
    int rc = json.error ? json.error : bag_put(bag, path, json.data, json.size_bytes);
    wire_output_release(&json);
    return rc;
}

static int put_page(const struct documents *documents, const struct source_result *results,
                    uint32_t result_count)
{
    struct bag *bag = documents->bag;
    int rc = bag_entry_begin(bag, "data/index.html");

    if (rc)
        return rc;
    page_write(documents, results, result_count);
    return bag_entry_end(bag);
}

/* The caller's list may be encoded bytes; a round through the codec makes it one that has items. */
static int put_page_of_encoded(const struct documents *documents)
{
    struct wire_output bytes = WIRE_OUTPUT_INIT;
    struct wire_input input;
    struct wire_error error;
    struct completeness decoded;
    struct source_result results[LIMIT_SOURCES];
    int rc = wire_input_init(&input);

    if (rc)
        return rc;
    completeness_encode(documents->completeness, &bytes);
    rc = bytes.error ? bytes.error : wire_parse(&input, bytes.data, bytes.size_bytes, &error);
    if (!rc)
        rc = completeness_decode(&input.root, &decoded, &error);
    if (!rc && decoded.sources.count > LIMIT_SOURCES)
        rc = -ERROR_TOO_MANY;
    if (!rc) {
        for (uint32_t i = 0; i < decoded.sources.count; i++)
            codec_item(&decoded.sources, i, &results[i]);
        rc = put_page(documents, results, decoded.sources.count);
    }
    wire_output_release(&bytes);
    wire_input_release(&input);
    return rc;
}

int documents_write(const struct documents *documents)
{
    int rc = put_json(documents->bag, "data/RequestInfo.json", &request_info_schema,
                      documents->request_info);

    if (!rc)
        rc = put_json(documents->bag, "data/completeness.json", &completeness_schema,
                      documents->completeness);
    return rc ? rc : put_page_of_encoded(documents);
}

static void append_hexadecimal(struct wire_output *line, const char *bytes)
{
    static const char digits[] = "0123456789abcdef";

    for (; *bytes; bytes++) {
        char pair[2] = {digits[(unsigned char)*bytes >> 4], digits[(unsigned char)*bytes & 15]};

        wire_append(line, pair, sizeof(pair));
    }
}

void document_original_name(struct wire_output *line, const char *name, const char *original)
{
    struct text t = text_of(original);
    uint32_t code_points;

    wire_append(line, "{\"name\":", 8);
    json_text(line, text_of(name));
    if (text_code_points(t, &code_points) == 0) {
        wire_append(line, ",\"original\":", 12);
        json_text(line, t);
        wire_append(line, "}\n", 2);
        return;
    }
    wire_append(line, ",\"originalHex\":\"", 16);
    append_hexadecimal(line, original);
    wire_append(line, "\"}\n", 3);
}
