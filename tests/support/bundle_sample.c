// SPDX-License-Identifier: MIT
#include "tests/support/bundle_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

void sample_init(struct sample *sample)
{
    const char *parent = getenv("TMPDIR");

    *sample = (struct sample){.now = {1795421730250}};
    snprintf(sample->directory, sizeof(sample->directory), "%s/exportd-bundle-XXXXXX",
             parent ? parent : "/tmp");
    assert_non_null(mkdtemp(sample->directory));
    sample->options.directory = sample->directory;
    sample->options.compression_level = 6;
    assert_int_equal(uuid_parse(TEXT(SAMPLE_TENANT), &sample->tenant), 0);
    assert_int_equal(uuid_parse(TEXT(SAMPLE_OPERATION), &sample->operation), 0);
    sample->request_info = (struct request_info){
        .operation_id = sample->operation,
        .tenant_id = sample->tenant,
        .profile =
            {
                .user_id = sample->operation,
                .user_principal_name = TEXT("zoe.example@example.org"),
                .display_name = TEXT("Zoë <script>alert(1)</script> & \"Example\""),
                .home_tenant_id = sample->tenant,
            },
        .submitted_date_time = {1795421700000},
        .generated_date_time = sample->now,
        .attempt = 1,
        .software = TEXT("export-worker 0.1.0"),
    };
    sample->completeness.operation_id = sample->operation;
    sample->completeness.is_complete = true;
    sample->completeness.sources.item = &source_result_schema;
}

void sample_release(struct sample *sample)
{
    (void)sample_run("rm -rf '%s'", sample->directory);
    wire_output_release(&sample->results);
}

void sample_result(struct sample *sample, const char *name, enum source_state state,
                   enum source_reason reason, int64_t rows, int64_t files, int64_t bytes)
{
    struct source_result result = {.name = text_of(name),
                                   .state = state,
                                   .rows = rows,
                                   .files = files,
                                   .bytes = bytes,
                                   .reason = reason};
    struct wire_list *list = &sample->completeness.sources;

    source_result_encode(&result, &sample->results);
    assert_int_equal(sample->results.error, 0);
    list->encoded = sample->results.data;
    list->encoded_bytes = sample->results.size_bytes;
    list->count++;
    if (state != SOURCE_STATE_COMPLETE && state != SOURCE_STATE_EMPTY)
        sample->completeness.is_complete = false;
}

int sample_begin(struct sample *sample, struct bundle_writer **bundle)
{
    return bundle_begin(bundle, &sample->options, &sample->tenant, &sample->operation, SAMPLE_FENCE,
                        sample->now);
}

int sample_entry(struct bundle_writer *bundle, const char *source, const char *name,
                 const void *data, size_t size_bytes)
{
    int rc = bundle_entry_begin(bundle, source, name);

    if (!rc)
        rc = bundle_entry_write(bundle, data, size_bytes);
    return rc ? rc : bundle_entry_end(bundle);
}

int sample_write(struct sample *sample, struct bundle_result *result)
{
    static const char rows[] = "{\"subject\":\"Hello\"}\n{\"subject\":\"World\"}\n";
    struct bundle_writer *bundle = NULL;
    int rc = sample_begin(sample, &bundle);

    if (!rc)
        rc = sample_entry(bundle, "mailbox", "messages.jsonl", rows, sizeof(rows) - 1);
    if (!rc)
        rc = sample_entry(bundle, "files", "letters/2026/a.txt", "A letter.\n", 10);
    if (!rc)
        rc = sample_entry(bundle, "files", "letters/r\xc3\xa9sum\xc3\xa9.txt", "A life.\n", 8);
    if (!rc)
        rc = sample_entry(bundle, "files", "empty", "", 0);
    if (!bundle)
        return rc;
    int finished = bundle_finish(&bundle, &sample->request_info, &sample->completeness, result);
    return rc ? rc : finished;
}

int sample_run(const char *format, ...)
{
    char command[4096];
    va_list arguments;

    va_start(arguments, format);
    int bytes = vsnprintf(command, sizeof(command), format, arguments);
    va_end(arguments);
    assert_in_range(bytes, 1, sizeof(command) - 1);
    int status = system(command);
    return status >= 0 && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool sample_has(const char *program)
{
    if (sample_run("command -v %s >/dev/null", program) == 0)
        return true;
    print_message("%s is not installed: left out\n", program);
    return false;
}

char *sample_read(const char *path, size_t *size_bytes)
{
    struct stat status;
    FILE *file = fopen(path, "rb");

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    *size_bytes = (size_t)status.st_size;
    char *data = malloc(*size_bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *size_bytes, file), *size_bytes);
    data[*size_bytes] = '\0';
    fclose(file);
    return data;
}

void sample_save(const char *path, const void *data, size_t size_bytes)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, size_bytes, file), size_bytes);
    assert_int_equal(fclose(file), 0);
}
