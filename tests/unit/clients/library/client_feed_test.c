// SPDX-License-Identifier: MIT
/* The feed of status events against a real XPUB that does not let it in at first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "clients/library/watch.h"
#include "tests/support/temporary.h"

#define PATIENCE_MS 20000
#define STEP_MS     20
#define OPERATION   "01890a5d-ac96-774b-bcce-b302099a8057"

struct scene {
    char directory[TEMPORARY_BUFFER];
    char endpoint[TEMPORARY_BUFFER + 32];
    void *context;
    void *publisher;
    struct feed feed;
};

static void set(void *socket, int option, int value)
{
    assert_int_equal(zmq_setsockopt(socket, option, &value, sizeof value), 0);
}

static void publish(struct scene *scene, bool is_secured)
{
    char public_key[41];
    char secret_key[41];

    scene->publisher = zmq_socket(scene->context, ZMQ_XPUB);
    assert_non_null(scene->publisher);
    set(scene->publisher, ZMQ_LINGER, 0);
    set(scene->publisher, ZMQ_RCVTIMEO, STEP_MS);
    if (is_secured) {
        assert_int_equal(zmq_curve_keypair(public_key, secret_key), 0);
        set(scene->publisher, ZMQ_CURVE_SERVER, 1);
        assert_int_equal(
            zmq_setsockopt(scene->publisher, ZMQ_CURVE_SECRETKEY, secret_key, sizeof secret_key),
            0);
    }
    assert_int_equal(zmq_bind(scene->publisher, scene->endpoint), 0);
}

static void set_up(struct scene *scene, bool is_secured)
{
    static const struct credentials none;
    struct channel_place place = {.credentials = &none};
    struct exportd_error error;

    *scene = (struct scene){0};
    temporary_make(scene->directory);
    snprintf(scene->endpoint, sizeof scene->endpoint, "ipc://%s/status", scene->directory);
    scene->context = zmq_ctx_new();
    publish(scene, is_secured);
    place.context = scene->context;
    place.endpoint = scene->endpoint;
    assert_int_equal(feed_open(&scene->feed, &place, &error), EXPORTD_OK);
}

static void tear_down(struct scene *scene)
{
    feed_close(&scene->feed);
    zmq_close(scene->publisher);
    zmq_ctx_term(scene->context);
    temporary_remove(scene->directory);
}

/* Lives as a watch does until the publisher has a subscription, or libzmq has given up. */
static bool live(struct scene *scene, bool until_given_up)
{
    int64_t until_ms = mono_now().ms + PATIENCE_MS;
    char subscription[1 + UUID_TEXT_BYTES];

    while (mono_now().ms < until_ms) {
        (void)feed_tend(&scene->feed, mono_now());
        if (until_given_up && scene->feed.handshake.is_given_up) {
            return true;
        }
        if (zmq_recv(scene->publisher, subscription, sizeof subscription, 0) ==
            (int)sizeof subscription) {
            assert_memory_equal(subscription, "\1" OPERATION, sizeof subscription);
            return !until_given_up;
        }
    }
    return false;
}

static void a_denied_feed_connects_again_and_is_subscribed_as_before(void **state)
{
    struct scene scene;
    struct uuid id;

    (void)state;
    set_up(&scene, true);
    assert_int_equal(uuid_parse(text_of(OPERATION), &id), 0);
    assert_true(feed_subscribe(&scene.feed, &id));
    assert_true(live(&scene, true));
    zmq_close(scene.publisher);
    publish(&scene, false);
    assert_true(live(&scene, false));
    tear_down(&scene);
}

static void a_feed_that_is_let_in_asks_for_no_attention(void **state)
{
    struct scene scene;
    struct uuid id;

    (void)state;
    set_up(&scene, false);
    assert_int_equal(uuid_parse(text_of(OPERATION), &id), 0);
    assert_true(feed_subscribe(&scene.feed, &id));
    assert_true(live(&scene, false));
    assert_int_equal(feed_tend(&scene.feed, mono_now()).ms, INT64_MAX);
    tear_down(&scene);
}

/* Has the watch live, as its user does, until its feed is or is not given up. */
static bool watched(struct exportd_watch *watch, bool is_given_up)
{
    int64_t until_ms = mono_now().ms + PATIENCE_MS;
    struct exportd_event event;
    struct exportd_error error;

    while (watch->feed.handshake.is_given_up != is_given_up && mono_now().ms < until_ms) {
        assert_int_equal(exportd_watch_next(watch, STEP_MS, &event, &error), 0);
    }
    return watch->feed.handshake.is_given_up == is_given_up;
}

static void a_denied_watch_connects_its_feed_again(void **state)
{
    struct scene scene;
    char requests[TEMPORARY_BUFFER + 32];
    struct exportd_options options = {.timeout_ms = PATIENCE_MS, .deadline_ms = 2 * PATIENCE_MS};
    struct exportd_client *client = NULL;
    struct exportd_watch *watch = NULL;
    struct exportd_error error;

    (void)state;
    set_up(&scene, true);
    snprintf(requests, sizeof requests, "ipc://%s/nobody", scene.directory);
    options.requests_endpoint = requests;
    options.status_endpoint = scene.endpoint;
    assert_int_equal(exportd_open(&client, &options, &error), EXPORTD_OK);
    assert_int_equal(exportd_watch_open(&watch, client, &error), EXPORTD_OK);
    assert_int_equal(exportd_watch_add(watch, OPERATION, &error), EXPORTD_OK);
    assert_true(watched(watch, true));
    zmq_close(scene.publisher);
    publish(&scene, false);
    assert_true(watched(watch, false));
    assert_true(live(&scene, false));
    exportd_watch_close(&watch);
    exportd_close(&client);
    tear_down(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_denied_feed_connects_again_and_is_subscribed_as_before),
        cmocka_unit_test(a_feed_that_is_let_in_asks_for_no_attention),
        cmocka_unit_test(a_denied_watch_connects_its_feed_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
