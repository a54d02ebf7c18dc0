/* log.c - one formatted line, one write(2) to stderr. Impure. */
#include "base/log.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES_MAX = 4096, QUOTED_COUNT = 8, QUOTED_BYTES_MAX = 500 };

static atomic_int least_level = LOG_LEVEL_INFO;

void log_set_level(enum log_level least)
{
    atomic_store_explicit(&least_level, (int)least, memory_order_relaxed);
}

/* What snprintf wrote into a rest of `room` bytes; a line that does not fit is cut. */
static size_t fitted(int printed, size_t room)
{
    if (printed < 0)
        return 0;
    return (size_t)printed < room ? (size_t)printed : room - 1;
}

static size_t put_head(char *line, size_t room, enum log_level level, const char *module, const char *event)
{
    static const char *const names[] = {"DEBUG", "INFO ", "WARN ", "ERROR"};
    struct timespec now;
    struct tm utc;
    size_t size;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &utc);
    size = strftime(line, room, "%Y-%m-%dT%H:%M:%S", &utc);
    size += fitted(snprintf(line + size, room - size, ".%03ldZ %s %s %s", now.tv_nsec / 1000000, names[level], module, event),
                   room - size);
    return size;
}

void log_line(enum log_level level, const char *module, const char *event, const char *format, ...)
{
    char line[LINE_BYTES_MAX];
    size_t room = sizeof(line) - 1; /* one byte is kept for the newline */
    size_t size, done = 0;
    int saved_errno = errno;
    va_list args;

    if ((int)level < atomic_load_explicit(&least_level, memory_order_relaxed))
        return;
    size = put_head(line, room, level, module, event);
    if (format[0] != '\0' && size + 1 < room) {
        line[size++] = ' ';
        va_start(args, format);
        size += fitted(vsnprintf(line + size, room - size, format, args), room - size);
        va_end(args);
    }
    line[size++] = '\n';
    while (done < size) {
        ssize_t wrote = write(STDERR_FILENO, line + done, size - done);
        if (wrote > 0)
            done += (size_t)wrote;
        else if (wrote < 0 && errno != EINTR)
            break; /* nobody reads stderr; there is no better place to say so */
    }
    errno = saved_errno;
}

static bool is_plain(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++)
        if (!isgraph((unsigned char)*text) || *text == '=' || *text == '"' || *text == '\\')
            return false;
    return true;
}

/* One character, escaped where it must be; bytes of UTF-8 pass as they are. Returns the bytes put, at most 4. */
static size_t put_escaped(char *to, unsigned char c)
{
    if (c == '"' || c == '\\') {
        to[0] = '\\';
        to[1] = (char)c;
        return 2;
    }
    if (c < 0x20 || c == 0x7f)
        return (size_t)sprintf(to, "\\x%02x", (unsigned)c);
    to[0] = (char)c;
    return 1;
}

const char *log_quoted(const char *text)
{
    static _Thread_local char results[QUOTED_COUNT][QUOTED_BYTES_MAX + 1];
    static _Thread_local unsigned next;
    char *result = results[next++ % QUOTED_COUNT];
    size_t size = 0;

    if (is_plain(text) && strlen(text) <= QUOTED_BYTES_MAX)
        return strcpy(result, text);
    result[size++] = '"';
    for (; *text != '\0' && size + 5 < QUOTED_BYTES_MAX; text++)
        size += put_escaped(result + size, (unsigned char)*text);
    result[size++] = '"';
    result[size] = '\0';
    return result;
}
