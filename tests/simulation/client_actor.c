// SPDX-License-Identifier: MIT
#include "tests/simulation/client_actor.h"

#include <assert.h>
#include <stdio.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/client.h"
#include "tests/simulation/random.h"

#define MAXIMUM_CLIENTS 12

static struct client clients[MAXIMUM_CLIENTS];
static size_t count;
static bool is_resting;

void clients_reset(void)
{
    count = 0;
    is_resting = false;
}

void clients_release(void)
{
    for (size_t i = 0; i < count; i++) {
        caller_release(&clients[i].caller);
    }
    count = 0;
}

static void ask(void *owner, int64_t asked)
{
    struct client *client = owner;

    if (!is_resting && !client->caller.is_waiting && (int64_t)client->caller.asked == asked) {
        client_ask(client);
    }
}

static void heard(struct caller *caller, int64_t status, const msgpack_object *reply)
{
    struct client *client = (struct client *)caller;

    client_heard(caller, status, reply);
    if (!caller->is_waiting) {
        agenda_add(random_between(1, client->options.pause_ms), ask, client,
                   (int64_t)caller->asked);
    }
}

void clients_add(const struct client_options *options)
{
    struct client *client = &clients[count];
    char name[16];

    assert(count < MAXIMUM_CLIENTS);
    *client = (struct client){.options = *options};
    snprintf(name, sizeof name, "client%zu", count);
    count++;
    caller_init(&client->caller, name, options->tenant, options->person, heard);
    agenda_add(random_between(1, options->pause_ms), ask, client, 0);
}

void clients_rest(void)
{
    is_resting = true;
}

bool clients_are_waiting(void)
{
    for (size_t i = 0; i < count; i++) {
        if (clients[i].caller.is_waiting) {
            return true;
        }
    }
    return false;
}

void clients_restart_any(void)
{
    struct client *client = &clients[random_below(count)];

    caller_give_up(&client->caller);
    link_break(client->caller.link);
    agenda_add(random_between(1, client->options.pause_ms), ask, client,
               (int64_t)client->caller.asked);
}
