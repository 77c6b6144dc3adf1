// SPDX-License-Identifier: MIT
/* Wrong bags in right ZIP files: what is wrong is said, of the right file. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/clients/bag_scene.h"

#define TOP    SAMPLE_STEM "/"
#define LETTER "data/files/letters/2026/a.txt"
#define MAIL   "data/mailbox/messages.jsonl"

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
    struct bag_scene *scene = *state;

    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct zip_copy copy;

        assert_true(zip_copy_read(&copy, scene->result.path));
        table[i].make(&copy);
        zip_copy_write(&copy, scene->path);
        int count = bag_scene_verify(scene, scene->path);
        for (int j = 0; j < 2 && table[i].expected[j]; j++)
            bag_scene_expect(scene, table[i].expected[j]);
        if (table[i].count ? count != table[i].count : count < 1)
            fail_msg("row %zu: %d problems\n%s", i, count, scene->reports.text);
        zip_copy_release(&copy);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bag_scene_set_up, bag_scene_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_is_wrong_is_said_of_the_right_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
