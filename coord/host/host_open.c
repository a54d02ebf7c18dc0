/* host_open.c - from a configuration to a server ready to turn, and back. Core thread. */
#include "base/alloc.h"
#include "base/assert.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/zxid.h"
#include "host/host_private.h"
#include "host/secret.h"

#include <string.h>
#include <strings.h>
#include <sys/resource.h>

enum {
    PEER_BACKLOG = 64,
    FILES_RESERVED = 128, /* descriptors that clients never get: segments, snapshots, links */
    FILES_RAISED_MAX = 1 << 20,
};

static uint64_t random_u64(void)
{
    uint64_t value;

    entropy_fill(&value, sizeof(value));
    return value == 0 ? 1 : value; /* 0 means "none" for ids */
}

/* As many descriptors as the system grants; how many clients may have. */
static uint64_t raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FILES_RESERVED;
    limit.rlim_cur = limit.rlim_max < FILES_RAISED_MAX ? limit.rlim_max : FILES_RAISED_MAX;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_cur > 2 * FILES_RESERVED ? limit.rlim_cur - FILES_RESERVED : FILES_RESERVED;
}

/* A listening socket on a host's address; all addresses when the host is NULL, or with all_else when it cannot be resolved: a
 * name that only the network's own name server knows must not keep a server from its peers. */
static enum exit_code listen_on(const char *host, uint16_t port, int backlog, bool all_else, int *fd)
{
    struct net_address address;
    const struct net_address *at = NULL;

    if (host != NULL && net_address_resolve(host, port, &address) == 0) {
        at = &address;
    } else if (host != NULL && all_else) {
        LOG_WARN("host", "own_name_unknown", "host=%s listen=all", log_quoted(host));
    } else if (host != NULL) {
        LOG_ERROR("host", "address_unknown", "host=%s", log_quoted(host));
        return EXIT_CODE_ADDRESS;
    }
    return net_listen(at, port, backlog, fd) < 0 ? EXIT_CODE_ADDRESS : EXIT_CODE_OK;
}

static bool all_on_loopback(const struct config *c)
{
    struct net_address address;

    for (uint32_t i = 0; i < c->server_count; i++)
        if (strcasecmp(c->servers[i].host, "localhost") != 0 &&
            !(net_address_numeric(c->servers[i].host, 1, &address) && net_address_loopback(&address)))
            return false;
    return true;
}

static enum exit_code open_store(struct host *h)
{
    const struct config *c = h->config;
    const struct store_options options = {.data_dir = c->data_dir,
                                          .log_dir = c->log_dir,
                                          .server = c->id,
                                          .segment_bytes = c->segment_kib << 10,
                                          .segments_ahead = 2,
                                          .snap_retain = (uint32_t)c->snap_retain,
                                          .fresh_incarnation = random_u64(),
                                          .lone = config_lone(c)};
    const char *text = NULL;
    int rc = store_open(fs_posix(), &options, &h->store, &h->recovered, &text);

    if (rc == 0)
        return EXIT_CODE_OK;
    h->store = NULL;
    LOG_ERROR("host", "cannot_open_data", "dir=%s error=%s reason=%s", log_quoted(c->data_dir), coord_error_name(rc),
              log_quoted(text == NULL ? coord_error_text(rc) : text));
    return exit_code_of(rc);
}

/* Runs on this thread: nothing else is to be done before it. */
static enum exit_code load_state(struct host *h, struct state **state)
{
    struct job *j = job_new(JOB_LOAD);
    int err;

    j->zxid = h->recovered.snapshot_zxid;
    store_run(h->store, j);
    err = j->err;
    *state = j->state;
    j->state = NULL;
    job_free(j);
    if (err == 0)
        return EXIT_CODE_OK;
    LOG_ERROR("host", "cannot_load_snapshot", "zxid=" ZXID_FMT " error=%s reason=%s", ZXID_ARG(h->recovered.snapshot_zxid),
              coord_error_name(err), log_quoted(store_failure(h->store)));
    return exit_code_of(err);
}

/* ZooKeeper has two keys for it. */
static uint64_t requests_max(const struct config *c)
{
    uint64_t a = c->requests_max, b = c->requests_throttle;

    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void start_replica(struct host *h, struct state *state)
{
    const struct config *c = h->config;
    struct replica_options o = {.limits = {c->node_data_max_bytes, c->reply_max_bytes, requests_max(c), c->requests_max_bytes},
                                .session_min_ms = (uint32_t)c->session_min_ms,
                                .session_max_ms = (uint32_t)c->session_max_ms,
                                .snap_count = c->snap_count,
                                .snapshot_zxid = h->recovered.snapshot_zxid,
                                .cluster = h->recovered.cluster,
                                .fresh_cluster = random_u64(),
                                .super_digest = c->super_digest,
                                .enforce_auth_schemes = c->enforce_auth ? c->auth_schemes : NULL,
                                .ttl_off = !c->ttl_nodes,
                                .reap_interval_ms = (uint32_t)c->reap_interval_ms,
                                .reap_per_minute = (uint32_t)c->reap_per_minute,
                                .local_sessions = c->local_sessions && !config_lone(c), /* as there */
                                .local_upgrading = c->local_upgrading,
                                .read_only_after_ms = c->read_only ? 4 * (uint32_t)c->election_max_ms : 0,
                                .connect_timeout_ms = (uint32_t)c->connect_timeout_ms};

    config_members(c, &h->members);
    o.settings = (struct settings){c->enforce_quota, buf_slice(&h->members)};

    o.paxos = (struct paxos_options){.self = c->id,
                                     .boot = h->recovered.boot,
                                     .incarnation = h->recovered.incarnation,
                                     .voter_count = config_lone(c) ? 1 : c->server_count,
                                     .heartbeat_ms = (uint32_t)c->heartbeat_ms,
                                     .election_min_ms = (uint32_t)c->election_min_ms,
                                     .election_max_ms = (uint32_t)c->election_max_ms,
                                     .counter_max = UINT32_MAX - (1u << 20),
                                     .seed = random_u64()};
    o.paxos.voters[0] = c->id;
    for (uint32_t i = 0; i < c->server_count; i++)
        o.paxos.voters[i] = c->servers[i].id;
    h->replica = replica_new(&o, &h->recovered.paxos, state, clock_mono_ms());
}

static enum exit_code start_peers(struct host *h, int *fd)
{
    const struct config *c = h->config;
    const struct config_server *self = config_self(c);
    enum exit_code rc;

    *fd = -1;
    if (config_lone(c))
        return EXIT_CODE_OK;
    rc = secret_read(c, &h->secret);
    if (rc != EXIT_CODE_OK)
        return rc;
    if (buf_size(&h->secret) == 0 && !all_on_loopback(c))
        LOG_WARN("host", "peers_not_authenticated", "hint=%s",
                 log_quoted("set peerSecretFile: who reaches the peer port can join"));
    rc = listen_on(c->listen_on_all ? NULL : self->host, self->port, PEER_BACKLOG, true, fd);
    if (rc == EXIT_CODE_OK)
        h->peer_port = net_listen_port(*fd);
    return rc;
}

static struct replica_peer_output *peer_output(void *context, uint32_t peer)
{
    return replica_peer_output(context, peer);
}

static void make_peers(struct host *h, int fd)
{
    const struct config *c = h->config;
    struct peers_options o = {.self = c->id,
                              .boot = h->recovered.boot,
                              .incarnation = h->recovered.incarnation,
                              .secret = buf_slice(&h->secret),
                              .server_count = c->server_count,
                              .seed = random_u64()};

    if (fd < 0)
        return;
    for (uint32_t i = 0; i < c->server_count; i++)
        o.servers[i] = (struct peers_server){c->servers[i].id, c->servers[i].host, c->servers[i].port};
    h->peers = peers_new(h->base, &h->inbox, peer_output, h->replica, &o, h->recovered.cluster);
    peers_listen(h->peers, fd);
}

static void make_clients(struct host *h, int fd)
{
    const struct config *c = h->config;
    uint64_t possible = raise_descriptor_limit();
    const struct clients_options o = {
        .connections_max = c->connections_max == 0 || c->connections_max > possible ? possible : c->connections_max,
        .address_connections_max = c->address_connections_max,
        .packet_max_bytes = (uint32_t)c->packet_max_bytes,
        .keepalive = c->client_keepalive,
        .four_letter_words = c->four_letter_words,
        .word = host_answer_word,
        .context = h,
        .seed = random_u64()};

    h->clients = clients_new(h->base, &h->inbox, h->replica, &o);
    clients_listen(h->clients, fd);
}

static void make_base(struct host *h)
{
    struct event_config *options = event_config_new();

    COORD_ASSERT(options != NULL);
    /* No change list: it would apply the end of an interest when another thread may have the number of the closed socket. */
    event_config_set_flag(options, EVENT_BASE_FLAG_NOLOCK);
    h->base = event_base_new_with_config(options);
    COORD_ASSERT(h->base != NULL);
    event_config_free(options);
}

enum exit_code host_open(struct host *h, const struct config *c)
{
    int client_fd, peer_fd;
    struct state *state;
    enum exit_code rc;

    *h = (struct host){.config = c, .started_ms = clock_mono_ms()};
    inbox_init(&h->inbox);
    make_base(h);
    /* The ports first: a server that runs already is found before its data is touched. */
    rc = listen_on(c->client_address, (uint16_t)c->client_port, (int)c->listen_backlog, false, &client_fd);
    if (rc != EXIT_CODE_OK)
        return rc;
    h->client_port = net_listen_port(client_fd);
    if ((rc = start_peers(h, &peer_fd)) != EXIT_CODE_OK || (rc = open_store(h)) != EXIT_CODE_OK ||
        (rc = load_state(h, &state)) != EXIT_CODE_OK)
        return rc; /* the process ends, and the sockets with it */
    start_replica(h, state);
    h->executor = executor_start(h->store);
    make_peers(h, peer_fd);
    make_clients(h, client_fd);
    return EXIT_CODE_OK;
}

void host_close(struct host *h)
{
    clients_free(h->clients);
    peers_free(h->peers);
    executor_stop(h->executor);
    if (h->replica != NULL)
        replica_free(h->replica);
    if (h->store != NULL)
        store_close(h->store);
    inbox_deinit(&h->inbox);
    buf_deinit(&h->secret);
    buf_deinit(&h->members);
    event_base_free(h->base);
}
