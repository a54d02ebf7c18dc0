/* seeds_port.c - seeds of fuzz_port: each operation alone on a small tree, and conversations of several connections. */
#include "fuzz/port_draw.h"
#include "fuzz/seeds.h"

#include <stdio.h>

enum { REQUEST = 0 << 2, CUT = 8 << 2, CONNECT = 9 << 2, MOVE = 10 << 2, CLOSE = 11 << 2, SETTLE = 12 << 2, PASS = 13 << 2 };
enum { HOLD = 14 << 2, SNAPSHOT = 15 << 2 };

static unsigned index_of(int32_t opcode)
{
    const struct op_desc *const *ops;
    uint32_t count = port_ops(&ops), i = 0;

    while (i < count && ops[i]->opcode != opcode)
        i++;
    return i;
}

/* An operation's number, and the numbers that draw its fields. */
static void request(struct buf *b, unsigned how, int32_t opcode, const char *fields)
{
    seed_u8(b, how);
    seed_u8(b, index_of(opcode));
    for (; *fields != 0; fields++)
        seed_u8(b, (unsigned)(*fields - '0'));
}

/* /a and /a/b, by connection 0, which two others join. */
static void begin(struct buf *b, unsigned servers)
{
    seed_u8(b, servers);
    for (unsigned conn = 0; conn < 3; conn++) {
        seed_u8(b, CONNECT | conn);
        seed_u8(b, conn);
    }
    request(b, REQUEST, ZK_OP_CREATE, "0501");
    request(b, REQUEST, ZK_OP_CREATE, "1501");
    seed_u8(b, SETTLE);
}

static void each_operation(struct buf *b)
{
    static const char *const fields[] = {"00000000", "11111111", "10101010", "21503121"};
    const struct op_desc *const *ops;
    uint32_t count = port_ops(&ops);
    char name[32];

    for (uint32_t i = 0; i < count; i++) {
        begin(b, 0);
        for (unsigned k = 0; k < 4; k++)
            request(b, (k == 3 ? CUT : REQUEST) | k % 2, ops[i]->opcode, fields[k]);
        seed_u8(b, SETTLE);
        snprintf(name, sizeof(name), "%s_%d", ops[i]->name, ops[i]->opcode);
        seed_save("port", name, b);
    }
}

static void conversations(struct buf *b)
{
    begin(b, 3);
    request(b, REQUEST | 1, ZK_OP_ADD_WATCH, "02");
    request(b, REQUEST | 2, ZK_OP_GET_DATA, "11");
    request(b, REQUEST, ZK_OP_SET_DATA, "150");
    request(b, REQUEST, ZK_OP_SYNC, "0");
    request(b, REQUEST, ZK_OP_DELETE, "10");
    seed_u8(b, SNAPSHOT);
    seed_u8(b, PASS);
    seed_u8(b, 60);
    seed_u8(b, MOVE | 3);
    seed_u8(b, 1 << 2 | 1);
    request(b, REQUEST | 3, ZK_OP_CREATE, "4502");
    seed_u8(b, SETTLE);
    seed_save("port", "three_servers", b);

    begin(b, 0);
    request(b, REQUEST | 1, ZK_OP_AUTH, "000");
    request(b, REQUEST | 1, ZK_OP_SET_ACL, "030");
    request(b, REQUEST, ZK_OP_GET_DATA, "00");
    request(b, REQUEST | 1, ZK_OP_GET_ACL, "0");
    request(b, REQUEST, ZK_OP_SET_DATA, "701");
    request(b, REQUEST, ZK_OP_DELETE, "70");
    request(b, REQUEST, ZK_OP_REMOVE_RECURSIVE, "79");
    seed_u8(b, PASS);
    seed_u8(b, 10);
    seed_save("port", "rights", b);

    begin(b, 0);
    seed_u8(b, HOLD);
    request(b, REQUEST | 1, ZK_OP_CREATE, "5502");
    request(b, REQUEST | 1, ZK_OP_GET_DATA, "50");
    request(b, REQUEST | 2, ZK_OP_GET_DATA, "00");
    seed_u8(b, CLOSE | 1);
    seed_u8(b, PASS);
    seed_u8(b, 255);
    seed_u8(b, HOLD);
    seed_u8(b, PASS);
    seed_u8(b, 255);
    seed_u8(b, PASS);
    seed_u8(b, 255);
    seed_save("port", "held_and_expired", b);
}

void seeds_port(void)
{
    struct buf b = {0};

    each_operation(&b);
    conversations(&b);
    buf_deinit(&b);
}
