/* zk_c_loop.c - ZooKeeper's C client without threads (libzookeeper_st): a program with a loop of its own, through a change of
 * leader.
 *
 *     zk_c_loop HOST:PORT HOST:PORT HOST:PORT      the leader first
 *
 * Exit code 0 when all held. It asks for servers to be killed and started as zk_c_client does.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

#define PATIENCE_SECONDS 20
#define WRITES 50

static int time_scale = 1;
static int connections, session_state, answered, failed, last_version, changes, removals;

static void die(const char *what)
{
    fprintf(stderr, "zk_c_loop: %s: %d connections, state %d, %d answers, %d errors, version %d, %d changes, %d removals\n",
            what, connections, session_state, answered, failed, last_version, changes, removals);
    exit(1);
}

static void on_event(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    (void)zh;
    (void)path;
    (void)context;
    if (type == ZOO_SESSION_EVENT)
        session_state = state;
    connections += type == ZOO_SESSION_EVENT && state == ZOO_CONNECTED_STATE;
    changes += type == ZOO_CHANGED_EVENT;
    removals += type == ZOO_DELETED_EVENT;
}

static void on_string(int rc, const char *value, const void *data)
{
    (void)value;
    (void)data;
    answered++;
    failed += rc != ZOK;
}

static void on_stat(int rc, const struct Stat *stat, const void *data)
{
    (void)data;
    answered++;
    failed += rc != ZOK;
    if (rc == ZOK)
        last_version = stat->version;
}

static void on_data(int rc, const char *value, int size, const struct Stat *stat, const void *data)
{
    (void)value;
    (void)size;
    on_stat(rc, stat, data);
}

static void on_void(int rc, const void *data)
{
    on_string(rc, NULL, data);
}

/* One turn of the loop: what the library wants to wait for, at most so long; then what it does about it. */
static void turn(zhandle_t *zh)
{
    struct timeval wait;
    struct pollfd p = {.fd = -1};
    int interest = 0, events = 0, ms;

    if (zookeeper_interest(zh, &p.fd, &interest, &wait) != ZOK)
        p.fd = -1; /* it goes on with the next server */
    ms = (int)(wait.tv_sec * 1000 + wait.tv_usec / 1000);
    p.events = (short)((interest & ZOOKEEPER_READ ? POLLIN : 0) | (interest & ZOOKEEPER_WRITE ? POLLOUT : 0));
    if (poll(&p, p.fd >= 0 ? 1 : 0, p.fd >= 0 && ms < 20 ? ms : 20) > 0)
        events = (p.revents & (POLLIN | POLLHUP | POLLERR) ? ZOOKEEPER_READ : 0) | (p.revents & POLLOUT ? ZOOKEEPER_WRITE : 0);
    zookeeper_process(zh, events);
}

/* Turns until *value is at least this. */
static void until(zhandle_t *zh, const int *value, int least, const char *what)
{
    time_t end = time(NULL) + PATIENCE_SECONDS * time_scale;

    while (*value < least) {
        turn(zh);
        if (time(NULL) > end)
            die(what);
    }
}

static void ask(const char *what, const char *address)
{
    char line[64];

    printf("%s %s\n", what, address);
    fflush(stdout);
    if (fgets(line, sizeof(line), stdin) == NULL)
        die("nobody answers");
}

/* Writes one after the other, each watched. */
static void change(zhandle_t *zh, int count)
{
    for (int i = 0; i < count; i++) {
        int before = answered, seen = changes, version = last_version;

        if (zoo_awget(zh, "/loop", on_event, NULL, on_data, NULL) != ZOK ||
            zoo_aset(zh, "/loop", "x", 1, -1, on_stat, NULL) != ZOK)
            die("a call is not sent");
        until(zh, &answered, before + 2, "answers");
        until(zh, &changes, seen + 1, "the event");
        if (failed > 0 || last_version <= version)
            die("a write");
    }
}

int main(int argc, char **argv)
{
    const char *scale = getenv("COORD_TIME_SCALE");
    char hosts[256];
    zhandle_t *zh;
    int64_t session;

    if (argc != 4) {
        fprintf(stderr, "usage: zk_c_loop HOST:PORT HOST:PORT HOST:PORT\n");
        return 2;
    }
    if (scale != NULL && atoi(scale) > 0)
        time_scale = atoi(scale);
    snprintf(hosts, sizeof(hosts), "%s,%s,%s", argv[1], argv[2], argv[3]);
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zoo_deterministic_conn_order(1);
    zh = zookeeper_init(hosts, on_event, 10000 * time_scale, NULL, NULL, 0);
    if (zh == NULL)
        die("zookeeper_init");
    until(zh, &connections, 1, "a connection");
    session = zoo_client_id(zh)->client_id;
    if (zoo_acreate(zh, "/loop", "", 0, &ZOO_OPEN_ACL_UNSAFE, ZOO_EPHEMERAL, on_string, NULL) != ZOK)
        die("create");
    until(zh, &answered, 1, "create");
    last_version = -1;
    change(zh, WRITES);
    if (zoo_awget(zh, "/loop", on_event, NULL, on_data, NULL) != ZOK)
        die("get");
    until(zh, &answered, 2 + 2 * WRITES, "get");
    ask("kill", argv[1]);
    until(zh, &connections, 2, "a connection with another server");
    if (zoo_aset(zh, "/loop", "y", 1, -1, on_stat, NULL) != ZOK) /* the watch was set again */
        die("set");
    until(zh, &changes, WRITES + 1, "the event of a watch from before");
    until(zh, &answered, 3 + 2 * WRITES, "set");
    change(zh, WRITES);
    ask("start", argv[1]);
    change(zh, WRITES);
    if (zoo_awexists(zh, "/loop", on_event, NULL, on_stat, NULL) != ZOK || zoo_adelete(zh, "/loop", -1, on_void, NULL) != ZOK)
        die("delete");
    until(zh, &removals, 1, "the event of the removal");
    until(zh, &answered, 5 + 6 * WRITES, "delete");
    if (zoo_client_id(zh)->client_id != session || failed > 0)
        die("the session");
    if (zookeeper_close(zh) != ZOK)
        die("close");
    return 0;
}
