// SPDX-License-Identifier: MIT
/* Waiting is zmq_poll's, whether messages are looked for or slept for. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/net/lookout.h"

#define EAGER   8
#define TRIES   1000
#define LONG_MS 60000

struct scene {
    int ends[2]; /* of a pipe */
    void *context;
    void *near;
    void *far;
    struct lookout lookout;
};

static struct scene scene;

static int set_up(void **state)
{
    (void)state;
    scene = (struct scene){.context = zmq_ctx_new()};
    scene.near = zmq_socket(scene.context, ZMQ_PAIR);
    scene.far = zmq_socket(scene.context, ZMQ_PAIR);
    return pipe(scene.ends) || zmq_bind(scene.near, "inproc://lookout") ||
           zmq_connect(scene.far, "inproc://lookout");
}

static int tear_down(void **state)
{
    (void)state;
    close(scene.ends[0]);
    close(scene.ends[1]);
    zmq_close(scene.near);
    zmq_close(scene.far);
    return zmq_ctx_term(scene.context);
}

static int wait_for(int count, int timeout_ms)
{
    zmq_pollitem_t items[LOOKOUT_ITEMS + 1] = {
        {.socket = scene.near, .events = ZMQ_POLLIN},
        {.fd = scene.ends[0], .events = ZMQ_POLLIN},
    };

    for (int i = 2; i < count; i++)
        items[i] = items[1];
    return lookout_wait(&scene.lookout, items, count, timeout_ms);
}

static void put_byte(void)
{
    assert_int_equal(write(scene.ends[1], "x", 1), 1);
}

static void take_byte(void)
{
    char byte;

    assert_int_equal(read(scene.ends[0], &byte, 1), 1);
}

static void nothing_is_nothing_however_it_is_waited_for(void **state)
{
    (void)state;
    assert_int_equal(wait_for(2, 0), 0);
    assert_int_equal(wait_for(2, 1), 0);
    scene.lookout.eagerness = EAGER;
    assert_int_equal(wait_for(2, 0), 0);
    assert_int_equal(wait_for(2, 1), 0);
}

static void what_is_there_is_found_however_it_is_waited_for(void **state)
{
    (void)state;
    for (int eagerness = 0; eagerness <= EAGER; eagerness += EAGER) {
        scene.lookout.eagerness = eagerness;
        put_byte();
        assert_int_equal(wait_for(2, LONG_MS), 1);
        take_byte();
        assert_int_equal(zmq_send(scene.far, "x", 1, 0), 1);
        assert_int_equal(wait_for(2, LONG_MS), 1);
        assert_int_equal(zmq_send(scene.far, "y", 1, 0), 1); /* behind one that lies there still */
        assert_int_equal(wait_for(2, LONG_MS), 1);
        for (char byte = 0; byte != 'y';)
            assert_int_equal(zmq_recv(scene.near, &byte, 1, 0), 1);
    }
}

static void *put_later(void *argument)
{
    (void)argument;
    put_byte();
    return NULL;
}

static void what_comes_meanwhile_ends_the_wait(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        pthread_t thread;
        int found = 0;

        scene.lookout.eagerness = i % 2 * EAGER;
        assert_int_equal(pthread_create(&thread, NULL, put_later, NULL), 0);
        while (found == 0)
            found = wait_for(2, LONG_MS);
        assert_int_equal(found, 1);
        take_byte();
        assert_int_equal(pthread_join(thread, NULL), 0);
    }
}

static void looking_in_vain_is_given_up_soon(void **state)
{
    int looks = 0;

    (void)state;
    scene.lookout.eagerness = EAGER;
    while (scene.lookout.eagerness > 0 && looks < TRIES) {
        assert_int_equal(wait_for(2, 1), 0);
        looks++;
    }
    assert_in_range(looks, 1, EAGER);
}

static void messages_that_follow_one_another_are_looked_for_again(void **state)
{
    int tries = 0;

    (void)state;
    while (scene.lookout.eagerness == 0 && tries++ < TRIES) { /* a busy machine is slow at times */
        put_byte();
        assert_int_equal(wait_for(2, LONG_MS), 1);
        take_byte();
    }
    assert_true(scene.lookout.eagerness > 0);
}

static void a_wait_that_must_not_take_time_is_no_look(void **state)
{
    (void)state;
    scene.lookout.eagerness = EAGER;
    assert_int_equal(wait_for(2, 0), 0);
    assert_int_equal(scene.lookout.eagerness, EAGER);
}

static void more_than_can_be_looked_for_are_waited_for(void **state)
{
    (void)state;
    scene.lookout.eagerness = EAGER;
    assert_int_equal(wait_for(LOOKOUT_ITEMS + 1, 1), 0);
    put_byte();
    assert_true(wait_for(LOOKOUT_ITEMS + 1, LONG_MS) > 0);
    take_byte();
    assert_true(scene.lookout.eagerness >= EAGER);
}

static void what_is_no_socket_is_an_error_however_it_is_waited_for(void **state)
{
    char no_socket[1024] = {0};
    zmq_pollitem_t item = {.socket = no_socket, .events = ZMQ_POLLIN};

    (void)state;
    for (int eagerness = 0; eagerness <= EAGER; eagerness += EAGER) {
        scene.lookout.eagerness = eagerness;
        assert_int_equal(lookout_wait(&scene.lookout, &item, 1, 1), -1);
        assert_int_equal(errno, ENOTSOCK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_nothing_however_it_is_waited_for),
        TEST(what_is_there_is_found_however_it_is_waited_for),
        TEST(what_comes_meanwhile_ends_the_wait),
        TEST(looking_in_vain_is_given_up_soon),
        TEST(messages_that_follow_one_another_are_looked_for_again),
        TEST(a_wait_that_must_not_take_time_is_no_look),
        TEST(more_than_can_be_looked_for_are_waited_for),
        TEST(what_is_no_socket_is_an_error_however_it_is_waited_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
