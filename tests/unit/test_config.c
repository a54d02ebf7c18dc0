/* test_config.c - configuration files: syntax, every key's range, server lines, what keys say together, help texts. */
#include "base/error.h"
#include "base/fs.h"
#include "host/config.h"
#include "lib/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Writes a file into a fresh directory; its path, valid until the next call. */
static const char *file_with(const char *dir, const char *name, const char *content)
{
    static char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    REQUIRE(fs_write_file_atomic(fs_posix(), dir, name, slice_from_text(content)) == 0);
    return path;
}

/* Whether what was collected holds the text. */
static bool says(const struct buf *lines, const char *text)
{
    return memmem(buf_bytes(lines), buf_size(lines), text, strlen(text)) != NULL;
}

/* Reads and finishes; the caller deinits. */
static int read_text(struct config *c, const char *content)
{
    int rc;

    config_init(c);
    c->id = 1;
    rc = config_read(c, file_with(test_tmpdir(), "zoo.cfg", content));
    return rc < 0 ? rc : config_finish(c);
}

TEST(config, defaults_are_those_of_the_table)
{
    struct config c;

    config_init(&c);
    CHECK_EQ_INT(config_finish(&c), 0);
    CHECK_EQ_INT(c.client_port, 2181);
    CHECK_EQ_INT(c.tick_ms, 3000);
    CHECK_EQ_INT(c.session_min_ms, 6000);
    CHECK_EQ_INT(c.session_max_ms, 60000);
    CHECK_EQ_INT(c.packet_max_bytes, 0xfffff);
    CHECK_EQ_INT(c.address_connections_max, 60);
    CHECK_EQ_INT(c.snap_count, 100000);
    CHECK_EQ_INT(c.id, 1);
    CHECK_EQ_STR(c.log_dir, c.data_dir);
    CHECK(config_lone(&c) && config_self(&c) == NULL);
    config_deinit(&c);
}

TEST(config, syntax_is_that_of_java_properties)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "# comment\n! too\n\n  tickTime = 1000  \r\nsnapCount:500\nclientPort\t2182\n"
                               "dataDir=/a\\\n   /b\njute.maxbuffer=0x1fffff\nclientTcpKeepAlive=TRUE\n"
                               "dataLogDir=/x\\=y \nsnapCount=600"),
                 0);
    CHECK_EQ_INT(c.tick_ms, 1000);
    CHECK_EQ_INT(c.client_port, 2182);
    CHECK_EQ_INT(c.snap_count, 600);
    CHECK_EQ_INT(c.packet_max_bytes, 0x1fffff);
    CHECK_EQ_INT(c.session_min_ms, 2000);
    CHECK_EQ_STR(c.data_dir, "/a/b");
    CHECK_EQ_STR(c.log_dir, "/x=y");
    CHECK(c.client_keepalive);
    config_deinit(&c);
}

TEST(config, zookeepers_own_example_is_read)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "tickTime=2000\ninitLimit=10\nsyncLimit=5\ndataDir=/var/lib/zookeeper\nclientPort=2181\n"
                               "server.1=zookeeper1:2888:3888\nserver.2=zookeeper2:2888:3888\nserver.3=zookeeper3:2888:3888\n"
                               "autopurge.snapRetainCount=3\nautopurge.purgeInterval=1\npreAllocSize=65536\n"
                               "admin.enableServer=false\nmaxClientCnxns=0\n"
                               "4lw.commands.whitelist=ruok, stat\n"
                               "metricsProvider.className=org.apache.zookeeper.metrics.prometheus.PrometheusMetricsProvider\n"),
                 0);
    CHECK_EQ_INT(c.server_count, 3);
    CHECK_EQ_STR(config_self(&c)->host, "zookeeper1");
    CHECK_EQ_INT(c.segment_kib, 65536);
    CHECK(says(&c.notices, "zoo.cfg:10: autopurge.purgeInterval has no effect: "));
    CHECK(says(&c.notices, "zoo.cfg:12: admin.enableServer has no effect: "));
    config_deinit(&c);
}

TEST(config, wrong_lines_name_file_line_and_reason)
{
    static const struct {
        const char *text, *problem;
    } rows[] = {
        {"\ntickTme=1\n", "zoo.cfg:2: unknown key tickTme; the nearest known one is tickTime\n"},
        {"clientport=1\n", "zoo.cfg:1: unknown key clientport; the nearest known one is clientPort\n"},
        {"servers.1=a:1:2\n", "the nearest known one is server.N\n"},
        {"somethingElse=1\n", "zoo.cfg:1: unknown key somethingElse\n"},
        {"tickTime=\n", "tickTime= is not a number\n"},
        {"tickTime=2s\n", "tickTime=2s is not a number\n"},
        {"tickTime=-1\n", "tickTime=-1 is not a number\n"},
        {"tickTime=0\n", "tickTime=0 is not between 1 and 3600000\n"},
        {"clientPort=65536\n", "is not between 0 and 65535\n"},
        {"jute.maxbuffer=33554433\n", "is not between 1024 and 33554432\n"},
        {"tickTime=99999999999999999999\n", "is not a number\n"},
        {"quorumListenOnAllIPs=maybe\n", "is neither true nor false\n"},
        {"dataDir=\n", "dataDir= is empty\n"},
        {"group.1=1:2\n", "group.1=1:2 is refused: "},
        {"weight.1=2\n", "weight.1=2 is refused: "},
        {"oraclePath=/chassis/mastership\n", "zoo.cfg:1: oraclePath=/chassis/mastership is refused: no file decides"},
        {"peerType=observer\n", "peerType=observer is refused: "},
        {"minSessionTimeout=5\nmaxSessionTimeout=4\n", "minSessionTimeout (5) is above maxSessionTimeout (4)\n"},
        {"electionMinMs=900\n", "electionMinMs (900) is above electionMaxMs (600)\n"},
        {"enforce.auth.enabled=true\n", "enforce.auth.enabled needs enforce.auth.schemes with digest or ip\n"},
        {"enforce.auth.enabled=true\nenforce.auth.schemes=sasl, x509,ipx\n", "needs enforce.auth.schemes"},
        {"heartbeatMs=200\n", "electionMinMs (300) is below three times heartbeatMs (200)\n"},
        {"logLevel=loud\n", "logLevel=loud is neither"},
        {"dynamicConfigFile=/nowhere/at/all\n", "/nowhere/at/all: cannot be read: "},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config c;
        CHECK_EQ_INT(read_text(&c, rows[i].text), -COORD_E_INVALID, "row %zu", i);
        CHECK(says(&c.problems, rows[i].problem), "row %zu: %.*s", i, SLICE_ARG(buf_slice(&c.problems)));
        config_deinit(&c);
    }
}

TEST(config, all_problems_are_told_at_once)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "tickTime=x\nfoo=1\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, ":1: tickTime=x"));
    CHECK(says(&c.problems, ":2: unknown key foo"));
    config_deinit(&c);
}

TEST(config, server_lines_of_every_shape)
{
    static const struct {
        const char *value, *host, *client_address;
        unsigned port, client_port;
    } rows[] = {
        {"a:2888", "a", NULL, 2888, 0},
        {"a:2888:3888", "a", NULL, 2888, 0},
        {"10.0.0.1:2888:3888:participant", "10.0.0.1", NULL, 2888, 0},
        {"a:2888:participant;2182", "a", NULL, 2888, 2182},
        {"a:2888:3888:PARTICIPANT", "a", NULL, 2888, 0},
        {"a:2888:3888;2182", "a", NULL, 2888, 2182},
        {"a:2888:3888:participant;0.0.0.0:2182", "a", "0.0.0.0", 2888, 2182},
        {"[::1]:2888:3888;[fe80::2]:2182", "::1", "fe80::2", 2888, 2182},
        {"[::1]:1", "::1", NULL, 1, 0},
        {"a.b-c.d:65535", "a.b-c.d", NULL, 65535, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config c;
        config_init(&c);
        config_server_line(&c, "w", "5", rows[i].value);
        REQUIRE(c.server_count == 1, "row %zu: %.*s", i, SLICE_ARG(buf_slice(&c.problems)));
        CHECK_EQ_INT(c.servers[0].id, 5, "row %zu", i);
        CHECK_EQ_STR(c.servers[0].host, rows[i].host, "row %zu", i);
        CHECK_EQ_INT(c.servers[0].port, rows[i].port, "row %zu", i);
        CHECK_EQ_INT(c.servers[0].client_port, rows[i].client_port, "row %zu", i);
        if (rows[i].client_address != NULL)
            CHECK_EQ_STR(c.servers[0].client_address, rows[i].client_address, "row %zu", i);
        else
            CHECK(c.servers[0].client_address == NULL, "row %zu", i);
        config_deinit(&c);
    }
}

TEST(config, members_are_the_lines_as_clients_read_them)
{
    static const struct {
        const char *lines, *text;
    } rows[] = {
        {"", ""},
        {"server.1=a:2888:3888;2181\n", ""}, /* a lone server, whose config is empty in ZooKeeper too */
        {"server.3=c.example:2888:3888\nserver.1=a:2888:3888:participant\nserver.2=b:2888\n",
         "server.1=a:2888:3888:participant\nserver.2=b:2888:3889:participant\nserver.3=c.example:2888:3888:"
         "participant\nversion=0"},
        /* Without a second port: none that a line names, nor one twice, nor above 65535. */
        {"server.1=a:2888\nserver.2=a:2889\nserver.3=a:2890\n",
         "server.1=a:2888:3888:participant\nserver.2=a:2889:3889:participant\nserver.3=a:2890:3890:participant\nversion=0"},
        {"server.1=a:2888;3888\nserver.2=a:3889\nserver.3=a:2890:4889\n",
         "server.1=a:2888:3890:participant;0.0.0.0:3888\nserver.2=a:3889:4890:participant\n"
         "server.3=a:2890:4889:participant\nversion=0"},
        {"server.1=a:65000\nserver.2=a:64535\nserver.3=a:1024\n",
         "server.1=a:65000:1025:participant\nserver.2=a:64535:65535:participant\nserver.3=a:1024:2024:participant\nversion=0"},
        {"server.1=[::1]:1:2;[::2]:3\nserver.2=b:1:2;4\nserver.3=c:1:2:participant;d:5\n",
         "server.1=[::1]:1:2:participant;[::2]:3\nserver.2=b:1:2:participant;0.0.0.0:4\nserver.3=c:1:2:participant;d:5\n"
         "version=0"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = {0};
        struct config c;

        CHECK_EQ_INT(read_text(&c, rows[i].lines), 0, "row %zu", i);
        config_members(&c, &text);
        CHECK(slice_equal(buf_slice(&text), slice_from_text(rows[i].text)), "row %zu: %.*s", i, SLICE_ARG(buf_slice(&text)));
        buf_deinit(&text);
        config_deinit(&c);
    }
}

TEST(config, malformed_server_lines_are_refused)
{
    static const struct {
        const char *id, *value;
    } rows[] = {
        {"0", "a:1"},       {"128", "a:1"},       {"x", "a:1"},      {"", "a:1"},           {"1x", "a:1"},
        {"1", ""},          {"1", "a"},           {"1", "a:"},       {"1", "a:0"},          {"1", "a:65536"},
        {"1", ":1"},        {"1", "[::1:1"},      {"1", "::1:2888"}, {"1", "a:1:observer"}, {"1", "a:1:2:observer"},
        {"1", "a:1:2:x"},   {"1", "a:1;"},        {"1", "a:1;0"},    {"1", "a:1;b"},        {"1", "a:1;b:"},
        {"1", "a:1;1:2:3"}, {"1", "a:1:2|b:1:2"}, {"1", "a:1:2:3"},  {"1", "a b:1"},        {"1", "a:1:123456789012"},
        {"1", "[]:1"},      {"1", "a:2888:2888"},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config c;
        config_init(&c);
        config_server_line(&c, "w:1", rows[i].id, rows[i].value);
        CHECK_EQ_INT(c.server_count, 0, "row %zu", i);
        CHECK(says(&c.problems, "w:1: server."), "row %zu", i);
        config_deinit(&c);
    }
}

TEST(config, servers_are_sorted_counted_and_unique)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "server.3=c:1\nserver.1=a:1\nserver.2=b:1\n"), 0);
    for (uint32_t i = 0; i < 3; i++)
        CHECK_EQ_INT(c.servers[i].id, i + 1);
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "server.1=a:1\nserver.1=b:1\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "this server has a line already"));
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "server.1=a:1\nserver.2=b:1\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "2 servers vote"));
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "server.2=a:1\nserver.3=b:1\nserver.4=b:1\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "there is no line server.1\n"));
    config_deinit(&c);
    config_init(&c);
    for (unsigned i = 1; i <= 8; i++) {
        char id[8];
        snprintf(id, sizeof(id), "%u", i);
        config_server_line(&c, "w", id, "a:1");
    }
    CHECK_EQ_INT(c.server_count, 7);
    CHECK(says(&c.problems, "at most 7 servers"));
    config_deinit(&c);
}

TEST(config, an_ensemble_has_an_odd_number_of_servers)
{
    char text[512];

    for (unsigned count = 1; count <= 8; count++) {
        struct config c;
        size_t size = 0;

        for (unsigned i = 1; i <= count; i++)
            size += (size_t)snprintf(text + size, sizeof(text) - size, "server.%u=a:%u:%u\n", i == 2 ? 127 : i, i, 100 + i);
        CHECK_EQ_INT(read_text(&c, text), count % 2 == 1 ? 0 : -COORD_E_INVALID, "%u", count);
        CHECK(count == 8 || count % 2 == 1 || says(&c.problems, "servers vote: an ensemble has 1, 3, 5 or 7"), "%u", count);
        CHECK(count != 8 || says(&c.problems, "at most 7 servers"));
        config_deinit(&c);
    }
}

TEST(config, of_a_refused_server_line_nothing_more_is_said)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "server.1=a:1:2|b:3:4\nserver.2=b:1:2\nserver.3=c:1:2\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "zoo.cfg:1: server.1=a:1:2|b:3:4: several addresses of one server do not exist here\n"));
    CHECK(!says(&c.problems, "servers vote") && !says(&c.problems, "no line server.1"), "%.*s",
          SLICE_ARG(buf_slice(&c.problems)));
    config_deinit(&c);
}

TEST(config, the_id_comes_from_the_option_the_file_myid_or_the_only_server)
{
    static const struct {
        const char *myid, *problem;
        unsigned id;
    } rows[] = {{"2\n", NULL, 2},
                {" 3 \r\n", NULL, 3},
                {"2x", "/myid: is not a number", 0},
                {"", "/myid: is not a number", 0},
                {"128", "/myid: ", 0},
                {NULL, "neither a file", 0}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        char dir[300], text[600];
        struct config c;
        snprintf(dir, sizeof(dir), "%s/%zu", test_tmpdir(), i);
        REQUIRE(fs_make_dir(fs_posix(), dir) == 0);
        if (rows[i].myid != NULL)
            file_with(dir, "myid", rows[i].myid);
        snprintf(text, sizeof(text), "dataDir=%s\nserver.1=a:1\nserver.2=b:1\nserver.3=c:1\n", dir);
        config_init(&c);
        CHECK_EQ_INT(config_read(&c, file_with(dir, "zoo.cfg", text)), 0, "row %zu", i);
        CHECK_EQ_INT(config_finish(&c), rows[i].problem == NULL ? 0 : -COORD_E_INVALID, "row %zu", i);
        CHECK_EQ_INT(c.id, rows[i].id, "row %zu", i);
        if (rows[i].problem != NULL)
            CHECK(says(&c.problems, rows[i].problem), "row %zu", i);
        config_deinit(&c);
    }
    struct config c;
    config_init(&c);
    config_server_line(&c, "w", "9", "a:1;2199");
    CHECK_EQ_INT(config_finish(&c), 0);
    CHECK_EQ_INT(c.id, 9);
    CHECK_EQ_INT(c.client_port, 2199);
    config_deinit(&c);
}

/* As ZooKeeper: what runs alone does not ask who it is. */
TEST(config, the_only_server_line_decides_whatever_myid_says)
{
    const char *dir = test_tmpdir();
    char text[600];
    struct config c;

    file_with(dir, "myid", "42\n");
    snprintf(text, sizeof(text), "dataDir=%s\nserver.1=a:1:2;2199\n", dir);
    config_init(&c);
    CHECK_EQ_INT(config_read(&c, file_with(dir, "zoo.cfg", text)), 0);
    CHECK_EQ_INT(config_finish(&c), 0);
    CHECK_EQ_INT(c.id, 1);
    CHECK_EQ_INT(c.client_port, 2199);
    CHECK(says(&c.notices, "myid says 42"));
    config_deinit(&c);
    config_init(&c);
    c.id = 42; /* by --id: the operator's word */
    config_server_line(&c, "w", "1", "a:1");
    CHECK_EQ_INT(config_finish(&c), -COORD_E_INVALID);
    config_deinit(&c);
}

TEST(config, two_ports_for_clients_are_a_slip)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "clientPort=2181\nserver.1=a:1:2;2182\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "clientPort=2181, but the line server.1 names port 2182"));
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "server.1=a:1:2;2182\nclientPort=2182\n"), 0);
    CHECK_EQ_INT(c.client_port, 2182);
    config_deinit(&c);
    config_init(&c);
    c.client_port_given = true; /* --client-port beats both */
    c.client_port = 2183;
    config_server_line(&c, "w", "1", "a:1:2;2182");
    CHECK_EQ_INT(config_finish(&c), 0);
    CHECK_EQ_INT(c.client_port, 2183);
    config_deinit(&c);
}

TEST(config, server_lines_of_a_dynamic_file_count)
{
    char text[600];
    struct config c;
    const char *dynamic = file_with(test_tmpdir(), "dynamic", "server.1=a:1:2:participant;0.0.0.0:77\nversion=100000000\n");

    snprintf(text, sizeof(text), "dynamicConfigFile=%s\n", dynamic);
    CHECK_EQ_INT(read_text(&c, text), 0);
    CHECK_EQ_INT(c.server_count, 1);
    CHECK_EQ_INT(c.client_port, 77);
    CHECK_EQ_STR(c.client_address, "0.0.0.0");
    CHECK_EQ_INT(buf_size(&c.notices), 0);
    config_deinit(&c);
}

TEST(config, two_lines_with_one_address_are_a_slip)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "server.1=a:1\nserver.2=b:1\nserver.3=A:1;2182\n"), -COORD_E_INVALID);
    CHECK(says(&c.problems, "server.1 and server.3 have the same address A:1\n"));
    CHECK(!says(&c.problems, "server.2"));
    config_deinit(&c);
}

TEST(config, a_mark_of_utf_8_is_no_part_of_the_first_key)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "\xef\xbb\xbftickTime=3000\n"), 0);
    CHECK_EQ_INT(c.tick_ms, 3000);
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "clientPort=1\n\xef\xbb\xbftickTime=3000\n"), -COORD_E_INVALID);
    config_deinit(&c);
}

TEST(config, every_key_takes_its_bounds_and_nothing_beyond)
{
    size_t count;
    const struct config_key *keys = config_keys(&count);

    for (size_t i = 0; i < count; i++) {
        struct config c;
        char value[32];
        config_init(&c);
        CHECK(keys[i].help != NULL && keys[i].help[0] != '\0', "%s", keys[i].name);
        if (keys[i].kind == CONFIG_HONOURED && keys[i].type == CONFIG_UINT) {
            const uint64_t good[] = {keys[i].min, keys[i].max};
            for (size_t j = 0; j < 2; j++) {
                snprintf(value, sizeof(value), "%llu", (unsigned long long)good[j]);
                CHECK(config_set(&c, &keys[i], value) == NULL, "%s=%s", keys[i].name, value);
            }
            snprintf(value, sizeof(value), "%llu", (unsigned long long)keys[i].max + 1);
            CHECK(config_set(&c, &keys[i], value) != NULL, "%s=%s", keys[i].name, value);
        }
        config_deinit(&c);
    }
}

TEST(config, the_manual_has_the_table)
{
    struct buf table = {0}, manual = {0};

    char path[512];

    snprintf(path, sizeof(path), "%s/docs/man/coord.conf.5", COORD_SOURCE_DIR);
    CHECK_EQ_INT(fs_read_file(fs_posix(), path, &manual, 1 << 20), 0, "%s", path);
    config_help_roff(&table);
    CHECK(memmem(buf_bytes(&manual), buf_size(&manual), buf_bytes(&table), buf_size(&table)) != NULL,
          "replace the keys in docs/man/coord.conf.5 by the output of coordd --help-keys");
    CHECK(buf_size(&manual) > 4 && memcmp(buf_bytes(&manual), ".TH ", 4) == 0, "the page has lost its head");
    CHECK(says(&manual, ".SH KEYS\n.TP\n") && says(&manual, "\n.SH EXAMPLE\n") && says(&manual, "\n.SH SEE ALSO\n"));
    buf_clear(&table);
    config_help_text(&table);
    CHECK(says(&table, "  tickTime (1 to 3600000, default 3000)\n"));
    buf_deinit(&table);
    buf_deinit(&manual);
}

TEST(config, the_page_on_compatibility_has_the_table)
{
    struct buf table = {0}, page = {0};
    char path[512];

    snprintf(path, sizeof(path), "%s/docs/compat.md", COORD_SOURCE_DIR);
    CHECK_EQ_INT(fs_read_file(fs_posix(), path, &page, 1 << 20), 0, "%s", path);
    config_help_compat(&table);
    CHECK(memmem(buf_bytes(&page), buf_size(&page), buf_bytes(&table), buf_size(&table)) != NULL,
          "replace the keys in docs/compat.md by the output of coordd --help-compat");
    CHECK(says(&page, "|\n\n## "), "the table does not end before the next heading");
    buf_deinit(&table);
    buf_deinit(&page);
}

/* A value that ZooKeeper takes for the key. */
static const char *value_for(const struct config_key *key)
{
    static char number[32];

    if (key->default_text != NULL)
        return key->default_text;
    if (key->type == CONFIG_UINT) {
        snprintf(number, sizeof(number), "%llu", (unsigned long long)(key->min < 6000 && key->max > 6000 ? 6000 : key->min));
        return number;
    }
    return key->type == CONFIG_BOOL ? "true" : "x";
}

static void check_key(const char *name)
{
    const struct config_key *key = config_key_find(strncmp(name, "zookeeper.", 10) == 0 ? name + 10 : name);
    struct config c;
    char text[256];
    int expected;

    if (!CHECK(key != NULL, "%s is not known", name))
        return;
    if (strcmp(name, "dynamicConfigFile") == 0)
        return; /* names a file that must be there: a test of its own */
    CHECK(strlen(key->help) >= 10, "%s is not explained", name);
    expected = key->kind == CONFIG_REFUSED || key->kind == CONFIG_DEMAND ? -COORD_E_INVALID : 0;
    snprintf(text, sizeof(text), "%s=%s\n", name, key->kind == CONFIG_HONOURED ? value_for(key) : "1");
    CHECK_EQ_INT(read_text(&c, text), expected, "%s: %.*s", text, SLICE_ARG(buf_slice(&c.problems)));
    if (key->kind != CONFIG_HONOURED)
        CHECK(says(expected != 0 ? &c.problems : &c.notices, key->help), "%s: no reason is told", name);
    config_deinit(&c);
}

/* To go on with less than the file demands would leave open what it closes. */
TEST(config, protection_that_does_not_exist_is_refused)
{
    static const struct {
        const char *demand, *harmless;
    } rows[] = {
        {"sessionRequireClientSASLAuth=true", "sessionRequireClientSASLAuth=false"},
        {"zookeeper.sessionRequireClientSASLAuth=True", "zookeeper.sessionRequireClientSASLAuth=FALSE"},
        {"sslQuorum=true", "sslQuorum=false"},
        {"secureClientPort=2281", "secureClientPort=0"},
        {"secureClientPort=2281\nclientPort=2181", "secureClientPort=-1"},
        {"quorum.auth.learnerRequireSasl=true", "quorum.auth.learnerRequireSasl=false"},
        {"quorum.auth.serverRequireSasl=true", "quorum.auth.serverRequireSasl=no"},
        {"DigestAuthenticationProvider.digestAlg=SHA-256", "DigestAuthenticationProvider.digestAlg=sha1"},
        {"DigestAuthenticationProvider.digestAlg=SHA", "DigestAuthenticationProvider.digestAlg=SHA-1"},
        {"DigestAuthenticationProvider.enabled=false", "DigestAuthenticationProvider.enabled=true"},
        {"secureClientPort=", "audit.enable=true"}, /* a log protects nothing */
        {"requireClientAuthScheme=sasl", "quorum.auth.enableSasl=true"},
    };
    char text[128];

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct config c;

        snprintf(text, sizeof(text), "%s\n", rows[i].demand);
        CHECK_EQ_INT(read_text(&c, text), -COORD_E_INVALID, "row %zu", i);
        snprintf(text, sizeof(text), "zoo.cfg:1: %.*s is refused: ", (int)strcspn(rows[i].demand, "\n"), rows[i].demand);
        CHECK(says(&c.problems, text), "row %zu: %.*s", i, SLICE_ARG(buf_slice(&c.problems)));
        config_deinit(&c);
        snprintf(text, sizeof(text), "%s\n", rows[i].harmless);
        CHECK_EQ_INT(read_text(&c, text), 0, "row %zu", i);
        CHECK(says(&c.notices, " has no effect: "), "row %zu", i);
        config_deinit(&c);
    }
}

TEST(config, every_key_of_zookeepers_is_honoured_or_explained)
{
    struct buf list = {0};
    char path[512], *at, *line;
    unsigned keys = 0;

    snprintf(path, sizeof(path), "%s/tests/data/zookeeper-keys.txt", COORD_SOURCE_DIR);
    REQUIRE(fs_read_file(fs_posix(), path, &list, 1 << 20) == 0, "%s", path);
    buf_append(&list, "", 1);
    for (line = strtok_r((char *)buf_bytes(&list), "\n", &at); line != NULL; line = strtok_r(NULL, "\n", &at))
        if (line[0] != '#' && strcmp(line, "peerType") != 0) {
            check_key(line);
            keys++;
        }
    CHECK(keys > 250, "%u", keys);
    buf_deinit(&list);
}

TEST(config, minus_one_is_not_set)
{
    struct config c;

    CHECK_EQ_INT(read_text(&c, "minSessionTimeout=-1\nmaxSessionTimeout=-1\nclientPortListenBacklog=-1\n"), 0);
    CHECK_EQ_INT(c.session_min_ms, 6000);
    CHECK_EQ_INT(c.session_max_ms, 60000);
    CHECK_EQ_INT(c.listen_backlog, 1024);
    config_deinit(&c);
    CHECK_EQ_INT(read_text(&c, "maxClientCnxns=-1\n"), -COORD_E_INVALID);
    config_deinit(&c);
}

TEST(config, schemes_that_are_demanded_must_be_provable)
{
    static const char *const good[] = {"digest", "ip", "sasl,digest", " ip , x509"};
    char text[128];

    for (size_t i = 0; i < COUNT(good); i++) {
        struct config c;
        snprintf(text, sizeof(text), "enforce.auth.schemes=%s\nenforce.auth.enabled=true\n", good[i]);
        CHECK_EQ_INT(read_text(&c, text), 0, "row %zu", i);
        CHECK(c.enforce_auth);
        config_deinit(&c);
    }
}
