// SPDX-License-Identifier: MIT
/* Child processes of a test: started with their output in files, waited for within a bound, and
 * never left behind. A child is killed by the kernel when the thread that started it ends, so start
 * them from the thread that outlives the test, usually main. Processes are addressed by the id that
 * process_start gave, never by name. Functions return 0 or a negative ERROR_x. */
#ifndef TESTS_SUPPORT_PROCESS_H
#define TESTS_SUPPORT_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct process {
    pid_t pid;       /* 0 when there is none, or when it has been waited for */
    int exit_status; /* as of waitpid, once pid is 0 again */
};

/* Everything is borrowed until process_start returns. */
struct process_options {
    const char *const *arguments;   /* the program's path first, NULL last */
    const char *const *environment; /* NAME=value added to ours, NULL last; may be NULL */
    const char *output_path;        /* standard output, appended; NULL leaves it as ours */
    const char *error_path;         /* standard error, likewise */
};

/* A program that cannot be executed ends with exit status 127. */
int process_start(const struct process_options *options, struct process *process);

/* Waits until it ends; -ERROR_TIMEOUT leaves it running. */
int process_wait(struct process *process, int timeout_ms);

/* Signals, waits, and kills what has not ended by then, which is -ERROR_TIMEOUT. */
int process_stop(struct process *process, int signal_number, int timeout_ms);

bool process_is_running(struct process *process);

/* The exit code, or -1 when it was ended by a signal or still runs. */
int process_exit_code(const struct process *process);

/* Kills and waits. Safe on a process that is zeroed, ended or released. */
void process_release(struct process *process);

#endif
