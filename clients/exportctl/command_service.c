// SPDX-License-Identifier: MIT
/* profiles, stats and ping. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "clients/exportctl/output.h"
#include "clients/exportctl/session.h"

static void print_profile(const struct exportd_profile *profile)
{
    output_field("user", profile->user_id);
    output_field("principal", profile->user_principal_name);
    output_field("name", profile->display_name);
    output_field("home tenant", profile->home_tenant_id);
}

static void print_profiles(struct exportd_client *client, const struct exportd_profile_page *page,
                           const struct settings *settings)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct exportd_profile *profile = &page->items[i];

        if (settings->is_json) {
            puts(exportd_reply_item_json(client, i));
            continue;
        }
        printf("%s  ", profile->user_id);
        output_column(profile->user_principal_name, 36);
        fputs("  ", stdout);
        output_column(profile->display_name, 0);
        putchar('\n');
    }
    if (page->next[0] != '\0' && !settings->wants_all) {
        fprintf(stderr, "There are more: --all, or --next %s\n", page->next);
    }
}

static enum exit_code list_profiles(struct exportd_client *client, const struct settings *settings)
{
    char next[EXPORTD_NEXT_BYTES] = "";
    const char *from = settings->next;
    struct exportd_error error;

    if (!settings->is_json) {
        printf("%-36s  %-36s  %s\n", "USER", "PRINCIPAL", "NAME");
    }
    do {
        struct exportd_profile_page page;

        if (exportd_list_profiles(client, (int)settings->top, from, &page, &error) != EXPORTD_OK) {
            return session_fail(&error, NULL);
        }
        print_profiles(client, &page, settings);
        memcpy(next, page.next, sizeof(next));
        from = next;
        exportd_profile_page_release(&page);
    } while (settings->wants_all && next[0] != '\0');
    return EXIT_CODE_OK;
}

static enum exit_code show_profile(struct exportd_client *client, const struct settings *settings)
{
    const char *user_id = command_operand(settings, 0);
    struct exportd_profile profile;
    struct exportd_error error;

    if (exportd_get_profile(client, user_id, &profile, &error) != EXPORTD_OK) {
        return session_fail(&error, user_id);
    }
    if (settings->is_json) {
        puts(exportd_reply_json(client, "profile"));
    } else {
        print_profile(&profile);
    }
    return EXIT_CODE_OK;
}

enum exit_code command_profiles(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    enum exit_code code = session_open(settings, &client);

    if (code == EXIT_CODE_OK) {
        code = command_operand(settings, 0) ? show_profile(client, settings)
                                            : list_profiles(client, settings);
    }
    exportd_close(&client);
    return code;
}

static void print_statistics(const struct exportd_statistics *statistics)
{
    output_number("awaiting", statistics->awaiting_approval);
    output_number("queued", statistics->queued);
    output_number("gathering", statistics->gathering);
    output_number("retry wait", statistics->retry_wait);
    output_number("complete", statistics->complete);
    output_number("failed", statistics->failed);
    output_number("overdue", statistics->overdue);
    output_field("paused", statistics->paused ? "yes" : "no");
    output_number("workers", statistics->workers);
    output_number("slots", statistics->slots);
    output_number("sequence", statistics->sequence);
    printf("%-12s %" PRId64 " s\n", "uptime", statistics->uptime_seconds);
    output_field("version", statistics->version);
}

enum exit_code command_stats(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    struct exportd_statistics statistics;
    struct exportd_error error;
    enum exit_code code = session_open(settings, &client);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (exportd_get_statistics(client, &statistics, &error) != EXPORTD_OK) {
        code = session_fail(&error, NULL);
    } else if (settings->is_json) {
        puts(exportd_reply_json(client, "statistics"));
    } else {
        print_statistics(&statistics);
    }
    exportd_close(&client);
    return code;
}

enum exit_code command_ping(const struct settings *settings)
{
    struct exportd_client *client = NULL;
    struct exportd_pong pong;
    struct exportd_error error;
    enum exit_code code = session_open(settings, &client);

    if (code != EXIT_CODE_OK) {
        return code;
    }
    if (exportd_ping(client, &pong, &error) != EXPORTD_OK) {
        code = session_fail(&error, NULL);
    } else if (settings->is_json) {
        puts(exportd_reply_json(client, NULL));
    } else {
        output_field("version", pong.version);
        output_field("clock", pong.date_time);
    }
    exportd_close(&client);
    return code;
}
