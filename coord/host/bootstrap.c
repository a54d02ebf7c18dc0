/* bootstrap.c - ask all, then write FORM or say why not. Main thread. */
#include "host/bootstrap.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "host/secret.h"
#include "net/peers.h"
#include "store/store.h"

#include <signal.h>
#include <stdio.h>

/* What is known of one configured server. */
struct present {
    bool linked, answered, empty;
    uint64_t incarnation;
    struct replica_peer_output output; /* the PROBE */
};

struct asking {
    const struct config *config;
    struct inbox inbox;
    struct peers *peers;
    struct present all[PEER_MAX]; /* as config->servers */
    bool cluster_seen;
};

static struct present *find(struct asking *a, uint32_t id)
{
    for (uint32_t i = 0; i < a->config->server_count; i++)
        if (a->config->servers[i].id == id)
            return &a->all[i];
    return NULL;
}

static struct replica_peer_output *output_of(void *context, uint32_t peer)
{
    return &find(context, peer)->output;
}

static void take_event(struct asking *a, const struct replica_event *event)
{
    struct peer_msg probe = {.type = PEER_PROBE, .probe = {.attempt = 1, .forming = 1}};
    struct present *p;

    if (event->type == REPLICA_LINK) {
        struct peers_identity identity;
        p = find(a, event->peer);
        p->linked = event->up;
        buf_clear(&p->output.urgent);
        if (!event->up || !peers_identity(a->peers, event->peer, &identity))
            return;
        p->incarnation = identity.incarnation;
        a->cluster_seen = a->cluster_seen || identity.cluster != 0;
        peer_encode(&p->output.urgent, &probe);
    } else if (event->type == REPLICA_MESSAGE && event->message->type == PEER_PROBE_ANSWER) {
        p = find(a, event->message->from);
        p->answered = true;
        p->empty = event->message->probe_answer.log_empty != 0 && event->message->probe_answer.promised == 0;
    }
}

static bool all_answered(const struct asking *a)
{
    for (uint32_t i = 0; i < a->config->server_count; i++)
        if (a->config->servers[i].id != a->config->id && !a->all[i].answered)
            return false;
    return true;
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

static void ask_all(struct asking *a, const struct peers_options *options, struct peers_stats *stats)
{
    struct event_base *base = event_base_new();
    struct event *turn = event_new(base, -1, EV_PERSIST, on_late, NULL);
    const struct timeval each = {.tv_usec = PEERS_BACKOFF_MIN_MS * 1000};
    uint64_t until = clock_mono_ms() + BOOTSTRAP_WAIT_MS;

    inbox_init(&a->inbox);
    a->peers = peers_new(base, &a->inbox, output_of, a, options, 0);
    event_add(turn, &each);
    while (!all_answered(a) && clock_mono_ms() < until) {
        peers_run(a->peers, clock_mono_ms());
        event_base_loop(base, EVLOOP_ONCE);
        for (uint32_t i = 0; i < a->inbox.count; i++)
            take_event(a, &a->inbox.events[i]);
        inbox_clear(&a->inbox);
        peers_after_step(a->peers, clock_mono_ms());
    }
    peers_stats(a->peers, stats);
    peers_free(a->peers);
    inbox_deinit(&a->inbox);
    for (uint32_t i = 0; i < a->config->server_count; i++)
        buf_deinit(&a->all[i].output.urgent);
    event_free(turn);
    event_base_free(base);
}

/* NULL, or why no ensemble may be formed. Fills the voters. */
static const char *judge(const struct asking *a, const struct peers_stats *stats, struct form *form)
{
    const struct config *c = a->config;

    if (stats->auth_failures > 0)
        return "a server that can be reached refused this one, or was refused: see the log";
    if (a->cluster_seen)
        return "a server that can be reached belongs to a cluster already: start this one as usual";
    for (uint32_t i = 0; i < c->server_count; i++) {
        const struct present *p = &a->all[i];
        if (c->servers[i].id != c->id && !p->linked && !p->answered) {
            printf("left out: server %u (%s:%u), which cannot be reached\n", c->servers[i].id, c->servers[i].host,
                   c->servers[i].port);
            continue;
        }
        if (c->servers[i].id != c->id && !p->answered)
            return "a server that can be reached does not answer";
        if (c->servers[i].id != c->id && !p->empty)
            return "a server that can be reached is not empty, or is about to form an ensemble";
        form->voter[form->count++] = (struct form_voter){c->servers[i].id, p->incarnation};
    }
    return NULL;
}

static void say_formed(const struct form *form)
{
    printf("formed: cluster %016llx, voters", (unsigned long long)form->cluster);
    for (uint32_t i = 0; i < form->count; i++)
        printf(" %u", form->voter[i].id);
    printf("; start this server now\n");
}

static enum exit_code fail(int err, const char *text)
{
    fprintf(stderr, "coordd: %s\n", text != NULL ? text : coord_error_text(err));
    return err == -COORD_E_EXISTS ? EXIT_CODE_REFUSED : exit_code_of(err);
}

static enum exit_code refuse(const char *text)
{
    fprintf(stderr, "coordd: not formed: %s\n", text);
    return EXIT_CODE_REFUSED;
}

/* Who this server is, from its directory, which must be empty of entries and promises. */
static enum exit_code open_own(const struct store_options *store, struct peers_options *peers)
{
    struct store_recovered own;
    struct store *s;
    const char *text = NULL;
    int rc = store_open(fs_posix(), store, &s, &own, &text);

    if (rc < 0)
        return fail(rc, text);
    store_close(s);
    if (own.cluster != 0 || !runs_empty(&own.paxos.log) || own.snapshot_zxid != 0)
        return refuse("this server's directory holds entries already");
    if (own.paxos.promised.epoch != 0)
        return refuse("this server took part in forming an ensemble already: start it as usual, or empty its directory");
    peers->incarnation = own.incarnation;
    peers->boot = own.boot;
    return EXIT_CODE_OK;
}

static enum exit_code form_ensemble(struct asking *a, const struct store_options *store, const struct peers_options *peers)
{
    struct form form = {0};
    struct peers_stats stats;
    const char *text;
    int rc;

    ask_all(a, peers, &stats);
    text = judge(a, &stats, &form);
    if (text != NULL)
        return refuse(text);
    while (form.cluster == 0)
        entropy_fill(&form.cluster, sizeof(form.cluster));
    rc = store_bootstrap(fs_posix(), store, &form, &text);
    if (rc < 0)
        return fail(rc, text);
    say_formed(&form);
    return EXIT_CODE_OK;
}

enum exit_code bootstrap_run(const struct config *c)
{
    struct asking a = {.config = c};
    struct buf secret = {0};
    struct peers_options peers = {.self = c->id, .server_count = c->server_count};
    struct store_options store = {.data_dir = c->data_dir,
                                  .log_dir = c->log_dir,
                                  .server = c->id,
                                  .segment_bytes = c->segment_kib << 10,
                                  .segments_ahead = 2,
                                  .snap_retain = (uint32_t)c->snap_retain};
    enum exit_code code;

    if (config_lone(c))
        return refuse("a server without others forms by itself when it is started");
    signal(SIGPIPE, SIG_IGN);
    entropy_fill(&store.fresh_incarnation, sizeof(store.fresh_incarnation));
    entropy_fill(&peers.seed, sizeof(peers.seed));
    for (uint32_t i = 0; i < c->server_count; i++)
        peers.servers[i] = (struct peers_server){c->servers[i].id, c->servers[i].host, c->servers[i].port};
    code = secret_read(c, &secret);
    peers.secret = buf_slice(&secret);
    if (code == EXIT_CODE_OK)
        code = open_own(&store, &peers);
    if (code == EXIT_CODE_OK)
        code = form_ensemble(&a, &store, &peers);
    buf_deinit(&secret);
    return code;
}
