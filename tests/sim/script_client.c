/* script_client.c - verbs of a script about clients: where they are, what they ask, and what they were told last. */
#include "sim/script_internal.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

static void connect_client(struct sim *s)
{
    const struct script_line *line = script_line(s);

    client_move(s, script_client(s, line->word[1]), script_node(s, line->word[2])->id);
}

static void leave(struct sim *s)
{
    client_move(s, script_client(s, script_line(s)->word[1]), 0);
}

/* The client of the line, about to send something. */
static struct client *sender(struct sim *s)
{
    struct client *c = script_client(s, script_line(s)->word[1]);

    if (c->phase != CLIENT_CONNECTED)
        script_fail(s, "c%u is not connected", c->id);
    s->options.script->heard[c->id].any = false;
    return c;
}

static void close_session(struct sim *s)
{
    struct client *c = sender(s);

    client_close_session(s, c);
    c->home = 0;
}

static void sync_client(struct sim *s);

static const char *path_of(struct sim *s)
{
    const struct script_line *line = script_line(s);
    const char *path = line->count > 2 ? line->word[2] : "/";

    if (path[0] != '/' || strlen(path) >= CLIENT_PATH_MAX)
        script_wrong(s, "%s is no path", path);
    if (path[1] == '\0' && line->verb->run != sync_client)
        script_wrong(s, "the checkers do not know the root's own data and children (ck_model.c)");
    return path;
}

static int32_t version_of(struct sim *s)
{
    const char *value = script_option(script_line(s), "version");

    return value != NULL ? (int32_t)script_number(s, value) : ZK_VERSION_ANY;
}

static void create(struct sim *s)
{
    const struct script_line *line = script_line(s);
    int32_t mode =
        (script_flag(line, "ephemeral") ? ZK_EPHEMERAL : 0) | (script_flag(line, "sequential") ? ZK_PERSISTENT_SEQUENTIAL : 0);

    client_request(s, sender(s), ZK_OP_CREATE, path_of(s), slice_from_text(line->word[3]), mode, false);
}

static void set(struct sim *s)
{
    client_request(s, sender(s), ZK_OP_SET_DATA, path_of(s), slice_from_text(script_line(s)->word[3]), version_of(s), false);
}

static void delete_node(struct sim *s)
{
    client_request(s, sender(s), ZK_OP_DELETE, path_of(s), SLICE_NULL, version_of(s), false);
}

static void ask(struct sim *s, int32_t opcode)
{
    client_request(s, sender(s), opcode, path_of(s), SLICE_NULL, 0, script_flag(script_line(s), "watch"));
}

static void get(struct sim *s)
{
    ask(s, ZK_OP_GET_DATA);
}

static void exists(struct sim *s)
{
    ask(s, ZK_OP_EXISTS);
}

static void children(struct sim *s)
{
    ask(s, ZK_OP_GET_CHILDREN);
}

static void sync_client(struct sim *s)
{
    ask(s, ZK_OP_SYNC);
}

void script_answered(struct sim *s, const struct client *c, const struct op *op, const struct zk_reply_header *h,
                     struct jute_cursor in)
{
    struct zk_get_data_response data;
    struct zk_path_response created;
    struct zk_children_response list;
    struct zk_stat stat;

    if (s->options.script == NULL)
        return;
    struct script_heard *heard = &s->options.script->heard[c->id];
    *heard = (struct script_heard){.any = true, .err = h->err, .zxid = (uint64_t)h->zxid, .events = heard->events};
    if (h->err != 0)
        return;
    if (op->opcode == ZK_OP_GET_DATA && jute_decode(&in, &jute_get_data_response, &data) == 0) {
        heard->version = data.version;
        snprintf(heard->value, sizeof(heard->value), "%.*s", SLICE_ARG(data.data));
    } else if (op->opcode == ZK_OP_CREATE && jute_decode(&in, &jute_path_response, &created) == 0) {
        snprintf(heard->path, sizeof(heard->path), "%.*s", SLICE_ARG(created.path));
    } else if (op->opcode == ZK_OP_GET_CHILDREN && jute_decode(&in, &jute_children_response, &list) == 0) {
        heard->children = (uint32_t)list.children.count;
    } else if ((op->opcode == ZK_OP_SET_DATA || op->opcode == ZK_OP_EXISTS) && jute_decode(&in, &jute_stat, &stat) == 0) {
        heard->version = stat.version;
    }
}

void script_event(struct sim *s, const struct client *c, struct slice path)
{
    if (s->options.script == NULL)
        return;
    struct script_heard *heard = &s->options.script->heard[c->id];
    heard->events++;
    snprintf(heard->event, sizeof(heard->event), "%.*s", SLICE_ARG(path));
}

const struct verb script_verbs_client[] = {
    {"connect", "c0 n1", "from now on the client is at this server, with the session it has", 3, 3, connect_client, NULL},
    {"leave", "c0", "its connection ends, its session does not", 2, 2, leave, NULL},
    {"close", "c0", "its session ends", 2, 2, close_session, NULL},
    {"create", "c0 PATH VALUE [ephemeral] [sequential]", "", 4, 6, create, "ephemeral sequential"},
    {"set", "c0 PATH VALUE [version=N]", "", 4, 5, set, "version="},
    {"delete", "c0 PATH [version=N]", "", 3, 4, delete_node, "version="},
    {"get", "c0 PATH [watch]", "", 3, 4, get, "watch"},
    {"exists", "c0 PATH [watch]", "", 3, 4, exists, "watch"},
    {"children", "c0 PATH [watch]", "", 3, 4, children, "watch"},
    {"sync", "c0 [PATH]", "", 2, 3, sync_client, NULL},
    {NULL, NULL, NULL, 0, 0, NULL, NULL},
};
