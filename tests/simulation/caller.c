// SPDX-License-Identifier: MIT
#include "tests/simulation/caller.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "tests/simulation/agenda.h"
#include "tests/simulation/random.h"
#include "tests/simulation/site.h"
#include "tests/simulation/trace.h"

static void receive(void *owner, struct text topic, struct text payload);

void caller_init(struct caller *caller, const char *name, unsigned tenant, unsigned person,
                 caller_heard heard)
{
    int rc;

    *caller = (struct caller){.tenant = tenant, .person = person, .heard = heard};
    caller->tenant_id = *site_tenant_id(tenant);
    snprintf(caller->name, sizeof caller->name, "%s", name);
    rc = wire_input_init(&caller->input);
    assert(rc == 0);
    caller->link = link_open(LINK_REQUESTS, caller, receive);
}

void caller_release(struct caller *caller)
{
    if (caller->link) {
        link_close(caller->link);
        wire_input_release(&caller->input);
        wire_output_release(&caller->request);
        *caller = (struct caller){0};
    }
}

static void send_it(struct caller *caller)
{
    link_send(caller->link,
              (struct text){caller->request.data, (uint32_t)caller->request.size_bytes});
}

/* REQ_RELAXED: the question is asked again, on a new connection now and then. */
static void lose_patience(void *owner, int64_t asked)
{
    struct caller *caller = owner;

    if (!caller->is_waiting || (int64_t)caller->asked != asked) {
        return;
    }
    caller->repeated++;
    trace_line(caller->name, "asks again");
    if (random_chance(300)) {
        link_break(caller->link);
    }
    send_it(caller);
    agenda_add(caller->patience_ms, lose_patience, caller, asked);
}

void caller_ask(struct caller *caller, enum request_kind kind, union any_request *request)
{
    char id[CALLER_ID_BUFFER];

    caller->is_waiting = true;
    caller->kind = kind;
    caller->asked++;
    caller->patience_ms = random_between(300, 1500);
    snprintf(id, sizeof id, "%s-%llu", caller->name, (unsigned long long)caller->asked);
    request->ping.request_id = text_of(id);
    request->ping.has_token = true;
    request->ping.token = text_of(site_token(caller->tenant, caller->person));
    wire_output_clear(&caller->request);
    codec_encode(request_schemas[kind], request, &caller->request);
    assert(caller->request.error == 0);
    trace_line(caller->name, "asks %s", request_schemas[kind]->name);
    send_it(caller);
    agenda_add(caller->patience_ms, lose_patience, caller, (int64_t)caller->asked);
}

void caller_give_up(struct caller *caller)
{
    caller->is_waiting = false;
}

/* An answer to what was asked last, not to an earlier question or to the same one sent twice. */
static bool is_answer(const struct caller *caller, const msgpack_object *reply)
{
    const msgpack_object *request_id = wire_find(reply, "requestId");
    char id[CALLER_ID_BUFFER];

    snprintf(id, sizeof id, "%s-%llu", caller->name, (unsigned long long)caller->asked);
    return caller->is_waiting && request_id && request_id->type == MSGPACK_OBJECT_STR &&
           request_id->via.str.size == strlen(id) &&
           memcmp(request_id->via.str.ptr, id, strlen(id)) == 0;
}

void caller_answered(struct caller *caller, const msgpack_object *reply)
{
    if (caller->answered && is_answer(caller, reply)) {
        caller->answered();
    }
}

static void receive(void *owner, struct text topic, struct text payload)
{
    struct caller *caller = owner;
    struct wire_error error;
    const msgpack_object *status;

    (void)topic;
    if (wire_parse(&caller->input, payload.data, payload.size_bytes, &error) ||
        !is_answer(caller, &caller->input.root)) {
        return;
    }
    status = wire_find(&caller->input.root, "status");
    if (!status) {
        return;
    }
    caller->is_waiting = false;
    trace_line(caller->name, "is answered %llu", (unsigned long long)status->via.u64);
    caller->heard(caller, (int64_t)status->via.u64, &caller->input.root);
}
