/* client_read.c - the answers of reads: each is what the committed history held at the zxid it names, to who may read it (C4,
 * C7, C11, C14); see client.h. */
#include "sim/ck_model.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <stdio.h>
#include <string.h>

/* A read, alone or of a multiRead. */
struct reading {
    struct client *c;
    const struct op *op;
    int32_t opcode;
    const char *path;
    uint64_t zxid;
    struct ck_node node; /* as it was then */
};

#define STAT_OF(r)                                                                                                             \
    (struct zk_stat)                                                                                                           \
    {                                                                                                                          \
        (r).czxid, (r).mzxid, (r).ctime, (r).mtime, (r).version, (r).cversion, (r).aversion, (r).ephemeral_owner,              \
            (r).data_length, (r).num_children, (r).pzxid                                                                       \
    }

static void read_data(struct sim *s, const struct reading *r, struct jute_cursor *in)
{
    struct zk_get_data_response got;

    client_decode(s, r->c, r->op, in, &jute_get_data_response, &got);
    if (ck_data_hash(got.data) != r->node.data_hash)
        sim_fail(s, r->op->opcode == ZK_OP_MULTI_READ ? "C6" : "C4",
                 "c%u xid %d read a value of %s that it did not have at " ZXID_FMT, r->c->id, r->op->xid, r->path,
                 ZXID_ARG(r->zxid));
    workload_read(s, r->c, r->path, got.data, got.version);
    client_expect_stat(s, r->c, r->op, r->zxid, &STAT_OF(got), &r->node.stat);
    workload_stat(s, r->c, r->path, got.version, (uint64_t)got.ephemeral_owner);
}

static void read_exists(struct sim *s, const struct reading *r, struct jute_cursor *in)
{
    struct zk_stat got;

    client_decode(s, r->c, r->op, in, &jute_stat, &got);
    client_expect_stat(s, r->c, r->op, r->zxid, &got, &r->node.stat);
    workload_stat(s, r->c, r->path, got.version, (uint64_t)got.ephemeral_owner);
}

static void read_children(struct sim *s, const struct reading *r, struct jute_cursor *in)
{
    struct jute_vector names;

    if (r->opcode == ZK_OP_GET_CHILDREN2) {
        struct zk_children2_response got;
        client_decode(s, r->c, r->op, in, &jute_children2_response, &got);
        names = got.children;
        client_expect_stat(s, r->c, r->op, r->zxid, &STAT_OF(got), &r->node.stat);
    } else {
        struct zk_children_response got;
        client_decode(s, r->c, r->op, in, &jute_children_response, &got);
        names = got.children;
    }
    if (!ck_model_children(s, r->path, r->zxid, &names))
        sim_fail(s, "C4", "c%u xid %d: wrong children of %s at " ZXID_FMT, r->c->id, r->op->xid, r->path, ZXID_ARG(r->zxid));
}

static void read_acl(struct sim *s, const struct reading *r, struct jute_cursor *in)
{
    bool hidden = !ck_acl_permits(&r->node.acl, ZK_PERM_ADMIN, r->op->who);
    struct zk_get_acl_response got;
    struct ck_acl acl;

    client_decode(s, r->c, r->op, in, &jute_get_acl_response, &got);
    if (!ck_acl_read(got.acl, 0, hidden, &acl) || memcmp(&acl, &r->node.acl, sizeof(acl)) != 0)
        sim_fail(s, "C14", "c%u xid %d: the list of %s at " ZXID_FMT " is another, or its hashes are shown", r->c->id,
                 r->op->xid, r->path, ZXID_ARG(r->zxid));
    client_expect_stat(s, r->c, r->op, r->zxid, &STAT_OF(got), &r->node.stat);
    if (hidden)
        mark(s, MARK_HASH_HIDDEN);
}

static void read_count(struct sim *s, const struct reading *r, struct jute_cursor *in)
{
    struct zk_count_response got;

    client_decode(s, r->c, r->op, in, &jute_count_response, &got);
    if (got.count != ck_model_descendants(s, r->path, r->zxid))
        sim_fail(s, "C4", "c%u xid %d: %d nodes are below %s at " ZXID_FMT ", told %d", r->c->id, r->op->xid,
                 ck_model_descendants(s, r->path, r->zxid), r->path, ZXID_ARG(r->zxid), got.count);
}

/* The error that the read must have. */
static int read_error(const struct reading *r)
{
    int perms = r->opcode == ZK_OP_GET_ACL ? ZK_PERM_READ | ZK_PERM_ADMIN : ZK_PERM_READ;

    if (!r->node.exists)
        return -COORD_E_NO_NODE;
    return ck_acl_permits(&r->node.acl, perms, r->op->who) ? 0 : -COORD_E_NO_AUTH;
}

static void check_read(struct sim *s, const struct reading *r, int err, struct jute_cursor *in)
{
    int want = read_error(r);

    if (want == -COORD_E_NO_AUTH)
        mark(s, MARK_READ_DENIED);
    if (err != want)
        sim_fail(s, err == -COORD_E_NO_AUTH || want == -COORD_E_NO_AUTH ? "C14" : "C4",
                 "c%u xid %d: op %d on %s at " ZXID_FMT " is told %s, should be %s", r->c->id, r->op->xid, r->opcode, r->path,
                 ZXID_ARG(r->zxid), coord_error_name(err), coord_error_name(want));
    if (err != 0)
        return;
    if (r->opcode == ZK_OP_GET_DATA)
        read_data(s, r, in);
    else if (r->opcode == ZK_OP_EXISTS)
        read_exists(s, r, in);
    else if (r->opcode == ZK_OP_GET_ACL)
        read_acl(s, r, in);
    else if (r->opcode == ZK_OP_GET_ALL_CHILDREN_NUMBER)
        read_count(s, r, in);
    else
        read_children(s, r, in);
}

/* One result, behind its header: of one operation that was asked. */
static void read_part(struct sim *s, struct reading *r, struct jute_cursor *asked, struct jute_cursor *in, uint32_t *failed)
{
    struct zk_path_watch_request q;
    struct zk_multi_header h, result;
    char path[CLIENT_PATH_MAX];

    if (jute_decode(asked, &jute_multi_header, &h) != 0 || jute_decode(asked, &jute_path_watch_request, &q) != 0)
        sim_fail(s, "simulator", "c%u xid %d asked no multiRead", r->c->id, r->op->xid);
    client_decode(s, r->c, r->op, in, &jute_multi_header, &result);
    if (result.done || result.type != (result.err == 0 ? h.type : -1))
        sim_fail(s, "C6", "c%u xid %d: result %d of a multiRead for %d", r->c->id, r->op->xid, result.type, h.type);
    if (result.err != 0) {
        struct zk_error_response e;
        client_decode(s, r->c, r->op, in, &jute_error_response, &e);
        ++*failed;
    }
    snprintf(path, sizeof(path), "%.*s", SLICE_ARG(q.path));
    r->path = path;
    r->opcode = h.type;
    ck_model_at(s, path, r->zxid, &r->node);
    check_read(s, r, result.err, in);
}

static void read_all(struct sim *s, struct reading *r, struct jute_cursor *in)
{
    struct jute_cursor asked = jute_cursor_make(buf_slice(&r->op->body));
    struct zk_multi_header end;
    struct jute_cursor whole = *in;
    uint32_t count = 0, failed = 0;

    for (; asked.end - asked.at > 9; count++) /* all but the last header */
        read_part(s, r, &asked, in, &failed);
    client_decode(s, r->c, r->op, in, &jute_multi_header, &end);
    if (!end.done)
        sim_fail(s, "C6", "c%u xid %d: a multiRead has more results than %u", r->c->id, r->op->xid, count);
    if (failed > 0 && failed < count)
        mark(s, MARK_MULTI_READ);
    workload_multi_read(s, r->c, r->op, whole);
}

void client_read_reply(struct sim *s, struct client *c, const struct op *op, const struct zk_reply_header *h,
                       struct jute_cursor *in)
{
    struct reading r = {.c = c, .op = op, .opcode = op->opcode, .path = op->path, .zxid = (uint64_t)h->zxid};

    if (op->opcode == ZK_OP_MULTI_READ) {
        if (h->err != 0)
            sim_fail(s, "C6", "c%u xid %d: a multiRead failed with %d", c->id, op->xid, h->err);
        read_all(s, &r, in);
    } else if (op->opcode == ZK_OP_GET_EPHEMERALS) {
        struct zk_children_response got;
        if (h->err != 0)
            sim_fail(s, "protocol", "c%u xid %d: getEphemerals failed with %d", c->id, op->xid, h->err);
        client_decode(s, c, op, in, &jute_children_response, &got);
        if (!ck_model_ephemerals(s, c->session, r.zxid, &got.children))
            sim_fail(s, "C13", "c%u xid %d: other ephemeral nodes than its own at " ZXID_FMT, c->id, op->xid, ZXID_ARG(r.zxid));
    } else {
        ck_model_at(s, op->path, r.zxid, &r.node);
        check_read(s, &r, h->err, in);
        bool child = op->opcode == ZK_OP_GET_CHILDREN || op->opcode == ZK_OP_GET_CHILDREN2;
        if (op->watch && (h->err == 0 || (op->opcode == ZK_OP_EXISTS && h->err == -COORD_E_NO_NODE)))
            client_watch_set(s, c, op->path, child, h->err != 0, r.zxid);
    }
    if (h->err == 0 && in->at != in->end)
        sim_fail(s, "protocol", "c%u xid %d: more than the answer of op %d", c->id, op->xid, op->opcode);
}
