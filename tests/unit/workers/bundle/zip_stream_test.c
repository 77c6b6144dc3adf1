// SPDX-License-Identifier: MIT
/* ZIP files as they are written, read back by libarchive; and the numbers that only very large ones
 * have. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"
#include "tests/support/zip_copy.h"
#include "workers/bundle/deflater.h"
#include "workers/bundle/zip_record.h"
#include "workers/bundle/zip_stream.h"

#define BLOCK       ((size_t)DEFLATER_BLOCK_BYTES)
#define LONG_BYTES  (11 * BLOCK + 12345) /* more blocks than are ever on the way */
#define PATH_BYTES  (TEMPORARY_BUFFER + 16)
#define DIGESTS     2
#define GIB         (1024ULL * 1024 * 1024)
#define STREAMED    8
#define UTF8_ONLY   0x0800
#define LOCAL_FLAGS 6 /* where they are in a local header */

static const struct wall noon = {1800000000000};

struct zip {
    char directory[TEMPORARY_BUFFER];
    char path[PATH_BYTES];
    int file;
    char *text; /* LONG_BYTES, half of it hard to compress */
};

static int set_up(void **state)
{
    struct zip *zip = calloc(1, sizeof(*zip));
    uint64_t random = 1;

    assert_non_null(zip);
    assert_int_equal(temporary_make(zip->directory), 0);
    (void)snprintf(zip->path, sizeof(zip->path), "%s/x.zip", zip->directory);
    zip->file = open(zip->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(zip->file >= 0);
    zip->text = malloc(LONG_BYTES);
    assert_non_null(zip->text);
    for (size_t i = 0; i < LONG_BYTES; i++) {
        random = random * 6364136223846793005U + 1442695040888963407U;
        zip->text[i] = (char)(i / 5000 % 2 ? random >> 40 : 'a' + i % 17 + i / 3000 % 5);
    }
    *state = zip;
    return 0;
}

static int tear_down(void **state)
{
    struct zip *zip = *state;

    (void)close(zip->file);
    assert_int_equal(temporary_remove(zip->directory), 0);
    free(zip->text);
    free(zip);
    return 0;
}

static struct zip_stream *begin(struct zip *zip, int level, uint64_t maximum_bytes)
{
    struct zip_stream *stream = NULL;

    assert_int_equal(ftruncate(zip->file, 0), 0);
    assert_int_equal(lseek(zip->file, 0, SEEK_SET), 0);
    assert_int_equal(zip_stream_begin(&stream, zip->file, level, maximum_bytes, noon), 0);
    return stream;
}

/* So many bytes of the text, handed over in pieces. */
static void put(struct zip *zip, struct zip_stream *stream, const char *name, size_t bytes,
                size_t piece)
{
    assert_int_equal(zip_stream_entry_begin(stream, name), 0);
    for (size_t at = 0; at < bytes; at += piece) {
        size_t size = bytes - at < piece ? bytes - at : piece;
        assert_int_equal(zip_stream_entry_write(stream, zip->text + at, size), 0);
    }
    assert_int_equal(zip_stream_entry_end(stream), 0);
}

static void finish(struct zip_stream *stream, char sha256[DIGEST_BUFFER])
{
    uint64_t size;

    assert_int_equal(zip_stream_finish(stream, &size, sha256), 0);
    zip_stream_destroy(&stream);
}

static void assert_entry(struct zip *zip, struct zip_copy *copy, const char *name, size_t bytes)
{
    const struct zip_copy_entry *entry = zip_copy_find(copy, name);

    assert_non_null(entry);
    assert_int_equal(entry->size_bytes, bytes);
    assert_true(bytes == 0 || memcmp(entry->data, zip->text, bytes) == 0);
}

static void entries_of_any_size_and_level_read_back(void **state)
{
    static const size_t sizes[] = {0,         1,         BLOCK - 1,     BLOCK,
                                   BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1, LONG_BYTES};
    struct zip *zip = *state;
    char sha256[DIGEST_BUFFER];
    char name[32];

    for (int level = 0; level <= 9; level += 3) {
        struct zip_copy copy = {0};
        struct zip_stream *stream = begin(zip, level, UINT64_MAX);
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
            (void)snprintf(name, sizeof(name), "top/size-%zu", sizes[i]);
            put(zip, stream, name, sizes[i], 70000);
        }
        finish(stream, sha256);
        assert_true(zip_copy_read(&copy, zip->path));
        assert_int_equal(copy.count, sizeof(sizes) / sizeof(sizes[0]));
        for (size_t i = 0; i < copy.count; i++) {
            (void)snprintf(name, sizeof(name), "top/size-%zu", sizes[i]);
            assert_entry(zip, &copy, name, sizes[i]);
        }
        zip_copy_release(&copy);
    }
}

/* Of the local header of the first entry. */
static unsigned flags_of_first(const struct zip *zip)
{
    uint8_t flags[2];

    assert_int_equal(pread(zip->file, flags, sizeof(flags), LOCAL_FLAGS), sizeof(flags));
    return flags[0] | (unsigned)flags[1] << 8;
}

static void what_fits_into_a_block_is_a_plain_entry_and_the_rest_is_streamed(void **state)
{
    struct zip *zip = *state;
    char sha256[DIGEST_BUFFER];
    struct zip_stream *stream = begin(zip, 6, UINT64_MAX);

    put(zip, stream, "x", BLOCK, BLOCK);
    finish(stream, sha256);
    assert_int_equal(flags_of_first(zip), UTF8_ONLY);
    stream = begin(zip, 6, UINT64_MAX);
    put(zip, stream, "x", BLOCK + 1, BLOCK);
    finish(stream, sha256);
    assert_int_equal(flags_of_first(zip), UTF8_ONLY | STREAMED);
}

static void the_bytes_do_not_depend_on_how_they_come(void **state)
{
    static const size_t pieces[DIGESTS] = {LONG_BYTES, 4099};
    struct zip *zip = *state;
    char sha256[DIGESTS][DIGEST_BUFFER];

    for (size_t i = 0; i < DIGESTS; i++) {
        struct zip_stream *stream = begin(zip, 6, UINT64_MAX);
        put(zip, stream, "long", LONG_BYTES, pieces[i]);
        put(zip, stream, "short", 100, pieces[i]);
        put(zip, stream, "long again", LONG_BYTES, pieces[i]);
        finish(stream, sha256[i]);
    }
    assert_string_equal(sha256[0], sha256[1]);
}

/* Writes until it is refused; the error is told at the end of the entry at the latest. */
static int write_until_refused(struct zip *zip, struct zip_stream *stream)
{
    int rc = zip_stream_entry_begin(stream, "long");

    if (!rc)
        rc = zip_stream_entry_write(stream, zip->text, LONG_BYTES);
    return rc ? rc : zip_stream_entry_end(stream);
}

static void a_maximum_is_never_passed_and_latches(void **state)
{
    struct zip *zip = *state;
    char sha256[DIGEST_BUFFER];
    uint64_t size;
    struct zip_stream *stream = begin(zip, 6, 2 * (uint64_t)BLOCK);

    assert_int_equal(write_until_refused(zip, stream), -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(zip_stream_entry_end(stream), -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(zip_stream_entry_begin(stream, "more"), -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(zip_stream_finish(stream, &size, sha256), -ERROR_BUNDLE_TOO_LARGE);
    zip_stream_destroy(&stream);
    assert_true(lseek(zip->file, 0, SEEK_END) <= 2 * (off_t)BLOCK);
}

static void a_full_disk_is_told(void **state)
{
    struct zip *zip = *state;
    struct zip_stream *stream = NULL;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    assert_true(full >= 0);
    assert_int_equal(zip_stream_begin(&stream, full, 6, UINT64_MAX, noon), 0);
    assert_int_equal(write_until_refused(zip, stream), -ERROR_DISK_FULL);
    zip_stream_destroy(&stream);
    (void)close(full);
}

static void giving_up_in_the_middle_leaves_nothing_behind(void **state)
{
    struct zip *zip = *state;
    struct zip_stream *stream = begin(zip, 9, UINT64_MAX);

    assert_int_equal(zip_stream_entry_begin(stream, "long"), 0);
    assert_int_equal(zip_stream_entry_write(stream, zip->text, LONG_BYTES), 0);
    zip_stream_destroy(&stream);
    zip_stream_destroy(&stream);
}

static uint64_t number_at(const struct wire_output *output, size_t offset, unsigned bytes)
{
    uint64_t value = 0;

    assert_true(offset + bytes <= output->size_bytes);
    for (unsigned i = 0; i < bytes; i++)
        value |= (uint64_t)(uint8_t)output->data[offset + i] << (8 * i);
    return value;
}

static void numbers_beyond_four_gigabytes_stand_in_the_zip64_field(void **state)
{
    const struct zip_entry entry = {.path = "x",
                                    .is_streamed = true,
                                    .crc = 7,
                                    .compressed_bytes = 5 * GIB,
                                    .size_bytes = 6 * GIB,
                                    .offset = 1 * GIB};
    struct zip_time time = zip_time_of(1800000000);
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    zip_record_central(&output, &entry, &time);
    assert_int_equal(output.error, 0);
    assert_int_equal(number_at(&output, 20, 4), 0xffffffff); /* compressed */
    assert_int_equal(number_at(&output, 24, 4), 0xffffffff); /* size */
    assert_int_equal(number_at(&output, 30, 2), 9 + 4 + 16); /* extra fields */
    assert_int_equal(number_at(&output, 42, 4), 1 * GIB);    /* offset fits */
    assert_int_equal(number_at(&output, 46 + 1 + 9, 2), 1);  /* ZIP64, after name and time */
    assert_int_equal(number_at(&output, 46 + 1 + 9 + 2, 2), 16);
    assert_int_equal(number_at(&output, 46 + 1 + 9 + 4, 8), 6 * GIB);
    assert_int_equal(number_at(&output, 46 + 1 + 9 + 12, 8), 5 * GIB);
    assert_int_equal(output.size_bytes, 46 + 1 + 9 + 20);
    wire_output_release(&output);
}

static void the_end_has_zip64_records_only_when_they_are_needed(void **state)
{
    struct wire_output output = WIRE_OUTPUT_INIT;

    (void)state;
    zip_record_end(&output, 65534, 1 * GIB, 1000);
    assert_int_equal(output.size_bytes, 22);
    assert_int_equal(number_at(&output, 8, 2), 65534);
    wire_output_clear(&output);
    zip_record_end(&output, 65535, 5 * GIB, 1000);
    assert_int_equal(output.size_bytes, 56 + 20 + 22);
    assert_int_equal(number_at(&output, 32, 8), 65535);
    assert_int_equal(number_at(&output, 48, 8), 5 * GIB);
    assert_int_equal(number_at(&output, 56 + 8, 8), 5 * GIB + 1000);
    assert_int_equal(number_at(&output, 56 + 20 + 10, 2), 0xffff);
    assert_int_equal(number_at(&output, 56 + 20 + 16, 4), 0xffffffff);
    wire_output_release(&output);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(entries_of_any_size_and_level_read_back, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            what_fits_into_a_block_is_a_plain_entry_and_the_rest_is_streamed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_bytes_do_not_depend_on_how_they_come, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_maximum_is_never_passed_and_latches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_is_told, set_up, tear_down),
        cmocka_unit_test_setup_teardown(giving_up_in_the_middle_leaves_nothing_behind, set_up,
                                        tear_down),
        cmocka_unit_test(numbers_beyond_four_gigabytes_stand_in_the_zip64_field),
        cmocka_unit_test(the_end_has_zip64_records_only_when_they_are_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
