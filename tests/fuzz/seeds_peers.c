/* seeds_peers.c - what replicas at work send to each other and keep: messages, entries, images; and schedules for consensus. */
#include "base/rng.h"
#include "fuzz/fuzz.h"
#include "fuzz/seeds.h"
#include "lib/fake_fs.h"
#include "snapshot/snapshot.h"
#include "unit/replica_fixture.h"

#include <stdio.h>

#define FRAME_HEAD_BYTES 12

static unsigned seen[PEER_SNAPSHOT_ACK + 1];
static struct buf all; /* the first messages of all, as commands of fuzz_peer */
static unsigned all_count;

static void save_message(const struct peer_msg *m, struct slice frame)
{
    struct buf b = {0};
    char name[64];
    unsigned op = 0;

    snprintf(name, sizeof(name), "%s_%u", peer_type_name(m->type), seen[m->type]);
    seed_u8(&b, 0);
    buf_append(&b, frame.data + FRAME_HEAD_BYTES, frame.size - FRAME_HEAD_BYTES);
    seed_save("frame", name, &b);
    while (op % 3 != m->from - 1 || (op >> 2) % 3 != m->to - 1)
        op++;
    seed_u8(&b, 4 << 4); /* until there is a leader */
    seed_u8(&b, seen[m->type] == 1 ? 20 : 125);
    seed_u8(&b, op);
    seed_piece(&b, slice_make(frame.data + FRAME_HEAD_BYTES, frame.size - FRAME_HEAD_BYTES));
    if (seen[m->type] == 2)
        seed_u8(&b, 5 << 4);
    seed_u8(&b, 4 << 4);
    seed_u8(&b, 60);
    if (all_count++ < 24)
        buf_append(&all, buf_bytes(&b) + 2, buf_size(&b) - 4);
    seed_save("peer", name, &b);
    if (m->payload.size > 0) {
        buf_append(&b, m->payload.data, m->payload.size);
        if (m->type == PEER_ACCEPT || m->type == PEER_FORWARD || m->type == PEER_ENTRIES)
            seed_save("entry", name, &b);
    }
    buf_deinit(&b);
}

static bool record(struct peer_msg *m)
{
    struct buf frame = {0};

    if (seen[m->type]++ < 3) {
        peer_encode(&frame, m);
        save_message(m, buf_slice(&frame));
    }
    buf_deinit(&frame);
    return false;
}

static void save_image(struct slice image)
{
    struct fake_fs *fake = fake_fs_new();
    struct fs *fs = fake_fs_fs(fake);
    struct snapshot_meta meta = {.server = 1, .cluster = 2, .zxid = 3};
    struct snapshot_writer *w;
    struct buf b = {0};
    uint64_t size;

    seed_u8(&b, 63);
    buf_append(&b, image.data, image.size);
    seed_save("image", "three_replicas", &b);
    seed_u8(&b, 2);
    seed_u8(&b, 0);
    seed_u8(&b, 0);
    buf_append(&b, image.data, image.size);
    seed_save("snapshot", "packed", &b);
    fs_make_dir(fs, FUZZ_DIR);
    if (snapshot_writer_open(fs, FUZZ_DIR, &meta, &w) == 0 && snapshot_writer_feed(w, image) == 0 &&
        snapshot_writer_commit(w, &size) == 0) {
        seed_u8(&b, 0);
        seed_u8(&b, 0);
        seed_u8(&b, 0);
        fs_read_file(fs, FUZZ_DIR "/snapshot.0000000000000003.lz4", &b, 1u << 20);
        seed_save("snapshot", "whole_file", &b);
        seed_u8(&b, 1);
        seed_u8(&b, (unsigned)image.size);
        seed_u8(&b, (unsigned)(image.size >> 8));
        fs_read_file(fs, FUZZ_DIR "/snapshot.0000000000000003.lz4", &b, 1u << 20);
        buf_append(&all, buf_bytes(&b), 3);
        buf_append(&all, buf_bytes(&b) + 3 + SNAPSHOT_HEAD_BYTES, buf_size(&b) - 3 - SNAPSHOT_HEAD_BYTES);
        seed_save("snapshot", "frame_alone", &all);
    }
    buf_deinit(&b);
    fake_fs_free(fake);
}

static void work(struct client *c)
{
    static const char *const paths[] = {"/a", "/a/b", "/a/c", "/d", "/a/b/e", "/f", "/g", "/h", "/i", "/j"};

    client_connect(c, 10000);
    for (int32_t i = 0; i < 10; i++) {
        client_create(c, i + 1, paths[i], "a value that is not quite short", i % 3 == 1 ? ZK_EPHEMERAL : ZK_PERSISTENT);
        group_settle(c->g);
    }
    client_path(c, 20, ZK_OP_SYNC, "/a");
    group_settle(c->g);
}

void seeds_peers(void)
{
    struct group g = {.snap_count = 12};
    struct client c, d;

    group_init(&g, 3);
    g.lost = record;
    uint32_t leader = group_leader(&g);
    client_open(&c, &g, leader % 3 + 1);
    work(&c);
    group_cut(&g, (leader + 1) % 3 + 1); /* it will need entries, or a snapshot */
    client_open(&d, &g, leader);
    client_connect(&d, 10000);
    for (int32_t i = 1; i < 30; i++) {
        client_set(&d, i, "/a", "w", -1);
        group_pass(&g, 10);
    }
    group_heal(&g, (leader + 1) % 3 + 1);
    group_pass(&g, 3000);
    group_cut(&g, leader);
    group_pass(&g, 2000);
    group_heal(&g, leader);
    group_pass(&g, 2000);
    seed_save("peer", "an_election_whole", &all);
    save_image(buf_slice(&g.member[leader - 1].log.image));
    client_deinit(&c);
    client_deinit(&d);
    group_deinit(&g);

    struct rng r;
    struct buf b = {0};
    char name[64];
    rng_init(&r, 1);
    for (unsigned i = 0; i < 12; i++) {
        seed_u8(&b, i < 6 ? i : (unsigned)rng_next(&r));
        for (unsigned n = 0; n < 150; n++) {
            uint8_t two[2] = {(uint8_t)rng_next(&r), (uint8_t)rng_next(&r)};
            two[1] = two[0] < 96 ? two[1] & 3 : two[1]; /* letters in nearly the order they were sent */
            buf_append(&b, two, 2);
        }
        snprintf(name, sizeof(name), "schedule_%u", i);
        seed_save("consensus", name, &b);
    }
    buf_deinit(&b);
    buf_deinit(&all);
}
