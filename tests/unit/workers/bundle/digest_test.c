// SPDX-License-Identifier: MIT
/* The digest of bundles when libcrypto has no memory. Each try is a process of its own, because
 * what libcrypto sets up it sets up once. */
#include <openssl/crypto.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "schemas/base/errors.h"
#include "tests/support/memory_fault.h"
#include "workers/bundle/digest.h"

#define ALLOCATIONS 10000 /* more than it takes to set up libcrypto */

/* How a try ends. */
enum { RIGHT = 10, RIGHT_WITHOUT, NO_MEMORY, FAULT, WRONG };

static void *allocate(size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_fault_strikes() ? NULL : malloc(size_bytes);
}

static void *reallocate(void *memory, size_t size_bytes, const char *file, int line)
{
    (void)file;
    (void)line;
    return memory_fault_strikes() ? NULL : realloc(memory, size_bytes);
}

static void release(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* 0 with the right digest of "abc", -ERROR_MEMORY, or 1 with a wrong one. */
static int digest_of_abc(void)
{
    static const char right[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    char text[DIGEST_BUFFER];
    int rc = -ERROR_MEMORY;

    if (context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 &&
        EVP_DigestUpdate(context, "abc", 3) == 1)
        rc = digest_end(context, text);
    EVP_MD_CTX_free(context);
    return rc ? rc : strcmp(text, right) != 0;
}

/* libcrypto 3.0 does not survive each of them, which is why it is set up before anything depends on
 * it. */
static void on_fault(int signal_number)
{
    (void)signal_number;
    _exit(FAULT);
}

static int prepare(void (*arm)(int number), int number)
{
    bool has_struck;
    int rc;

    (void)signal(SIGSEGV, on_fault);
    arm(number);
    rc = digest_prepare();
    has_struck = memory_fault_struck();
    memory_fault_at(0);
    (void)signal(SIGSEGV, SIG_DFL);
    if (rc == -ERROR_MEMORY && has_struck)
        return NO_MEMORY;
    if (rc || digest_of_abc() != 0)
        return WRONG;
    return has_struck ? RIGHT_WITHOUT : RIGHT;
}

static int prepare_apart(void (*arm)(int number), int number)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0)
        _exit(prepare(arm, number));
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : WRONG;
}

static void fail_each(void (*arm)(int number), int step)
{
    int counts[WRONG + 1] = {0};

    for (int number = 1; number < ALLOCATIONS && counts[RIGHT] == 0;
         number = memory_fault_next(number + step - 1)) {
        int ending = prepare_apart(arm, number);
        assert_in_range(ending, RIGHT, FAULT);
        counts[ending]++;
    }
    assert_int_equal(counts[RIGHT], 1);
    assert_true(counts[NO_MEMORY] > 0);
    assert_true(counts[FAULT] <= (counts[RIGHT_WITHOUT] + counts[NO_MEMORY]) / 10);
}

static void digests_that_are_prepared_work(void **state)
{
    (void)state;
    fail_each(memory_fault_at, 1);
    fail_each(memory_fault_from, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(digests_that_are_prepared_work),
    };

    if (CRYPTO_set_mem_functions(allocate, reallocate, release) != 1)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
