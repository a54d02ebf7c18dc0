/* runner.c - the main program of every check program: registration, selection, checks and their messages. */
#include "lib/runner.h"

#include <CUnit/CUnit.h>
#include <CUnit/TestDB.h>
#include <CUnit/TestRun.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct test_case *first_case, **last_case = &first_case;

void test_register(struct test_case *one)
{
    *last_case = one;
    last_case = &one->next;
}

static bool record(bool holds, bool fatal, struct test_place at, const char *what)
{
    fflush(stdout);
    CU_assertImplementation(holds ? CU_TRUE : CU_FALSE, at.line, what, at.file, "", fatal ? CU_TRUE : CU_FALSE);
    return holds;
}

static void print_failure(struct test_place at, const char *what, const char *format, va_list args)
{
    printf("\n    %s:%u: %s:", at.file, at.line, what);
    vprintf(format, args);
    printf("\n");
}

bool test_check(bool holds, bool fatal, struct test_place at, const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (!holds)
        print_failure(at, what, format, args);
    va_end(args);
    return record(holds, fatal, at, what);
}

bool test_check_int(long long actual, long long expected, struct test_place at, const char *what, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (actual != expected) {
        print_failure(at, what, format, args);
        printf("    is %lld (0x%llx), expected %lld (0x%llx)\n", actual, (unsigned long long)actual, expected,
               (unsigned long long)expected);
    }
    va_end(args);
    return record(actual == expected, false, at, what);
}

bool test_check_str(const char *actual, const char *expected, struct test_place at, const char *what, const char *format, ...)
{
    bool holds = actual != NULL && expected != NULL ? strcmp(actual, expected) == 0 : actual == expected;
    va_list args;

    va_start(args, format);
    if (!holds) {
        print_failure(at, what, format, args);
        printf("    is       \"%s\"\n    expected \"%s\"\n", actual == NULL ? "(null)" : actual,
               expected == NULL ? "(null)" : expected);
    }
    va_end(args);
    return record(holds, false, at, what);
}

/* A window of bytes around the first difference. */
static void print_bytes(const char *label, const uint8_t *bytes, size_t size, size_t from)
{
    printf("    %s %zu bytes, from %zu:", label, size, from);
    for (size_t i = from; i < size && i < from + 32; i++)
        printf(" %02x", bytes[i]);
    printf("\n");
}

bool test_check_bytes(const void *actual, size_t actual_size, const void *expected, size_t expected_size, struct test_place at,
                      const char *what, const char *format, ...)
{
    const uint8_t *a = actual, *e = expected;
    size_t same = 0;
    bool holds;
    va_list args;

    while (same < actual_size && same < expected_size && a[same] == e[same])
        same++;
    holds = actual_size == expected_size && same == actual_size;
    va_start(args, format);
    if (!holds) {
        print_failure(at, what, format, args);
        printf("    first difference at %zu\n", same);
        print_bytes("is      ", a, actual_size, same > 8 ? same - 8 : 0);
        print_bytes("expected", e, expected_size, same > 8 ? same - 8 : 0);
    }
    va_end(args);
    return record(holds, false, at, what);
}

static void on_start(const CU_pTest test, const CU_pSuite suite)
{
    printf("%s/%s", suite->pName, test->pName);
    fflush(stdout); /* so that a crash shows where it was */
}

static void on_complete(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    (void)test;
    (void)suite;
    printf(failure == NULL ? " ok\n" : "    FAILED\n");
}

static bool selects(const char *filter, const struct test_case *one)
{
    size_t suite_size = strlen(one->suite);

    if (strncmp(filter, one->suite, suite_size) != 0)
        return false;
    return filter[suite_size] == '\0' || (filter[suite_size] == '/' && strcmp(filter + suite_size + 1, one->name) == 0);
}

static bool is_selected(const struct test_case *one, int filter_count, char **filters)
{
    for (int i = 0; i < filter_count; i++)
        if (selects(filters[i], one))
            return true;
    return filter_count == 0;
}

static void add_to_cunit(const struct test_case *one)
{
    CU_pSuite suite = CU_get_suite(one->suite);

    if (suite == NULL)
        suite = CU_add_suite(one->suite, NULL, NULL);
    if (suite == NULL || CU_add_test(suite, one->name, one->run) == NULL) {
        fprintf(stderr, "%s/%s: %s\n", one->suite, one->name, CU_get_error_msg());
        exit(1);
    }
}

int main(int argc, char **argv)
{
    bool only_list = argc == 2 && strcmp(argv[1], "--list") == 0;
    unsigned ran, failed;

    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    for (struct test_case *one = first_case; one != NULL; one = one->next) {
        if (only_list)
            printf("%s/%s\n", one->suite, one->name);
        else if (is_selected(one, argc - 1, argv + 1))
            add_to_cunit(one);
    }
    if (only_list) {
        CU_cleanup_registry();
        return 0;
    }
    CU_set_test_start_handler(on_start);
    CU_set_test_complete_handler(on_complete);
    CU_run_all_tests();
    ran = CU_get_number_of_tests_run();
    failed = CU_get_number_of_tests_failed();
    CU_cleanup_registry();
    printf("passed %u failed %u\n", ran - failed, failed);
    return ran > 0 && failed == 0 ? 0 : 1;
}
