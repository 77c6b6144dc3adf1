// SPDX-License-Identifier: MIT
#include "schemas/base/certificate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "schemas/base/certificate_file.h"
#include "schemas/base/errors.h"
#include "tests/support/temporary.h"

#define PUBLIC_KEY "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7"
#define SECRET_KEY "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6"
#define ZEROES     "0000000000000000000000000000000000000000"
#define TENANT_A   "7e4a4700-0000-4000-8000-000000000001"
#define TENANT_B   "7e4a4700-0000-4000-8000-000000000002"
#define CURVE      "curve\n    public-key = \"" PUBLIC_KEY "\"\n"

static int parse(const char *text, struct certificate *certificate,
                 struct certificate_problem *problem)
{
    return certificate_parse(text_of(text), certificate, problem);
}

/* As zcert_save of czmq 4.2.1 writes it. */
static const char from_czmq[] =
    "#   ****  Generated on 2026-11-25 23:00:00 by CZMQ  ****\n"
    "#   ZeroMQ CURVE **Secret** Certificate\n"
    "#   DO NOT PROVIDE THIS FILE TO OTHER USERS nor change its permissions.\n"
    "\n"
    "metadata\n"
    "    name = \"backend\"\n"
    "    email = \"somebody@example.org\"\n"
    "    organization = \"Example\"\n"
    "    created-by = \"CZMQ zmakecert\"\n"
    "    date-created = \"2026-11-25 23:00:00\"\n"
    "curve\n"
    "    public-key = \"" PUBLIC_KEY "\"\n"
    "    secret-key = \"" SECRET_KEY "\"\n";

static void what_czmq_writes_is_read(void **state)
{
    struct certificate certificate;
    struct certificate_problem problem;

    (void)state;
    assert_int_equal(parse(from_czmq, &certificate, &problem), 0);
    assert_string_equal(certificate.name, "backend");
    assert_string_equal(certificate.public_key, PUBLIC_KEY);
    assert_string_equal(certificate.secret_key, SECRET_KEY);
    assert_int_equal(certificate.roles, 0);
    assert_false(certificate.has_tenants);
}

static void roles_and_tenants_are_lists(void **state)
{
    struct certificate certificate;
    struct certificate_problem problem;

    (void)state;
    assert_int_equal(parse("metadata\n"
                           "    name = x\n"
                           "    roles = ' client , operator'  # two\n"
                           "    tenants = " TENANT_A "," TENANT_B " # and no more\n" CURVE,
                           &certificate, &problem),
                     0);
    assert_int_equal(certificate.roles, ROLE_BIT(ROLE_CLIENT) | ROLE_BIT(ROLE_OPERATOR));
    assert_true(certificate.has_tenants);
    assert_int_equal(certificate.tenant_count, 2);
    assert_string_equal(certificate.secret_key, "");
}

static void all_tenants_are_said_in_one_word(void **state)
{
    static const char *const rows[] = {"any", "\"any\"", "' any ' # all"};
    struct certificate certificate;
    struct certificate_problem problem;
    char text[512];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "%smetadata\n    tenants = %s\n    roles = vouches\n", CURVE,
                 rows[i]);
        assert_int_equal(parse(text, &certificate, &problem), 0);
        assert_true(certificate.has_any_tenant);
        assert_false(certificate.has_tenants);
        assert_false(certificate_lacks_tenants(&certificate));
        assert_int_equal(certificate.roles_line, 5);
        assert_int_equal(certificate_format(&certificate, false, text, sizeof text), 0);
        assert_non_null(strstr(text, "    tenants = \"any\"\n"));
    }
    certificate.has_any_tenant = false;
    assert_true(certificate_lacks_tenants(&certificate));
    certificate.roles = ROLE_BIT(ROLE_CLIENT);
    assert_false(certificate_lacks_tenants(&certificate));
}

static const struct {
    const char *text;
    uint32_t line;
    const char *says;
} refused[] = {
    {"", 0, "curve.public-key: found nothing"},
    {"metadata\n    name = x\n", 2, "curve.public-key: found nothing"},
    {"curve\n    public-key = " ZEROES "\n", 2, "curve.public-key"},
    {"curve\n    public-key = \"" PUBLIC_KEY "x\"\n", 2, "40 characters of Z85"},
    {"curve\n    public-key = \"rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf~\"\n", 2, "40 characters"},
    {"curve\n    public-key = \"#####M>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7\"\n", 2, "40 characters"},
    {"curve\n    public-key = \"" PUBLIC_KEY "\n", 2, "expected = and a value"},
    {"curve\n    public-key \"" PUBLIC_KEY "\"\n", 2, "expected = and a value"},
    {"curve\n    public-key = \"" PUBLIC_KEY "\" x\n", 2, "expected = and a value"},
    {CURVE "    public-key = \"" PUBLIC_KEY "\"\n", 3, "found twice"},
    {CURVE "    key = \"" PUBLIC_KEY "\"\n", 3, "curve: found an unknown key"},
    {CURVE "metadata\n    tenant = " TENANT_A "\n", 4, "metadata: found an unknown key"},
    {CURVE "metadata\n    roles = admin\n", 4, "metadata.roles: expected a list of client"},
    {CURVE "metadata\n    roles = client,client\n", 4, "metadata.roles"},
    {CURVE "metadata\n    roles = \"\"\n", 4, "metadata.roles"},
    {CURVE "metadata\n    roles = client,\n", 4, "metadata.roles"},
    {CURVE "metadata\n    tenants = all\n", 4, "metadata.tenants"},
    {CURVE "metadata\n    tenants = Any\n", 4, "metadata.tenants: expected a list of 1 to 26"},
    {CURVE "metadata\n    tenants = any,any\n", 4, "UUIDs, each once, or any"},
    {CURVE "metadata\n    tenants = " TENANT_A ",any\n", 4, "metadata.tenants"},
    {CURVE "metadata\n    tenants = \n", 4, "metadata.tenants"},
    {CURVE "metadata\n    tenants = " TENANT_A "," TENANT_A "\n", 4, "metadata.tenants"},
    {CURVE "metadata\n    name = \"\"\n", 4, "metadata.name"},
    {CURVE "metadata = x\n", 3, "nothing behind the name of a section"},
    {CURVE "other\n", 3, "expected metadata or curve"},
    {"    name = x\n" CURVE, 1, "wrong indentation"},
    {"metadata\n  name = x\n" CURVE, 2, "wrong indentation"},
    {"metadata\n    name = x\n        y = z\n" CURVE, 3, "wrong indentation"},
};

static void what_is_not_right_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct certificate certificate = {.name = "untouched"};
        struct certificate_problem problem = {0};
        int rc = parse(refused[i].text, &certificate, &problem);

        if (rc != -ERROR_CONFIGURATION || problem.line != refused[i].line ||
            !strstr(problem.text, refused[i].says) || strcmp(certificate.name, "untouched") != 0) {
            fail_msg("row %zu: %d line %u: %s", i, rc, problem.line, problem.text);
        }
    }
}

static void no_key_is_ever_in_a_message(void **state)
{
    struct certificate certificate;
    struct certificate_problem problem;

    (void)state;
    assert_int_equal(
        parse("curve\n    secret-key = \"" SECRET_KEY "xyz\"\n", &certificate, &problem),
        -ERROR_CONFIGURATION);
    assert_null(strstr(problem.text, "JTKVSB"));
    assert_int_equal(parse("curve\n    " SECRET_KEY "\n", &certificate, &problem),
                     -ERROR_CONFIGURATION);
    assert_null(strstr(problem.text, "JTKVSB"));
}

static void lines_files_and_lists_are_bounded(void **state)
{
    static char text[CERTIFICATE_BYTES + 8];
    struct certificate certificate;
    struct certificate_problem problem;
    size_t used;

    (void)state;
    memset(text, ' ', sizeof text - 1);
    assert_int_equal(parse(text, &certificate, &problem), -ERROR_CONFIGURATION);
    assert_non_null(strstr(problem.text, "16 KiB"));
    text[CERTIFICATE_LINE_BYTES + 1] = '\0';
    assert_int_equal(parse(text, &certificate, &problem), -ERROR_CONFIGURATION);
    assert_non_null(strstr(problem.text, "longer than 1024"));
    used = (size_t)snprintf(text, sizeof text, "%smetadata\n    tenants = ", CURVE);
    for (unsigned i = 0; i < CERTIFICATE_TENANTS + 1; i++) {
        used += (size_t)snprintf(text + used, sizeof text - used, "%s7e4a4700-0000-4000-8000-%012u",
                                 i ? "," : "", i);
    }
    assert_int_equal(parse(text, &certificate, &problem), -ERROR_CONFIGURATION);
    text[used - 37] = '\0';
    assert_int_equal(parse(text, &certificate, &problem), 0);
    assert_int_equal(certificate.tenant_count, CERTIFICATE_TENANTS);
    assert_int_equal(
        certificate_parse((struct text){CURVE "\0", sizeof CURVE}, &certificate, &problem),
        -ERROR_CONFIGURATION);
}

static void what_is_written_is_read_again(void **state)
{
    struct certificate first = {.name = "worker-1", .roles = (1U << ROLE_COUNT) - 1};
    struct certificate second;
    struct certificate_problem problem;
    char text[4096];

    (void)state;
    strcpy(first.public_key, PUBLIC_KEY);
    strcpy(first.secret_key, SECRET_KEY);
    first.has_tenants = true;
    first.tenant_count = CERTIFICATE_TENANTS;
    for (uint32_t i = 0; i < CERTIFICATE_TENANTS; i++) {
        first.tenants[i].bytes[15] = (uint8_t)i;
    }
    assert_int_equal(certificate_format(&first, true, text, sizeof text), 0);
    assert_int_equal(parse(text, &second, &problem), 0);
    assert_string_equal(second.name, first.name);
    assert_int_equal(second.roles, first.roles);
    assert_int_equal(second.tenant_count, CERTIFICATE_TENANTS);
    assert_string_equal(second.secret_key, SECRET_KEY);
    assert_int_equal(certificate_format(&first, false, text, sizeof text), 0);
    assert_null(strstr(text, "JTKVSB"));
    assert_int_equal(parse(text, &second, &problem), 0);
    assert_string_equal(second.secret_key, "");
    assert_int_equal(certificate_format(&first, false, text, 100), -ERROR_TOO_LONG);
}

static char directory[TEMPORARY_BUFFER];

static int set_up(void **state)
{
    (void)state;
    return temporary_make(directory);
}

static int tear_down(void **state)
{
    (void)state;
    return temporary_remove(directory);
}

static void only_files_that_nobody_else_can_reach_hold_a_secret(void **state)
{
    struct certificate certificate;
    char message[CERTIFICATE_MESSAGE_BYTES];
    char path[TEMPORARY_BUFFER + 16];

    (void)state;
    snprintf(path, sizeof path, "%s/key", directory);
    assert_int_equal(certificate_read(path, CERTIFICATE_SECRET, &certificate, message),
                     -ERROR_CONFIGURATION);
    assert_int_equal(temporary_write(directory, "key", from_czmq, strlen(from_czmq)), 0);
    assert_int_equal(certificate_read(path, CERTIFICATE_SECRET, &certificate, message), 0);
    assert_string_equal(certificate.secret_key, SECRET_KEY);
    assert_int_equal(certificate_read(path, CERTIFICATE_EITHER, &certificate, message), 0);
    assert_string_equal(certificate.secret_key, "");
    assert_int_equal(certificate_read(path, CERTIFICATE_PUBLIC, &certificate, message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "expected a public certificate"));
    for (mode_t bit = 1; bit <= 040; bit <<= 1) {
        assert_int_equal(chmod(path, 0600 | bit), 0);
        assert_int_equal(certificate_read(path, CERTIFICATE_SECRET, &certificate, message),
                         -ERROR_CONFIGURATION);
        assert_non_null(strstr(message, "chmod 600"));
    }
    assert_int_equal(temporary_write(directory, "key", CURVE, strlen(CURVE)), 0);
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(certificate_read(path, CERTIFICATE_PUBLIC, &certificate, message), 0);
    assert_int_equal(chmod(path, 0664), 0);
    assert_int_equal(certificate_read(path, CERTIFICATE_PUBLIC, &certificate, message),
                     -ERROR_CONFIGURATION);
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(certificate_read(path, CERTIFICATE_SECRET, &certificate, message),
                     -ERROR_CONFIGURATION);
    assert_non_null(strstr(message, "expected a secret certificate"));
    assert_int_equal(certificate_read(directory, CERTIFICATE_PUBLIC, &certificate, message),
                     -ERROR_CONFIGURATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_czmq_writes_is_read),
        cmocka_unit_test(roles_and_tenants_are_lists),
        cmocka_unit_test(all_tenants_are_said_in_one_word),
        cmocka_unit_test(what_is_not_right_is_refused_with_its_line),
        cmocka_unit_test(no_key_is_ever_in_a_message),
        cmocka_unit_test(lines_files_and_lists_are_bounded),
        cmocka_unit_test(what_is_written_is_read_again),
        cmocka_unit_test_setup_teardown(only_files_that_nobody_else_can_reach_hold_a_secret, set_up,
                                        tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
