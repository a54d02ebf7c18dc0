/* zk_c_async.c - every asynchronous call of ZooKeeper's C client, before, during and after a change of leader; see
 * zk_c_client.h. */
#include "interop/zk_c_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDER_WAY 200 /* calls of each client when the leader goes */

/* One call: what its completion was told, under the lock of all. Completions come on the library's own thread. */
struct answer {
    int calls, rc, count, size;
    bool has_stat;
    struct Stat stat;
    char text[1024];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static struct answer *begin(const void *data, int rc)
{
    struct answer *a = (struct answer *)(uintptr_t)data;

    pthread_mutex_lock(&lock);
    a->rc = rc;
    a->calls++;
    return a;
}

static void end(struct answer *a, const struct Stat *stat)
{
    a->has_stat = stat != NULL;
    if (stat != NULL)
        a->stat = *stat;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void on_void(int rc, const void *data)
{
    end(begin(data, rc), NULL);
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    end(begin(data, rc), stat);
}

static void on_data(int rc, const char *value, int size, const struct Stat *stat, const void *data)
{
    struct answer *a = begin(data, rc);

    a->size = size;
    if (value != NULL && size > 0)
        snprintf(a->text, sizeof(a->text), "%.*s", size, value);
    end(a, stat);
}

static void on_strings(int rc, const struct String_vector *strings, const void *data)
{
    struct answer *a = begin(data, rc);

    a->count = strings != NULL ? strings->count : -1;
    end(a, NULL);
}

static void on_strings_stat(int rc, const struct String_vector *strings, const struct Stat *stat, const void *data)
{
    struct answer *a = begin(data, rc);

    a->count = strings != NULL ? strings->count : -1;
    end(a, stat);
}

static void on_string(int rc, const char *value, const void *data)
{
    struct answer *a = begin(data, rc);

    snprintf(a->text, sizeof(a->text), "%s", value != NULL ? value : "");
    end(a, NULL);
}

static void on_string_stat(int rc, const char *value, const struct Stat *stat, const void *data)
{
    struct answer *a = begin(data, rc);

    snprintf(a->text, sizeof(a->text), "%s", value != NULL ? value : "");
    end(a, stat);
}

static void on_acl(int rc, struct ACL_vector *acl, struct Stat *stat, const void *data)
{
    struct answer *a = begin(data, rc);

    a->count = acl != NULL ? acl->count : -1;
    end(a, stat);
}

static void wait_for(const struct answer *a)
{
    struct timespec until = client_deadline();
    int rc = 0;

    pthread_mutex_lock(&lock);
    while (rc == 0 && a->calls == 0)
        rc = pthread_cond_timedwait(&changed, &lock, &until);
    pthread_mutex_unlock(&lock);
    CHECK(rc == 0, "a call was not answered");
}

/* The call went out, and its completion is told this. */
static void is(int sent, const struct answer *a, int expected, const char *what)
{
    CHECK(sent == ZOK, "%s is not sent: %s", what, zerror(sent));
    wait_for(a);
    CHECK(a->calls == 1 && a->rc == expected, "%s: %d answers, %s instead of %s", what, a->calls, zerror(a->rc),
          zerror(expected));
}

#define ANSWER(a) (memset(&(a), 0, sizeof(a)), &(a))

static void creates(zhandle_t *zh, const char *root)
{
    const struct ACL_vector *open = &ZOO_OPEN_ACL_UNSAFE;
    struct answer a;
    char path[64], made[80];

    is(zoo_acreate(zh, root, "r", 1, open, 0, on_string, ANSWER(a)), &a, ZOK, "acreate");
    CHECK(strcmp(a.text, root) == 0, "made %s", a.text);
    is(zoo_acreate(zh, root, "r", 1, open, 0, on_string, ANSWER(a)), &a, ZNODEEXISTS, "acreate again");
    snprintf(path, sizeof(path), "%s/t-", root);
    is(zoo_acreate_ttl(zh, path, "", 0, open, ZOO_PERSISTENT_SEQUENTIAL_WITH_TTL, 600000, on_string, ANSWER(a)), &a, ZOK,
       "acreate_ttl");
    snprintf(made, sizeof(made), "%s0000000000", path);
    CHECK(strcmp(a.text, made) == 0, "made %s", a.text);
    is(zoo_acreate2(zh, path, "22", 2, open, ZOO_EPHEMERAL_SEQUENTIAL, on_string_stat, ANSWER(a)), &a, ZOK, "acreate2");
    snprintf(made, sizeof(made), "%s0000000001", path);
    CHECK(strcmp(a.text, made) == 0 && a.has_stat && a.stat.dataLength == 2, "made %s", a.text);
    snprintf(path, sizeof(path), "%s/ttl", root);
    is(zoo_acreate2_ttl(zh, path, "", 0, open, ZOO_PERSISTENT_WITH_TTL, 600000, on_string_stat, ANSWER(a)), &a, ZOK,
       "acreate2_ttl");
    CHECK(strcmp(a.text, path) == 0 && a.has_stat && a.stat.version == 0, "made %s", a.text);
    snprintf(path, sizeof(path), "%s/x/y", root);
    is(zoo_acreate2(zh, path, "", 0, open, 0, on_string_stat, ANSWER(a)), &a, ZNONODE, "acreate2 without a parent");
}

static void reads(zhandle_t *zh, const char *root)
{
    struct answer a;
    char none[64];

    snprintf(none, sizeof(none), "%s/none", root);
    is(zoo_aexists(zh, root, 0, on_stat, ANSWER(a)), &a, ZOK, "aexists");
    CHECK(a.has_stat && a.stat.numChildren == 3, "%d children", a.stat.numChildren);
    is(zoo_aexists(zh, none, 0, on_stat, ANSWER(a)), &a, ZNONODE, "aexists of nothing");
    is(zoo_aget(zh, root, 0, on_data, ANSWER(a)), &a, ZOK, "aget");
    CHECK(strcmp(a.text, "r") == 0 && a.size == 1 && a.has_stat, "'%s'", a.text);
    is(zoo_aget(zh, none, 0, on_data, ANSWER(a)), &a, ZNONODE, "aget of nothing");
    is(zoo_aset(zh, root, "s", 1, 0, on_stat, ANSWER(a)), &a, ZOK, "aset");
    CHECK(a.has_stat && a.stat.version == 1, "version %d", a.stat.version);
    is(zoo_aset(zh, root, "s", 1, 0, on_stat, ANSWER(a)), &a, ZBADVERSION, "aset of an old version");
    is(zoo_aget_children(zh, root, 0, on_strings, ANSWER(a)), &a, ZOK, "aget_children");
    CHECK(a.count == 3, "%d names", a.count);
    is(zoo_aget_children2(zh, root, 0, on_strings_stat, ANSWER(a)), &a, ZOK, "aget_children2");
    CHECK(a.count == 3 && a.has_stat && a.stat.version == 1, "%d names", a.count);
    is(zoo_aget_children(zh, none, 0, on_strings, ANSWER(a)), &a, ZNONODE, "aget_children of nothing");
    is(zoo_async(zh, root, on_string, ANSWER(a)), &a, ZOK, "async");
    CHECK(strcmp(a.text, root) == 0, "sync of %s", a.text);
    is(zoo_adelete(zh, root, -1, on_void, ANSWER(a)), &a, ZNOTEMPTY, "adelete of a parent");
    snprintf(none, sizeof(none), "%s/ttl", root);
    is(zoo_adelete(zh, none, 0, on_void, ANSWER(a)), &a, ZOK, "adelete");
}

static void lists_of_acls(zhandle_t *zh, const char *root)
{
    struct answer a;
    struct ACL_vector list = ZOO_OPEN_ACL_UNSAFE;

    is(zoo_aget_acl(zh, root, on_acl, ANSWER(a)), &a, ZOK, "aget_acl");
    CHECK(a.count == 1 && a.has_stat && a.stat.aversion == 0, "%d entries", a.count);
    is(zoo_aset_acl(zh, root, 0, &list, on_void, ANSWER(a)), &a, ZOK, "aset_acl");
    is(zoo_aset_acl(zh, root, 0, &list, on_void, ANSWER(a)), &a, ZBADVERSION, "aset_acl of an old version");
    list = ZOO_CREATOR_ALL_ACL;
    is(zoo_add_auth(zh, "digest", "async:x", 7, on_void, ANSWER(a)), &a, ZOK, "add_auth");
    is(zoo_aset_acl(zh, root, -1, &list, on_void, ANSWER(a)), &a, ZOK, "aset_acl of an identity");
    list = ZOO_OPEN_ACL_UNSAFE;
    is(zoo_aset_acl(zh, root, -1, &list, on_void, ANSWER(a)), &a, ZOK, "and back");
}

static void multis(zhandle_t *zh, const char *root)
{
    struct answer a;
    zoo_op_t ops[3];
    zoo_op_result_t results[3];
    struct Stat stat = {0};
    char path[64], made[64];

    snprintf(path, sizeof(path), "%s/m", root);
    zoo_create_op_init(&ops[0], path, "m", 1, &ZOO_OPEN_ACL_UNSAFE, 0, made, sizeof(made));
    zoo_set_op_init(&ops[1], path, "mm", 2, 0, &stat);
    zoo_delete_op_init(&ops[2], path, 1);
    is(zoo_amulti(zh, 3, ops, results, on_void, ANSWER(a)), &a, ZOK, "amulti");
    CHECK(strcmp(made, path) == 0 && stat.version == 1 && results[2].err == ZOK, "made %s", made);
    zoo_check_op_init(&ops[0], path, 0);
    is(zoo_amulti(zh, 2, ops, results, on_void, ANSWER(a)), &a, ZNONODE, "amulti that fails");
    CHECK(results[0].err == ZNONODE && results[1].err == ZRUNTIMEINCONSISTENCY, "%d, %d", results[0].err, results[1].err);
}

/* The header says that remove_watches takes a pointer to a completion; the library takes the completion. */
static void_completion_t *as_declared(void_completion_t completion)
{
    return (void_completion_t *)(uintptr_t)completion;
}

static void watches(struct client *c, const char *root)
{
    zhandle_t *zh = c->zh;
    struct answer a;
    char path[64];

    snprintf(path, sizeof(path), "%s/w", root);
    is(zoo_aexists(zh, path, 1, on_stat, ANSWER(a)), &a, ZNONODE, "aexists that watches");
    is(zoo_acreate(zh, path, "0", 1, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, ANSWER(a)), &a, ZOK, "acreate");
    client_expect(c, ZOO_CREATED_EVENT, path);
    is(zoo_awexists(zh, path, client_watcher, c, on_stat, ANSWER(a)), &a, ZOK, "awexists");
    is(zoo_aset(zh, path, "1", 1, -1, on_stat, ANSWER(a)), &a, ZOK, "aset");
    client_expect(c, ZOO_CHANGED_EVENT, path);
    is(zoo_awget(zh, path, client_watcher, c, on_data, ANSWER(a)), &a, ZOK, "awget");
    is(zoo_aset(zh, path, "2", 1, -1, on_stat, ANSWER(a)), &a, ZOK, "aset");
    client_expect(c, ZOO_CHANGED_EVENT, path);
    is(zoo_aget(zh, path, 1, on_data, ANSWER(a)), &a, ZOK, "aget that watches");
    is(zoo_aset(zh, path, "3", 1, -1, on_stat, ANSWER(a)), &a, ZOK, "aset");
    client_expect(c, ZOO_CHANGED_EVENT, path);
    is(zoo_awget_children(zh, root, client_watcher, c, on_strings, ANSWER(a)), &a, ZOK, "awget_children");
    is(zoo_adelete(zh, path, -1, on_void, ANSWER(a)), &a, ZOK, "adelete");
    client_expect(c, ZOO_CHILD_EVENT, root);
    is(zoo_awget_children2(zh, root, client_watcher, c, on_strings_stat, ANSWER(a)), &a, ZOK, "awget_children2");
    is(zoo_acreate(zh, path, "0", 1, &ZOO_OPEN_ACL_UNSAFE, 0, on_string, ANSWER(a)), &a, ZOK, "acreate");
    client_expect(c, ZOO_CHILD_EVENT, root);
    is(zoo_aget_children(zh, root, 1, on_strings, ANSWER(a)), &a, ZOK, "aget_children that watches");
    is(zoo_aget_children2(zh, root, 1, on_strings_stat, ANSWER(a)), &a, ZOK, "aget_children2 that watches");
    is(zoo_awexists(zh, path, client_watcher, c, on_stat, ANSWER(a)), &a, ZOK, "awexists");
    is(zoo_aremove_watches(zh, path, ZWATCHTYPE_DATA, client_watcher, c, 0, as_declared(on_void), ANSWER(a)), &a, ZOK,
       "aremove_watches");
    is(zoo_aremove_all_watches(zh, root, ZWATCHTYPE_CHILD, 0, as_declared(on_void), ANSWER(a)), &a, ZOK, "aremove_all_watches");
    is(zoo_adelete(zh, path, -1, on_void, ANSWER(a)), &a, ZOK, "adelete");
    client_expect_none(c);
}

static void configuration(struct client *c)
{
    struct answer a;

    is(zoo_agetconfig(c->zh, 0, on_data, ANSWER(a)), &a, ZOK, "agetconfig");
    CHECK(a.has_stat && a.stat.aversion == -1 && a.stat.dataLength == a.size && strstr(a.text, "server.3=") != NULL, "'%s'",
          a.text);
    is(zoo_awgetconfig(c->zh, client_watcher, c, on_data, ANSWER(a)), &a, ZOK, "awgetconfig");
    is(zoo_areconfig(c->zh, NULL, "3", NULL, -1, on_data, ANSWER(a)), &a, ZRECONFIGDISABLED, "areconfig");
}

static void everything(struct client *c, const char *root)
{
    creates(c->zh, root);
    reads(c->zh, root);
    lists_of_acls(c->zh, root);
    multis(c->zh, root);
    watches(c, root);
    configuration(c);
}

/* Calls that are under way when the leader goes: each is answered once, those of a follower's client as if nothing had been. */
static void under_way(struct client *leaders, struct client *followers, const char *leader)
{
    static struct answer mine[UNDER_WAY], other[UNDER_WAY];
    int lost = 0, version = -1;

    memset(mine, 0, sizeof(mine));
    memset(other, 0, sizeof(other));
    for (int i = 0; i < UNDER_WAY; i++) {
        if (i == UNDER_WAY / 2)
            ask("kill", leader);
        CHECK(zoo_aset(followers->zh, "/under-way", "f", 1, -1, on_stat, &mine[i]) == ZOK, "call %d", i);
        int rc = zoo_aset(leaders->zh, "/under-way", "l", 1, -1, on_stat, &other[i]);
        if (rc != ZOK)
            on_stat(rc, NULL, &other[i]);
    }
    for (int i = 0; i < UNDER_WAY; i++) {
        wait_for(&mine[i]);
        wait_for(&other[i]);
        CHECK(mine[i].rc == ZOK && mine[i].stat.version > version, "%s, version %d after %d", zerror(mine[i].rc),
              mine[i].stat.version, version);
        version = mine[i].stat.version;
        lost += other[i].rc == ZCONNECTIONLOSS || other[i].rc == ZINVALIDSTATE;
        CHECK(other[i].rc == ZOK || other[i].rc == ZCONNECTIONLOSS || other[i].rc == ZINVALIDSTATE, "%s", zerror(other[i].rc));
    }
    client_wait_connections(leaders, 2);
    client_sync(followers, "/");
    for (int i = 0; i < UNDER_WAY; i++)
        CHECK(mine[i].calls == 1 && other[i].calls == 1, "%d and %d answers", mine[i].calls, other[i].calls);
    CHECK(version >= UNDER_WAY && version <= 2 * UNDER_WAY && lost < UNDER_WAY, "version %d, %d lost", version, lost);
}

void case_async_calls(char *const *hosts)
{
    struct client a, b;
    char made[64];

    zoo_deterministic_conn_order(1);
    client_open(&a, host_list(hosts, 0), SESSION_MS, NULL); /* of the leader */
    client_open(&b, host_list(hosts, 1), SESSION_MS, NULL);
    everything(&a, "/async-a1");
    everything(&b, "/async-b1");
    client_create(&a, "/under-way", "", 0, made, sizeof(made));
    client_sync(&b, "/");
    under_way(&a, &b, hosts[0]);
    everything(&b, "/async-b2");
    everything(&a, "/async-a2");
    ask("start", hosts[0]);
    everything(&a, "/async-a3");
    CHECK(b.connections == 1, "a client of a follower connected %d times", b.connections);
    client_close(&a);
    client_close(&b);
}
