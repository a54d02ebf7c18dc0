/* reply_multi.c - the results of a multi or multiRead, as one block: results, stats, pointers to names, texts. Pure.
 *
 * The answer is walked twice by the same code: to count what it needs, then to fill the block. Each text has at least its
 * length's 4 bytes before it on the wire, so that the block is bounded by the answer's size.
 */
#include "reply.h"

#include "wire/zk.h"

#include <stdlib.h>

/* What is needed so far, and where it goes: nothing in the first walk. */
struct block {
    struct coord_result *results;
    struct coord_stat *stats;
    const char **names;
    char *texts;
    size_t result_count, stat_count, name_count, text_bytes;
    int error; /* of the whole */
};

static void put_stat(struct block *b, struct coord_result *result, const struct zk_stat *from)
{
    if (b->stats != NULL) {
        b->stats[b->stat_count] = reply_stat(from);
        result->stat = &b->stats[b->stat_count];
    }
    b->stat_count++;
}

static const char *put_text(struct block *b, struct slice text)
{
    char *to = b->texts;

    if (to != NULL) {
        to += b->text_bytes;
        if (text.size > 0)
            memcpy(to, text.data, text.size);
        to[text.size] = '\0';
    }
    b->text_bytes += text.size + 1;
    return to;
}

static void put_names(struct block *b, struct coord_result *result, struct jute_vector names)
{
    struct jute_cursor items = jute_cursor_make(names.items);
    const char **list = b->names != NULL ? b->names + b->name_count : NULL;
    struct slice item;
    size_t count = 0;

    while (names.count > 0 && jute_next_ustring(&items, &item)) {
        const char *text = put_text(b, item);
        if (list != NULL)
            list[count] = text;
        count++;
    }
    if (list != NULL)
        list[count] = NULL;
    result->children = list;
    result->child_count = count;
    b->name_count += count + 1;
}

static int take_stat(struct block *b, struct coord_result *result, struct jute_cursor *c)
{
    struct zk_stat stat;
    int rc = jute_decode(c, &jute_stat, &stat);

    if (rc == 0)
        put_stat(b, result, &stat);
    return rc;
}

static int take_path(struct block *b, struct coord_result *result, struct jute_cursor *c)
{
    struct zk_path_response response;

    if (jute_decode(c, &jute_path_response, &response) < 0 || slice_is_null(response.path))
        return -COORD_E_MARSHALLING;
    result->path = put_text(b, response.path);
    return 0;
}

/* A value has the wire form of a path. It stays where it is. */
static int take_data(struct block *b, struct coord_result *result, struct jute_cursor *c)
{
    struct zk_path_response value;

    if (jute_decode(c, &jute_path_response, &value) < 0)
        return -COORD_E_MARSHALLING;
    result->data = value.path.data;
    result->data_size = value.path.size;
    return take_stat(b, result, c);
}

static int take_children(struct block *b, struct coord_result *result, struct jute_cursor *c)
{
    struct zk_children_response response;
    int rc = jute_decode(c, &jute_children_response, &response);

    if (rc == 0)
        put_names(b, result, response.children);
    return rc;
}

/* The error of a multi is that of the operation that made it fail; those before it have none and those behind it only say that
 * they were not tried. */
static int take_error(struct block *b, struct coord_result *result, struct jute_cursor *c, bool whole)
{
    struct zk_error_response response;

    if (jute_decode(c, &jute_error_response, &response) < 0 || response.err > 0)
        return -COORD_E_MARSHALLING;
    result->error = response.err;
    if (whole && response.err != 0 && (b->error == 0 || b->error == -COORD_E_RUNTIME_INCONSISTENCY))
        b->error = response.err;
    return 0;
}

static int take_result(struct block *b, struct coord_result *result, struct jute_cursor *c, int32_t type, bool whole)
{
    int rc;

    switch (type) {
    case ZK_OP_CREATE:
        return take_path(b, result, c);
    case ZK_OP_CREATE2:
    case ZK_OP_CREATE_CONTAINER:
    case ZK_OP_CREATE_TTL:
        rc = take_path(b, result, c);
        return rc < 0 ? rc : take_stat(b, result, c);
    case ZK_OP_SET_DATA:
        return take_stat(b, result, c);
    case ZK_OP_DELETE:
    case ZK_OP_CHECK:
        return 0;
    case ZK_OP_GET_DATA:
        return take_data(b, result, c);
    case ZK_OP_GET_CHILDREN:
        return take_children(b, result, c);
    case -1:
        return take_error(b, result, c, whole);
    default:
        return -COORD_E_MARSHALLING;
    }
}

static int walk(struct block *b, struct jute_cursor c, bool whole)
{
    struct zk_multi_header header;

    for (;;) {
        struct coord_result result = {0};
        int rc;

        if (jute_decode(&c, &jute_multi_header, &header) < 0)
            return -COORD_E_MARSHALLING;
        if (header.done)
            return 0;
        rc = take_result(b, &result, &c, header.type, whole);
        if (rc < 0)
            return rc;
        if (b->results != NULL)
            b->results[b->result_count] = result;
        b->result_count++;
    }
}

int reply_decode_multi(struct reply *reply, int32_t opcode, struct jute_cursor *c)
{
    bool whole = opcode == ZK_OP_MULTI;
    struct block need = {0}, b = {0};
    int rc = walk(&need, *c, whole);

    if (rc < 0)
        return rc;
    b.results = malloc(need.result_count * sizeof(*b.results) + need.stat_count * sizeof(*b.stats) +
                       need.name_count * sizeof(*b.names) + need.text_bytes + 1);
    if (b.results == NULL)
        return -COORD_E_NO_MEMORY;
    b.stats = (struct coord_stat *)(b.results + need.result_count);
    b.names = (const char **)(b.stats + need.stat_count);
    b.texts = (char *)(b.names + need.name_count);
    (void)walk(&b, *c, whole); /* as the first time */
    reply->block = b.results;
    reply->shown.error = b.error;
    reply->shown.results = b.results;
    reply->shown.result_count = b.result_count;
    return 0;
}
