// SPDX-License-Identifier: MIT
#include "clients/exportctl/follow.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "clients/exportctl/session.h"

/* A signal between a look at the flag and the wait is seen after this long. */
enum { LOOK_MS = 500 };

static volatile sig_atomic_t is_interrupted;

static void on_signal(int number)
{
    (void)number;
    is_interrupted = 1;
}

void follow_catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool follow_is_interrupted(void)
{
    return is_interrupted != 0;
}

void follow_pause(int ms)
{
    if (!is_interrupted) {
        poll(NULL, 0, ms);
    }
}

/* What is known of the way the following goes. */
struct following {
    struct display *display;
    enum exit_code worst; /* of operations that cannot be followed */
    bool is_away;         /* the service does not answer, which has been told */
};

/* Whether to go on after a failure. */
static bool survive(struct following *following, const struct exportd_error *error)
{
    switch (error->result) {
    case EXPORTD_ERROR_INTERRUPTED:
        return true;
    case EXPORTD_ERROR_TIMEOUT:
    case EXPORTD_ERROR_UNAVAILABLE:
    case EXPORTD_ERROR_LIMITED:
        if (!following->is_away) {
            display_note(following->display, error->message);
            display_note(following->display, "the service cannot be asked; still trying");
        }
        following->is_away = true;
        return true;
    case EXPORTD_ERROR_NOT_FOUND:
        following->worst = session_fail(error, error->operation_id);
        following->display->drawn = 0;
        return true;
    default:
        following->worst = session_fail(error, error->operation_id);
        return false;
    }
}

static enum exit_code verdict(const struct following *following)
{
    const struct display *display = following->display;

    if (following->worst != EXIT_CODE_OK) {
        return following->worst;
    }
    return display_ended(display, EXPORTD_STATUS_COMPLETE) == display->count ? EXIT_CODE_OK
                                                                             : EXIT_CODE_FAILED;
}

static enum exit_code run(struct exportd_watch *watch, struct following *following)
{
    struct exportd_event event;
    struct exportd_error error;

    for (;;) {
        int rc = exportd_watch_next(watch, LOOK_MS, &event, &error);

        if (rc == 1) {
            following->is_away = false;
            display_event(following->display, &event);
        }
        if (rc < 0 && !survive(following, &error)) {
            return following->worst;
        }
        if (rc == 0 && exportd_watch_active(watch) == 0) {
            return verdict(following);
        }
        if (is_interrupted) {
            return EXIT_CODE_INTERRUPTED;
        }
    }
}

enum exit_code follow_operations(struct exportd_client *client, struct display *display)
{
    struct following following = {.display = display};
    struct exportd_watch *watch = NULL;
    struct exportd_error error;
    enum exit_code code = EXIT_CODE_OK;

    if (exportd_watch_open(&watch, client, &error) != EXPORTD_OK) {
        return session_fail(&error, NULL);
    }
    for (size_t i = 0; i < display->count && code == EXIT_CODE_OK; i++) {
        const char *id = display->shown[i].operation_id;

        if (exportd_watch_add(watch, id, &error) != EXPORTD_OK) {
            code = session_fail(&error, id);
        }
    }
    if (code == EXIT_CODE_OK) {
        code = run(watch, &following);
    }
    exportd_watch_close(&watch);
    return code;
}
