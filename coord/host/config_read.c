/* config_read.c - files in the syntax of Java properties, line by line, into keys. Main thread.
 *
 * A logical line is a line and those that a backslash at its end goes on to. Its key ends at the first '=', ':' or blank that
 * no backslash escapes; blanks around the separator do not count, nor do those at the end of the value.
 */
#include "base/alloc.h"
#include "base/error.h"
#include "base/fs.h"
#include "host/config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

struct reader {
    struct config *config;
    const char *path;
    unsigned line;   /* of the logical line's begin */
    bool is_dynamic; /* a file named by dynamicConfigFile: server lines only */
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\f' || c == '\r';
}

static void take_key(struct reader *r, const char *where, const char *name, const char *value)
{
    struct config *c = r->config;
    const struct config_key *key;
    const char *reason, *nearest;

    if (strncmp(name, "server.", 7) == 0) {
        config_server_line(c, where, name + 7, value);
        return;
    }
    if (strcmp(name, "peerType") == 0) {
        if (strcasecmp(value, "participant") != 0)
            config_problem(c, where, "peerType=%s is refused: every server of the ensemble votes here", value);
        return;
    }
    /* ZooKeeper's manual names some keys by their system property. */
    key = config_key_find(strncmp(name, "zookeeper.", 10) == 0 ? name + 10 : name);
    if (key == NULL) {
        nearest = config_nearest(name);
        if (nearest != NULL)
            config_problem(c, where, "unknown key %s; the nearest known one is %s", name, nearest);
        else
            config_problem(c, where, "unknown key %s", name);
    } else if (config_refuses(key, value)) {
        config_problem(c, where, "%s=%s is refused: %s", name, value, key->help);
    } else if (key->kind != CONFIG_HONOURED) {
        if (!r->is_dynamic || strcmp(name, "version") != 0)
            config_notice(c, where, "%s has no effect: %s", name, key->help);
    } else if (r->is_dynamic) {
        config_problem(c, where, "%s stands in a file of server lines", name);
    } else if ((reason = config_set(c, key, value)) != NULL) {
        config_problem(c, where, "%s=%s %s", name, value, reason);
    } else if (key->offset == offsetof(struct config, client_port)) {
        c->client_port_read = true;
    }
}

/* Copies up to the first separator (of a key) or the end (of a value), without the backslashes that escape. */
static const char *unescape(const char *from, char *to, bool is_key)
{
    while (*from != '\0') {
        if (is_key && (*from == '=' || *from == ':' || is_blank(*from)))
            break;
        if (*from == '\\' && from[1] != '\0')
            from++;
        *to++ = *from++;
    }
    *to = '\0';
    return from;
}

static void take_line(struct reader *r, const char *text)
{
    size_t size = strlen(text) + 1;
    char *key = coord_alloc(size), *value = coord_alloc(size);
    char where[512];

    snprintf(where, sizeof(where), "%s:%u", r->path, r->line);
    text = unescape(text, key, true);
    while (is_blank(*text))
        text++;
    if (*text == '=' || *text == ':')
        text++;
    while (is_blank(*text))
        text++;
    unescape(text, value, false);
    for (size_t end = strlen(value); end > 0 && is_blank(value[end - 1]); end--)
        value[end - 1] = '\0';
    take_key(r, where, key, value);
    coord_free(value);
    coord_free(key);
}

/* An odd number of backslashes at the end: the next line goes on. */
static bool continues(struct slice line)
{
    size_t count = 0;

    while (count < line.size && line.data[line.size - 1 - count] == '\\')
        count++;
    return count % 2 == 1;
}

static void take_lines(struct reader *r, struct slice content)
{
    struct buf logical = {0};
    unsigned number = 0;
    bool more = false;

    if (content.size >= 3 && memcmp(content.data, "\xef\xbb\xbf", 3) == 0) /* editors' mark of UTF-8 */
        content = slice_make(content.data + 3, content.size - 3);
    while (content.size > 0) {
        const uint8_t *newline = memchr(content.data, '\n', content.size);
        struct slice line = slice_make(content.data, newline == NULL ? content.size : (size_t)(newline - content.data));
        size_t used = newline == NULL ? line.size : line.size + 1;
        content = slice_make(content.data + used, content.size - used);
        number++;
        while (line.size > 0 && is_blank((char)line.data[0]))
            line = slice_make(line.data + 1, line.size - 1);
        if (line.size > 0 && line.data[line.size - 1] == '\r')
            line.size--;
        if (!more && (line.size == 0 || line.data[0] == '#' || line.data[0] == '!'))
            continue;
        if (!more)
            r->line = number;
        more = continues(line) && content.size > 0;
        buf_append(&logical, line.data, more ? line.size - 1 : line.size);
        if (more)
            continue;
        buf_append(&logical, "", 1);
        take_line(r, (const char *)buf_bytes(&logical));
        buf_clear(&logical);
    }
    buf_deinit(&logical);
}

static void read_file(struct reader *r)
{
    struct buf content = {0};
    int rc = fs_read_file(fs_posix(), r->path, &content, CONFIG_FILE_BYTES_MAX);

    if (rc < 0)
        config_problem(r->config, r->path, "cannot be read: %s", coord_error_text(rc));
    else if (memchr(buf_slice(&content).data, '\0', buf_size(&content)) != NULL)
        config_problem(r->config, r->path, "is not a text file");
    else
        take_lines(r, buf_slice(&content));
    buf_deinit(&content);
}

int config_read(struct config *c, const char *path)
{
    size_t before = buf_size(&c->problems);

    read_file(&(struct reader){.config = c, .path = path});
    if (c->dynamic_file != NULL)
        read_file(&(struct reader){.config = c, .path = c->dynamic_file, .is_dynamic = true});
    return buf_size(&c->problems) > before ? -COORD_E_INVALID : 0;
}
