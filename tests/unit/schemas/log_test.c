// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/clock.h"
#include "schemas/base/log.h"

#define CAPTURE_BYTES 8192

/* What standard error gets while a test runs. */
static int pipe_ends[2];
static int saved;

static void capture_start(void)
{
    assert_int_equal(pipe(pipe_ends), 0);
    saved = dup(STDERR_FILENO);
    assert_true(saved >= 0);
    assert_int_equal(dup2(pipe_ends[1], STDERR_FILENO), STDERR_FILENO);
}

static size_t capture_end(char captured[CAPTURE_BYTES])
{
    size_t used = 0;
    ssize_t got;

    assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
    close(saved);
    close(pipe_ends[1]);
    while ((got = read(pipe_ends[0], captured + used, CAPTURE_BYTES - 1 - used)) > 0) {
        used += (size_t)got;
    }
    close(pipe_ends[0]);
    captured[used] = '\0';
    return used;
}

static void a_line_has_its_parts_in_order(void **state)
{
    char line[CAPTURE_BYTES];
    struct wall time;

    (void)state;
    log_configure("sample", LOG_INFO);
    capture_start();
    log_line(LOG_WARNING, "refused", "code=%s count=%d", "tooLong", 7);
    capture_end(line);
    assert_memory_equal(line, "time=", 5);
    assert_int_equal(date_time_parse((struct text){line + 5, 24}, &time), 0);
    assert_string_equal(line + 29,
                        " level=warning program=sample event=refused code=tooLong count=7\n");
}

#define UP_TO_VALUE " level=warning program=sample event=refused value="
#define VALUE       "\xC3\xA4........................"

static void a_control_character_becomes_a_space_wherever_it_stands(void **state)
{
    static const char controls[] = {'\n', '\r', '\x1B', '\x1F', '\x7F', '\x01'};
    char line[CAPTURE_BYTES];

    (void)state;
    log_configure("sample", LOG_INFO);
    for (size_t i = 0; i < sizeof controls; i++) {
        for (size_t at = 2; at < strlen(VALUE); at++) {
            char value[] = VALUE;
            char expected[] = UP_TO_VALUE VALUE ".\n";

            value[at] = controls[i];
            expected[strlen(UP_TO_VALUE) + at] = ' ';
            capture_start();
            log_line(LOG_WARNING, "refused", "value=%s.", value);
            capture_end(line);
            assert_string_equal(line + 29, expected);
        }
    }
}

static void lines_above_the_level_are_dropped(void **state)
{
    char line[CAPTURE_BYTES];

    (void)state;
    log_configure("sample", LOG_WARNING);
    capture_start();
    log_line(LOG_INFO, "dropped", "a=1");
    log_line(LOG_ERROR, "kept", "a=2");
    capture_end(line);
    assert_null(strstr(line, "dropped"));
    assert_non_null(strstr(line, "level=error program=sample event=kept a=2\n"));
}

static void a_line_stays_one_line_however_long(void **state)
{
    char line[CAPTURE_BYTES];
    char value[4000];
    size_t size_bytes;

    (void)state;
    memset(value, 'x', sizeof(value));
    value[10] = '\n';
    value[sizeof(value) - 1] = '\0';
    log_configure("sample", LOG_DEBUG);
    capture_start();
    log_line(LOG_DEBUG, "long", "value=%s", value);
    size_bytes = capture_end(line);
    assert_true(size_bytes > 1000 && size_bytes <= 2048);
    assert_ptr_equal(strchr(line, '\n'), line + size_bytes - 1);
}

static void collected_lines_are_written_in_order_when_flushed_or_overtaken_by_a_warning(
    void **state)
{
    static struct log_buffer buffer;
    char lines[CAPTURE_BYTES];

    (void)state;
    log_configure("sample", LOG_INFO);
    capture_start();
    log_collect(&buffer);
    log_line(LOG_INFO, "one", "a=1");
    capture_end(lines);
    assert_string_equal(lines, "");

    capture_start();
    log_line(LOG_WARNING, "two", "a=1");
    log_line(LOG_INFO, "three", "a=1");
    log_flush();
    capture_end(lines);
    assert_non_null(strstr(lines, "event=one"));
    assert_true(strstr(lines, "event=one") < strstr(lines, "event=two"));
    assert_true(strstr(lines, "event=two") < strstr(lines, "event=three"));

    capture_start();
    for (size_t i = 0; i < sizeof(buffer.bytes) / 64; i++) {
        log_line(LOG_INFO, "many", "a=1");
        if (buffer.used_bytes < 256 && i > 10) {
            break; /* a full buffer was written, and lines go on */
        }
        assert_in_range(buffer.used_bytes, 1, sizeof(buffer.bytes));
    }
    log_collect(NULL);
    assert_int_equal(buffer.used_bytes, 0);
    capture_end(lines);
}

static void sealed_lines_are_written_before_and_without_those_that_follow(void **state)
{
    static struct log_buffer buffer;
    char lines[CAPTURE_BYTES];

    (void)state;
    log_configure("sample", LOG_INFO);
    log_collect(&buffer);
    log_line(LOG_INFO, "one", "a=1");
    log_seal();
    log_line(LOG_INFO, "two", "a=1");
    capture_start();
    log_flush_sealed();
    log_flush_sealed();
    capture_end(lines);
    assert_non_null(strstr(lines, "event=one"));
    assert_null(strstr(lines, "event=two"));
    assert_null(strstr(strstr(lines, "event=one") + 1, "event=one"));

    capture_start();
    log_collect(NULL);
    capture_end(lines);
    assert_null(strstr(lines, "event=one"));
    assert_non_null(strstr(lines, "event=two"));
}

static void values_are_made_safe(void **state)
{
    static const struct {
        struct text value;
        size_t buffer_bytes;
        const char *written;
    } rows[] = {
        {TEXT("plain-1.2:3"), 64, "plain-1.2:3"},
        {TEXT(""), 64, "\"\""},
        {TEXT("two words"), 64, "\"two words\""},
        {TEXT("a=b"), 64, "\"a=b\""},
        {TEXT("quote\"back\\slash"), 64, "\"quote\\\"back\\\\slash\""},
        {TEXT("line\nbreak\0nul\x7f"), 64, "\"line\\x0Abreak\\x00nul\\x7F\""},
        {TEXT("\xc3\xa4"), 64, "\"\\xC3\\xA4\""},
        {TEXT("abcdef"), 4, "abc"},
        {TEXT("ab cdef"), 6, "\"ab \""},
        {TEXT("\xc3\xa4"), 8, "\"\\xC3\""},
        {TEXT("abc"), 2, ""},
    };
    char buffer[64];

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_ptr_equal(log_value(rows[i].value, buffer, rows[i].buffer_bytes), buffer);
        assert_string_equal(buffer, rows[i].written);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_has_its_parts_in_order),
        cmocka_unit_test(a_control_character_becomes_a_space_wherever_it_stands),
        cmocka_unit_test(lines_above_the_level_are_dropped),
        cmocka_unit_test(a_line_stays_one_line_however_long),
        cmocka_unit_test(
            collected_lines_are_written_in_order_when_flushed_or_overtaken_by_a_warning),
        cmocka_unit_test(sealed_lines_are_written_before_and_without_those_that_follow),
        cmocka_unit_test(values_are_made_safe),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
