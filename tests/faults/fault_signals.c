// SPDX-License-Identifier: MIT
/* Whose fault it is that ends a process. Our programs say in a last line where they were, and then
 * raise the signal again (crash_line.c); here a line more says who called what the C library was
 * doing. libzmq's own threads block every signal, and then a process ends without a word: here
 * nobody blocks these. */
#include <execinfo.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "tests/faults/fault_real.h"

#define FRAMES       64
#define MODULE_BYTES 128

/* The first time, it loads a library. */
__attribute__((constructor)) static void prepare(void)
{
    void *frames[1];

    (void)backtrace(frames, 1);
}

static const char *module_of(void *place)
{
    Dl_info information;
    const char *name = dladdr(place, &information) ? information.dli_fname : NULL;
    const char *slash = name ? strrchr(name, '/') : NULL;

    return slash ? slash + 1 : name ? name : "-";
}

static bool is_of(void *place, const char *module)
{
    return strncmp(module_of(place), module, strlen(module)) == 0;
}

/* From the innermost: what is in this file, the handler, the C library which called it, and then
 * where the fault was. */
static const char *blamed(void)
{
    void *frames[FRAMES];
    int count = backtrace(frames, FRAMES);
    int i = 0;

    while (i < count && is_of(frames[i], "libfault"))
        i++;
    const char *handler = i < count ? module_of(frames[i]) : "-";
    while (i < count && is_of(frames[i], handler))
        i++;
    while (i < count - 1 && (is_of(frames[i], "libc.so") || is_of(frames[i], "ld-linux") ||
                             is_of(frames[i], "libfault")))
        i++;
    return i < count ? module_of(frames[i]) : "-";
}

int raise(int number)
{
    char line[MODULE_BYTES] = "event=blamed module=";

    (void)strncat(line, blamed(), sizeof(line) - strlen(line) - 2);
    (void)strncat(line, "\n", 1);
    (void)!write(STDERR_FILENO, line, strlen(line));
    return REAL(raise)(number);
}

int pthread_sigmask(int how, const sigset_t *set, sigset_t *old)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    sigset_t open;

    if (!set || how == SIG_UNBLOCK)
        return REAL(pthread_sigmask)(how, set, old);
    open = *set;
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
        sigdelset(&open, faults[i]);
    return REAL(pthread_sigmask)(how, &open, old);
}
