// SPDX-License-Identifier: MIT
/* Whose files are trusted: asked as an ordinary user, for root is given everybody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/file_mode.h"

#define SOMEBODY 12345

static bool is_refused(uid_t owner, mode_t mode, const char *why)
{
    const struct stat status = {.st_uid = owner, .st_mode = S_IFREG | mode};
    const char *problem = file_mode_problem(&status);

    return problem && strstr(problem, why);
}

static bool is_trusted(uid_t owner, mode_t mode)
{
    const struct stat status = {.st_uid = owner, .st_mode = S_IFREG | mode};

    return !file_mode_problem(&status);
}

static void what_others_may_write_to_is_refused_whoever_owns_it(void **state)
{
    (void)state;
    assert_true(is_refused(geteuid(), 0660, "chmod go-w"));
    assert_true(is_refused(geteuid(), 0602, "chmod go-w"));
    assert_true(is_refused(0, 0777, "chmod go-w"));
    assert_true(is_trusted(geteuid(), 0644));
}

static void what_belongs_to_another_user_is_refused_but_for_root_s(void **state)
{
    pid_t child = fork();
    int status;

    (void)state;
    assert_true(child >= 0);
    if (child == 0) {
        if (geteuid() == 0 && seteuid(SOMEBODY)) {
            _exit(2);
        }
        _exit(is_refused(geteuid() + 1, 0600, "another user") && is_trusted(0, 0600) &&
                      is_trusted(geteuid(), 0600)
                  ? 0
                  : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void root_is_given_the_files_of_everybody(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    assert_true(is_trusted(SOMEBODY, 0600));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_others_may_write_to_is_refused_whoever_owns_it),
        cmocka_unit_test(what_belongs_to_another_user_is_refused_but_for_root_s),
        cmocka_unit_test(root_is_given_the_files_of_everybody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
