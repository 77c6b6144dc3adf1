// SPDX-License-Identifier: MIT
/* Sources of kind files: every regular file below the user's folder, unchanged, under its path in
 * there.
 *
 * The root is opened once, at start, and stays open; when its path leads elsewhere at a gathering
 * (a file system that is not mounted any more, a folder that was replaced), the source fails rather
 * than find it empty for everybody. Only a user's folder that is not there is empty. A file whose
 * size or time changes while it is copied is in the bundle as it was read, and the source is
 * failed. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "schemas/base/errors.h"
#include "workers/sources/driver.h"
#include "workers/sources/pattern.h"
#include "workers/sources/walk.h"

#define COPY_BUFFER_BYTES 131072
#define FILE_WEIGHT_BYTES 4096 /* what a file costs beside its bytes, for progress */

struct files_source {
    char *root_path;
    char *pattern;
    int root; /* O_PATH */
    dev_t device;
    ino_t inode;
    int64_t maximum_files;
    int64_t maximum_bytes;
};

/* One gathering. */
struct copying {
    const struct files_source *source;
    int64_t weight_total;
    int64_t weight_done;
    char *buffer;
};

static void files_close(void *state)
{
    struct files_source *source = state;

    if (!source)
        return;
    if (source->root >= 0)
        close(source->root);
    free(source->root_path);
    free(source->pattern);
    free(source);
}

/* Opens what every user's folder lies in: 0 or -errno. */
static int check_prefix(const struct files_source *source)
{
    char prefix[PATTERN_PATH_BYTES];

    pattern_prefix(source->pattern, prefix);
    if (prefix[0] == '\0')
        return 0;
    int folder = walk_open(source->root, prefix, O_PATH | O_DIRECTORY);
    if (folder < 0)
        return folder;
    close(folder);
    return 0;
}

static int open_root(struct files_source *source, struct source_problem *problem)
{
    struct stat status;

    source->root = open(source->root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (source->root < 0 || fstat(source->root, &status) != 0)
        return source_problem_set(problem, "root", "cannot be opened: %s", strerror(errno));
    source->device = status.st_dev;
    source->inode = status.st_ino;
    int rc = check_prefix(source);
    if (rc == -ENOSYS)
        return source_problem_set(problem, "root", "needs a kernel with openat2 (5.6 or later)");
    if (rc)
        return source_problem_set(problem, "pattern", "what it begins with cannot be opened: %s",
                                  strerror(-rc));
    return 0;
}

static int check_keys(const struct source_settings *settings, struct source_problem *problem)
{
    if (settings->database.size_bytes || settings->statement.size_bytes)
        return source_problem_set(problem, settings->database.size_bytes ? "database" : "statement",
                                  "is not a key of kind files");
    if (!settings->root.size_bytes || !settings->pattern.size_bytes)
        return source_problem_set(problem, settings->root.size_bytes ? "pattern" : "root",
                                  "kind files needs it");
    return 0;
}

static int files_open(const struct source_settings *settings, void **state,
                      struct source_problem *problem)
{
    int rc = check_keys(settings, problem);
    struct files_source *source = rc ? NULL : calloc(1, sizeof(*source));

    if (!source)
        return rc ? rc : -ERROR_MEMORY;
    source->root = -1;
    source->maximum_files = settings->maximum_files;
    source->maximum_bytes = settings->maximum_bytes;
    source->root_path = source_copy(settings->root);
    source->pattern = source_copy(settings->pattern);
    rc = source->root_path && source->pattern ? 0 : -ERROR_MEMORY;
    if (!rc)
        rc = pattern_check(source->pattern, problem);
    if (!rc)
        rc = open_root(source, problem);
    if (rc) {
        files_close(source);
        return rc;
    }
    *state = source;
    return 0;
}

static bool root_is_there(const struct files_source *source)
{
    struct stat status;

    return stat(source->root_path, &status) == 0 && status.st_dev == source->device &&
           status.st_ino == source->inode;
}

/* What a user's folder that cannot be opened means. */
static void folder_failed(struct source_outcome *outcome, int error)
{
    switch (error) {
    case ENOENT: /* stays as it is: nothing there */
        return;
    case ELOOP:
    case EXDEV:
        outcome_fail(outcome, SOURCE_REASON_LINK_REFUSED, false);
        return;
    case ENAMETOOLONG:
        outcome_fail(outcome, SOURCE_REASON_NAME_REFUSED, false);
        return;
    default:
        outcome_fail(outcome, SOURCE_REASON_FILE_UNREADABLE, walk_errno_is_retryable(error));
    }
}

/* The user's folder: a descriptor, or -1 when there is none, which the outcome then explains. */
static int open_folder(const struct files_source *source, const struct source_subject *subject,
                       struct source_outcome *outcome)
{
    char path[PATTERN_PATH_BYTES];

    if (!root_is_there(source) || check_prefix(source)) {
        outcome_fail(outcome, SOURCE_REASON_ROOT_UNAVAILABLE, true);
        return -1;
    }
    if (pattern_fill(source->pattern, subject, path)) {
        outcome_fail(outcome, SOURCE_REASON_NAME_REFUSED, false);
        return -1;
    }
    int folder = walk_open(source->root, path, O_RDONLY | O_DIRECTORY);
    if (folder < 0)
        folder_failed(outcome, -folder);
    return folder < 0 ? -1 : folder;
}

static int64_t weight_of(int64_t size_bytes)
{
    return size_bytes + FILE_WEIGHT_BYTES;
}

static int measure_file(struct walk *walk, int folder, const char *name, const struct stat *status)
{
    struct copying *copying = walk->context;

    (void)folder;
    (void)name;
    copying->weight_total += weight_of(status->st_size);
    return 0;
}

static void report_progress(const struct walk *walk, int64_t copied_bytes)
{
    const struct copying *copying = walk->context;
    const struct sink *sink = walk->gathering->sink;
    double done = (double)(copying->weight_done + copied_bytes);
    double share = copying->weight_total > 0 ? done / (double)copying->weight_total : 0.0;

    sink->functions->progress(sink->context, &walk->outcome->counts, share < 1.0 ? share : 1.0);
}

/* At most size_bytes are copied, so that a file which grows for ever ends. Returns what ends the
 * gathering; *copied_bytes and *error, 0 or an errno, are about the file. */
static int copy_bytes(struct walk *walk, int file, int64_t size_bytes, int64_t *copied_bytes,
                      int *error)
{
    const struct copying *copying = walk->context;
    const struct sink *sink = walk->gathering->sink;

    *copied_bytes = 0;
    *error = 0;
    while (*copied_bytes < size_bytes) {
        int64_t left = size_bytes - *copied_bytes;
        size_t wanted = left < COPY_BUFFER_BYTES ? (size_t)left : COPY_BUFFER_BYTES;
        ssize_t got = read(file, copying->buffer, wanted);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {
            *error = got < 0 ? errno : 0;
            return 0;
        }
        if (gathering_is_stopped(walk->gathering))
            return -ERROR_CANCELLED;
        int rc = sink->functions->write(sink->context, copying->buffer, (size_t)got);
        if (rc)
            return rc;
        *copied_bytes += got;
        walk->outcome->counts.bytes += got;
        report_progress(walk, *copied_bytes);
    }
    return 0;
}

static bool is_unchanged(int file, const struct stat *before)
{
    struct stat after;

    return fstat(file, &after) == 0 && after.st_size == before->st_size &&
           after.st_mtim.tv_sec == before->st_mtim.tv_sec &&
           after.st_mtim.tv_nsec == before->st_mtim.tv_nsec;
}

static int copy_open_file(struct walk *walk, int file, const struct stat *before)
{
    const struct sink *sink = walk->gathering->sink;
    struct copying *copying = walk->context;
    int64_t copied_bytes;
    int error;

    int rc = sink->functions->entry_begin(sink->context, walk->path);
    if (rc)
        return rc;
    walk->outcome->counts.files++;
    rc = copy_bytes(walk, file, before->st_size, &copied_bytes, &error);
    if (!rc)
        rc = sink->functions->entry_end(sink->context);
    if (rc)
        return rc;
    if (error)
        outcome_fail(walk->outcome, SOURCE_REASON_FILE_UNREADABLE, walk_errno_is_retryable(error));
    else if (copied_bytes != before->st_size || !is_unchanged(file, before))
        outcome_fail(walk->outcome, SOURCE_REASON_FILE_CHANGED, true);
    copying->weight_done += weight_of(before->st_size);
    report_progress(walk, 0);
    return 0;
}

static int copy_file(struct walk *walk, int folder, const char *name, const struct stat *seen)
{
    const struct copying *copying = walk->context;
    struct source_outcome *outcome = walk->outcome;
    struct stat before;

    (void)seen;
    if (outcome->counts.files >= copying->source->maximum_files) {
        outcome_truncate(outcome, SOURCE_REASON_FILE_LIMIT);
        return WALK_ENOUGH;
    }
    int file = walk_open_file(walk, folder, name, &before);
    if (file < 0)
        return 0;
    int rc = WALK_ENOUGH;
    if (before.st_size > copying->source->maximum_bytes - outcome->counts.bytes)
        outcome_truncate(outcome, SOURCE_REASON_BYTE_LIMIT);
    else
        rc = copy_open_file(walk, file, &before);
    close(file);
    return rc;
}

/* Walks a folder with one visitor. What measuring leaves out is of no account: copying will say so.
 */
static int walk_with(struct copying *copying, const struct gathering *gathering, int folder,
                     struct source_outcome *outcome,
                     int (*visit)(struct walk *, int, const char *, const struct stat *))
{
    struct walk *walk = calloc(1, sizeof(*walk));

    if (!walk) {
        close(folder);
        outcome_fail(outcome, SOURCE_REASON_INTERNAL_ERROR, true);
        return 0;
    }
    walk->gathering = gathering;
    walk->outcome = outcome;
    walk->visit = visit;
    walk->context = copying;
    int rc = walk_folder(walk, folder);
    free(walk);
    return rc;
}

static int files_gather(const void *state, const struct gathering *gathering)
{
    const struct files_source *source = state;
    struct copying copying = {.source = source, .buffer = malloc(COPY_BUFFER_BYTES)};
    struct source_outcome ignored = {0};
    int rc = 0;

    int folder = open_folder(source, gathering->subject, gathering->outcome);
    if (folder < 0)
        goto out;
    int measured = fcntl(folder, F_DUPFD_CLOEXEC, 3);
    if (!copying.buffer || measured < 0) {
        outcome_fail(gathering->outcome, SOURCE_REASON_INTERNAL_ERROR, true);
        close(folder);
        if (measured >= 0)
            close(measured);
        goto out;
    }
    rc = walk_with(&copying, gathering, measured, &ignored, measure_file);
    if (rc) {
        close(folder);
        goto out;
    }
    rc = walk_with(&copying, gathering, folder, gathering->outcome, copy_file);
out:
    free(copying.buffer);
    return rc;
}

const struct source_driver source_driver_files = {
    .open = files_open,
    .close = files_close,
    .gather = files_gather,
};
