/* reply.c - decoding of answers. Names and paths become C strings in one block of memory each. Pure. */
#include "reply.h"

#include "wire/zk.h"

#include <stdlib.h>

struct coord_stat reply_stat(const struct zk_stat *from)
{
    return (struct coord_stat){.czxid = from->czxid,
                               .mzxid = from->mzxid,
                               .pzxid = from->pzxid,
                               .ctime_ms = from->ctime,
                               .mtime_ms = from->mtime,
                               .version = from->version,
                               .cversion = from->cversion,
                               .aversion = from->aversion,
                               .data_length = from->data_length,
                               .num_children = from->num_children,
                               .ephemeral_owner = from->ephemeral_owner};
}

static void show_stat(struct reply *reply, const struct zk_stat *from)
{
    reply->stat = reply_stat(from);
    reply->shown.stat = &reply->stat;
}

static int decode_stat(struct reply *reply, struct jute_cursor *c)
{
    struct zk_stat stat;
    int rc = jute_decode(c, &jute_stat, &stat);

    if (rc == 0)
        show_stat(reply, &stat);
    return rc;
}

static int decode_path(struct reply *reply, struct jute_cursor *c)
{
    struct zk_path_response response;
    char *path;

    if (jute_decode(c, &jute_path_response, &response) < 0 || slice_is_null(response.path))
        return -COORD_E_MARSHALLING;
    path = malloc(response.path.size + 1);
    if (path == NULL)
        return -COORD_E_NO_MEMORY;
    memcpy(path, response.path.data, response.path.size);
    path[response.path.size] = '\0';
    reply->block = path;
    reply->shown.path = path;
    return 0;
}

/* The value and the stat behind it; a value has the wire form of a path. */
static int decode_data(struct reply *reply, struct jute_cursor *c)
{
    struct zk_path_response value;

    if (jute_decode(c, &jute_path_response, &value) < 0)
        return -COORD_E_MARSHALLING;
    reply->shown.data = value.path.data;
    reply->shown.data_size = value.path.size;
    return decode_stat(reply, c);
}

/* A block of pointers, a NULL, and the names with a NUL each. A name takes 4 bytes and its own on the wire, so that their
 * bytes there are always enough for the names with their NULs. */
static int decode_children(struct reply *reply, struct jute_cursor *c)
{
    struct zk_children_response response;
    struct jute_cursor items;
    struct slice item;
    size_t count, i = 0;
    const char **names;
    char *text;

    if (jute_decode(c, &jute_children_response, &response) < 0)
        return -COORD_E_MARSHALLING;
    count = response.children.count > 0 ? (size_t)response.children.count : 0;
    names = malloc((count + 1) * sizeof(*names) + response.children.items.size);
    if (names == NULL)
        return -COORD_E_NO_MEMORY;
    text = (char *)(names + count + 1);
    items = jute_cursor_make(response.children.items);
    while (count > 0 && jute_next_ustring(&items, &item)) {
        names[i++] = text;
        if (item.size > 0)
            memcpy(text, item.data, item.size);
        text[item.size] = '\0';
        text += item.size + 1;
    }
    names[i] = NULL;
    reply->block = names;
    reply->shown.children = names;
    reply->shown.child_count = i;
    return 0;
}

static int decode_page(struct reply *reply, struct jute_cursor *c)
{
    struct zk_list_page_response page;
    struct jute_cursor whole = *c;
    int rc = jute_decode(&whole, &jute_list_page_response, &page);

    if (rc == 0)
        rc = decode_children(reply, c);
    if (rc == 0)
        rc = decode_stat(reply, c);
    if (rc == 0)
        reply->shown.more = page.more;
    return rc;
}

static int decode_count(struct reply *reply, struct jute_cursor *c)
{
    struct zk_count_response response;

    if (jute_decode(c, &jute_count_response, &response) < 0 || response.count < 0)
        return -COORD_E_MARSHALLING;
    reply->shown.child_count = (size_t)response.count;
    return 0;
}

/* The text with a NUL; returns what is behind it. */
static char *put_text(char *to, struct slice text)
{
    if (text.size > 0)
        memcpy(to, text.data, text.size);
    to[text.size] = '\0';
    return to + text.size + 1;
}

/* A block of entries, and the texts with a NUL each. An entry takes 12 bytes and its texts on the wire. */
static int decode_acl(struct reply *reply, struct jute_cursor *c)
{
    struct zk_get_acl_response response;
    struct jute_cursor items;
    struct zk_acl item;
    struct coord_acl *list;
    size_t count, i = 0;
    char *text;

    if (jute_decode(c, &jute_get_acl_response, &response) < 0)
        return -COORD_E_MARSHALLING;
    count = response.acl.count > 0 ? (size_t)response.acl.count : 0;
    list = malloc(count * sizeof(*list) + response.acl.items.size + 1);
    if (list == NULL)
        return -COORD_E_NO_MEMORY;
    text = (char *)(list + count);
    items = jute_cursor_make(response.acl.items);
    while (count > 0 && jute_next_acl(&items, &item)) {
        char *id = put_text(text, item.scheme);

        list[i++] = (struct coord_acl){item.perms, text, id};
        text = put_text(id, item.id);
    }
    reply->block = list;
    reply->shown.acl = list;
    reply->shown.acl_count = i;
    show_stat(reply, &(struct zk_stat){response.czxid, response.mzxid, response.ctime, response.mtime, response.version,
                                       response.cversion, response.aversion, response.ephemeral_owner, response.data_length,
                                       response.num_children, response.pzxid});
    return 0;
}

/* whoAmI: a count, and so many pairs of scheme and user, shown as a list without rights. A pair takes 8 bytes and its texts. */
static int decode_ids(struct reply *reply, struct jute_cursor *c)
{
    struct zk_count_response head;
    struct zk_client_info info;
    struct coord_acl *list;
    size_t count;
    char *text;

    if (jute_decode(c, &jute_count_response, &head) < 0 || head.count < -1)
        return -COORD_E_MARSHALLING;
    count = head.count > 0 ? (size_t)head.count : 0;
    if (count > (size_t)(c->end - c->at) / 8)
        return -COORD_E_MARSHALLING;
    list = malloc(count * sizeof(*list) + (size_t)(c->end - c->at) + 1);
    if (list == NULL)
        return -COORD_E_NO_MEMORY;
    reply->block = list;
    text = (char *)(list + count);
    for (size_t i = 0; i < count; i++) {
        char *id;

        if (jute_decode(c, &jute_client_info, &info) < 0)
            return -COORD_E_MARSHALLING;
        id = put_text(text, info.scheme);
        list[i] = (struct coord_acl){0, text, id};
        text = put_text(id, info.user);
    }
    reply->shown.acl = list;
    reply->shown.acl_count = count;
    return 0;
}

static int decode(struct reply *reply, int32_t opcode, struct jute_cursor *c)
{
    int rc;

    switch (opcode) {
    case ZK_OP_CREATE:
    case ZK_OP_SYNC:
        return decode_path(reply, c);
    case ZK_OP_CREATE2:
    case ZK_OP_CREATE_CONTAINER:
    case ZK_OP_CREATE_TTL:
        rc = decode_path(reply, c);
        return rc < 0 ? rc : decode_stat(reply, c);
    case ZK_OP_EXISTS:
    case ZK_OP_SET_DATA:
    case ZK_OP_SET_ACL:
        return decode_stat(reply, c);
    case ZK_OP_GET_DATA:
        return decode_data(reply, c);
    case ZK_OP_GET_CHILDREN:
    case ZK_OP_GET_EPHEMERALS:
        return decode_children(reply, c);
    case ZK_OP_GET_CHILDREN2:
        rc = decode_children(reply, c);
        return rc < 0 ? rc : decode_stat(reply, c);
    case ZK_OP_LIST_PAGE:
        return decode_page(reply, c);
    case ZK_OP_GET_ACL:
        return decode_acl(reply, c);
    case ZK_OP_GET_ALL_CHILDREN_NUMBER:
        return decode_count(reply, c);
    case ZK_OP_WHO_AM_I:
        return decode_ids(reply, c);
    case ZK_OP_MULTI:
    case ZK_OP_MULTI_READ:
        return reply_decode_multi(reply, opcode, c);
    default: /* delete, closeSession, those of watches: nothing to show */
        return 0;
    }
}

void reply_decode(struct reply *reply, int32_t opcode, struct jute_cursor *c)
{
    int64_t zxid = reply->shown.zxid;
    int rc;

    reply->shown = (struct coord_reply){.zxid = zxid};
    reply->block = NULL;
    rc = decode(reply, opcode, c);
    if (rc < 0) {
        reply_release(reply);
        reply->shown = (struct coord_reply){.error = rc, .zxid = zxid};
    }
}

void reply_release(struct reply *reply)
{
    free(reply->block);
    reply->block = NULL;
}
