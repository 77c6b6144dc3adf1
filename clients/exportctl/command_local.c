// SPDX-License-Identifier: MIT
/* verify, schema and help: what needs no service. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/command.h"
#include "clients/exportctl/output.h"
#include "clients/verify/verify.h"
#include "schemas/base/errors.h"
#include "schemas/codec/json.h"
#include "schemas/messages.h"

#define PATH_BYTES 8192

/* One bundle being checked. Problems are printed as they are found, or gathered as JSON. */
struct checking {
    const char *bundle;
    bool is_json;
    uint32_t count;
    struct wire_output json;
};

static void append(struct wire_output *output, const char *text)
{
    wire_append(output, text, strlen(text));
}

static void on_problem(void *context, const char *path, const char *problem)
{
    struct checking *checking = context;
    char safe[PATH_BYTES];

    checking->count++;
    if (!checking->is_json) {
        printf("%s: %s: %s\n", output_escape(checking->bundle, safe, sizeof(safe)), path, problem);
        return;
    }
    append(&checking->json, checking->count > 1 ? "," : "");
    append(&checking->json, "{\"path\":");
    json_text(&checking->json, text_of(path));
    append(&checking->json, ",\"problem\":");
    json_text(&checking->json, text_of(problem));
    append(&checking->json, "}");
}

/* The name of a file may be any bytes; JSON only holds UTF-8. */
static void print_json(struct checking *checking, const struct verify_summary *summary)
{
    struct wire_output name = WIRE_OUTPUT_INIT;
    char safe[PATH_BYTES];

    json_text(&name, text_of(output_escape(checking->bundle, safe, sizeof(safe))));
    if (name.error == 0 && checking->json.error == 0) {
        printf("{\"bundle\":%.*s,\"isRight\":%s,\"files\":%" PRIu64 ",\"bytes\":%" PRIu64
               ",\"problems\":[%.*s]}\n",
               (int)name.size_bytes, name.data, checking->count == 0 ? "true" : "false",
               summary->payload_files, summary->payload_bytes, (int)checking->json.size_bytes,
               checking->json.data ? checking->json.data : "");
    }
    wire_output_release(&name);
}

static enum exit_code verify_one(const char *bundle, bool is_json)
{
    struct checking checking = {.bundle = bundle, .is_json = is_json, .json = WIRE_OUTPUT_INIT};
    struct verify_summary summary = {0};
    int problems = bag_verify(bundle, on_problem, &checking, &summary);
    enum exit_code code = problems == 0 ? EXIT_CODE_OK : EXIT_CODE_FAILED;
    char safe[PATH_BYTES];

    if (problems < 0) {
        bool is_missing = problems == -ERROR_NOT_FOUND;

        fprintf(stderr, "exportctl verify: %s: %s\n", output_escape(bundle, safe, sizeof(safe)),
                is_missing ? "there is no such file or folder" : "it could not be read");
        code = is_missing ? EXIT_CODE_NOT_FOUND : EXIT_CODE_LOCAL;
    } else if (is_json) {
        print_json(&checking, &summary);
    } else if (problems == 0) {
        printf("%s: right, %" PRIu64 " files, %" PRIu64 " bytes\n",
               output_escape(bundle, safe, sizeof(safe)), summary.payload_files,
               summary.payload_bytes);
    } else {
        printf("%s: %d problem%s\n", output_escape(bundle, safe, sizeof(safe)), problems,
               problems == 1 ? "" : "s");
    }
    wire_output_release(&checking.json);
    return code;
}

enum exit_code command_verify(const struct settings *settings)
{
    enum exit_code worst = EXIT_CODE_OK;

    for (int i = 0; command_operand(settings, i); i++) {
        enum exit_code code = verify_one(command_operand(settings, i), settings->is_json);

        worst = code > worst ? code : worst;
    }
    return worst;
}

static void print_schema_line(const struct schema *schema, bool is_json)
{
    struct wire_output title = WIRE_OUTPUT_INIT;

    if (!is_json) {
        printf("%-32s %s\n", schema->name, schema->title);
        return;
    }
    json_text(&title, text_of(schema->title));
    if (title.error == 0) {
        printf("{\"name\":\"%s\",\"title\":%.*s}\n", schema->name, (int)title.size_bytes,
               title.data);
    }
    wire_output_release(&title);
}

/* "ping.request" and "ping.request.yaml" are the same. */
static bool is_named(const struct schema *schema, const char *name)
{
    size_t length = strlen(schema->name);

    return strncmp(schema->name, name, length) == 0 &&
           (name[length] == '\0' || strcmp(name + length, ".yaml") == 0);
}

enum exit_code command_schema(const struct settings *settings)
{
    const char *name = command_operand(settings, 0);
    char safe[256];

    for (int i = 0; schema_all[i]; i++) {
        const struct schema *schema = schema_all[i];

        if (!name) {
            print_schema_line(schema, settings->is_json);
        } else if (is_named(schema, name)) {
            const char *text = settings->is_json ? schema->json : schema->yaml;

            fputs(text, stdout);
            fputs(text[strlen(text) - 1] == '\n' ? "" : "\n", stdout);
            return EXIT_CODE_OK;
        }
    }
    if (!name) {
        return EXIT_CODE_OK;
    }
    fprintf(stderr, "exportctl schema: %s: there is no such schema\n",
            output_escape(name, safe, sizeof(safe)));
    return EXIT_CODE_NOT_FOUND;
}

static void print_options(uint32_t options)
{
    for (int i = 0; i < OPTION_COUNT; i++) {
        const struct option_row *row = &option_rows[i];
        char name[64];

        if (options & OPTION_BIT(i)) {
            snprintf(name, sizeof(name), "--%s%s%s", row->name, row->argument ? " " : "",
                     row->argument ? row->argument : "");
            printf("  %-26s %s\n", name, row->help);
        }
    }
}

static void print_overview(void)
{
    puts("Usage: exportctl COMMAND [OPTIONS]\n\nCommands:");
    for (const struct command *row = command_rows; row->name; row++) {
        char name[64];

        snprintf(name, sizeof(name), "%s %s", row->name, row->arguments);
        printf("  %-26s %s\n", name, row->help);
    }
    puts("\nOptions of every command:");
    print_options(OPTION_BITS_COMMON);
    puts("\nExit codes:");
    for (const struct exit_code_row *row = exit_code_rows; row->text; row++) {
        printf("  %-4d %s\n", (int)row->code, row->text);
    }
}

enum exit_code command_help(const struct settings *settings)
{
    const char *name = command_operand(settings, 0);
    const struct command *command;
    char safe[256];

    /* "exportctl get --help" is the same as "exportctl help get". */
    if (settings->wants_help && settings->operand_count > 0) {
        name = settings->operands[0];
    }
    if (!name) {
        print_overview();
        return EXIT_CODE_OK;
    }
    command = command_find(name);
    if (!command) {
        fprintf(stderr, "exportctl help: %s: there is no such command\n",
                output_escape(name, safe, sizeof(safe)));
        return EXIT_CODE_USAGE;
    }
    printf("Usage: exportctl %s %s%s[OPTIONS]\n\n%s\n", command->name, command->arguments,
           command->arguments[0] ? " " : "", command->help);
    if (command->details) {
        printf("%s\n", command->details);
    }
    puts("\nOptions:");
    print_options(command->options | OPTION_BITS_COMMON);
    return EXIT_CODE_OK;
}
