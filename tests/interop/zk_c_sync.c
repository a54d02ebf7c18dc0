/* zk_c_sync.c - every synchronous call of ZooKeeper's C client, before, during and after a change of leader; see zk_c_client.h.
 */
#include "interop/zk_c_client.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define PATH_MAX_HERE 160

/* Below a root of its own, so that it can be done again. */
struct place {
    struct client *c;
    const char *root;
};

static const char *at(const struct place *p, const char *name)
{
    static char paths[4][PATH_MAX_HERE];
    static int turn;

    turn = (turn + 1) % 4;
    snprintf(paths[turn], sizeof(paths[turn]), "%s%s", p->root, name);
    return paths[turn];
}

static void is(int rc, int expected, const char *what)
{
    CHECK(rc == expected, "%s: %s, not %s", what, zerror(rc), zerror(expected));
}

static void creates(const struct place *p)
{
    zhandle_t *zh = p->c->zh;
    char made[PATH_MAX_HERE];
    struct Stat stat;

    is(zoo_create(zh, p->root, "r", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, made, sizeof(made)), ZOK, "create");
    is(strcmp(made, p->root), 0, "its path");
    is(zoo_create(zh, at(p, "/x/y"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made)), ZNONODE, "create without a parent");
    is(zoo_create(zh, p->root, "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNODEEXISTS, "create again");
    is(zoo_create(zh, "no-slash", "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZBADARGUMENTS, "create of a wrong path");
    is(zoo_create_ttl(zh, at(p, "/ttl"), "t", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_WITH_TTL, 600000, made, sizeof(made)),
       ZOK, "create_ttl");
    is(zoo_create2(zh, at(p, "/e-"), "e", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL_SEQUENTIAL, made, sizeof(made), &stat), ZOK,
       "create2");
    CHECK(strcmp(made, at(p, "/e-0000000001")) == 0 && stat.ephemeralOwner == zoo_client_id(zh)->client_id &&
              stat.dataLength == 1,
          "made %s of 0x%" PRIx64, made, (uint64_t)stat.ephemeralOwner);
    is(zoo_create(zh, at(p, "/e-0000000001/x"), "", 0, &ZOO_OPEN_ACL_UNSAFE, 0, NULL, 0), ZNOCHILDRENFOREPHEMERALS, "a child");
    is(zoo_create2_ttl(zh, at(p, "/t-"), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 600000, made,
                       sizeof(made), &stat),
       ZOK, "create2_ttl");
    CHECK(strcmp(made, at(p, "/t-0000000002")) == 0 && stat.czxid == stat.mzxid, "made %s", made);
    is(zoo_create2_ttl(zh, at(p, "/t"), "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT, 5, made, sizeof(made), &stat),
       ZBADARGUMENTS, "a TTL of a mode without");
    is(zoo_create2(zh, at(p, "/c"), NULL, -1, &ZOO_OPEN_ACL_UNSAFE, ZOO_CONTAINER, made, sizeof(made), &stat), ZOK,
       "a container");
    is(zoo_create(zh, at(p, "/s-"), "s", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_PERSISTENT_SEQUENTIAL, made, 6), ZOK, "a short buffer");
    CHECK(strlen(made) == 5 && strncmp(made, p->root, 5) == 0, "made %s", made);
    is(zoo_create(zh, at(p, "/n"), "n", 1, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, made, sizeof(made)), ZOK, "an ephemeral");
}

static void reads(const struct place *p)
{
    zhandle_t *zh = p->c->zh;
    struct String_vector names = {0};
    struct Stat stat;
    char value[256];
    int size = sizeof(value);

    is(zoo_exists(zh, p->root, 0, &stat), ZOK, "exists");
    CHECK(stat.numChildren == 6 && stat.cversion == 6 && stat.version == 0, "%d children, %d", stat.numChildren, stat.cversion);
    is(zoo_exists(zh, at(p, "/none"), 0, &stat), ZNONODE, "exists of nothing");
    is(zoo_get(zh, at(p, "/n"), 0, value, &size, &stat), ZOK, "get");
    CHECK(size == 1 && value[0] == 'n', "%d bytes", size);
    size = sizeof(value);
    is(zoo_get(zh, at(p, "/c"), 0, value, &size, NULL), ZOK, "get of no data");
    is(size, -1, "its length");
    is(zoo_get(zh, at(p, "/none"), 0, value, &size, &stat), ZNONODE, "get of nothing");
    is(zoo_set(zh, at(p, "/n"), "two", 3, 0), ZOK, "set");
    is(zoo_set(zh, at(p, "/n"), "two", 3, 0), ZBADVERSION, "set of an old version");
    is(zoo_set2(zh, at(p, "/n"), "three", 5, -1, &stat), ZOK, "set2");
    CHECK(stat.version == 2 && stat.dataLength == 5, "version %d", stat.version);
    is(zoo_set2(zh, at(p, "/none"), "", 0, -1, &stat), ZNONODE, "set2 of nothing");
    size = 2; /* of what is longer, the beginning */
    is(zoo_get(zh, at(p, "/n"), 0, value, &size, &stat), ZOK, "get into a short buffer");
    CHECK(size == 2 && memcmp(value, "th", 2) == 0 && stat.dataLength == 5, "%d bytes", size);
    is(zoo_get_children(zh, p->root, 0, &names), ZOK, "get_children");
    is(names.count, 6, "its count");
    deallocate_String_vector(&names);
    is(zoo_get_children2(zh, p->root, 0, &names, &stat), ZOK, "get_children2");
    CHECK(names.count == 6 && stat.numChildren == 6, "%d names, numChildren %d", names.count, stat.numChildren);
    deallocate_String_vector(&names);
    is(zoo_get_children(zh, at(p, "/none"), 0, &names), ZNONODE, "get_children of nothing");
    is(zoo_delete(zh, p->root, -1), ZNOTEMPTY, "delete of a parent");
    is(zoo_delete(zh, at(p, "/n"), 7), ZBADVERSION, "delete of another version");
    is(zoo_delete(zh, at(p, "/n"), 2), ZOK, "delete");
    is(zoo_delete(zh, at(p, "/n"), -1), ZNONODE, "delete again");
}

static void lists_of_acls(const struct place *p)
{
    zhandle_t *zh = p->c->zh;
    struct ACL_vector list = {0};
    struct Stat stat;

    is(zoo_get_acl(zh, p->root, &list, &stat), ZOK, "get_acl");
    CHECK(list.count == 1 && list.data[0].perms == ZOO_PERM_ALL && strcmp(list.data[0].id.scheme, "world") == 0 &&
              stat.aversion == 0,
          "%d entries", list.count);
    deallocate_ACL_vector(&list);
    is(zoo_set_acl(zh, at(p, "/ttl"), 0, &ZOO_READ_ACL_UNSAFE), ZOK, "set_acl");
    is(zoo_set_acl(zh, at(p, "/ttl"), -1, &ZOO_OPEN_ACL_UNSAFE), ZNOAUTH, "set_acl without ADMIN");
    is(zoo_set(zh, at(p, "/ttl"), "x", 1, -1), ZNOAUTH, "set without WRITE");
    is(zoo_set_acl(zh, p->root, 3, &ZOO_OPEN_ACL_UNSAFE), ZBADVERSION, "set_acl of another version");
}

static void multis(const struct place *p)
{
    zhandle_t *zh = p->c->zh;
    zoo_op_t ops[4];
    zoo_op_result_t results[4];
    struct Stat stat = {0};
    char made[PATH_MAX_HERE], one[PATH_MAX_HERE];

    snprintf(one, sizeof(one), "%s/m", p->root);
    zoo_create_op_init(&ops[0], one, "m", 1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    zoo_set_op_init(&ops[1], one, "mm", 2, 0, &stat);
    zoo_check_op_init(&ops[2], one, 1);
    zoo_delete_op_init(&ops[3], one, 1);
    is(zoo_multi(zh, 4, ops, results), ZOK, "multi");
    CHECK(strcmp(made, one) == 0 && stat.version == 1 && stat.dataLength == 2, "made %s, version %d", made, stat.version);
    for (int i = 0; i < 4; i++)
        is(results[i].err, ZOK, "one of it");
    is(zoo_multi(zh, 3, ops + 1, results), ZNONODE, "multi of what is gone");
    CHECK(results[0].err == ZNONODE && results[1].err == ZRUNTIMEINCONSISTENCY && results[2].err == ZRUNTIMEINCONSISTENCY,
          "%d, %d, %d", results[0].err, results[1].err, results[2].err);
    is(zoo_multi(zh, 0, ops, results), ZOK, "multi of nothing");
}

static void watches(const struct place *p, struct client *writer)
{
    struct client *c = p->c;
    zhandle_t *zh = c->zh;
    struct String_vector names = {0};
    struct Stat stat;
    char value[16], made[PATH_MAX_HERE], node[PATH_MAX_HERE], child[PATH_MAX_HERE];
    int size = sizeof(value);

    snprintf(node, sizeof(node), "%s/w", p->root);
    snprintf(child, sizeof(child), "%s/w/c", p->root);
    is(zoo_exists(zh, node, 1, &stat), ZNONODE, "exists that watches"); /* tells the handle's watcher */
    client_sync(writer, "/");
    client_create(writer, node, "", 0, made, sizeof(made));
    client_expect(c, ZOO_CREATED_EVENT, node);
    is(zoo_get(zh, node, 1, value, &size, &stat), ZOK, "get that watches");
    is(zoo_get_children(zh, node, 1, &names), ZOK, "get_children that watches");
    deallocate_String_vector(&names);
    client_create(writer, child, "", 0, made, sizeof(made));
    client_expect(c, ZOO_CHILD_EVENT, node);
    is(zoo_get_children2(zh, node, 1, &names, &stat), ZOK, "get_children2 that watches");
    deallocate_String_vector(&names);
    is(zoo_set(writer->zh, node, "1", 1, -1), ZOK, "set");
    client_expect(c, ZOO_CHANGED_EVENT, node);
    is(zoo_delete(writer->zh, child, -1), ZOK, "delete");
    client_expect(c, ZOO_CHILD_EVENT, node);
    is(zoo_wexists(zh, node, client_watcher, c, &stat), ZOK, "wexists");
    is(zoo_set(writer->zh, node, "2", 1, -1), ZOK, "set");
    client_expect(c, ZOO_CHANGED_EVENT, node);
    size = sizeof(value);
    is(zoo_wget(zh, node, client_watcher, c, value, &size, &stat), ZOK, "wget");
    is(zoo_set(writer->zh, node, "3", 1, -1), ZOK, "set");
    client_expect(c, ZOO_CHANGED_EVENT, node);
    is(zoo_wget_children(zh, node, client_watcher, c, &names), ZOK, "wget_children");
    deallocate_String_vector(&names);
    client_create(writer, child, "", 0, made, sizeof(made));
    client_expect(c, ZOO_CHILD_EVENT, node);
    is(zoo_wget_children2(zh, node, client_watcher, c, &names, &stat), ZOK, "wget_children2");
    deallocate_String_vector(&names);
    is(zoo_delete(writer->zh, child, -1), ZOK, "delete");
    client_expect(c, ZOO_CHILD_EVENT, node);
    is(zoo_wexists(zh, node, client_watcher, c, &stat), ZOK, "wexists");
    is(zoo_remove_watches(zh, node, ZWATCHTYPE_CHILD, client_watcher, c, 0), ZNOWATCHER, "remove of another kind");
    is(zoo_remove_watches(zh, node, ZWATCHTYPE_DATA, client_watcher, c, 0), ZOK, "remove_watches");
    is(zoo_wexists(zh, node, client_watcher, c, &stat), ZOK, "wexists");
    is(zoo_remove_all_watches(zh, node, ZWATCHTYPE_ANY, 0), ZOK, "remove_all_watches");
    is(zoo_remove_all_watches(zh, node, ZWATCHTYPE_ANY, 0), ZNOWATCHER, "and again");
    is(zoo_delete(writer->zh, node, -1), ZOK, "delete");
    client_sync(c, "/");
    client_expect_none(c);
}

/* What of the ensemble is told, and what is not to be had while membership is fixed. */
static void configuration(struct client *c)
{
    char text[1024];
    int size = sizeof(text), servers = 0;
    struct Stat stat;

    is(zoo_getconfig(c->zh, 0, text, &size, &stat), ZOK, "getconfig");
    CHECK(stat.dataLength == size && stat.czxid == 0 && stat.version == -1 && stat.aversion == -1, "%d bytes, aversion %d",
          size, stat.aversion);
    for (const char *s = text; (s = memmem(s, (size_t)(text + size - s), "server.", 7)) != NULL; s++)
        servers++;
    CHECK(servers == 3 && memcmp(text + size - 10, "\nversion=0", 10) == 0, "the configuration is '%.*s'", size, text);
    size = sizeof(text);
    is(zoo_wgetconfig(c->zh, client_watcher, c, text, &size, &stat), ZOK, "wgetconfig");
    size = sizeof(text);
    is(zoo_getconfig(c->zh, 1, text, &size, &stat), ZOK, "getconfig that watches");
    size = sizeof(text);
    is(zoo_reconfig(c->zh, "server.4=127.0.0.1:1:2;3", NULL, NULL, -1, text, &size, &stat), ZRECONFIGDISABLED, "reconfig");
    is(zoo_remove_all_watches(c->zh, ZOO_CONFIG_NODE, ZWATCHTYPE_ANY, 0), ZOK, "remove_all_watches of it");
}

static void everything(struct client *c, struct client *writer, const char *root)
{
    const struct place p = {.c = c, .root = root};

    client_sync(c, "/");
    creates(&p);
    reads(&p);
    lists_of_acls(&p);
    multis(&p);
    watches(&p, writer);
    configuration(c);
}

void case_sync_calls(char *const *hosts)
{
    struct client a, b;
    struct Stat stat;
    char made[PATH_MAX_HERE];

    zoo_deterministic_conn_order(1);
    client_open(&a, host_list(hosts, 0), SESSION_MS, NULL); /* of the leader */
    client_open(&b, host_list(hosts, 1), SESSION_MS, NULL);
    everything(&a, &b, "/sync-a1");
    everything(&b, &a, "/sync-b1");
    is(zoo_wexists(b.zh, "/sync-kept", client_watcher, &b, &stat), ZNONODE, "wexists before the change");
    ask("kill", hosts[0]);
    client_wait_connections(&a, 2);
    client_create(&a, "/sync-kept", "", 0, made, sizeof(made));
    client_expect(&b, ZOO_CREATED_EVENT, "/sync-kept"); /* the follower kept the watch */
    everything(&b, &a, "/sync-b2");
    everything(&a, &b, "/sync-a2");
    ask("start", hosts[0]);
    everything(&a, &b, "/sync-a3");
    everything(&b, &a, "/sync-b3");
    CHECK(b.connections == 1, "a client of a follower connected %d times", b.connections);
    client_close(&a);
    client_close(&b);
}
