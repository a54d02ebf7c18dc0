/* link.h - one TCP stream between two servers, from the first byte to the last; not for other folders (peers.h is).
 *
 *     dialled:   CONNECTING -> HELLO (ours is sent) -> AUTH -> UP
 *     accepted:                HELLO (theirs comes first) -> AUTH -> UP
 *
 *     dialler                             accepter
 *        HELLO            ------------->
 *                         <-------------  HELLO, HELLO_AUTH
 *        HELLO_AUTH, UP   ------------->  UP
 *
 * The dialler is up when it has verified the accepter's proof; the accepter when the dialler's came, so it never takes a
 * stream for good that the dialler has given up. A frame that is damaged, too long, out of place or not finished in time closes
 * the link and is counted. Each link is read once a turn and written once a turn; urgent frames overtake bulk ones at frame
 * boundaries. Ends are reported to peers.c, which decides; a link is freed only after the step of its turn. Core thread.
 */
#ifndef COORD_NET_LINK_H
#define COORD_NET_LINK_H

#include "base/list.h"
#include "net/event.h"
#include "net/inbox.h"
#include "net/peers.h"

enum link_state { LINK_CONNECTING, LINK_HELLO, LINK_AUTH, LINK_UP, LINK_ENDED };

struct link {
    struct peers *peers;
    struct event event;
    struct list all; /* in peers.links, then in peers.ended */
    int fd;
    enum link_state state;
    bool dialled, writable_wanted, sent_hello;
    uint32_t peer;        /* whom we dialled; of an accepted one 0 until its HELLO */
    uint64_t deadline_ms; /* for the next state; when up, for the frame that has begun */
    struct peer_hello mine, theirs;
    struct buf mine_bytes, theirs_bytes; /* as on the wire, for the proof; given back when up */
    struct buf in;
    size_t in_used;   /* borrowed by this turn's events */
    size_t bulk_rest; /* bytes of a bulk frame that was sent in part; an urgent one stays first anyway */
    bool joining;     /* fragments of `first` are being joined */
    struct peer_msg first;
    struct buf joined;
    char address[NET_ADDRESS_TEXT];
};

struct link *link_new(struct peers *p, int fd, bool dialled, uint32_t peer, const char *address);
void link_free(struct link *l);

/* Close the socket; why is for the log, NULL: say nothing. Reports to peers_link_ended. */
void link_end(struct link *l, const char *why);

/* Send what waits for this peer; the link must be up. */
void link_flush(struct link *l);

void link_after_step(struct link *l); /* drops what the events borrowed */

/* link_hello.c: a frame's body before the link is up; raw is the whole frame. May end the link. */
void link_send_hello(struct link *l);
void link_take_hello(struct link *l, const struct peer_msg *m, struct slice raw);

/* Send a few bytes that the socket must take whole; ends the link otherwise. */
bool link_send_whole(struct link *l, const struct buf *bytes);

#endif
