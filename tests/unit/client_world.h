/* client_world.h - a session without a network: packets go in and out as hex, what it tells comes as text.
 *
 * Frames are written without their length. Events are lines, each ended by ';':
 *     state connected; NAME ok zxid=5; NAME NO_NODE; NAME watch NodeDeleted /a zxid=5; NAME watch NotWatching /a CLOSING;
 * NAME is what the test called the request or the watch. Answers that carry something show it: ` data=abc`, ` path=/a`,
 * ` children=a,b`, ` stat`; of a multi, also of one that failed, ` results=OK,NO_NODE`.
 */
#ifndef TESTS_UNIT_CLIENT_WORLD_H
#define TESTS_UNIT_CLIENT_WORLD_H

#include "session.h"

#include "wire/zk.h"

#define WORLD_TIMEOUT_MS 3000

/* The answer to a greeting: time-out 3000, session 0x77, password ab..ab; and the one that says expired. */
#define GREETING                                                                                                               \
    "00000000"                                                                                                                 \
    "00000bb8"                                                                                                                 \
    "0000000000000077"                                                                                                         \
    "00000010"                                                                                                                 \
    "abababababababababababababababab"                                                                                         \
    "00"
#define EXPIRED_GREETING                                                                                                       \
    "00000000"                                                                                                                 \
    "00000000"                                                                                                                 \
    "0000000000000000"                                                                                                         \
    "00000010"                                                                                                                 \
    "00000000000000000000000000000000"                                                                                         \
    "00"
/* Answers: xid, zxid, error as hex of 8, 16 and 8 digits. */
#define HEADER(xid, zxid, err) xid zxid err
#define NO_ERROR "00000000"
#define NO_NODE "ffffff9b"
/* A stat of zeros but for the zxids, which are 5. */
#define STAT                                                                                                                   \
    "0000000000000005"                                                                                                         \
    "0000000000000005"                                                                                                         \
    "0000000000000000"                                                                                                         \
    "0000000000000000"                                                                                                         \
    "00000000"                                                                                                                 \
    "00000000"                                                                                                                 \
    "00000000"                                                                                                                 \
    "0000000000000000"                                                                                                         \
    "00000000"                                                                                                                 \
    "00000000"                                                                                                                 \
    "0000000000000005"

struct world {
    struct session s;
    uint64_t now_ms;
    unsigned told_replies, told_watches;
    char events[8192], output[1 << 16];
};

int world_init(struct world *w, uint32_t servers); /* 0 or the error of session_init */
void world_deinit(struct world *w);
/* Connect and greet; checks that the session is connected and forgets the events. */
void world_connect(struct world *w);

/* Queue; 0 or the error. name and watch are told; watch NULL: none. */
int world_get(struct world *w, const char *path, const char *name, const char *watch);
int world_exists(struct world *w, const char *path, const char *name, const char *watch);
int world_children(struct world *w, const char *path, const char *name, const char *watch);
int world_add_watch(struct world *w, const char *path, bool recursive, const char *name, const char *watch);
int world_remove(struct world *w, const char *path, int32_t type, const char *name);
/* A multi of so many checks. */
int world_multi(struct world *w, uint32_t operations, const char *name);
int world_prove(struct world *w, const char *proof); /* of the scheme digest */
int world_close(struct world *w, const char *name);

void world_frame(struct world *w, const char *hex); /* one frame arrives; its length is put before it */
void world_bytes(struct world *w, const char *hex); /* bytes arrive as they are */
const char *world_events(struct world *w);          /* all that is to be told */
const char *world_output(struct world *w);     /* all that is to be sent, frame by frame without lengths, ';' behind each */
void world_pass(struct world *w, uint64_t ms); /* time passes; the timer fires when it is due, all output is sent */

/* The n-th allocation from now on fails, and only that; 0: none. True: it has happened since. */
void alloc_fail_at(unsigned n);
bool alloc_failed(void);

#endif
