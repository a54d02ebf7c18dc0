/* test_report.c - golden texts of the four-letter words, as ZooKeeper 3.8 prints them. */
#include "base/fs.h"
#include "lib/runner.h"
#include "report/report.h"

#include <stdio.h>
#include <string.h>

/* What the lists have: so many connections, sessions, nodes of each session and watches. */
struct lists {
    unsigned clients, sessions, nodes, watches, quotas;
    bool more, asks; /* asks: the first client, a word */
    int reset;       /* 1: the server's, 2: the connections' */
};

static bool next_client(void *context, uint64_t *at, struct status_client *client)
{
    const struct lists *l = context;

    if (*at >= l->clients)
        return false;
    *client = (struct status_client){.queued = 2,
                                     .received = 30,
                                     .sent = 28,
                                     .session = *at == 1 ? 0 : 0x10000ea9ece0000 + *at,
                                     .timeout_ms = 10000,
                                     .since_wall_ms = 1795171180761,
                                     .answered_ms = 15407580,
                                     .last_zxid = 0x200000003,
                                     .last_xid = -2,
                                     .last_op = 8,
                                     .latency_last_ms = 1,
                                     .latency_max_ms = 25,
                                     .latency_total_ms = 109,
                                     .latency_count = 10};
    if (*at == 0 && l->asks)
        *client = (struct status_client){.asks = true};
    snprintf(client->address, sizeof(client->address), "127.0.0.1:%u", 43880 + (unsigned)*at);
    ++*at;
    return true;
}

static bool next_session(void *context, uint64_t *at, struct status_session *session)
{
    const struct lists *l = context;

    if (*at >= l->sessions)
        return false;
    *session = (struct status_session){++*at, 4000, *at % 2 == 1 ? l->nodes : 0};
    return true;
}

static void quotas(void *context, status_quota_cb each, void *each_context)
{
    const struct lists *l = context;

    for (unsigned i = 0; i < l->quotas; i++)
        each(each_context, SLICE_LITERAL("a b"), i == 0 ? "bytes_limit" : "count_usage", i == 0 ? -1 : 7);
}

static bool next_ephemeral(void *context, uint64_t session, uint64_t *at, struct buf *path)
{
    const struct lists *l = context;

    if (*at >= l->nodes)
        return false;
    buf_printf(path, "/e%llu-%llu", (unsigned long long)session, (unsigned long long)++*at);
    return true;
}

static bool watches(void *context, bool by_session, uint32_t max, status_watch_cb each, void *each_context)
{
    static const char *const paths[] = {"/a", "/b"};
    const struct lists *l = context;

    CHECK_EQ_INT(max, REPORT_WATCHES_MAX);
    for (unsigned i = 0; i < l->watches; i++)
        each(each_context, by_session ? 1 + i / 2 : 1 + i % 2, slice_from_text(paths[by_session ? i % 2 : i / 2 % 2]));
    return !l->more;
}

static void reset(void *context, bool connections)
{
    struct lists *l = context;

    l->reset = connections ? 2 : 1;
}

static void list(struct status *s, struct lists *l)
{
    s->lists = (struct status_lists){next_client, next_session, next_ephemeral, watches, reset, quotas, l};
}

static struct status sample(void)
{
    return (struct status){
        .version = "3.8.0-coord 0.1.0",
        .mode = STATUS_FOLLOWER,
        .serving = true,
        .voter = true,
        .zxid = 0x200000011,
        .committed = 0x200000012,
        .server = 2,
        .leader = 3,
        .epoch = 2,
        .cluster = 0xabc,
        .uptime_ms = 5000,
        .latency = {.max = 7, .total = 10, .count = 40},
        .read_latency = {{.min = 1, .max = 3, .total = 9, .count = 6}, 1, 2, 3, 3},
        .watches_of = {{.min = 1, .max = 2, .total = 3, .count = 2}},
        .reply_sizes = {16, 4, 99},
        .proposal_sizes = {-1, -1, -1},
        .received = 30,
        .sent = 28,
        .connections = 1,
        .outstanding = 2,
        .nodes = 5,
        .ephemerals = 1,
        .sessions = 4,
        .watches = 6,
        .tree_bytes = 44,
        .files_open = 60,
        .files_max = 1024,
        .client_port = 2181,
        .data_dir = "/d",
        .log_dir = "/l",
        .data_dir_bytes = 1,
        .log_dir_bytes = 2,
        .tick_ms = 2000,
        .address_connections_max = 60,
        .session_min_ms = 4000,
        .session_max_ms = 40000,
        .listen_backlog = 1024,
        .init_limit = 10,
        .sync_limit = 5,
    };
}

static unsigned pieces; /* of the last answer */

/* The answer to a word; static storage. */
static const char *answer(const char *word, const struct status *s)
{
    static struct buf text;
    const struct report_word *found = report_word_find((const uint8_t *)word);

    buf_clear(&text);
    struct report_place place = {0};

    pieces = 1;
    REQUIRE(found != NULL, "%s", word);
    for (size_t before = 0; report_print(found, &text, s, &place); before = buf_size(&text), pieces++)
        CHECK(buf_size(&text) - before < REPORT_PIECE_BYTES + 1024);
    buf_append(&text, "", 1);
    return (const char *)buf_bytes(&text);
}

TEST(report, mntr_has_the_figures_of_quotas)
{
    struct status s = sample();
    struct lists l = {.quotas = 2};

    CHECK(strstr(answer("mntr", &s), "quota") == NULL);
    list(&s, &l);
    CHECK(strstr(answer("mntr", &s),
                 "zk_a b_quota_bytes_limit_per_namespace\t-1\nzk_a b_quota_count_usage_per_namespace\t7\n") != NULL);
}

TEST(report, averages_have_up_to_four_digits)
{
    static const struct {
        uint64_t total, count;
        const char *text;
    } rows[] = {{0, 0, "/0.0/"},         {5, 2, "/2.5/"},        {16, 3, "/5.3333/"},     {2, 3, "/0.6667/"},
                {7, 1, "/7.0/"},         {1, 20000, "/0.0001/"}, {1, 20001, "/0.0/"},     {1, 100, "/0.01/"},
                {29999, 30000, "/1.0/"}, {3, 1000, "/0.003/"},   {1001, 1000, "/1.001/"}, {100, 10, "/10.0/"}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct status s = sample();

        s.latency.total = rows[i].total;
        s.latency.count = rows[i].count;
        CHECK(strstr(answer("srvr", &s), rows[i].text) != NULL, "row %zu: %s", i, answer("srvr", &s));
    }
}

TEST(report, a_leader_tells_the_sizes_of_proposals)
{
    static const char *const words[] = {"srvr", "stat"};
    struct status s = sample();

    s.mode = STATUS_LEADER;
    s.proposal_sizes = (struct status_sizes){94, 48, 1000};
    for (size_t i = 0; i < COUNT(words); i++)
        CHECK(strstr(answer(words[i], &s), "Node count: 5\nProposal sizes last/min/max: 94/48/1000\n") != NULL);
    s.proposal_sizes = (struct status_sizes){-1, -1, -1};
    CHECK(strstr(answer("srvr", &s), "\nProposal sizes last/min/max: -1/-1/-1\n") != NULL);
    s.mode = STATUS_STANDALONE;
    CHECK(strstr(answer("srvr", &s), "Proposal") == NULL);
}

TEST(report, srvr_is_as_zookeeper_prints_it)
{
    struct status s = sample();

    CHECK_EQ_STR(answer("srvr", &s), "Zookeeper version: 3.8.0-coord 0.1.0\n"
                                     "Latency min/avg/max: 0/0.25/7\n"
                                     "Received: 30\n"
                                     "Sent: 28\n"
                                     "Connections: 1\n"
                                     "Outstanding: 2\n"
                                     "Zxid: 0x200000011\n"
                                     "Mode: follower\n"
                                     "Node count: 5\n");
}

TEST(report, stat_lists_the_clients)
{
    struct status s = sample();
    struct lists l = {.clients = 1};

    list(&s, &l);
    CHECK_EQ_STR(answer("stat", &s), "Zookeeper version: 3.8.0-coord 0.1.0\n"
                                     "Clients:\n"
                                     " /127.0.0.1:43880[1](queued=2,recved=30,sent=28)\n"
                                     "\n"
                                     "Latency min/avg/max: 0/0.25/7\n"
                                     "Received: 30\n"
                                     "Sent: 28\n"
                                     "Connections: 1\n"
                                     "Outstanding: 2\n"
                                     "Zxid: 0x200000011\n"
                                     "Mode: follower\n"
                                     "Node count: 5\n");
}

TEST(report, cons_tells_all_of_each_connection)
{
    struct status s = sample();
    struct lists l = {.clients = 2};

    list(&s, &l);
    CHECK_EQ_STR(answer("cons", &s), " /127.0.0.1:43880[1](queued=2,recved=30,sent=28,sid=0x10000ea9ece0000,lop=GETC,"
                                     "est=1795171180761,to=10000,lcxid=0xfffffffe,lzxid=0x200000003,lresp=15407580,llat=1,"
                                     "minlat=0,avglat=10,maxlat=25)\n"
                                     " /127.0.0.1:43881[1](queued=2,recved=30,sent=28)\n\n");
}

TEST(report, who_asks_a_word_is_listed_as_that)
{
    struct status s = sample();
    struct lists l = {.clients = 1, .asks = true};

    list(&s, &l);
    CHECK_EQ_STR(answer("cons", &s), " /127.0.0.1:43880[0](queued=0,recved=1,sent=0)\n\n");
    CHECK(strstr(answer("stat", &s), "Clients:\n /127.0.0.1:43880[0](queued=0,recved=1,sent=0)\n\n") != NULL);
    CHECK(strstr(answer("dump", &s), "\tip: /127.0.0.1:43880 sessionId: 0x0\n") != NULL);
}

TEST(report, long_lists_come_in_pieces)
{
    static const char *const words[] = {"stat", "cons", "dump"};
    struct status s = sample();
    struct lists l = {.clients = 5000, .sessions = 5000, .nodes = 3};

    list(&s, &l);
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *at = answer(words[i], &s);
        unsigned found = 0;

        for (; (at = strstr(at, "/127.0.0.1:")) != NULL; at++)
            found++;
        CHECK_EQ_INT(found, 5000, "%s", words[i]);
        CHECK(pieces >= 5, "%s: %u", words[i], pieces);
    }
}

TEST(report, dump_lists_sessions_their_nodes_and_connections)
{
    struct status s = sample();
    struct lists l = {.clients = 1, .sessions = 3, .nodes = 2};

    s.owners = 2;

    list(&s, &l);
    CHECK_EQ_STR(answer("dump", &s), "SessionTracker dump:\nGlobal Sessions(4):\n0x1\t4000ms\n0x2\t4000ms\n0x3\t4000ms\n"
                                     "ephemeral nodes dump:\nSessions with Ephemerals (2):\n"
                                     "0x1:\n\t/e1-1\n\t/e1-2\n0x3:\n\t/e3-1\n\t/e3-2\n"
                                     "Connections dump:\nConnections(1):\n"
                                     "\tip: /127.0.0.1:43880 sessionId: 0x10000ea9ece0000\n");
}

TEST(report, dump_of_a_session_with_many_nodes_goes_on_in_it)
{
    enum { NODES = 10000 };
    struct status s = sample();
    struct lists l = {.sessions = 1, .nodes = NODES};
    const char *text;
    char path[32];

    list(&s, &l);
    text = answer("dump", &s);
    CHECK(pieces > 5);
    for (unsigned i = 1; i <= NODES; i++) {
        snprintf(path, sizeof(path), "\t/e1-%u\n", i);
        text = strstr(text, path);
        REQUIRE(text != NULL, "%u", i);
    }
    CHECK(strstr(text, "0x1:") == NULL, "the session is named once");
}

TEST(report, watches_are_listed_by_session_and_by_path)
{
    struct status s = sample();
    struct lists l = {.watches = 4};

    list(&s, &l);
    s.watchers = 2;
    s.watched_paths = 3;
    CHECK_EQ_STR(answer("wchs", &s), "2 connections watching 3 paths\nTotal watches:6\n");
    CHECK_EQ_STR(answer("wchc", &s), "0x1\n\t/a\n\t/b\n0x2\n\t/a\n\t/b\n\n");
    CHECK_EQ_STR(answer("wchp", &s), "/a\n\t0x1\n\t0x2\n/b\n\t0x1\n\t0x2\n\n");
    l.more = true;
    CHECK_EQ_STR(answer("wchp", &s), "/a\n\t0x1\n\t0x2\n/b\n\t0x1\n\t0x2\n... there are more: 6 watches in all\n\n");
}

TEST(report, figures_are_reset)
{
    struct status s = sample();
    struct lists l = {0};

    list(&s, &l);
    CHECK_EQ_STR(answer("crst", &s), "Connection stats reset.\n");
    CHECK_EQ_INT(l.reset, 2);
    CHECK_EQ_STR(answer("srst", &s), "Server stats reset.\n");
    CHECK_EQ_INT(l.reset, 1);
    l.reset = 0;
    s.serving = false;
    answer("srst", &s);
    answer("crst", &s);
    CHECK_EQ_INT(l.reset, 0);
}

TEST(report, what_the_server_runs_on)
{
    struct status s = sample();

    s.host_name = "h";
    s.os_name = "Linux";
    s.os_arch = "x86_64";
    s.os_version = "6";
    s.user_home = "/root";
    s.user_dir = "/";
    s.memory_free_mb = 3;
    s.memory_total_mb = 4;
    CHECK_EQ_STR(answer("envi", &s), "Environment:\nzookeeper.version=3.8.0-coord 0.1.0\nhost.name=h\nos.name=Linux\n"
                                     "os.arch=x86_64\nos.version=6\nuser.name=\nuser.home=/root\nuser.dir=/\n"
                                     "os.memory.free=3MB\nos.memory.max=4MB\nos.memory.total=4MB\n");
    CHECK_EQ_STR(answer("dirs", &s), "datadir_size: 1\nlogdir_size: 2\n");
    CHECK_EQ_STR(answer("gtmk", &s), "0");
    CHECK_EQ_STR(answer("stmk", &s), "0");
    s.digest = 77;
    CHECK_EQ_STR(answer("hash", &s), "200000011: 77\n");
}

TEST(report, without_lists_there_is_nothing_to_list)
{
    struct status s = sample();

    CHECK_EQ_STR(answer("cons", &s), "\n");
    CHECK_EQ_STR(answer("wchc", &s), "\n");
    CHECK_EQ_STR(answer("srst", &s), "Server stats reset.\n");
    CHECK(strstr(answer("dump", &s), "\t") == NULL);
}

TEST(report, mntr_has_the_keys_that_exporters_read)
{
    static const char *const lines[] = {"zk_version\t3.8.0-coord 0.1.0\n",
                                        "zk_server_state\tfollower\n",
                                        "zk_avg_latency\t0.25\n",
                                        "zk_packets_received\t30\n",
                                        "zk_num_alive_connections\t1\n",
                                        "zk_outstanding_requests\t2\n",
                                        "zk_znode_count\t5\n",
                                        "zk_watch_count\t6\n",
                                        "zk_ephemerals_count\t1\n",
                                        "zk_approximate_data_size\t44\n",
                                        "zk_open_file_descriptor_count\t60\n",
                                        "zk_max_file_descriptor_count\t1024\n",
                                        "zk_avg_readlatency\t1.5\n",
                                        "zk_min_readlatency\t1\n",
                                        "zk_max_readlatency\t3\n",
                                        "zk_cnt_readlatency\t6\n",
                                        "zk_sum_readlatency\t9\n",
                                        "zk_p50_readlatency\t1\n",
                                        "zk_p95_readlatency\t2\n",
                                        "zk_p99_readlatency\t3\n",
                                        "zk_p999_readlatency\t3\n",
                                        "zk_avg_updatelatency\t0.0\n",
                                        "zk_cnt_node_created_watch_count\t2\n",
                                        "zk_sum_node_deleted_watch_count\t0\n",
                                        "zk_last_client_response_size\t16\n",
                                        "zk_min_client_response_size\t4\n",
                                        "zk_max_client_response_size\t99\n",
                                        "zk_peer_state\tfollowing - broadcast\n",
                                        "coord_voter\t1\n",
                                        "coord_leader\t3\n",
                                        "coord_cluster\t0000000000000abc\n"};
    struct status s = sample();
    const char *text = answer("mntr", &s);

    for (size_t i = 0; i < COUNT(lines); i++)
        CHECK(strstr(text, lines[i]) != NULL, "%s", lines[i]);
    CHECK(strstr(text, "zk_followers") == NULL);
}

TEST(report, mntr_of_a_leader_counts_followers)
{
    struct status s = sample();
    const char *text;

    s.mode = STATUS_LEADER;
    s.followers = 2;
    s.synced_followers = 1;
    s.pending_syncs = 9;
    text = answer("mntr", &s);
    CHECK(strstr(text, "zk_server_state\tleader\n") != NULL);
    CHECK(strstr(text, "zk_followers\t2\n") != NULL);
    CHECK(strstr(text, "zk_synced_followers\t1\n") != NULL);
    CHECK(strstr(text, "zk_pending_syncs\t9\n") != NULL);
}

/* A key of ZooKeeper's as the list has it: printed, or named with its reason. */
static void check_key(const char *kind, const char *where, const char *name, const char *text, const char *page)
{
    static const char *const parts[] = {"", "avg_", "min_", "max_", "cnt_", "sum_", "p50_", "p95_", "p99_", "p999_"};
    size_t first = strcmp(kind, "key") != 0, end = first == 0 ? 1 : strcmp(kind, "summary") == 0 ? 6 : COUNT(parts);
    char key[160];

    for (size_t i = first; i < end; i++) {
        snprintf(key, sizeof(key), "\nzk_%s%s\t", parts[i], name);
        CHECK((strstr(text, key) != NULL) == (strcmp(where, "here") == 0), "%s %s", where, key + 1);
    }
    snprintf(key, sizeof(key), "`%s`", name);
    CHECK(strcmp(where, "here") == 0 || strstr(page, key) != NULL, "docs/compat.md does not say why %s is left out", name);
}

static void read_text(const char *name, struct buf *text)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", COORD_SOURCE_DIR, name);
    REQUIRE(fs_read_file(fs_posix(), path, text, 1 << 20) == 0, "%s", path);
    buf_append(text, "", 1);
}

TEST(report, mntr_has_every_key_of_zookeepers_or_a_reason)
{
    struct buf list = {0}, page = {0}, text = {0};
    struct status s = sample();
    unsigned count = 0;
    char *at;

    s.mode = STATUS_LEADER;
    buf_printf(&text, "\n%s", answer("mntr", &s));
    read_text("tests/data/zookeeper-mntr.txt", &list);
    read_text("docs/compat.md", &page);
    for (char *line = strtok_r((char *)buf_bytes(&list), "\n", &at); line != NULL; line = strtok_r(NULL, "\n", &at)) {
        char kind[16], where[16], name[128];
        if (line[0] == '#')
            continue;
        REQUIRE(sscanf(line, "%15s %15s %127s", kind, where, name) == 3, "%s", line);
        check_key(kind, where, name, (const char *)buf_bytes(&text), (const char *)buf_bytes(&page));
        count++;
    }
    CHECK(count > 140, "%u", count);
    buf_deinit(&list);
    buf_deinit(&page);
    buf_deinit(&text);
}

TEST(report, the_manual_of_operation_has_every_key_of_our_own)
{
    struct buf page = {0};
    struct status s = sample();
    unsigned count = 0;

    read_text("docs/operation.md", &page);
    for (const char *line = answer("mntr", &s); (line = strstr(line, "\ncoord_")) != NULL; count++) {
        char key[80];
        int size = (int)strcspn(++line, "\t");
        snprintf(key, sizeof(key), "`%.*s`", size, line);
        CHECK(strstr((const char *)buf_bytes(&page), key) != NULL, "docs/operation.md does not have %s", key);
    }
    CHECK(count > 20, "%u", count);
    buf_deinit(&page);
}

TEST(report, conf_is_as_zookeeper_prints_it)
{
    struct status s = sample();

    CHECK_EQ_STR(answer("conf", &s), "clientPort=2181\nsecureClientPort=-1\ndataDir=/d\ndataDirSize=1\ndataLogDir=/l\n"
                                     "dataLogSize=2\ntickTime=2000\nmaxClientCnxns=60\nminSessionTimeout=4000\n"
                                     "maxSessionTimeout=40000\nclientPortListenBacklog=1024\nserverId=2\n");
    s.members = SLICE_LITERAL("server.1=a:2888:3888:participant\nversion=0");
    s.quorum_port = 2888;
    s.election_port = 3888;
    CHECK_EQ_STR(strstr(answer("conf", &s), "initLimit"),
                 "initLimit=10\nsyncLimit=5\nelectionAlg=3\nelectionPort=3888\nquorumPort=2888\npeerType=0\nmembership: \n"
                 "server.1=a:2888:3888:participant\nversion=0");
}

TEST(report, without_a_leader_the_words_say_so)
{
    static const char *const others[] = {"cons", "crst", "dump", "hash", "srst", "wchs", "wchc", "wchp"};
    static const char sentence[] = "This ZooKeeper instance is not currently serving requests\n";
    struct status s = sample();

    s.serving = false;
    s.mode = STATUS_LOOKING;
    CHECK_EQ_STR(answer("ruok", &s), "imok");
    CHECK_EQ_STR(answer("isro", &s), "null");
    CHECK_EQ_STR(answer("srvr", &s), sentence);
    CHECK_EQ_STR(answer("stat", &s), sentence);
    for (size_t i = 0; i < COUNT(others); i++)
        CHECK_EQ_STR(answer(others[i], &s), sentence, "%s", others[i]);
    CHECK(strncmp(answer("mntr", &s), sentence, sizeof(sentence) - 1) == 0);
    CHECK(strstr(answer("mntr", &s), "zk_") == NULL);
    CHECK(strstr(answer("mntr", &s), "coord_serving\t0\n") != NULL);
    s.mode = STATUS_READ_ONLY;
    CHECK_EQ_STR(answer("isro", &s), "ro");
    CHECK(strstr(answer("srvr", &s), "Mode: read-only\n") != NULL);
    CHECK(strstr(answer("mntr", &s), "zk_server_state\tread-only\n") != NULL);
    s.serving = true;
    s.mode = STATUS_FOLLOWER;
    CHECK_EQ_STR(answer("isro", &s), "rw");
}

TEST(report, words_are_found_allowed_and_refused)
{
    static const struct {
        const char *whitelist;
        bool allowed;
    } rows[] = {{"*", true},          {"srvr", true}, {"ruok,srvr", true}, {"ruok, srvr", true}, {" srvr ,x", true},
                {"ruok,stat", false}, {"", false},    {"srv", false},      {"srvrx", false}};
    const struct report_word *srvr = report_word_find((const uint8_t *)"srvr");
    struct buf text = {0};
    char name[32];

    CHECK(report_word_find((const uint8_t *)"GET ") == NULL);
    CHECK(report_word_find((const uint8_t *)"SRVR") == NULL);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK(report_word_allowed(srvr, rows[i].whitelist) == rows[i].allowed, "row %zu", i);
    CHECK(report_word_allowed(report_word_find((const uint8_t *)"envi"), "*"));
    report_word_refused(&text, srvr);
    CHECK_EQ_BYTES(buf_bytes(&text), buf_size(&text), "srvr is not executed because it is not in the whitelist.\n", 57);
    CHECK(report_whitelist_unknown("srvr, wchp,*", name) == NULL);
    CHECK_EQ_STR(report_whitelist_unknown("srvr, svrr", name), "svrr");
    buf_deinit(&text);
}
