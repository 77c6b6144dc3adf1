// SPDX-License-Identifier: MIT
#include "tests/simulation/trace.h"

#include <stdarg.h>
#include <stdio.h>

#include "schemas/base/log.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/clock.h"

static bool is_on;
static bool is_digesting;
static uint64_t digest;

void __wrap_log_line(enum log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

void trace_print(bool is_printing)
{
    is_on = is_printing;
}

void trace_count_digest(bool is_counting)
{
    is_digesting = is_counting;
}

void trace_reset(void)
{
    digest = 0xcbf29ce484222325U;
}

uint64_t trace_digest(void)
{
    return digest;
}

static void put(const char *line)
{
    if (is_digesting) {
        for (const char *at = line; *at; at++) {
            digest = (digest ^ (unsigned char)*at) * 0x100000001b3U;
        }
    }
    if (is_on) {
        fputs(line, stdout);
    }
}

static void put_arguments(const char *who, const char *format, va_list arguments)
{
    char text[1024];
    char line[1200];

    vsnprintf(text, sizeof text, format, arguments);
    snprintf(line, sizeof line, "%lld %s %s\n", (long long)clock_now_ms(), who, text);
    put(line);
}

void trace_line(const char *who, const char *format, ...)
{
    va_list arguments;

    if (!is_on && !is_digesting) {
        return;
    }
    va_start(arguments, format);
    put_arguments(who, format, arguments);
    va_end(arguments);
}

/* Lines are looked through for what must not be in them; the clocks of a worker and the daemon are
 * one. */
void __wrap_log_line(enum log_level level, const char *event, const char *format, ...)
{
    char text[1024];
    va_list arguments;

    (void)level;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    checks_logged(text);
    trace_line("log", "%s %s", event, text);
}
