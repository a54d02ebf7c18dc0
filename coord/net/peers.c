/* peers.c - which link of a peer counts, and when to dial again. Core thread. */
#include "net/peers.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/log.h"
#include "net/peers_private.h"

#include <string.h>
#include <unistd.h>

struct peer *peers_find(struct peers *p, uint32_t id)
{
    for (uint32_t i = 0; i < p->peer_count; i++)
        if (p->peer[i].id == id)
            return &p->peer[i];
    return NULL;
}

static void report_link(struct peers *p, uint32_t id, bool up)
{
    struct replica_event *event = inbox_add(p->inbox, REPLICA_LINK);

    event->peer = id;
    event->up = up;
}

/* Half of the back-off is drawn, so that two servers do not meet again and again. */
static void dial_later(struct peers *p, struct peer *peer)
{
    uint32_t wait = peer->backoff_ms;

    peer->dial_at_ms = p->now_ms + rng_between(&p->rng, wait / 2, wait);
    peer->backoff_ms = wait * 2 > PEERS_BACKOFF_MAX_MS ? PEERS_BACKOFF_MAX_MS : wait * 2;
}

void peers_link_ended(struct peers *p, struct link *l)
{
    struct peer *peer = l->peer == 0 ? NULL : peers_find(p, l->peer);

    if (!l->dialled && l->state != LINK_UP)
        p->accepted_count--;
    if (peer == NULL)
        return;
    if (peer->up == l) {
        peer->up = NULL;
        p->stats.links_up--;
        report_link(p, peer->id, false);
        if (peer->dial == NULL)
            dial_later(p, peer);
    } else if (peer->dial == l) {
        peer->dial = NULL;
        dial_later(p, peer);
    }
}

void peers_link_refused(struct peers *p, struct link *l, uint32_t id, const char *reason)
{
    struct peer *peer = peers_find(p, id);
    const char **last = peer != NULL ? &peer->refusal : &p->stranger_refusal;

    p->stats.auth_failures++;
    if (*last == NULL || strcmp(*last, reason) != 0)
        LOG_WARN("net", "peer_refused", "peer=%u address=%s reason=%s", id, l->address, log_quoted(reason));
    *last = reason;
    link_end(l, NULL);
}

bool peers_link_may_answer(struct peers *p, struct link *l)
{
    struct peer *peer = peers_find(p, l->peer);

    if (peer->dial == NULL)
        return true;
    /* Both dials meet: the higher id decides. Its own stays as soon as it has said HELLO on it. */
    if (p->options.self > peer->id && peer->dial->sent_hello)
        return false;
    link_end(peer->dial, NULL);
    return true;
}

void peers_link_up(struct peers *p, struct link *l)
{
    struct peer *peer = peers_find(p, l->peer);

    if (!l->dialled)
        p->accepted_count--;
    if (peer->dial == l)
        peer->dial = NULL;
    else if (peer->dial != NULL)
        link_end(peer->dial, NULL);
    if (peer->up != NULL)
        link_end(peer->up, "replaced_by_newer");
    peer->up = l;
    peer->refusal = NULL;
    peer->backoff_ms = PEERS_BACKOFF_MIN_MS;
    p->stats.links_up++;
    report_link(p, peer->id, true);
    LOG_INFO("net", "link_up", "peer=%u address=%s dialled=%s boot=%u incarnation=%016llx cluster=%016llx", peer->id,
             l->address, l->dialled ? "here" : "there", l->theirs.boot, (unsigned long long)l->theirs.incarnation,
             (unsigned long long)l->theirs.cluster);
}

static bool on_accept(void *context, int fd, const struct net_address *from)
{
    struct peers *p = context;
    char text[NET_ADDRESS_TEXT];

    if (p->accepted_count >= PEERS_ACCEPTED_MAX) {
        close(fd);
        return false;
    }
    net_address_print(from, text);
    p->accepted_count++;
    link_new(p, fd, false, 0, text);
    return true;
}

static void dial(struct peers *p, struct peer *peer, const struct net_address *to)
{
    char text[NET_ADDRESS_TEXT];
    int fd = net_connect(to);

    if (fd < 0) {
        dial_later(p, peer);
        return;
    }
    net_address_print(to, text);
    peer->dial = link_new(p, fd, true, peer->id, text);
}

static void on_resolved(evutil_socket_t fd, short what, void *context)
{
    struct peers *p = context;
    struct resolve *answer;

    (void)fd;
    (void)what;
    while ((answer = resolver_answer(p->resolver)) != NULL) {
        struct peer *peer = peers_find(p, answer->tag);
        peer->resolving = false;
        if (answer->err == 0 && peer->up == NULL && peer->dial == NULL) {
            dial(p, peer, &answer->address);
        } else if (answer->err != 0) {
            if (peer->refusal == NULL)
                LOG_WARN("net", "peer_unknown", "peer=%u host=%s", peer->id, log_quoted(peer->host));
            peer->refusal = "its name cannot be resolved";
            dial_later(p, peer);
        }
        coord_free(answer);
    }
}

static void dial_or_resolve(struct peers *p, struct peer *peer)
{
    struct net_address to;

    if (net_address_numeric(peer->host, peer->port, &to)) {
        dial(p, peer, &to);
    } else {
        peer->resolving = true;
        resolver_ask(p->resolver, peer->id, peer->host, peer->port);
    }
}

struct peers *peers_new(struct event_base *base, struct inbox *inbox, peers_output_cb output, void *context,
                        const struct peers_options *options, uint64_t cluster)
{
    struct peers *p = coord_alloc_zero(1, sizeof(*p));

    p->base = base;
    p->inbox = inbox;
    p->output = output;
    p->context = context;
    p->options = *options;
    p->cluster = cluster;
    list_init(&p->links);
    list_init(&p->ended);
    rng_init(&p->rng, options->seed);
    for (uint32_t i = 0; i < options->server_count; i++) {
        const struct peers_server *s = &options->servers[i];
        if (s->id != options->self)
            p->peer[p->peer_count++] =
                (struct peer){.id = s->id, .host = s->host, .port = s->port, .backoff_ms = PEERS_BACKOFF_MIN_MS};
    }
    p->resolver = resolver_new();
    p->resolved = event_new(base, resolver_fd(p->resolver), EV_READ | EV_PERSIST, on_resolved, p);
    COORD_ASSERT(p->resolved != NULL);
    event_add(p->resolved, NULL);
    return p;
}

static void free_ended(struct peers *p)
{
    struct list *node;

    while ((node = p->ended.next) != &p->ended)
        link_free(LIST_ENTRY(node, struct link, all));
}

void peers_free(struct peers *p)
{
    if (p == NULL)
        return;
    listener_free(p->listener);
    while (!list_empty(&p->links))
        link_end(LIST_ENTRY(p->links.next, struct link, all), NULL);
    free_ended(p);
    event_free(p->resolved);
    resolver_free(p->resolver);
    coord_free(p);
}

void peers_listen(struct peers *p, int fd)
{
    COORD_ASSERT(p->listener == NULL);
    p->listener = listener_new(p->base, fd, on_accept, p);
}

void peers_set_cluster(struct peers *p, uint64_t cluster)
{
    if (p->cluster == cluster)
        return;
    p->cluster = cluster;
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct link *l = p->peer[i].up;
        if (l != NULL && l->theirs.cluster != 0 && cluster != 0 && l->theirs.cluster != cluster)
            link_end(l, "it belongs to another cluster");
    }
}

void peers_after_step(struct peers *p, uint64_t now_ms)
{
    p->now_ms = now_ms;
    LIST_EACH(node, &p->links)
    {
        struct link *l = LIST_ENTRY(node, struct link, all);
        if (l->in_used > 0)
            link_after_step(l);
    }
    for (uint32_t i = 0; i < p->peer_count; i++)
        if (p->peer[i].up != NULL)
            link_flush(p->peer[i].up);
    free_ended(p);
}

uint64_t peers_run(struct peers *p, uint64_t now_ms)
{
    uint64_t next = UINT64_MAX;
    struct list *following;

    p->now_ms = now_ms;
    for (struct list *node = p->links.next; node != &p->links; node = following) {
        struct link *l = LIST_ENTRY(node, struct link, all);
        following = node->next;
        if (l->deadline_ms > now_ms) {
            next = l->deadline_ms < next ? l->deadline_ms : next;
            continue;
        }
        if (l->state == LINK_UP) {
            p->stats.bad_frames++;
            link_end(l, "frame_not_finished");
        } else {
            link_end(l, l->state == LINK_CONNECTING ? NULL : "handshake_timed_out");
        }
    }
    for (uint32_t i = 0; i < p->peer_count; i++) {
        struct peer *peer = &p->peer[i];
        if (peer->up != NULL || peer->dial != NULL || peer->resolving)
            continue;
        if (peer->dial_at_ms <= now_ms)
            dial_or_resolve(p, peer);
        if (peer->dial == NULL && !peer->resolving && peer->dial_at_ms < next)
            next = peer->dial_at_ms;
        else if (peer->dial != NULL && peer->dial->deadline_ms < next)
            next = peer->dial->deadline_ms;
    }
    return next;
}

void peers_stats(const struct peers *p, struct peers_stats *stats)
{
    *stats = p->stats;
}

bool peers_identity(struct peers *p, uint32_t id, struct peers_identity *identity)
{
    const struct peer *peer = peers_find(p, id);

    if (peer == NULL || peer->up == NULL)
        return false;
    *identity = (struct peers_identity){peer->up->theirs.incarnation, peer->up->theirs.cluster, peer->up->theirs.boot};
    return true;
}
