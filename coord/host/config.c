/* config.c - values of keys: defaults, parsing of one value, messages, the nearest known key. Main thread. */
#include "host/config.h"

#include "base/alloc.h"
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { NAME_BYTES_MAX = 64, NEAR_EDITS_MAX = 4 };

void config_init(struct config *c)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    *c = (struct config){0};
    for (size_t i = 0; i < count; i++)
        if (keys[i].default_text != NULL)
            config_set(c, &keys[i], keys[i].default_text);
}

void config_deinit(struct config *c)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (keys[i].kind == CONFIG_HONOURED && keys[i].type == CONFIG_TEXT)
            coord_free(*(char **)(void *)((char *)c + keys[i].offset));
    for (uint32_t i = 0; i < c->server_count; i++) {
        coord_free(c->servers[i].host);
        coord_free(c->servers[i].client_address);
    }
    buf_deinit(&c->problems);
    buf_deinit(&c->notices);
    *c = (struct config){0};
}

static const char *set_uint(uint64_t *field, const struct config_key *key, const char *value)
{
    static char reason[96];
    char *end;
    uint64_t number;

    if (key->minus_one && strcmp(value, "-1") == 0)
        return NULL;
    errno = 0;
    number = strtoull(value, &end, strncasecmp(value, "0x", 2) == 0 ? 16 : 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0)
        return "is not a number";
    if (number < key->min || number > key->max) {
        snprintf(reason, sizeof(reason), "is not between %llu and %llu", (unsigned long long)key->min,
                 (unsigned long long)key->max);
        return reason;
    }
    *field = number;
    return NULL;
}

static const char *set_bool(bool *field, const char *value)
{
    static const char *const yes[] = {"true", "yes", "1"}, *const no[] = {"false", "no", "0"};

    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
        if (strcasecmp(value, yes[i]) == 0 || strcasecmp(value, no[i]) == 0) {
            *field = strcasecmp(value, yes[i]) == 0;
            return NULL;
        }
    }
    return "is neither true nor false";
}

bool config_refuses(const struct config_key *key, const char *value)
{
    size_t size = strlen(value);

    if (key->kind != CONFIG_DEMAND)
        return key->kind == CONFIG_REFUSED;
    for (const char *at = key->harmless; *at != '\0'; at += strspn(at, ",")) {
        size_t here = strcspn(at, ",");
        if (here == size && strncasecmp(at, value, size) == 0)
            return false;
        at += here;
    }
    return true;
}

const char *config_set(struct config *c, const struct config_key *key, const char *value)
{
    void *field = (char *)c + key->offset;

    if (key->kind != CONFIG_HONOURED)
        return NULL;
    switch (key->type) {
    case CONFIG_UINT:
        return set_uint(field, key, value);
    case CONFIG_BOOL:
        return set_bool(field, value);
    case CONFIG_TEXT:
        if (value[0] == '\0')
            return "is empty";
        coord_free(*(char **)field);
        *(char **)field = coord_strdup(value);
        return NULL;
    }
    return NULL;
}

static void add_line(struct buf *to, const char *where, const char *format, va_list args)
{
    char text[1024];

    vsnprintf(text, sizeof(text), format, args);
    if (where != NULL)
        buf_printf(to, "%s: ", where);
    buf_printf(to, "%s\n", text);
}

void config_problem(struct config *c, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(&c->problems, where, format, args);
    va_end(args);
}

void config_notice(struct config *c, const char *where, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    add_line(&c->notices, where, format, args);
    va_end(args);
}

/* Levenshtein's distance without regard to case; texts longer than NAME_BYTES_MAX are far from everything. */
static unsigned edits(const char *a, const char *b)
{
    unsigned row[NAME_BYTES_MAX + 1];
    size_t a_size = strlen(a), b_size = strlen(b);

    if (a_size > NAME_BYTES_MAX || b_size > NAME_BYTES_MAX)
        return NAME_BYTES_MAX;
    for (unsigned j = 0; j <= b_size; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a_size; i++) {
        unsigned diagonal = row[0];
        row[0] = i;
        for (unsigned j = 1; j <= b_size; j++) {
            unsigned change = diagonal + (strncasecmp(a + i - 1, b + j - 1, 1) != 0);
            unsigned step = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            diagonal = row[j];
            row[j] = change < step ? change : step;
        }
    }
    return row[b_size];
}

const char *config_nearest(const char *name)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);
    const char *nearest = NULL;
    unsigned least = NEAR_EDITS_MAX + 1;

    if (edits(name, "server.1") <= 2)
        return "server.N";
    for (size_t i = 0; i < count; i++) {
        unsigned distance = edits(name, keys[i].name);
        /* Half of a short name changed is another name. */
        if (distance < least && distance * 2 < strlen(keys[i].name)) {
            least = distance;
            nearest = keys[i].name;
        }
    }
    return nearest;
}
