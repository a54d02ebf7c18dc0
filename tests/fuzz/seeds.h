/* seeds.h - the program that writes the seed corpora, made by the encoders of the product itself: make_seeds DIRECTORY writes
 * DIRECTORY/<target>/<name>. Run it after a format or a target's commands have changed, and commit what it wrote. */
#ifndef TESTS_FUZZ_SEEDS_H
#define TESTS_FUZZ_SEEDS_H

#include "base/buf.h"

/* Writes the content to the target's corpus, and empties it. */
void seed_save(const char *target, const char *name, struct buf *content);

static inline void seed_u8(struct buf *b, unsigned value)
{
    buf_append(b, &(uint8_t){(uint8_t)value}, 1);
}

/* u16 length and the bytes, as fuzz_u16() and fuzz_take() read them. */
static inline void seed_piece(struct buf *b, struct slice piece)
{
    seed_u8(b, (unsigned)piece.size);
    seed_u8(b, (unsigned)(piece.size >> 8));
    buf_append(b, piece.data, piece.size);
}

void seeds_records(void); /* jute, reply */
void seeds_talk(void);    /* session, client */
void seeds_port(void);    /* port */
void seeds_text(void);    /* config, words */
void seeds_peers(void);   /* frame, entry, peer, consensus, image, snapshot: from replicas at work */
void seeds_disk(void);    /* wal, files */
void seeds_dirs(void);    /* store */
void seeds_net(void);     /* conn, link */

#endif
