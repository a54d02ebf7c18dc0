/* host_status.c - what the four-letter words show, gathered when one is asked. Core thread; reads /proc and directories. */
#include <config.h>

#include "base/clock.h"
#include "host/host_private.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* Clients read the version of the protocol's home first; ours follows. */
static const char version[] = "3.8.0-coord-" PACKAGE_VERSION ", built on " COORD_BUILT;

uint64_t host_count_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    uint64_t count = 0;

    if (dir == NULL)
        return 0;
    for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        count += d->d_name[0] != '.';
    closedir(dir);
    return count - 1; /* that of the directory itself */
}

/* Bytes of the files in a directory, not of those below it. */
static uint64_t directory_bytes(const char *path)
{
    DIR *dir = opendir(path);
    uint64_t bytes = 0;
    struct stat about;

    if (dir == NULL)
        return 0;
    for (const struct dirent *d = readdir(dir); d != NULL; d = readdir(dir))
        if (fstatat(dirfd(dir), d->d_name, &about, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(about.st_mode))
            bytes += (uint64_t)about.st_size;
    closedir(dir);
    return bytes;
}

static enum status_mode mode_of(const struct host *h, const struct replica_stats *r)
{
    if (config_lone(h->config))
        return STATUS_STANDALONE;
    if (r->read_only)
        return STATUS_READ_ONLY;
    if (r->role == PAXOS_LEADING && r->established)
        return STATUS_LEADER;
    return r->leader != 0 ? STATUS_FOLLOWER : STATUS_LOOKING;
}

static struct status_summary summary(const struct replica_summary *l)
{
    return (struct status_summary){l->min, l->max, l->total, l->count};
}

static struct status_spread spread(const struct replica_spread *s)
{
    return (struct status_spread){summary(&s->all), replica_quantile(s, 500), replica_quantile(s, 950),
                                  replica_quantile(s, 990), replica_quantile(s, 999)};
}

static struct status_sizes sizes(const struct replica_sizes *s)
{
    return (struct status_sizes){s->last, s->min, s->max};
}

static void fill_figures(const struct host *h, const struct replica_stats *r, struct status *s)
{
    s->latency = summary(&r->latency);
    s->read_latency = spread(r->read_latency);
    s->write_latency = spread(r->write_latency);
    s->propagation = spread(r->propagation);
    s->unavailable = summary(&r->unavailable);
    s->snapshot_time = summary(&r->snapshot_time);
    s->appends = h->appends;
    for (size_t i = 0; i < sizeof(s->watches_of) / sizeof(s->watches_of[0]); i++)
        s->watches_of[i] = summary(&r->watches_of[i]);
    s->reply_sizes = sizes(&r->reply_sizes);
    s->proposal_sizes = sizes(&r->proposal_sizes);
    s->auth_failed = r->auth_failed;
    s->revalidated = r->revalidated;
    s->dropped = r->dropped;
    s->sessionless_expired = r->sessionless_expired;
    s->closed_unserved = r->closed_unserved;
}

static void fill_replica(struct host *h, struct status *s)
{
    struct replica_stats r;

    replica_stats(h->replica, &r);
    s->mode = mode_of(h, &r);
    s->serving = r.serving;
    s->voter = r.voter;
    s->zxid = r.applied;
    s->committed = r.committed;
    s->snapshot_zxid = r.snapshot_zxid;
    s->digest = r.digest;
    s->cluster = r.cluster;
    s->leader = r.leader;
    s->epoch = r.epoch;
    fill_figures(h, &r, s);
    s->received = r.packets_received;
    s->sent = r.packets_sent;
    s->bytes_received = r.bytes_received;
    s->bytes_sent = r.bytes_sent;
    s->outstanding = r.outstanding;
    s->nodes = 1 + r.state.nodes; /* ZooKeeper's tree has its root twice, as "" and as "/" */
    s->ephemerals = r.state.ephemerals;
    s->owners = r.state.owners;
    s->sessions = r.state.sessions;
    s->local_sessions = r.local_sessions;
    s->tree_bytes = r.state.data_bytes + r.state.path_bytes;
    s->watches = r.watch.watches;
    s->watched_paths = r.watch.paths;
    s->watchers = r.watch.watchers;
    s->watch_bytes = r.watch.memory_bytes;
    s->followers = r.followers;
    s->synced_followers = r.synced_followers;
    s->pending_syncs = r.pending_syncs;
    s->leading_ms = r.leading_ms;
    s->throttled = r.throttled;
    s->connects = r.connects;
    s->expired = r.expired;
    s->proposals = r.proposals;
    s->snapshots_sent = r.snapshots_sent;
    s->reads = r.reads;
    s->writes = r.writes;
    s->syncs = r.syncs;
    s->watches_fired = r.watches_fired;
    s->commits = r.commits;
    s->elections = r.elections;
    s->snapshots_taken = r.snapshots_taken;
    s->snapshots_received = r.snapshots_received;
    s->bad_packets = r.bad_packets;
}

static void fill_net(struct host *h, struct status *s)
{
    struct clients_stats c;
    struct peers_stats p;
    struct rlimit limit;

    clients_stats(h->clients, &c);
    s->connections = c.open;
    s->rejected = c.rejected;
    s->bad_packets += c.bad_packets;
    s->files_open = h->files_open + c.open; /* to count thousands one by one would hold the core up */
    if (h->peers != NULL) {
        peers_stats(h->peers, &p);
        s->links_up = p.links_up;
        s->files_open += p.links_up;
        s->peer_bad_frames = p.bad_frames;
        s->peer_auth_failures = p.auth_failures;
    }
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
        s->files_max = limit.rlim_cur;
}

static void fill_config(const struct host *h, struct status *s)
{
    const struct config *c = h->config;
    const struct config_server *self = config_self(c);

    s->version = version;
    s->server = c->id;
    s->uptime_ms = clock_mono_ms() - h->started_ms;
    s->turn_max_us = h->turn_max_us;
    s->client_port = h->client_port;
    s->data_dir = c->data_dir;
    s->log_dir = c->log_dir;
    s->tick_ms = c->tick_ms;
    s->address_connections_max = c->address_connections_max;
    s->session_min_ms = c->session_min_ms;
    s->session_max_ms = c->session_max_ms;
    s->listen_backlog = c->listen_backlog;
    s->init_limit = c->init_limit;
    s->sync_limit = c->sync_limit;
    s->members = buf_slice(&h->members);
    s->server_count = c->server_count;
    if (self != NULL) {
        s->quorum_port = self->port;
        s->election_port = self->election_port;
    }
}

static bool next_client(void *context, uint64_t *at, struct status_client *client)
{
    const struct host *h = context;
    struct replica_conn_stats s;
    uint64_t mono_ms = clock_mono_ms();

    while (replica_conn_next(h->replica, at, &s)) {
        *client = (struct status_client){.queued = s.queued,
                                         .received = s.received,
                                         .sent = s.sent,
                                         .session = s.session,
                                         .timeout_ms = s.timeout_ms,
                                         .since_wall_ms = (uint64_t)clock_wall_ms() - (mono_ms - s.opened_ms),
                                         .answered_ms = s.answered_ms,
                                         .last_zxid = s.last_zxid,
                                         .last_xid = s.last_xid,
                                         .last_op = s.last_op,
                                         .latency_last_ms = s.latency_last_ms,
                                         .latency_min_ms = s.latency_min_ms,
                                         .latency_max_ms = s.latency_max_ms,
                                         .latency_total_ms = s.latency_total_ms,
                                         .latency_count = s.latency_count};
        if (clients_find(h->clients, s.conn, client->address, &client->asks))
            return true; /* else it ended in this turn */
    }
    return false;
}

static bool next_session(void *context, uint64_t *at, struct status_session *session)
{
    const struct host *h = context;
    struct state_session s;

    if (!state_session_next(replica_state(h->replica), at, &s))
        return false;
    *session = (struct status_session){s.id, s.timeout_ms, s.ephemeral_count};
    return true;
}

static bool next_ephemeral(void *context, uint64_t session, uint64_t *at, struct buf *path)
{
    const struct host *h = context;

    return state_owned_next(replica_state(h->replica), session, at, path);
}

static bool watches(void *context, bool by_session, uint32_t max, status_watch_cb each, void *each_context)
{
    const struct host *h = context;

    return replica_watches(h->replica, by_session, max, each, each_context);
}

static void reset(void *context, bool connections)
{
    struct host *h = context;

    if (connections) {
        replica_reset_conns(h->replica);
        return;
    }
    replica_reset_stats(h->replica);
    h->appends = (struct status_summary){0};
}

static void fill_machine(struct status *s, struct utsname *name, char directory[PATH_MAX])
{
    const struct passwd *user = getpwuid(getuid());
    struct sysinfo memory;

    if (uname(name) == 0) {
        s->host_name = name->nodename;
        s->os_name = name->sysname;
        s->os_arch = name->machine;
        s->os_version = name->release;
    }
    if (user != NULL) {
        s->user_name = user->pw_name;
        s->user_home = user->pw_dir;
    }
    s->user_dir = getcwd(directory, PATH_MAX);
    if (sysinfo(&memory) == 0) {
        s->memory_free_mb = ((uint64_t)memory.freeram * memory.mem_unit) >> 20;
        s->memory_total_mb = ((uint64_t)memory.totalram * memory.mem_unit) >> 20;
    }
}

/* Of the first so many nodes below /zookeeper/quota, first components, and bytes of a name: a word has a bound. */
enum { QUOTA_LOOKS = 4096, QUOTA_SPACES = 256, QUOTA_SPACE_BYTES = 256 };

static void quotas(void *context, status_quota_cb each, void *each_context)
{
    const struct host *h = context;
    struct state_quota q = {0};
    uint32_t looks = QUOTA_LOOKS, at = 0;
    struct slice space;
    uint64_t count;

    for (unsigned i = 0; i < QUOTA_SPACES && state_quota_next(replica_state(h->replica), &looks, &q); i++) {
        if (q.space.size > QUOTA_SPACE_BYTES)
            continue;
        if (q.limited) {
            each(each_context, q.space, "bytes_limit", q.bytes_limit);
            each(each_context, q.space, "count_limit", q.count_limit);
        }
        if (q.counted) {
            each(each_context, q.space, "bytes_usage", q.bytes);
            each(each_context, q.space, "count_usage", q.count);
        }
    }
    while (replica_refusals_next(h->replica, &at, &space, &count))
        if (space.size <= QUOTA_SPACE_BYTES)
            each(each_context, space, "exceeded_error", (int64_t)count);
}

bool host_answer_word(void *context, const struct report_word *word, struct report_place *place, struct buf *to)
{
    struct host *h = context;
    struct utsname name;
    char directory[PATH_MAX];
    struct status s = {.lists = {next_client, next_session, next_ephemeral, watches, reset, quotas, h}};

    fill_config(h, &s);
    fill_replica(h, &s);
    fill_net(h, &s);
    if (strcmp(word->name, "conf") == 0 || strcmp(word->name, "dirs") == 0) {
        s.data_dir_bytes = directory_bytes(s.data_dir);
        s.log_dir_bytes = directory_bytes(s.log_dir);
    }
    if (strcmp(word->name, "envi") == 0)
        fill_machine(&s, &name, directory);
    return report_print(word, to, &s, place);
}
