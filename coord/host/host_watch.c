/* host_watch.c - the log lines of what the replica does: looked at after each turn, at most once a millisecond. Core thread. */
#include <config.h>

#include "base/log.h"
#include "base/zxid.h"
#include "host/host_private.h"

enum { WAITING_MS = 3000, QUOTA_MS = 1000 };

static const char *role_name(const struct replica_stats *s)
{
    if (s->role == PAXOS_FOLLOWER)
        return s->leader == 0 ? "looking" : "follower";
    return paxos_role_name(s->role);
}

static void log_role(const struct replica_stats *old, const struct replica_stats *new)
{
    if (old->role == new->role && old->leader == new->leader && old->epoch == new->epoch)
        return;
    LOG_INFO("replica", "role", "role=%s epoch=%u leader=%u last=" ZXID_FMT " committed=" ZXID_FMT, role_name(new), new->epoch,
             new->leader, ZXID_ARG(new->last_logged), ZXID_ARG(new->committed));
}

static void log_vote(const struct host *h, const struct replica_stats *old, const struct replica_stats *new)
{
    if (new->cluster != 0 && old->cluster != new->cluster)
        LOG_INFO("replica", "formed", "cluster=%016llx", (unsigned long long)new->cluster);
    if (new->cluster == 0 || (old->cluster == new->cluster && old->voter == new->voter))
        return;
    if (!new->voter)
        LOG_WARN("replica", "without_vote", "server=%u incarnation=%016llx reason=%s", new->server,
                 (unsigned long long)h->recovered.incarnation,
                 log_quoted("this data directory is not the one that the ensemble knows under this id"));
}

/* Whether the server lines name the voters. A lone server needs no line. */
static bool lines_name_voters(const struct config *c, const struct form *f)
{
    if (c->server_count == 0)
        return f->count == 1 && f->voter[0].id == c->id;
    for (uint32_t i = 0; i < f->count && i < c->server_count; i++)
        if (f->voter[i].id != c->servers[i].id)
            return false;
    return f->count == c->server_count;
}

/* The file says three, and one votes: who runs it takes for replicated what is not. */
static void log_voters(const struct config *c, const struct replica_stats *old, const struct replica_stats *new)
{
    struct buf voters = {0};

    if (new->form == NULL || old->form != NULL || lines_name_voters(c, new->form))
        return;
    for (uint32_t i = 0; i < new->form->count; i++)
        buf_printf(&voters, i == 0 ? "%u" : ",%u", new->form->voter[i].id);
    LOG_WARN("replica", "other_voters", "voters=%.*s server_lines=%u reason=%s", (int)buf_size(&voters),
             (const char *)buf_bytes(&voters), config_lone(c) ? 1 : c->server_count,
             log_quoted("the ensemble was formed by others than the server lines name; they do not change who votes"));
    buf_deinit(&voters);
}

/* Clients have waited for long: whom for. Once each time. */
static void log_waiting(struct host *h, const struct replica_stats *new, uint64_t now_ms)
{
    const struct config *c = h->config;
    struct buf missing = {0};
    struct peers_identity ignored;

    if (new->serving || h->waiting_ms == 0) {
        h->waiting_ms = new->serving ? 0 : now_ms;
        h->waiting_told = false;
    }
    if (new->serving || h->waiting_told || h->peers == NULL || now_ms - h->waiting_ms < WAITING_MS)
        return;
    h->waiting_told = true;
    for (uint32_t i = 0; i < c->server_count; i++)
        if (c->servers[i].id != c->id && !peers_identity(h->peers, c->servers[i].id, &ignored))
            buf_printf(&missing, buf_size(&missing) == 0 ? "%u" : ",%u", c->servers[i].id);
    LOG_WARN("replica", "waiting", "no_link_to=%.*s reason=%s", buf_size(&missing) == 0 ? 4 : (int)buf_size(&missing),
             buf_size(&missing) == 0 ? "none" : (const char *)buf_bytes(&missing),
             log_quoted(new->cluster == 0 && runs_last(&h->recovered.paxos.log) == 0
                            ? "there is no ensemble yet: it forms when all its servers are up"
                            : "there is no leader: a majority of the voters must be up and reach each other"));
    buf_deinit(&missing);
}

static void log_snapshots(const struct replica_stats *old, const struct replica_stats *new)
{
    if (new->snapshots_taken != old->snapshots_taken)
        LOG_INFO("replica", "snapshot_taken", "zxid=" ZXID_FMT, ZXID_ARG(new->snapshot_zxid));
    if (new->snapshots_received != old->snapshots_received)
        LOG_INFO("replica", "snapshot_installed", "zxid=" ZXID_FMT, ZXID_ARG(new->snapshot_zxid));
}

/* The leader tells, so that one server does; the last one in QUOTA_MS. */
static void log_quota(struct host *h, const struct replica_stats *new, uint64_t now_ms)
{
    const struct quota_excess *last = &new->quota_last;
    uint64_t all = new->quota_refused + new->quota_passed;

    if (new->role != PAXOS_LEADING)
        h->quota_told = all;
    if (all == h->quota_told || (h->quota_told_ms != 0 && now_ms - h->quota_told_ms < QUOTA_MS))
        return;
    LOG_WARN("replica", last->hard ? "quota_refused" : "quota_passed", "path=%s %s=%lld limit=%lld times=%llu",
             log_quoted((const char *)last->path.data), last->kind == QUOTA_COUNT ? "count" : "bytes", (long long)last->value,
             (long long)last->limit, (unsigned long long)(all - h->quota_told));
    h->quota_told = all;
    h->quota_told_ms = now_ms;
}

void host_watch(struct host *h, uint64_t now_ms)
{
    struct replica_stats new;

    if (now_ms == h->seen_ms)
        return;
    h->seen_ms = now_ms;
    replica_stats(h->replica, &new);
    log_role(&h->seen, &new);
    log_vote(h, &h->seen, &new);
    log_voters(h->config, &h->seen, &new);
    log_waiting(h, &new, now_ms);
    log_snapshots(&h->seen, &new);
    log_quota(h, &new, now_ms);
    if (h->seen.read_only != new.read_only)
        LOG_WARN("replica", new.read_only ? "read_only" : "read_only_ended", "applied=" ZXID_FMT, ZXID_ARG(new.applied));
    if (h->seen.serving != new.serving)
        LOG_INFO("replica", new.serving ? "serving" : "not_serving", "applied=" ZXID_FMT " leader=%u after_ms=%llu",
                 ZXID_ARG(new.applied), new.leader, (unsigned long long)(now_ms - h->started_ms));
    if (h->peers != NULL)
        peers_set_cluster(h->peers, new.cluster);
    h->seen = new;
}

void host_log_started(const struct host *h)
{
    const struct config *c = h->config;
    const struct store_recovered *r = &h->recovered;

    LOG_INFO("host", "started",
             "version=%s server=%u client_port=%u peer_port=%u voters=%u data_dir=%s log_dir=%s fresh=%s boot=%u "
             "incarnation=%016llx cluster=%016llx snapshot=" ZXID_FMT " last=" ZXID_FMT,
             PACKAGE_VERSION, c->id, h->client_port, h->peer_port, config_lone(c) ? 1 : c->server_count,
             log_quoted(c->data_dir), log_quoted(c->log_dir), r->fresh ? "yes" : "no", r->boot,
             (unsigned long long)r->incarnation, (unsigned long long)r->cluster, ZXID_ARG(r->snapshot_zxid),
             ZXID_ARG(runs_last(&r->paxos.log)));
}
