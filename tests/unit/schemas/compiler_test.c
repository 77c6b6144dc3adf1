// SPDX-License-Identifier: MIT
/* The schema compiler, run as the build runs it. argv[1] is the program. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/schemas/objects.h"

#define OUTPUT_BYTES 65536

static const char *program;
static char folder[64];
static char output[OUTPUT_BYTES];

static int set_up(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/exportd-test-XXXXXX");
    return mkdtemp(folder) ? chdir(folder) : -1;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"a.yaml",     "b.yaml",     "c.yaml",  "x.request.yaml",
                                        "messages.h", "messages.c", "a-b.yaml"};

    (void)state;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        unlink(names[i]);
    }
    return chdir("/") != 0 || rmdir(folder) != 0;
}

static void write_text(const char *name, const char *text)
{
    FILE *file = fopen(name, "we");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Runs the program in the folder; what it prints, either way, is in output. Returns its exit code.
 */
static int run(char *const *arguments)
{
    int ends[2];
    size_t used = 0;
    ssize_t got;
    int status;
    pid_t child;

    assert_int_equal(pipe(ends), 0);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0 || dup2(ends[1], STDERR_FILENO) < 0 ||
            close(ends[0]) != 0 || close(ends[1]) != 0) {
            _exit(126);
        }
        execv(program, arguments);
        _exit(127);
    }
    close(ends[1]);
    while ((got = read(ends[0], output + used, sizeof(output) - 1 - used)) > 0 ||
           (got < 0 && errno == EINTR)) {
        used += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    output[used] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int compile(const char *first, const char *second)
{
    char *arguments[] = {"schema-compiler", "--output-dir", ".",
                         (char *)first,     (char *)second, NULL};

    return run(arguments);
}

#define HEAD                                                                                       \
    "$schema: https://json-schema.org/draft/2020-12/schema\n$id: a.yaml\ntitle: A\n"               \
    "description: An a.\n"
#define OBJECT         HEAD "type: object\nadditionalProperties: false\n"
#define WITH(property) OBJECT "properties:\n  x: " property "\n"

struct row {
    const char *text;
    const char *refusal;
};

static const struct row rows[] = {
    {"", "a.yaml:1: type is string, integer, number, boolean, object or array\n"},
    {"- a\n", "a.yaml:1: a schema is a map\n"},
    {HEAD, "a.yaml:1: type is string, integer, number, boolean, object or array\n"},
    {HEAD "type: object\nproperties: {}\n", "a.yaml:1: additionalProperties is missing\n"},
    {HEAD "type: object\nadditionalProperties: true\nproperties: {}\n",
     "a.yaml:6: additionalProperties is false\n"},
    {OBJECT, "a.yaml:1: properties is missing\n"},
    {"title: A\ndescription: b\ntype: object\nadditionalProperties: false\nproperties: {}\n",
     "a.yaml:1: $schema is missing\n"},
    {"$schema: https://json-schema.org/draft-07/schema\n$id: a\ntitle: A\ndescription: b\n"
     "type: object\nadditionalProperties: false\nproperties: {}\n",
     "a.yaml:1: $schema is https://json-schema.org/draft/2020-12/schema\n"},
    {HEAD "type: integer\nminimum: 0\nmaximum: 1\n", "a.yaml:1: a file is an object or an enum\n"},
    {HEAD "type: string\nenum: []\n", "a.yaml:6: enum is a list of strings\n"},
    {HEAD "type: string\nenum: [a, 1]\n",
     "a.yaml:6: no C name can be made of this word of the enum\n"},
    {HEAD "type: string\nenum: [a, count]\n",
     "a.yaml:6: no C name can be made of this word of the enum\n"},
    {HEAD "type: string\nenum: [aB, a-b]\n",
     "a.yaml:6: two words of the enum have the same C name\n"},
    {HEAD "type: string\nenum: [a, null]\n",
     "a.yaml:6: no C name can be made of this word of the enum\n"},
    {WITH("{description: b, type: [string, 'null'], enum: [c]}"),
     "a.yaml:8: an enum that may be null lists null, and no other does\n"},
    {OBJECT "properties: []\n", "a.yaml:7: properties is a map of at most 64\n"},
    {OBJECT "required: [y]\nproperties:\n  x: {description: b, type: boolean}\n",
     "a.yaml:7: required lists properties, each once\n"},
    {OBJECT "required: [x, x]\nproperties:\n  x: {description: b, type: boolean}\n",
     "a.yaml:7: required lists properties, each once\n"},
    {OBJECT "required: x\nproperties:\n  x: {description: b, type: boolean}\n",
     "a.yaml:7: required is a list of properties\n"},
    {WITH("{type: boolean}"), "a.yaml:8: description is missing\n"},
    {WITH("{description: b, type: boolean, readOnly: true}"),
     "a.yaml:8: readOnly is not understood here\n"},
    {WITH("{description: b, type: boolean, title: c}"), "a.yaml:8: title is not understood here\n"},
    {WITH("{description: b, type: boolean, maximum: 1}"),
     "a.yaml:8: maximum is not understood here\n"},
    {WITH("{description: b, type: [string, integer], maxLength: 1}"),
     "a.yaml:8: type is one type, or a list of one and then \"null\"\n"},
    {WITH("{description: b, type: [string, null], maxLength: 1}"),
     "a.yaml:8: type is one type, or a list of one and then \"null\"\n"},
    {WITH("{description: b, type: 'null'}"),
     "a.yaml:8: type is one type, or a list of one and then \"null\"\n"},
    {WITH("{description: b, type: text}"),
     "a.yaml:8: type is string, integer, number, boolean, object or array\n"},
    {WITH("{description: b, type: string}"), "a.yaml:8: maxLength is missing\n"},
    {WITH("{description: b, type: string, maxLength: 16385}"),
     "a.yaml:8: maxLength is from minLength to 16384\n"},
    {WITH("{description: b, type: string, minLength: 2, maxLength: 1}"),
     "a.yaml:8: maxLength is from minLength to 16384\n"},
    {WITH("{description: b, type: string, minLength: -1, maxLength: 1}"),
     "a.yaml:8: maxLength is from minLength to 16384\n"},
    {WITH("{description: b, type: string, maxLength: '1'}"),
     "a.yaml:8: maxLength is a whole number\n"},
    {WITH("{description: b, type: string, maxLength: 1, pattern: ^x$}"),
     "a.yaml:8: pattern is one of those in schemas/codec/patterns.c\n"},
    {WITH("{description: b, type: string, format: email}"),
     "a.yaml:8: format is uuid or date-time\n"},
    {WITH("{description: b, type: string, format: uuid, maxLength: 1}"),
     "a.yaml:8: maxLength is not understood here\n"},
    {WITH("{description: b, type: integer, minimum: 1}"), "a.yaml:8: maximum is missing\n"},
    {WITH("{description: b, type: integer, maximum: 1}"), "a.yaml:8: minimum is missing\n"},
    {WITH("{description: b, type: integer, minimum: 2, maximum: 1}"),
     "a.yaml:8: minimum is above maximum\n"},
    {WITH("{description: b, type: integer, minimum: 2, maximum: 9223372036854775808}"),
     "a.yaml:8: maximum is a whole number\n"},
    {WITH("{description: b, type: number, minimum: 0}"), "a.yaml:8: maximum is missing\n"},
    {WITH("{description: b, type: number, minimum: 0, maximum: .inf}"),
     "a.yaml:8: maximum is a whole number\n"},
    {WITH("{description: b, type: number, minimum: 2, maximum: 1.5}"),
     "a.yaml:8: minimum is above maximum\n"},
    {WITH("{description: b, type: array, maxItems: 1}"), "a.yaml:8: items is missing\n"},
    {WITH("{description: b, type: array, items: {type: boolean}}"),
     "a.yaml:8: maxItems is missing\n"},
    {WITH("{description: b, type: array, maxItems: 1, items: {type: array, maxItems: 1, "
          "items: {type: boolean}}}"),
     "a.yaml:8: an item is neither a list nor null\n"},
    {WITH("{description: b, type: array, maxItems: 1, items: {type: [boolean, 'null']}}"),
     "a.yaml:8: an item is neither a list nor null\n"},
    {WITH("{description: b, const: c}"), "a.yaml:8: a const is required\n"},
    {WITH("{description: b, const: 1}"), "a.yaml:8: const is a string\n"},
    {WITH("{description: b, type: integer, const: c}"), "a.yaml:8: a const is a string\n"},
    {WITH("{description: b, type: boolean, default: 1}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: string, maxLength: 1, default: cd}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: string, enum: [c], default: d}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: integer, minimum: 0, maximum: 1, default: 2}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: integer, minimum: 0, maximum: 1, default: 0.5}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: [boolean, 'null'], default: true}"),
     "a.yaml:8: what may be null has no default\n"},
    {WITH("{description: b, type: array, maxItems: 1, items: {type: boolean}, default: [true]}"),
     "a.yaml:8: the default is not allowed here\n"},
    {WITH("{description: b, type: string, format: uuid, default: c}"),
     "a.yaml:8: the default is not allowed here\n"},
    {OBJECT "required: [x]\nproperties:\n  x: {description: b, type: boolean, default: true}\n",
     "a.yaml:9: what is required has no default\n"},
    {WITH("{description: b, type: boolean, examples: true}"), "a.yaml:8: examples is a list\n"},
    {OBJECT "properties:\n  a-b: {description: b, type: boolean}\n"
            "  aB: {description: b, type: boolean}\n",
     "a.yaml:8: aB and a-b would share a name in C\n"},
    {OBJECT "properties:\n  b: {description: b, type: boolean}\n"
            "  hasB: {description: b, type: boolean}\n",
     "a.yaml:9: b and hasB would share a name in C\n"},
    {OBJECT "properties:\n  '1': {description: b, type: boolean}\n",
     "a.yaml:8: no C name can be made of this\n"},
    {WITH("{$ref: none.yaml}"), "a.yaml:8: $ref is the name of one of the other files\n"},
    {WITH("{$ref: a}"), "a.yaml:8: $ref is the name of one of the other files\n"},
    {WITH("{$ref: a.yaml}"), "a.yaml:1: this schema contains itself by $ref\n"},
    {WITH("{$ref: 'a.yaml#/properties/x'}"),
     "a.yaml:8: $ref is the name of one of the other files\n"},
    {WITH("{$ref: a.yaml, type: object}"), "a.yaml:8: type cannot stand beside $ref\n"},
    {WITH("{description: b, type: boolean, type: boolean}"),
     "a.yaml:8: type: found a second time, expected once (line 8 has it)\n"},
    {HEAD "type: object\n&x a: b\n", "a.yaml:6: anchors (&) are not allowed\n"},
};

static void what_is_not_understood_ends_the_build_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        write_text("a.yaml", rows[i].text);
        if (compile("a.yaml", NULL) != 1 || strcmp(output, rows[i].refusal) != 0) {
            fail_msg("%s\ngave: %sinstead of: %s", rows[i].text, output, rows[i].refusal);
        }
        assert_int_equal(access("messages.c", F_OK), -1);
    }
}

static void cycles_over_several_files_are_refused(void **state)
{
    (void)state;
    write_text("a.yaml", WITH("{description: b, $ref: b.yaml}"));
    write_text("b.yaml", WITH("{description: b, type: array, maxItems: 1, items: {$ref: a.yaml}}"));
    assert_int_equal(compile("a.yaml", "b.yaml"), 1);
    assert_string_equal(output, "a.yaml:1: this schema contains itself by $ref\n");
}

static void names_that_meet_in_c_are_refused(void **state)
{
    (void)state;
    write_text("a.yaml", WITH("{description: b, type: object, additionalProperties: false, "
                              "properties: {b: {description: c, type: boolean}}}"));
    write_text("a-b.yaml", WITH("{description: b, type: boolean}"));
    assert_int_equal(compile("a.yaml", "a-b.yaml"), 0);
    write_text("a.yaml", OBJECT "properties:\n  b: {description: b, type: object, "
                                "additionalProperties: false, properties: {}}\n");
    assert_int_equal(compile("a.yaml", "a-b.yaml"), 1);
    assert_string_equal(output, "a-b.yaml:1: two types would be called a_b in C\n");
    unlink("messages.h");
    unlink("messages.c");
}

static void a_request_says_its_type(void **state)
{
    (void)state;
    write_text("x.request.yaml", WITH("{description: b, type: boolean}"));
    assert_int_equal(compile("x.request.yaml", NULL), 1);
    assert_string_equal(output, "x.request.yaml:1: a request or report has a const type\n");
}

static void files_that_cannot_be_used_are_named(void **state)
{
    (void)state;
    assert_int_equal(compile("none.yaml", NULL), 1);
    assert_string_equal(output, "none.yaml:1: No such file or directory\n");
    assert_int_equal(compile("messages.h", NULL), 1);
    assert_string_equal(output, "messages.h:1: a schema's name ends with .yaml\n");
    write_text("a.yaml", WITH("{description: b, type: boolean}"));
    assert_int_equal(compile("a.yaml", "a.yaml"), 1);
    assert_string_equal(output, "a.yaml:1: another file has the same name\n");
}

static void wrong_use_is_told(void **state)
{
    char *arguments[] = {"schema-compiler", "a.yaml", "b.yaml", NULL};
    char *nowhere[] = {"schema-compiler", "--output-dir", "./none", NULL};

    (void)state;
    assert_int_equal(run(arguments), 2);
    assert_memory_equal(output, "usage: ", 7);
    assert_int_equal(run(nowhere), 1);
    assert_string_equal(output, "./none/messages.h: cannot be written\n");
}

static void the_manual_lists_every_key_with_its_path(void **state)
{
    static const char expected[] =
        ".TP\n.B store\nWhere things are.\n.br\na map; required.\n"
        ".TP\n.B store.directory\n\\&.a folder \\- see below\n.br\n"
        "a string of 1 to 64 characters; required.\n"
        ".TP\n.B sources\nA list.\n.br\na list of at most 3 items; optional.\n"
        ".TP\n.B sources[].count\nHow many.\n.br\na whole number from \\-1 to 9; default: 5.\n"
        ".TP\n.B words\nWords.\n.br\na list of 1 item, each a string of at most 4 characters; "
        "default: [].\n";
    char *arguments[] = {"schema-compiler", "--man", "a", "a.yaml", NULL};
    char *unknown[] = {"schema-compiler", "--man", "c", "a.yaml", NULL};

    (void)state;
    write_text("a.yaml",
               OBJECT "required: [store]\nproperties:\n"
                      "  store: {description: Where things are., type: object, required: "
                      "[directory], additionalProperties: false, properties: {directory: "
                      "{description: .a folder - see below, type: string, minLength: 1, "
                      "maxLength: 64}}}\n"
                      "  sources: {description: A list., type: array, maxItems: 3, items: {type: "
                      "object, additionalProperties: false, properties: {count: {description: How "
                      "many., type: integer, minimum: -1, maximum: 9, default: 5}}}}\n"
                      "  words: {description: Words., type: array, minItems: 0, maxItems: 1, "
                      "items: {type: string, maxLength: 4}, default: []}\n");
    assert_int_equal(run(arguments), 0);
    assert_string_equal(output, with(expected, "of 1 item,", "of at most 1 item,"));
    assert_int_equal(run(unknown), 1);
    assert_string_equal(output, "c: no such object among the files\n");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_understood_ends_the_build_with_its_line),
        cmocka_unit_test(cycles_over_several_files_are_refused),
        cmocka_unit_test(names_that_meet_in_c_are_refused),
        cmocka_unit_test(a_request_says_its_type),
        cmocka_unit_test(files_that_cannot_be_used_are_named),
        cmocka_unit_test(wrong_use_is_told),
        cmocka_unit_test(the_manual_lists_every_key_with_its_path),
    };

    if (argc != 2) {
        return 2;
    }
    program = argv[1];
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
