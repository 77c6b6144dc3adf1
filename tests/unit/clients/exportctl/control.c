// SPDX-License-Identifier: MIT
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/clients/exportctl/control.h"

int control_set_up(void **state)
{
    struct control *control = calloc(1, sizeof(*control));

    if (!control || temporary_make(control->directory) != 0) {
        return -1;
    }
    snprintf(control->output_path, sizeof(control->output_path), "%s/out", control->directory);
    snprintf(control->error_path, sizeof(control->error_path), "%s/err", control->directory);
    control->out = malloc(CONTROL_TEXT_BYTES);
    control->err = malloc(CONTROL_TEXT_BYTES);
    stub_start(&control->stub, control->directory);
    snprintf(control->server, sizeof(control->server), "EXPORTD_SERVER=%s",
             stub_requests_endpoint(control->stub));
    snprintf(control->status_server, sizeof(control->status_server), "EXPORTD_STATUS=%s",
             stub_status_endpoint(control->stub));
    control->environment[0] = control->server;
    control->environment[1] = control->status_server;
    control->environment[2] = "TERM=xterm";
    control->environment[3] = "NO_COLOR=";
    control->environment[4] = "EXPORTD_TOKEN=";
    *state = control;
    return control->out && control->err ? 0 : -1;
}

int control_tear_down(void **state)
{
    struct control *control = *state;

    process_release(&control->process);
    stub_stop(&control->stub);
    temporary_remove(control->directory);
    free(control->out);
    free(control->err);
    free(control);
    return 0;
}

void control_start(struct control *control, const char *const *arguments)
{
    const char *command_line[CONTROL_ARGUMENTS + 1] = {EXPORTCTL_PATH};
    struct process_options options = {.arguments = command_line,
                                      .environment = control->environment,
                                      .output_path = control->output_path,
                                      .error_path = control->error_path};

    for (int i = 0; arguments[i]; i++) {
        assert_true(i + 1 < CONTROL_ARGUMENTS);
        command_line[i + 1] = arguments[i];
    }
    unlink(control->output_path);
    unlink(control->error_path);
    if (control->redirect) {
        options.output_path = control->redirect;
    }
    assert_int_equal(process_start(&options, &control->process), 0);
}

static void read_file(const char *path, char *text)
{
    FILE *file = fopen(path, "r");
    size_t size = file ? fread(text, 1, CONTROL_TEXT_BYTES - 1, file) : 0;

    text[size] = '\0';
    if (file) {
        fclose(file);
    }
}

int control_wait(struct control *control)
{
    int code;

    assert_int_equal(process_wait(&control->process, CONTROL_PATIENCE_MS), 0);
    code = process_exit_code(&control->process);
    read_file(control->output_path, control->out);
    read_file(control->error_path, control->err);
    return code;
}

int control_line_count(const struct control *control)
{
    int count = 0;

    for (const char *at = control->out; (at = strchr(at, '\n')); at++) {
        count++;
    }
    return count;
}

json_t *control_json_line(const struct control *control, int index)
{
    const char *line = control->out;
    json_error_t error;
    json_t *json;
    const char *end;

    for (int i = 0; i < index; i++) {
        line = strchr(line, '\n');
        assert_non_null(line);
        line++;
    }
    end = strchr(line, '\n');
    assert_non_null(end);
    json = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, &error);
    if (!json) {
        fail_msg("not JSON: %.*s", (int)(end - line), line);
    }
    return json;
}
