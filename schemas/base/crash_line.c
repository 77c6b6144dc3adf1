// SPDX-License-Identifier: MIT
#include "schemas/base/crash_line.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include "schemas/base/clock.h"

#define STACK_BYTES  32768
#define LINE_BYTES   512
#define MAPS_BYTES   4096
#define MODULE_BYTES 64
#define HEX_DIGITS   16

static const int faults[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
static const char *program_name;
static char stack[STACK_BYTES]; /* of its own: the fault may be that the other one is full */

struct line {
    char bytes[LINE_BYTES];
    size_t used;
};

/* Nothing below may allocate, lock or print: see signal-safety(7). */

static void put(struct line *line, const char *text)
{
    while (*text && line->used < sizeof line->bytes - 1) {
        line->bytes[line->used++] = *text++;
    }
}

static void put_number(struct line *line, uintptr_t number, unsigned base)
{
    char digits[3 * sizeof number + 1];
    size_t at = sizeof digits - 1;

    digits[at] = '\0';
    do {
        digits[--at] = "0123456789abcdef"[number % base];
        number /= base;
    } while (number > 0);
    put(line, digits + at);
}

static uintptr_t place_of(const void *context)
{
#if defined(__x86_64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (uintptr_t)((const ucontext_t *)context)->uc_mcontext.pc;
#else
    (void)context;
    return 0;
#endif
}

static uintptr_t read_hex(const char **at)
{
    uintptr_t number = 0;

    for (int i = 0; i < HEX_DIGITS; i++, ++*at) {
        if (**at >= '0' && **at <= '9') {
            number = number * 16 + (uintptr_t)(**at - '0');
        } else if (**at >= 'a' && **at <= 'f') {
            number = number * 16 + (uintptr_t)(**at - 'a' + 10);
        } else {
            break;
        }
    }
    return number;
}

/* One line of proc(5)'s maps: START-END MODE OFFSET DEVICE INODE PATH. Only the last part of the
 * path is told. */
static bool is_there(const char *map, uintptr_t place, struct line *line)
{
    const char *at = map;
    const char *name = strrchr(map, '/');
    uintptr_t start = read_hex(&at);
    uintptr_t end = *at == '-' ? (at++, read_hex(&at)) : 0;

    if (place < start || place >= end || !name) {
        return false;
    }
    at = strchr(at + 1, ' '); /* behind the mode */
    at = at ? at + 1 : "";
    put(line, " module=");
    put(line, name + 1);
    put(line, " offset=0x");
    put_number(line, place - start + read_hex(&at), 16);
    return true;
}

static void put_module(struct line *line, uintptr_t place)
{
    char map[MAPS_BYTES];
    size_t used = 0;
    bool is_found = false;
    int descriptor = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

    while (descriptor >= 0 && !is_found && read(descriptor, map + used, 1) == 1) {
        if (map[used] != '\n') {
            used = used < sizeof map - 1 ? used + 1 : used;
            continue;
        }
        map[used] = '\0';
        used = 0;
        is_found = is_there(map, place, line);
    }
    if (!is_found) {
        put(line, " module=- offset=0x");
        put_number(line, place, 16);
    }
    if (descriptor >= 0) {
        close(descriptor);
    }
}

static void say(int number, siginfo_t *information, void *context)
{
    struct line line = {.used = 0};
    char time[DATE_TIME_BUFFER];
    int saved_errno = errno;

    (void)information;
    put(&line, "time=");
    put(&line, date_time_format(wall_now(), time));
    put(&line, " level=error program=");
    put(&line, program_name);
    put(&line, " event=crashed signal=");
    put_number(&line, (uintptr_t)number, 10);
    put_module(&line, place_of(context));
    put(&line, " effect=\"what was acknowledged is kept; start again, and see whether memory is "
               "short\"");
    line.bytes[line.used++] = '\n';
    (void)!write(STDERR_FILENO, line.bytes, line.used);
    errno = saved_errno;
    /* It has its default action again, and comes when this returns. */
    (void)raise(number);
}

bool crash_line_install(const char *program)
{
    const stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_sigaction = say,
                               .sa_flags = (int)(SA_SIGINFO | SA_RESETHAND | SA_ONSTACK)};
    struct sigaction present;
    bool is_complete = sigaltstack(&own, NULL) == 0;

    program_name = program;
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        if (sigaction(faults[i], NULL, &present) || present.sa_handler != SIG_DFL ||
            sigaction(faults[i], &action, NULL)) {
            is_complete = false;
        }
    }
    return is_complete;
}
