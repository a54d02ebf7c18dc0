/* log.h - the program's log: one line an event, to stderr.
 *
 *     2026-11-20T06:26:42.123Z INFO  wal opened dir="/var/lib/coord" last=3.17 segments=4
 *
 * time, level, module, event, then key=value pairs in logfmt: a value is quoted when it holds a blank, '=' or '"'.
 * Pure folders do not log. Thread-safe: a line leaves in one write. Impure.
 */
#ifndef COORD_BASE_LOG_H
#define COORD_BASE_LOG_H

enum log_level { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARN, LOG_LEVEL_ERROR };

void log_set_level(enum log_level least);

/* format makes the key=value pairs, ready to print; text of unknown content goes through log_quoted(). */
void log_line(enum log_level level, const char *module, const char *event, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#define LOG_DEBUG(module, event, ...) log_line(LOG_LEVEL_DEBUG, module, event, __VA_ARGS__)
#define LOG_INFO(module, event, ...) log_line(LOG_LEVEL_INFO, module, event, __VA_ARGS__)
#define LOG_WARN(module, event, ...) log_line(LOG_LEVEL_WARN, module, event, __VA_ARGS__)
#define LOG_ERROR(module, event, ...) log_line(LOG_LEVEL_ERROR, module, event, __VA_ARGS__)

/* text, quoted and escaped where it must be, in a buffer of the calling thread; up to 8 results live at once, each cut
 * at 500 bytes. */
const char *log_quoted(const char *text);

#endif
