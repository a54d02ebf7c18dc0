/* about.c - the words that tell how the server was set up: conf, envi, dirs. Pure. */
#include "report/words.h"

/* The election algorithm is that of every ZooKeeper since 3.4 to whoever asks; type 0 is a participant. */
void report_conf(struct buf *to, const struct status *s)
{
    buf_printf(to, "clientPort=%u\n", s->client_port);
    buf_printf(to, "secureClientPort=-1\n");
    buf_printf(to, "dataDir=%s\n", s->data_dir);
    buf_printf(to, "dataDirSize=%llu\n", (unsigned long long)s->data_dir_bytes);
    buf_printf(to, "dataLogDir=%s\n", s->log_dir);
    buf_printf(to, "dataLogSize=%llu\n", (unsigned long long)s->log_dir_bytes);
    buf_printf(to, "tickTime=%llu\n", (unsigned long long)s->tick_ms);
    buf_printf(to, "maxClientCnxns=%llu\n", (unsigned long long)s->address_connections_max);
    buf_printf(to, "minSessionTimeout=%llu\n", (unsigned long long)s->session_min_ms);
    buf_printf(to, "maxSessionTimeout=%llu\n", (unsigned long long)s->session_max_ms);
    buf_printf(to, "clientPortListenBacklog=%llu\n", (unsigned long long)s->listen_backlog);
    buf_printf(to, "serverId=%u\n", s->server);
    if (s->members.size == 0)
        return;
    buf_printf(to, "initLimit=%llu\nsyncLimit=%llu\n", (unsigned long long)s->init_limit, (unsigned long long)s->sync_limit);
    buf_printf(to, "electionAlg=3\nelectionPort=%u\nquorumPort=%u\npeerType=0\nmembership: \n", s->election_port,
               s->quorum_port);
    buf_append(to, s->members.data, s->members.size);
}

static void line(struct buf *to, const char *key, const char *value)
{
    buf_printf(to, "%s=%s\n", key, value == NULL ? "" : value);
}

/* ZooKeeper's keys without those of Java. */
void report_envi(struct buf *to, const struct status *s)
{
    buf_printf(to, "Environment:\n");
    line(to, "zookeeper.version", s->version);
    line(to, "host.name", s->host_name);
    line(to, "os.name", s->os_name);
    line(to, "os.arch", s->os_arch);
    line(to, "os.version", s->os_version);
    line(to, "user.name", s->user_name);
    line(to, "user.home", s->user_home);
    line(to, "user.dir", s->user_dir);
    buf_printf(to, "os.memory.free=%lluMB\nos.memory.max=%lluMB\nos.memory.total=%lluMB\n",
               (unsigned long long)s->memory_free_mb, (unsigned long long)s->memory_total_mb,
               (unsigned long long)s->memory_total_mb);
}

void report_dirs(struct buf *to, const struct status *s)
{
    buf_printf(to, "datadir_size: %llu\nlogdir_size: %llu\n", (unsigned long long)s->data_dir_bytes,
               (unsigned long long)s->log_dir_bytes);
}
