/* client_reply.c - each reply against the committed history (C2, C4, C7); see client.h. */
#include "sim/ck_log.h"
#include "sim/ck_model.h"
#include "sim/client.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <stdio.h>

static void expect_stat(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, const struct zk_stat *got,
                        const struct zk_stat *want)
{
    if (got->czxid != want->czxid || got->mzxid != want->mzxid || got->pzxid != want->pzxid || got->version != want->version ||
        got->cversion != want->cversion || got->aversion != 0 || got->ephemeral_owner != want->ephemeral_owner ||
        got->data_length != want->data_length || got->num_children != want->num_children)
        sim_fail(s, "C7",
                 "c%u xid %d on %s at " ZXID_FMT ": stat mzxid=%llx version=%d cversion=%d children=%d owner=%llx size=%d, "
                 "should be mzxid=%llx version=%d cversion=%d children=%d owner=%llx size=%d",
                 c->id, op->xid, op->path, ZXID_ARG(zxid), (unsigned long long)got->mzxid, got->version, got->cversion,
                 got->num_children, (unsigned long long)got->ephemeral_owner, got->data_length, (unsigned long long)want->mzxid,
                 want->version, want->cversion, want->num_children, (unsigned long long)want->ephemeral_owner,
                 want->data_length);
}

static void decode(struct sim *s, struct client *c, const struct op *op, struct jute_cursor *in,
                   const struct jute_record *table, void *record)
{
    if (jute_decode(in, table, record) != 0 || in->at != in->end)
        sim_fail(s, "protocol", "c%u xid %d: malformed reply of op %d", c->id, op->xid, op->opcode);
}

static void note_version(struct client *c, const char *path, int32_t version)
{
    if (path[0] == '/' && path[1] == 'r' && path[2] == '/' && path[3] >= '0' && path[3] < '8')
        c->version[path[3] - '0'] = version;
}

static void created(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, struct slice path)
{
    char text[CLIENT_PATH_MAX];
    size_t size = strlen(op->path);

    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(path));
    if (strncmp(text, op->path, size) != 0 || strlen(text) != size + (op->sequential ? 10 : 0) ||
        !ck_model_happened(s, text, ZK_EVENT_NODE_CREATED, zxid))
        sim_fail(s, "C7", "c%u xid %d: create of %s answers %s", c->id, op->xid, op->path, text);
    workload_created(c, text);
}

static void write_reply(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h, struct jute_cursor *in)
{
    uint64_t zxid = (uint64_t)h->zxid;
    struct ck_node want;

    client_write_answered(s, c, op, h);
    if (h->err != 0)
        return;
    if (op->opcode == ZK_OP_SET_DATA) {
        struct zk_stat stat;
        decode(s, c, op, in, &jute_stat, &stat);
        ck_model_at(s, op->path, zxid, &want);
        expect_stat(s, c, op, zxid, &stat, &want.stat);
        note_version(c, op->path, stat.version);
    } else if (op->opcode == ZK_OP_CREATE) {
        struct zk_path_response r;
        decode(s, c, op, in, &jute_path_response, &r);
        created(s, c, op, zxid, r.path);
        note_version(c, op->path, 0);
    } else if (op->opcode == ZK_OP_CREATE2) {
        struct zk_create2_response r;
        struct zk_stat stat;
        decode(s, c, op, in, &jute_create2_response, &r);
        created(s, c, op, zxid, r.path);
        stat = (struct zk_stat){r.czxid,    r.mzxid,           r.ctime,       r.mtime,        r.version, r.cversion,
                                r.aversion, r.ephemeral_owner, r.data_length, r.num_children, r.pzxid};
        char text[CLIENT_PATH_MAX];
        snprintf(text, sizeof(text), "%.*s", SLICE_ARG(r.path));
        ck_model_at(s, text, zxid, &want);
        expect_stat(s, c, op, zxid, &stat, &want.stat);
    }
}

static void read_data(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, const struct ck_node *want,
                      struct jute_cursor *in)
{
    struct zk_stat stat;

    if (op->opcode == ZK_OP_GET_DATA) {
        struct zk_get_data_response r;
        decode(s, c, op, in, &jute_get_data_response, &r);
        if (ck_data_hash(r.data) != want->data_hash)
            sim_fail(s, "C4", "c%u xid %d read a value of %s that it did not have at " ZXID_FMT, c->id, op->xid, op->path,
                     ZXID_ARG(zxid));
        workload_read(s, c, op->path, r.data, r.version);
        stat = (struct zk_stat){r.czxid,    r.mzxid,           r.ctime,       r.mtime,        r.version, r.cversion,
                                r.aversion, r.ephemeral_owner, r.data_length, r.num_children, r.pzxid};
    } else {
        decode(s, c, op, in, &jute_stat, &stat);
    }
    expect_stat(s, c, op, zxid, &stat, &want->stat);
    note_version(c, op->path, stat.version);
    workload_owner(s, c, op->path, (uint64_t)stat.ephemeral_owner);
}

static void read_children(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, const struct ck_node *want,
                          struct jute_cursor *in)
{
    struct jute_vector names;

    if (op->opcode == ZK_OP_GET_CHILDREN2) {
        struct zk_children2_response r;
        decode(s, c, op, in, &jute_children2_response, &r);
        names = r.children;
        struct zk_stat stat = {r.czxid,    r.mzxid,           r.ctime,       r.mtime,        r.version, r.cversion,
                               r.aversion, r.ephemeral_owner, r.data_length, r.num_children, r.pzxid};
        expect_stat(s, c, op, zxid, &stat, &want->stat);
    } else {
        struct zk_children_response r;
        decode(s, c, op, in, &jute_children_response, &r);
        names = r.children;
    }
    if (!ck_model_children(s, op->path, zxid, &names))
        sim_fail(s, "C4", "c%u xid %d: wrong children of %s at " ZXID_FMT, c->id, op->xid, op->path, ZXID_ARG(zxid));
}

static void read_reply(struct sim *s, struct client *c, const struct op *op, const struct zk_reply_header *h,
                       struct jute_cursor *in)
{
    uint64_t zxid = (uint64_t)h->zxid;
    struct ck_node want;

    ck_model_at(s, op->path, zxid, &want);
    if (h->err != (want.exists ? 0 : -COORD_E_NO_NODE))
        sim_fail(s, "C4", "c%u xid %d: %s was %s at " ZXID_FMT ", told %d", c->id, op->xid, op->path,
                 want.exists ? "there" : "missing", ZXID_ARG(zxid), h->err);
    bool child = op->opcode == ZK_OP_GET_CHILDREN || op->opcode == ZK_OP_GET_CHILDREN2;
    if (h->err == 0 && child)
        read_children(s, c, op, zxid, &want, in);
    else if (h->err == 0)
        read_data(s, c, op, zxid, &want, in);
    if (op->watch && (h->err == 0 || op->opcode == ZK_OP_EXISTS))
        client_watch_set(s, c, op->path, child, h->err != 0, zxid);
}

void client_reply(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h, struct jute_cursor *in)
{
    uint64_t zxid = (uint64_t)h->zxid;

    if (zxid != 0 && ck_log_find(s, zxid) == NULL)
        sim_fail(s, "I11", "c%u xid %d was answered at " ZXID_FMT ", which is not committed", c->id, op->xid, ZXID_ARG(zxid));
    client_shown(s, c, zxid);
    if (op->write) {
        write_reply(s, c, op, h, in);
    } else if (op->opcode == ZK_OP_ADD_WATCH) {
        struct zk_error_response r;
        decode(s, c, op, in, &jute_error_response, &r);
        if (h->err != 0 || r.err != 0)
            sim_fail(s, "protocol", "c%u xid %d: addWatch failed with %d", c->id, op->xid, h->err);
        client_stream_set(s, c, op->path, zxid);
    } else if (op->opcode == ZK_OP_SYNC) {
        struct zk_path_response r;
        if (h->err != 0)
            sim_fail(s, "protocol", "c%u xid %d: sync failed with %d", c->id, op->xid, h->err);
        decode(s, c, op, in, &jute_path_response, &r);
        if (zxid < op->lower)
            sim_fail(s, "C4", "c%u xid %d: synced to " ZXID_FMT ", but " ZXID_FMT " was complete before", c->id, op->xid,
                     ZXID_ARG(zxid), ZXID_ARG(op->lower));
    } else {
        read_reply(s, c, op, h, in);
    }
}

void client_shown(struct sim *s, struct client *c, uint64_t zxid)
{
    if (zxid < c->last_zxid)
        sim_fail(s, "C2", "c%u heard of " ZXID_FMT " and is now answered at " ZXID_FMT, c->id, ZXID_ARG(c->last_zxid),
                 ZXID_ARG(zxid));
    c->last_zxid = zxid;
    client_stream_shown(s, c, zxid);
    for (uint32_t i = 0; i < c->watch_count; i++) {
        const struct client_watch *w = &c->watch[i];
        enum zk_event event;
        uint64_t fired = w->pending ? 0 : ck_model_fires(s, w->path, w->child, w->zxid, zxid, &event);
        if (fired != 0)
            sim_fail(s, "C9", "c%u is answered at " ZXID_FMT " and was not told of event %d on %s at " ZXID_FMT, c->id,
                     ZXID_ARG(zxid), (int)event, w->path, ZXID_ARG(fired));
        if (!w->pending)
            c->watch[i].zxid = zxid; /* looked at up to here */
    }
}
