// SPDX-License-Identifier: MIT
/* pause, resume and pauses. */
#include <stdio.h>

#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

static void print_pauses(const struct exportd_pauses *pauses)
{
    if (pauses->everything) {
        output_field("paused", "everything");
    }
    for (size_t i = 0; i < pauses->tenant_count; i++) {
        output_field("paused", pauses->tenants[i]);
    }
    if (!pauses->everything && pauses->tenant_count == 0) {
        output_field("paused", "nothing");
    }
}

static enum exit_code finish(struct exportd_client *client, const struct settings *settings,
                             const struct exportd_pauses *pauses)
{
    if (settings->is_json) {
        puts(exportd_reply_json(client, "pauses"));
    } else {
        print_pauses(pauses);
    }
    return EXIT_CODE_OK;
}

/* Everything must be asked for by name: a variable that is empty in a script must not stop, or
 * start, the work for everybody. */
static enum exit_code change(const struct settings *settings,
                             int (*call)(struct exportd_client *client, const char *tenant_id,
                                         struct exportd_pauses *pauses,
                                         struct exportd_error *error))
{
    const char *tenant_id = command_operand(settings, 0);
    struct exportd_client *client = NULL;
    struct exportd_pauses pauses;
    struct exportd_error error;
    enum exit_code code;

    if ((tenant_id != NULL) == settings->wants_everything) {
        fprintf(stderr, "exportctl %s: give either a tenant's id or --everything\n",
                settings->operands[0]);
        return EXIT_CODE_USAGE;
    }
    code = session_open(settings, &client);
    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (call(client, tenant_id, &pauses, &error) == EXPORTD_OK) {
        code = finish(client, settings, &pauses);
    } else {
        code = session_fail(&error, tenant_id ? tenant_id : "everything");
    }
    exportd_close(&client);
    return code;
}

enum exit_code command_pause(const struct settings *settings)
{
    return change(settings, exportd_pause);
}

enum exit_code command_resume(const struct settings *settings)
{
    return change(settings, exportd_resume);
}

enum exit_code command_pauses(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    struct exportd_pauses pauses;
    struct exportd_error error;
    enum exit_code code = session_open(settings, &client);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    code = exportd_get_pauses(client, &pauses, &error) == EXPORTD_OK
               ? finish(client, settings, &pauses)
               : session_fail(&error, NULL);
    exportd_close(&client);
    return code;
}
