/* clients.h - the connections of clients: bytes in, frames to the replica; the replica's bytes out.
 *
 *     accept -> FIRST --frame--> OPEN --close wanted--> (output sent) -> gone
 *                 |                |
 *                 |                +--bad length, error, end of stream--> gone
 *                 +--four-letter word--> ANSWERING --> (answer sent) -> gone
 *
 * The first four bytes of a connection may be a four-letter word instead of a length. The first frame has at most
 * ZK_FIRST_FRAME_MAX bytes, later ones packet_max_bytes; a length beyond closes that one connection. Each connection is read
 * once a turn, at most INBOX_READ_BYTES, and written once a turn. One without traffic holds no buffer: frames are parsed where
 * they were received, in the inbox; what is left of the last is kept in a buffer that goes when it is empty and unused.
 * A connection is freed only after the step that was told of its end. Core thread.
 */
#ifndef COORD_NET_CLIENTS_H
#define COORD_NET_CLIENTS_H

#include "net/address.h"
#include "net/inbox.h"
#include "report/report.h"

#include <event2/event.h>

/* Prints a piece of the answer to a four-letter word (a word that is allowed); true: there is more (report_print). */
typedef bool (*clients_word_cb)(void *context, const struct report_word *word, struct report_place *place, struct buf *to);

#define CLIENTS_PIECES 4 /* so many pieces of such answers are printed in one turn, whoever asks */

struct clients_options {
    uint64_t connections_max;         /* beyond it new ones are closed, and the listener takes a rest; >= 1 */
    uint64_t address_connections_max; /* from one host; 0: no limit */
    uint32_t packet_max_bytes;
    bool keepalive;
    const char *four_letter_words; /* lives as long as the clients */
    clients_word_cb word;
    void *context;
    uint64_t seed; /* random */
};

struct clients_stats {
    uint64_t open, rejected, bad_packets;
};

struct clients;

struct clients *clients_new(struct event_base *base, struct inbox *inbox, struct replica *replica,
                            const struct clients_options *options);
void clients_free(struct clients *c);           /* closes all, tells the replica nothing */
void clients_listen(struct clients *c, int fd); /* takes a listening socket */
void clients_after_step(struct clients *c,
                        uint64_t now_ms); /* sends output, pauses, closes; may add events for the next turn */
void clients_stats(const struct clients *c, struct clients_stats *stats);

/* Whether a connection asks a four-letter word; its address. False: it is unknown. */
bool clients_find(const struct clients *c, uint64_t conn, char address[NET_ADDRESS_TEXT], bool *asks);

#endif
