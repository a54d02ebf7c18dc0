/* replica_fixture.h - a few replicas in one process, without disks, sockets or time of their own. For the tests of
 * coord/replica.
 *
 * Jobs are executed at once in memory by a stand-in for the store that keeps what JOB_PERSIST gave it; messages between servers
 * are encoded and decoded as on a link, and delivered in order at once unless the link is cut. Time is moved by the test.
 */
#ifndef TESTS_UNIT_REPLICA_FIXTURE_H
#define TESTS_UNIT_REPLICA_FIXTURE_H

#include "base/rng.h"
#include "replica/replica.h"
#include "wire/jute.h"

#include <stdbool.h>
#include <stdint.h>

#define GROUP_MAX 5

struct fake_log {
    struct paxos_promised promised;
    uint32_t accepted;
    struct buf entries; /* encoded, as persisted */
    struct buf image;   /* the newest snapshot, raw */
    struct buf writing, receiving;
    uint64_t image_zxid;
    uint32_t full_count; /* so many snapshots find no space, and how many did */
    uint32_t refused;
    bool cut_fails; /* a persist that cuts does nothing, and says so */
};

enum job_fate { JOB_RUNS, JOB_FAILS /* with the err that the test has set */, JOB_WAITS /* until group_release() */ };

struct member {
    struct replica *r;
    struct fake_log log;
    uint32_t unfinished; /* turns behind which the replica wanted the next one at once */
    bool stopped;        /* its events and messages wait for nothing: they are lost */
    struct buf in[GROUP_MAX];
    uint32_t disk;   /* how many disks it has had */
    uint32_t starts; /* of its process */
};

struct group {
    struct member member[GROUP_MAX]; /* ids 1.. */
    uint32_t count;
    uint64_t now_ms;
    struct rng rng;     /* of the entropy that they get */
    bool hold_persists; /* keep JOB_PERSIST until group_release() */
    struct list held_jobs[GROUP_MAX];
    enum job_fate (*fate)(uint32_t id, struct job *j); /* of a job of server id; NULL: all run */
    uint32_t stuck;                                    /* nothing is taken for this server, as if it were stopped; 0: none */
    bool (*lost)(struct peer_msg *m);                  /* may change it; NULL: no message is */
    bool may_fail; /* replicas that give up are no failure of the test; they stand still from then on */
    bool lies;     /* the test puts into `in` what no server sent */
    uint64_t next_conn;
    bool moving; /* group_settle(): something has moved */
    /* Set before group_init; 0: what nobody reaches, or the default. */
    uint64_t snap_count;
    uint32_t counter_max, reap_per_minute, election_min_ms;
    bool ttl_off;
    struct replica_limits limits;
    uint32_t read_only_after_ms;
    const char *enforce_auth_schemes;
    struct settings settings[GROUP_MAX]; /* of each server's own file */
    bool local_sessions, local_upgrading;
    bool stale_entropy; /* the same bytes again and again */
};

/* Their superuser is who proves super:admin. */
void group_init(struct group *g, uint32_t count);

/* The same with the default limits, and it has a leader. */
void group_begin(struct group *g, uint32_t count);
void group_deinit(struct group *g);

/* Run until nothing moves at this moment. */
void group_settle(struct group *g);

/* Let time pass in steps of at most 5 ms. */
void group_pass(struct group *g, uint64_t ms);

/* Pass time until somebody's desk is open; its id. 0 when nobody's is after 20 s. */
uint32_t group_leader(struct group *g);

/* Another server than this one, the same each time. */
uint32_t group_other(const struct group *g, uint32_t id);

struct replica_stats group_stats(const struct group *g, uint32_t id);
const struct paxos *group_core(const struct group *g, uint32_t id);

void group_cut(struct group *g, uint32_t id); /* all links of a server break; it runs on */
void group_heal(struct group *g, uint32_t id);
void group_wipe(struct group *g, uint32_t id); /* a server that is cut off: the same id starts anew with an empty disk */
void group_release(struct group *g);           /* the jobs that were kept run now; what comes later runs as well */

/* A server hears a message, as if from a peer; not settled. Set `lies` or `may_fail` where it is a lie. */
void group_say(struct group *g, uint32_t from, uint32_t to, struct peer_msg m);

/* A server is told of one of its links; not settled. */
void group_link(struct group *g, uint32_t id, uint32_t peer, bool up);

/* A server is asked to stop soon; settles. */
void group_hand_over(struct group *g, uint32_t id);

/* The process of a server ends, and starts with what its disk holds: links are down, connections and jobs gone. */
void group_restart(struct group *g, uint32_t id);

/* A client connection of server id. */
struct client {
    struct group *g;
    uint32_t server;
    uint64_t conn;
    uint64_t session;
    uint8_t password[16];
    struct buf in; /* bytes from the server */
    bool answered; /* its connect request was */
};

void client_open(struct client *c, struct group *g, uint32_t server);
void client_open_from(struct client *c, struct group *g, uint32_t server, const char *address);

void client_deinit(struct client *c);
void client_drained(struct client *c);                               /* the shell tells so though nothing was taken */
void client_frame(struct client *c, const void *frame, size_t size); /* without length; not settled */
bool client_connect(struct client *c, uint32_t timeout_ms);          /* new session; settles */
void client_send_connect(struct client *c, const struct client *earlier, int64_t last_zxid); /* earlier NULL: a new session */
void client_take(struct client *c); /* what has come, without a look; session and password of the response are kept */
bool client_resume(struct client *c, const struct client *earlier, int64_t last_zxid);

/* Requests: sent, not settled. table NULL: no body. */
void client_request(struct client *c, int32_t xid, int32_t op, const struct jute_record *table, const void *record);
void client_create(struct client *c, int32_t xid, const char *path, const char *data, int32_t flags);
void client_set(struct client *c, int32_t xid, const char *path, const char *data, int32_t version);
void client_delete(struct client *c, int32_t xid, const char *path, int32_t version);
void client_get(struct client *c, int32_t xid, const char *path, bool watch);
void client_path(struct client *c, int32_t xid, int32_t op, const char *path);
void client_plain(struct client *c, int32_t xid, int32_t op);

/* The next reply: false when there is none. record is valid until the next call. */
struct reply {
    int32_t xid, err;
    int64_t zxid;
    struct slice record;
};
bool client_reply(struct client *c, struct reply *reply);
bool client_closed(const struct client *c); /* the server closed it */

/* "xid:err" of all replies that wait, blank-separated, with "event:TYPE:PATH" for events. Static buffer. */
const char *client_replies(struct client *c);

#endif
