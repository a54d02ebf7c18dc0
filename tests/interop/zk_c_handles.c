/* zk_c_handles.c - what ZooKeeper's C client has besides operations: handles, lists of servers, sessions; see zk_c_client.h. */
#include "interop/zk_c_client.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int messages, others;

static void on_message(const char *message)
{
    pthread_mutex_lock(&lock);
    messages += message != NULL;
    pthread_mutex_unlock(&lock);
}

static void on_other(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    pthread_mutex_lock(&lock);
    others += type != ZOO_SESSION_EVENT;
    pthread_mutex_unlock(&lock);
    client_session(zh, type, state, path, context);
}

static int read_count(const int *count)
{
    int value;

    pthread_mutex_lock(&lock);
    value = *count;
    pthread_mutex_unlock(&lock);
    return value;
}

/* The port of the server that the handle is connected to. */
static int connected_port(zhandle_t *zh)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);

    CHECK(zookeeper_get_connected_host(zh, (struct sockaddr *)&address, &size) != NULL, "it is connected to nothing");
    return ntohs(((struct sockaddr_in *)&address)->sin_port);
}

static int port_of(const char *host)
{
    return atoi(strrchr(host, ':') + 1);
}

static void settings(char *const *hosts)
{
    struct client c, other;
    struct Stat stat;
    char made[64];
    int mark = 7;

    memset(&c, 0, sizeof(c));
    pthread_mutex_init(&c.lock, NULL);
    pthread_cond_init(&c.changed, NULL);
    zoo_set_debug_level(ZOO_LOG_LEVEL_DEBUG);
    zoo_set_log_stream(stderr);
    c.zh = zookeeper_init2(host_list(hosts, 0), client_session, SESSION_MS * time_scale, NULL, &c, 0, on_message);
    CHECK(c.zh != NULL, "zookeeper_init2");
    client_wait_connections(&c, 1);
    CHECK(zoo_get_log_callback(c.zh) == on_message && read_count(&messages) > 0, "%d messages", read_count(&messages));
    zoo_set_debug_level(ZOO_LOG_LEVEL_ERROR);
    zoo_set_log_callback(c.zh, NULL);
    CHECK(zoo_get_log_callback(c.zh) == NULL, "the log callback is still there");
    CHECK(zoo_state(c.zh) == ZOO_CONNECTED_STATE && is_unrecoverable(c.zh) == ZOK, "state %d", zoo_state(c.zh));
    CHECK(zoo_recv_timeout(c.zh) == SESSION_MS * time_scale, "a time-out of %d ms", zoo_recv_timeout(c.zh));
    CHECK(connected_port(c.zh) == port_of(hosts[0]) && strcmp(zoo_get_current_server(c.zh), hosts[0]) == 0, "connected to %s",
          zoo_get_current_server(c.zh));
    CHECK(zoo_get_context(c.zh) == &c, "another context");
    zoo_set_context(c.zh, &mark);
    CHECK(zoo_get_context(c.zh) == &mark, "another context");
    zoo_set_context(c.zh, &c);
    CHECK(zoo_set_watcher(c.zh, on_other) == client_session, "another watcher");
    CHECK(zoo_exists(c.zh, "/settings", 1, &stat) == ZNONODE, "exists");
    client_create(&c, "/settings", "", 0, made, sizeof(made));
    client_expect(&c, ZOO_CREATED_EVENT, "/settings");
    CHECK(read_count(&others) == 1, "the new watcher heard of %d events", read_count(&others));
    client_open(&other, hosts[1], SESSION_MS, NULL);
    CHECK(other.zh != c.zh && zoo_client_id(other.zh)->client_id != zoo_client_id(c.zh)->client_id, "the same session");
    client_close(&other);
    client_close(&c);
}

static void servers(char *const *hosts)
{
    struct client c;
    char list[128];
    char made[64];
    int64_t session;

    client_open(&c, hosts[0], SESSION_MS, NULL);
    session = zoo_client_id(c.zh)->client_id;
    client_create(&c, "/servers", "", ZOO_EPHEMERAL, made, sizeof(made));
    CHECK(zoo_set_servers_resolution_delay(c.zh, 1000) == ZOK && zoo_set_servers_resolution_delay(c.zh, -2) == ZBADARGUMENTS,
          "a delay");
    snprintf(list, sizeof(list), "%s,%s", hosts[1], hosts[2]);
    CHECK(zoo_set_servers(c.zh, list) == ZOK, "zoo_set_servers(%s)", list);
    client_wait_connections(&c, 2);
    CHECK(connected_port(c.zh) == port_of(hosts[1]) || connected_port(c.zh) == port_of(hosts[2]), "connected to port %d",
          connected_port(c.zh));
    CHECK(zoo_client_id(c.zh)->client_id == session, "another session");
    client_get(&c, "/servers", "", 0);
    zoo_cycle_next_server(c.zh); /* where it would go next: the other one of the two, or the first again */
    CHECK(strcmp(zoo_get_current_server(c.zh), hosts[1]) == 0 || strcmp(zoo_get_current_server(c.zh), hosts[2]) == 0, "%s",
          zoo_get_current_server(c.zh));
    client_close(&c);
}

/* A session that goes on with another handle, and what its first handle hears of it. */
static void sessions(char *const *hosts)
{
    struct client first, second, watcher;
    clientid_t id;
    struct Stat stat;
    char made[64];

    client_open(&watcher, hosts[1], SESSION_MS, NULL);
    client_open(&first, hosts[0], SESSION_MS, NULL);
    id = *zoo_client_id(first.zh);
    client_create(&first, "/session", "", ZOO_EPHEMERAL, made, sizeof(made));
    ask("kill", hosts[0]); /* the leader, and the only server that it knows */
    client_open(&second, host_list(hosts, 1), SESSION_MS, &id);
    CHECK(zoo_client_id(second.zh)->client_id == id.client_id && memcmp(zoo_client_id(second.zh)->passwd, id.passwd, 16) == 0,
          "another session");
    client_get(&second, "/session", "", 0);
    client_sync(&watcher, "/");
    CHECK(zoo_wexists(watcher.zh, "/session", client_watcher, &watcher, &stat) == ZOK && stat.ephemeralOwner == id.client_id,
          "its owner");
    client_close(&second);
    client_expect(&watcher, ZOO_DELETED_EVENT, "/session");
    ask("start", hosts[0]);
    client_wait_expired(&first);
    CHECK(is_unrecoverable(first.zh) == ZINVALIDSTATE && zoo_state(first.zh) == ZOO_EXPIRED_SESSION_STATE, "state %d",
          zoo_state(first.zh));
    CHECK(zoo_exists(first.zh, "/", 0, &stat) == ZINVALIDSTATE, "a call of an expired session");
    zookeeper_close(first.zh);
    id.passwd[0] = (char)~id.passwd[0];
    memset(&first, 0, sizeof(first));
    pthread_mutex_init(&first.lock, NULL);
    pthread_cond_init(&first.changed, NULL);
    first.zh = zookeeper_init(hosts[0], client_session, SESSION_MS, &id, &first, 0);
    client_wait_expired(&first); /* a session with a wrong password is no session */
    zookeeper_close(first.zh);
    client_close(&watcher);
}

static void refused(char *const *hosts)
{
    struct client c;
    struct Stat stat;

    client_open(&c, hosts[0], SESSION_MS, NULL);
    CHECK(zoo_add_auth(c.zh, "unknown", "x", 1, NULL, NULL) == ZOK, "add_auth");
    for (int i = 0; i < 2000 && zoo_state(c.zh) != ZOO_AUTH_FAILED_STATE; i++)
        client_pause();
    CHECK(zoo_state(c.zh) == ZOO_AUTH_FAILED_STATE && is_unrecoverable(c.zh) == ZINVALIDSTATE, "state %d", zoo_state(c.zh));
    CHECK(zoo_exists(c.zh, "/", 0, &stat) == ZAUTHFAILED || zoo_exists(c.zh, "/", 0, &stat) == ZINVALIDSTATE,
          "a call of a refused handle");
    zookeeper_close(c.zh);
}

void case_handles(char *const *hosts)
{
    zoo_deterministic_conn_order(1);
    settings(hosts);
    servers(hosts);
    sessions(hosts);
    refused(hosts);
    CHECK(strcmp(zerror(ZNONODE), "no node") == 0 && zerror(-999) != NULL, "zerror: %s", zerror(ZNONODE));
}
