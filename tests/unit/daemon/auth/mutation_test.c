// SPDX-License-Identifier: MIT
/* Tokens that differ a little from good ones. The generator is seeded: a failure names the number
 * of the mutant, which is the same in every run that has the same keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/daemon/auth/fixture.h"

#define ROUNDS       8000 /* of each mutation */
#define TOKENS       (2 * (size_t)MINT_ALGORITHM_COUNT)
#define MUTANT_BYTES 4096

static char *originals[TOKENS];

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static size_t below(uint64_t *state, size_t limit)
{
    return (size_t)(next_random(state) % limit);
}

struct mutant {
    char data[MUTANT_BYTES];
    size_t size;
};

static void start_from(struct mutant *m, const char *token)
{
    m->size = strlen(token);
    assert_true(m->size + 8 < sizeof(m->data));
    memcpy(m->data, token, m->size);
}

static void remove_bytes(struct mutant *m, size_t at, size_t count)
{
    memmove(m->data + at, m->data + at + count, m->size - at - count);
    m->size -= count;
}

static void flip_a_bit(struct mutant *m, uint64_t *random)
{
    size_t at = below(random, m->size);

    m->data[at] = (char)(m->data[at] ^ (char)(1U << below(random, 8)));
}

static void change_a_byte(struct mutant *m, uint64_t *random)
{
    m->data[below(random, m->size)] = (char)below(random, 256);
}

/* Stays base64url, so that the mutant reaches the signature. */
static void change_a_character(struct mutant *m, uint64_t *random)
{
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t at = below(random, m->size);

    if (m->data[at] != '.')
        m->data[at] = alphabet[below(random, 64)];
}

static void cut(struct mutant *m, uint64_t *random)
{
    size_t at = below(random, m->size);
    size_t count = 1 + below(random, m->size - at);

    remove_bytes(m, at, count);
}

static void insert(struct mutant *m, uint64_t *random)
{
    size_t at = below(random, m->size + 1);
    size_t count = 1 + below(random, 8);

    memmove(m->data + at + count, m->data + at, m->size - at);
    for (size_t i = 0; i < count; i++)
        m->data[at + i] = m->data[below(random, m->size)];
    m->size += count;
}

static void swap_neighbours(struct mutant *m, uint64_t *random)
{
    size_t at = below(random, m->size - 1);
    char kept = m->data[at];

    m->data[at] = m->data[at + 1];
    m->data[at + 1] = kept;
}

static struct text part_of(const char *token, size_t index)
{
    const char *start = token;
    const char *end;

    for (size_t i = 0; i < index; i++)
        start = strchr(start, '.') + 1;
    end = strchr(start, '.');
    return (struct text){start, (uint32_t)(end ? (size_t)(end - start) : strlen(start))};
}

/* Header, payload and signature of any tokens in any order, now and then with a part missing. */
static void mix_parts(struct mutant *m, uint64_t *random)
{
    bool is_lacking = below(random, 16) == 0;
    size_t lacking = below(random, 3);

    m->size = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t index = below(random, 4) == 0 ? below(random, 3) : i;
        struct text part = part_of(originals[below(random, TOKENS)], index);
        if (i > 0)
            m->data[m->size++] = '.';
        if (is_lacking && i == lacking)
            continue;
        assert_true(m->size + part.size_bytes + 1 < sizeof(m->data));
        memcpy(m->data + m->size, part.data, part.size_bytes);
        m->size += part.size_bytes;
    }
}

static const struct mutation {
    const char *name;
    void (*mutate)(struct mutant *m, uint64_t *random);
} mutations[] = {
    {"bit", flip_a_bit},  {"byte", change_a_byte}, {"character", change_a_character},
    {"cut", cut},         {"insert", insert},      {"swap", swap_neighbours},
    {"parts", mix_parts},
};

static bool is_original(const struct mutant *m)
{
    for (size_t i = 0; i < TOKENS; i++) {
        if (text_equal((struct text){m->data, (uint32_t)m->size}, text_of(originals[i])))
            return true;
    }
    return false;
}

static void make_originals(void)
{
    for (size_t i = 0; i < TOKENS; i++) {
        struct mint *mint = fixture_mint((enum mint_algorithm)(i / 2));
        struct claims claims;
        originals[i] =
            mint_delegated(mint, i % 2 ? TENANT : OTHER_TENANT, PERSON, READ_ALL, NOW_SECONDS + 60);
        assert_int_equal(
            token_verify(fixture_rules(), fixture_keys(), text_of(originals[i]), NOW, &claims), 0);
    }
}

static void no_mutant_of_a_good_token_is_accepted(void **state)
{
    uint64_t random = 20261123;
    int refusals[ERROR_COUNT] = {0};
    int tried = 0;

    (void)state;
    make_originals();
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t i = 0; i < sizeof(mutations) / sizeof(mutations[0]); i++) {
            struct mutant m;
            struct claims claims;
            int rc;
            start_from(&m, originals[below(&random, TOKENS)]);
            mutations[i].mutate(&m, &random);
            if (is_original(&m))
                continue;
            rc = token_verify(fixture_rules(), fixture_keys(),
                              (struct text){m.data, (uint32_t)m.size}, NOW, &claims);
            if (rc >= 0)
                print_error("%s, round %d: %.*s\n", mutations[i].name, round, (int)m.size, m.data);
            assert_true(rc < 0);
            refusals[-rc]++;
            tried++;
        }
    }
    for (int error = 0; error < ERROR_COUNT; error++) {
        if (refusals[error] > 0)
            print_message("%d %s\n", refusals[error], error_row(error)->inner_code);
    }
    assert_true(tried >= 50000);
    /* Nothing unsigned gets as far as its claims, and every stage before was reached. */
    for (int error = ERROR_TOKEN_PAYLOAD; error < ERROR_COUNT; error++)
        assert_int_equal(refusals[error], 0);
    assert_true(refusals[ERROR_TOKEN_KEY] > 0 && refusals[ERROR_TOKEN_ALGORITHM] > 0);
    assert_true(refusals[ERROR_TOKEN_SIGNATURE] > tried / 10);
    for (size_t i = 0; i < TOKENS; i++)
        free(originals[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_mutant_of_a_good_token_is_accepted)};

    return cmocka_run_group_tests(tests, NULL, fixture_release);
}
