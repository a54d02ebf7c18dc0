/* test_log.c - the form of a log line, what is quoted, what is cut. */
#include "base/buf.h"
#include "base/fs.h"
#include "base/log.h"
#include "lib/runner.h"

#include <fcntl.h>
#include <regex.h>
#include <string.h>
#include <unistd.h>

static struct buf caught;

/* What fn writes to stderr, as text; valid until the next call. */
static const char *stderr_of(void (*fn)(void))
{
    const char *dir = test_tmpdir();
    struct buf path = {0};
    int file, saved = dup(STDERR_FILENO);

    buf_printf(&path, "%s/stderr%c", dir, '\0');
    file = open((const char *)buf_bytes(&path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    dup2(file, STDERR_FILENO);
    fn();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(file);
    buf_clear(&caught);
    CHECK_EQ_INT(fs_read_file(fs_posix(), (const char *)buf_bytes(&path), &caught, 1 << 20), 0);
    buf_append(&caught, "", 1);
    buf_deinit(&path);
    return (const char *)buf_bytes(&caught);
}

static void log_some(void)
{
    LOG_DEBUG("test", "hidden", "a=%d", 1);
    LOG_INFO("test", "shown", "a=%d dir=%s", 1, log_quoted("/var/lib"));
    LOG_WARN("test", "bare", "%s", "");
    log_set_level(LOG_LEVEL_ERROR);
    LOG_WARN("test", "hidden", "a=%d", 1);
    log_set_level(LOG_LEVEL_INFO);
}

TEST(log, line_has_time_level_module_event_and_pairs)
{
    static const char pattern[] = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z INFO  test shown "
                                  "a=1 dir=/var/lib\n[^\n]*Z WARN  test bare \n$";
    regex_t form;

    REQUIRE(regcomp(&form, pattern, REG_EXTENDED) == 0);
    CHECK(regexec(&form, stderr_of(log_some), 0, NULL, 0) == 0, "%s", (const char *)buf_bytes(&caught));
    regfree(&form);
    buf_deinit(&caught);
}

static void log_too_long(void)
{
    char text[6000];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    LOG_INFO("test", "long", "text=%s", text);
}

TEST(log, long_line_is_cut_and_still_ends_in_a_newline)
{
    const char *line = stderr_of(log_too_long);
    size_t size = strlen(line);

    CHECK(size > 4000 && size <= 4096, "%zu bytes", size);
    CHECK_EQ_INT(line[size - 1], '\n');
    buf_deinit(&caught);
}

TEST(log, quoted)
{
    static const char *const rows[][2] = {
        {"plain/path-1.2:3", "plain/path-1.2:3"},
        {"", "\"\""},
        {"two words", "\"two words\""},
        {"a=b", "\"a=b\""},
        {"say \"x\"", "\"say \\\"x\\\"\""},
        {"back\\slash", "\"back\\\\slash\""},
        {"line\nbreak\x7f", "\"line\\x0abreak\\x7f\""},
        {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
    };
    char text[2000];

    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_STR(log_quoted(rows[i][0]), rows[i][1], "row %zu", i);
    memset(text, '\n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    CHECK(strlen(log_quoted(text)) <= 500);
    memset(text, 'x', sizeof(text) - 1);
    CHECK(strlen(log_quoted(text)) <= 500);
}

TEST(log, eight_quoted_results_live_at_once)
{
    const char *first = log_quoted("0");

    for (int i = 1; i < 8; i++)
        log_quoted("other");
    CHECK_EQ_STR(first, "0");
}
