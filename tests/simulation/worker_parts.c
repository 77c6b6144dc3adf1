// SPDX-License-Identifier: MIT
/* In place of slot.c, sweeper.c and ZeroMQ: gathering takes virtual time, its bundle appears in the
 * simulated bundle store, and what a worker sends goes over its link. Everything happens in the
 * one thread. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/bundles.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/random.h"
#include "tests/simulation/site.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/worker_process.h"

/* From a thread's publication to the loop's hearing of its end; a process may be killed between. */
#define END_MS  30
#define STOP_MS 300
/* From the order to remove a file to its being gone. */
#define SWEEP_MS        10
#define SWEEP_FILES     65536
#define SECOND_SWEEP_MS 3000

int zmq_send(void *socket, const void *bytes, size_t size_bytes, int flags);

int zmq_send(void *socket, const void *bytes, size_t size_bytes, int flags)
{
    struct process *process = socket;

    (void)flags;
    return link_send(process->reports, (struct text){bytes, (uint32_t)size_bytes}) ? (int)size_bytes
                                                                                   : -1;
}

static struct gathering *gathering_of(struct slot *slot)
{
    struct process *process = slot->orders;

    return &process->gatherings[slot->number];
}

int slot_start(struct slot *slot, void *context, const struct settings *settings, int number)
{
    slot->settings = settings;
    slot->number = number;
    slot->orders = context;
    gathering_of(slot)->process = context;
    gathering_of(slot)->slot = number;
    return 0;
}

void slot_join(struct slot *slot)
{
    (void)slot;
}

static void finish(void *owner, int64_t number);
static void die(void *owner, int64_t number);

static void end_after(struct slot *slot, int64_t delay_ms)
{
    struct gathering *gathering = gathering_of(slot);

    gathering->ends_ms = clock_now_ms() + delay_ms;
    agenda_add(delay_ms, finish, gathering, ++gathering->number);
}

static bool is_poisonous(const struct job *job)
{
    return process_options.poisonous_user < SITE_USERS &&
           uuid_equal(&job->user_id, site_user_id(0, process_options.poisonous_user)) &&
           uuid_equal(&job->tenant_id, site_tenant_id(0));
}

int slot_give(struct slot *slot, const struct attempt_order *order)
{
    struct process *process = slot->orders;

    atomic_store(&slot->stop, STOP_NONE);
    atomic_store(&slot->progress.rows, 0);
    atomic_store(&slot->progress.bytes, 0);
    atomic_store(&slot->progress.hundredths, 0);
    slot->is_busy = true;
    slot->is_told = false;
    slot->told_hundredths = 0;
    slot->told_bytes = 0;
    slot->job = order->job;
    gathering_of(slot)->began_ms = clock_now_ms();
    trace_line(process->name, "gathers fence %llx", (unsigned long long)order->job.fence);
    end_after(slot, random_between(1, process_options.gathering_ms));
    if (is_poisonous(&order->job)) {
        agenda_add(random_between(0, 20), die, process, process->life);
    }
    return 0;
}

static void die(void *owner, int64_t life)
{
    struct process *process = owner;

    if (process->life == life) {
        process_kill(process);
    }
}

void slot_stop(struct slot *slot, enum stop_reason reason)
{
    bool was_told = atomic_load(&slot->stop) != STOP_NONE;
    int64_t delay_ms = random_between(0, STOP_MS);

    if (!was_told || stop_leaves_nothing((int)reason)) {
        atomic_store(&slot->stop, reason);
    }
    if (!was_told && clock_now_ms() + delay_ms < gathering_of(slot)->ends_ms) {
        end_after(slot, delay_ms);
    }
}

static void failed(struct slot *slot, struct ended *ended, enum failure_code code,
                   bool is_retryable, struct wire_output *output)
{
    const struct failed_report report = {.worker = text_of(slot->settings->name),
                                         .instance = slot->settings->instance,
                                         .operation_id = slot->job.operation_id,
                                         .fence = slot->job.fence,
                                         .code = code,
                                         .retryable = is_retryable};

    ended->end.end.code = code;
    ended->end.end.is_retryable = is_retryable;
    failed_report_encode(&report, output);
}

static void done(struct slot *slot, struct ended *ended, struct wire_output *output)
{
    const struct bundle_identity bundle = {slot->job.tenant_id, slot->job.operation_id,
                                           slot->job.fence};
    char url[BUNDLES_URL_BUFFER];
    char sha256[80];
    struct done_report report = {.worker = text_of(slot->settings->name),
                                 .instance = slot->settings->instance,
                                 .operation_id = slot->job.operation_id,
                                 .fence = slot->job.fence,
                                 .bundle = {.bytes = 1000}};

    snprintf(sha256, sizeof sha256, "%064llx", (unsigned long long)slot->job.fence);
    bundles_publish(&bundle);
    report.storage_location = text_of(bundles_url(&bundle, url));
    report.bundle.sha256 = text_of(sha256);
    ended->end.end.is_done = true;
    ended->end.end.bytes = 1000;
    done_report_encode(&report, output);
}

/* As attempt.c reports it. */
static void run(struct slot *slot, struct ended *ended, struct wire_output *output)
{
    int stop = atomic_load(&slot->stop);

    if (stop == STOP_TIME_LIMIT) {
        failed(slot, ended, FAILURE_CODE_TIME_LIMIT, true, output);
    } else if (stop == STOP_WORKER) {
        failed(slot, ended, FAILURE_CODE_WORKER_STOPPED, true, output);
    } else if (stop != STOP_NONE) {
        return; /* superseded: no file, no report */
    } else if (random_chance(process_options.failing)) {
        failed(slot, ended, FAILURE_CODE_SOURCE_UNAVAILABLE, true, output);
    } else if (random_chance(process_options.hopeless)) {
        failed(slot, ended, FAILURE_CODE_SOURCE_FAILED, false, output);
    } else {
        done(slot, ended, output);
    }
}

static void tell_end(void *owner, int64_t number)
{
    struct gathering *gathering = owner;

    if (gathering->number == number) {
        process_wake(gathering->process, 0);
    }
}

/* A stalled process gathers nothing. */
static void finish(void *owner, int64_t number)
{
    struct gathering *gathering = owner;
    struct process *process = gathering->process;
    struct wire_output output = WIRE_OUTPUT_INIT;
    struct slot *slot;
    struct ended *ended;

    if (gathering->number != number) {
        return;
    }
    if (process->stalled_until_ms > clock_now_ms()) {
        agenda_add(process->stalled_until_ms - clock_now_ms(), finish, gathering, number);
        return;
    }
    slot = &process->worker.slots[gathering->slot];
    ended = &process->ended[process->ended_count++];
    assert(process->ended_count <= PROCESS_SLOTS);
    memset(ended, 0, sizeof *ended);
    ended->end.number = slot->number;
    run(slot, ended, &output);
    ended->report = output.data;
    ended->report_bytes = output.size_bytes;
    trace_line(process->name, "ends fence %llx, %zu bytes", (unsigned long long)slot->job.fence,
               output.size_bytes);
    agenda_add(random_between(0, END_MS), tell_end, gathering, number);
}

static void sweep(void *owner, int64_t life);
static void obey(void *owner, int64_t number);

int sweeper_start(struct sweeper *sweeper, void *context, const char *directory,
                  int64_t interval_ms)
{
    struct process *process = context;

    sweeper->orders = context;
    sweeper->directory = directory;
    sweeper->interval_ms = interval_ms;
    agenda_add(0, sweep, process, process->life);
    agenda_add(SECOND_SWEEP_MS, sweep, process, process->life);
    return 0;
}

/* One of the first two, or one of the many after them. */
static void sweep(void *owner, int64_t life)
{
    struct process *process = owner;
    const struct bundle_file *file;

    if (process->life != life) {
        return;
    }
    process->found_count = 0;
    for (size_t i = 0; (file = bundles_file(i)) && process->found_count < PROCESS_FOUND; i++) {
        if (file->is_marked) {
            process->found[process->found_count++] = file->identity;
        }
    }
    process_wake(process, random_between(0, 1));
    if (clock_now_ms() >= process->began_ms + SECOND_SWEEP_MS) {
        agenda_add(process->settings.sweep_interval_ms, sweep, process, life);
    }
}

bool sweeper_found(struct sweeper *sweeper, struct bundle_identity *bundle)
{
    struct process *process = sweeper->orders;

    if (process->found_count == 0) {
        return false;
    }
    *bundle = process->found[--process->found_count];
    return true;
}

/* A task's number says which process, which file, and what is to be done with it. */
static void give(struct sweeper *sweeper, const struct bundle_identity *bundle, bool is_removal)
{
    struct process *process = sweeper->orders;
    const struct bundle_file *file;

    for (int64_t i = 0; (file = bundles_file((size_t)i)); i++) {
        if (identity_equal(&file->identity, bundle)) {
            agenda_add(random_between(0, SWEEP_MS), obey, process,
                       (process->life * SWEEP_FILES + i) * 2 + is_removal);
        }
    }
}

/* What a killed process was about to do is not done. */
static void obey(void *owner, int64_t number)
{
    struct process *process = owner;
    const struct bundle_file *file = bundles_file((size_t)(number / 2 % SWEEP_FILES));

    if (!process->is_running || process->life != number / 2 / SWEEP_FILES) {
        return;
    }
    trace_line(process->name, "%s fence %llx", number % 2 ? "removes" : "keeps",
               (unsigned long long)file->identity.fence);
    if (number % 2) {
        bundles_remove(&file->identity);
    } else {
        bundles_keep(&file->identity);
    }
}

void sweeper_keep(struct sweeper *sweeper, const struct bundle_identity *bundle)
{
    give(sweeper, bundle, false);
}

void sweeper_remove(struct sweeper *sweeper, const struct bundle_identity *bundle)
{
    give(sweeper, bundle, true);
}

void sweeper_join(struct sweeper *sweeper)
{
    (void)sweeper;
}
