// SPDX-License-Identifier: MIT
#include "workers/bundle/page.h"

#include <stdio.h>
#include <string.h>

#include "schemas/base/errors.h"

#define SHA256_FIELD_BYTES 66 /* 64 digits and two spaces before the path of a manifest line */

static const char page_head[] =
    "<!DOCTYPE html>\n"
    "<html lang=\"en\">\n"
    "<head>\n"
    "<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
    "<meta name=\"referrer\" content=\"no-referrer\">\n"
    "<meta name=\"robots\" content=\"noindex\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<title>Personal data export</title>\n"
    "<style>\n"
    ":root { color-scheme: light; }\n"
    "body { font: 1rem/1.55 system-ui, sans-serif; color: #1b1f24; background: #fff;\n"
    "  max-width: 52rem; margin: 2.5rem auto; padding: 0 1.25rem; }\n"
    "h1 { font-size: 1.75rem; margin: 0 0 .5rem; }\n"
    "h2 { font-size: 1.2rem; margin: 2.25rem 0 .5rem; border-bottom: 1px solid #d5dae0; }\n"
    "h3 { font-size: 1rem; margin: 1.25rem 0 .25rem; }\n"
    "dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; }\n"
    "dt { color: #57606a; } dd { margin: 0; overflow-wrap: anywhere; }\n"
    "table { border-collapse: collapse; width: 100%; }\n"
    "th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid #e4e8ec;\n"
    "  vertical-align: top; }\n"
    "td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }\n"
    "ul { padding-left: 1.25rem; } li { overflow-wrap: anywhere; }\n"
    "a { color: #0b57a4; }\n"
    "code { font: .9em ui-monospace, monospace; background: #f3f5f7; padding: .1em .35em; }\n"
    "pre { background: #f3f5f7; padding: .75rem 1rem; overflow-x: auto; } pre code { padding: 0; "
    "}\n"
    ".whole { border-left: .3rem solid #1a7f37; padding-left: .75rem; }\n"
    ".gap { border-left: .3rem solid #bf5b04; padding-left: .75rem; }\n"
    "@media print { body { margin: 0; max-width: none; font-size: 10pt; } a { color: inherit; }\n"
    "  tr, li, dl { break-inside: avoid; } h2, h3 { break-after: avoid; } }\n"
    "</style>\n"
    "</head>\n"
    "<body>\n"
    "<h1>Personal data export</h1>\n"
    "<p>This folder holds a copy of the personal data that an organisation keeps about one "
    "person.</p>\n";

static const char page_check[] =
    "<h2>How to check that nothing was changed</h2>\n"
    "<p>Each file's fingerprint (SHA-256) is listed in <a href=\"../manifest-sha256.txt\">"
    "manifest-sha256.txt</a>. On Linux, open a terminal in the folder that holds that file and "
    "run:</p>\n"
    "<pre><code>sha256sum -c manifest-sha256.txt\n"
    "sha256sum -c tagmanifest-sha256.txt</code></pre>\n"
    "<p>On macOS, run <code>shasum -a 256 -c manifest-sha256.txt</code>. Every line should end in "
    "<code>OK</code>. The folder is a bag as defined by BagIt 1.0 (RFC 8493), so programs that "
    "know "
    "BagIt can check it too.</p>\n"
    "<p>For programs: <a href=\"RequestInfo.json\">RequestInfo.json</a> says what was asked for, "
    "<a href=\"completeness.json\">completeness.json</a> what is in here. Files that end in "
    "<code>.jsonl</code> hold one record in JSON a line; any text editor opens them. Where a file "
    "could "
    "not keep its name, <code>original-names.jsonl</code> in its folder says what it was "
    "called.</p>\n"
    "</body>\n"
    "</html>\n";

static const char *const state_words[] = {
    [SOURCE_STATE_COMPLETE] = "complete",   [SOURCE_STATE_EMPTY] = "nothing found",
    [SOURCE_STATE_SKIPPED] = "left out",    [SOURCE_STATE_FAILED] = "could not be read",
    [SOURCE_STATE_TRUNCATED] = "cut short",
};

static const char *const reason_sentences[] = {
    [SOURCE_REASON_NONE] = "No reason is known.",
    [SOURCE_REASON_DATABASE_UNAVAILABLE] = "The database could not be opened.",
    [SOURCE_REASON_STATEMENT_FAILED] = "The database could not answer the question for this data.",
    [SOURCE_REASON_ROW_TOO_LARGE] = "A record is larger than the service handles.",
    [SOURCE_REASON_ROOT_UNAVAILABLE] = "The folder of the files could not be opened.",
    [SOURCE_REASON_NOTHING_THERE] = "There is no place for this person's data in this source.",
    [SOURCE_REASON_FILE_UNREADABLE] = "A file could not be read.",
    [SOURCE_REASON_FILE_CHANGED] = "A file was changed while it was copied.",
    [SOURCE_REASON_LINK_REFUSED] = "A link to somewhere else was not followed.",
    [SOURCE_REASON_NAME_REFUSED] = "A file has a name that cannot be handled.",
    [SOURCE_REASON_SPECIAL_FILE_REFUSED] = "Something that is not an ordinary file was not copied.",
    [SOURCE_REASON_ROW_LIMIT] = "There are more records than the organisation's limit allows.",
    [SOURCE_REASON_BYTE_LIMIT] = "There is more data than the organisation's limit allows.",
    [SOURCE_REASON_FILE_LIMIT] = "There are more files than the organisation's limit allows.",
    [SOURCE_REASON_DEPTH_LIMIT] = "Folders are nested more deeply than the service follows.",
    [SOURCE_REASON_STOPPED] = "The service was stopped while it read.",
    [SOURCE_REASON_TIME_LIMIT] = "Reading took longer than the organisation's limit allows.",
    [SOURCE_REASON_NOT_ATTEMPTED] = "It was not tried.",
    [SOURCE_REASON_INTERNAL_ERROR] = "The service made an error.",
};

_Static_assert(sizeof(reason_sentences) / sizeof(reason_sentences[0]) == SOURCE_REASON_COUNT,
               "every reason has its sentence");
_Static_assert(sizeof(state_words) / sizeof(state_words[0]) == SOURCE_STATE_COUNT,
               "every state has its word");

static const char *word(const char *const *words, size_t count, int index)
{
    return index >= 0 && (size_t)index < count && words[index] ? words[index] : "unknown";
}

static const char *state_word(int state)
{
    return word(state_words, sizeof(state_words) / sizeof(state_words[0]), state);
}

static const char *reason_sentence(int reason)
{
    return word(reason_sentences, sizeof(reason_sentences) / sizeof(reason_sentences[0]), reason);
}

void page_escape(struct wire_output *output, struct text t)
{
    for (uint32_t i = 0; i < t.size_bytes; i++) {
        char character = t.data[i];
        const char *instead = character == '&'                                      ? "&amp;"
                              : character == '<'                                    ? "&lt;"
                              : character == '>'                                    ? "&gt;"
                              : character == '"'                                    ? "&quot;"
                              : character == '\''                                   ? "&#39;"
                              : (unsigned char)character < ' ' || character == 0x7f ? "\xef\xbf\xbd"
                                                                                    : NULL;

        if (instead)
            wire_append(output, instead, strlen(instead));
        else
            wire_append(output, &character, 1);
    }
}

static void raw(struct bag *bag, const char *text)
{
    (void)bag_entry_write(bag, text, strlen(text));
}

/* A value from outside; <bdi> keeps its direction marks from reordering what is around it. */
static void value(struct bag *bag, struct text t)
{
    struct wire_output escaped = WIRE_OUTPUT_INIT;

    page_escape(&escaped, t);
    if (escaped.error && !bag->error)
        bag->error = escaped.error;
    raw(bag, "<bdi>");
    (void)bag_entry_write(bag, escaped.data, escaped.size_bytes);
    raw(bag, "</bdi>");
    wire_output_release(&escaped);
}

static void number(struct bag *bag, int64_t count)
{
    char digits[24];
    char grouped[36];
    size_t length = (size_t)snprintf(digits, sizeof(digits), "%lld", (long long)count);
    size_t used = 0;

    for (size_t i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            grouped[used++] = ',';
        grouped[used++] = digits[i];
    }
    (void)bag_entry_write(bag, grouped, used);
}

static void term(struct bag *bag, const char *name, struct text t)
{
    raw(bag, "<dt>");
    raw(bag, name);
    raw(bag, "</dt><dd>");
    value(bag, t);
    raw(bag, "</dd>\n");
}

static void term_uuid(struct bag *bag, const char *name, const struct uuid *uuid)
{
    char text[UUID_TEXT_BUFFER];

    term(bag, name, text_of(uuid_format(uuid, text)));
}

/* As "2026-11-23 08:15 UTC". */
static void term_time(struct bag *bag, const char *name, struct wall time)
{
    char text[DATE_TIME_BUFFER];
    char shown[32];

    date_time_format(time, text);
    snprintf(shown, sizeof(shown), "%.10s %.5s UTC", text, text + 11);
    term(bag, name, text_of(shown));
}

static void write_about(const struct documents *documents)
{
    const struct request_info *info = documents->request_info;
    struct bag *bag = documents->bag;

    raw(bag, "<h2>Whose data</h2>\n<dl>\n");
    term(bag, "Name", info->profile.display_name);
    term(bag, "Sign-in name", info->profile.user_principal_name);
    term_uuid(bag, "User id", &info->profile.user_id);
    term_uuid(bag, "Home organisation id", &info->profile.home_tenant_id);
    raw(bag, "</dl>\n<h2>This export</h2>\n<dl>\n");
    term_time(bag, "Asked for", info->submitted_date_time);
    term_time(bag, "Gathered from", info->generated_date_time);
    term_uuid(bag, "Operation id", &info->operation_id);
    term_uuid(bag, "Organisation id", &info->tenant_id);
    term(bag, "Made by", info->software);
    raw(bag, "</dl>\n");
}

static bool is_gap(const struct source_result *result)
{
    return result->state != SOURCE_STATE_COMPLETE && result->state != SOURCE_STATE_EMPTY;
}

static void write_table(struct bag *bag, const struct source_result *results, uint32_t count)
{
    raw(bag,
        "<h2>What is in here</h2>\n"
        "<table>\n<thead><tr><th>Source</th><th>State</th><th class=\"number\">Records</th>"
        "<th class=\"number\">Files</th><th class=\"number\">Bytes</th></tr></thead>\n<tbody>\n");
    for (uint32_t i = 0; i < count; i++) {
        raw(bag, "<tr><td>");
        value(bag, results[i].name);
        raw(bag, "</td><td>");
        raw(bag, state_word((int)results[i].state));
        raw(bag, "</td><td class=\"number\">");
        number(bag, results[i].rows);
        raw(bag, "</td><td class=\"number\">");
        number(bag, results[i].files);
        raw(bag, "</td><td class=\"number\">");
        number(bag, results[i].bytes);
        raw(bag, "</td></tr>\n");
    }
    raw(bag, "</tbody>\n</table>\n");
}

static void write_gaps(struct bag *bag, const struct source_result *results, uint32_t count)
{
    bool has_gap = false;

    for (uint32_t i = 0; i < count; i++)
        has_gap = has_gap || is_gap(&results[i]);
    raw(bag, "<h2>What is missing, and why</h2>\n");
    if (!has_gap) {
        raw(bag, "<p class=\"whole\">Nothing: every source was read to its end.</p>\n");
        return;
    }
    raw(bag, "<div class=\"gap\">\n<p>This export is not complete.</p>\n<ul>\n");
    for (uint32_t i = 0; i < count; i++) {
        if (!is_gap(&results[i]))
            continue;
        raw(bag, "<li>");
        value(bag, results[i].name);
        raw(bag, ": ");
        raw(bag, state_word((int)results[i].state));
        raw(bag, ". ");
        raw(bag, reason_sentence((int)results[i].reason));
        raw(bag, "</li>\n");
    }
    raw(bag, "</ul>\n</div>\n");
}

/* Manifest lines on their way to list items; names there are of the safe alphabet, so they link as
 * they are. */
struct listing {
    struct bag *bag;
    size_t skip_bytes; /* of the path: "data/" in the link, "data/SOURCE/" in what is shown */
    uint64_t remaining;
    size_t used;
    char line[BAG_PATH_BUFFER + SHA256_FIELD_BYTES];
};

static void list_line(struct listing *listing)
{
    const char *link = listing->line + SHA256_FIELD_BYTES + sizeof("data/") - 1;

    raw(listing->bag, "<li><a href=\"");
    raw(listing->bag, link);
    raw(listing->bag, "\">");
    value(listing->bag, text_of(listing->line + SHA256_FIELD_BYTES + listing->skip_bytes));
    raw(listing->bag, "</a></li>\n");
}

static int on_lines(void *context, const char *data, size_t size_bytes)
{
    struct listing *listing = context;

    for (size_t i = 0; i < size_bytes && listing->remaining > 0; i++) {
        if (data[i] != '\n') {
            if (listing->used + 1 == sizeof(listing->line))
                return -ERROR_INTERNAL;
            listing->line[listing->used++] = data[i];
            continue;
        }
        listing->line[listing->used] = '\0';
        list_line(listing);
        listing->used = 0;
        listing->remaining--;
    }
    /* Enough is read when the source's lines are; the number tells that from an error. */
    return listing->remaining > 0 ? 0 : 1;
}

static void list_files(struct bag *bag, const struct document_source *source)
{
    struct listing listing = {
        .bag = bag,
        .skip_bytes = strlen("data//") + strlen(source->folder),
        .remaining = source->file_count,
    };

    raw(bag, "<ul>\n");
    int rc = spool_read(&bag->manifest, source->manifest_offset, on_lines, &listing);
    if (rc < 0 && !bag->error)
        bag->error = rc;
    raw(bag, "</ul>\n");
}

static void write_files(const struct documents *documents)
{
    struct bag *bag = documents->bag;

    raw(bag, "<h2>The files</h2>\n");
    if (documents->source_count == 0)
        raw(bag, "<p>No source gave a file.</p>\n");
    for (uint32_t i = 0; i < documents->source_count; i++) {
        const struct document_source *source = &documents->sources[i];

        raw(bag, "<h3>");
        value(bag, text_of(source->name));
        raw(bag, "</h3>\n<p><a href=\"");
        raw(bag, source->folder);
        raw(bag, "/\">");
        number(bag, (int64_t)source->file_count);
        raw(bag, source->file_count == 1 ? " file</a></p>\n" : " files</a></p>\n");
        if (source->file_count <= PAGE_LISTED_FILES)
            list_files(bag, source);
    }
}

void page_write(const struct documents *documents, const struct source_result *results,
                uint32_t result_count)
{
    raw(documents->bag, page_head);
    write_about(documents);
    write_table(documents->bag, results, result_count);
    write_gaps(documents->bag, results, result_count);
    write_files(documents);
    raw(documents->bag, page_check);
}
