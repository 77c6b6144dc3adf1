// SPDX-License-Identifier: MIT
/* Messages that wait for the next turn: their order, and the bounds. */
#include "daemon/net/waiting.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 10

static struct frames message(const char *payload, size_t size_bytes)
{
    struct frames frames = {.kept = 1, .count = 1};

    assert_int_equal(zmq_msg_init_size(&frames.frames[0], size_bytes), 0);
    strncpy(zmq_msg_data(&frames.frames[0]), payload, size_bytes);
    return frames;
}

static bool put(struct waiting *waiting, const char *payload, size_t size_bytes, struct text sender)
{
    struct frames frames = message(payload, size_bytes);
    bool is_kept = waiting_put(waiting, &frames, sender, MOST);

    assert_int_equal(frames.kept, is_kept ? 0 : 1); /* taken over, or still the caller's */
    frames_release(&frames);
    return is_kept;
}

static void the_oldest_message_comes_first(void **state)
{
    struct waiting waiting = {0};
    struct frames frames;
    char payload[2] = "a";

    (void)state;
    for (; payload[0] < 'f'; payload[0]++) {
        assert_true(put(&waiting, payload, 2, TEXT("sender")));
    }
    for (payload[0] = 'a'; payload[0] < 'f'; payload[0]++) {
        assert_true(waiting_take(&waiting, &frames));
        assert_string_equal(zmq_msg_data(&frames.frames[0]), payload);
        frames_release(&frames);
    }
    assert_false(waiting_take(&waiting, &frames));
    assert_int_equal(waiting.count, 0);
    assert_int_equal(waiting.size_bytes, 0);
}

static void one_sender_cannot_take_the_room_of_another(void **state)
{
    struct waiting waiting = {0};
    struct frames frames;

    (void)state;
    for (int i = 0; i < MOST; i++) {
        assert_true(put(&waiting, "x", 2, TEXT("loud")));
    }
    assert_false(put(&waiting, "x", 2, TEXT("loud")));
    assert_true(put(&waiting, "y", 2, TEXT("quiet")));
    assert_true(waiting_take(&waiting, &frames));
    frames_release(&frames);
    assert_true(put(&waiting, "x", 2, TEXT("loud"))); /* one was handled, so one may come */
    assert_false(put(&waiting, "x", 2, TEXT("loud")));
    waiting_release(&waiting);
    waiting_release(&waiting);
}

static char taken(struct waiting *waiting)
{
    struct frames frames;
    char letter;

    assert_true(waiting_take(waiting, &frames));
    letter = *(char *)zmq_msg_data(&frames.frames[0]);
    frames_release(&frames);
    return letter;
}

static void senders_take_turns_and_each_keeps_its_order(void **state)
{
    struct waiting waiting = {0};

    (void)state;
    assert_true(put(&waiting, "a", 2, TEXT("loud")));
    assert_true(put(&waiting, "b", 2, TEXT("loud")));
    assert_true(put(&waiting, "c", 2, TEXT("loud")));
    assert_true(put(&waiting, "y", 2, TEXT("quiet")));
    assert_true(put(&waiting, "z", 2, TEXT("quiet")));
    assert_int_equal(taken(&waiting), 'a');
    assert_int_equal(taken(&waiting), 'y');
    assert_int_equal(taken(&waiting), 'b');
    assert_true(put(&waiting, "d", 2, TEXT("loud")));
    assert_int_equal(taken(&waiting), 'z');
    assert_int_equal(taken(&waiting), 'c');
    assert_int_equal(taken(&waiting), 'd');
    assert_int_equal(waiting.count, 0);
    assert_int_equal(waiting.size_bytes, 0);
}

static void one_sender_has_a_bound_in_bytes(void **state)
{
    struct waiting waiting = {0};
    struct frames frames;
    size_t kept = 0;

    (void)state;
    for (int i = 0; i < 300; i++) {
        frames = message("x", LIMIT_MESSAGE_BYTES);
        kept += waiting_put(&waiting, &frames, TEXT("loud"), SIZE_MAX);
        frames_release(&frames);
    }
    assert_true(kept > 0);
    assert_true(kept <= LIMIT_WAITING_SENDER_BYTES / LIMIT_MESSAGE_BYTES);
    assert_true(put(&waiting, "y", LIMIT_MESSAGE_BYTES, TEXT("quiet")));
    waiting_release(&waiting);
    assert_int_equal(waiting.size_bytes, 0);
}

static void all_together_have_a_bound_in_bytes(void **state)
{
    struct waiting waiting = {0};
    char sender[24];
    int kept = 0;

    (void)state;
    for (int i = 0; i < 3000; i++) {
        snprintf(sender, sizeof sender, "sender-%d", i);
        kept += put(&waiting, "x", LIMIT_MESSAGE_BYTES, text_of(sender));
        assert_true(waiting.size_bytes <= LIMIT_WAITING_BYTES);
    }
    assert_true(kept > 0);
    assert_true(kept <= LIMIT_WAITING_BYTES / LIMIT_MESSAGE_BYTES);
    waiting_release(&waiting);
    assert_int_equal(waiting.size_bytes, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_oldest_message_comes_first),
        cmocka_unit_test(one_sender_cannot_take_the_room_of_another),
        cmocka_unit_test(senders_take_turns_and_each_keeps_its_order),
        cmocka_unit_test(one_sender_has_a_bound_in_bytes),
        cmocka_unit_test(all_together_have_a_bound_in_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
