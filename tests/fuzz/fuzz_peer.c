/* fuzz_peer.c - messages between three replicas, of which what comes in is not what was sent.
 *
 * Commands: a byte of from, to and what: a message's body (u16 length, bytes), let time pass (u8 times 8 ms), a write of a
 * client, a broken or healed link. Peers are trusted not to lie, so that a server which is lied to may find that it must
 * stop (replica_failed); but it never breaks an invariant of its own nor its memory. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "unit/replica_fixture.h"

static void message(struct group *g, uint32_t from, uint32_t to, struct slice body)
{
    struct peer_msg m;
    unsigned flags;

    if (from != to && peer_decode(body, &m, &flags) == 0 && flags == 0)
        peer_encode(&g->member[to].in[from], &m);
    group_settle(g);
}

static void command(struct group *g, struct client *c, uint32_t op, struct fuzz_in *in)
{
    switch (op >> 4 & 7) {
    case 4:
        group_pass(g, fuzz_u8(in) * 8);
        break;
    case 5:
        client_create(c, 1, "/a", "v", (int32_t)(op & 3));
        group_settle(g);
        break;
    case 6:
        group_cut(g, op % 3 + 1);
        break;
    case 7:
        group_heal(g, op % 3 + 1);
        break;
    default:
        message(g, op % 3, (op >> 2) % 3, fuzz_take(in, fuzz_u16(in)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct group g;
    struct fuzz_in in = {data, size};
    struct client c;

    g.snap_count = 8;
    group_init(&g, 3);
    g.lies = g.may_fail = true;
    client_open(&c, &g, 1);
    while (in.left > 0)
        command(&g, &c, fuzz_u8(&in), &in);
    client_deinit(&c);
    group_deinit(&g);
    return 0;
}
