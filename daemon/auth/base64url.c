// SPDX-License-Identifier: MIT
#include "daemon/auth/base64url.h"

#include "schemas/base/errors.h"

/* Value plus one, so that the characters not named stay zero: foreign. */
static const uint8_t values[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['-'] = 63, ['_'] = 64,
};

/* Reads up to four characters into the top bits of 24; false when one is foreign. */
static bool group_read(const uint8_t *characters, size_t count, uint32_t *bits)
{
    uint32_t group = 0;

    for (size_t i = 0; i < count; i++) {
        uint32_t value = values[characters[i]];
        if (value == 0)
            return false;
        group |= (value - 1) << (18 - 6 * i);
    }
    *bits = group;
    return true;
}

int base64url_decode(struct text t, uint8_t *output, size_t output_bytes, size_t *size_bytes)
{
    const uint8_t *input = (const uint8_t *)t.data;
    size_t tail = t.size_bytes % 4;
    size_t whole = t.size_bytes - tail;
    size_t size = whole / 4 * 3 + tail * 3 / 4;
    uint32_t bits;

    if (tail == 1)
        return -ERROR_MALFORMED;
    if (size > output_bytes)
        return -ERROR_TOO_LONG;
    for (size_t i = 0; i < whole; i += 4) {
        if (!group_read(input + i, 4, &bits))
            return -ERROR_MALFORMED;
        *output++ = (uint8_t)(bits >> 16);
        *output++ = (uint8_t)(bits >> 8);
        *output++ = (uint8_t)bits;
    }
    if (tail > 0) {
        if (!group_read(input + whole, tail, &bits))
            return -ERROR_MALFORMED;
        if ((tail == 2 ? bits & 0xffffU : bits & 0xffU) != 0)
            return -ERROR_MALFORMED;
        *output++ = (uint8_t)(bits >> 16);
        if (tail == 3)
            *output = (uint8_t)(bits >> 8);
    }
    *size_bytes = size;
    return 0;
}
