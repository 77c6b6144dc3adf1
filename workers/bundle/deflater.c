// SPDX-License-Identifier: MIT
#include "workers/bundle/deflater.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/bundle/deflate_block.h"

#define THREADS_MOST 4
#define PLACES_MOST  (2 * THREADS_MOST + 1) /* as many wait as are compressed, and one is filled */

enum place_state { PLACE_OURS, PLACE_WAITING, PLACE_COMPRESSING, PLACE_DONE };

/* The block is the caller's thread's, but while it waits and is compressed. Its input is read by
 * both then: it is the dictionary of the next. */
struct place {
    enum place_state state;
    struct deflate_block *block; /* made when it is first needed */
};

struct deflater {
    int level;
    deflater_sink sink;
    void *context;
    int error;           /* the first; the rest does nothing */
    z_stream compressor; /* of the caller's thread */
    bool has_compressor;
    size_t threads_wanted;
    size_t place_count;
    uint64_t filling; /* the block that is written to; blocks are counted */
    uint64_t oldest;  /* the first that the sink has not had */
    bool has_started; /* the threads, or tried to */
    size_t thread_count;
    pthread_t threads[THREADS_MOST];

    pthread_mutex_t lock; /* over what follows, and the states */
    pthread_cond_t has_work;
    pthread_cond_t has_result;
    bool is_ending;
    uint64_t next; /* the first block that nobody compresses yet */
    struct place places[PLACES_MOST];
};

static struct place *place_of(struct deflater *deflater, uint64_t number)
{
    return &deflater->places[number % deflater->place_count];
}

/* A place whose block is for this thread to compress; NULL at the end. */
static struct place *await_work(struct deflater *deflater)
{
    struct place *place = NULL;

    (void)pthread_mutex_lock(&deflater->lock);
    while (!deflater->is_ending && place_of(deflater, deflater->next)->state != PLACE_WAITING)
        (void)pthread_cond_wait(&deflater->has_work, &deflater->lock);
    if (!deflater->is_ending) {
        place = place_of(deflater, deflater->next++);
        place->state = PLACE_COMPRESSING;
    }
    (void)pthread_mutex_unlock(&deflater->lock);
    return place;
}

static void hand_over(struct deflater *deflater, struct place *place, enum place_state state,
                      pthread_cond_t *condition)
{
    (void)pthread_mutex_lock(&deflater->lock);
    place->state = state;
    (void)pthread_cond_signal(condition);
    (void)pthread_mutex_unlock(&deflater->lock);
}

static void *run(void *argument)
{
    struct deflater *deflater = argument;
    struct place *place;
    z_stream compressor;
    int rc = deflate_compressor_begin(&compressor, deflater->level);

    while ((place = await_work(deflater))) {
        if (rc)
            place->block->error = rc;
        else
            deflate_block_compress(place->block, &compressor);
        hand_over(deflater, place, PLACE_DONE, &deflater->has_result);
    }
    if (!rc)
        deflate_compressor_end(&compressor);
    return NULL;
}

/* With fewer threads, or none, it is only slower. */
static void start_threads(struct deflater *deflater)
{
    sigset_t all;
    sigset_t before;

    deflater->has_started = true;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (deflater->thread_count < deflater->threads_wanted &&
           pthread_create(&deflater->threads[deflater->thread_count], NULL, run, deflater) == 0)
        deflater->thread_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Makes the place ready to be filled after that block, or as the first of a run. */
static int begin_block(struct deflater *deflater, const struct deflate_block *before)
{
    struct place *place = place_of(deflater, deflater->filling);

    if (!place->block && !(place->block = deflate_block_new(&deflater->compressor)))
        return deflater->error = -ERROR_MEMORY;
    deflate_block_follow(place->block, before);
    return 0;
}

int deflater_new(struct deflater **result, int level, deflater_sink sink, void *context)
{
    struct deflater *deflater = calloc(1, sizeof(*deflater));
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    if (!deflater)
        return -ERROR_MEMORY;
    deflater->level = level;
    deflater->sink = sink;
    deflater->context = context;
    deflater->threads_wanted = processors < 1              ? 1
                               : processors > THREADS_MOST ? THREADS_MOST
                                                           : (size_t)processors;
    deflater->place_count = 2 * deflater->threads_wanted + 1;
    (void)pthread_mutex_init(&deflater->lock, NULL);
    (void)pthread_cond_init(&deflater->has_work, NULL);
    (void)pthread_cond_init(&deflater->has_result, NULL);
    int rc = deflate_compressor_begin(&deflater->compressor, level);

    deflater->has_compressor = rc == 0;
    if (!rc)
        rc = begin_block(deflater, NULL);
    if (rc)
        deflater_destroy(&deflater);
    else
        *result = deflater;
    return rc;
}

void deflater_destroy(struct deflater **pointer)
{
    struct deflater *deflater = *pointer;

    *pointer = NULL;
    if (!deflater)
        return;
    (void)pthread_mutex_lock(&deflater->lock);
    deflater->is_ending = true;
    (void)pthread_cond_broadcast(&deflater->has_work);
    (void)pthread_mutex_unlock(&deflater->lock);
    for (size_t i = 0; i < deflater->thread_count; i++)
        (void)pthread_join(deflater->threads[i], NULL);
    for (size_t i = 0; i < PLACES_MOST; i++)
        deflate_block_destroy(&deflater->places[i].block);
    if (deflater->has_compressor)
        deflate_compressor_end(&deflater->compressor);
    (void)pthread_cond_destroy(&deflater->has_result);
    (void)pthread_cond_destroy(&deflater->has_work);
    (void)pthread_mutex_destroy(&deflater->lock);
    free(deflater);
}

/* Waits for the oldest block and gives it to the sink. */
static int deliver(struct deflater *deflater)
{
    struct place *place = place_of(deflater, deflater->oldest++);
    const struct deflate_block *block = place->block;

    (void)pthread_mutex_lock(&deflater->lock);
    while (place->state != PLACE_DONE)
        (void)pthread_cond_wait(&deflater->has_result, &deflater->lock);
    place->state = PLACE_OURS;
    (void)pthread_mutex_unlock(&deflater->lock);
    if (!deflater->error)
        deflater->error = block->error;
    if (!deflater->error)
        deflater->error =
            deflater->sink(deflater->context, &(struct deflated){.data = block->output,
                                                                 .size_bytes = block->output_bytes,
                                                                 .input_bytes = block->input_bytes,
                                                                 .crc = block->crc,
                                                                 .is_first = block->is_first,
                                                                 .is_last = block->is_last});
    return deflater->error;
}

/* Has the block that was filled compressed: by another thread, or now when it is all there is. */
static void submit(struct deflater *deflater, bool is_last)
{
    struct place *place = place_of(deflater, deflater->filling++);

    place->block->is_last = is_last;
    if (!is_last && !deflater->has_started)
        start_threads(deflater);
    if (deflater->thread_count > 0 && !(place->block->is_first && is_last)) {
        hand_over(deflater, place, PLACE_WAITING, &deflater->has_work);
        return;
    }
    deflate_block_compress(place->block, &deflater->compressor);
    (void)pthread_mutex_lock(&deflater->lock);
    place->state = PLACE_DONE;
    deflater->next++;
    (void)pthread_mutex_unlock(&deflater->lock);
}

static int continue_run(struct deflater *deflater)
{
    const struct deflate_block *before = place_of(deflater, deflater->filling)->block;
    int rc = 0;

    submit(deflater, false);
    if (deflater->filling - deflater->oldest == deflater->place_count)
        rc = deliver(deflater);
    return rc ? rc : begin_block(deflater, before);
}

int deflater_write(struct deflater *deflater, const void *data, size_t size_bytes)
{
    const uint8_t *at = data;

    while (!deflater->error && size_bytes > 0) {
        struct deflate_block *block = place_of(deflater, deflater->filling)->block;
        size_t room = DEFLATER_BLOCK_BYTES - block->input_bytes;
        size_t piece = size_bytes < room ? size_bytes : room;

        if (room == 0) {
            (void)continue_run(deflater);
            continue;
        }
        memcpy(block->input + block->input_bytes, at, piece);
        block->input_bytes += piece;
        at += piece;
        size_bytes -= piece;
    }
    return deflater->error;
}

int deflater_end(struct deflater *deflater)
{
    if (deflater->error)
        return deflater->error;
    submit(deflater, true);
    while (!deflater->error && deflater->oldest < deflater->filling)
        (void)deliver(deflater);
    return deflater->error ? deflater->error : begin_block(deflater, NULL);
}
