// SPDX-License-Identifier: MIT
/* The man page against the tables that the program works from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "clients/exportctl/command.h"

enum { PAGE_BYTES = 65536, LINE_BYTES = 512, REST_BYTES = 2048 };

static char page[PAGE_BYTES];

static int read_page(void **state)
{
    FILE *file = fopen("etc/man/exportctl.1", "r");
    size_t size;

    (void)state;
    if (!file) {
        return -1;
    }
    size = fread(page, 1, sizeof(page) - 1, file);
    page[size] = '\0';
    return fclose(file) == 0 && size > 0 && size < sizeof(page) - 1 ? 0 : -1;
}

/* Dashes as roff writes them: every one in names, only pairs in sentences. */
static const char *roff(const char *text, int only_pairs, char line[LINE_BYTES])
{
    size_t used = 0;

    for (const char *at = text; *at && used + 4 < LINE_BYTES; at++) {
        int is_pair = at[0] == '-' && (at[1] == '-' || (at > text && at[-1] == '-'));

        if (*at == '-' && (!only_pairs || is_pair)) {
            line[used++] = '\\';
        }
        line[used++] = *at;
    }
    line[used] = '\0';
    return line;
}

static void expect(const char *before, const char *text, const char *after)
{
    char wanted[REST_BYTES * 2];

    snprintf(wanted, sizeof(wanted), "\n%s%s%s", before, text, after);
    if (!strstr(page, wanted)) {
        fail_msg("the man page lacks: %s", wanted + 1);
    }
}

static void every_command_is_in_the_page(void **state)
{
    char line[LINE_BYTES];

    (void)state;
    for (const struct command *row = command_rows; row->name; row++) {
        expect(".SS ", row->name, "\n");
        expect(".B exportctl ", row->name, "\n");
        expect("", roff(row->help, 1, line), "\n");
        if (row->arguments[0] != '\0') {
            expect(".I ", row->arguments, "\n");
        }
    }
}

static void every_option_is_in_the_page(void **state)
{
    char line[LINE_BYTES];
    char name[LINE_BYTES];
    char rest[REST_BYTES];

    (void)state;
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];

        if (row->argument) {
            snprintf(rest, sizeof(rest), " \" %.64s\"\n%s\n", row->argument,
                     roff(row->help, 1, line));
        } else {
            snprintf(rest, sizeof(rest), "\n%s\n", roff(row->help, 1, line));
        }
        expect(row->argument ? ".BI \\-\\-" : ".B \\-\\-", roff(row->name, 0, name), rest);
    }
}

static void every_exit_code_is_in_the_page(void **state)
{
    char line[LINE_BYTES];
    char rest[REST_BYTES];
    char number[16];

    (void)state;
    for (const struct exit_code_row *row = exit_code_rows; row->text; row++) {
        snprintf(number, sizeof(number), "%d", (int)row->code);
        snprintf(rest, sizeof(rest), "\n%s\n", roff(row->text, 1, line));
        expect(".B ", number, rest);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_is_in_the_page),
        cmocka_unit_test(every_option_is_in_the_page),
        cmocka_unit_test(every_exit_code_is_in_the_page),
    };
    return cmocka_run_group_tests(tests, read_page, NULL);
}
