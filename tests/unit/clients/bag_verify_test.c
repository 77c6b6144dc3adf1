// SPDX-License-Identifier: MIT
/* Wrong bags in right ZIP files, and wrong folders: what is wrong is said, of the right file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/verify/verify.h"
#include "schemas/base/errors.h"
#include "tests/support/bundle_sample.h"
#include "tests/support/zip_copy.h"

#define TOP    SAMPLE_STEM "/"
#define LETTER "data/files/letters/2026/a.txt"
#define MAIL   "data/mailbox/messages.jsonl"

struct reports {
    size_t used;
    int count;
    char text[65536];
};

static void on_problem(void *context, const char *path, const char *problem)
{
    struct reports *reports = context;

    reports->count++;
    reports->used +=
        (size_t)snprintf(reports->text + reports->used, sizeof(reports->text) - reports->used,
                         "[%s] %s\n", path, problem);
    assert_true(reports->used < sizeof(reports->text));
}

struct scene {
    struct sample sample;
    struct bundle_result result;
    struct zip_copy copy;
    struct reports reports;
    char path[SAMPLE_PATH_BYTES + 32];
};

static int set_up(void **state)
{
    struct scene *scene = calloc(1, sizeof(*scene));

    assert_non_null(scene);
    sample_init(&scene->sample);
    sample_result(&scene->sample, "mailbox", SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE, 2, 1, 40);
    assert_int_equal(sample_write(&scene->sample, &scene->result), 0);
    assert_true(zip_copy_read(&scene->copy, scene->result.path));
    snprintf(scene->path, sizeof(scene->path), "%s/wrong.zip", scene->sample.directory);
    *state = scene;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;

    zip_copy_release(&scene->copy);
    sample_release(&scene->sample);
    free(scene);
    return 0;
}

static int verify(struct scene *scene, const char *path)
{
    scene->reports.used = 0;
    scene->reports.count = 0;
    scene->reports.text[0] = '\0';
    int count = bag_verify(path, on_problem, &scene->reports, NULL);

    assert_int_equal(count, count < 0 ? count : scene->reports.count);
    return count;
}

static void expect(struct scene *scene, const char *line)
{
    if (!strstr(scene->reports.text, line))
        fail_msg("expected %s\nbut found\n%s", line, scene->reports.text);
}

static void add_same(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP MAIL, "again");
}

static void add_twin(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data/Mailbox/messages.jsonl", "twin");
}

static void add_below_a_file(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP MAIL "/below", "x");
}

static void add_payload(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data/mailbox/extra", "x");
}

static void add_tag_file(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "notes.txt", "x");
}

static void add_fetch(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "fetch.txt", "http://example.org/x - data/x\n");
}

static void add_climbing(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data/../../evil", "x");
}

static void add_absolute(struct zip_copy *copy)
{
    zip_copy_add(copy, "/etc/evil", "x");
}

static void add_backslash(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data\\evil", "x");
}

static void add_elsewhere(struct zip_copy *copy)
{
    zip_copy_add(copy, "other/evil", "x");
}

static void add_at_top(struct zip_copy *copy)
{
    zip_copy_add(copy, "evil", "x");
}

static void add_link(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data/mailbox/link", "")->link = "/etc/passwd";
}

static void add_escape(struct zip_copy *copy)
{
    zip_copy_add(copy, TOP "data/a\x1b[31mb", "x");
}

static void remove_letter(struct zip_copy *copy)
{
    zip_copy_remove(copy, LETTER);
}

static void change_letter(struct zip_copy *copy)
{
    zip_copy_set(zip_copy_find(copy, LETTER), "B letter.\n");
}

static void swap_names(struct zip_copy *copy)
{
    struct zip_copy_entry *letter = zip_copy_find(copy, LETTER);
    struct zip_copy_entry *mail = zip_copy_find(copy, MAIL);
    char name[sizeof(letter->name)];

    memcpy(name, letter->name, sizeof(name));
    memcpy(letter->name, mail->name, sizeof(name));
    memcpy(mail->name, name, sizeof(name));
}

static void change_version(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/bagit.txt"), "1.0", "0.97");
}

static void add_declaration(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/bagit.txt"), "UTF-8\n", "UTF-8\nX: y\n");
}

static void change_oxum(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/bag-info.txt"), "Payload-Oxum: ", "Payload-Oxum: 1");
}

static void remove_oxum(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/bag-info.txt"), "Payload-Oxum", "Payload-Other");
}

static void remove_completeness(struct zip_copy *copy)
{
    zip_copy_remove(copy, "/completeness.json");
}

static void break_completeness(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/completeness.json"), "{", "{{");
}

static void repeat_key(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/completeness.json"), "{", "{\"operationId\":\"x\",");
}

static void forget_state(struct zip_copy *copy)
{
    zip_copy_replace(zip_copy_find(copy, "/completeness.json"), "\"state\"", "\"stat\"");
}

static void remove_declaration(struct zip_copy *copy)
{
    zip_copy_remove(copy, "/bagit.txt");
}

static void remove_manifest(struct zip_copy *copy)
{
    zip_copy_remove(copy, "/manifest-sha256.txt");
}

static void remove_tag_manifest(struct zip_copy *copy)
{
    zip_copy_remove(copy, "/tagmanifest-sha256.txt");
}

static struct zip_copy_entry *manifest_of(struct zip_copy *copy)
{
    return zip_copy_find(copy, "/manifest-sha256.txt");
}

static void repeat_line(struct zip_copy *copy)
{
    struct zip_copy_entry *manifest = manifest_of(copy);
    char first[256];
    char twice[512];

    snprintf(first, sizeof(first), "%.*s\n", (int)strcspn(manifest->data, "\n"), manifest->data);
    snprintf(twice, sizeof(twice), "%s%s", first, first);
    zip_copy_replace(manifest, first, twice);
}

static void list_missing(struct zip_copy *copy)
{
    zip_copy_replace(manifest_of(copy), LETTER, "data/files/letters/2026/b.txt");
}

static void list_climbing(struct zip_copy *copy)
{
    zip_copy_replace(manifest_of(copy), LETTER, "data/../../x");
}

static void list_tag_file(struct zip_copy *copy)
{
    zip_copy_replace(manifest_of(copy), LETTER, "bagit.txt");
}

static void break_digest(struct zip_copy *copy)
{
    manifest_of(copy)->data[5] = 'x';
}

static void end_early(struct zip_copy *copy)
{
    struct zip_copy_entry *manifest = manifest_of(copy);

    manifest->size_bytes = 40;
    manifest->data[40] = '\0';
}

static const struct {
    void (*make)(struct zip_copy *copy);
    const char *expected[2];
    int count; /* of problems; 0 for any */
} table[] = {
    {add_same, {"[" MAIL "] it is there twice"}, 1},
    {add_twin,
     {"[data/Mailbox/messages.jsonl] its name differs from another only in upper and lower case",
      "[data/Mailbox/messages.jsonl] it is not listed in manifest-sha256.txt"},
     0},
    {add_below_a_file, {"[" MAIL "] it is a file and a folder at once"}, 0},
    {add_payload,
     {"[data/mailbox/extra] it is not listed in manifest-sha256.txt",
      "[bag-info.txt] its Payload-Oxum is "},
     2},
    {add_tag_file, {"[notes.txt] it is not listed in tagmanifest-sha256.txt"}, 1},
    {add_fetch, {"[fetch.txt] a finished bundle has nothing to fetch"}, 2},
    {add_climbing, {"[" TOP "data/../../evil] its name climbs out of its folder"}, 1},
    {add_absolute, {"[/etc/evil] its name is absolute"}, 1},
    {add_backslash, {"[" TOP "data\\evil] its name has a control character or a backslash"}, 1},
    {add_elsewhere, {"[other/evil] it is in another folder than the rest"}, 1},
    {add_at_top, {"[evil] it is not in a folder at the top of the ZIP"}, 1},
    {add_link, {"[" TOP "data/mailbox/link] it is a link or a special file"}, 1},
    {add_escape, {"[" TOP "data/a\\x1b[31mb] its name has a control character"}, 1},
    {remove_letter,
     {"[" LETTER "] it is listed in manifest-sha256.txt, but missing",
      "[bag-info.txt] its Payload-Oxum is "},
     2},
    {change_letter,
     {"[" LETTER "] its content has another digest than manifest-sha256.txt says"},
     1},
    {swap_names,
     {"[" LETTER "] its content has another digest", "[" MAIL "] its content has another digest"},
     2},
    {change_version,
     {"[bagit.txt] it does not declare BagIt 1.0 in UTF-8",
      "[bagit.txt] its content has another digest than tagmanifest-sha256.txt says"},
     2},
    {add_declaration, {"[bagit.txt] it does not declare BagIt 1.0 in UTF-8"}, 2},
    {change_oxum, {"[bag-info.txt] its Payload-Oxum is 1", "[bag-info.txt] its content has"}, 2},
    {remove_oxum, {"[bag-info.txt] it has 0 Payload-Oxum lines instead of one"}, 2},
    {remove_completeness,
     {"[data/completeness.json] it is missing or empty",
      "[data/completeness.json] it is listed in manifest-sha256.txt, but missing"},
     3},
    {break_completeness, {"[data/completeness.json] it is not JSON"}, 0},
    {repeat_key, {"[data/completeness.json] it is not JSON"}, 0},
    {forget_state, {"[data/completeness.json] its source 1 has no name or no state"}, 0},
    {remove_declaration, {"[bagit.txt] it is missing or empty"}, 2},
    {remove_manifest, {"[manifest-sha256.txt] it is missing", "[" LETTER "] it is not listed"}, 0},
    {remove_tag_manifest,
     {"[tagmanifest-sha256.txt] it is missing", "[bagit.txt] it is not listed"},
     4},
    {repeat_line, {"[" MAIL "] it is listed twice in manifest-sha256.txt"}, 2},
    {list_missing,
     {"[data/files/letters/2026/b.txt] it is listed in manifest-sha256.txt, but missing",
      "[" LETTER "] it is not listed in manifest-sha256.txt"},
     3},
    {list_climbing, {"[manifest-sha256.txt] its line 2 has a path that is not allowed"}, 3},
    {list_tag_file, {"[bagit.txt] it does not belong into manifest-sha256.txt"}, 0},
    {break_digest,
     {"[manifest-sha256.txt] its line 1 does not begin with a SHA-256 digest",
      "[" MAIL "] it is not listed"},
     3},
    {end_early, {"[manifest-sha256.txt] its line 1 is too short for a digest and a path"}, 0},
};

static void what_is_wrong_is_said_of_the_right_file(void **state)
{
    struct scene *scene = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct zip_copy copy;

        assert_true(zip_copy_read(&copy, scene->result.path));
        table[i].make(&copy);
        zip_copy_write(&copy, scene->path);
        int count = verify(scene, scene->path);
        for (int j = 0; j < 2 && table[i].expected[j]; j++)
            expect(scene, table[i].expected[j]);
        if (table[i].count ? count != table[i].count : count < 1)
            fail_msg("row %zu: %d problems\n%s", i, count, scene->reports.text);
        zip_copy_release(&copy);
    }
}

static void a_bag_packed_again_by_others_is_still_right(void **state)
{
    struct scene *scene = *state;

    zip_copy_write(&scene->copy, scene->path);
    assert_int_equal(verify(scene, scene->path), 0);
    if (!sample_has("zip") || !sample_has("unzip"))
        return;
    assert_int_equal(sample_run("cd '%s' && unzip -qq '%s' && rm '%s' && zip -qr '%s' " SAMPLE_STEM,
                                scene->sample.directory, scene->result.path, scene->path,
                                scene->path),
                     0);
    if (verify(scene, scene->path) != 0)
        fail_msg("%s", scene->reports.text);
}

static void a_folder_is_checked_like_a_file(void **state)
{
    struct scene *scene = *state;
    char folder[SAMPLE_PATH_BYTES + 80];

    if (!sample_has("unzip"))
        return;
    assert_int_equal(
        sample_run("cd '%s' && unzip -qq '%s'", scene->sample.directory, scene->result.path), 0);
    snprintf(folder, sizeof(folder), "%s/" SAMPLE_STEM, scene->sample.directory);
    assert_int_equal(verify(scene, folder), 0);
    assert_int_equal(sample_run("cd '%s' && echo x > data/files/new && echo x >> " LETTER
                                " && ln -s a data/files/link && mkfifo data/files/pipe",
                                folder),
                     0);
    assert_int_equal(verify(scene, folder), 5);
    expect(scene, "[data/files/new] it is not listed in manifest-sha256.txt");
    expect(scene, "[" LETTER "] its content has another digest");
    expect(scene, "[data/files/link] it is a link or a special file");
    expect(scene, "[data/files/pipe] it is a link or a special file");
    expect(scene, "[bag-info.txt] its Payload-Oxum");
}

static void what_cannot_be_checked_is_an_error(void **state)
{
    struct scene *scene = *state;

    assert_int_equal(verify(scene, "/nonexistent/x.zip"), -ERROR_NOT_FOUND);
    assert_int_equal(verify(scene, "/dev/null"), -ERROR_IO);
    assert_int_equal(sample_run("true > '%s'", scene->path), 0);
    assert_int_equal(verify(scene, scene->path), 7);
    expect(scene, "[(bundle)] no ZIP end record that fits");
    assert_int_equal(bag_verify(scene->result.path, NULL, NULL, NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        TEST(what_is_wrong_is_said_of_the_right_file),
        TEST(a_bag_packed_again_by_others_is_still_right),
        TEST(a_folder_is_checked_like_a_file),
        TEST(what_cannot_be_checked_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
