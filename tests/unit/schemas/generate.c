// SPDX-License-Identifier: MIT
#include "tests/unit/schemas/generate.h"

#include <string.h>

/* splitmix64 */
static uint64_t next(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t within(uint64_t *seed, int64_t minimum, int64_t maximum)
{
    uint64_t span = (uint64_t)maximum - (uint64_t)minimum;
    uint64_t step = span == UINT64_MAX ? next(seed) : next(seed) % (span + 1);

    switch (next(seed) % 8) {
    case 0:
        return minimum;
    case 1:
        return maximum;
    default:
        return (int64_t)((uint64_t)minimum + step);
    }
}

static void generate_text(const struct codec_field *field, uint64_t *seed, uint32_t longest,
                          struct wire_output *output)
{
    static const char *const pieces[] = {"a", "0", "Z", "-", "\xc3\xa4", "\xf0\x9f\x98\x80", "\n"};
    int64_t most = field->maximum < longest ? field->maximum : longest;
    int64_t points = within(seed, field->minimum, most > field->minimum ? most : field->minimum);
    char text[4 * 1024];
    uint32_t used = 0;

    for (int64_t i = 0; i < points && used + 4 < sizeof(text); i++) {
        const char *piece = field->matches ? "7" : pieces[next(seed) % 7];

        memcpy(text + used, piece, strlen(piece));
        used += (uint32_t)strlen(piece);
    }
    /* The one pattern with a length of its own. */
    if (field->matches && !field->matches((struct text){text, used})) {
        memset(text, '7', 64);
        used = 64;
    }
    wire_text(output, (struct text){text, used});
}

static void generate_value(const struct codec_field *field, uint64_t *seed, uint32_t longest,
                           struct wire_output *output);

static void generate_list(const struct codec_field *field, uint64_t *seed, uint32_t longest,
                          struct wire_output *output)
{
    int64_t most = field->maximum < longest ? field->maximum : longest;
    int64_t count = within(seed, field->minimum, most > field->minimum ? most : field->minimum);

    wire_array(output, (uint32_t)count);
    for (int64_t i = 0; i < count; i++) {
        generate(field->schema, seed, longest / 2, output);
    }
}

static void generate_value(const struct codec_field *field, uint64_t *seed, uint32_t longest,
                           struct wire_output *output)
{
    struct uuid uuid = {{0}};
    char text[UUID_TEXT_BUFFER];
    char date[DATE_TIME_BUFFER];
    uint32_t names = 0;

    switch (field->kind) {
    case CODEC_TEXT:
        generate_text(field, seed, longest, output);
        break;
    case CODEC_UUID:
        uuid = uuid_v7((int64_t)(next(seed) >> 16), (const uint8_t *)"0123456789");
        wire_text(output, text_of(uuid_format(&uuid, text)));
        break;
    case CODEC_DATE_TIME:
        wire_text(output,
                  text_of(date_time_format((struct wall){(int64_t)(next(seed) >> 20)}, date)));
        break;
    case CODEC_INTEGER:
        wire_integer(output, within(seed, field->minimum, field->maximum));
        break;
    case CODEC_NUMBER:
        wire_double(output, field->number_minimum +
                                (field->number_maximum - field->number_minimum) *
                                    ((double)(next(seed) >> 11) / (double)(UINT64_C(1) << 53)));
        break;
    case CODEC_BOOLEAN:
        wire_bool(output, next(seed) % 2 == 0);
        break;
    case CODEC_ENUM:
        while (field->names[names]) {
            names++;
        }
        wire_text(output, text_of(field->names[next(seed) % names]));
        break;
    case CODEC_CONST:
        wire_text(output, text_of(field->names[0]));
        break;
    case CODEC_OBJECT:
        generate(field->schema, seed, longest, output);
        break;
    case CODEC_LIST:
        generate_list(field, seed, longest, output);
        break;
    }
}

static void generate_struct(const struct schema *schema, uint64_t *seed, uint32_t longest,
                            struct wire_output *output)
{
    uint64_t chosen = next(seed);
    uint64_t first = next(seed);
    uint32_t pairs = 0;

    for (uint32_t i = 0; i < schema->field_count; i++) {
        if (schema->fields[i].is_required) {
            chosen |= UINT64_C(1) << i;
        }
        pairs += (uint32_t)(chosen >> i) & 1U;
    }
    wire_map(output, pairs);
    for (uint32_t k = 0; k < schema->field_count; k++) {
        uint32_t i = (uint32_t)((k + first % schema->field_count) % schema->field_count);
        const struct codec_field *field = &schema->fields[i];

        if (!((chosen >> i) & 1)) {
            continue;
        }
        wire_text(output, (struct text){field->name, field->name_bytes});
        if (field->is_nullable && next(seed) % 3 == 0) {
            wire_null(output);
        } else {
            generate_value(field, seed, longest, output);
        }
    }
}

void generate(const struct schema *schema, uint64_t *seed, uint32_t longest,
              struct wire_output *output)
{
    if (schema->is_object) {
        generate_struct(schema, seed, longest, output);
    } else {
        generate_value(&schema->fields[0], seed, longest, output);
    }
}
