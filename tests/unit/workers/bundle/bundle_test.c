// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "schemas/base/errors.h"
#include "tests/support/bundle_sample.h"
#include "workers/bundle/unrecorded.h"

static int set_up(void **state)
{
    struct sample *sample = malloc(sizeof(*sample));

    assert_non_null(sample);
    sample_init(sample);
    *state = sample;
    return 0;
}

static int tear_down(void **state)
{
    sample_release(*state);
    free(*state);
    return 0;
}

static void print_problem(void *context, const char *path, const char *problem)
{
    (void)context;
    print_message("%s: %s\n", path, problem);
}

static void assert_right(const char *path)
{
    assert_int_equal(bag_verify(path, print_problem, NULL, NULL), 0);
}

static void assert_removed(const struct sample *sample)
{
    const struct bundle_identity bundle = {sample->tenant, sample->operation, SAMPLE_FENCE};

    assert_int_equal(bundle_remove(sample->directory, &bundle), 0);
}

static void a_bundle_is_right_for_the_verifier_and_for_coreutils(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;
    struct verify_summary summary;

    sample_result(sample, "mailbox", SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE, 2, 1, 40);
    sample_result(sample, "files", SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE, 0, 3, 18);
    assert_int_equal(sample_write(sample, &result), 0);
    assert_int_equal(bag_verify(result.path, print_problem, NULL, &summary), 0);
    assert_int_equal(summary.payload_files, result.file_count);
    assert_int_equal(result.file_count, 8);
    if (!sample_has("unzip"))
        return;
    assert_int_equal(sample_run("unzip -tqq '%s'", result.path), 0);
    assert_int_equal(sample_run("cd '%s' && unzip -qq '%s' && cd " SAMPLE_STEM
                                " && sha256sum --quiet --strict -c manifest-sha256.txt && "
                                "sha256sum --quiet --strict -c tagmanifest-sha256.txt",
                                sample->directory, result.path),
                     0);
    assert_int_equal(
        sample_run("cd '%s/" SAMPLE_STEM "' && grep -q 'A life' data/files/letters/"
                   "r_sum_-*.txt && grep -q 'letters/r' data/files/original-names.jsonl "
                   "&& test ! -e data/mailbox/original-names.jsonl",
                   sample->directory),
        0);
    char folder[SAMPLE_PATH_BYTES + 80];
    snprintf(folder, sizeof(folder), "%s/" SAMPLE_STEM, sample->directory);
    assert_right(folder);
}

static void other_readers_find_the_same(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;

    assert_int_equal(sample_write(sample, &result), 0);
    if (sample_has("python3"))
        assert_int_equal(
            sample_run("python3 -c 'import sys, zipfile, hashlib\n"
                       "z = zipfile.ZipFile(sys.argv[1])\n"
                       "assert z.testzip() is None\n"
                       "top = z.namelist()[0].split(\"/\")[0] + \"/\"\n"
                       "lines = z.read(top + \"manifest-sha256.txt\").decode().splitlines()\n"
                       "assert len(lines) == 8, lines\n"
                       "for line in lines:\n"
                       "    digest, path = line.split(\"  \", 1)\n"
                       "    assert hashlib.sha256(z.read(top + path)).hexdigest() == digest\n"
                       "' '%s'",
                       result.path),
            0);
    if (sample_has("bsdtar"))
        assert_int_equal(
            sample_run("bsdtar -tf '%s' | grep -qx " SAMPLE_STEM "/bagit.txt", result.path), 0);
}

static void the_result_tells_size_and_digest_of_the_file(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;
    struct stat status;
    char expected[SAMPLE_PATH_BYTES * 2];

    assert_int_equal(sample_write(sample, &result), 0);
    snprintf(expected, sizeof(expected), "%s/" SAMPLE_TENANT "/" SAMPLE_STEM ".zip",
             sample->directory);
    assert_string_equal(result.path, expected);
    assert_int_equal(stat(result.path, &status), 0);
    assert_int_equal(status.st_size, result.size_bytes);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(sample_run("echo '%s  %s' | sha256sum --quiet -c", result.sha256, result.path),
                     0);
    snprintf(expected, sizeof(expected), "%s/" SAMPLE_TENANT, sample->directory);
    assert_int_equal(stat(expected, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0700);
    assert_int_equal(
        sample_run("test $(ls -A '%s/" SAMPLE_TENANT "' | wc -l) = 2", sample->directory),
        0); /* with its mark */
}

static void the_same_input_and_time_make_the_same_bytes(void **state)
{
    struct sample *sample = *state;
    struct bundle_result first;
    struct bundle_result second;

    assert_int_equal(sample_write(sample, &first), 0);
    assert_removed(sample);
    assert_int_equal(sample_write(sample, &second), 0);
    assert_string_equal(first.sha256, second.sha256);
    assert_removed(sample);
    sample->now.ms += 2000;
    assert_int_equal(sample_write(sample, &second), 0);
    assert_string_not_equal(first.sha256, second.sha256);
}

static void a_bundle_is_never_overwritten(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_writer *other = NULL;
    struct bundle_result result;

    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_begin(sample, &other), -ERROR_BUNDLE_EXISTS);
    assert_null(other);
    /* Somebody else's appears while this one is written. */
    assert_int_equal(
        sample_run("echo other > '%s/" SAMPLE_TENANT "/" SAMPLE_STEM ".zip'", sample->directory),
        0);
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     -ERROR_BUNDLE_EXISTS);
    assert_null(bundle);
    assert_int_equal(sample_begin(sample, &bundle), -ERROR_BUNDLE_EXISTS);
    assert_int_equal(
        sample_run("cd '%s/" SAMPLE_TENANT "' && test \"$(cat *)\" = other", sample->directory), 0);
}

static void an_aborted_bundle_leaves_nothing(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;

    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_entry(bundle, "mailbox", "a", "x", 1), 0);
    assert_int_equal(bundle_entry_begin(bundle, "mailbox", "b"), 0);
    assert_int_equal(bundle_entry_write(bundle, "half", 4), 0);
    assert_int_equal(bundle_payload_bytes(bundle), 5);
    bundle_abort(&bundle);
    assert_null(bundle);
    bundle_abort(&bundle);
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
}

/* Bytes that deflate cannot shrink, the same each time. */
static void fill(uint8_t *bytes, size_t size_bytes)
{
    uint64_t number = 88172645463325252ull;

    for (size_t i = 0; i < size_bytes; i++) {
        number ^= number << 13;
        number ^= number >> 7;
        number ^= number << 17;
        bytes[i] = (uint8_t)number;
    }
}

static void a_bundle_beyond_its_maximum_fails_and_leaves_nothing(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;
    uint8_t bytes[4096];
    int rc = 0;

    fill(bytes, sizeof(bytes));
    sample->options.maximum_bytes = 300000;
    sample->options.compression_level = 0; /* the block repeats */
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(bundle_entry_begin(bundle, "files", "big"), 0);
    for (int i = 0; !rc && i < 1000; i++)
        rc = bundle_entry_write(bundle, bytes, sizeof(bytes));
    assert_int_equal(rc, -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(bundle_entry_end(bundle), -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     -ERROR_BUNDLE_TOO_LARGE);
    assert_int_equal(sample_run("test -z \"$(find '%s' -type f)\"", sample->directory), 0);
}

static void the_maximum_is_exact(void **state)
{
    struct sample *sample = *state;
    struct bundle_result result;
    struct bundle_result again;

    assert_int_equal(sample_write(sample, &result), 0);
    assert_removed(sample);
    sample->options.maximum_bytes = result.size_bytes - 1;
    assert_int_equal(sample_write(sample, &again), -ERROR_BUNDLE_TOO_LARGE);
    sample->options.maximum_bytes = result.size_bytes;
    assert_int_equal(sample_write(sample, &again), 0);
}

static void more_files_than_allowed_are_refused(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;

    sample->options.maximum_files = 2;
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_entry(bundle, "files", "a", "", 0), 0);
    assert_int_equal(sample_entry(bundle, "files", "b", "", 0), 0);
    assert_int_equal(sample_entry(bundle, "files", "c", "", 0), -ERROR_BUNDLE_TOO_LARGE);
    bundle_abort(&bundle);
}

static void calls_in_no_order_are_refused(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;

    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_entry(bundle, "one", "a", "", 0), 0);
    assert_int_equal(sample_entry(bundle, "two", "a", "", 0), 0);
    assert_int_equal(sample_entry(bundle, "one", "b", "", 0), -ERROR_INTERNAL);
    bundle_abort(&bundle);
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(bundle_entry_begin(bundle, "one", "a"), 0);
    assert_int_equal(bundle_entry_begin(bundle, "one", "b"), -ERROR_INTERNAL);
    bundle_abort(&bundle);
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(bundle_entry_begin(bundle, "one", "a"), 0);
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     -ERROR_INTERNAL);
    assert_null(bundle);
}

static void an_empty_bundle_and_every_level_are_right(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;
    uint8_t *bytes = malloc(300000);

    assert_non_null(bytes);
    fill(bytes, 100000);
    memset(bytes + 100000, 'x', 200000);
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     0);
    assert_right(result.path);
    assert_removed(sample);
    for (int level = 0; level <= 9; level++) {
        sample->options.compression_level = level;
        assert_int_equal(sample_begin(sample, &bundle), 0);
        assert_int_equal(sample_entry(bundle, "files", "a", bytes, 300000), 0);
        assert_int_equal(
            bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result), 0);
        assert_right(result.path);
        if (sample_has("unzip"))
            assert_int_equal(sample_run("unzip -tqq '%s'", result.path), 0);
        assert_removed(sample);
    }
    sample->options.compression_level = 10;
    assert_int_equal(sample_begin(sample, &bundle), -ERROR_CONFIGURATION);
    free(bytes);
}

/* More entries than the 16 bits of a plain ZIP count. */
static void seventy_thousand_files_are_right(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;
    char name[64];

    sample->options.compression_level = 1;
    assert_int_equal(sample_begin(sample, &bundle), 0);
    for (int i = 0; i < 70000; i++) {
        snprintf(name, sizeof(name), "%d/file %d", i % 100, i);
        assert_int_equal(sample_entry(bundle, "files", name, name, strlen(name)), 0);
    }
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     0);
    assert_int_equal(result.file_count, 70000 + 4);
    assert_right(result.path);
    if (sample_has("unzip"))
        assert_int_equal(sample_run("unzip -tqq '%s'", result.path), 0);
}

static void a_directory_is_checked_before_work_begins(void **state)
{
    struct sample *sample = *state;
    char path[SAMPLE_PATH_BYTES + 16];
    char message[256];

    assert_int_equal(bundle_check_directory(sample->directory, message, sizeof(message)), 0);
    assert_int_equal(sample_run("test -z \"$(ls -A '%s')\"", sample->directory), 0);
    assert_int_equal(sample_run("chmod o+w '%s'", sample->directory), 0);
    assert_int_equal(bundle_check_directory(sample->directory, message, sizeof(message)),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "chmod o-w"));
    assert_int_equal(sample_run("chmod o-w '%s'", sample->directory), 0);
    snprintf(path, sizeof(path), "%s/missing", sample->directory);
    assert_int_equal(bundle_check_directory(path, message, sizeof(message)), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, path));
    assert_int_equal(sample_run("touch '%s'", path), 0);
    assert_int_equal(bundle_check_directory(path, message, sizeof(message)), -ERROR_CONFIGURATION);
    assert_int_equal(bundle_check_directory("/proc", message, sizeof(message)),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "/proc"));
}

static void a_tenant_folder_that_is_a_link_is_refused(void **state)
{
    struct sample *sample = *state;
    struct bundle_writer *bundle = NULL;

    assert_int_equal(sample_run("mkdir '%s/elsewhere' && ln -s elsewhere '%s/" SAMPLE_TENANT "'",
                                sample->directory, sample->directory),
                     0);
    assert_int_equal(sample_begin(sample, &bundle), -ERROR_IO);
    assert_null(bundle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(a_bundle_is_right_for_the_verifier_and_for_coreutils),
        TEST(other_readers_find_the_same),
        TEST(the_result_tells_size_and_digest_of_the_file),
        TEST(the_same_input_and_time_make_the_same_bytes),
        TEST(a_bundle_is_never_overwritten),
        TEST(an_aborted_bundle_leaves_nothing),
        TEST(a_bundle_beyond_its_maximum_fails_and_leaves_nothing),
        TEST(the_maximum_is_exact),
        TEST(more_files_than_allowed_are_refused),
        TEST(calls_in_no_order_are_refused),
        TEST(an_empty_bundle_and_every_level_are_right),
        TEST(seventy_thousand_files_are_right),
        TEST(a_directory_is_checked_before_work_begins),
        TEST(a_tenant_folder_that_is_a_link_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
