/* broken_multi.c - multis done in part or told wrongly, and rights not looked at, as no correct service shows them; see
 * broken.h. */
#include "base/bytes.h"
#include "base/error.h"
#include "sim/broken.h"

#include <string.h>

#define HEAD 16                     /* xid, zxid, err */
#define PART 9                      /* type, done, err: before each result */
#define ACCOUNT (PART + 4 + 4 + 68) /* the result of reading an account */

static bool answers(const struct broken_point *p, int32_t opcode)
{
    return p->op != NULL && p->h.xid == p->op->xid && p->op->opcode == opcode && p->h.err == 0 && p->size > HEAD + PART;
}

/* The type of its first result; -1: it failed. */
static int32_t first_type(const struct broken_point *p)
{
    return (int32_t)get_be32(p->bytes + HEAD);
}

static bool multi_altered(struct broken_point *p, bool apply)
{
    if (!answers(p, ZK_OP_MULTI))
        return false;
    if (apply)
        p->bytes[(HEAD + p->size) / 2] ^= 1;
    return true;
}

static bool multi_failure_invented(struct broken_point *p, bool apply)
{
    if (!answers(p, ZK_OP_MULTI) || first_type(p) == -1)
        return false;
    if (apply) {
        put_be32(p->bytes + HEAD, (uint32_t)-1);
        put_be32(p->bytes + HEAD + 5, (uint32_t)-COORD_E_BAD_VERSION);
    }
    return true;
}

/* As if there had been nothing to do. */
static bool multi_failure_hidden(struct broken_point *p, bool apply)
{
    if (!answers(p, ZK_OP_MULTI) || first_type(p) != -1)
        return false;
    if (apply) {
        memmove(p->bytes + HEAD, p->bytes + p->size - PART, PART);
        p->size = HEAD + PART;
    }
    return true;
}

/* The error of the last one, or that it was not reached, becomes 0: half of it was done. */
static bool multi_half_done(struct broken_point *p, bool apply)
{
    if (!answers(p, ZK_OP_MULTI) || first_type(p) != -1 || p->size < HEAD + 2 * PART + 4)
        return false;
    if (apply) {
        put_be32(p->bytes + p->size - PART - 4, 0);
        put_be32(p->bytes + p->size - PART - 8, 0);
    }
    return true;
}

static bool reads_accounts(const struct broken_point *p)
{
    return answers(p, ZK_OP_MULTI_READ) && first_type(p) == ZK_OP_GET_DATA && p->size >= HEAD + 2 * ACCOUNT + PART &&
           get_be32(p->bytes + HEAD + PART) == 4;
}

/* One account as it was when they were read before, the others as they are. */
static bool accounts_of_two_times(struct broken_point *p, bool apply)
{
    if (!reads_accounts(p) || p->stale.size < HEAD + ACCOUNT || get_be32(p->stale.data + HEAD) != ZK_OP_GET_DATA ||
        memcmp(p->stale.data + HEAD, p->bytes + HEAD, ACCOUNT) == 0)
        return false;
    if (apply)
        memcpy(p->bytes + HEAD, p->stale.data + HEAD, ACCOUNT);
    return true;
}

static bool account_altered(struct broken_point *p, bool apply)
{
    if (!reads_accounts(p))
        return false;
    if (apply)
        p->bytes[HEAD + PART + 4 + 3]++;
    return true;
}

static bool account_missing(struct broken_point *p, bool apply)
{
    if (!reads_accounts(p))
        return false;
    if (apply) {
        memmove(p->bytes + HEAD, p->bytes + HEAD + ACCOUNT, p->size - HEAD - ACCOUNT);
        p->size -= ACCOUNT;
    }
    return true;
}

static bool read_of_node(const struct broken_point *p)
{
    return p->op != NULL && p->h.xid == p->op->xid && p->size >= HEAD &&
           (p->op->opcode == ZK_OP_GET_DATA || p->op->opcode == ZK_OP_EXISTS || p->op->opcode == ZK_OP_GET_ACL);
}

static bool read_forbidden(struct broken_point *p, bool apply)
{
    if (!read_of_node(p) || p->h.err != 0)
        return false;
    if (apply)
        put_be32(p->bytes + 12, (uint32_t)-COORD_E_NO_AUTH);
    return true;
}

static bool read_permitted(struct broken_point *p, bool apply)
{
    if (!read_of_node(p) || p->h.err != -COORD_E_NO_AUTH)
        return false;
    if (apply)
        put_be32(p->bytes + 12, 0);
    return true;
}

static bool rights_altered(struct broken_point *p, bool apply)
{
    if (!answers(p, ZK_OP_GET_ACL))
        return false;
    if (apply)
        p->bytes[HEAD + 4 + 3] ^= ZK_PERM_WRITE; /* of the first entry */
    return true;
}

static bool entry_of_nobody(struct broken_point *p, bool apply)
{
    static struct entry altered;

    if (p->entry == NULL || p->entry->auth.size == 0)
        return false;
    if (apply) {
        altered = *p->entry;
        altered.auth = SLICE_NULL;
        p->entry = &altered;
    }
    return true;
}

const struct broken_kind broken_multis[] = {
    {"multi: a result altered", "C6", multi_altered, false},
    {"multi: success told as failure", "C6", multi_failure_invented, false},
    {"multi: failure told as success", "C6", multi_failure_hidden, false},
    {"multi: told as done by half", "C6", multi_half_done, false},
    {"multiRead: of two times", "C6 C7", accounts_of_two_times, false},
    {"multiRead: a value altered", "C6", account_altered, false},
    {"multiRead: a result missing", "C6 C7 C4", account_missing, false},
    {"rights: who may read is refused", "C14", read_forbidden, false},
    {"rights: who may not read is answered", "C14", read_permitted, false},
    {"rights: another list", "C14", rights_altered, false},
    {"write without the ids of its client", "C14", entry_of_nobody, false},
    {NULL, NULL, NULL, false},
};
