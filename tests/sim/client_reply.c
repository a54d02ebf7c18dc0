/* client_reply.c - each reply against the committed history (C2, C4, C7); see client.h. */
#include "base/hash.h"
#include "sim/ck_log.h"
#include "sim/ck_model.h"
#include "sim/client.h"
#include "sim/mark.h"
#include "sim/trace.h"
#include "sim/workload.h"

#include <stdio.h>

void client_expect_stat(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, const struct zk_stat *got,
                        const struct zk_stat *want)
{
    if (!jute_equal(&jute_stat, got, want)) {
        struct buf text = {0};
        jute_print(&text, &jute_stat, got);
        buf_printf(&text, ", should be ");
        jute_print(&text, &jute_stat, want);
        sim_fail(s, "C7", "c%u xid %d on %s at " ZXID_FMT ": %.*s", c->id, op->xid, op->path, ZXID_ARG(zxid),
                 (int)buf_size(&text), (const char *)buf_bytes(&text));
    }
}

void client_decode(struct sim *s, struct client *c, const struct op *op, struct jute_cursor *in,
                   const struct jute_record *table, void *record)
{
    if (jute_decode(in, table, record) != 0)
        sim_fail(s, "protocol", "c%u xid %d: malformed reply of op %d", c->id, op->xid, op->opcode);
}

static void created(struct sim *s, struct client *c, const struct op *op, uint64_t zxid, struct jute_cursor in)
{
    struct zk_path_response r;
    char text[CLIENT_PATH_MAX];
    size_t size = strlen(op->path);

    client_decode(s, c, op, &in, &jute_path_response, &r);
    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(r.path));
    if (strncmp(text, op->path, size) != 0 || strlen(text) != size + (op->sequential ? 10 : 0) ||
        !ck_model_happened(s, text, ZK_EVENT_NODE_CREATED, zxid))
        sim_fail(s, "C7", "c%u xid %d: create of %s answers %s", c->id, op->xid, op->path, text);
    workload_created(c, text);
}

/* What it answers was judged when its entry was applied first (ck_rules.c): to the client it is the same, byte by byte. */
static void write_reply(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h,
                        const struct jute_cursor *in)
{
    uint64_t zxid = (uint64_t)h->zxid;

    if (!client_write_answered(s, c, op, h) || h->err != 0)
        return;
    if (op->opcode == ZK_OP_CREATE || op->opcode == ZK_OP_CREATE2)
        created(s, c, op, zxid, *in);
    if (hash_bytes(in->at, (size_t)(in->end - in->at), 1) != ck_log_find(s, zxid)->reply_hash)
        sim_fail(s, op->opcode == ZK_OP_MULTI ? "C6" : "C7", "c%u xid %d: op %d on %s is answered other than " ZXID_FMT " gave",
                 c->id, op->xid, op->opcode, op->path, ZXID_ARG(zxid));
    workload_written(c, op, *in);
}

static void watch_reply(struct sim *s, struct client *c, const struct op *op, const struct zk_reply_header *h,
                        struct jute_cursor *in)
{
    struct zk_error_response r;

    if (op->opcode == ZK_OP_REMOVE_WATCHES) {
        client_stream_removed(s, c, op, h->err);
        return;
    }
    if (h->err != 0)
        sim_fail(s, "protocol", "c%u xid %d: addWatch failed with %d", c->id, op->xid, h->err);
    client_decode(s, c, op, in, &jute_error_response, &r);
    client_stream_set(s, c, op->path, op->number == ZK_ADD_WATCH_RECURSIVE, (uint64_t)h->zxid);
}

void client_reply(struct sim *s, struct client *c, struct op *op, const struct zk_reply_header *h, struct jute_cursor *in)
{
    uint64_t zxid = (uint64_t)h->zxid;

    if (zxid != 0 && ck_log_find(s, zxid) == NULL)
        sim_fail(s, "I11", "c%u xid %d was answered at " ZXID_FMT ", which is not committed", c->id, op->xid, ZXID_ARG(zxid));
    client_shown(s, c, zxid);
    if (op->hopeless) {
        if (h->err != -COORD_E_EPHEMERAL_ON_LOCAL_SESSION)
            sim_fail(s, "local", "c%u xid %d: an ephemeral node of a local session is answered with %d", c->id, op->xid,
                     h->err);
        mark(s, MARK_LOCAL_REFUSED);
    } else if (op->write) {
        write_reply(s, c, op, h, in);
    } else if (op->opcode == ZK_OP_ADD_WATCH || op->opcode == ZK_OP_REMOVE_WATCHES) {
        watch_reply(s, c, op, h, in);
    } else if (op->opcode == ZK_OP_SYNC) {
        struct zk_path_response r;
        if (h->err != 0)
            sim_fail(s, "protocol", "c%u xid %d: sync failed with %d", c->id, op->xid, h->err);
        client_decode(s, c, op, in, &jute_path_response, &r);
        if (zxid < op->lower)
            sim_fail(s, "C4", "c%u xid %d: synced to " ZXID_FMT ", but " ZXID_FMT " was complete before", c->id, op->xid,
                     ZXID_ARG(zxid), ZXID_ARG(op->lower));
    } else {
        client_read_reply(s, c, op, h, in);
    }
}

void client_shown(struct sim *s, struct client *c, uint64_t zxid)
{
    if (zxid < c->last_zxid)
        sim_fail(s, "C2", "c%u heard of " ZXID_FMT " and is now answered at " ZXID_FMT, c->id, ZXID_ARG(c->last_zxid),
                 ZXID_ARG(zxid));
    c->last_zxid = zxid;
    client_stream_shown(s, c, zxid);
    client_watch_unheard(s, c, zxid);
    for (uint32_t i = 0; i < c->watch_count; i++) {
        const struct client_watch *w = &c->watch[i];
        if (w->pending)
            continue;
        struct ck_fired fired = ck_model_fires(s, w->path, w->child, w->zxid, zxid);
        if (fired.zxid != 0)
            sim_fail(s, "C9", "c%u is answered at " ZXID_FMT " and was not told of event %d on %s at " ZXID_FMT, c->id,
                     ZXID_ARG(zxid), (int)fired.event, w->path, ZXID_ARG(fired.zxid));
        c->watch[i].zxid = zxid; /* looked at up to here */
    }
}
