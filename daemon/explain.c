// SPDX-License-Identifier: MIT
/* explainOperation: what an operation is waiting for, in sentences. Nothing in them tells one
 * tenant about another. */
#include <stdarg.h>
#include <stdio.h>

#include "daemon/requests.h"
#include "daemon/show.h"
#include "schemas/base/errors.h"

#define SENTENCE_BYTES 256
#define AHEAD_LIMIT    1000

struct explanation {
    struct daemon *daemon;
    const struct record *record;
    const struct attempt *attempt; /* or NULL */
    struct wire_output *sentences;
    uint32_t count;
};

__attribute__((format(printf, 2, 3))) static void say(struct explanation *explanation,
                                                      const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    wire_text(explanation->sentences, text_of(sentence));
    explanation->count++;
}

static int say_place(struct explanation *explanation)
{
    const struct record *record = explanation->record;
    int64_t ahead = 0;
    int rc = store_ahead(explanation->daemon->store, &record->tenant_id, &record->id, AHEAD_LIMIT,
                         &ahead);

    if (rc) {
        return rc;
    }
    if (ahead == 0) {
        say(explanation, "It is the next of its tenant.");
    } else {
        say(explanation, "%s%lld older operation%s of its tenant go%s first.",
            ahead == AHEAD_LIMIT ? "At least " : "", (long long)ahead, ahead == 1 ? "" : "s",
            ahead == 1 ? "es" : "");
    }
    return 0;
}

/* What keeps a queued operation from being offered, the most lasting reason first. */
static int explain_queued(struct explanation *explanation)
{
    const struct engine *engine = &explanation->daemon->engine;
    const struct record *record = explanation->record;
    struct queue_standing standing = queue_standing(&engine->queue, &record->tenant_id);

    if (explanation->attempt) {
        say(explanation,
            "It is being offered to a worker; one must take it within %lld ms, or it "
            "is offered again.",
            (long long)engine->options.offer_timeout_ms);
        return 0;
    }
    say(explanation, "It is queued and has not started.");
    if (standing.is_paused) {
        say(explanation, "An operator has paused %s; it waits until that is resumed.",
            engine->queue.is_paused ? "all dispatch" : "its tenant");
    }
    if (engine->pool.workers.count == 0) {
        say(explanation, "No worker is connected.");
    } else if (engine->pool.slots == 0) {
        say(explanation, "Every worker that is connected is stopping.");
    }
    if (standing.maximum_running > 0 && standing.running >= standing.maximum_running) {
        say(explanation, "Its tenant has %lld operations running, which is as many as it may.",
            (long long)standing.running);
    } else if (!standing.is_paused && engine->pool.slots > 0) {
        say(explanation, "It waits for a free slot of a worker; tenants take turns.");
    }
    return say_place(explanation);
}

static int explain_gathering(struct explanation *explanation)
{
    const struct engine *engine = &explanation->daemon->engine;
    const struct attempt *attempt = explanation->attempt;
    const struct worker *worker;

    say(explanation, "Attempt %lld is gathering the data.",
        (long long)explanation->record->attempt);
    if (!attempt) {
        return 0;
    }
    worker = pool_find(&engine->pool, &attempt->instance);
    if (worker) {
        say(explanation, "It is at %.1f %%, at worker %s: %lld rows, %lld bytes.",
            attempt->progress, worker->name, (long long)attempt->rows, (long long)attempt->bytes);
    } else {
        say(explanation, "Its worker has not been heard of since the service started or the "
                         "connection broke.");
    }
    say(explanation,
        "If the worker stays silent for %lld ms, or takes longer than %lld minutes, the attempt "
        "is given up.",
        (long long)engine->options.lease_ms, (long long)engine->options.attempt_timeout_ms / 60000);
    return 0;
}

static int explain_awaiting(struct explanation *explanation)
{
    char person[UUID_TEXT_BUFFER];

    say(explanation,
        "It awaits the approval of an approver of its tenant, who must be somebody else than %s, "
        "who requested it.",
        uuid_format(&explanation->record->requested_by, person));
    say(explanation, "exportctl approve or exportctl deny decides; until then it is not queued.");
    return 0;
}

static int explain_retry_wait(struct explanation *explanation)
{
    char ready[DATE_TIME_BUFFER];

    say(explanation, "Attempt %lld failed; the next one waits until %s.",
        (long long)explanation->record->attempt,
        date_time_format(explanation->record->ready, ready));
    return 0;
}

static int explain_done(struct explanation *explanation)
{
    char completed[DATE_TIME_BUFFER];

    say(explanation, "It is complete since %s; the bundle is at its storageLocation.",
        date_time_format(explanation->record->completed, completed));
    return 0;
}

static int explain_failed(struct explanation *explanation)
{
    const struct record *record = explanation->record;
    char completed[DATE_TIME_BUFFER];
    char person[UUID_TEXT_BUFFER];

    say(explanation, "It has failed, on %s, after %lld attempt%s.",
        date_time_format(record->completed, completed), (long long)record->attempt,
        record->attempt == 1 ? "" : "s");
    if (record->has_cancelled_by) {
        say(explanation, "It was cancelled by %s.", uuid_format(&record->cancelled_by, person));
    }
    return 0;
}

static int (*const by_stage[OPERATION_STAGE_COUNT])(struct explanation *) = {
    [OPERATION_STAGE_AWAITING_APPROVAL] = explain_awaiting,
    [OPERATION_STAGE_QUEUED] = explain_queued,
    [OPERATION_STAGE_GATHERING] = explain_gathering,
    [OPERATION_STAGE_RETRY_WAIT] = explain_retry_wait,
    [OPERATION_STAGE_DONE] = explain_done,
    [OPERATION_STAGE_FAILED] = explain_failed,
};

static void explain_history(struct explanation *explanation)
{
    const struct record *record = explanation->record;
    const struct engine_options *options = &explanation->daemon->engine.options;
    char text[DATE_TIME_BUFFER];
    char person[UUID_TEXT_BUFFER];

    if (record->has_failure) {
        say(explanation, "%s: %s (%s)",
            record->stage == OPERATION_STAGE_FAILED ? "Why" : "Why the last attempt ended",
            show_failure(record->failure), failure_code_name(record->failure));
    }
    if (record->has_decided_by) {
        say(explanation, "%s by %s on %s.",
            record->has_failure && record->failure == FAILURE_CODE_DENIED ? "It was denied"
                                                                          : "It was approved",
            uuid_format(&record->decided_by, person), date_time_format(record->decided, text));
    }
    if (!record_is_terminal(record) && record->failed_attempts + record->lost_attempts > 0) {
        say(explanation,
            "Of %lld attempts that may fail, %lld did; of %lld that may be lost with "
            "their worker, %lld were.",
            (long long)options->maximum_attempts, (long long)record->failed_attempts,
            (long long)options->maximum_lost_attempts, (long long)record->lost_attempts);
    }
    if (record->overdue.ms != 0) {
        say(explanation, "It was due on %s and is overdue.", date_time_format(record->due, text));
    } else if (!record_is_terminal(record)) {
        say(explanation, "It is due on %s.", date_time_format(record->due, text));
    }
    if (record->stage == OPERATION_STAGE_FAILED) {
        say(explanation, "retryOperation (exportctl retry) makes a new operation of it.");
    }
}

int call_explain_operation(struct call *call)
{
    struct daemon *daemon = call->daemon;
    struct explain_operation_reply reply = {
        .has_request_id = true,
        .request_id = call_common(call->request)->request_id,
        .status = 200,
        .has_operation = true,
        .has_explanation = true,
    };
    struct explanation explanation = {.daemon = daemon, .sentences = &daemon->scratch};
    struct record record;
    struct text result;
    int rc =
        call_read_operation(call, &call->request->explain_operation.operation_id, &record, &result);

    if (rc) {
        return rc;
    }
    explanation.record = &record;
    explanation.attempt = engine_attempt(&daemon->engine, &record.id);
    wire_output_clear(&daemon->scratch);
    rc = by_stage[record.stage](&explanation);
    if (!rc) {
        explain_history(&explanation);
        rc = call_show(call, &record, result, &reply.operation);
    }
    if (rc) {
        return rc;
    }
    reply.explanation = (struct wire_list){.encoded = daemon->scratch.data,
                                           .encoded_bytes = daemon->scratch.size_bytes,
                                           .count = explanation.count};
    call_reply(call, &explain_operation_reply_schema, &reply);
    return 0;
}
