/* mntr.c - the word mntr: one line a figure, key, tab, value. Pure.
 *
 * The zk_* keys are those that ZooKeeper's exporters read; where a figure has no meaning here its key is left out. The coord_*
 * keys are answered also while the server does not serve, behind ZooKeeper's sentence: that is when they are wanted most.
 */
#include "report/words.h"

static void put(struct buf *to, const char *key, uint64_t value)
{
    buf_printf(to, "%s\t%llu\n", key, (unsigned long long)value);
}

static void put_average(struct buf *to, const char *name, const struct status_summary *l)
{
    buf_printf(to, "zk_avg_%s\t", name);
    report_put_average(to, l->total, l->count);
    buf_printf(to, "\n");
}

/* A summary as ZooKeeper has it. */
static void put_summary(struct buf *to, const char *name, const struct status_summary *l)
{
    put_average(to, name, l);
    buf_printf(to, "zk_min_%s\t%llu\nzk_max_%s\t%llu\nzk_cnt_%s\t%llu\nzk_sum_%s\t%llu\n", name, (unsigned long long)l->min,
               name, (unsigned long long)l->max, name, (unsigned long long)l->count, name, (unsigned long long)l->total);
}

/* With quantiles: of all that was counted, up to an eighth too high; there of a sample. */
static void put_spread(struct buf *to, const char *name, const struct status_spread *s)
{
    put_summary(to, name, &s->all);
    buf_printf(to, "zk_p50_%s\t%llu\nzk_p95_%s\t%llu\nzk_p99_%s\t%llu\nzk_p999_%s\t%llu\n", name, (unsigned long long)s->p50_ms,
               name, (unsigned long long)s->p95_ms, name, (unsigned long long)s->p99_ms, name, (unsigned long long)s->p999_ms);
}

static void put_sizes(struct buf *to, const char *name, const struct status_sizes *s)
{
    buf_printf(to, "zk_last_%s\t%lld\nzk_min_%s\t%lld\nzk_max_%s\t%lld\n", name, (long long)s->last, name, (long long)s->min,
               name, (long long)s->max);
}

static void put_clients(struct buf *to, const struct status *s)
{
    put(to, "zk_num_alive_connections", s->connections);
    put_average(to, "latency", &s->latency);
    put(to, "zk_min_latency", s->latency.min);
    put(to, "zk_max_latency", s->latency.max);
    put(to, "zk_outstanding_requests", s->outstanding);
    put(to, "zk_packets_sent", s->sent);
    put(to, "zk_packets_received", s->received);
    put(to, "zk_bytes_received_count", s->bytes_received);
    put(to, "zk_response_bytes", s->bytes_sent);
    put(to, "zk_connection_request_count", s->connects);
    put(to, "zk_connection_rejected", s->rejected);
    put(to, "zk_request_throttle_wait_count", s->throttled);
    put(to, "zk_stale_sessions_expired", s->expired);
    put(to, "zk_connection_drop_count", s->dropped);
    put(to, "zk_connection_revalidate_count", s->revalidated);
    put(to, "zk_sessionless_connections_expired", s->sessionless_expired);
    put(to, "zk_cnxn_closed_without_zk_server_running", s->closed_unserved);
    put(to, "zk_auth_failed_count", s->auth_failed);
    put_sizes(to, "client_response_size", &s->reply_sizes);
    put_spread(to, "readlatency", &s->read_latency);
    put_spread(to, "updatelatency", &s->write_latency);
    put_spread(to, "propagation_latency", &s->propagation);
}

static void put_watches(struct buf *to, const struct status *s)
{
    static const char *const names[] = {"node_created_watch_count", "node_deleted_watch_count", "node_changed_watch_count",
                                        "node_children_watch_count"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        put_summary(to, names[i], &s->watches_of[i]);
}

static void put_tree(struct buf *to, const struct status *s)
{
    put(to, "zk_ephemerals_count", s->ephemerals);
    put(to, "zk_znode_count", s->nodes);
    put(to, "zk_approximate_data_size", s->tree_bytes);
    put(to, "zk_global_sessions", s->sessions);
    put(to, "zk_local_sessions", s->local_sessions);
    put(to, "zk_watch_count", s->watches);
    put(to, "zk_watch_bytes", s->watch_bytes);
}

static void put_server(struct buf *to, const struct status *s)
{
    put(to, "zk_max_file_descriptor_count", s->files_max);
    put(to, "zk_open_file_descriptor_count", s->files_open);
    put(to, "zk_uptime", s->uptime_ms);
    put(to, "zk_commit_count", s->commits);
    put(to, "zk_snap_count", s->snapshots_sent);
    put(to, "zk_looking_count", s->elections);
    put_summary(to, "fsynctime", &s->appends);
    put_summary(to, "snapshottime", &s->snapshot_time);
    put_summary(to, "unavailable_time", &s->unavailable);
}

/* What of ZooKeeper's has no cause here: such a thing never happens, so it was counted. */
static void put_never(struct buf *to)
{
    static const char *const keys[] = {"zk_non_mtls_remote_conn_count",
                                       "zk_non_mtls_local_conn_count",
                                       "zk_outstanding_tls_handshake",
                                       "zk_tls_handshake_exceeded",
                                       "zk_unsuccessful_handshake",
                                       "zk_dead_watchers_queued",
                                       "zk_dead_watchers_cleared",
                                       "zk_add_dead_watcher_stall_time",
                                       "zk_response_packet_cache_hits",
                                       "zk_response_packet_cache_misses",
                                       "zk_response_packet_get_children_cache_hits",
                                       "zk_response_packet_get_children_cache_misses",
                                       "zk_stale_requests",
                                       "zk_stale_requests_dropped",
                                       "zk_stale_replies",
                                       "zk_large_requests_rejected",
                                       "zk_throttled_ops",
                                       "zk_insecure_admin_count",
                                       "zk_ensemble_auth_success",
                                       "zk_ensemble_auth_fail",
                                       "zk_ensemble_auth_skip",
                                       "zk_unrecoverable_error_count",
                                       "zk_digest_mismatches_count",
                                       "zk_quit_leading_due_to_disloyal_voter"};

    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        put(to, keys[i], 0);
    buf_printf(to, "zk_connection_drop_probability\t0.0\n");
}

static void put_quorum(struct buf *to, const struct status *s)
{
    static const char *const states[] = {[STATUS_LEADER] = "leading - broadcast",
                                         [STATUS_FOLLOWER] = "following - broadcast",
                                         [STATUS_LOOKING] = "looking",
                                         [STATUS_READ_ONLY] = "looking"};

    if (s->mode != STATUS_STANDALONE) {
        put(to, "zk_quorum_size", s->server_count);
        buf_printf(to, "zk_peer_state\t%s\n", states[s->mode]);
    }
    if (s->mode == STATUS_LEADER) {
        put(to, "zk_learners", s->followers);
        put(to, "zk_followers", s->followers); /* of 3.4, still read by exporters */
        put(to, "zk_synced_followers", s->synced_followers);
        put(to, "zk_synced_non_voting_followers", 0);
        put(to, "zk_synced_observers", 0);
        put(to, "zk_pending_syncs", s->pending_syncs);
        put(to, "zk_leader_uptime", s->leading_ms);
        put(to, "zk_proposal_count", s->proposals);
        put_sizes(to, "proposal_size", &s->proposal_sizes);
    }
}

static void put_quota(void *context, struct slice space, const char *figure, int64_t value)
{
    buf_printf(context, "zk_%.*s_quota_%s_per_namespace\t%lld\n", SLICE_ARG(space), figure, (long long)value);
}

static void put_zk(struct buf *to, const struct status *s)
{
    buf_printf(to, "zk_version\t%s\n", s->version);
    buf_printf(to, "zk_server_state\t%s\n", report_mode_name(s->mode));
    put_clients(to, s);
    put_watches(to, s);
    put_tree(to, s);
    put_server(to, s);
    put_quorum(to, s);
    put_never(to);
    if (s->lists.quotas != NULL)
        s->lists.quotas(s->lists.context, put_quota, to);
}

static void put_coord(struct buf *to, const struct status *s)
{
    put(to, "coord_serving", s->serving);
    put(to, "coord_read_only", s->mode == STATUS_READ_ONLY);
    put(to, "coord_voter", s->voter);
    put(to, "coord_server", s->server);
    put(to, "coord_leader", s->leader);
    put(to, "coord_epoch", s->epoch);
    buf_printf(to, "coord_cluster\t%016llx\n", (unsigned long long)s->cluster);
    put(to, "coord_applied_zxid", s->zxid);
    put(to, "coord_committed_zxid", s->committed);
    put(to, "coord_snapshot_zxid", s->snapshot_zxid);
    buf_printf(to, "coord_digest\t%016llx\n", (unsigned long long)s->digest);
    put(to, "coord_reads", s->reads);
    put(to, "coord_writes", s->writes);
    put(to, "coord_syncs", s->syncs);
    put(to, "coord_outstanding_requests", s->outstanding);
    put(to, "coord_watches_fired", s->watches_fired);
    put(to, "coord_elections", s->elections);
    put(to, "coord_snapshots_taken", s->snapshots_taken);
    put(to, "coord_snapshots_received", s->snapshots_received);
    put(to, "coord_links_up", s->links_up);
    put(to, "coord_bad_packets", s->bad_packets);
    put(to, "coord_peer_bad_frames", s->peer_bad_frames);
    put(to, "coord_peer_auth_failures", s->peer_auth_failures);
    put(to, "coord_turn_max_us", s->turn_max_us);
}

void report_mntr(struct buf *to, const struct status *s)
{
    if (!report_not_serving(to, s))
        put_zk(to, s);
    put_coord(to, s);
}
