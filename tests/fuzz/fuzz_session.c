/* fuzz_session.c - what clients send, on four connections of a lone server; a fifth client stands by and must not notice.
 *
 * Commands: a byte of two bits connection and three bits what: a frame (u16 length, bytes), let it happen, let time pass (u8
 * times 8 ms), close, read the answers. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "unit/replica_fixture.h"
#include "wire/zk.h"

#include <string.h>

static void stand_by(struct client *by, int32_t *asked, int32_t *answered)
{
    struct reply reply;

    client_plain(by, ZK_XID_PING, ZK_OP_PING);
    client_get(by, ++*asked, "/by", true);
    group_settle(by->g);
    while (client_reply(by, &reply))
        COORD_ASSERT(reply.xid == ZK_XID_PING || reply.xid == ZK_XID_NOTIFICATION || reply.xid == ++*answered);
    COORD_ASSERT(*answered == *asked && !client_closed(by));
}

static void command(struct group *g, struct client *c, uint32_t what, struct fuzz_in *in)
{
    struct reply reply;

    if (c->g == NULL)
        client_open(c, g, 1);
    if (what < 4) {
        struct slice frame = fuzz_take(in, fuzz_u16(in));
        if (!client_closed(c))
            client_frame(c, frame.data, frame.size);
    } else if (what == 4) {
        group_settle(g);
    } else if (what == 5) {
        group_pass(g, fuzz_u8(in) * 8);
    } else if (what == 6) {
        client_deinit(c);
        c->g = NULL;
    } else {
        while (client_reply(c, &reply))
            ;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct group g;
    struct fuzz_in in = {data, size};
    struct client by, c[4] = {{0}};
    struct state_session before, now;
    int32_t asked = 1, answered = 0;

    group_init(&g, 1);
    COORD_ASSERT(group_leader(&g) == 1);
    client_open(&by, &g, 1);
    COORD_ASSERT(client_connect(&by, 30000));
    COORD_ASSERT(state_session(replica_state(g.member[0].r), by.session, &before));
    client_create(&by, 1, "/by", "standing", ZK_EPHEMERAL);
    stand_by(&by, &asked, &answered);
    bool stolen = size >= 16 && memmem(data, size, by.password, 16) != NULL; /* who knows it may do anything */
    while (in.left > 0 && !stolen) {
        uint32_t op = fuzz_u8(&in);
        command(&g, &c[op & 3], op >> 2 & 7, &in);
        if ((op >> 2 & 7) == 5 || in.left == 0)
            stand_by(&by, &asked, &answered);
    }
    COORD_ASSERT(stolen || (state_session(replica_state(g.member[0].r), by.session, &now) && now.attach == before.attach));
    COORD_ASSERT(state_digest(replica_state(g.member[0].r)) == state_digest_recompute(replica_state(g.member[0].r)));
    for (int i = 0; i < 4; i++)
        if (c[i].g != NULL)
            client_deinit(&c[i]);
    client_deinit(&by);
    group_deinit(&g);
    return 0;
}
