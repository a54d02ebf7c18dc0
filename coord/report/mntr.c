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

static void put_zk(struct buf *to, const struct status *s)
{
    buf_printf(to, "zk_version\t%s\n", s->version);
    buf_printf(to, "zk_server_state\t%s\n", report_mode_name(s->mode));
    put(to, "zk_min_latency", s->latency_min_ms);
    buf_printf(to, "zk_avg_latency\t%.1f\n", s->latency_avg_ms);
    put(to, "zk_max_latency", s->latency_max_ms);
    put(to, "zk_packets_received", s->received);
    put(to, "zk_packets_sent", s->sent);
    put(to, "zk_num_alive_connections", s->connections);
    put(to, "zk_outstanding_requests", s->outstanding);
    put(to, "zk_znode_count", s->nodes);
    put(to, "zk_watch_count", s->watches);
    put(to, "zk_ephemerals_count", s->ephemerals);
    put(to, "zk_approximate_data_size", s->data_bytes);
    put(to, "zk_global_sessions", s->sessions);
    put(to, "zk_local_sessions", 0);
    put(to, "zk_open_file_descriptor_count", s->files_open);
    put(to, "zk_max_file_descriptor_count", s->files_max);
    put(to, "zk_uptime", s->uptime_ms);
    put(to, "zk_commit_count", s->commits);
    put(to, "zk_snap_count", s->snapshots_taken);
    put(to, "zk_connection_rejected", s->rejected);
    if (s->mode == STATUS_LEADER) {
        put(to, "zk_followers", s->followers);
        put(to, "zk_synced_followers", s->synced_followers);
        put(to, "zk_learners", s->followers);
        put(to, "zk_pending_syncs", s->pending_syncs);
    }
}

static void put_coord(struct buf *to, const struct status *s)
{
    put(to, "coord_serving", s->serving);
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
