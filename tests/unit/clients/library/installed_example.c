// SPDX-License-Identifier: MIT
/* A program of somebody else: it sees the installed header only. Its own names must not meet the
 * library's. */
#include <exportclient.h>
#include <stdio.h>

int uuid_parse(void);
int wire_parse(void);

int uuid_parse(void)
{
    return -1;
}

int wire_parse(void)
{
    return -1;
}

int main(void)
{
    struct exportd_options options = {
        .requests_endpoint = "tcp://127.0.0.1:1", .timeout_ms = 20, .deadline_ms = 60};
    struct exportd_client *client = NULL;
    struct exportd_operation operation;
    struct exportd_error error;
    int rc;

    if (exportd_open(&client, &options, &error) != EXPORTD_OK) {
        fprintf(stderr, "%s\n", error.message);
        return 1;
    }
    rc = exportd_get(client, "01941b2c-7d3e-7f00-8000-000000000001", &operation, &error);
    exportd_close(&client);
    return rc == EXPORTD_ERROR_TIMEOUT && uuid_parse() + wire_parse() == -2 ? 0 : 1;
}
