/* config_help.c - the table of keys as text: --help and coord.conf(5). Pure. */
#include "host/config.h"

#include <string.h>

static void put_range(struct buf *to, const struct config_key *key)
{
    if (key->type == CONFIG_UINT)
        buf_printf(to, "%llu to %llu", (unsigned long long)key->min, (unsigned long long)key->max);
    else
        buf_printf(to, "%s", key->type == CONFIG_BOOL ? "true or false" : "text");
    if (key->default_text != NULL)
        buf_printf(to, ", default %s", key->default_text);
}

void config_help_text(struct buf *to)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        if (keys[i].kind != CONFIG_HONOURED)
            continue;
        buf_printf(to, "  %s (", keys[i].name);
        put_range(to, &keys[i]);
        buf_printf(to, ")\n        %s\n", keys[i].help);
    }
    buf_printf(to, "  server.N (HOST:PORT[:PORT][:participant][;[ADDRESS:]CLIENTPORT])\n"
                   "        Server N of the ensemble; the first port is for peers, the second is\n        only shown to "
                   "clients. An IPv6 address stands in brackets.\n");
}

/* Text of a man page: a backslash and a leading dot or quote mean something there. */
static void put_roff(struct buf *to, const char *text)
{
    if (*text == '.' || *text == '\'')
        buf_printf(to, "\\&");
    for (; *text != '\0'; text++) {
        if (*text == '\\')
            buf_printf(to, "\\e");
        else
            buf_append(to, text, 1);
    }
}

/* With the values that are taken all the same. */
static void put_refused(struct buf *to, const struct config_key *key)
{
    buf_printf(to, "refused");
    for (const char *at = key->harmless; at != NULL && *at != '\0'; at += strspn(at, ",")) {
        size_t size = strcspn(at, ",");
        buf_printf(to, "%s%.*s", at == key->harmless ? " but for " : " and ", (int)size, at);
        at += size;
    }
}

static void put_entry(struct buf *to, const struct config_key *key)
{
    buf_printf(to, ".TP\n.B ");
    put_roff(to, key->name);
    if (key->kind != CONFIG_ACCEPTED) {
        buf_printf(to, "\n(");
        if (key->kind == CONFIG_HONOURED)
            put_range(to, key);
        else
            put_refused(to, key);
        buf_printf(to, ")");
    }
    buf_printf(to, "\n");
    put_roff(to, key->help);
    buf_printf(to, key->kind == CONFIG_HONOURED ? "\n" : ".\n");
}

/* Those of one kind or another. */
static void put_entries(struct buf *to, enum config_kind one, enum config_kind other)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++)
        if (keys[i].kind == one || keys[i].kind == other)
            put_entry(to, &keys[i]);
}

void config_help_roff(struct buf *to)
{
    put_entries(to, CONFIG_HONOURED, CONFIG_HONOURED);
    buf_printf(to, ".SH KEYS WITHOUT EFFECT\nThese keys of ZooKeeper are read and answered by a notice in the log.\n");
    put_entries(to, CONFIG_ACCEPTED, CONFIG_ACCEPTED);
    buf_printf(to, ".SH KEYS THAT ARE REFUSED\nTo ignore these would leave open what the file closes, or change who votes.\n");
    put_entries(to, CONFIG_REFUSED, CONFIG_DEMAND);
}

/* In a cell of a table: a bar would end it. */
static void put_cell(struct buf *to, const char *text)
{
    for (; *text != '\0'; text++)
        buf_printf(to, *text == '|' ? "\\|" : "%c", *text);
}

static bool ends_with(const char *text, const char *end)
{
    size_t size = strlen(text), end_size = strlen(end);

    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

void config_help_compat(struct buf *to)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    buf_printf(to, "| key | here | |\n| --- | --- | --- |\n");
    for (size_t i = 0; i < count; i++) {
        bool own = ends_with(keys[i].help, "Not a key of ZooKeeper's.");
        buf_printf(to, "| `%s` | ", keys[i].name);
        if (keys[i].kind == CONFIG_REFUSED || keys[i].kind == CONFIG_DEMAND)
            put_refused(to, &keys[i]);
        else
            buf_printf(to, "%s", own ? "our own" : keys[i].kind == CONFIG_HONOURED ? "honoured" : "no effect");
        buf_printf(to, " | ");
        put_cell(to, keys[i].help);
        buf_printf(to, " |\n");
    }
}
