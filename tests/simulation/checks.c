// SPDX-License-Identifier: MIT
#include "tests/simulation/checks.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/log_reader.h"
#include "tests/simulation/trace.h"

const char *const checks_canaries[] = {"cAnArY", "eyJhbGciOi", NULL};

static const struct checks *const moments[MOMENT_COUNT] = {
    [MOMENT_EVENT] = &checks_event,     [MOMENT_RESTART] = &checks_restart,
    [MOMENT_SAID] = &checks_speech,     [MOMENT_REPLY] = &checks_reply,
    [MOMENT_STATUS] = &checks_status,   [MOMENT_OFFER] = &checks_offer,
    [MOMENT_DECIDED] = &checks_decided, [MOMENT_TURN] = &checks_turn,
    [MOMENT_VIEW] = &checks_view,       [MOMENT_END] = &checks_end,
};

static struct violation violation;
static bool is_violated;
static char detail[sizeof violation.detail];
static const struct daemon *catching_up;

void checks_reset(void)
{
    is_violated = false;
    memset(&violation, 0, sizeof violation);
}

const struct violation *checks_violation(void)
{
    return is_violated ? &violation : NULL;
}

static void note(int number, const char *sentence)
{
    if (!is_violated) {
        is_violated = true;
        violation.number = number;
        violation.sentence = sentence;
        memcpy(violation.detail, detail, sizeof detail);
        trace_line("check", "violation invariant=%d %s (%s)", number, sentence, detail);
    }
}

bool checks_detail(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    return false;
}

void checks_fail(int number, const char *sentence, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(detail, sizeof detail, format, arguments);
    va_end(arguments);
    note(number, sentence);
}

void checks_run(enum moment moment, const struct evidence *evidence)
{
    const struct checks *checks = moments[moment];

    for (size_t i = 0; i < checks->count && !is_violated; i++) {
        detail[0] = '\0';
        if (!checks->rows[i].holds(evidence)) {
            note(checks->rows[i].number, checks->rows[i].sentence);
        }
    }
}

bool checks_has_canary(struct text text)
{
    for (size_t i = 0; checks_canaries[i]; i++) {
        if (text.size_bytes > 0 &&
            memmem(text.data, text.size_bytes, checks_canaries[i], strlen(checks_canaries[i]))) {
            return true;
        }
    }
    return false;
}

void checks_logged(const char *line)
{
    if (checks_has_canary(text_of(line))) {
        checks_fail(7, "a log line holds no name, payload or token", "%s", "");
    }
}

static void take_over(const struct model_event *event)
{
    const struct evidence evidence = {
        .daemon = catching_up, .event = event, .before = model_operation(&event->operation_id)};

    checks_run(MOMENT_EVENT, &evidence);
    if (!is_violated) {
        model_add(event);
    }
}

static bool see_new(const struct model_event *event)
{
    take_over(event);
    return !is_violated;
}

static bool see_again(const struct model_event *event)
{
    const struct model_event *known = model_event(event->sequence);
    const struct evidence evidence = {.event = event, .known = known};

    if (!known) {
        return see_new(event);
    }
    checks_run(MOMENT_RESTART, &evidence);
    return !is_violated;
}

static void read_log(int64_t from, bool (*see)(const struct model_event *event))
{
    if (!log_reader_each(from, see)) {
        checks_fail(9, "every row of the log can be read", "after %lld",
                    (long long)model_sequence());
    }
}

void checks_catch_up(const struct daemon *daemon)
{
    catching_up = daemon;
    read_log(model_sequence() + 1, see_new);
}

static int64_t rows_seen;

static bool count_and_see_again(const struct model_event *event)
{
    rows_seen++;
    return see_again(event);
}

void checks_after_restart(const struct daemon *daemon)
{
    int64_t expected = model_sequence();

    catching_up = daemon;
    rows_seen = 0;
    read_log(1, count_and_see_again);
    if (rows_seen < expected) {
        checks_fail(1, "what was durable is there after a restart",
                    "%lld events were, %lld are left", (long long)expected, (long long)rows_seen);
    }
}
