/* test_fixture.c - what the tests borrow from the machine is what the runner's header promises. */
#include "base/clock.h"
#include "base/fs.h"
#include "lib/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

TEST(fixture, tmpdirs_are_fresh_directories)
{
    const char *first = test_tmpdir(), *second = test_tmpdir();
    struct stat about;

    CHECK(strcmp(first, second) != 0);
    CHECK(stat(first, &about) == 0 && S_ISDIR(about.st_mode));
    CHECK_EQ_INT(fs_write_file_atomic(fs_posix(), second, "left-behind", SLICE_LITERAL("x")), 0);
}

TEST(fixture, ports_differ)
{
    uint16_t first = test_free_port(), second = test_free_port();

    CHECK(first != second);
    CHECK(first >= 11000 && first < 32000 && second >= 11000 && second < 32000);
}

TEST(fixture, deadlines_are_scaled_and_pass)
{
    const char *set = getenv("COORD_TIME_SCALE");
    char saved[32] = "1";
    uint64_t start = clock_mono_ms(), deadline;

    if (set != NULL)
        snprintf(saved, sizeof(saved), "%s", set);
    setenv("COORD_TIME_SCALE", "3", 1);
    CHECK_EQ_INT(test_time_scale(), 3);
    deadline = test_deadline_ms(10);
    CHECK(deadline >= start + 30);
    while (test_before(deadline))
        ;
    CHECK(clock_mono_ms() >= deadline);
    setenv("COORD_TIME_SCALE", "nonsense", 1);
    CHECK_EQ_INT(test_time_scale(), 1);
    setenv("COORD_TIME_SCALE", saved, 1);
}

static void goes_well(void)
{
}

static void exits(void)
{
    exit(1);
}

TEST(fixture, aborts_tells_abort_from_other_ends)
{
    CHECK(test_aborts(abort));
    CHECK(!test_aborts(goes_well));
    CHECK(!test_aborts(exits));
}
