// SPDX-License-Identifier: MIT
/* Requests: one handler a type, all behind the same gate (requests.c): decode 400, token 401,
 * permission 403 (of the connection's identity and of the person), then the handler with its 404,
 * 409, 507 or result. */
#ifndef DAEMON_REQUESTS_H
#define DAEMON_REQUESTS_H

#include "daemon/daemon.h"

/* A request that has passed the gate. */
struct call {
    struct daemon *daemon;
    const struct envelope *envelope;
    const union any_request *request;
    enum request_kind kind;
    const struct identity *identity; /* whose connection it came over; NULL without security */
    const struct claims *claims;     /* NULL for a ping without any */
    int64_t retry_after_seconds;     /* set with an error that a limit is the reason of */
    const char *target;              /* set by a handler that fails: the field concerned, or NULL */
};

/* The request's id, token and claims, which every type has first. */
static inline const struct ping_request *call_common(const union any_request *request)
{
    return &request->ping;
}

/* Whether somebody else acts for the person that the claims name. He is one pair of eyes, whoever
 * he acts for. */
static inline bool call_is_by_actor(const struct call *call)
{
    return call->claims->has_actor &&
           !uuid_equal(&call->claims->actor_id, &call->claims->object_id);
}

/* Answers with a reply of the given schema whose request_id and status members the caller has set.
 */
void call_reply(const struct call *call, const struct schema *schema, const void *reply);

/* Handlers return 0 after a reply, or a negative error that the gate answers with. */
typedef int (*call_handler)(struct call *call);

int call_approve_operation(struct call *call);
int call_cancel_operation(struct call *call);
int call_deny_operation(struct call *call);
int call_explain_operation(struct call *call);
int call_export_personal_data(struct call *call);
int call_get_operation(struct call *call);
int call_list_operations(struct call *call);
int call_events_since(struct call *call);
int call_get_pauses(struct call *call);
int call_get_profile(struct call *call);
int call_list_profiles(struct call *call);
int call_get_statistics(struct call *call);
int call_pause_dispatch(struct call *call);
int call_ping(struct call *call);
int call_resume_dispatch(struct call *call);
int call_retry_operation(struct call *call);

/* The receipt of a stored event, which may be of this turn; the text is kept in the buffer. */
int call_receipt(const struct call *call, int64_t sequence, char text[CHAIN_TEXT_BUFFER],
                 struct receipt *receipt);

/* Counts the request once it is known that there is what it is about. 0, or the error of a limit.
 */
int call_count(struct call *call);

/* Counts the request. The stored operation of the caller's tenant, with its result where that is
 * not NULL. -ERROR_NOT_FOUND for anybody else's, too. */
int call_read_operation(struct call *call, const struct uuid *id, struct record *record,
                        struct text *result);

/* An operation as the caller sees it; the texts are borrowed until the store is read again. */
int call_show(struct call *call, const struct record *record, struct text result,
              struct operation *operation);

#endif
