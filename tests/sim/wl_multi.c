/* wl_multi.c - multis: transfers between accounts, whose sum no multiRead may find changed, and mixtures of operations, most of
 * which fail somewhere in the middle; all of them watched. */
#include "base/bytes.h"
#include "sim/trace.h"
#include "sim/wl.h"

#include <stdio.h>

#define BALANCE 100

static void account_path(char path[CLIENT_PATH_MAX], uint32_t number)
{
    snprintf(path, CLIENT_PATH_MAX, "/m/%u", number);
}

void wl_multi_account(struct client *c, const char *path, struct slice data, int32_t version)
{
    if (strncmp(path, "/m/", 3) != 0 || path[3] < '0' || path[3] >= '0' + WL_ACCOUNTS || data.size != 4)
        return;
    c->balance[path[3] - '0'] = (int32_t)get_be32(data.data);
    c->account[path[3] - '0'] = version;
}

void wl_multi_sum(struct sim *s, const struct client *c, const struct op *op, struct jute_cursor in)
{
    struct zk_get_data_response r;
    struct zk_multi_header h;
    uint32_t sum = 0, count = 0;

    while (jute_decode(&in, &jute_multi_header, &h) == 0 && !h.done && h.type == ZK_OP_GET_DATA) {
        if (jute_decode(&in, &jute_get_data_response, &r) != 0)
            return;
        sum += r.data.size == 4 ? get_be32(r.data.data) : 0;
        count++;
    }
    if (count > 0 && (count != WL_ACCOUNTS || sum != WL_ACCOUNTS * BALANCE))
        sim_fail(s, "C6", "c%u xid %d: %u of %d accounts hold %u", c->id, op->xid, count, WL_ACCOUNTS, sum);
}

/* All at once, by whoever comes. */
static void open_accounts(struct sim *s, struct client *c)
{
    struct buf body = {0};
    char path[CLIENT_PATH_MAX];
    uint8_t balance[4];

    put_be32(balance, BALANCE);
    for (uint32_t i = 0; i < WL_ACCOUNTS; i++) {
        account_path(path, i);
        part_create(&body, i % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, path, slice_make(balance, 4), ZK_PERSISTENT);
    }
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/m", &body);
}

/* The accounts; and then a node that may not be there. */
static void read_accounts(struct sim *s, struct client *c, uint32_t dice)
{
    struct buf body = {0};
    char path[CLIENT_PATH_MAX];

    for (uint32_t i = 0; i < WL_ACCOUNTS; i++) {
        account_path(path, i);
        part_read(&body, ZK_OP_GET_DATA, path);
    }
    if (dice % 2)
        part_read(&body, ZK_OP_GET_CHILDREN, dice % 4 < 2 ? "/x/1" : "/m");
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI_READ, "/m", &body);
}

/* From one to another, if nobody touched them since they were read. */
static void transfer(struct sim *s, struct client *c)
{
    uint32_t from = (uint32_t)rng_below(&c->rng, WL_ACCOUNTS);
    uint32_t to = (from + (uint32_t)rng_between(&c->rng, 1, WL_ACCOUNTS - 1)) % WL_ACCOUNTS;
    uint32_t amount = (uint32_t)rng_between(&c->rng, 1, 9), how = (uint32_t)rng_below(&c->rng, 100);
    char path[2][CLIENT_PATH_MAX];
    struct buf body = {0};
    uint8_t bytes[4];

    if (c->account[from] < 0 || c->account[to] < 0) {
        read_accounts(s, c, how);
        return;
    }
    account_path(path[0], from);
    account_path(path[1], to);
    if (how < 40) /* its number is not used up when the rest fails */
        part_create(&body, ZK_OP_CREATE, "/m/log-", SLICE_NULL, ZK_EPHEMERAL_SEQUENTIAL);
    if (how % 3 == 0)
        part_check(&body, path[1], c->account[to]);
    put_be32(bytes, (uint32_t)c->balance[from] - amount);
    part_set(&body, path[0], slice_make(bytes, 4), c->account[from]);
    put_be32(bytes, (uint32_t)c->balance[to] + amount);
    part_set(&body, path[1], slice_make(bytes, 4), c->account[to]);
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/m", &body);
}

/* What Keeper added. */
static void keepers(struct buf *body, const char *path, uint32_t number, uint32_t how, int32_t version)
{
    if (how < 8)
        part_check_not_exists(body, path, version);
    else if (how < 14)
        part_check_stat(body, path, version, (int32_t)number - 1);
    else if (how < 24)
        part_create(body, ZK_OP_CREATE_IF_NOT_EXISTS, path, SLICE_NULL, ZK_PERSISTENT);
    else if (how < 32)
        part_try_remove(body, path, version);
    else
        part_remove_recursive(body, path, (int32_t)number + 1);
}

static void mixture(struct sim *s, struct client *c)
{
    static const int32_t modes[] = {ZK_PERSISTENT, ZK_EPHEMERAL, ZK_PERSISTENT_SEQUENTIAL, ZK_EPHEMERAL_SEQUENTIAL};
    uint32_t count = (uint32_t)rng_between(&c->rng, 1, 6);
    struct buf body = {0};
    char path[CLIENT_PATH_MAX];

    while (count-- > 0) {
        uint32_t number = (uint32_t)rng_below(&c->rng, 3), dice = (uint32_t)rng_below(&c->rng, 100);
        int32_t version = (int32_t)rng_between(&c->rng, 0, 3) - 1;
        bool deep = chance(&c->rng, 300);
        uint32_t how = (uint32_t)rng_below(&c->rng, 100);
        snprintf(path, sizeof(path), deep ? "/x/%u/k" : "/x/%u", number);
        if (how < 40)
            keepers(&body, path, number, how, version);
        else if (dice < 25)
            part_create(&body, dice % 2 ? ZK_OP_CREATE : ZK_OP_CREATE2, path, SLICE_NULL, modes[dice % 4]);
        else if (dice < 30)
            part_create(&body, ZK_OP_CREATE_CONTAINER, path, SLICE_NULL, ZK_CONTAINER);
        else if (dice < 35)
            part_create_ttl(&body, path, dice % 2 ? ZK_PERSISTENT_TTL : ZK_PERSISTENT_SEQUENTIAL_TTL, 50 + 50 * (int64_t)dice);
        else if (dice < 60)
            part_delete(&body, path, version);
        else if (dice < 85)
            part_set(&body, path, slice_make((const uint8_t *)path, 5), version);
        else
            part_check(&body, path, version);
    }
    part_end(&body);
    client_send(s, c, ZK_OP_MULTI, "/x", &body);
}

void wl_multi_request(struct sim *s, struct client *c)
{
    uint32_t dice = (uint32_t)rng_below(&c->rng, 100), number = (uint32_t)rng_below(&c->rng, WL_ACCOUNTS);
    char path[CLIENT_PATH_MAX];

    if (c->xid == 0) {
        wl_root(s, c, "/m");
        wl_request(s, c, ZK_OP_CREATE, "/x", ZK_PERSISTENT, false);
        open_accounts(s, c);
    }
    if (dice < 4)
        client_stream_ask(s, c, dice % 2 ? "/x" : "/m", dice < 2);
    account_path(path, number);
    if (dice < 25) {
        read_accounts(s, c, dice);
    } else if (dice < 60) {
        transfer(s, c);
    } else if (dice < 70) {
        wl_request(s, c, ZK_OP_GET_DATA, path, 0, dice < 66);
    } else if (dice < 75) {
        wl_request(s, c, ZK_OP_SYNC, "/m", 0, false);
        read_accounts(s, c, dice);
    } else if (dice < 85) {
        snprintf(path, sizeof(path), number < 3 ? "/x/%u" : "/x", number);
        wl_request(s, c, dice % 2 ? ZK_OP_EXISTS : ZK_OP_GET_CHILDREN2, path, 0, true);
    } else {
        mixture(s, c);
    }
}
