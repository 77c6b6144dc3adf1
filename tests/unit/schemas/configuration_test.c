// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "schemas/base/limits.h"
#include "schemas/codec/configuration.h"
#include "schemas/messages.h"
#include "tests/unit/schemas/objects.h"

static char folder[64];
static char path[128];
static char message[CONFIGURATION_ERROR_BYTES];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/exportd-test-XXXXXX");
    if (!mkdtemp(folder)) {
        return -1;
    }
    snprintf(path, sizeof(path), "%s/settings.yaml", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(folder);
}

static void write_bytes(const void *bytes, size_t size_bytes, mode_t mode)
{
    int file;

    unlink(path);
    file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_true(file >= 0);
    assert_int_equal(write(file, bytes, size_bytes), size_bytes);
    assert_int_equal(fchmod(file, mode), 0);
    assert_int_equal(close(file), 0);
}

static int read_settings(struct settings *settings)
{
    struct configuration *configuration = NULL;
    int rc = configuration_read(&configuration, path, &settings_schema, settings, message);

    assert_true((rc == 0) == (configuration != NULL));
    configuration_destroy(&configuration);
    return rc;
}

/* The message without the file's path, which must come first. */
static const char *refusal_of(const char *bytes, size_t size_bytes)
{
    struct settings settings;

    write_bytes(bytes, size_bytes, 0600);
    assert_int_equal(read_settings(&settings), -ERROR_CONFIGURATION);
    assert_memory_equal(message, path, strlen(path));
    return message + strlen(path);
}

static void keys_and_defaults_are_read(void **state)
{
    static const char text[] = "# a comment\n"
                               "store:\n"
                               "  directory: '/srv/store'\n"
                               "colour: light-blue\n"
                               "sources:\n"
                               "  - name: mail\n"
                               "    statement: |\n"
                               "      SELECT *\n"
                               "      FROM mail\n"
                               "  - {name: \"no\"}\n";
    struct configuration *configuration = NULL;
    struct settings settings;
    struct settings_sources source;

    (void)state;
    write_bytes(text, sizeof(text) - 1, 0644);
    assert_int_equal(configuration_read(&configuration, path, &settings_schema, &settings, message),
                     0);
    assert_string_equal(message, "");
    assert_true(text_equal(settings.store.directory, TEXT("/srv/store")));
    assert_int_equal(settings.store.size_bytes, 100);
    assert_true(settings.ratio == 2.5);
    assert_false(settings.is_on);
    assert_int_equal(settings.colour, COLOUR_LIGHT_BLUE);
    assert_int_equal(settings.sources.count, 2);
    codec_item(&settings.sources, 0, &source);
    assert_true(text_equal(source.statement, TEXT("SELECT *\nFROM mail\n")));
    codec_item(&settings.sources, 1, &source);
    assert_true(text_equal(source.name, TEXT("no")));
    configuration_destroy(&configuration);
    configuration_destroy(&configuration);
}

struct row {
    const char *text;
    const char *refusal;
};

static void expect_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(refusal_of(rows[i].text, strlen(rows[i].text)), rows[i].refusal);
    }
}

#define STORE "store: {directory: /s}\n"

static void errors_name_line_key_and_what_is_allowed(void **state)
{
    static const struct row rows[] = {
        {"", ":1: store: found nothing, expected a map"},
        {"# only a comment\n", ":1: store: found nothing, expected a map"},
        {"\n\nratio: 3\n", ":1: store: found nothing, expected a map"},
        {"ratio: 3\nstore:\n  size_bytes: 1\n",
         ":3: store.directory: found nothing, expected a string of 1 to 64 characters"},
        {STORE "\n\nratio: ten\n", ":4: ratio: found \"ten\", expected a number from 0 to 10"},
        {STORE "ratio: 11\n", ":2: ratio: found 11, expected a number from 0 to 10"},
        {STORE "ratio: [1]\n",
         ":2: ratio: found a list of 1 items, expected a number from 0 to 10"},
        {STORE "ratio: {}\n", ":2: ratio: found a map, expected a number from 0 to 10"},
        {STORE "ratio: ~\n", ":2: ratio: found null, expected a number from 0 to 10"},
        {STORE "ratio:\n", ":2: ratio: found null, expected a number from 0 to 10"},
        {STORE "is_on: yes\n", ":2: is_on: found \"yes\", expected true or false"},
        {STORE "colour: Red\n",
         ":2: colour: found \"Red\", expected one of red, darkGreen, light-blue"},
        {"store:\n  directory: /s\n  size_bytes: 1.5\n",
         ":3: store.size_bytes: found 1.5, expected a whole number from 0 to 1000"},
        {"store:\n  directory: /s\n  size_bytes: '1'\n",
         ":3: store.size_bytes: found \"1\", expected a whole number from 0 to 1000"},
        {"store:\n  directory: 5\n",
         ":2: store.directory: found 5, expected a string of 1 to 64 characters"},
        {"store:\n  directory: /s\n  sise_bytes: 1\n",
         ":3: store.sise_bytes: found an unknown key, expected one of the fields directory, "
         "size_bytes"},
        {STORE "sources:\n- name: a\n- statement: b\n",
         ":4: sources[1].name: found nothing, expected a string of 1 to 8 characters"},
        {STORE "sources:\n- name: a\n- name: b\n  kind: c\n",
         ":5: sources[1].kind: found an unknown key, expected one of the fields name, statement"},
        {STORE "sources: [{name: a}, {name: b}, {name: c}, {name: d}]\n",
         ":2: sources: found a list of 4 items, expected a list of at most 3 items"},
        {STORE "sources: [a]\n", ":2: sources[0]: found \"a\", expected a map"},
        {STORE "sources:\n- name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
               "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n",
         ":3: sources[0].name: found a longer text, expected a string of 1 to 8 characters"},
        {"- a\n", ":1: found a list of 1 items, expected a map"},
        {"text\n", ":1: found \"text\", expected a map"},
    };

    (void)state;
    expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void yaml_beyond_configuration_is_refused(void **state)
{
    static const struct row rows[] = {
        {STORE "ratio: 1\nratio: 2\n",
         ":3: ratio: found a second time, expected once (line 2 has it)"},
        {"store:\n  directory: /s\n  'directory': /t\n",
         ":3: directory: found a second time, expected once (line 2 has it)"},
        {"store: &s {directory: /s}\n", ":1: anchors (&) are not allowed"},
        {STORE "sources: &s []\n", ":2: anchors (&) are not allowed"},
        {STORE "ratio: &r 1\n", ":2: anchors (&) are not allowed"},
        {STORE "ratio: *r\n", ":2: aliases (*) are not allowed"},
        {STORE "<<: {ratio: 1}\n", ":2: merge keys (<<) are not allowed"},
        {STORE "ratio: !!float 1\n", ":2: tags (!) are not allowed"},
        {STORE "ratio: ! 1\n", ":2: tags (!) are not allowed"},
        {STORE "sources: !x []\n", ":2: tags (!) are not allowed"},
        {"store: !!map {directory: /s}\n", ":1: tags (!) are not allowed"},
        {"%TAG !e! tag:example.org,2026:\n---\n" STORE, ":1: tags (!) are not allowed"},
        {STORE "---\n" STORE, ":2: one document is allowed"},
        {STORE "...\n---\n", ":3: one document is allowed"},
        {"? [a]\n: b\n", ":1: a key is a single word"},
        {"? {a: b}\n: b\n", ":1: a key is a single word"},
        {STORE "ratio: \"a\\0b\"\n", ":2: text is UTF-8 without NUL"},
        {"store: [\n", ":2: not YAML: did not find expected node content"},
        {"store: 'a\n", ":2: not YAML: found unexpected end of stream"},
        {"store:\n\tdirectory: a\n", ":2: not YAML: found character that cannot start any token"},
        {"store: \xff\n", ":1: not YAML: invalid leading UTF-8 octet"},
    };

    (void)state;
    expect_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void expect_bomb(const char *head, const char *piece, size_t count, const char *refusal)
{
    size_t head_bytes = strlen(head);
    size_t piece_bytes = strlen(piece);
    char *bytes = malloc(head_bytes + piece_bytes * count + 1);

    assert_non_null(bytes);
    memcpy(bytes, head, head_bytes);
    for (size_t i = 0; i < count; i++) {
        memcpy(bytes + head_bytes + i * piece_bytes, piece, piece_bytes);
    }
    assert_string_equal(refusal_of(bytes, head_bytes + piece_bytes * count), refusal);
    free(bytes);
}

static void bombs_are_refused_early(void **state)
{
    (void)state;
    expect_bomb("", "[", 131072, ":1: more than 16 levels");
    expect_bomb("[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]", "]", 1,
                ":1: found a list of 1 items, expected a map");
    expect_bomb("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", "]", 1, ":1: more than 16 levels");
    expect_bomb("a: ", "{a: ", 32768, ":1: more than 16 levels");
    expect_bomb("", "- ", 65536, ":1: more than 16 levels");
    expect_bomb("", "- a\n", LIMIT_CONFIGURATION_ELEMENTS, ":16384: more than 16384 values");
    expect_bomb("[", "[],", 300000, ":1: more than 16384 values");
    expect_bomb("", "#", LIMIT_CONFIGURATION_BYTES + 1, ": larger than 1 MiB");
    expect_bomb("a: &a [x,x,x,x,x,x,x,x,x]\n", "b: [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", 9,
                ":1: anchors (&) are not allowed");
}

static void a_map_of_too_many_keys_is_refused(void **state)
{
    char text[2048];
    int used = 0;

    (void)state;
    for (int i = 0; i <= LIMIT_MAP_KEYS; i++) {
        used += snprintf(text + used, sizeof(text) - (size_t)used, "k%d: 1\n", i);
    }
    assert_string_equal(refusal_of(text, (size_t)used), ":65: a map has at most 64 keys");
}

static void only_safe_regular_files_are_read(void **state)
{
    static const mode_t bad[] = {0620, 0602, 0666};
    struct settings settings;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        write_bytes(STORE, sizeof(STORE) - 1, bad[i]);
        assert_int_equal(read_settings(&settings), -ERROR_CONFIGURATION);
        assert_non_null(strstr(message, "others than its owner may write to it"));
    }
    write_bytes(STORE, sizeof(STORE) - 1, 0444);
    assert_int_equal(read_settings(&settings), 0);
    unlink(path);
    assert_int_equal(read_settings(&settings), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "No such file"));
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(read_settings(&settings), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "not a regular file"));
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(read_settings(&settings), -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "not a regular file"));
    assert_int_equal(rmdir(path), 0);
}

static void checks_beyond_the_schema_point_at_the_nearest_key(void **state)
{
    static const char text[] = "store:\n"
                               "  directory: /s\n"
                               "sources:\n"
                               "  - name: a\n"
                               "  - name: b\n"
                               "    statement: c\n";
    static const struct {
        const char *key;
        int line;
    } rows[] = {
        {"store.directory", 2},
        {"store.size_bytes", 1},
        {"store", 1},
        {"sources", 3},
        {"sources[0]", 4},
        {"sources[1].statement", 6},
        {"sources[1].absent", 5},
        {"sources[0].statement", 4},
        {"sources[7].name", 3},
        {"nowhere", 1},
        {"", 1},
        {"store[0]", 1},
        {"sources.name", 3},
    };
    struct configuration *configuration = NULL;
    struct settings settings;

    (void)state;
    write_bytes(text, sizeof(text) - 1, 0600);
    assert_int_equal(configuration_read(&configuration, path, &settings_schema, &settings, message),
                     0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char expected[CONFIGURATION_ERROR_BYTES];

        snprintf(expected, sizeof(expected), "%s:%d: %s: found %d, expected 2", path, rows[i].line,
                 rows[i].key, 1);
        assert_int_equal(
            configuration_fail(configuration, rows[i].key, message, "found %d, expected %d", 1, 2),
            -ERROR_CONFIGURATION);
        assert_string_equal(message, expected);
    }
    configuration_destroy(&configuration);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_defaults_are_read),
        cmocka_unit_test(errors_name_line_key_and_what_is_allowed),
        cmocka_unit_test(yaml_beyond_configuration_is_refused),
        cmocka_unit_test(bombs_are_refused_early),
        cmocka_unit_test(a_map_of_too_many_keys_is_refused),
        cmocka_unit_test(only_safe_regular_files_are_read),
        cmocka_unit_test(checks_beyond_the_schema_point_at_the_nearest_key),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
