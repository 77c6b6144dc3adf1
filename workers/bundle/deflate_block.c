// SPDX-License-Identifier: MIT
#include "workers/bundle/deflate_block.h"

#include <stdlib.h>
#include <string.h>

#include "schemas/base/errors.h"

#define RAW_WINDOW_BITS (-15)
#define MEMORY_LEVEL    8
#define FLUSH_BYTES     64 /* more than an empty stored block and what rounds up to bytes */

int deflate_compressor_begin(z_stream *stream, int level)
{
    *stream = (z_stream){0};
    return deflateInit2(stream, level, Z_DEFLATED, RAW_WINDOW_BITS, MEMORY_LEVEL,
                        Z_DEFAULT_STRATEGY) == Z_OK
               ? 0
               : -ERROR_MEMORY;
}

void deflate_compressor_end(z_stream *stream)
{
    (void)deflateEnd(stream);
}

struct deflate_block *deflate_block_new(z_stream *stream)
{
    struct deflate_block *block = malloc(sizeof(*block));

    if (!block)
        return NULL;
    block->capacity_bytes = deflateBound(stream, DEFLATER_BLOCK_BYTES) + FLUSH_BYTES;
    block->output = malloc(block->capacity_bytes);
    if (!block->output) {
        free(block);
        return NULL;
    }
    deflate_block_follow(block, NULL);
    return block;
}

void deflate_block_destroy(struct deflate_block **block)
{
    if (*block)
        free((*block)->output);
    free(*block);
    *block = NULL;
}

void deflate_block_follow(struct deflate_block *block, const struct deflate_block *before)
{
    block->is_first = before == NULL;
    block->is_last = false;
    block->input_bytes = block->output_bytes = block->dictionary_bytes = 0;
    block->error = 0;
    if (before) {
        size_t bytes = before->input_bytes < DEFLATE_DICTIONARY_BYTES ? before->input_bytes
                                                                      : DEFLATE_DICTIONARY_BYTES;

        memcpy(block->dictionary, before->input + before->input_bytes - bytes, bytes);
        block->dictionary_bytes = bytes;
    }
}

/* A block that is not the last ends with an empty stored block, which brings it to a whole byte
 * and, unlike a final one, lets another follow (as Z_SYNC_FLUSH has it). */
void deflate_block_compress(struct deflate_block *block, z_stream *stream)
{
    int wanted = block->is_last ? Z_STREAM_END : Z_OK;

    block->crc = (uint32_t)crc32_z(0, block->input, block->input_bytes);
    if (deflateReset(stream) != Z_OK ||
        (block->dictionary_bytes > 0 &&
         deflateSetDictionary(stream, block->dictionary, (uInt)block->dictionary_bytes) != Z_OK)) {
        block->error = -ERROR_INTERNAL;
        return;
    }
    stream->next_in = block->input;
    stream->avail_in = (uInt)block->input_bytes;
    stream->next_out = block->output;
    stream->avail_out = (uInt)block->capacity_bytes;
    int result = deflate(stream, block->is_last ? Z_FINISH : Z_SYNC_FLUSH);

    if (result != wanted || stream->avail_in > 0 || stream->avail_out == 0)
        block->error = -ERROR_INTERNAL;
    block->output_bytes = block->capacity_bytes - stream->avail_out;
}
