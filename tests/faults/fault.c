// SPDX-License-Identifier: MIT
#include "tests/faults/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DESCRIPTORS 4096

static const char *const kind_names[FAULT_KIND_COUNT] = {
    [FAULT_OPEN] = "open",         [FAULT_READ] = "read",     [FAULT_WRITE] = "write",
    [FAULT_SYNC] = "sync",         [FAULT_RENAME] = "rename", [FAULT_UNLINK] = "unlink",
    [FAULT_TRUNCATE] = "truncate", [FAULT_MKDIR] = "mkdir",   [FAULT_LOCK] = "lock",
    [FAULT_RECORD] = "record",     [FAULT_MAP] = "map",       [FAULT_DESCRIPTOR] = "descriptor",
    [FAULT_MEMORY] = "memory",
};

static const struct {
    const char *name;
    int value;
} hows[] = {
    {"EIO", EIO},           {"ENOSPC", ENOSPC}, {"EDQUOT", EDQUOT}, {"EFBIG", EFBIG},
    {"EINTR", EINTR},       {"EAGAIN", EAGAIN}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE},
    {"ENOMEM", ENOMEM},     {"EACCES", EACCES}, {"ENOLCK", ENOLCK}, {"EROFS", EROFS},
    {"short", FAULT_SHORT},
};

static struct {
    enum fault_kind kind;
    int64_t at; /* 0: none */
    int how;
    bool is_sticky;
} plan;

static struct fault_control own; /* nothing is armed before the constructor ran */
static struct fault_control *control = &own;
static char under[4096];
static size_t under_bytes;
static _Atomic bool watched[DESCRIPTORS];

/* Whether text begins with a word that ends where text does or at a colon; then text is behind it.
 */
static bool take(const char **text, const char *word)
{
    size_t size_bytes = strlen(word);

    if (strncmp(*text, word, size_bytes) != 0 ||
        ((*text)[size_bytes] != ':' && (*text)[size_bytes] != '\0'))
        return false;
    *text += size_bytes + ((*text)[size_bytes] == ':');
    return true;
}

static int default_how(enum fault_kind kind)
{
    return kind == FAULT_MEMORY ? ENOMEM : kind == FAULT_DESCRIPTOR ? EMFILE : EIO;
}

static bool read_how(const char **text)
{
    char *end;

    for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
        if (take(text, hows[i].name)) {
            plan.how = hows[i].value;
            return true;
        }
    }
    plan.how = (int)strtol(*text, &end, 10);
    *text = *end == ':' ? end + 1 : end;
    return plan.how > 0 && (*end == ':' || *end == '\0');
}

static bool read_plan(const char *text)
{
    int kind = 0;
    char *end;

    while (kind < FAULT_KIND_COUNT && !take(&text, kind_names[kind]))
        kind++;
    if (kind == FAULT_KIND_COUNT)
        return false;
    plan.kind = (enum fault_kind)kind;
    plan.at = strtoll(text, &end, 10);
    plan.how = default_how(plan.kind);
    text = *end == ':' ? end + 1 : end;
    if (plan.at < 1 || (*end != ':' && *end != '\0') || (*text && !read_how(&text)))
        return false;
    plan.is_sticky = *text && take(&text, "sticky");
    return !*text || take(&text, "once");
}

/* A test that goes wrong silently would prove nothing. */
static _Noreturn void refuse(const char *why)
{
    ssize_t ignored = write(STDERR_FILENO, why, strlen(why));

    (void)ignored;
    _exit(125);
}

static void map_control(const char *path)
{
    int file = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void *map = file < 0
                    ? MAP_FAILED
                    : mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

    if (map == MAP_FAILED)
        refuse("libfault: EXPORTD_FAULT_CONTROL cannot be mapped\n");
    syscall(SYS_close, file);
    control = map;
}

__attribute__((constructor)) static void read_environment(void)
{
    const char *fault = getenv("EXPORTD_FAULT");
    const char *path = getenv("EXPORTD_FAULT_CONTROL");
    const char *directory = getenv("EXPORTD_FAULT_UNDER");

    if (directory && strlen(directory) < sizeof(under)) {
        under_bytes = strlen(directory);
        memcpy(under, directory, under_bytes);
    }
    if (fault && !read_plan(fault))
        refuse("libfault: EXPORTD_FAULT is not KIND:N[:HOW[:once|sticky]]\n");
    if (path)
        map_control(path);
    else
        atomic_store(&own.is_armed, 1);
}

int fault_strike(enum fault_kind kind)
{
    if (!atomic_load_explicit(&control->is_armed, memory_order_relaxed))
        return 0;
    int64_t count = atomic_fetch_add(&control->counts[kind], 1) + 1;
    if (kind != plan.kind || plan.at == 0 || count < plan.at ||
        (count > plan.at && !plan.is_sticky))
        return 0;
    atomic_fetch_add(&control->struck, 1);
    return plan.how;
}

bool fault_fails(enum fault_kind kind)
{
    int how = fault_strike(kind);

    if (how > 0)
        errno = how;
    return how > 0;
}

bool fault_is_beneath(int folder, const char *path)
{
    if (path[0] != '/')
        return fault_is_watched(folder);
    return under_bytes > 0 && strncmp(path, under, under_bytes) == 0 &&
           (path[under_bytes] == '/' || path[under_bytes] == '\0');
}

void fault_watch(int descriptor, bool is_watched)
{
    if (descriptor >= 0 && descriptor < DESCRIPTORS)
        atomic_store(&watched[descriptor], is_watched);
}

bool fault_is_watched(int descriptor)
{
    return descriptor >= 0 && descriptor < DESCRIPTORS && atomic_load(&watched[descriptor]);
}
