// SPDX-License-Identifier: MIT
#include "tests/simulation/faults.h"

#include <stdbool.h>
#include <stddef.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/client_actor.h"
#include "tests/simulation/clock.h"
#include "tests/simulation/daemon_actor.h"
#include "tests/simulation/disk.h"
#include "tests/simulation/network.h"
#include "tests/simulation/random.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/worker_actor.h"

#define HOUR_MS       3600000
#define TEN_YEARS_MS  315576000000
#define DISK_CALLS    60
#define MESSAGES      20
#define LONGEST_MS    4000
#define DROPPED_MILLE 400

static const int64_t *means;
static int64_t epoch; /* faults of an earlier one do not happen any more */

static void daemon_killed(void)
{
    daemon_actor_kill(false);
}

static void power_cut(void)
{
    daemon_actor_kill(true);
}

static void daemon_dies_at_disk(void)
{
    daemon_actor_next_death(random_chance(500));
    disk_die_at(random_between(1, DISK_CALLS));
}

static void daemon_dies_speaking(void)
{
    daemon_actor_next_death(random_chance(500));
    daemon_actor_silence_at(random_between(1, MESSAGES));
}

static void daemon_stalled(void)
{
    daemon_actor_stall(random_between(1, LONGEST_MS));
}

static void disk_error(void)
{
    disk_fail_at(random_between(1, DISK_CALLS));
}

static void disk_has_space(void *owner, int64_t number)
{
    (void)owner;
    if (number == epoch) {
        disk_fill(false);
    }
}

static void disk_full(void)
{
    disk_fill(true);
    agenda_add(random_between(1, LONGEST_MS), disk_has_space, NULL, epoch);
}

static void disk_not_low(void *owner, int64_t number)
{
    (void)owner;
    if (number == epoch) {
        clock_disk_is_low(false);
    }
}

static void disk_low(void)
{
    clock_disk_is_low(true);
    agenda_add(random_between(1, LONGEST_MS), disk_not_low, NULL, epoch);
}

static void clock_jumps(void)
{
    static const int64_t jumps_ms[] = {HOUR_MS, -HOUR_MS, TEN_YEARS_MS, -TEN_YEARS_MS};

    clock_right();
    if (random_chance(700)) {
        clock_jump_ms(jumps_ms[random_below(4)]);
    }
}

static void worker_stalled(void)
{
    workers_stall_any(random_between(1, 2 * LONGEST_MS));
}

static void link_broken(void)
{
    struct link *link = network_any_link();

    if (link) {
        link_break(link);
    }
}

static void link_is_cut(void)
{
    int64_t for_ms = random_between(1, 2 * LONGEST_MS);
    uint64_t links = random_chance(300) ? 40 : 3;

    for (; links > 0; links--) {
        struct link *link = network_any_link();
        if (link) {
            link_cut(link, for_ms);
        }
    }
}

static void frames_dropped(void)
{
    network_drop(random_chance(500) ? (unsigned)random_below(DROPPED_MILLE) : 0);
}

static const struct {
    const char *name;
    void (*strike)(void);
} faults[FAULT_COUNT] = {
    [FAULT_DAEMON_KILLED] = {"daemon killed", daemon_killed},
    [FAULT_DAEMON_DIES_AT_DISK] = {"daemon will die at a disk call", daemon_dies_at_disk},
    [FAULT_DAEMON_DIES_SPEAKING] = {"daemon will die speaking", daemon_dies_speaking},
    [FAULT_DAEMON_STOPPED] = {"daemon stopped", daemon_actor_stop},
    [FAULT_DAEMON_STALLED] = {"daemon stalled", daemon_stalled},
    [FAULT_POWER_CUT] = {"power cut", power_cut},
    [FAULT_DISK_ERROR] = {"disk will fail", disk_error},
    [FAULT_DISK_FULL] = {"disk full", disk_full},
    [FAULT_DISK_LOW] = {"disk low", disk_low},
    [FAULT_CLOCK_JUMPS] = {"wall clock jumps", clock_jumps},
    [FAULT_WORKER_KILLED] = {"worker killed", workers_kill_any},
    [FAULT_WORKER_STALLED] = {"worker stalled", worker_stalled},
    [FAULT_WORKER_TERMINATED] = {"worker terminated", workers_terminate_any},
    [FAULT_LINK_BROKEN] = {"link broken", link_broken},
    [FAULT_LINK_CUT] = {"links cut", link_is_cut},
    [FAULT_FRAMES_DROPPED] = {"frames dropped", frames_dropped},
    [FAULT_CLIENT_RESTARTED] = {"client restarted", clients_restart_any},
};

/* A task's number holds the epoch above the kind. */
static void strike(void *owner, int64_t number)
{
    int kind = (int)(number % FAULT_COUNT);

    (void)owner;
    if (number / FAULT_COUNT != epoch) {
        return;
    }
    trace_line("fault", "%s", faults[kind].name);
    faults[kind].strike();
    agenda_add(random_between(1, 2 * means[kind]), strike, NULL, number);
}

void faults_start(const int64_t mean_ms[FAULT_COUNT])
{
    means = mean_ms;
    epoch++;
    for (int kind = 0; kind < FAULT_COUNT; kind++) {
        if (means[kind] > 0) {
            agenda_add(random_between(1, 2 * means[kind]), strike, NULL,
                       epoch * FAULT_COUNT + kind);
        }
    }
}

void faults_stop(void)
{
    epoch++;
    trace_line("fault", "no more");
    disk_calm();
    clock_disk_is_low(false);
    network_drop(0);
    network_delay(3);
    daemon_actor_silence_at(0);
    if (random_chance(700)) {
        clock_right();
    }
}
