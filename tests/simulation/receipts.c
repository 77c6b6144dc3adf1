// SPDX-License-Identifier: MIT
#include "tests/simulation/receipts.h"

#include <string.h>

#include "schemas/chain.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/log_reader.h"

#define RECEIPTS 4096

static struct {
    int64_t sequence;
    char head[CHAIN_TEXT_BUFFER];
} held[RECEIPTS];
static size_t held_count;
static size_t right_count;

void receipts_reset(void)
{
    held_count = 0;
}

void receipts_keep(const struct receipt *receipt)
{
    if (held_count < RECEIPTS &&
        text_copy(receipt->head, held[held_count].head, sizeof held->head) == 0) {
        held[held_count++].sequence = receipt->sequence;
    }
}

bool receipts_is_of(const struct receipt *receipt, const struct model_event *event)
{
    char head[CHAIN_TEXT_BUFFER];

    return receipt->sequence == event->sequence &&
           text_equal(receipt->head, text_of(chain_format(event->hash, head)));
}

static bool compare(const struct model_event *event)
{
    char head[CHAIN_TEXT_BUFFER];

    chain_format(event->hash, head);
    for (size_t i = 0; i < held_count; i++) {
        right_count += held[i].sequence == event->sequence && strcmp(held[i].head, head) == 0;
    }
    return true;
}

void receipts_check(void)
{
    right_count = 0;
    if (!log_reader_each(1, compare) || right_count != held_count) {
        checks_fail(9, "every receipt that a client holds is of an event in the log",
                    "%zu of %zu are", right_count, held_count);
    }
}
