/* seeds_net.c - what comes over client and peer ports, as commands of fuzz_conn and fuzz_link. */
#include "base/bytes.h"
#include "fuzz/seeds.h"
#include "wire/peer.h"

#include <string.h>

#define FRAME_HEAD_BYTES 12

enum conn_op { CONN_SEND, CONN_TURN, CONN_RECEIVE, CONN_TIME, CONN_PAUSE, CONN_CLOSE, CONN_LEAVE, CONN_HALF };
enum link_op { LINK_RAW, LINK_FRAME, LINK_HELLO, LINK_PROOF, LINK_TURN, LINK_TIME, LINK_LEAVE, LINK_OPEN };

static struct buf b;

static void op(unsigned stream, unsigned what)
{
    seed_u8(&b, stream | what << 2);
}

static void op_u8(unsigned stream, unsigned what, unsigned value)
{
    op(stream, what);
    seed_u8(&b, value);
}

static void op_bytes(unsigned stream, unsigned what, const void *bytes, size_t size)
{
    op(stream, what);
    seed_piece(&b, slice_make(bytes, size));
}

static void conn_text(unsigned conn, const char *text)
{
    op_bytes(conn, CONN_SEND, text, strlen(text));
    op(conn, CONN_TURN);
}

/* A frame whose length says `says` with `size` bytes, in pieces. */
static void conn_frame(unsigned conn, uint32_t says, size_t size, size_t piece)
{
    uint8_t bytes[4096];

    put_be32(bytes, says);
    for (size_t i = 0; i < size; i++)
        bytes[4 + i] = (uint8_t)i;
    for (size_t at = 0; at < 4 + size; at += piece) {
        op_bytes(conn, CONN_SEND, bytes + at, 4 + size - at < piece ? 4 + size - at : piece);
        op(conn, CONN_TURN);
    }
}

static void conns(void)
{
    conn_text(0, "ruok");
    conn_text(1, "st");
    conn_text(1, "at");
    op_u8(1, CONN_RECEIVE, 10);
    conn_text(2, "mntr");
    conn_text(3, "\xff\xf4\xff\xfd\x06");
    seed_save("conn", "words", &b);
    conn_frame(0, 44, 44, 100);
    conn_frame(0, 3000, 3000, 1000);
    conn_frame(1, 7, 7, 1);
    conn_frame(1, 0, 0, 3);
    conn_frame(2, 1024, 1024, 700);
    conn_text(2, "ruok");
    seed_save("conn", "frames_in_pieces", &b);
    conn_frame(0, 1025, 100, 200);
    conn_frame(1, 44, 44, 48);
    conn_frame(1, 3001, 100, 200);
    conn_frame(2, 0x80000000u, 4, 8);
    seed_save("conn", "lengths_beyond", &b);
    for (int i = 0; i < 8; i++)
        conn_frame(0, 1000, 1000, 1004);
    op_u8(0, CONN_TIME, 255);
    op(0, CONN_CLOSE);
    op_u8(0, CONN_TIME, 255);
    op_u8(0, CONN_RECEIVE, 255);
    seed_save("conn", "reads_nothing_then_is_closed", &b);
    conn_frame(0, 44, 44, 48);
    op(0, CONN_PAUSE);
    op(0, CONN_TURN);
    conn_frame(0, 44, 44, 48);
    op(0, CONN_PAUSE);
    op(0, CONN_TURN);
    op(0, CONN_PAUSE);
    op(0, CONN_HALF);
    op(0, CONN_TURN);
    conn_frame(1, 44, 20, 24);
    op(1, CONN_LEAVE);
    conn_frame(1, 44, 44, 48);
    seed_save("conn", "pauses_and_ends", &b);
    op_bytes(0, CONN_SEND, "\0\0\0\0\x9b\xb0", 6);
    op(0, CONN_TURN);
    op(0, CONN_PAUSE);
    op(0, CONN_TURN);
    op(0, CONN_LEAVE);
    op(0, CONN_TURN);
    seed_save("conn", "reset_while_paused", &b);
}

static void link_up(unsigned stream, bool dialled)
{
    op_u8(stream, LINK_OPEN, dialled);
    op_u8(stream, LINK_TURN, 0);
    op_u8(stream, LINK_HELLO, 0);
    op_u8(stream, LINK_TURN, 0);
    op_u8(stream, LINK_PROOF, 0);
    op_u8(stream, LINK_TURN, 0);
}

static void link_message(unsigned stream, const struct peer_msg *m, unsigned flags)
{
    struct buf frame = {0};

    peer_encode(&frame, m);
    buf_bytes(&frame)[FRAME_HEAD_BYTES + 1] = (uint8_t)flags;
    op_bytes(stream, LINK_FRAME, buf_bytes(&frame) + FRAME_HEAD_BYTES, buf_size(&frame) - FRAME_HEAD_BYTES);
    op_u8(stream, LINK_TURN, 0);
    buf_deinit(&frame);
}

static void links(void)
{
    struct peer_msg beat = {.type = PEER_HEARTBEAT, .heartbeat = {.epoch = 3, .round = 5}};
    struct peer_msg part = {.type = PEER_SNAPSHOT, .snapshot = {.epoch = 3, .size = 60}, .payload = SLICE_LITERAL("piece")};

    link_up(0, false);
    link_message(0, &beat, 0);
    link_message(0, &part, PEER_FLAG_MORE);
    link_message(0, &beat, 0);
    link_message(0, &part, 0);
    link_message(0, &part, PEER_FLAG_MORE);
    part.snapshot.size = 61;
    link_message(0, &part, 0);
    seed_save("link", "accepted_with_fragments", &b);
    link_up(1, true);
    link_message(1, &beat, 0);
    op_u8(1, LINK_PROOF, 0);
    op_u8(1, LINK_TURN, 9);
    op_u8(1, LINK_TURN, 0);
    seed_save("link", "dialled_then_out_of_place", &b);
    link_up(0, false);
    link_up(1, false);
    link_up(2, true);
    op(0, LINK_LEAVE);
    link_up(3, true);
    op_bytes(3, LINK_RAW, "\x40\0\0", 3);
    op_u8(3, LINK_TURN, 1);
    op_u8(3, LINK_TIME, 255);
    seed_save("link", "replaced_and_not_finished", &b);
    for (unsigned wrong = 1; wrong < 256; wrong = wrong * 2 + (wrong == 128)) {
        op_u8(wrong & 3, LINK_OPEN, wrong & 1);
        op_u8(wrong & 3, LINK_HELLO, wrong);
        op_u8(wrong & 3, LINK_TURN, 0);
        op_u8(wrong & 3, LINK_PROOF, 1);
        op_u8(wrong & 3, LINK_TURN, 7);
    }
    op_u8(0, LINK_OPEN, 0);
    op_u8(0, LINK_PROOF, 128);
    op_u8(0, LINK_TURN, 0);
    op_u8(0, LINK_PROOF, 0);
    op_u8(0, LINK_TURN, 0);
    seed_save("link", "refused", &b);
    op_bytes(0, LINK_RAW, "GET / HTTP/1.1\r\n\r\n", 18);
    op_u8(0, LINK_TURN, 3);
    op_bytes(1, LINK_RAW, "\x20\0\0\0aaaaaaaabbbbbbbbccccccccdddddddd", 36);
    op_u8(1, LINK_TURN, 0);
    op_u8(2, LINK_OPEN, 0);
    op_u8(2, LINK_TIME, 100);
    seed_save("link", "strangers", &b);
}

void seeds_net(void)
{
    conns();
    links();
    buf_deinit(&b);
}
