// SPDX-License-Identifier: MIT
/* One block of a deflate stream, compressed without those around it but for a dictionary. Each
 * thread has a compressor of its own. */
#ifndef WORKERS_BUNDLE_DEFLATE_BLOCK_H
#define WORKERS_BUNDLE_DEFLATE_BLOCK_H

#include <zlib.h>

#include "workers/bundle/deflater.h"

#define DEFLATE_DICTIONARY_BYTES 32768 /* all that deflate looks back */

struct deflate_block {
    bool is_first;
    bool is_last;
    size_t dictionary_bytes;
    size_t input_bytes;
    size_t output_bytes;
    size_t capacity_bytes;
    uint32_t crc;
    int error; /* of compressing it */
    uint8_t *output;
    uint8_t dictionary[DEFLATE_DICTIONARY_BYTES];
    uint8_t input[DEFLATER_BLOCK_BYTES];
};

/* 0 or -ERROR_MEMORY; end is due when it was 0. */
int deflate_compressor_begin(z_stream *stream, int level);
void deflate_compressor_end(z_stream *stream);

/* Room for whatever such a compressor makes of a block; NULL without memory. Owned by the caller.
 */
struct deflate_block *deflate_block_new(z_stream *stream);
void deflate_block_destroy(struct deflate_block **block);

/* Begins a block that follows another one, or none (NULL). */
void deflate_block_follow(struct deflate_block *block, const struct deflate_block *before);

/* Sets output, crc and error. */
void deflate_block_compress(struct deflate_block *block, z_stream *stream);

#endif
