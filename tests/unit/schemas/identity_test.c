// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"
#include "schemas/codec/json.h"
#include "schemas/messages.h"
#include "tests/unit/schemas/generate.h"
#include "tests/unit/schemas/objects.h"

#define ROUNDS  600 /* per schema; EXPORTD_TEST_ROUNDS multiplies them */
#define LONGEST 24

struct memory {
    struct wire_input input;
    struct wire_output made;
    struct wire_output first;
    struct wire_output second;
    unsigned char value[CODEC_VALUE_BYTES] __attribute__((aligned(16)));
};

static int set_up(void **state)
{
    static struct memory memory;

    *state = &memory;
    return wire_input_init(&memory.input);
}

static int tear_down(void **state)
{
    struct memory *memory = *state;

    wire_input_release(&memory->input);
    wire_output_release(&memory->made);
    wire_output_release(&memory->first);
    wire_output_release(&memory->second);
    return 0;
}

static void expect_decode(struct memory *memory, const struct schema *schema,
                          const struct wire_output *message, uint64_t seed)
{
    struct wire_error error = {0};
    int rc = wire_parse(&memory->input, message->data, message->size_bytes, &error);

    if (rc == 0) {
        rc = codec_decode(schema, &memory->input.root, memory->value, &error);
    }
    if (rc != 0) {
        fail_msg("%s, seed %llu: %s at %s, expected %s", schema->name, (unsigned long long)seed,
                 error_row(rc)->name, error.field, error.expected);
    }
}

static void check_identity(struct memory *memory, const struct schema *schema, uint64_t seed)
{
    uint64_t running = seed;

    wire_output_clear(&memory->made);
    wire_output_clear(&memory->first);
    wire_output_clear(&memory->second);
    generate(schema, &running, LONGEST, &memory->made);
    expect_decode(memory, schema, &memory->made, seed);
    codec_encode(schema, memory->value, &memory->first);
    expect_decode(memory, schema, &memory->first, seed);
    codec_encode(schema, memory->value, &memory->second);
    assert_int_equal(memory->made.error | memory->first.error | memory->second.error, 0);
    assert_int_equal(memory->first.size_bytes, memory->second.size_bytes);
    assert_memory_equal(memory->first.data, memory->second.data, memory->first.size_bytes);
}

static unsigned long rounds(void)
{
    const char *factor = getenv("EXPORTD_TEST_ROUNDS");

    return ROUNDS * (factor ? strtoul(factor, NULL, 10) : 1);
}

static void encoding_what_was_decoded_changes_nothing(void **state)
{
    unsigned long count = rounds();

    assert_true(count > 0);
    for (size_t i = 0; schema_all[i]; i++) {
        for (uint64_t seed = 0; seed < count; seed++) {
            check_identity(*state, schema_all[i], seed);
        }
    }
}

/* Damaged messages are refused, or are other messages that hold by the schema: never anything else.
 */
static void damaged_messages_are_refused_or_still_hold(void **state)
{
    struct memory *memory = *state;
    uint64_t refused = 0;

    for (size_t i = 0; schema_all[i]; i++) {
        for (uint64_t seed = 0; seed < 200; seed++) {
            const struct schema *schema = schema_all[i];
            uint64_t running = seed;
            struct wire_error error;

            wire_output_clear(&memory->made);
            generate(schema, &running, LONGEST, &memory->made);
            for (uint64_t k = 0; k < 8; k++) {
                size_t at = (size_t)((seed * 31 + k * 7919) % memory->made.size_bytes);
                char kept = memory->made.data[at];

                memory->made.data[at] = (char)(kept ^ (1 << k));
                if (wire_parse(&memory->input, memory->made.data, memory->made.size_bytes,
                               &error) != 0 ||
                    codec_decode(schema, &memory->input.root, memory->value, &error) != 0) {
                    assert_true(error.error < 0 && error.expected[0] != '\0');
                    refused++;
                } else {
                    wire_output_clear(&memory->first);
                    codec_encode(schema, memory->value, &memory->first);
                    expect_decode(memory, schema, &memory->first, seed);
                }
                memory->made.data[at] = kept;
            }
        }
    }
    assert_true(refused > 1000);
}

static void every_schema_has_its_texts_and_a_name_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; schema_all[i]; i++) {
        const struct schema *schema = schema_all[i];

        assert_non_null(strstr(schema->yaml, "$schema: "));
        assert_int_equal(schema->json[0], '{');
        assert_non_null(strstr(schema->json, "\"$id\":"));
        assert_true(i == 0 || strcmp(schema_all[i - 1]->name, schema->name) < 0);
        assert_true(schema->title[0] != '\0');
    }
}

static void kinds_index_the_schemas_of_their_group(void **state)
{
    (void)state;
    assert_string_equal(request_schemas[REQUEST_KIND_PING]->name, "ping.request");
    assert_string_equal(request_schemas[REQUEST_KIND_EXPORT_PERSONAL_DATA]->name,
                        "exportPersonalData.request");
    assert_null(request_schemas[REQUEST_KIND_COUNT]);
    assert_string_equal(report_schemas[REPORT_KIND_HEARTBEAT]->name, "heartbeat.report");
    assert_null(report_schemas[REPORT_KIND_COUNT]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_what_was_decoded_changes_nothing),
        cmocka_unit_test(damaged_messages_are_refused_or_still_hold),
        cmocka_unit_test(every_schema_has_its_texts_and_a_name_in_order),
        cmocka_unit_test(kinds_index_the_schemas_of_their_group),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
