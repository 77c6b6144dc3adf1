// SPDX-License-Identifier: MIT
#include "tests/simulation/daemon_actor.h"

#include <stdio.h>

#include "daemon/daemon.h"
#include "schemas/base/errors.h"
#include "tests/simulation/agenda.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/log_reader.h"
#include "tests/simulation/network.h"
#include "tests/simulation/random.h"
#include "tests/simulation/site.h"
#include "tests/simulation/trace.h"

#define RESTART_MS 800

static struct daemon daemon;
static bool is_running;
static bool is_power_next; /* the next death by itself is a power cut */
static int64_t life;       /* another number for each process */
static int64_t turn_at_ms;
static int64_t turn_number;
static int64_t stalled_until_ms;
static int64_t silence_at;

static void take_turn(void *owner, int64_t number);
static void try_start(void *owner, int64_t number);

static void want_turn(int64_t delay_ms)
{
    if (clock_now_ms() + delay_ms < turn_at_ms) {
        turn_at_ms = clock_now_ms() + delay_ms;
        agenda_add(delay_ms, take_turn, NULL, ++turn_number);
    }
}

static void on_arrival(void)
{
    if (is_running) {
        want_turn(random_between(0, 1));
    }
}

void daemon_actor_wake(void)
{
    if (is_running) {
        want_turn(0);
    }
}

void daemon_actor_reset(void)
{
    is_running = is_power_next = false;
    turn_at_ms = INT64_MAX;
    stalled_until_ms = 0;
    silence_at = 0;
    life++;
    network_on_arrival(on_arrival);
}

/* The process is gone: its memory is given back, but nothing that this does reaches the disk. */
static void bury(bool is_power_cut)
{
    trace_line("daemon", is_power_cut ? "loses power" : "is dead");
    log_reader_detach();
    disk_kill();
    (void)daemon_close(&daemon);
    if (is_power_cut) {
        disk_cut_power();
    }
    disk_revive();
    is_running = false;
    is_power_next = false;
    silence_at = 0;
    turn_at_ms = INT64_MAX;
}

static void start_later(void)
{
    agenda_add(random_between(1, RESTART_MS), try_start, NULL, ++life);
}

void daemon_actor_release(void)
{
    if (is_running) {
        bury(false);
    }
}

/* It may die or be refused while it starts. Without a fault of the disk it must come up. */
static void not_started(int rc, const char *message)
{
    bool has_cause = disk_has_failed() || disk_is_dead();

    trace_line("daemon", "does not start: %s", error_row(rc)->inner_code);
    if (!has_cause) {
        checks_fail(9, "the daemon starts when nothing is wrong with its disk", "%d %.200s", rc,
                    message);
    }
    if (is_power_next) {
        disk_cut_power();
        is_power_next = false;
    }
    disk_revive();
    start_later();
}

static void started(void)
{
    const struct evidence evidence = {.daemon = &daemon};

    is_running = true;
    trace_line("daemon", "starts, life %lld, sequence %lld",
               (long long)store_start_count(daemon.store), (long long)store_sequence(daemon.store));
    log_reader_attach(daemon.store);
    checks_after_restart(&daemon);
    if (!checks_violation()) {
        if (store_waiting(daemon.store) == 0) {
            checks_run(MOMENT_VIEW, &evidence);
        }
        checks_run(MOMENT_TURN, &evidence);
    }
    want_turn(1);
}

static void try_start(void *owner, int64_t number)
{
    char message[CONFIGURATION_ERROR_BYTES] = "";
    int rc;

    (void)owner;
    if (is_running || number != life) {
        return;
    }
    rc = daemon_open(&daemon, site_configuration(), message);
    if (rc) {
        not_started(rc, message);
        return;
    }
    if (disk_is_dead()) {
        bool is_power_cut = is_power_next;
        is_running = true;
        log_reader_attach(daemon.store);
        bury(is_power_cut);
        start_later();
        return;
    }
    started();
}

void daemon_actor_start(void)
{
    try_start(NULL, ++life);
}

const struct daemon *daemon_actor_daemon(void)
{
    return is_running ? &daemon : NULL;
}

bool daemon_actor_is_running(void)
{
    return is_running;
}

bool daemon_actor_is_silent(void)
{
    if (silence_at > 0 && --silence_at == 0) {
        trace_line("daemon", "dies while it speaks");
        disk_kill();
    }
    return disk_is_dead();
}

void daemon_actor_silence_at(int64_t messages)
{
    silence_at = messages;
}

void daemon_actor_next_death(bool is_power_cut)
{
    is_power_next = is_power_cut;
}

void daemon_actor_kill(bool is_power_cut)
{
    if (is_running) {
        bury(is_power_cut);
        start_later();
    }
}

/* As main.c does after a turn that failed: it ends without another word. */
static void ended(int rc)
{
    bool is_dead = disk_is_dead();
    bool has_failed = disk_has_failed();
    bool is_power_cut = is_dead ? is_power_next : has_failed && random_chance(300);

    trace_line("daemon", "ends, %s", error_row(rc)->inner_code);
    if (!is_dead && !has_failed) {
        checks_fail(5, "the daemon goes on when nothing is wrong with its disk", "%s: %s",
                    error_row(rc)->inner_code, store_message(daemon.store));
    }
    bury(is_power_cut);
    start_later();
}

/* As main.c does at SIGTERM. */
void daemon_actor_stop(void)
{
    int rc;

    if (!is_running || stalled_until_ms > clock_now_ms()) {
        return;
    }
    rc = turn_settle(&daemon);
    if (rc || disk_is_dead()) {
        ended(rc ? rc : -ERROR_CANCELLED);
        return;
    }
    log_reader_detach();
    rc = daemon_close(&daemon);
    trace_line("daemon", "stops, %d", rc);
    if (rc && !disk_has_failed() && !disk_is_dead()) {
        checks_fail(1, "the daemon stops cleanly when nothing is wrong with its disk", "%d", rc);
    }
    if (disk_is_dead() && is_power_next) {
        disk_cut_power();
    }
    disk_revive();
    is_running = is_power_next = false;
    silence_at = 0;
    turn_at_ms = INT64_MAX;
    start_later();
}

void daemon_actor_stall(int64_t for_ms)
{
    if (is_running) {
        trace_line("daemon", "stalls for %lld ms", (long long)for_ms);
        stalled_until_ms = clock_now_ms() + for_ms;
    }
}

/* What the daemon knows and what is durable are the same now. */
static void check_turn(void)
{
    const struct evidence evidence = {.daemon = &daemon};

    checks_run(MOMENT_TURN, &evidence);
    if (store_waiting(daemon.store) == 0 && !log_reader_is_in_transaction() && random_chance(50)) {
        checks_run(MOMENT_VIEW, &evidence);
    }
}

static void take_turn(void *owner, int64_t number)
{
    int rc;

    (void)owner;
    if (!is_running || number != turn_number) {
        return;
    }
    turn_at_ms = INT64_MAX;
    if (stalled_until_ms > clock_now_ms()) {
        want_turn(stalled_until_ms - clock_now_ms());
        return;
    }
    rc = turn_run(&daemon);
    if (rc || disk_is_dead()) {
        ended(rc ? rc : -ERROR_CANCELLED);
        return;
    }
    checks_catch_up(&daemon);
    checks_run(MOMENT_DECIDED, &(struct evidence){.daemon = &daemon});
    if (!syncer_is_under_way(daemon.syncer)) {
        check_turn();
    }
    want_turn(turn_timeout_ms(&daemon) > 0 ? turn_timeout_ms(&daemon) : 1);
}
