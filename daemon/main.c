// SPDX-License-Identifier: MIT
/* exportd: the daemon. Exit codes: 0 stopped as asked, 2 wrong usage or configuration, 3 the store
 * is held by another process, 70 stopped because it could not go on safely (the log says why). */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/auth/crypto_memory.h"
#include "daemon/daemon.h"
#include "daemon/reload.h"
#include "daemon/suppressed.h"
#include "schemas/base/crash_line.h"
#include "schemas/base/errors.h"
#include "schemas/base/log.h"
#include "schemas/base/supervisor.h"

#define EXIT_CONFIGURATION 2
#define EXIT_LOCKED        3
#define EXIT_UNSAFE        70

static const char usage[] = "usage: exportd -c FILE [-t]\n"
                            "  -c FILE  configuration file (see exportd.yaml(5))\n"
                            "  -t       check the configuration and what it names, and exit\n"
                            "  -V       print the version and exit\n"
                            "  -h       print this and exit\n"
                            "SIGTERM and SIGINT stop it cleanly; SIGHUP re-reads the key set,\n"
                            "the revocations and the identities.\n";

struct arguments {
    const char *configuration;
    bool is_check;
};

/* -1 to go on, or the exit code. */
static int parse(int argc, char **argv, struct arguments *arguments)
{
    int option;

    while ((option = getopt(argc, argv, "c:tVh")) != -1) {
        switch (option) {
        case 'c':
            arguments->configuration = optarg;
            break;
        case 't':
            arguments->is_check = true;
            break;
        case 'V':
            puts("exportd " EXPORTD_VERSION);
            return 0;
        case 'h':
            fputs(usage, stdout);
            return 0;
        default:
            fputs(usage, stderr);
            return EXIT_CONFIGURATION;
        }
    }
    if (!arguments->configuration || optind != argc) {
        fputs(usage, stderr);
        return EXIT_CONFIGURATION;
    }
    return -1;
}

/* Files are for this user only, and no core file may hold tokens or names. */
static void protect(void)
{
    struct rlimit none = {0, 0};

    umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0);
}

static int signals_open(void)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    signal(SIGPIPE, SIG_IGN);
    if (sigprocmask(SIG_BLOCK, &set, NULL)) {
        return -1;
    }
    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* *must_stop says that the daemon was told to. An error means that it cannot go on. */
static int signals_handle(struct daemon *daemon, int fd, bool *must_stop)
{
    struct signalfd_siginfo information;
    int rc = 0;

    *must_stop = false;
    while (!rc && read(fd, &information, sizeof information) == sizeof information) {
        if (information.ssi_signo != SIGHUP) {
            log_line(LOG_INFO, "stopping", "signal=%u", information.ssi_signo);
            supervisor_tell_stopping(0);
            *must_stop = true;
            return 0;
        }
        rc = turn_settle(daemon);
        if (!rc) {
            rc = daemon_reload(daemon);
        }
    }
    return rc;
}

static int serve(struct daemon *daemon, int signal_fd)
{
    const int descriptors[] = {signal_fd, syncer_descriptor(daemon->syncer)};
    struct supervisor supervisor;
    bool must_stop;
    int wait_ms;
    int rc = 0;

    supervisor_init(&supervisor);
    supervisor_tell_ready();
    while (!rc) {
        wait_ms = supervisor_wait_ms(&supervisor, mono_now(), turn_timeout_ms(daemon));
        rc = sockets_wait(daemon->sockets, descriptors, 2, wait_ms);
        daemon_tell_denials(daemon);
        daemon_tell_refusals(daemon);
        suppressed_tell(daemon);
        if (!rc) {
            rc = signals_handle(daemon, signal_fd, &must_stop);
        }
        if (!rc && must_stop) {
            rc = turn_settle(daemon);
            if (!rc) {
                return 0;
            }
        }
        if (!rc) {
            rc = turn_run(daemon);
        }
        if (!rc) {
            supervisor_turn(&supervisor, daemon->now.mono);
        }
    }
    suppressed_tell_all(daemon);
    log_line(LOG_ERROR, "unsafe",
             "code=%s reason=\"%s\" effect=\"what was acknowledged is kept; "
             "nothing of this turn was acknowledged; start again when the cause is gone\"",
             error_row(rc)->inner_code, store_message(daemon->store));
    return rc;
}

static int run(const char *configuration)
{
    static struct log_buffer lines; /* of a turn */
    struct daemon daemon;
    char message[CONFIGURATION_ERROR_BYTES];
    int signal_fd = signals_open();
    int rc;

    if (signal_fd < 0) {
        log_line(LOG_ERROR, "not_started", "reason=\"no signal descriptor\"");
        return EXIT_UNSAFE;
    }
    rc = daemon_open(&daemon, configuration, message);
    if (rc) {
        fprintf(stderr, "exportd: %s\n", message);
        return rc == -ERROR_LOCKED          ? EXIT_LOCKED
               : rc == -ERROR_CONFIGURATION ? EXIT_CONFIGURATION
                                            : EXIT_UNSAFE;
    }
    log_line(LOG_INFO, "ready",
             "version=%s start=%lld sequence=%lld security=%s identities=%zu requests=%s jobs=%s "
             "reports=%s status=%s",
             EXPORTD_VERSION, (long long)store_start_count(daemon.store),
             (long long)store_sequence(daemon.store), daemon.security.identities ? "curve" : "none",
             daemon.security.identities ? identities_count(daemon.security.identities) : 0,
             sockets_endpoint(daemon.sockets, SOCKET_REQUESTS),
             sockets_endpoint(daemon.sockets, SOCKET_JOBS),
             sockets_endpoint(daemon.sockets, SOCKET_REPORTS),
             sockets_endpoint(daemon.sockets, SOCKET_STATUS));
    security_warn(&daemon.security);
    log_collect(&lines);
    rc = serve(&daemon, signal_fd);
    log_collect(NULL);
    if (rc) {
        _exit(EXIT_UNSAFE); /* the store is doubtful: not even its view may be written now */
    }
    rc = daemon_close(&daemon);
    close(signal_fd);
    log_line(rc ? LOG_ERROR : LOG_INFO, "stopped", "code=%s", error_row(rc)->inner_code);
    return rc ? EXIT_UNSAFE : 0;
}

int main(int argc, char **argv)
{
    struct arguments arguments = {0};
    char message[CONFIGURATION_ERROR_BYTES];
    int code;

    (void)crash_line_install("exportd");
    code = parse(argc, argv, &arguments);
    if (code >= 0) {
        return code;
    }
    if (!crypto_memory_install()) {
        fputs("exportd: libcrypto was in use before main\n", stderr);
        return EXIT_UNSAFE;
    }
    protect();
    log_configure("exportd", LOG_INFO);
    if (!arguments.is_check) {
        return run(arguments.configuration);
    }
    if (daemon_check(arguments.configuration, message)) {
        fprintf(stderr, "exportd: %s\n", message);
        return EXIT_CONFIGURATION;
    }
    printf("%s: valid\n", arguments.configuration);
    return 0;
}
