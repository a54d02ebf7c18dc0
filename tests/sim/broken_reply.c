/* broken_reply.c - replies and the log as no correct service shows them; see broken.h.
 *
 * Each function says whether its way of breaking makes sense here, so that what comes out is surely wrong: a value is only
 * replaced by another one, a zxid only by one that the rule in question forbids.
 */
#include "base/bytes.h"
#include "sim/broken.h"
#include "sim/ck_log.h"

#include <string.h>

#define HEAD 16 /* xid, zxid, err */
#define STAT 68 /* at the end of a reply; offsets from the end: */
#define CZXID 68
#define MZXID 60
#define CTIME 52
#define MTIME 44
#define VERSION 36
#define CVERSION 32
#define AVERSION 28
#define OWNER 24
#define LENGTH 16
#define CHILDREN 12
#define PZXID 8

static bool reply_to(const struct broken_point *p, int32_t op1, int32_t op2)
{
    return p->op != NULL && p->h.xid == p->op->xid && p->size >= HEAD && (p->op->opcode == op1 || p->op->opcode == op2);
}

static bool is_reply(const struct broken_point *p)
{
    return p->op != NULL && p->size >= HEAD && p->op->opcode != ZK_OP_CLOSE_SESSION;
}

static bool is_write(const struct broken_point *p)
{
    return is_reply(p) && p->op->write && p->h.err != -COORD_E_SESSION_EXPIRED;
}

static bool is_read(const struct broken_point *p)
{
    switch (is_reply(p) ? p->op->opcode : ZK_OP_NOTIFY) {
    case ZK_OP_GET_DATA:
    case ZK_OP_EXISTS:
    case ZK_OP_GET_CHILDREN:
    case ZK_OP_GET_CHILDREN2:
    case ZK_OP_GET_ACL:
        return true;
    default:
        return false;
    }
}

static void set_zxid(struct broken_point *p, uint64_t zxid)
{
    put_be64(p->bytes + 4, zxid);
}

static void set_err(struct broken_point *p, int32_t err)
{
    put_be32(p->bytes + 12, (uint32_t)err);
}

/* Something before it that was committed; 0: nothing. */
static uint64_t committed_before(struct sim *s, uint64_t zxid)
{
    for (uint64_t i = 1; i < 10 && zxid > i; i++)
        if (ck_log_find(s, zxid - i) != NULL)
            return zxid - i;
    return 0;
}

static bool zxid_falls(struct broken_point *p, bool apply)
{
    uint64_t before = is_read(p) || (p->h.xid == ZK_XID_PING && p->size >= HEAD) ? committed_before(p->s, p->c->last_zxid) : 0;

    if (apply)
        set_zxid(p, before);
    return before != 0;
}

static bool zxid_of_nothing(struct broken_point *p, bool apply)
{
    if (!is_reply(p))
        return false;
    if (apply)
        set_zxid(p, ck_log_last(p->s) + 1);
    return true;
}

static bool zxid_of_another(struct broken_point *p, bool apply)
{
    uint64_t other = ck_log_last(p->s);

    if (!is_write(p))
        return false;
    if (other == (uint64_t)p->h.zxid)
        other = committed_before(p->s, other);
    if (apply)
        set_zxid(p, other);
    return other != 0;
}

/* Another client was told of a write with a greater zxid before this one was sent. */
static bool write_in_the_past(struct broken_point *p, bool apply)
{
    if (!is_write(p) || (uint64_t)p->h.zxid >= ck_log_last(p->s))
        return false;
    if (apply)
        p->op->lower = ck_log_last(p->s);
    return true;
}

static bool sync_behind(struct broken_point *p, bool apply)
{
    if (!is_reply(p) || p->op->opcode != ZK_OP_SYNC || p->c->last_zxid == 0 || p->op->lower <= p->c->last_zxid)
        return false;
    if (apply)
        set_zxid(p, p->c->last_zxid);
    return true;
}

static bool error_invented(struct broken_point *p, bool apply)
{
    if (!is_write(p) || p->h.err != 0)
        return false;
    if (apply)
        set_err(p, p->op->opcode == ZK_OP_SET_DATA ? -COORD_E_BAD_VERSION : -COORD_E_NODE_EXISTS);
    return true;
}

static bool error_hidden(struct broken_point *p, bool apply)
{
    if (!is_write(p) || p->h.err == 0 || p->h.err == -COORD_E_SESSION_MOVED)
        return false;
    if (apply)
        set_err(p, 0);
    return true;
}

static bool node_denied(struct broken_point *p, bool apply)
{
    if (!is_read(p) || p->h.err != 0)
        return false;
    if (apply)
        set_err(p, -COORD_E_NO_NODE);
    return true;
}

static bool node_invented(struct broken_point *p, bool apply)
{
    if (!is_read(p) || p->h.err == 0)
        return false;
    if (apply)
        set_err(p, 0);
    return true;
}

static uint64_t mzxid(const uint8_t *bytes, size_t size)
{
    return get_be64(bytes + size - MZXID);
}

static bool value_of_the_past(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_GET_DATA, 0) || p->h.err != 0 || p->stale.size < HEAD + STAT ||
        mzxid(p->stale.data, p->stale.size) >= mzxid(p->bytes, p->size))
        return false;
    if (apply) {
        memcpy(p->bytes + HEAD, p->stale.data + HEAD, p->stale.size - HEAD);
        p->size = p->stale.size;
    }
    return true;
}

/* The answer says that it is of a time before the value was written. */
static bool value_of_the_future(struct broken_point *p, bool apply)
{
    uint64_t then = p->c->last_zxid;

    if (!reply_to(p, ZK_OP_GET_DATA, 0) || p->h.err != 0 || then == 0 || then >= mzxid(p->bytes, p->size))
        return false;
    if (apply)
        set_zxid(p, then);
    return true;
}

static bool value_altered(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_GET_DATA, 0) || p->h.err != 0 || p->size < HEAD + 4 + STAT + 1)
        return false;
    if (apply)
        p->bytes[HEAD + 4] ^= 1;
    return true;
}

static bool stat_field(struct broken_point *p, bool apply, size_t from_end, size_t bytes)
{
    bool with = reply_to(p, ZK_OP_GET_DATA, ZK_OP_EXISTS) || reply_to(p, ZK_OP_SET_DATA, ZK_OP_GET_CHILDREN2);

    if (!with || p->h.err != 0 || p->size < HEAD + STAT)
        return false;
    if (apply)
        p->bytes[p->size - from_end + bytes - 1]++;
    return true;
}

#define STAT_KIND(name, from_end, bytes)                                                                                       \
    static bool name(struct broken_point *p, bool apply)                                                                       \
    {                                                                                                                          \
        return stat_field(p, apply, from_end, bytes);                                                                          \
    }

STAT_KIND(wrong_czxid, CZXID, 8)
STAT_KIND(wrong_mzxid, MZXID, 8)
STAT_KIND(wrong_ctime, CTIME, 8)
STAT_KIND(wrong_mtime, MTIME, 8)
STAT_KIND(wrong_aversion, AVERSION, 4)
STAT_KIND(wrong_version, VERSION, 4)
STAT_KIND(wrong_cversion, CVERSION, 4)
STAT_KIND(wrong_owner, OWNER, 8)
STAT_KIND(wrong_length, LENGTH, 4)
STAT_KIND(wrong_children, CHILDREN, 4)
STAT_KIND(wrong_pzxid, PZXID, 8)

/* The names are count, then size and bytes of each, all of which differ. */
static bool child_missing(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2) || p->h.err != 0 || get_be32(p->bytes + HEAD) == 0)
        return false;
    if (apply) {
        size_t name = 4 + get_be32(p->bytes + HEAD + 4);
        put_be32(p->bytes + HEAD, get_be32(p->bytes + HEAD) - 1);
        memmove(p->bytes + HEAD + 4, p->bytes + HEAD + 4 + name, p->size - HEAD - 4 - name);
        p->size -= name;
    }
    return true;
}

static bool child_renamed(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2) || p->h.err != 0 || get_be32(p->bytes + HEAD) == 0)
        return false;
    if (apply)
        p->bytes[HEAD + 8] = '!';
    return true;
}

/* The second name gives way to the first. */
static bool child_doubled(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2) || p->h.err != 0 || get_be32(p->bytes + HEAD) < 2)
        return false;
    size_t first = 4 + get_be32(p->bytes + HEAD + 4);
    size_t second = 4 + get_be32(p->bytes + HEAD + 4 + first);
    if (first != second)
        return false;
    if (apply)
        memcpy(p->bytes + HEAD + 4 + first, p->bytes + HEAD + 4, first);
    return true;
}

static bool sequence_wrong(struct broken_point *p, bool apply)
{
    if (!reply_to(p, ZK_OP_CREATE, ZK_OP_CREATE2) || p->h.err != 0 || !p->op->sequential)
        return false;
    if (apply)
        p->bytes[HEAD + 4 + get_be32(p->bytes + HEAD) - 1] ^= 1;
    return true;
}

static bool reply_behind(struct broken_point *p, bool apply)
{
    p->hold = apply;
    return is_reply(p) && p->c->flight_count > 1;
}

static bool reply_missing(struct broken_point *p, bool apply)
{
    p->drop = apply;
    return is_reply(p) && p->c->flight_count > 1;
}

static bool reply_twice(struct broken_point *p, bool apply)
{
    p->twice = apply;
    return is_reply(p);
}

/* A request was just sent; nothing else is in flight. */
static bool answer_without_entry(struct broken_point *p, bool apply)
{
    if (p->op == NULL || p->size != 0 || !p->op->write || p->c->flight_count != 1 || ck_log_last(p->s) == 0)
        return false;
    if (apply) {
        put_be32(p->bytes, (uint32_t)p->op->xid);
        set_zxid(p, ck_log_last(p->s));
        set_err(p, 0);
        p->size = HEAD;
    }
    return true;
}

/* The log: requests that took effect. */

static bool entry_twice(struct broken_point *p, bool apply)
{
    p->twice = apply;
    return p->entry != NULL;
}

/* More of the same connection must be on its way: that they take effect without it is what is wrong. */
static bool entry_missing(struct broken_point *p, bool apply)
{
    const struct op *last = p->c->last_write;

    p->drop = apply;
    return p->entry != NULL && last != NULL && last->before != NULL && last->before->xid == p->entry->xid &&
           last->session == p->entry->session && !last->committed && !last->refused;
}

static bool entry_altered(struct broken_point *p, bool apply)
{
    static struct entry altered;
    static uint8_t body[65536];

    if (p->entry == NULL || p->entry->body.size < 1 || p->entry->body.size > sizeof(body))
        return false;
    if (apply) {
        altered = *p->entry;
        memcpy(body, altered.body.data, altered.body.size);
        body[altered.body.size - 1] ^= 1;
        altered.body.data = body;
        p->entry = &altered;
    }
    return true;
}

static bool entry_of_another(struct broken_point *p, bool apply)
{
    static struct entry altered;

    if (p->entry == NULL)
        return false;
    if (apply) {
        altered = *p->entry;
        altered.session ^= 1ull << 55; /* not 1: the next session may have sent the same */
        p->entry = &altered;
    }
    return true;
}

const struct broken_kind broken_replies[] = {
    {"zxid lower than one before", "C2", zxid_falls, false},
    {"zxid that nothing has", "I11 C9", zxid_of_nothing, false},
    {"write answered with another's zxid", "I11 C2 C9", zxid_of_another, false},
    {"write older than one complete before it", "C4", write_in_the_past, false},
    {"sync behind a complete write", "C4", sync_behind, false},
    {"success told as failure", "C5", error_invented, false},
    {"failure told as success", "C5", error_hidden, false},
    {"acknowledged write in no log", "I11 C9", answer_without_entry, false},
    {"read: a node denied", "C4", node_denied, false},
    {"read: a node invented", "C4 C14", node_invented, false},
    {"read: a value of the past", "C4 C7", value_of_the_past, false},
    {"read: a value of the future", "C4 C7 C14", value_of_the_future, false},
    {"read: a value that never was", "C4", value_altered, false},
    {"stat: czxid", "C7", wrong_czxid, false},
    {"stat: mzxid", "C7", wrong_mzxid, false},
    {"stat: ctime", "C7", wrong_ctime, false},
    {"stat: mtime", "C7", wrong_mtime, false},
    {"stat: aversion", "C7", wrong_aversion, false},
    {"stat: version", "C7 counter", wrong_version, false},
    {"stat: cversion", "C7", wrong_cversion, false},
    {"stat: ephemeralOwner", "C7", wrong_owner, false},
    {"stat: dataLength", "C7", wrong_length, false},
    {"stat: numChildren", "C7", wrong_children, false},
    {"stat: pzxid", "C7", wrong_pzxid, false},
    {"children: one missing", "C4", child_missing, false},
    {"children: one that is none", "C4", child_renamed, false},
    {"children: one twice for another", "C4", child_doubled, false},
    {"sequential node of another number", "C7", sequence_wrong, false},
    {"reply behind the next", "C1 C8 C9", reply_behind, true},
    {"reply missing", "C1 C8 C9", reply_missing, true},
    {"reply twice", "C1", reply_twice, false},
    {"write in the log twice", "C5", entry_twice, false},
    {"write before the one sent before it", "C1", entry_missing, true},
    {"write altered in the log", "I3", entry_altered, false},
    {"write of nobody in the log", "I3", entry_of_another, false},
    {NULL, NULL, NULL, false},
};
