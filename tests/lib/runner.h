/* runner.h - unit tests that register themselves, on CUnit.
 *
 *     TEST(buf, consume_at_front_is_kept_in_order)
 *     {
 *         CHECK_EQ_INT(buf_size(&b), 3);
 *         for (size_t i = 0; i < COUNT(rows); i++)
 *             CHECK(parse(rows[i].text) == rows[i].rc, "row %zu", i);
 *     }
 *
 * A check program is its test files and this runner, which has main:
 *     check_base [--list] [SUITE[/NAME]]...
 * It prints one line a test, the failures where they happen, and closes with `passed N failed M` (tests, not checks).
 * Exit code 0 when all passed, 1 on a failure or when nothing matched.
 *
 * A failed CHECK is recorded and the test goes on; a failed REQUIRE ends the test at once (and leaks what it held).
 * Both take an optional printf text that says which row of a table it is. CHECK... give whether the check held.
 * Only the main thread checks.
 */
#ifndef TESTS_LIB_RUNNER_H
#define TESTS_LIB_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct test_case {
    const char *suite, *name;
    void (*run)(void);
    struct test_case *next;
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define TEST(suite, name)                                                                                                      \
    static void test_##suite##_##name(void);                                                                                   \
    __attribute__((constructor)) static void register_##suite##_##name(void)                                                   \
    {                                                                                                                          \
        static struct test_case one = {#suite, #name, test_##suite##_##name, NULL};                                            \
        test_register(&one);                                                                                                   \
    }                                                                                                                          \
    static void test_##suite##_##name(void)

#define CHECK(condition, ...) test_check((condition), false, TEST_HERE, #condition, " " __VA_ARGS__)
#define REQUIRE(condition, ...) test_check((condition), true, TEST_HERE, #condition, " " __VA_ARGS__)
#define CHECK_EQ_INT(actual, expected, ...)                                                                                    \
    test_check_int((long long)(actual), (long long)(expected), TEST_HERE, #actual, " " __VA_ARGS__)
#define CHECK_EQ_STR(actual, expected, ...) test_check_str((actual), (expected), TEST_HERE, #actual, " " __VA_ARGS__)
#define CHECK_EQ_BYTES(actual, actual_size, expected, expected_size, ...)                                                      \
    test_check_bytes((actual), (actual_size), (expected), (expected_size), TEST_HERE, #actual, " " __VA_ARGS__)

/* A fresh empty directory, removed with all it holds when the program ends. The text lives until then. */
const char *test_tmpdir(void);

/* A TCP port of 127.0.0.1 that nobody listens on, outside the range that the system gives to outgoing connections;
 * different at each call. */
uint16_t test_free_port(void);

/* COORD_TIME_SCALE, 1 when unset: how many times slower than a plain build things may be. */
unsigned test_time_scale(void);

/* The time (clock_mono_ms) that lies ms from now, scaled. */
uint64_t test_deadline_ms(uint64_t ms);

/* For waiting without fixed sleeps: `while (!happened() && test_before(deadline)) ;`. Pauses for a millisecond; false once
 * the deadline is past. */
bool test_before(uint64_t deadline_ms);

/* Whether fn ends by abort() (COORD_ASSERT, out of memory), tried in a child process whose stderr is shut. */
bool test_aborts(void (*fn)(void));

/* Behind the macros. */
struct test_place {
    const char *file;
    unsigned line;
};
#define TEST_HERE ((struct test_place){__FILE__, __LINE__})
void test_register(struct test_case *one);
bool test_check(bool holds, bool fatal, struct test_place at, const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool test_check_int(long long actual, long long expected, struct test_place at, const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool test_check_str(const char *actual, const char *expected, struct test_place at, const char *what, const char *format, ...)
    __attribute__((format(printf, 5, 6)));
bool test_check_bytes(const void *actual, size_t actual_size, const void *expected, size_t expected_size, struct test_place at,
                      const char *what, const char *format, ...) __attribute__((format(printf, 7, 8)));

#endif
