// SPDX-License-Identifier: MIT
/* permissions: the table that the service decides by. */
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/command.h"
#include "schemas/codec/json.h"
#include "schemas/permission.h"

/* "exportPersonalData" of the schema "exportPersonalData.request". */
static int name_bytes(const struct schema *schema)
{
    const char *dot = strchr(schema->name, '.');

    return dot ? (int)(dot - schema->name) : (int)strlen(schema->name);
}

typedef void (*print_key)(const char *key, bool is_configured, bool is_first);

/* Prints what opens a row, one after the other. */
static void each_key(const struct permission *row, print_key print)
{
    bool is_first = true;

    if (row->is_open || row->needs_operator) {
        print(row->is_open ? "anybody" : "(permissions.operators)", false, true);
        is_first = false;
    }
    for (int i = 0; i < SCOPE_COUNT; i++) {
        enum scope scope = (enum scope)i;
        bool is_always = scope_set_has(row->scopes, scope);

        if (is_always || scope_set_has(row->configured_scopes, scope)) {
            print(scope_name(scope), !is_always, is_first);
            is_first = false;
        }
    }
}

static void print_line(const char *key, bool is_configured, bool is_first)
{
    (void)is_first;
    printf("    %s%s\n", key, is_configured ? ", if permissions.admit_read_write_all" : "");
}

static void print_item(const char *key, bool is_configured, bool is_first)
{
    printf("%s{\"name\":\"%s\",\"isConfigured\":%s}", is_first ? "" : ",", key,
           is_configured ? "true" : "false");
}

static void print_json(enum request_kind kind)
{
    const struct permission *row = permission_of(kind);
    const struct schema *schema = request_schemas[kind];
    struct wire_output documentation = WIRE_OUTPUT_INIT;

    json_text(&documentation, text_of(row->documentation));
    if (documentation.error == 0) {
        printf("{\"request\":\"%.*s\",\"isOpen\":%s,\"needsOperator\":%s,\"documentation\":%.*s,"
               "\"openedBy\":[",
               name_bytes(schema), schema->name, row->is_open ? "true" : "false",
               row->needs_operator ? "true" : "false", (int)documentation.size_bytes,
               documentation.data);
        each_key(row, print_item);
        puts("]}");
    }
    wire_output_release(&documentation);
}

enum exit_code command_permissions(const struct settings *settings)
{
    for (int kind = 0; kind < REQUEST_KIND_COUNT; kind++) {
        const struct permission *row = permission_of((enum request_kind)kind);

        if (settings->is_json) {
            print_json((enum request_kind)kind);
            continue;
        }
        printf("%.*s: %s\n", name_bytes(request_schemas[kind]), request_schemas[kind]->name,
               row->documentation);
        each_key(row, print_line);
    }
    if (!settings->is_json) {
        printf("\n%s", permission_rules);
    }
    return EXIT_CODE_OK;
}
