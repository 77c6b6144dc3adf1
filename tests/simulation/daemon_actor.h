// SPDX-License-Identifier: MIT
/* The daemon's process: the real one but for its main.c. It ends and begins again as its fate and
 * the disk's have it. One thread. */
#ifndef TESTS_SIMULATION_DAEMON_ACTOR_H
#define TESTS_SIMULATION_DAEMON_ACTOR_H

#include <stdbool.h>
#include <stdint.h>

struct daemon;

void daemon_actor_reset(void);
void daemon_actor_release(void); /* ends what runs, saying and storing nothing */

/* Starts it; again and again until the disk lets it. */
void daemon_actor_start(void);

/* NULL when it does not run. */
const struct daemon *daemon_actor_daemon(void);
bool daemon_actor_is_running(void);

/* Once the process is dead in the middle of a turn, nothing leaves it. Counts what leaves. */
bool daemon_actor_is_silent(void);

/* How it can end, beside by what the disk does (disk.h). Without power, what was not synchronized
 * may be gone. It begins again by itself, after a time. */
void daemon_actor_kill(bool is_power_cut);
void daemon_actor_stop(void);
void daemon_actor_stall(int64_t for_ms);
void daemon_actor_silence_at(int64_t messages); /* dies as the n-th message from now would leave */

/* Whether the next death that comes by itself is a power cut. */
void daemon_actor_next_death(bool is_power_cut);

/* A sync is over: the daemon takes a turn. */
void daemon_actor_wake(void);

#endif
