// SPDX-License-Identifier: MIT
/* export-worker: gathers a person's data into a bundle for each job that exportd pushes.
 *
 * Exit codes: 0 stopped by a signal, or the configuration is good (-t); 1 could not go on, the log
 * says why; 2 wrong usage, or a configuration that is not good. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "schemas/base/crash_line.h"
#include "schemas/base/log.h"
#include "workers/bundle/digest.h"
#include "workers/configuration.h"
#include "workers/runtime/control.h"

enum { EXIT_STOPPED = 0, EXIT_BROKEN = 1, EXIT_MISUSED = 2 };

static const char usage[] =
    "usage: export-worker [-t] -c FILE\n"
    "  -c FILE  the configuration, see export-worker.yaml(5)\n"
    "  -t       check the configuration and what it names, and exit\n"
    "  -h       this help\n"
    "  -V       the version\n"
    "Exit codes: 0 stopped or checked, 1 could not go on, 2 wrong usage or configuration.\n";

/* Personal data goes through this process: no core files, nothing that others can read. */
static int harden(void)
{
    const struct rlimit none = {0, 0};

    umask(077);
    /* A core that is piped to a program is written whatever the limit says. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    return setrlimit(RLIMIT_CORE, &none);
}

/* Blocked before any thread exists, so that only the control loop's signalfd gets them. */
static int block_signals(void)
{
    sigset_t blocked;

    if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
        return -1;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigaddset(&blocked, SIGINT);
    return sigprocmask(SIG_BLOCK, &blocked, NULL);
}

static int run(const char *path, bool only_checks)
{
    char message[CONFIGURATION_ERROR_BYTES];
    struct settings settings;
    enum log_level level;

    if (digest_prepare() != 0) {
        fputs("export-worker: out of memory\n", stderr);
        return EXIT_BROKEN;
    }
    if (harden() != 0 || block_signals() != 0) {
        perror("export-worker");
        return EXIT_BROKEN;
    }
    if (worker_configuration_read(path, &settings, &level, message)) {
        fprintf(stderr, "%s\n", message);
        return EXIT_MISUSED;
    }
    log_configure("export-worker", level);
    int rc = only_checks ? 0 : control_run(&settings);
    worker_configuration_release(&settings);
    return rc ? EXIT_BROKEN : EXIT_STOPPED;
}

int main(int argument_count, char **arguments)
{
    const char *path = NULL;
    bool only_checks = false;
    int option;

    (void)crash_line_install("export-worker");
    while ((option = getopt(argument_count, arguments, "c:thV")) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 't':
            only_checks = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return EXIT_STOPPED;
        case 'V':
            puts("export-worker " EXPORTD_VERSION);
            return EXIT_STOPPED;
        default:
            fputs(usage, stderr);
            return EXIT_MISUSED;
        }
    }
    if (!path || optind != argument_count) {
        fputs(usage, stderr);
        return EXIT_MISUSED;
    }
    return run(path, only_checks);
}
