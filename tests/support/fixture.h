// SPDX-License-Identifier: MIT
/* A complete made-up installation in a directory: key pair and key set, profile registry, sources
 * (people.h), configuration files, a store, a bundle directory; and the real exportd and
 * export-worker processes run on it. Sockets are ipc:// paths in the directory, so that tests
 * run beside each other; or free loopback ports. Nothing here sleeps: readiness is asked for.
 * One thread. Functions return 0 or a negative ERROR_x. */
#ifndef TESTS_SUPPORT_FIXTURE_H
#define TESTS_SUPPORT_FIXTURE_H

#include <stdbool.h>

#include "tests/support/people.h"
#include "tests/support/process.h"
#include "tests/support/raw.h"

#define FIXTURE_WORKERS         8
#define FIXTURE_PATH_BUFFER     512
#define FIXTURE_ENDPOINT_BUFFER 256
#define FIXTURE_TOKEN_BUFFER    8193
#define FIXTURE_SCOPE           "CrossTenantUserProfileSharing.Read.All"
#define FIXTURE_KEY             "es256" /* the name of the signing key, its kid */
#define FIXTURE_TIMEOUT_MS      30000

struct fixture_options {
    struct people people;
    unsigned worker_count;
    unsigned slots;
    bool is_tcp;
    const char *sources; /* the workers' sources as YAML, indented; NULL takes those of people.h */
};

struct fixture {
    struct fixture_options options;
    char directory[FIXTURE_PATH_BUFFER]; /* absolute */
    char programs[FIXTURE_PATH_BUFFER];  /* where exportd and export-worker are: beside ourselves */
    char requests[FIXTURE_ENDPOINT_BUFFER];
    char jobs[FIXTURE_ENDPOINT_BUFFER];
    char reports[FIXTURE_ENDPOINT_BUFFER];
    char status[FIXTURE_ENDPOINT_BUFFER];
    bool is_temporary;
    struct process daemon;
    struct process workers[FIXTURE_WORKERS];
};

/* Makes the installation in a directory that exists, or, with NULL, in a temporary one that
 * fixture_release removes. Nothing runs yet. */
int fixture_make(const struct fixture_options *options, const char *directory,
                 struct fixture *fixture);

/* Stops what runs and removes the temporary directory; safe on one that is zeroed or half made. */
void fixture_release(struct fixture *fixture);

/* Standard output and error are appended to DIRECTORY/exportd.log and worker-N.log. Starting waits
 * until the daemon answers a ping, or until it counts the worker; when a process ends instead, its
 * log is shown on standard error and -ERROR_CANCELLED returned. */
int fixture_start_daemon(struct fixture *fixture);
int fixture_start_worker(struct fixture *fixture, unsigned number);
int fixture_stop_daemon(struct fixture *fixture, int signal_number);
int fixture_stop_worker(struct fixture *fixture, unsigned number, int signal_number);

/* Until the daemon counts so many workers. */
int fixture_wait_workers(struct fixture *fixture, unsigned count, int timeout_ms);

/* A delegated token of somebody in a tenant, with the scope that opens everything. */
int fixture_token(const struct fixture *fixture, unsigned tenant, char token[FIXTURE_TOKEN_BUFFER]);

/* Writes the configuration files; fixture_make does it, and a test that changed options again. */
int fixture_configure(const struct fixture *fixture);

#endif
