/* golden.c - the reader of golden files. */
#include "golden.h"

#include "base/alloc.h"
#include "lib/runner.h"

#include <stdio.h>
#include <stdlib.h>

static struct slice wanted_bytes;
static const char *wanted_words;
static int found_count;

static uint8_t nibble(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit != '\0' ? strchr(digits, digit) : NULL;

    REQUIRE(at != NULL, "digit '%c'", digit);
    return (uint8_t)(at - digits);
}

static struct slice from_hex(const char *hex)
{
    size_t size = strlen(hex) / 2;
    uint8_t *bytes = coord_alloc(size);

    REQUIRE(strlen(hex) % 2 == 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)(nibble(hex[2 * i]) << 4 | nibble(hex[2 * i + 1]));
    return slice_make(bytes, size);
}

static void each_line(char *line, char comment[256], int *count, void (*fn)(const char *, const char *, struct slice))
{
    char *hex = strrchr(line, ' ');
    struct slice bytes;

    if (line[0] == '#' || line[0] == '\0') {
        snprintf(comment, 256, "%s", line[0] == '#' ? line + 1 + (line[1] == ' ') : "");
        return;
    }
    REQUIRE(hex != NULL, "line: %s", line);
    *hex = '\0';
    bytes = from_hex(hex + 1);
    fn(comment, line, bytes);
    coord_free((void *)(uintptr_t)bytes.data);
    ++*count;
}

int golden_each(const char *name, void (*fn)(const char *, const char *, struct slice))
{
    char path[1024], comment[256] = "", *line = NULL;
    size_t capacity = 0;
    int count = 0;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s.hex", GOLDEN_DIR, name);
    file = fopen(path, "r");
    REQUIRE(file != NULL, "%s", path);
    while (getline(&line, &capacity, file) >= 0) {
        line[strcspn(line, "\n")] = '\0';
        each_line(line, comment, &count, fn);
    }
    free(line);
    fclose(file);
    return count;
}

static void compare(const char *comment, const char *words, struct slice bytes)
{
    (void)comment;
    if (strcmp(words, wanted_words) != 0)
        return;
    found_count++;
    CHECK_EQ_BYTES(wanted_bytes.data, wanted_bytes.size, bytes.data, bytes.size, "%s", words);
}

void golden_check(const char *name, const char *words, struct slice bytes)
{
    char *hex = coord_alloc(2 * bytes.size + 1);

    for (size_t i = 0; i < bytes.size; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes.data[i]);
    wanted_words = words;
    wanted_bytes = bytes;
    found_count = 0;
    golden_each(name, compare);
    CHECK(found_count == 1, "not in %s.hex:\n%s %s", name, words, hex);
    coord_free(hex);
}
