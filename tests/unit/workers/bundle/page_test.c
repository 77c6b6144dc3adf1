// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/bundle_sample.h"
#include "workers/bundle/page.h"

/* Writes a bundle with these many files in "files" and returns its page, extracted; NULL without
 * unzip. */
static char *page_of(struct sample *sample, int file_count)
{
    struct bundle_writer *bundle = NULL;
    struct bundle_result result;
    char path[SAMPLE_PATH_BYTES + 80];
    size_t size_bytes;

    if (!sample_has("unzip"))
        return NULL;
    assert_int_equal(sample_begin(sample, &bundle), 0);
    assert_int_equal(sample_entry(bundle, "mailbox", "messages.jsonl", "{}\n", 3), 0);
    for (int i = 0; i < file_count; i++) {
        snprintf(path, sizeof(path), "letter-%d.txt", i);
        assert_int_equal(sample_entry(bundle, "files", path, "x", 1), 0);
    }
    assert_int_equal(bundle_finish(&bundle, &sample->request_info, &sample->completeness, &result),
                     0);
    assert_int_equal(sample_run("cd '%s' && unzip -qqo '%s'", sample->directory, result.path), 0);
    snprintf(path, sizeof(path), "%s/" SAMPLE_STEM "/data/index.html", sample->directory);
    return sample_read(path, &size_bytes);
}

static void a_page_names_the_person_and_escapes_every_value(void **state)
{
    struct sample sample;

    (void)state;
    sample_init(&sample);
    char *page = page_of(&sample, 1);
    if (page) {
        assert_non_null(strstr(page, "Zo\xc3\xab &lt;script&gt;alert(1)&lt;/script&gt; &amp; "
                                     "&quot;Example&quot;"));
        assert_null(strstr(page, "<script"));
        assert_null(strstr(page, "http:"));
        assert_null(strstr(page, "https:"));
        assert_non_null(strstr(page, "zoe.example@example.org"));
        assert_non_null(strstr(page, SAMPLE_OPERATION));
        assert_non_null(strstr(page, "<html lang=\"en\">"));
        assert_non_null(strstr(page, "default-src 'none'"));
        assert_non_null(strstr(page, "2026-11-23"));
        assert_non_null(strstr(page, "href=\"mailbox/messages.jsonl\""));
        assert_non_null(strstr(page, "Nothing: every source was read to its end."));
    }
    free(page);
    sample_release(&sample);
}

static void a_page_says_what_is_missing_and_why(void **state)
{
    struct sample sample;

    (void)state;
    sample_init(&sample);
    sample_result(&sample, "mailbox", SOURCE_STATE_COMPLETE, SOURCE_REASON_NONE, 1234567, 1, 3);
    sample_result(&sample, "sign-ins", SOURCE_STATE_FAILED, SOURCE_REASON_DATABASE_UNAVAILABLE, 0,
                  0, 0);
    char *page = page_of(&sample, 1);
    if (page) {
        assert_non_null(strstr(page, "This export is not complete."));
        assert_non_null(strstr(page, "<li><bdi>sign-ins</bdi>: could not be read. The database "
                                     "could not be opened.</li>"));
        assert_null(strstr(page, "<li><bdi>mailbox</bdi>"));
        assert_non_null(strstr(page, "1,234,567"));
    }
    free(page);
    sample_release(&sample);
}

static void a_source_with_many_files_is_counted_not_listed(void **state)
{
    struct sample sample;

    (void)state;
    for (int count = PAGE_LISTED_FILES; count <= PAGE_LISTED_FILES + 1; count++) {
        sample_init(&sample);
        char *page = page_of(&sample, count);
        if (page) {
            bool is_listed = strstr(page, "href=\"files/letter-199.txt\"") != NULL;

            assert_int_equal(is_listed, count <= PAGE_LISTED_FILES);
            assert_non_null(strstr(page, count == 200 ? ">200 files<" : ">201 files<"));
            assert_non_null(strstr(page, "href=\"mailbox/messages.jsonl\""));
        }
        free(page);
        sample_release(&sample);
    }
}

static void escaping_leaves_no_markup_and_no_control_characters(void **state)
{
    static const struct {
        const char *from;
        const char *to;
    } table[] = {
        {"plain", "plain"},
        {"<b>&'\"", "&lt;b&gt;&amp;&#39;&quot;"},
        {"a\x01"
         "b\x1b[0m\n\x7f",
         "a\xef\xbf\xbd"
         "b\xef\xbf\xbd[0m\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xc3\xa9", "\xc3\xa9"},
        {"--></style><script>", "--&gt;&lt;/style&gt;&lt;script&gt;"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct wire_output output = WIRE_OUTPUT_INIT;

        page_escape(&output, text_of(table[i].from));
        assert_int_equal(output.error, 0);
        assert_int_equal(output.size_bytes, strlen(table[i].to));
        assert_memory_equal(output.data, table[i].to, output.size_bytes);
        wire_output_release(&output);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_page_names_the_person_and_escapes_every_value),
        cmocka_unit_test(a_page_says_what_is_missing_and_why),
        cmocka_unit_test(a_source_with_many_files_is_counted_not_listed),
        cmocka_unit_test(escaping_leaves_no_markup_and_no_control_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
