// SPDX-License-Identifier: MIT
/* The ZAP handler, asked as libzmq asks it, and as it must not be asked. */
#include "daemon/net/zap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <zmq.h>

#include "daemon/net/gate.h"
#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

#define KEY       "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define KEY_BYTES 32
#define FIELDS    8

struct fixture {
    char directory[TEMPORARY_BUFFER];
    void *context;
    void *handler;
    void *asker;
    uint8_t key[KEY_BYTES];
    struct identities *identities;
    struct gate *gate;
    struct denials denials;
};

static int set_up(void **state)
{
    static const char text[] = "metadata\n    name = backend\n    roles = client\n"
                               "curve\n    public-key = \"" KEY "\"\n";
    const struct gate_limits limits = {.connections = 64};
    struct fixture *fixture = calloc(1, sizeof *fixture);
    char message[IDENTITIES_MESSAGE_BYTES];
    int patience_ms = 100;

    if (!fixture || temporary_make(fixture->directory) ||
        temporary_write(fixture->directory, "a.key", text, strlen(text)) ||
        identities_load(&fixture->identities, fixture->directory, message) ||
        gate_open(&fixture->gate, &limits, message)) {
        free(fixture);
        return -1;
    }
    fixture->context = zmq_ctx_new();
    fixture->handler = zap_open(fixture->context);
    fixture->asker = zmq_socket(fixture->context, ZMQ_DEALER);
    *state = fixture;
    return zmq_z85_decode(fixture->key, KEY) &&
                   !zmq_setsockopt(fixture->asker, ZMQ_RCVTIMEO, &patience_ms,
                                   sizeof patience_ms) &&
                   !zmq_connect(fixture->asker, "inproc://zeromq.zap.01")
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    zmq_close(fixture->asker);
    zmq_close(fixture->handler);
    zmq_ctx_term(fixture->context);
    identities_destroy(&fixture->identities);
    gate_close(&fixture->gate);
    temporary_remove(fixture->directory);
    free(fixture);
    return 0;
}

struct question {
    struct text fields[FIELDS + 2];
    size_t count;
};

/* As libzmq asks about a client of the requests socket. */
static struct question question(const struct fixture *fixture)
{
    return (struct question){.fields = {TEXT(""),
                                        TEXT("1.0"),
                                        TEXT("1"),
                                        TEXT("requests"),
                                        TEXT("127.0.0.1"),
                                        TEXT(""),
                                        TEXT("CURVE"),
                                        {(const char *)fixture->key, KEY_BYTES}},
                             .count = FIELDS};
}

/* The status of the answer, and whom it names; "" when there is no answer. */
static void ask(struct fixture *fixture, const struct question *asked, char status[4],
                char name[CERTIFICATE_NAME_BUFFER])
{
    const struct admission admission = {.identities = fixture->identities};
    char fields[16][256] = {{0}};
    int count = 0;
    int more = 1;
    size_t size = sizeof more;

    for (size_t i = 0; i < asked->count; i++) {
        assert_true(zmq_send(fixture->asker, asked->fields[i].data, asked->fields[i].size_bytes,
                             i + 1 < asked->count ? ZMQ_SNDMORE : 0) >= 0);
    }
    zap_serve(fixture->handler, 10, &admission, fixture->gate, &fixture->denials);
    while (more && count < 16 && zmq_recv(fixture->asker, fields[count], 255, 0) >= 0) {
        assert_int_equal(zmq_getsockopt(fixture->asker, ZMQ_RCVMORE, &more, &size), 0);
        count++;
    }
    snprintf(status, 4, "%.3s", count > 3 ? fields[3] : "");
    snprintf(name, CERTIFICATE_NAME_BUFFER, "%.63s", count > 5 ? fields[5] : "");
    if (count > 0) {
        assert_int_equal(count, 7);
        assert_string_equal(fields[0], "");
        assert_string_equal(fields[1], "1.0");
        assert_string_equal(fields[2], "1");
    }
}

static void a_known_key_is_admitted_by_name(void **state)
{
    struct fixture *fixture = *state;
    const struct question asked = question(fixture);
    char status[4];
    char name[CERTIFICATE_NAME_BUFFER];

    ask(fixture, &asked, status, name);
    assert_string_equal(status, "200");
    assert_string_equal(name, "backend");
    assert_int_equal(fixture->denials.count, 0);
}

static void everything_else_is_denied_and_counted(void **state)
{
    static const struct {
        size_t field;
        struct text value;
        int error;
    } rows[] = {
        {1, TEXT("1.1"), -ERROR_MALFORMED},
        {1, TEXT(""), -ERROR_MALFORMED},
        {3, TEXT("jobs"), -ERROR_IDENTITY_ROLE},
        {3, TEXT("request"), -ERROR_IDENTITY_ROLE},
        {3, TEXT("requests2"), -ERROR_IDENTITY_ROLE},
        {3, TEXT(""), -ERROR_IDENTITY_ROLE},
        {6, TEXT("NULL"), -ERROR_MALFORMED},
        {6, TEXT("PLAIN"), -ERROR_MALFORMED},
        {6, TEXT("GSSAPI"), -ERROR_MALFORMED},
        {6, TEXT("CURVE2"), -ERROR_MALFORMED},
        {7, TEXT("01234567890123456789012345678901"), -ERROR_IDENTITY_UNKNOWN},
        {7, TEXT("short"), -ERROR_MALFORMED},
        {7, TEXT(""), -ERROR_MALFORMED},
    };
    struct fixture *fixture = *state;
    char status[4];
    char name[CERTIFICATE_NAME_BUFFER];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct question asked = question(fixture);

        asked.fields[rows[i].field] = rows[i].value;
        ask(fixture, &asked, status, name);
        assert_string_equal(status, "400");
        assert_string_equal(name, "");
        assert_int_equal(fixture->denials.count, i + 1);
        assert_int_equal(fixture->denials.error, rows[i].error);
    }
    assert_string_equal(fixture->denials.address, "127.0.0.1");
}

static void wrong_numbers_and_sizes_of_frames_admit_nobody(void **state)
{
    static char large[2048];
    struct fixture *fixture = *state;
    struct question one_more;
    char status[4];
    char name[CERTIFICATE_NAME_BUFFER];

    for (size_t count = 1; count < FIELDS; count++) {
        struct question asked = question(fixture);

        asked.count = count;
        ask(fixture, &asked, status, name);
        assert_string_not_equal(status, "200");
    }
    for (size_t field = 3; field < FIELDS; field++) {
        struct question asked = question(fixture);

        asked.fields[field] = (struct text){large, sizeof large};
        ask(fixture, &asked, status, name);
        assert_string_equal(status, "400");
    }
    one_more = question(fixture);
    one_more.fields[one_more.count++] = TEXT("one more");
    ask(fixture, &one_more, status, name);
    assert_string_equal(status, "400");
    one_more.count--;
    ask(fixture, &one_more, status, name);
    assert_string_equal(status, "200");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_known_key_is_admitted_by_name),
        TEST(everything_else_is_denied_and_counted),
        TEST(wrong_numbers_and_sizes_of_frames_admit_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
