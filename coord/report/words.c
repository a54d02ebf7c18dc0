/* words.c - which words there are, which are allowed, and the short answers. Pure. */
#include "report/words.h"
#include "report/report.h"

#include <string.h>

static const char mode_names[][12] = {[STATUS_STANDALONE] = "standalone",
                                      [STATUS_LEADER] = "leader",
                                      [STATUS_FOLLOWER] = "follower",
                                      [STATUS_LOOKING] = "looking"};

const char *report_mode_name(enum status_mode mode)
{
    return mode_names[mode];
}

bool report_not_serving(struct buf *to, const struct status *s)
{
    if (!s->serving)
        buf_printf(to, "This ZooKeeper instance is not currently serving requests\n");
    return !s->serving;
}

/* Says that the process answers, not that it serves: so it is in ZooKeeper. */
static void print_ruok(struct buf *to, const struct status *s)
{
    (void)s;
    buf_printf(to, "imok");
}

static void print_isro(struct buf *to, const struct status *s)
{
    buf_printf(to, "%s", s->serving ? "rw" : "null");
}

static void print_summary(struct buf *to, const struct status *s)
{
    buf_printf(to, "Latency min/avg/max: %llu/%.1f/%llu\n", (unsigned long long)s->latency_min_ms, s->latency_avg_ms,
               (unsigned long long)s->latency_max_ms);
    buf_printf(to, "Received: %llu\n", (unsigned long long)s->received);
    buf_printf(to, "Sent: %llu\n", (unsigned long long)s->sent);
    buf_printf(to, "Connections: %llu\n", (unsigned long long)s->connections);
    buf_printf(to, "Outstanding: %llu\n", (unsigned long long)s->outstanding);
    buf_printf(to, "Zxid: 0x%llx\n", (unsigned long long)s->zxid);
    buf_printf(to, "Mode: %s\n", mode_names[s->mode]);
    buf_printf(to, "Node count: %llu\n", (unsigned long long)s->nodes);
}

static void print_srvr(struct buf *to, const struct status *s)
{
    if (report_not_serving(to, s))
        return;
    buf_printf(to, "Zookeeper version: %s\n", s->version);
    print_summary(to, s);
}

static void print_stat(struct buf *to, const struct status *s)
{
    struct status_client client;

    if (report_not_serving(to, s))
        return;
    buf_printf(to, "Zookeeper version: %s\nClients:\n", s->version);
    while (s->next_client != NULL && s->next_client(s->context, &client))
        buf_printf(to, " /%s[1](queued=%llu,recved=%llu,sent=%llu)\n", client.address, (unsigned long long)client.queued,
                   (unsigned long long)client.received, (unsigned long long)client.sent);
    buf_printf(to, "\n");
    print_summary(to, s);
}

static void print_conf(struct buf *to, const struct status *s)
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
    if (s->server_count > 1)
        buf_printf(to, "initLimit=%llu\nsyncLimit=%llu\nmembership: \n", (unsigned long long)s->init_limit,
                   (unsigned long long)s->sync_limit);
    for (uint32_t i = 0; s->server_count > 1 && i < s->server_count; i++) {
        const struct status_server *server = &s->servers[i];
        bool v6 = strchr(server->host, ':') != NULL;
        buf_printf(to, "server.%u=%s%s%s:%u:participant", server->id, v6 ? "[" : "", server->host, v6 ? "]" : "", server->port);
        if (server->client_port != 0)
            buf_printf(to, ";%s:%u", server->client_address == NULL ? "0.0.0.0" : server->client_address, server->client_port);
        buf_printf(to, "\n");
    }
}

/* Those of ZooKeeper that are not answered here are refused by its own sentence rather than taken for a length. */
static const struct report_word words[] = {
    {"ruok", print_ruok}, {"srvr", print_srvr}, {"stat", print_stat}, {"mntr", report_mntr}, {"isro", print_isro},
    {"conf", print_conf}, {"cons", NULL},       {"crst", NULL},       {"dirs", NULL},        {"dump", NULL},
    {"envi", NULL},       {"gtmk", NULL},       {"stmk", NULL},       {"srst", NULL},        {"wchs", NULL},
    {"wchc", NULL},       {"wchp", NULL},       {"hash", NULL},
};

const struct report_word *report_word_find(const uint8_t bytes[4])
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (memcmp(words[i].name, bytes, 4) == 0)
            return &words[i];
    return NULL;
}

/* The next name of a list by commas and blanks; false at the end. */
static bool next_name(const char **list, const char **name, size_t *size)
{
    *list += strspn(*list, ", \t");
    *name = *list;
    *size = strcspn(*list, ", \t");
    *list += *size;
    return *size > 0;
}

bool report_word_allowed(const struct report_word *word, const char *whitelist)
{
    const char *name;
    size_t size;

    while (word->print != NULL && next_name(&whitelist, &name, &size))
        if ((size == 1 && *name == '*') || (size == 4 && memcmp(name, word->name, 4) == 0))
            return true;
    return false;
}

const char *report_whitelist_unknown(const char *whitelist, char found[32])
{
    const char *name;
    size_t size;

    while (next_name(&whitelist, &name, &size)) {
        if ((size == 1 && *name == '*') || (size == 4 && report_word_find((const uint8_t *)name) != NULL))
            continue;
        size = size < 31 ? size : 31;
        memcpy(found, name, size);
        found[size] = '\0';
        return found;
    }
    return NULL;
}

void report_word_refused(struct buf *to, const struct report_word *word)
{
    buf_printf(to, "%s is not executed because it is not in the whitelist.\n", word->name);
}
