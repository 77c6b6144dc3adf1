// SPDX-License-Identifier: MIT
#include "tests/support/fixture.h"

#include <arpa/inet.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "tests/support/temporary.h"
#include "tests/support/token_mint.h"

#define PING_TIMEOUT_MS        200
#define TOKEN_LIFETIME_SECONDS 86400

static int64_t clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int find_programs(char *buffer, size_t bytes)
{
    char path[FIXTURE_PATH_BUFFER];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (size < 0) {
        return -ERROR_IO;
    }
    path[size] = '\0';
    int length = snprintf(buffer, bytes, "%s", dirname(path));
    return length < 0 || (size_t)length >= bytes ? -ERROR_TOO_LONG : 0;
}

/* A port that was free a moment ago. Somebody else may take it first; then the daemon says so. */
static int free_port(int *port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0) {
        return -ERROR_IO;
    }
    int rc = 0;
    if (bind(listener, (struct sockaddr *)&address, size) ||
        getsockname(listener, (struct sockaddr *)&address, &size)) {
        rc = -ERROR_IO;
    } else {
        *port = ntohs(address.sin_port);
    }
    close(listener);
    return rc;
}

static int choose_endpoint(const struct fixture *fixture, const char *name, char *endpoint)
{
    int port = 0;
    int rc = fixture->options.is_tcp ? free_port(&port) : 0;
    if (rc) {
        return rc;
    }
    int length = fixture->options.is_tcp
                     ? snprintf(endpoint, FIXTURE_ENDPOINT_BUFFER, "tcp://127.0.0.1:%d", port)
                     : snprintf(endpoint, FIXTURE_ENDPOINT_BUFFER, "ipc://%s/%s.socket",
                                fixture->directory, name);
    return length < 0 || length >= FIXTURE_ENDPOINT_BUFFER ? -ERROR_TOO_LONG : 0;
}

static int choose_endpoints(struct fixture *fixture)
{
    int rc = choose_endpoint(fixture, "requests", fixture->requests);
    rc = rc ? rc : choose_endpoint(fixture, "jobs", fixture->jobs);
    rc = rc ? rc : choose_endpoint(fixture, "reports", fixture->reports);
    return rc ? rc : choose_endpoint(fixture, "status", fixture->status);
}

static char *path_in(const struct fixture *fixture, const char *name, char *buffer)
{
    if (snprintf(buffer, FIXTURE_PATH_BUFFER, "%s/%s", fixture->directory, name) >=
        FIXTURE_PATH_BUFFER) {
        buffer[0] = '\0'; /* No such file: whoever opens it fails. */
    }
    return buffer;
}

static int make_folders(const struct fixture *fixture)
{
    static const char *const names[] = {"keys", "bundles"};
    char path[FIXTURE_PATH_BUFFER];
    int rc = 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]) && !rc; i++) {
        rc = temporary_directories(path_in(fixture, names[i], path));
    }
    return rc;
}

static int make_keys(const struct fixture *fixture)
{
    char path[FIXTURE_PATH_BUFFER];
    struct mint *mint = mint_new(MINT_ES256, FIXTURE_KEY);
    int rc = 0;
    if (mint_write_private_key(mint, path_in(fixture, "keys/" FIXTURE_KEY ".pem", path)) ||
        mint_write_key_set(path_in(fixture, "keys/keys.json", path), &mint, 1)) {
        rc = -ERROR_IO;
    }
    mint_destroy(&mint);
    return rc;
}

static int choose_directory(const char *directory, struct fixture *fixture)
{
    if (directory) {
        char *path = realpath(directory, NULL);
        size_t size = path ? strlen(path) + 1 : 0;
        if (path && size <= sizeof(fixture->directory)) {
            memcpy(fixture->directory, path, size);
        }
        free(path);
        return !path ? -ERROR_IO : size > sizeof(fixture->directory) ? -ERROR_TOO_LONG : 0;
    }
    int rc = temporary_make(fixture->directory);
    fixture->is_temporary = !rc;
    return rc;
}

int fixture_make(const struct fixture_options *options, const char *directory,
                 struct fixture *fixture)
{
    if (!options->people.tenant_count || options->worker_count > FIXTURE_WORKERS ||
        options->people.profile_count % options->people.tenant_count) {
        return -ERROR_FIELD_VALUE;
    }
    *fixture = (struct fixture){.options = *options};
    int rc = find_programs(fixture->programs, sizeof(fixture->programs));
    rc = rc ? rc : choose_directory(directory, fixture);
    rc = rc ? rc : choose_endpoints(fixture);
    rc = rc ? rc : make_folders(fixture);
    rc = rc ? rc : make_keys(fixture);
    rc = rc ? rc : people_write(&options->people, fixture->directory);
    rc = rc ? rc : fixture_configure(fixture);
    if (rc) {
        fixture_release(fixture);
    }
    return rc;
}

void fixture_release(struct fixture *fixture)
{
    for (unsigned i = 0; i < FIXTURE_WORKERS; i++) {
        process_release(&fixture->workers[i]);
    }
    process_release(&fixture->daemon);
    if (fixture->is_temporary && temporary_remove(fixture->directory)) {
        (void)fprintf(stderr, "fixture: %s stays behind\n", fixture->directory);
    }
    fixture->is_temporary = false;
}

static int start(const struct fixture *fixture, const char *program, const char *name,
                 struct process *process)
{
    char program_path[FIXTURE_PATH_BUFFER * 2];
    char configuration[FIXTURE_PATH_BUFFER];
    char log[FIXTURE_PATH_BUFFER];
    char file[64];
    snprintf(program_path, sizeof(program_path), "%s/%s", fixture->programs, program);
    snprintf(file, sizeof(file), "%s.yaml", name);
    path_in(fixture, file, configuration);
    snprintf(file, sizeof(file), "%s.log", name);
    path_in(fixture, file, log);
    const char *const arguments[] = {program_path, "-c", configuration, NULL};
    return process_start(
        &(struct process_options){.arguments = arguments, .output_path = log, .error_path = log},
        process);
}

/* Asks until it is answered, the process ends or the time is over. */
static int wait_answer(struct fixture *fixture, const struct raw_message *request, int timeout_ms,
                       struct raw_message *reply)
{
    struct raw_socket *socket = NULL;
    int rc = raw_open(RAW_REQUEST, fixture->requests, &socket);
    int64_t deadline = clock_ms() + timeout_ms;
    while (!rc) {
        rc = raw_ask(socket, request, PING_TIMEOUT_MS, reply);
        if (rc != -ERROR_TIMEOUT) {
            break;
        }
        if (fixture->daemon.pid && !process_is_running(&fixture->daemon)) {
            rc = -ERROR_CANCELLED;
        } else if (clock_ms() < deadline) {
            rc = 0;
        }
    }
    raw_close(&socket);
    return rc;
}

static int wait_ready(struct fixture *fixture)
{
    struct raw_message *messages = calloc(2, sizeof(*messages));
    if (!messages) {
        return -ERROR_MEMORY;
    }
    raw_map(&messages[0], 2);
    raw_text_field(&messages[0], "type", "ping");
    raw_text_field(&messages[0], "requestId", "fixture");
    int rc = wait_answer(fixture, &messages[0], FIXTURE_TIMEOUT_MS, &messages[1]);
    free(messages);
    return rc;
}

static void show_log(const struct fixture *fixture, const char *name)
{
    char path[FIXTURE_PATH_BUFFER];
    char line[1024];
    FILE *file = fopen(path_in(fixture, name, path), "re");
    while (file && fgets(line, sizeof(line), file)) {
        (void)fputs(line, stderr);
    }
    if (file) {
        (void)fclose(file);
    }
}

int fixture_start_daemon(struct fixture *fixture)
{
    int rc = start(fixture, "exportd", "exportd", &fixture->daemon);
    rc = rc ? rc : wait_ready(fixture);
    if (rc) {
        show_log(fixture, "exportd.log");
    }
    return rc;
}

int fixture_stop_daemon(struct fixture *fixture, int signal_number)
{
    return process_stop(&fixture->daemon, signal_number, FIXTURE_TIMEOUT_MS);
}

static unsigned running_workers(struct fixture *fixture)
{
    unsigned count = 0;
    for (unsigned i = 0; i < FIXTURE_WORKERS; i++) {
        count += process_is_running(&fixture->workers[i]);
    }
    return count;
}

/* Says why, when one that was started is gone. */
static bool a_worker_ended(struct fixture *fixture)
{
    for (unsigned i = 0; i < FIXTURE_WORKERS; i++) {
        bool was_started = fixture->workers[i].pid > 0;
        if (was_started && !process_is_running(&fixture->workers[i])) {
            char name[32];
            snprintf(name, sizeof(name), "worker-%u.log", i);
            show_log(fixture, name);
            return true;
        }
    }
    return false;
}

int fixture_start_worker(struct fixture *fixture, unsigned number)
{
    char name[32];
    snprintf(name, sizeof(name), "worker-%u", number);
    int rc = start(fixture, "export-worker", name, &fixture->workers[number]);
    return rc ? rc : fixture_wait_workers(fixture, running_workers(fixture), FIXTURE_TIMEOUT_MS);
}

int fixture_stop_worker(struct fixture *fixture, unsigned number, int signal_number)
{
    return process_stop(&fixture->workers[number], signal_number, FIXTURE_TIMEOUT_MS);
}

int fixture_wait_workers(struct fixture *fixture, unsigned count, int timeout_ms)
{
    char token[FIXTURE_TOKEN_BUFFER];
    int rc = fixture_token(fixture, 0, token);
    struct raw_message *messages = calloc(2, sizeof(*messages));
    if (rc || !messages) {
        free(messages);
        return rc ? rc : -ERROR_MEMORY;
    }
    raw_map(&messages[0], 3);
    raw_text_field(&messages[0], "type", "getStatistics");
    raw_text_field(&messages[0], "requestId", "fixture");
    raw_text_field(&messages[0], "token", token);
    int64_t deadline = clock_ms() + timeout_ms;
    int64_t workers = 0;
    while (!rc && workers < (int64_t)count) {
        rc = wait_answer(fixture, &messages[0], timeout_ms, &messages[1]);
        rc = rc ? rc : raw_get_integer(&messages[1], "statistics.workers", &workers);
        if (!rc && workers < (int64_t)count && clock_ms() > deadline) {
            rc = -ERROR_TIMEOUT;
        }
        if (!rc && workers < (int64_t)count && a_worker_ended(fixture)) {
            rc = -ERROR_CANCELLED;
        }
    }
    free(messages);
    return rc;
}

int fixture_token(const struct fixture *fixture, unsigned tenant, char token[FIXTURE_TOKEN_BUFFER])
{
    char path[FIXTURE_PATH_BUFFER];
    char tenant_id[PEOPLE_ID_BUFFER];
    struct mint *mint =
        mint_read(MINT_ES256, FIXTURE_KEY, path_in(fixture, "keys/" FIXTURE_KEY ".pem", path));
    if (!mint) {
        return -ERROR_IO;
    }
    char *made = mint_delegated(mint, people_tenant_id(tenant, tenant_id),
                                "0b1ec700-0000-4000-8000-000000000001", FIXTURE_SCOPE,
                                (int64_t)time(NULL) + TOKEN_LIFETIME_SECONDS);
    int length = snprintf(token, FIXTURE_TOKEN_BUFFER, "%s", made);
    free(made);
    mint_destroy(&mint);
    return length < 0 || length >= FIXTURE_TOKEN_BUFFER ? -ERROR_TOO_LONG : 0;
}
