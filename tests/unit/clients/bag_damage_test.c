// SPDX-License-Identifier: MIT
/* Damaged ZIP files: every change is noticed, or changes nothing that an independent reader sees.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "tests/support/bundle_sample.h"
#include "tests/support/zip_copy.h"

struct scene {
    struct sample sample;
    struct bundle_result result;
    struct zip_copy copy;
    char *bytes;
    size_t size_bytes;
    char path[SAMPLE_PATH_BYTES + 32];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    sample_init(&scene->sample);
    assert_int_equal(sample_write(&scene->sample, &scene->result), 0);
    assert_true(zip_copy_read(&scene->copy, scene->result.path));
    scene->bytes = sample_read(scene->result.path, &scene->size_bytes);
    snprintf(scene->path, sizeof(scene->path), "%s/damaged.zip", scene->sample.directory);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    zip_copy_release(&scene->copy);
    sample_release(&scene->sample);
    free(scene->bytes);
    free(scene);
    return 0;
}

static int verify_bytes(struct scene *scene, const char *bytes, size_t size_bytes)
{
    sample_save(scene->path, bytes, size_bytes);
    return bag_verify(scene->path, NULL, NULL, NULL);
}

static void every_changed_byte_is_noticed_or_harmless(void **state)
{
    static const unsigned char masks[] = {0x01, 0x20, 0x80, 0xff};
    struct scene *scene = *state;
    size_t unnoticed = 0;
    size_t tried = 0;

    for (size_t at = 0; at < scene->size_bytes; at++) {
        for (size_t i = at % 4; i < sizeof(masks); i += 4, tried++) {
            scene->bytes[at] = (char)((unsigned char)scene->bytes[at] ^ masks[i]);
            int count = verify_bytes(scene, scene->bytes, scene->size_bytes);

            scene->bytes[at] = (char)((unsigned char)scene->bytes[at] ^ masks[i]);
            assert_true(count >= 0);
            if (count > 0)
                continue;
            struct zip_copy copy;
            bool is_same = zip_copy_read(&copy, scene->path) && zip_copy_equal(&copy, &scene->copy);

            zip_copy_release(&copy);
            if (!is_same)
                fail_msg("byte %zu changed by %02x is not noticed", at, masks[i]);
            unnoticed++;
        }
    }
    print_message("%zu changes, %zu of them without effect\n", tried, unnoticed);
    /* Stamps, owners, permissions and version numbers: the smaller part of each header. */
    assert_true(unnoticed * 4 < tried);
}

static void every_cut_is_noticed(void **state)
{
    struct scene *scene = *state;

    for (size_t bytes = 0; bytes < scene->size_bytes; bytes++)
        assert_true(verify_bytes(scene, scene->bytes, bytes) > 0);
    assert_int_equal(verify_bytes(scene, scene->bytes, scene->size_bytes), 0);
}

static void bytes_around_the_zip_are_noticed(void **state)
{
    struct scene *scene = *state;
    char *wider = calloc(1, scene->size_bytes + 100);

    assert_non_null(wider);
    memcpy(wider, scene->bytes, scene->size_bytes);
    assert_int_equal(verify_bytes(scene, wider, scene->size_bytes + 1), 1);
    assert_int_equal(verify_bytes(scene, wider, scene->size_bytes + 100), 1);
    memmove(wider + 1, wider, scene->size_bytes);
    assert_true(verify_bytes(scene, wider, scene->size_bytes + 1) > 0);
    free(wider);
}

static size_t offset_of_directory(const struct scene *scene, const unsigned char **end)
{
    *end = (const unsigned char *)scene->bytes + scene->size_bytes - 22;
    return (size_t)((*end)[16] | (*end)[17] << 8);
}

/* Bytes that no entry owns, though every offset and size fits. */
static void bytes_hidden_before_the_directory_are_noticed(void **state)
{
    struct scene *scene = *state;
    const unsigned char *end;
    size_t at = offset_of_directory(scene, &end);
    char *wider = malloc(scene->size_bytes + 6);

    assert_non_null(wider);
    memcpy(wider, scene->bytes, at);
    memcpy(wider + at, "hidden", 6);
    memcpy(wider + at + 6, scene->bytes + at, scene->size_bytes - at);
    char *offset = wider + scene->size_bytes + 6 - 22 + 16;
    offset[0] = (char)((at + 6) & 0xff);
    offset[1] = (char)((at + 6) >> 8);
    struct zip_copy copy;
    assert_true(zip_copy_read(&copy, scene->result.path));
    zip_copy_release(&copy);
    assert_int_equal(verify_bytes(scene, wider, scene->size_bytes + 6), 1);
    assert_true(zip_copy_read(&copy, scene->path)); /* other readers do not mind */
    assert_true(zip_copy_equal(&copy, &scene->copy));
    zip_copy_release(&copy);
    free(wider);
}

static void expect_disagreement(void *context, const char *path, const char *problem)
{
    bool *is_found = context;

    (void)path;
    *is_found = *is_found || strstr(problem, "contradict each other");
}

/* The name in the directory, the time in front of the entry. */
static void two_headers_that_differ_are_noticed(void **state)
{
    struct scene *scene = *state;
    const unsigned char *end;
    size_t places[] = {offset_of_directory(scene, &end) + 46 + 3, 10};

    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        bool is_found = false;

        scene->bytes[places[i]] ^= 1;
        sample_save(scene->path, scene->bytes, scene->size_bytes);
        assert_true(bag_verify(scene->path, expect_disagreement, &is_found, NULL) > 0);
        assert_true(is_found);
        scene->bytes[places[i]] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(every_changed_byte_is_noticed_or_harmless),
        TEST(every_cut_is_noticed),
        TEST(bytes_around_the_zip_are_noticed),
        TEST(bytes_hidden_before_the_directory_are_noticed),
        TEST(two_headers_that_differ_are_noticed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
