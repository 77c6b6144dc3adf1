// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "workers/bundle/name.h"

#define LONG_PART "0123456789012345678901234567890123456789012345678901234567890123456789"

static const char *const hostile[] = {
    /* climbing and absolute */
    "..",
    ".",
    "",
    "/",
    "//",
    "../x",
    "../../x",
    "a/../../x",
    "./x",
    "a/./x",
    "a//x",
    "/etc/passwd",
    "//server/share/x",
    "a/..",
    "a/.",
    "x/",
    "x//",
    "..a",
    "a..",
    "...",
    "....",
    ".. ",
    " ..",
    "../",
    "..\\x",
    "..\\..\\x",
    "%2e%2e/x",
    "..%2fx",
    "a/%2e%2e/x",
    "..\xc0\xaf"
    "x",
    "\xc0\xae\xc0\xae/x",
    /* drives, UNC, streams, devices */
    "C:",
    "C:x",
    "C:\\x",
    "c:/x",
    "\\\\server\\share\\x",
    "\\\\?\\C:\\x",
    "\\\\.\\pipe\\x",
    "x:stream",
    "x::$DATA",
    "con",
    "CON",
    "Con.txt",
    "con.tar.gz",
    "prn",
    "aux",
    "AUX.c",
    "nul",
    "NUL.txt",
    "com1",
    "COM9.log",
    "lpt1",
    "LPT9.x.y",
    "com0",
    "CONIN$",
    "CONOUT$",
    "CLOCK$",
    "a/con/b",
    "nul/x",
    "con ",
    "con.",
    "com\xc2\xb9",
    "aux:",
    /* characters */
    " ",
    "  x",
    "x ",
    "x.",
    "x..",
    "a b",
    "a\tb",
    "a\nb",
    "a\rb",
    "a\r\nb",
    "a\x01"
    "b",
    "a\x7f"
    "b",
    "a\x1b[31mb",
    "a<b",
    "a>b",
    "a\"b",
    "a'b",
    "a|b",
    "a?b",
    "a*b",
    "a&b",
    "a;b",
    "a$b",
    "a`b",
    "$(x)",
    "`x`",
    "a%b",
    "a%00b",
    "a%0Ab",
    "a#b",
    "a=b",
    "a~b",
    "~x",
    "~",
    "-",
    "--",
    "-rf",
    "--help",
    "=cmd",
    "@x",
    "+x",
    "a,b",
    "a{b}",
    "a[b]",
    "a^b",
    "a!b",
    "a\\b",
    /* hidden and special to programs */
    ".bashrc",
    ".ssh/authorized_keys",
    ".git/config",
    "a/.hidden",
    ".htaccess",
    "..x/y",
    ".a.b",
    /* Unicode: letters, look-alikes, direction marks, normal forms, broken */
    "r\xc3\xa9sum\xc3\xa9.pdf",
    "re\xcc\x81sume\xcc\x81.pdf",
    "\xd0\xb0.txt",
    "a.txt\xe2\x80\xae"
    "gpj.exe",
    "\xe2\x80\xae"
    "x",
    "\xe2\x80\x8b",
    "\xef\xbb\xbfx",
    "\xf0\x9f\x98\x80.png",
    "\xe2\x84\xaa.txt",
    "\xc5\xbf.txt",
    "\xc4\xb0.txt",
    "\xef\xbc\x8e\xef\xbc\x8e/x",
    "\xe2\x88\x95",
    "\xff",
    "\xfe\xff",
    "\xc3",
    "a\xc3",
    "\x80",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\xe2\x82",
    "a\xe2\x82/b",
    /* twins */
    "readme.txt",
    "README.TXT",
    "Readme.txt",
    "readMe.txt",
    "Docs/a",
    "docs/a",
    "DOCS/A",
    "docs",
    "docs/a/b",
    "same",
    "same",
    "same",
    "a_b",
    "a_b-00000000",
    "original-names.jsonl",
    "ORIGINAL-NAMES.JSONL",
    /* long and deep */
    LONG_PART LONG_PART,
    LONG_PART LONG_PART ".txt",
    LONG_PART LONG_PART "x.txt",
    LONG_PART LONG_PART LONG_PART LONG_PART ".verylongextension",
    LONG_PART "/" LONG_PART "/" LONG_PART "/" LONG_PART "/" LONG_PART "/" LONG_PART "/x",
    LONG_PART LONG_PART "/" LONG_PART LONG_PART "/" LONG_PART LONG_PART "/" LONG_PART LONG_PART
                        "/" LONG_PART "/y",
    "1/2/3/4/5/6/7/8/9/10/11/12/13/14/15",
    "1/2/3/4/5/6/7/8/9/10/11/12/13/14/16",
    "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/..",
    "deep-0000000000000000",
    "./././././x",
    "a.b.c.d.e.f",
    "x.0123456789012",
    "x.con",
};

#define HOSTILE_COUNT (sizeof(hostile) / sizeof(hostile[0]))

static void check_components(const char *name)
{
    assert_in_range(strlen(name), 1, NAME_BYTES);
    for (const char *at = name;; at++) {
        size_t bytes = strcspn(at, "/");

        if (!name_component_is_safe(at, bytes))
            fail_msg("the name %s is not safe", name);
        at += bytes;
        if (*at == '\0')
            break;
    }
}

/* No name equals another but for case, and none is a folder of another. */
static void check_pairs(char names[][NAME_BUFFER], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < count; j++) {
            size_t bytes = strlen(names[i]);

            if (i == j)
                continue;
            if (strcasecmp(names[i], names[j]) == 0 ||
                (strncasecmp(names[i], names[j], bytes) == 0 && names[j][bytes] == '/'))
                fail_msg("%s and %s cannot both be extracted", names[i], names[j]);
        }
    }
}

static void every_hostile_name_becomes_a_safe_and_unique_one(void **state)
{
    static char names[HOSTILE_COUNT][NAME_BUFFER];
    struct name_set set = NAME_SET_INIT;
    bool is_changed;

    (void)state;
    assert_true(HOSTILE_COUNT >= 150);
    for (size_t i = 0; i < HOSTILE_COUNT; i++) {
        assert_int_equal(name_claim(&set, hostile[i], names[i], &is_changed), 0);
        check_components(names[i]);
        assert_int_equal(is_changed, strcmp(hostile[i], names[i]) != 0);
    }
    check_pairs(names, HOSTILE_COUNT);
    name_set_release(&set);
}

static void a_claim_gives_what_the_rules_say(void **state)
{
    static const struct {
        const char *original;
        const char *begins;
        const char *ends;
    } table[] = {
        {"IMG_0001.JPG", "IMG_0001.JPG", "IMG_0001.JPG"},
        {"letters/2026/a.txt", "letters/2026/a.txt", "letters/2026/a.txt"},
        {"a b.txt", "a_b-", ".txt"},
        {"r\xc3\xa9sum\xc3\xa9.pdf", "r_sum_-", ".pdf"},
        {".bashrc", "_bashrc-", ""},
        {"con.txt", "_con-", ".txt"},
        {"../x", "__-", "/x"},
        {"/etc/passwd", "etc/passwd", "etc/passwd"},
        {"-rf", "_rf-", ""},
        {"1/2/3/4/5/6/7/8/9/10/11/12/13/last.txt", "deep-", "/last.txt"},
        {"IMG_0001.jpg", "IMG_0001-", ".jpg"},
        {"LETTERS/x", "LETTERS-", "/x"},
        {"letters/2026", "letters/2026-", ""},
    };
    struct name_set set = NAME_SET_INIT;
    char name[NAME_BUFFER];
    bool is_changed;

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        assert_int_equal(name_claim(&set, table[i].original, name, &is_changed), 0);
        size_t ends = strlen(table[i].ends);
        if (strncmp(name, table[i].begins, strlen(table[i].begins)) != 0 || strlen(name) < ends ||
            strcmp(name + strlen(name) - ends, table[i].ends) != 0)
            fail_msg("%s became %s", table[i].original, name);
    }
    name_set_release(&set);
}

static void the_files_of_one_changed_folder_stay_together(void **state)
{
    struct name_set set = NAME_SET_INIT;
    char first[NAME_BUFFER];
    char second[NAME_BUFFER];
    bool is_changed;

    (void)state;
    assert_int_equal(name_claim(&set, "My Photos/1.jpg", first, &is_changed), 0);
    assert_int_equal(name_claim(&set, "My Photos/2.jpg", second, &is_changed), 0);
    assert_int_equal(strcspn(first, "/"), strcspn(second, "/"));
    assert_memory_equal(first, second, strcspn(first, "/"));
    name_set_release(&set);
}

static void one_name_given_often_stays_unique_and_cheap(void **state)
{
    enum { TIMES = 20000 };
    struct name_set set = NAME_SET_INIT;
    struct name_set again = NAME_SET_INIT;
    char name[NAME_BUFFER];
    bool is_changed;

    (void)state;
    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(name_claim(&set, "same.txt", name, &is_changed), 0);
        assert_int_equal(is_changed, i > 0);
        assert_int_equal(name_claim(&again, name, name, &is_changed), 0);
        assert_false(is_changed);
    }
    assert_int_equal(set.used_count, TIMES);
    name_set_release(&set);
    name_set_release(&again);
}

static void a_name_beyond_reason_is_refused(void **state)
{
    struct name_set set = NAME_SET_INIT;
    char *original = malloc(NAME_ORIGINAL_BYTES + 2);
    char name[NAME_BUFFER];
    bool is_changed;

    (void)state;
    assert_non_null(original);
    memset(original, 'x', NAME_ORIGINAL_BYTES + 1);
    original[NAME_ORIGINAL_BYTES + 1] = '\0';
    assert_int_equal(name_claim(&set, original, name, &is_changed), -ERROR_TOO_LONG);
    original[NAME_ORIGINAL_BYTES] = '\0';
    assert_int_equal(name_claim(&set, original, name, &is_changed), 0);
    check_components(name);
    free(original);
    name_set_release(&set);
    name_set_release(&set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_hostile_name_becomes_a_safe_and_unique_one),
        cmocka_unit_test(a_claim_gives_what_the_rules_say),
        cmocka_unit_test(the_files_of_one_changed_folder_stay_together),
        cmocka_unit_test(one_name_given_often_stays_unique_and_cheap),
        cmocka_unit_test(a_name_beyond_reason_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
