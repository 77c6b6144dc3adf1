// SPDX-License-Identifier: MIT
#include "tests/support/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "schemas/base/errors.h"

extern char **environ;

#define EXIT_NOT_EXECUTED 127

static size_t list_length(char *const *list)
{
    size_t length = 0;
    while (list && list[length]) {
        length++;
    }
    return length;
}

/* The additions first: of two equal names getenv finds the earlier one. */
static char **environment_new(const char *const *additions)
{
    size_t added = list_length((char *const *)additions);
    size_t ours = list_length(environ);
    char **list = calloc(added + ours + 1, sizeof(*list));
    if (!list) {
        return NULL;
    }
    if (added) {
        memcpy(list, additions, added * sizeof(*list));
    }
    memcpy(list + added, environ, ours * sizeof(*list));
    return list;
}

/* In the child: only calls that are safe after fork in a program with threads. */
static void redirect(const char *path, int descriptor)
{
    if (!path) {
        return;
    }
    int file = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (file < 0 || dup2(file, descriptor) < 0) {
        _exit(EXIT_NOT_EXECUTED);
    }
    close(file);
}

static void child_run(const struct process_options *options, char **environment, pid_t parent)
{
    /* The parent may have died between fork and prctl; then nobody would ever stop the child. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) || getppid() != parent) {
        _exit(EXIT_NOT_EXECUTED);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    redirect(options->output_path, STDOUT_FILENO);
    redirect(options->error_path, STDERR_FILENO);
    execve(options->arguments[0], (char *const *)options->arguments, environment);
    _exit(EXIT_NOT_EXECUTED);
}

int process_start(const struct process_options *options, struct process *process)
{
    char **environment = environment_new(options->environment);
    if (!environment) {
        return -ERROR_MEMORY;
    }
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid == 0) {
        child_run(options, environment, parent);
    }
    free(environment);
    if (pid < 0) {
        return -ERROR_IO;
    }
    *process = (struct process){.pid = pid};
    return 0;
}

static int reap(struct process *process)
{
    pid_t pid;
    do {
        pid = waitpid(process->pid, &process->exit_status, 0);
    } while (pid < 0 && errno == EINTR);
    if (pid != process->pid) {
        return -ERROR_IO;
    }
    process->pid = 0;
    return 0;
}

int process_wait(struct process *process, int timeout_ms)
{
    if (!process->pid) {
        return 0;
    }
    int descriptor = (int)syscall(SYS_pidfd_open, process->pid, 0);
    if (descriptor < 0) {
        return -ERROR_IO;
    }
    struct pollfd item = {.fd = descriptor, .events = POLLIN};
    int ready;
    do {
        ready = poll(&item, 1, timeout_ms);
    } while (ready < 0 && errno == EINTR);
    close(descriptor);
    if (ready < 0) {
        return -ERROR_IO;
    }
    return ready ? reap(process) : -ERROR_TIMEOUT;
}

int process_stop(struct process *process, int signal_number, int timeout_ms)
{
    if (!process->pid) {
        return 0;
    }
    if (kill(process->pid, signal_number)) {
        return -ERROR_IO;
    }
    int rc = process_wait(process, timeout_ms);
    if (rc == -ERROR_TIMEOUT) {
        process_release(process);
    }
    return rc;
}

bool process_is_running(struct process *process)
{
    return process->pid && process_wait(process, 0) == -ERROR_TIMEOUT;
}

int process_exit_code(const struct process *process)
{
    if (process->pid || !WIFEXITED(process->exit_status)) {
        return -1;
    }
    return WEXITSTATUS(process->exit_status);
}

void process_release(struct process *process)
{
    if (!process->pid) {
        return;
    }
    kill(process->pid, SIGKILL);
    (void)reap(process);
    process->pid = 0;
}
