/* test_report.c - golden texts of the four-letter words, as ZooKeeper 3.8 prints them. */
#include "lib/runner.h"
#include "report/report.h"

#include <stdio.h>
#include <string.h>

static bool one_client(void *context, struct status_client *client)
{
    int *left = context;

    if ((*left)-- <= 0)
        return false;
    *client = (struct status_client){.queued = 2, .received = 30, .sent = 28};
    snprintf(client->address, sizeof(client->address), "127.0.0.1:43880");
    return true;
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
        .latency_max_ms = 7,
        .latency_avg_ms = 0.25,
        .received = 30,
        .sent = 28,
        .connections = 1,
        .outstanding = 2,
        .nodes = 5,
        .ephemerals = 1,
        .sessions = 4,
        .watches = 6,
        .data_bytes = 44,
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

/* The answer to a word; static storage. */
static const char *answer(const char *word, const struct status *s)
{
    static struct buf text;
    const struct report_word *found = report_word_find((const uint8_t *)word);

    buf_clear(&text);
    REQUIRE(found != NULL, "%s", word);
    found->print(&text, s);
    buf_append(&text, "", 1);
    return (const char *)buf_bytes(&text);
}

TEST(report, srvr_is_as_zookeeper_prints_it)
{
    struct status s = sample();

    CHECK_EQ_STR(answer("srvr", &s), "Zookeeper version: 3.8.0-coord 0.1.0\n"
                                     "Latency min/avg/max: 0/0.2/7\n"
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
    int left = 1;

    s.next_client = one_client;
    s.context = &left;
    CHECK_EQ_STR(answer("stat", &s), "Zookeeper version: 3.8.0-coord 0.1.0\n"
                                     "Clients:\n"
                                     " /127.0.0.1:43880[1](queued=2,recved=30,sent=28)\n"
                                     "\n"
                                     "Latency min/avg/max: 0/0.2/7\n"
                                     "Received: 30\n"
                                     "Sent: 28\n"
                                     "Connections: 1\n"
                                     "Outstanding: 2\n"
                                     "Zxid: 0x200000011\n"
                                     "Mode: follower\n"
                                     "Node count: 5\n");
}

TEST(report, mntr_has_the_keys_that_exporters_read)
{
    static const char *const lines[] = {"zk_version\t3.8.0-coord 0.1.0\n",
                                        "zk_server_state\tfollower\n",
                                        "zk_avg_latency\t0.2\n",
                                        "zk_packets_received\t30\n",
                                        "zk_num_alive_connections\t1\n",
                                        "zk_outstanding_requests\t2\n",
                                        "zk_znode_count\t5\n",
                                        "zk_watch_count\t6\n",
                                        "zk_ephemerals_count\t1\n",
                                        "zk_approximate_data_size\t44\n",
                                        "zk_open_file_descriptor_count\t60\n",
                                        "zk_max_file_descriptor_count\t1024\n",
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

TEST(report, conf_is_as_zookeeper_prints_it)
{
    static const struct status_server servers[] = {
        {1, "a", 2888, NULL, 0}, {2, "::1", 2888, "::1", 2181}, {3, "c", 1, NULL, 2}};
    struct status s = sample();

    CHECK_EQ_STR(answer("conf", &s), "clientPort=2181\nsecureClientPort=-1\ndataDir=/d\ndataDirSize=1\ndataLogDir=/l\n"
                                     "dataLogSize=2\ntickTime=2000\nmaxClientCnxns=60\nminSessionTimeout=4000\n"
                                     "maxSessionTimeout=40000\nclientPortListenBacklog=1024\nserverId=2\n");
    s.servers = servers;
    s.server_count = 3;
    CHECK(strstr(answer("conf", &s), "initLimit=10\nsyncLimit=5\nmembership: \nserver.1=a:2888:participant\n"
                                     "server.2=[::1]:2888:participant;::1:2181\nserver.3=c:1:participant;0.0.0.0:2\n") != NULL);
}

TEST(report, without_a_leader_the_words_say_so)
{
    static const char sentence[] = "This ZooKeeper instance is not currently serving requests\n";
    struct status s = sample();

    s.serving = false;
    s.mode = STATUS_LOOKING;
    CHECK_EQ_STR(answer("ruok", &s), "imok");
    CHECK_EQ_STR(answer("isro", &s), "null");
    CHECK_EQ_STR(answer("srvr", &s), sentence);
    CHECK_EQ_STR(answer("stat", &s), sentence);
    CHECK(strncmp(answer("mntr", &s), sentence, sizeof(sentence) - 1) == 0);
    CHECK(strstr(answer("mntr", &s), "zk_") == NULL);
    CHECK(strstr(answer("mntr", &s), "coord_serving\t0\n") != NULL);
    s.serving = true;
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
    CHECK(!report_word_allowed(report_word_find((const uint8_t *)"envi"), "*"));
    report_word_refused(&text, srvr);
    CHECK_EQ_BYTES(buf_bytes(&text), buf_size(&text), "srvr is not executed because it is not in the whitelist.\n", 57);
    CHECK(report_whitelist_unknown("srvr, wchp,*", name) == NULL);
    CHECK_EQ_STR(report_whitelist_unknown("srvr, svrr", name), "svrr");
    buf_deinit(&text);
}
