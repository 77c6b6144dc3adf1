// SPDX-License-Identifier: MIT
#include "clients/verify/tag_files.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schemas/base/errors.h"
#include "schemas/base/memory_watch.h"
#include "schemas/base/text.h"

#define OXUM "Payload-Oxum:"

static const char *const paths[TAG_FILE_COUNT] = {
    [TAG_FILE_DECLARATION] = "bagit.txt",
    [TAG_FILE_INFORMATION] = "bag-info.txt",
    [TAG_FILE_COMPLETENESS] = "data/completeness.json",
    [TAG_FILE_REQUEST] = "data/RequestInfo.json",
};

void tag_files_release(struct tag_files *files)
{
    for (int i = 0; i < TAG_FILE_COUNT; i++)
        free(files->files[i].data);
    *files = (struct tag_files){0};
}

struct tag_file *tag_files_of(struct tag_files *files, const char *path)
{
    for (int i = 0; i < TAG_FILE_COUNT; i++) {
        if (strcmp(paths[i], path) == 0)
            return &files->files[i];
    }
    return NULL;
}

int tag_file_take(struct tag_file *file, const void *data, size_t size_bytes)
{
    if (file->is_too_large || size_bytes > TAG_FILE_BYTES - file->size_bytes) {
        file->is_too_large = true;
        return 0;
    }
    char *grown = realloc(file->data, file->size_bytes + size_bytes + 1);

    if (!grown)
        return -ERROR_MEMORY;
    file->data = grown;
    if (size_bytes > 0)
        memcpy(file->data + file->size_bytes, data, size_bytes);
    file->size_bytes += size_bytes;
    file->data[file->size_bytes] = '\0';
    return 0;
}

/* The next line without its end, terminated in place by length; false when there is none. */
static bool next_line(const char **at, const char **line, size_t *line_bytes)
{
    size_t bytes = strcspn(*at, "\r\n");

    if (**at == '\0')
        return false;
    *line = *at;
    *line_bytes = bytes;
    *at += bytes;
    if (**at == '\r')
        (*at)++;
    if (**at == '\n')
        (*at)++;
    return true;
}

static void check_declaration(const struct tag_file *file, struct problems *problems)
{
    static const char *const expected[] = {"BagIt-Version: 1.0",
                                           "Tag-File-Character-Encoding: UTF-8"};
    const char *at = file->data;
    const char *line;
    size_t line_bytes;
    size_t count = 0;
    bool is_right = strlen(file->data) == file->size_bytes;

    for (; is_right && next_line(&at, &line, &line_bytes); count++) {
        is_right = count < 2 && strlen(expected[count]) == line_bytes &&
                   memcmp(expected[count], line, line_bytes) == 0;
    }
    if (!is_right || count != 2)
        problem(problems, paths[TAG_FILE_DECLARATION], "it does not declare BagIt 1.0 in UTF-8");
}

static void check_oxum(const struct tag_file *file, struct problems *problems,
                       uint64_t payload_bytes, uint64_t payload_files)
{
    const char *at = file->data;
    const char *line;
    size_t line_bytes;
    char expected[64];
    unsigned count = 0;

    snprintf(expected, sizeof(expected), "%llu.%llu", (unsigned long long)payload_bytes,
             (unsigned long long)payload_files);
    while (next_line(&at, &line, &line_bytes)) {
        if (line_bytes < sizeof(OXUM) - 1 || strncasecmp(line, OXUM, sizeof(OXUM) - 1) != 0)
            continue;
        count++;
        line += sizeof(OXUM) - 1;
        line_bytes -= sizeof(OXUM) - 1;
        size_t spaces = strspn(line, " \t");
        spaces = spaces < line_bytes ? spaces : line_bytes;
        if (line_bytes - spaces != strlen(expected) ||
            memcmp(line + spaces, expected, strlen(expected)) != 0)
            problem(problems, paths[TAG_FILE_INFORMATION],
                    "its Payload-Oxum is %.*s, but the payload is %s", (int)(line_bytes - spaces),
                    line + spaces, expected);
    }
    if (count != 1)
        problem(problems, paths[TAG_FILE_INFORMATION],
                "it has %u Payload-Oxum lines instead of one", count);
}

/* NULL, and no problem, too when memory ran out. */
static json_t *parse(const struct tag_file *file, const char *path, struct problems *problems)
{
    json_error_t error;
    json_t *json = json_loadb(file->data, file->size_bytes, JSON_REJECT_DUPLICATES, &error);

    if (memory_watch_has_run_out()) {
        json_decref(json);
        return NULL;
    }
    if (!json)
        problem(problems, path, "it is not JSON: line %d: %s", error.line, error.text);
    else if (!json_is_string(json_object_get(json, "operationId")))
        problem(problems, path, "it has no operationId");
    return json;
}

static void check_completeness(const struct tag_file *file, struct problems *problems)
{
    const char *path = paths[TAG_FILE_COMPLETENESS];
    json_t *json = parse(file, path, problems);
    json_t *sources = json_object_get(json, "sources");
    json_t *source;
    size_t index;

    if (json && (!json_is_array(sources) || !json_is_boolean(json_object_get(json, "isComplete"))))
        problem(problems, path,
                "it does not say which sources there were and how complete they are");
    json_array_foreach(sources, index, source)
    {
        if (!json_is_string(json_object_get(source, "name")) ||
            !json_is_string(json_object_get(source, "state")))
            problem(problems, path, "its source %zu has no name or no state", index + 1);
    }
    json_decref(json);
}

/* Whether there is something to check. */
static bool is_readable(const struct tag_files *files, enum tag_file_name name,
                        struct problems *problems)
{
    const struct tag_file *file = &files->files[name];

    if (file->is_too_large)
        problem(problems, paths[name], "it is larger than such a file may be");
    else if (!file->data)
        problem(problems, paths[name], "it is missing or empty");
    return file->data && !file->is_too_large;
}

int tag_files_check(const struct tag_files *files, struct problems *problems,
                    uint64_t payload_bytes, uint64_t payload_files)
{
    json_set_alloc_funcs(memory_watch_allocate, free);
    memory_watch_begin();
    if (is_readable(files, TAG_FILE_DECLARATION, problems))
        check_declaration(&files->files[TAG_FILE_DECLARATION], problems);
    if (is_readable(files, TAG_FILE_INFORMATION, problems))
        check_oxum(&files->files[TAG_FILE_INFORMATION], problems, payload_bytes, payload_files);
    if (is_readable(files, TAG_FILE_COMPLETENESS, problems))
        check_completeness(&files->files[TAG_FILE_COMPLETENESS], problems);
    if (is_readable(files, TAG_FILE_REQUEST, problems))
        json_decref(parse(&files->files[TAG_FILE_REQUEST], paths[TAG_FILE_REQUEST], problems));
    return memory_watch_has_run_out() ? -ERROR_MEMORY : 0;
}
