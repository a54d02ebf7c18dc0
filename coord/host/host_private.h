/* host_private.h - what the files of the host share: the server's parts. Not for other folders. Core thread. */
#ifndef COORD_HOST_HOST_PRIVATE_H
#define COORD_HOST_HOST_PRIVATE_H

#include "host/executor.h"
#include "host/host.h"
#include "net/clients.h"
#include "net/peers.h"
#include "report/status.h"

#include <event2/event.h>

struct host {
    const struct config *config;
    struct store *store;
    struct store_recovered recovered;
    struct executor *executor;
    struct replica *replica;
    struct event_base *base;
    struct inbox inbox;
    struct clients *clients;
    struct peers *peers; /* NULL: a lone server */
    struct event *wake, *done, *signals[2];
    struct buf secret;
    struct buf members; /* the text of /zookeeper/config */
    uint64_t started_ms, armed_ms, turn_max_us;
    struct status_summary appends; /* each with its sync, on whichever thread */
    uint64_t files_open;           /* counted when there was no client yet */
    uint16_t client_port, peer_port;
    bool jobs_done;          /* the executor's mailbox has something */
    uint32_t served;         /* connections since jobs were last submitted to lane WAL, each turn counted */
    uint64_t stop_before_ms; /* a signal came: 0 not yet */
    bool ended;
    enum exit_code exit_code;
    struct replica_stats seen;    /* as logged last */
    uint64_t seen_ms, waiting_ms; /* waiting_ms: since when clients wait, 0: they do not */
    bool waiting_told;
    uint64_t quota_told, quota_told_ms; /* how many excesses of quotas the log knows of, and since when */
};

/* host_open.c: everything up to the loop, and its undoing (of a host that was opened in part, too). */
enum exit_code host_open(struct host *h, const struct config *config);
void host_close(struct host *h);

/* host_status.c */
uint64_t host_count_files(void); /* open descriptors; takes long where there are many */
bool host_answer_word(void *context, const struct report_word *word, struct report_place *place, struct buf *to);

/* host_watch.c: log what changed since the last look. */
void host_watch(struct host *h, uint64_t now_ms);
void host_log_started(const struct host *h);

#endif
