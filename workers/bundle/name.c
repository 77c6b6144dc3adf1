// SPDX-License-Identifier: MIT
#include "workers/bundle/name.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "schemas/base/errors.h"

#define SUFFIX_BYTES     9  /* '-' and eight digits */
#define EXTENSION_BYTES  11 /* the longest that a cut spares, with its dot */
#define FIRST_SLOT_COUNT 64
#define TAG_BITS         24

/* Windows opens the device for these, whatever extension follows. */
static const char *const reserved_names[] = {
    "con",  "prn",  "aux",  "nul",  "com0", "com1", "com2", "com3", "com4", "com5", "com6", "com7",
    "com8", "com9", "lpt0", "lpt1", "lpt2", "lpt3", "lpt4", "lpt5", "lpt6", "lpt7", "lpt8", "lpt9",
};

static bool is_plain(char character)
{
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '.' || character == '_' ||
           character == '-';
}

static bool is_reserved(const char *component, size_t size_bytes)
{
    const char *dot = memchr(component, '.', size_bytes);
    size_t base_bytes = dot ? (size_t)(dot - component) : size_bytes;

    for (size_t i = 0; i < sizeof(reserved_names) / sizeof(reserved_names[0]); i++) {
        if (strlen(reserved_names[i]) == base_bytes &&
            strncasecmp(reserved_names[i], component, base_bytes) == 0)
            return true;
    }
    return false;
}

bool name_component_is_safe(const char *component, size_t size_bytes)
{
    if (size_bytes == 0 || size_bytes > NAME_COMPONENT_BYTES || component[0] == '.' ||
        component[0] == '-' || component[size_bytes - 1] == '.')
        return false;
    for (size_t i = 0; i < size_bytes; i++) {
        if (!is_plain(component[i]))
            return false;
    }
    return !is_reserved(component, size_bytes);
}

/* SHA-256 of a kind, a number and some bytes, cut to 64 bits. */
static int digest64(char kind, unsigned number, const char *data, size_t size_bytes,
                    uint64_t *value)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char head[5] = {(unsigned char)kind, (unsigned char)(number >> 24),
                             (unsigned char)(number >> 16), (unsigned char)(number >> 8),
                             (unsigned char)number};
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool is_done = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
                   EVP_DigestUpdate(context, head, sizeof(head)) &&
                   EVP_DigestUpdate(context, data, size_bytes) &&
                   EVP_DigestFinal_ex(context, digest, NULL);

    EVP_MD_CTX_free(context);
    if (!is_done)
        return -ERROR_MEMORY;
    *value = 0;
    for (int i = 0; i < 8; i++)
        *value = *value << 8 | digest[i];
    return 0;
}

/* Room for the folder's name itself is left to the caller: a suffix always fits. Returns the bytes
 * written. */
static size_t make_plain(const char *original, size_t size_bytes, char *plain, size_t plain_bytes)
{
    size_t used = 0;
    bool in_character = false;

    for (size_t i = 0; i < size_bytes && used < plain_bytes; i++) {
        unsigned char byte = (unsigned char)original[i];
        bool continues = in_character && byte >= 0x80 && byte < 0xc0;

        in_character = byte >= 0x80;
        if (continues)
            continue;
        plain[used] = '_';
        if (is_plain(original[i]))
            plain[used] = original[i];
        used++;
    }
    if (used > 0 && (plain[0] == '.' || plain[0] == '-'))
        plain[0] = '_';
    if (used > 0 && plain[used - 1] == '.')
        plain[used - 1] = '_';
    return used;
}

/* The extension of an original, made plain and with its dot, or nothing. */
static size_t make_extension(const char *original, size_t size_bytes,
                             char extension[EXTENSION_BYTES])
{
    const char *dot = memrchr(original, '.', size_bytes);
    size_t bytes = dot ? (size_t)(original + size_bytes - dot) : 0;

    if (!dot || dot == original || bytes < 2 || bytes > EXTENSION_BYTES)
        return 0;
    extension[0] = '.';
    return 1 + make_plain(dot + 1, bytes - 1, extension + 1, EXTENSION_BYTES - 1);
}

/* A component with a suffix: at most NAME_COMPONENT_BYTES bytes, not terminated; returns its size.
 */
static size_t make_component(const char *original, size_t size_bytes, uint64_t digest,
                             char component[NAME_COMPONENT_BYTES])
{
    char extension[EXTENSION_BYTES];
    char suffix[SUFFIX_BYTES + 1];
    size_t extension_bytes = make_extension(original, size_bytes, extension);
    size_t stem_original = extension_bytes
                               ? (size_t)((char *)memrchr(original, '.', size_bytes) - original)
                               : size_bytes;
    size_t used = 1;

    component[0] = '_';
    used += make_plain(original, stem_original, component + 1,
                       NAME_COMPONENT_BYTES - 1 - SUFFIX_BYTES - extension_bytes);
    if (!is_reserved(component + 1, used - 1) && used > 1) {
        memmove(component, component + 1, used - 1);
        used--;
    }
    snprintf(suffix, sizeof(suffix), "-%08x", (unsigned)(digest >> 32));
    memcpy(component + used, suffix, SUFFIX_BYTES);
    used += SUFFIX_BYTES;
    memcpy(component + used, extension, extension_bytes);
    return used + extension_bytes;
}

static void place(uint64_t *slots, size_t slot_count, uint64_t slot)
{
    size_t at = (size_t)(slot >> TAG_BITS) & (slot_count - 1);

    while (slots[at] != 0)
        at = (at + 1) & (slot_count - 1);
    slots[at] = slot;
}

static int grow(struct name_set *set)
{
    size_t slot_count = set->slot_count ? set->slot_count * 2 : FIRST_SLOT_COUNT;
    uint64_t *slots = calloc(slot_count, sizeof(*slots));

    if (!slots)
        return -ERROR_MEMORY;
    for (size_t i = 0; i < set->slot_count; i++) {
        if (set->slots[i] != 0)
            place(slots, slot_count, set->slots[i]);
    }
    free(set->slots);
    set->slots = slots;
    set->slot_count = slot_count;
    return 0;
}

void name_set_clear(struct name_set *set)
{
    free(set->slots);
    *set = NAME_SET_INIT;
}

void name_set_release(struct name_set *set)
{
    name_set_clear(set);
}

/* Takes a path for whoever has this tag; *is_taken when somebody else has it. A tag of 0 shares
 * with nobody. */
static int take(struct name_set *set, const char *path, size_t size_bytes, uint32_t tag,
                bool *is_taken)
{
    char folded[NAME_BUFFER];
    uint64_t key;

    for (size_t i = 0; i < size_bytes; i++)
        folded[i] = (char)(path[i] >= 'A' && path[i] <= 'Z' ? path[i] - 'A' + 'a' : path[i]);
    int rc = digest64('n', 0, folded, size_bytes, &key);
    if (!rc && set->used_count * 2 >= set->slot_count)
        rc = grow(set);
    if (rc)
        return rc;

    uint64_t slot = (key | 1ull << TAG_BITS) & ~((1ull << TAG_BITS) - 1);
    size_t at = (size_t)(slot >> TAG_BITS) & (set->slot_count - 1);

    slot |= tag;
    for (; set->slots[at] != 0; at = (at + 1) & (set->slot_count - 1)) {
        if (set->slots[at] >> TAG_BITS == slot >> TAG_BITS) {
            *is_taken = tag == 0 || set->slots[at] != slot;
            return 0;
        }
    }
    set->slots[at] = slot;
    set->used_count++;
    *is_taken = false;
    return 0;
}

/* One original path on its way to a name. */
struct claim {
    struct name_set *set;
    const char *original; /* the whole path; its beginning up to a component is what the suffix is
                             made of */
    char *name;
    size_t name_bytes;
};

/* Appends one component, of the original's bytes [from, until), under the first spelling that is
 * free. */
static int append(struct claim *claim, size_t from, size_t until, bool is_folder)
{
    const char *component = claim->original + from;
    bool is_safe = name_component_is_safe(component, until - from);
    bool is_taken = true;
    uint64_t tag = 0;

    int rc = is_folder ? digest64('f', 0, claim->original, until, &tag) : 0;
    if (claim->name_bytes > 0)
        claim->name[claim->name_bytes++] = '/';
    for (unsigned attempt = is_safe ? 0 : 1; !rc && is_taken; attempt++) {
        char *at = claim->name + claim->name_bytes;
        size_t bytes = until - from;
        uint64_t digest = 0;

        if (attempt == 0) {
            memcpy(at, component, bytes);
        } else {
            /* From the third on a number never tried, or one name given n times would cost n
             * squared. */
            size_t number = is_folder || attempt < 3 ? attempt : attempt + claim->set->used_count;

            rc = digest64('s', (unsigned)number, claim->original, until, &digest);
            bytes = make_component(component, until - from, digest, at);
        }
        if (!rc)
            rc = take(claim->set, claim->name, claim->name_bytes + bytes,
                      is_folder ? (uint32_t)(tag >> 40) | 1u : 0, &is_taken);
        if (!rc && !is_taken)
            claim->name_bytes += bytes;
    }
    return rc;
}

/* The next component of a path at or after *at: false when there is none. */
static bool next_component(const char *path, size_t *from, size_t *until)
{
    size_t at = *until;

    for (;;) {
        at += strspn(path + at, "/");
        *from = at;
        *until = at + strcspn(path + at, "/");
        if (*until - *from != 1 || path[*from] != '.')
            return *until > *from;
        at = *until;
    }
}

/* Whether a path must lose its folders. Counts what each component could at most become. */
static bool is_too_deep(const char *path, size_t *last_from, size_t *last_until)
{
    size_t from = 0;
    size_t until = 0;
    size_t depth = 0;
    size_t bytes = 0;

    *last_from = *last_until = strlen(path);
    while (next_component(path, &from, &until)) {
        size_t most = until - from + 1 + SUFFIX_BYTES + 1;

        bytes += most < NAME_COMPONENT_BYTES + 1 ? most : NAME_COMPONENT_BYTES + 1;
        depth++;
        *last_from = from;
        *last_until = until;
    }
    return depth > NAME_DEPTH || bytes > NAME_BYTES;
}

/* The folder that stands for all folders of a path that is too deep. */
static int append_digest_folder(struct claim *claim, size_t until)
{
    uint64_t digest = 0;
    uint64_t tag = 0;
    bool is_taken = true;

    int rc = digest64('f', 0, claim->original, until, &tag);
    for (unsigned attempt = 0; !rc && is_taken; attempt++) {
        rc = digest64('d', attempt, claim->original, until, &digest);
        if (rc)
            break;
        claim->name_bytes =
            (size_t)snprintf(claim->name, NAME_BUFFER, "deep-%016llx", (unsigned long long)digest);
        rc =
            take(claim->set, claim->name, claim->name_bytes, (uint32_t)(tag >> 40) | 1u, &is_taken);
    }
    return rc;
}

int name_claim(struct name_set *set, const char *original, char name[NAME_BUFFER], bool *is_changed)
{
    struct claim claim = {set, original, name, 0};
    size_t last_from;
    size_t last_until;
    size_t from = 0;
    size_t until = 0;
    int rc = 0;

    if (strnlen(original, NAME_ORIGINAL_BYTES + 1) > NAME_ORIGINAL_BYTES)
        return -ERROR_TOO_LONG;
    if (is_too_deep(original, &last_from, &last_until)) {
        rc = append_digest_folder(&claim, last_from);
    } else {
        while (!rc && next_component(original, &from, &until) && from < last_from)
            rc = append(&claim, from, until, true);
    }
    if (!rc)
        rc = append(&claim, last_from, last_until, false);
    if (rc)
        return rc;
    name[claim.name_bytes] = '\0';
    *is_changed = strcmp(name, original) != 0;
    return 0;
}
