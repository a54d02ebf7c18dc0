/* zk_c_cases.c - the main program of zk_c_client: one case of ZooKeeper's C client a run.
 *
 *     zk_c_client CASE HOST:PORT HOST:PORT HOST:PORT      the leader first
 *     zk_c_client --list                                  the cases
 *
 * Exit code 0 when all held. Where a server is to be killed, the program prints `kill`, a space and the address, and goes on
 * when it reads a line.
 */
#include "interop/zk_c_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *const *hosts; /* three, the leader's first */

static void basics(void)
{
    struct client c, other;
    struct String_vector names = {0};
    struct Stat stat;
    char made[128];
    int rc;

    client_open(&c, hosts[0], SESSION_MS, NULL);
    client_open(&other, hosts[1], SESSION_MS, NULL);
    client_create(&c, "/c", "one", 0, made, sizeof(made));
    CHECK(strcmp(made, "/c") == 0, "made %s", made);
    rc = zoo_set2(c.zh, "/c", "three", 5, 0, &stat);
    CHECK(rc == ZOK && stat.version == 1, "set: %s, version %d", zerror(rc), stat.version);
    client_sync(&other, "/c");
    client_get(&other, "/c", "three", 1);
    client_create(&other, "/c/a", "", 0, made, sizeof(made));
    client_create(&other, "/c/b", "", 0, made, sizeof(made));
    client_sync(&c, "/");
    rc = zoo_get_children2(c.zh, "/c", 0, &names, &stat);
    CHECK(rc == ZOK && names.count == 2 && stat.numChildren == 2 && stat.cversion == 2, "children: %s", zerror(rc));
    deallocate_String_vector(&names);
    rc = zoo_create(c.zh, "/c", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    CHECK(rc == ZNODEEXISTS, "create again: %s", zerror(rc));
    rc = zoo_exists(c.zh, "/c/none", 0, &stat);
    CHECK(rc == ZNONODE, "exists: %s", zerror(rc));
    rc = zoo_set(c.zh, "/c", "x", 1, 9);
    CHECK(rc == ZBADVERSION, "set with a wrong version: %s", zerror(rc));
    rc = zoo_delete(c.zh, "/c", -1);
    CHECK(rc == ZNOTEMPTY, "delete with children: %s", zerror(rc));
    rc = zoo_create(c.zh, "/c/null", NULL, -1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    CHECK(rc == ZOK, "create without data: %s", zerror(rc));
    rc = zoo_create2(c.zh, "/c/two", "2", 1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made), &stat);
    CHECK(rc == ZOK && stat.dataLength == 1 && stat.ephemeralOwner == 0, "create2: %s", zerror(rc));
    rc = zoo_delete(c.zh, "/c/a", 0);
    CHECK(rc == ZOK, "delete: %s", zerror(rc));
    client_close(&c);
    client_close(&other);
}

static void multis(void)
{
    struct client c;
    struct Stat stat;
    char made[64], second[64], value[16];
    int size = sizeof(value), rc;
    zoo_op_t ops[4];
    zoo_op_result_t results[4];

    client_open(&c, hosts[1], SESSION_MS, NULL);
    zoo_create_op_init(&ops[0], "/m", "0", 1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    zoo_create_op_init(&ops[1], "/m/s-", "1", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_SEQUENCE, second, sizeof(second));
    zoo_set_op_init(&ops[2], "/m", "22", 2, 0, &stat);
    zoo_check_op_init(&ops[3], "/m", 1);
    rc = zoo_multi(c.zh, 4, ops, results);
    CHECK(rc == ZOK, "multi: %s", zerror(rc));
    CHECK(strcmp(made, "/m") == 0 && strcmp(second, "/m/s-0000000000") == 0, "made %s and %s", made, second);
    CHECK(stat.version == 1 && stat.dataLength == 2 && stat.mzxid == stat.czxid, "stat of the set: version %d", stat.version);
    zoo_delete_op_init(&ops[0], "/m/s-0000000000", -1);
    zoo_delete_op_init(&ops[1], "/m", 7);
    zoo_delete_op_init(&ops[2], "/m", 1);
    rc = zoo_multi(c.zh, 3, ops, results);
    CHECK(rc == ZBADVERSION, "multi that fails: %s", zerror(rc));
    CHECK(results[0].err == ZOK && results[1].err == ZBADVERSION && results[2].err == ZRUNTIMEINCONSISTENCY, "%s, %s, %s",
          zerror(results[0].err), zerror(results[1].err), zerror(results[2].err));
    rc = zoo_get(c.zh, "/m/s-0000000000", 0, value, &size, &stat);
    CHECK(rc == ZOK && size == 1, "what the failed one deleted: %s", zerror(rc));
    client_close(&c);
}

/* Nodes that go by themselves: made, seen as plain ones. When they go is tested where time is the test's own. */
static void containers(void)
{
    struct client c;
    struct Stat stat;
    char made[64];
    int rc;

    client_open(&c, hosts[2], SESSION_MS, NULL);
    rc = zoo_create2(c.zh, "/container", "v", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_CONTAINER, made, sizeof(made), &stat);
    CHECK(rc == ZOK && stat.ephemeralOwner == 0 && stat.dataLength == 1, "container: %s", zerror(rc));
    client_create(&c, "/container/child", "", 0, made, sizeof(made));
    rc = zoo_create2_ttl(c.zh, "/ttl-", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 60000, made,
                         sizeof(made), &stat);
    CHECK(rc == ZOK && stat.ephemeralOwner == 0 && strncmp(made, "/ttl-0", 6) == 0, "TTL: %s, made %s", zerror(rc), made);
    rc = zoo_create2_ttl(c.zh, "/never", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_WITH_TTL, INT64_C(1) << 40, made,
                         sizeof(made), &stat);
    CHECK(rc == ZBADARGUMENTS, "a TTL that is too long: %s", zerror(rc));
    client_close(&c);
}

static void authenticated(int rc, const void *context)
{
    *(int *)(uintptr_t)context = rc == ZOK ? 1 : -1;
}

/* The reply comes on the library's own thread. */
static void add_auth(struct client *c, const char *proof)
{
    static volatile int done;

    done = 0;
    CHECK(zoo_add_auth(c->zh, "digest", proof, (int)strlen(proof), authenticated, (const void *)(uintptr_t)&done) == ZOK, "%s",
          proof);
    client_sync(c, "/"); /* replies come in order */
    CHECK(done == 1, "auth: %d", done);
}

static void acls(void)
{
    struct client c, other;
    struct ACL_vector list = {0};
    struct Stat stat;
    char made[64];
    int rc;

    client_open(&c, hosts[0], SESSION_MS, NULL);
    client_open(&other, hosts[1], SESSION_MS, NULL);
    rc = zoo_create(c.zh, "/acl", "", 0, &ZOO_CREATOR_ALL_ACL, 0, made, sizeof(made));
    CHECK(rc == ZINVALIDACL, "auth without an id: %s", zerror(rc));
    add_auth(&c, "me:secret");
    rc = zoo_create(c.zh, "/acl", "", 0, &ZOO_CREATOR_ALL_ACL, 0, made, sizeof(made));
    CHECK(rc == ZOK, "create: %s", zerror(rc));
    rc = zoo_get_acl(c.zh, "/acl", &list, &stat);
    CHECK(rc == ZOK && list.count == 1 && strcmp(list.data[0].id.scheme, "digest") == 0 &&
              strcmp(list.data[0].id.id, "me:x") != 0,
          "getACL: %s", zerror(rc));
    deallocate_ACL_vector(&list);
    client_sync(&other, "/");
    rc = zoo_set(other.zh, "/acl", "x", 1, -1);
    CHECK(rc == ZNOAUTH, "set by another: %s", zerror(rc));
    rc = zoo_set_acl(c.zh, "/acl", 0, &ZOO_READ_ACL_UNSAFE);
    CHECK(rc == ZOK, "setACL: %s", zerror(rc));
    rc = zoo_set_acl(c.zh, "/acl", 1, &ZOO_OPEN_ACL_UNSAFE);
    CHECK(rc == ZNOAUTH, "setACL without ADMIN: %s", zerror(rc));
    client_sync(&other, "/");
    client_get(&other, "/acl", "", 0);
    client_close(&c);
    client_close(&other);
}

static void watches(void)
{
    struct client a, b;
    struct String_vector names = {0};
    struct Stat stat;
    char value[16], made[128];
    int size = sizeof(value), rc;

    client_open(&a, hosts[0], SESSION_MS, NULL);
    client_open(&b, hosts[2], SESSION_MS, NULL);
    rc = zoo_wexists(a.zh, "/w", client_watcher, &a, &stat);
    CHECK(rc == ZNONODE, "exists: %s", zerror(rc));
    client_create(&b, "/w", "0", 0, made, sizeof(made));
    client_expect(&a, ZOO_CREATED_EVENT, "/w");
    for (int i = 0; i < 50; i++) {
        size = sizeof(value);
        rc = zoo_wget(a.zh, "/w", client_watcher, &a, value, &size, &stat);
        CHECK(rc == ZOK, "get: %s", zerror(rc));
        rc = zoo_set(b.zh, "/w", "1", 1, -1);
        CHECK(rc == ZOK, "set: %s", zerror(rc));
        client_expect(&a, ZOO_CHANGED_EVENT, "/w");
    }
    rc = zoo_wget_children(a.zh, "/w", client_watcher, &a, &names);
    CHECK(rc == ZOK, "children: %s", zerror(rc));
    deallocate_String_vector(&names);
    client_create(&b, "/w/child", "", 0, made, sizeof(made));
    client_expect(&a, ZOO_CHILD_EVENT, "/w");
    rc = zoo_delete(b.zh, "/w/child", -1);
    CHECK(rc == ZOK, "delete: %s", zerror(rc));
    client_sync(&a, "/");
    size = sizeof(value);
    rc = zoo_wget(a.zh, "/w", client_watcher, &a, value, &size, &stat);
    CHECK(rc == ZOK, "get: %s", zerror(rc));
    rc = zoo_delete(b.zh, "/w", -1);
    CHECK(rc == ZOK, "delete: %s", zerror(rc));
    client_expect(&a, ZOO_DELETED_EVENT, "/w");
    rc = zoo_wexists(a.zh, "/w", client_watcher, &a, &stat);
    CHECK(rc == ZNONODE, "exists: %s", zerror(rc));
    rc = zoo_remove_watches(a.zh, "/w", ZWATCHTYPE_DATA, client_watcher, &a, 0); /* asks by checkWatches, others may remain */
    CHECK(rc == ZOK, "remove: %s", zerror(rc));
    rc = zoo_remove_all_watches(a.zh, "/w", ZWATCHTYPE_ANY, 0);
    CHECK(rc == ZOK, "remove all: %s", zerror(rc));
    rc = zoo_remove_all_watches(a.zh, "/w", ZWATCHTYPE_ANY, 0);
    CHECK(rc == ZNOWATCHER, "remove what is not there: %s", zerror(rc));
    client_create(&b, "/w", "0", 0, made, sizeof(made));
    client_expect_none(&a);
    client_close(&a);
    client_close(&b);
}

static void ephemerals(void)
{
    struct client owner, watcher;
    struct Stat stat;
    char made[128];
    int rc;

    client_open(&owner, hosts[1], SESSION_MS, NULL);
    client_open(&watcher, hosts[2], SESSION_MS, NULL);
    client_create(&owner, "/ephemeral", "x", ZOO_EPHEMERAL, made, sizeof(made));
    rc = zoo_create(owner.zh, "/ephemeral/child", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    CHECK(rc == ZNOCHILDRENFOREPHEMERALS, "a child of an ephemeral: %s", zerror(rc));
    client_sync(&watcher, "/");
    rc = zoo_wexists(watcher.zh, "/ephemeral", client_watcher, &watcher, &stat);
    CHECK(rc == ZOK && stat.ephemeralOwner == zoo_client_id(owner.zh)->client_id, "owner: %s", zerror(rc));
    client_close(&owner);
    client_expect(&watcher, ZOO_DELETED_EVENT, "/ephemeral");
    rc = zoo_exists(watcher.zh, "/ephemeral", 0, &stat);
    CHECK(rc == ZNONODE, "exists: %s", zerror(rc));
    client_close(&watcher);
}

static void sequences(void)
{
    struct client clients[3];
    char made[128], expected[128];

    for (int i = 0; i < 3; i++)
        client_open(&clients[i], hosts[i], SESSION_MS, NULL);
    client_create(&clients[0], "/seq", "", 0, made, sizeof(made));
    client_sync(&clients[1], "/");
    client_sync(&clients[2], "/");
    for (int i = 0; i < 60; i++) {
        client_create(&clients[i % 3], "/seq/n-", "", ZOO_SEQUENCE | (i % 2 ? ZOO_EPHEMERAL : 0), made, sizeof(made));
        snprintf(expected, sizeof(expected), "/seq/n-%010d", i);
        CHECK(strcmp(made, expected) == 0, "made %s, not %s", made, expected);
    }
    for (int i = 0; i < 3; i++)
        client_close(&clients[i]);
}

/* The recipe: the holder has the lowest number, each other one watches the one before it. */
static void lock(void)
{
    struct client clients[3];
    char made[3][128], parent[128];
    struct Stat stat;
    int rc;

    for (int i = 0; i < 3; i++)
        client_open(&clients[i], hosts[i], SESSION_MS, NULL);
    client_create(&clients[0], "/lock", "", 0, parent, sizeof(parent));
    for (int i = 0; i < 3; i++) {
        client_sync(&clients[i], "/");
        client_create(&clients[i], "/lock/n-", "", ZOO_SEQUENCE | ZOO_EPHEMERAL, made[i], sizeof(made[i]));
        if (i > 0) {
            rc = zoo_wexists(clients[i].zh, made[i - 1], client_watcher, &clients[i], &stat);
            CHECK(rc == ZOK, "the one before: %s", zerror(rc));
        }
    }
    rc = zoo_delete(clients[0].zh, made[0], -1);
    CHECK(rc == ZOK, "release: %s", zerror(rc));
    client_expect(&clients[1], ZOO_DELETED_EVENT, made[0]);
    client_expect_none(&clients[2]);
    client_close(&clients[1]); /* the holder ends without a release */
    client_expect(&clients[2], ZOO_DELETED_EVENT, made[1]);
    client_close(&clients[0]);
    client_close(&clients[2]);
}

static void expiry(void)
{
    struct client lost, watcher;
    struct Stat stat;
    char made[128];
    int rc;

    client_open(&watcher, hosts[1], SESSION_MS, NULL);
    client_open(&lost, hosts[0], 1000, NULL);
    client_create(&lost, "/expires", "", ZOO_EPHEMERAL, made, sizeof(made));
    client_sync(&watcher, "/");
    rc = zoo_wexists(watcher.zh, "/expires", client_watcher, &watcher, &stat);
    CHECK(rc == ZOK, "exists: %s", zerror(rc));
    ask("kill", hosts[0]); /* the only server it knows */
    client_expect(&watcher, ZOO_DELETED_EVENT, "/expires");
    ask("start", hosts[0]);
    client_wait_expired(&lost);
    rc = zoo_exists(lost.zh, "/", 0, &stat);
    CHECK(rc == ZINVALIDSTATE || rc == ZSESSIONEXPIRED, "a call of an expired session: %s", zerror(rc));
    zookeeper_close(lost.zh);
    client_close(&watcher);
}

static void reconnect(void)
{
    struct client c, writer;
    clientid_t id;
    struct Stat stat;
    char value[16], made[128];
    int size = sizeof(value), rc;

    zoo_deterministic_conn_order(1);
    client_open(&c, host_list(hosts, 0), SESSION_MS, NULL);
    client_open(&writer, hosts[2], SESSION_MS, NULL);
    id = *zoo_client_id(c.zh);
    client_create(&c, "/mine", "0", ZOO_EPHEMERAL, made, sizeof(made));
    client_create(&c, "/same", "0", 0, made, sizeof(made));
    rc = zoo_wget(c.zh, "/mine", client_watcher, &c, value, &size, &stat);
    CHECK(rc == ZOK, "get: %s", zerror(rc));
    size = sizeof(value);
    rc = zoo_wget(c.zh, "/same", client_watcher, &c, value, &size, &stat);
    CHECK(rc == ZOK, "get: %s", zerror(rc));
    ask("kill", zoo_get_current_server(c.zh));
    client_wait_connections(&c, 2);
    CHECK(zoo_client_id(c.zh)->client_id == id.client_id, "the session is another one");
    client_sync(&writer, "/");
    rc = zoo_set(writer.zh, "/mine", "1", 1, 0);
    CHECK(rc == ZOK, "set: %s", zerror(rc));
    client_expect(&c, ZOO_CHANGED_EVENT, "/mine"); /* the library set the watches again */
    client_expect_none(&c);
    client_get(&c, "/mine", "1", 1);
    client_close(&c);
    client_close(&writer);
}

static void sync_calls(void)
{
    case_sync_calls(hosts);
}

static void async_calls(void)
{
    case_async_calls(hosts);
}

static void handles(void)
{
    case_handles(hosts);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*run)(void);
    } cases[] = {{"basics", basics},
                 {"multis", multis},
                 {"acls", acls},
                 {"containers", containers},
                 {"watches", watches},
                 {"ephemerals", ephemerals},
                 {"sequences", sequences},
                 {"lock", lock},
                 {"expiry", expiry},
                 {"reconnect", reconnect},
                 {"sync_calls", sync_calls},
                 {"async_calls", async_calls},
                 {"handles", handles}};
    const char *scale = getenv("COORD_TIME_SCALE");

    if (scale != NULL && atoi(scale) > 0)
        time_scale = atoi(scale);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    hosts = argv + 2;
    for (size_t i = 0; argc == 5 && i < sizeof(cases) / sizeof(cases[0]); i++)
        if (strcmp(cases[i].name, argv[1]) == 0) {
            cases[i].run();
            return 0;
        }
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
            printf("%s\n", cases[i].name);
        return 0;
    }
    fprintf(stderr, "usage: zk_c_client CASE HOST:PORT HOST:PORT HOST:PORT\n");
    return 2;
}
