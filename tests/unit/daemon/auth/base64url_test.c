// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "daemon/auth/base64url.h"
#include "tests/unit/daemon/auth/fixture.h"

static int decode(const char *input, uint8_t *output, size_t output_bytes, size_t *size)
{
    return base64url_decode(text_of(input), output, output_bytes, size);
}

static void expect(const char *input, const char *output)
{
    uint8_t buffer[64];
    size_t size = 0;

    assert_int_equal(decode(input, buffer, sizeof(buffer), &size), 0);
    assert_int_equal(size, strlen(output));
    assert_memory_equal(buffer, output, size);
}

static void expect_refusal(const char *input)
{
    uint8_t buffer[64];
    size_t size = 77;

    assert_int_equal(decode(input, buffer, sizeof(buffer), &size), -ERROR_MALFORMED);
    assert_int_equal(size, 77);
}

static void the_vectors_of_rfc_4648_decode(void **state)
{
    (void)state;
    expect("", "");
    expect("Zg", "f");
    expect("Zm8", "fo");
    expect("Zm9v", "foo");
    expect("Zm9vYg", "foob");
    expect("Zm9vYmE", "fooba");
    expect("Zm9vYmFy", "foobar");
    expect("-_-_", "\xfb\xff\xbf");
}

static void every_byte_survives_at_every_length(void **state)
{
    uint8_t data[256];
    uint8_t back[256];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 7 + 3);
    for (size_t length = 0; length <= sizeof(data); length++) {
        char *text = mint_base64url(data, length);
        size_t size = 0;
        assert_int_equal(decode(text, back, length, &size), 0);
        assert_int_equal(size, length);
        assert_memory_equal(back, data, length);
        free(text);
    }
}

static void padding_is_refused(void **state)
{
    (void)state;
    expect_refusal("Zg==");
    expect_refusal("Zm8=");
    expect_refusal("Zm9v====");
    expect_refusal("=");
}

static void characters_of_other_alphabets_are_refused(void **state)
{
    char input[] = "Zm9vYmFy";
    const char *alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    uint8_t buffer[64];
    size_t size;
    int refused = 0;

    (void)state;
    for (size_t at = 0; at < strlen(input); at++) {
        char kept = input[at];
        for (int c = 1; c < 256; c++) {
            input[at] = (char)c;
            if (strchr(alphabet, c)) {
                assert_int_equal(decode(input, buffer, sizeof(buffer), &size), 0);
            } else {
                expect_refusal(input);
                refused++;
            }
        }
        input[at] = kept;
    }
    assert_int_equal(refused, 8 * (255 - 64));
    assert_int_equal(base64url_decode((struct text){"Zm\0v", 4}, buffer, sizeof(buffer), &size),
                     -ERROR_MALFORMED);
}

static void unused_bits_that_are_not_zero_are_refused(void **state)
{
    (void)state;
    expect_refusal("Zh"); /* the same byte as Zg for a lax decoder */
    expect_refusal("Zm9");
    expect_refusal("Zm9vYh");
    expect_refusal("AB");
}

static void a_single_last_character_is_refused(void **state)
{
    (void)state;
    expect_refusal("Z");
    expect_refusal("Zm9vY");
}

static void the_output_is_bounded(void **state)
{
    uint8_t buffer[3];
    size_t size = 0;

    (void)state;
    assert_int_equal(decode("Zm9v", buffer, 3, &size), 0);
    assert_int_equal(decode("Zm9v", buffer, 2, &size), -ERROR_TOO_LONG);
    assert_int_equal(decode("Zm9vYg", buffer, 3, &size), -ERROR_TOO_LONG);
    assert_int_equal(decode("Zg", buffer, 0, &size), -ERROR_TOO_LONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_rfc_4648_decode),
        cmocka_unit_test(every_byte_survives_at_every_length),
        cmocka_unit_test(padding_is_refused),
        cmocka_unit_test(characters_of_other_alphabets_are_refused),
        cmocka_unit_test(unused_bits_that_are_not_zero_are_refused),
        cmocka_unit_test(a_single_last_character_is_refused),
        cmocka_unit_test(the_output_is_bounded),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
