/* SPDX-License-Identifier: MIT */
/* libexportclient: everything that exportd's request and status sockets offer, for C and C++.
 *
 *     struct exportd_client *client;
 *     struct exportd_accepted accepted;
 *     struct exportd_error error;
 *     struct exportd_options options = {.token_file = "/run/backend/token"};
 *
 *     if (exportd_open(&client, &options, &error) != EXPORTD_OK)
 *         fail(error.message);
 *     if (exportd_export(client, user_id, NULL, &accepted, &error) == EXPORTD_OK)
 *         remember(accepted.operation.id);
 *     exportd_close(&client);
 * Threads: a client, and every watch made from it, belongs to one thread at a time. Open one client
 * a thread; they share nothing. Do not use a client in a child after fork().
 *
 * Results: every call returns EXPORTD_OK (0) or a negative enum exportd_result. Results are written
 * only on success, into plain structs that the caller owns and that hold no pointers; pages, the
 * one exception, own an array and are released with their …_release function. Texts are UTF-8, NUL
 * terminated, and empty when the service gave none; they come from the service's data, so do not
 * print them to a terminal unescaped. Date-times are RFC 3339 in UTC. An error may be NULL.
 *
 * Lost messages: a request without an answer is sent again, the same bytes under the same request
 * id, every timeout_ms until deadline_ms have passed. Reading twice is harmless, an export always
 * carries an idempotency key, so it stays one operation however often it is sent, and to cancel,
 * retry, pause or resume twice is to do it once. An answer that says "busy" (503, or 429 with a
 * time to wait) is repeated likewise. */
#ifndef EXPORTCLIENT_H
#define EXPORTCLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef EXPORTD_API
#if defined(__GNUC__)
#define EXPORTD_API __attribute__((visibility("default")))
#else
#define EXPORTD_API
#endif
#endif

enum exportd_result {
    EXPORTD_OK = 0,
    EXPORTD_ERROR_ARGUMENT = -1,     /* an argument is missing or malformed; nothing was sent */
    EXPORTD_ERROR_MEMORY = -2,       /* out of memory */
    EXPORTD_ERROR_SYSTEM = -3,       /* the operating system refused a socket or a random number */
    EXPORTD_ERROR_TOKEN = -4,        /* the token file cannot be used; nothing was sent */
    EXPORTD_ERROR_TIMEOUT = -5,      /* no answer; the request may have been carried out */
    EXPORTD_ERROR_REPLY = -6,        /* an answer that this library does not understand */
    EXPORTD_ERROR_REFUSED = -7,      /* 400 and every other 4xx that has no row of its own */
    EXPORTD_ERROR_UNAUTHORIZED = -8, /* 401: no token, or one that is not accepted */
    EXPORTD_ERROR_FORBIDDEN = -9,    /* 403: the token or the person does not permit it */
    EXPORTD_ERROR_NOT_FOUND = -10,   /* 404: no such profile or operation in the caller's tenant */
    EXPORTD_ERROR_CONFLICT = -11,    /* 409: it contradicts what is there; inner_code says what */
    EXPORTD_ERROR_LIMITED = -12,     /* 429: too many requests */
    EXPORTD_ERROR_UNAVAILABLE = -13, /* 503, 504, 507: the service cannot do it now */
    EXPORTD_ERROR_SERVICE = -14,     /* every other 5xx */
    EXPORTD_ERROR_INTERRUPTED = -15, /* exportd_watch_next only: a signal arrived */
    EXPORTD_ERROR_CERTIFICATE = -16, /* a certificate cannot be used; nothing was sent */
    EXPORTD_ERROR_DENIED = -17,      /* the service does not let this key connect */
};

EXPORTD_API const char *exportd_result_text(int result); /* a sentence for any number; static */
/* Of texts, with their NUL. */
#define EXPORTD_ID_BYTES         37 /* a UUID */
#define EXPORTD_DATE_TIME_BYTES  32
#define EXPORTD_WORD_BYTES       65  /* a word of one of the service's lists */
#define EXPORTD_KEY_BYTES        129 /* an idempotency key */
#define EXPORTD_NEXT_BYTES       257 /* a next-page value */
#define EXPORTD_URL_BYTES        2049
#define EXPORTD_MESSAGE_BYTES    2049
#define EXPORTD_NAME_BYTES       1281 /* a user principal name or a display name */
#define EXPORTD_TARGET_BYTES     1025 /* a field's path, or a file's */
#define EXPORTD_EVENT_JSON_BYTES 2048
#define EXPORTD_SENTENCE_BYTES   1025
#define EXPORTD_SOURCES          32
#define EXPORTD_SENTENCES        12
#define EXPORTD_PAUSED_TENANTS   256

struct exportd_error {
    int result;                          /* what the call returned */
    int status;                          /* HTTP number of the answer; 0 when there was none */
    char code[EXPORTD_WORD_BYTES];       /* as "notFound" */
    char inner_code[EXPORTD_WORD_BYTES]; /* the precise reason; branch on this where you know it */
    char message[EXPORTD_MESSAGE_BYTES]; /* for developers; never to branch on */
    int64_t retry_after_seconds;         /* when to ask again; 0 when the service did not say */
    char target[EXPORTD_TARGET_BYTES];   /* the field or argument concerned */
    char request_id[EXPORTD_WORD_BYTES]; /* to find the request in the service's log */
    char operation_id[EXPORTD_ID_BYTES]; /* from watches: the operation concerned */
};

struct exportd_options {
    const char *requests_endpoint; /* NULL: tcp://127.0.0.1:5570 */
    const char *status_endpoint;   /* NULL: tcp://127.0.0.1:5573; used by watches only */
    const char *token;             /* an access token; NULL: none, or token_file */
    const char *token_file; /* read at each request; neither group nor others may write to it */
    int timeout_ms;         /* how long one try waits for its answer; 0: 2000 */
    int deadline_ms;        /* how long a call may take with all its tries; 0: 10000 */
    int idle_ms;            /* watches read an operation that was silent for so long; 0: 5000 */
    /* CURVE. Without these only loopback addresses in digits and ipc:// paths can be used. */
    const char *certificate;        /* ours, secret: NAME.key_secret of exportctl keygen */
    const char *server_certificate; /* the service's: NAME.key */
    const char *server_key;         /* or its key alone, 40 characters of Z85 */
};
struct exportd_client;

/* Copies the options; NULL, and every member that is 0, stands for the default. Connects in the
 * background: a service that is not there shows in the first call, not here. Closing is at once,
 * sets *client to NULL, and NULL is fine; close its watches before. */
EXPORTD_API int exportd_open(struct exportd_client **client, const struct exportd_options *options,
                             struct exportd_error *error);
EXPORTD_API void exportd_close(struct exportd_client **client);

/* The answer of the last successful call as JSON, whole (member NULL) or one member of it, as
 * "operation", or item number index of a page; NULL when there is none. Borrowed until the next
 * call with the client. */
EXPORTD_API const char *exportd_reply_json(struct exportd_client *client, const char *member);
EXPORTD_API const char *exportd_reply_item_json(struct exportd_client *client, size_t index);
EXPORTD_API const char *exportd_version(void);

enum exportd_status {
    EXPORTD_STATUS_ANY = 0, /* in queries only */
    EXPORTD_STATUS_NOT_STARTED,
    EXPORTD_STATUS_RUNNING,
    EXPORTD_STATUS_COMPLETE,
    EXPORTD_STATUS_FAILED,
};

/* The word of the API, as "notStarted", or "" for ANY; static. ANY for words that are none. */
EXPORTD_API const char *exportd_status_name(enum exportd_status status);
EXPORTD_API enum exportd_status exportd_status_of(const char *name);
/* Complete and failed never change again. */
EXPORTD_API bool exportd_status_is_final(enum exportd_status status);

struct exportd_source {
    char name[EXPORTD_WORD_BYTES];
    char state[EXPORTD_WORD_BYTES];  /* complete, empty, skipped, failed, truncated */
    char reason[EXPORTD_WORD_BYTES]; /* "none" when complete or empty */
    int64_t rows;
    int64_t files;
    int64_t bytes;
};

struct exportd_operation {
    char id[EXPORTD_ID_BYTES];
    char user_id[EXPORTD_ID_BYTES];
    enum exportd_status status;
    double progress; /* 0 to 100 */
    char submitted_date_time[EXPORTD_DATE_TIME_BYTES];
    char completed_date_time[EXPORTD_DATE_TIME_BYTES];
    char storage_location[EXPORTD_URL_BYTES];
    char stage[EXPORTD_WORD_BYTES]; /* a word of operationStage.yaml, as "queued" */
    int64_t attempt;
    int64_t lost_attempts; /* how many of them ended because their worker fell silent */
    char failure_code[EXPORTD_WORD_BYTES]; /* empty when nothing failed; "denied" is one */
    char failure_message[EXPORTD_MESSAGE_BYTES];
    bool failure_is_retryable;
    char approval[EXPORTD_WORD_BYTES]; /* automatic, or manual: somebody had or has to approve */
    char requested_by[EXPORTD_ID_BYTES];
    char due_date_time[EXPORTD_DATE_TIME_BYTES];
    bool overdue; /* the due time passed before it ended */
    char expiration_date_time[EXPORTD_DATE_TIME_BYTES];
    int64_t sequence; /* of its last stored event, in the service */
    int64_t revision; /* how many changes it has had */
    size_t source_count;
    struct exportd_source sources[EXPORTD_SOURCES];
    char bundle_sha256[EXPORTD_WORD_BYTES]; /* empty until complete */
    int64_t bundle_bytes;
    char retry_of[EXPORTD_ID_BYTES];     /* the failed operation that it retries; or empty */
    char cancelled_by[EXPORTD_ID_BYTES]; /* object id of who cancelled it; or empty */
    char decided_by[EXPORTD_ID_BYTES];   /* object id of who approved or denied it; or empty */
    char decided_date_time[EXPORTD_DATE_TIME_BYTES];
    char decision_reason[EXPORTD_MESSAGE_BYTES]; /* empty when none was given */
};

struct exportd_accepted {
    struct exportd_operation operation;
    char location[EXPORTD_URL_BYTES];
    int64_t retry_after_seconds;
    char idempotency_key[EXPORTD_KEY_BYTES]; /* the one given, or the one made; of exports only */
    int64_t receipt_sequence; /* the receipt, for exportctl audit verify: 0 when there is none; */
    char receipt_head[EXPORTD_WORD_BYTES]; /* the same again for the same key */
};

/* A key of 128 random bits. To repeat an export after a crash, store its key before sending. */
EXPORTD_API int exportd_make_key(char key[EXPORTD_KEY_BYTES]);

/* Asks for an export of all personal data of the profile user_id. On success the operation is
 * durable. idempotency_key: 1 to 128 printable characters, or NULL for one made here. */
EXPORTD_API int exportd_export(struct exportd_client *client, const char *user_id,
                               const char *idempotency_key, struct exportd_accepted *accepted,
                               struct exportd_error *error);

EXPORTD_API int exportd_get(struct exportd_client *client, const char *operation_id,
                            struct exportd_operation *operation, struct exportd_error *error);

/* Ends an operation for good, as failed with the code "cancelled". For its requester and approvers
 * of the tenant, else FORBIDDEN with "notRequester". Again is fine; CONFLICT if it has ended. */
EXPORTD_API int exportd_cancel(struct exportd_client *client, const char *operation_id,
                               struct exportd_operation *operation, struct exportd_error *error);

/* Lets an operation that awaits approval be queued, or ends it as failed with the code "denied".
 * For approvers of its tenant: FORBIDDEN with "scopeMissing", or "ownRequest" for who requested it.
 * reason: up to 512 characters; NULL for none, if it is approved. Again is fine; CONFLICT with
 * "operationDecided" or "operationNotAwaiting" when there is nothing to decide any more. */
EXPORTD_API int exportd_approve(struct exportd_client *client, const char *operation_id,
                                const char *reason, struct exportd_operation *operation,
                                struct exportd_error *error);
EXPORTD_API int exportd_deny(struct exportd_client *client, const char *operation_id,
                             const char *reason, struct exportd_operation *operation,
                             struct exportd_error *error);

/* Makes a new operation for the profile of a failed one, which stays as it is. Again gives the
 * same: to try once more, retry that. CONFLICT with "operationNotFailed" when it has not failed. */
EXPORTD_API int exportd_retry(struct exportd_client *client, const char *operation_id,
                              struct exportd_accepted *accepted, struct exportd_error *error);

struct exportd_explanation {
    struct exportd_operation operation;
    size_t sentence_count; /* the most important first; for people, never to branch on */
    char sentences[EXPORTD_SENTENCES][EXPORTD_SENTENCE_BYTES];
};

/* Says what an operation is waiting for, or how it ended. */
EXPORTD_API int exportd_explain(struct exportd_client *client, const char *operation_id,
                                struct exportd_explanation *explanation,
                                struct exportd_error *error);

struct exportd_operation_query {
    enum exportd_status status; /* ANY: all */
    const char *user_id;        /* NULL: all */
    int top;                    /* how many at the most, 1 to 100; 0: the service's default */
    const char *next;           /* of the page before; NULL or "": the first page */
    const char *stage;          /* a word as "awaitingApproval"; NULL: all */
}; /* may be NULL as a whole; a page may be empty and yet have a next one */

struct exportd_operation_page {
    size_t count;
    struct exportd_operation *items; /* newest first */
    int64_t sequence;                /* the page is true at this sequence */
    char next[EXPORTD_NEXT_BYTES];   /* empty on the last page */
};

EXPORTD_API int exportd_list(struct exportd_client *client,
                             const struct exportd_operation_query *query,
                             struct exportd_operation_page *page, struct exportd_error *error);
EXPORTD_API void exportd_operation_page_release(struct exportd_operation_page *page);

struct exportd_profile {
    char user_id[EXPORTD_ID_BYTES];
    char user_principal_name[EXPORTD_NAME_BYTES];
    char display_name[EXPORTD_NAME_BYTES];
    char home_tenant_id[EXPORTD_ID_BYTES];
};

struct exportd_profile_page {
    size_t count;
    struct exportd_profile *items;
    char next[EXPORTD_NEXT_BYTES]; /* empty on the last page */
};

EXPORTD_API int exportd_get_profile(struct exportd_client *client, const char *user_id,
                                    struct exportd_profile *profile, struct exportd_error *error);

/* top: 1 to 100, or 0 for the service's default; next: as for exportd_list. */
EXPORTD_API int exportd_list_profiles(struct exportd_client *client, int top, const char *next,
                                      struct exportd_profile_page *page,
                                      struct exportd_error *error);
EXPORTD_API void exportd_profile_page_release(struct exportd_profile_page *page);

struct exportd_event {
    int64_t sequence; /* of the change, in the service; progress ticks repeat the last change's */
    char operation_id[EXPORTD_ID_BYTES];
    char tenant_id[EXPORTD_ID_BYTES]; /* empty in a snapshot that a watch read itself */
    int64_t revision;
    char kind[EXPORTD_WORD_BYTES]; /* a word of eventKind.yaml, as "started" */
    enum exportd_status status;
    char stage[EXPORTD_WORD_BYTES];
    double progress;
    int64_t attempt;
    char date_time[EXPORTD_DATE_TIME_BYTES];
    char failure_code[EXPORTD_WORD_BYTES];
    int64_t rows;  /* gathered so far, -1 when not said */
    int64_t bytes; /* likewise */
};

/* As JSON in the shape of event.yaml; "" for one that is not this library's. Returns the buffer. */
EXPORTD_API const char *exportd_event_json(const struct exportd_event *event,
                                           char buffer[EXPORTD_EVENT_JSON_BYTES]);

struct exportd_event_page {
    size_t count;
    struct exportd_event *items; /* oldest first */
    int64_t sequence;            /* ask with this one next */
    bool more;                   /* there may be more already */
};

/* Stored events of the caller's tenant; operation_id NULL: of all operations; top: 0 to 500. */
EXPORTD_API int exportd_events_since(struct exportd_client *client, int64_t sequence,
                                     const char *operation_id, int top,
                                     struct exportd_event_page *page, struct exportd_error *error);
EXPORTD_API void exportd_event_page_release(struct exportd_event_page *page);

struct exportd_statistics {
    int64_t awaiting_approval;
    int64_t queued;
    int64_t gathering;
    int64_t retry_wait;
    int64_t complete;
    int64_t failed;
    int64_t overdue; /* due and not ended */
    bool paused;     /* the caller's tenant, or everybody */
    int64_t workers;
    int64_t slots;
    int64_t sequence;
    int64_t uptime_seconds;
    char version[EXPORTD_KEY_BYTES];
};

EXPORTD_API int exportd_get_statistics(struct exportd_client *client,
                                       struct exportd_statistics *statistics,
                                       struct exportd_error *error);

/* For whom nothing is offered to workers. What is being gathered goes on, requests are accepted,
 * and a pause outlives a restart. For operators, whom the service's configuration names, else
 * FORBIDDEN with "operatorNeeded". */
struct exportd_pauses {
    bool everything;
    size_t tenant_count; /* tenants that are paused by themselves */
    char tenants[EXPORTD_PAUSED_TENANTS][EXPORTD_ID_BYTES];
};

/* tenant_id NULL: everything. *pauses is what is paused after it. CONFLICT with "tooManyPauses"
 * when no further tenant can be. Resuming everything leaves the pauses of single tenants as they
 * are, and what is not paused can be resumed. */
EXPORTD_API int exportd_pause(struct exportd_client *client, const char *tenant_id,
                              struct exportd_pauses *pauses, struct exportd_error *error);
EXPORTD_API int exportd_resume(struct exportd_client *client, const char *tenant_id,
                               struct exportd_pauses *pauses, struct exportd_error *error);
EXPORTD_API int exportd_get_pauses(struct exportd_client *client, struct exportd_pauses *pauses,
                                   struct exportd_error *error);

struct exportd_pong {
    char version[EXPORTD_KEY_BYTES];
    char date_time[EXPORTD_DATE_TIME_BYTES];
};

/* Needs no token. */
EXPORTD_API int exportd_ping(struct exportd_client *client, struct exportd_pong *pong,
                             struct exportd_error *error);

/* Watching: one operation for a caller that waits, or thousands for a dashboard.
 *
 * A watch subscribes to the operations' status events and then reads each operation once, so
 * nothing falls between. Events may be lost, doubled or out of order on their way; what is
 * delivered is in order, each change once, and progress within an attempt never goes back. A gap is
 * closed by asking for what was missed, and an operation that was silent for idle_ms is read. So
 * the end is always seen, even if no event ever arrives or the service restarts. After its last
 * event an operation leaves the watch by itself. */
struct exportd_watch;
/* Borrows the client until exportd_watch_close; calls with the client in between are fine. */
EXPORTD_API int exportd_watch_open(struct exportd_watch **watch, struct exportd_client *client,
                                   struct exportd_error *error);
EXPORTD_API void exportd_watch_close(struct exportd_watch **watch);

/* Begins to watch an operation, or stops; returns at once, and doing it twice does nothing. An
 * operation that does not exist shows in exportd_watch_next. */
EXPORTD_API int exportd_watch_add(struct exportd_watch *watch, const char *operation_id,
                                  struct exportd_error *error);
EXPORTD_API int exportd_watch_remove(struct exportd_watch *watch, const char *operation_id);
/* How many operations are watched and have not ended. */
EXPORTD_API size_t exportd_watch_active(const struct exportd_watch *watch);

/* Waits for the next event: 1 with *event, or 0 when none came within timeout_ms (-1: no limit) or
 * nothing is watched any more. Negative results:
 * - EXPORTD_ERROR_INTERRUPTED: a signal arrived; call again to go on;
 * - NOT_FOUND, REFUSED: error->operation_id is not watched any more;
 * - any other: an operation could not be read, and is read again after idle_ms if called again. */
EXPORTD_API int exportd_watch_next(struct exportd_watch *watch, int timeout_ms,
                                   struct exportd_event *event, struct exportd_error *error);

/* Calls back with each event until every operation has ended (EXPORTD_OK), the callback returns
 * something other than 0 (which is returned, so return positive numbers), or something negative
 * happens but TIMEOUT, UNAVAILABLE and LIMITED, which do not last. */
EXPORTD_API int exportd_watch_run(struct exportd_watch *watch,
                                  int (*callback)(const struct exportd_event *event, void *arg),
                                  void *arg, struct exportd_error *error);

#ifdef __cplusplus
}
#endif

#endif
