/* zk_c_client.c - handles, events and checks; see zk_c_client.h. */
#include "interop/zk_c_client.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define PATIENCE_SECONDS 20
#define EVENTS_MAX ((int)(sizeof(((struct client *)0)->events) / sizeof(struct event)))

int time_scale = 1;

void fail(const char *file, int line, const char *condition, const char *format, ...)
{
    va_list arguments;

    fprintf(stderr, "%s:%d: not %s: ", file, line, condition);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\n");
    exit(1);
}

void client_session(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct client *c = context;

    if (type != ZOO_SESSION_EVENT) {
        client_watcher(zh, type, state, path, context);
        return;
    }
    pthread_mutex_lock(&c->lock);
    c->state = state;
    if (state == ZOO_CONNECTED_STATE)
        c->connections++;
    if (state == ZOO_EXPIRED_SESSION_STATE)
        c->expired = true;
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

void client_watcher(zhandle_t *zh, int type, int state, const char *path, void *context)
{
    struct client *c = context;

    (void)zh;
    if (type == ZOO_SESSION_EVENT)
        return; /* watches hear of the session too */
    pthread_mutex_lock(&c->lock);
    if (c->count < EVENTS_MAX) {
        struct event *e = &c->events[c->count++];
        e->type = type;
        e->state = state;
        snprintf(e->path, sizeof(e->path), "%s", path);
    }
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}

struct timespec client_deadline(void)
{
    struct timespec at;

    clock_gettime(CLOCK_REALTIME, &at);
    at.tv_sec += PATIENCE_SECONDS * time_scale;
    return at;
}

void client_pause(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

const char *host_list(char *const *hosts, int first)
{
    static char list[512];

    snprintf(list, sizeof(list), "%s,%s,%s", hosts[first], hosts[(first + 1) % 3], hosts[(first + 2) % 3]);
    return list;
}

void ask(const char *what, const char *address)
{
    char line[64];

    printf("%s %s\n", what, address);
    fflush(stdout);
    CHECK(fgets(line, sizeof(line), stdin) != NULL, "nobody answers '%s'", what);
}

void client_wait_connections(struct client *c, int count)
{
    struct timespec until = client_deadline();
    int rc = 0;

    pthread_mutex_lock(&c->lock);
    while (rc == 0 && (c->connections < count || c->state != ZOO_CONNECTED_STATE))
        rc = pthread_cond_timedwait(&c->changed, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
    CHECK(rc == 0, "not connected %d times but %d, state %d", count, c->connections, c->state);
}

void client_wait_expired(struct client *c)
{
    struct timespec until = client_deadline();
    int rc = 0;

    pthread_mutex_lock(&c->lock);
    while (rc == 0 && !c->expired)
        rc = pthread_cond_timedwait(&c->changed, &c->lock, &until);
    pthread_mutex_unlock(&c->lock);
    CHECK(rc == 0, "the session was not told that it expired, state %d", c->state);
}

void client_open(struct client *c, const char *hosts, int timeout_ms, const clientid_t *id)
{
    memset(c, 0, sizeof(*c));
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
    c->zh = zookeeper_init(hosts, client_session, timeout_ms * time_scale, id, c, 0);
    CHECK(c->zh != NULL, "zookeeper_init(%s)", hosts);
    client_wait_connections(c, 1);
}

void client_close(struct client *c)
{
    int rc = zookeeper_close(c->zh);

    CHECK(rc == ZOK, "zookeeper_close: %s", zerror(rc));
    pthread_cond_destroy(&c->changed);
    pthread_mutex_destroy(&c->lock);
}

void client_expect(struct client *c, int type, const char *path)
{
    struct timespec until = client_deadline();
    struct event e = {0};
    int rc = 0;

    pthread_mutex_lock(&c->lock);
    while (rc == 0 && c->first == c->count)
        rc = pthread_cond_timedwait(&c->changed, &c->lock, &until);
    if (rc == 0)
        e = c->events[c->first++];
    pthread_mutex_unlock(&c->lock);
    CHECK(rc == 0, "no event %d of %s", type, path);
    CHECK(e.type == type && strcmp(e.path, path) == 0, "event %d of %s instead of %d of %s", e.type, e.path, type, path);
}

void client_expect_none(struct client *c)
{
    struct Stat stat;
    int left, rc;

    client_sync(c, "/");
    rc = zoo_exists(c->zh, "/", 0, &stat); /* watchers of earlier events were called before its answer is given out */
    CHECK(rc == ZOK, "exists: %s", zerror(rc));
    pthread_mutex_lock(&c->lock);
    left = c->count - c->first;
    pthread_mutex_unlock(&c->lock);
    CHECK(left == 0, "%d events too many, the first %d of %s", left, c->events[c->first].type, c->events[c->first].path);
}

struct wait_sync {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    int rc;
    bool done;
};

static void on_sync(int rc, const char *value, const void *data)
{
    struct wait_sync *w = (struct wait_sync *)(uintptr_t)data;

    (void)value;
    pthread_mutex_lock(&w->lock);
    w->rc = rc;
    w->done = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void client_sync(struct client *c, const char *path)
{
    struct wait_sync w = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    int rc = zoo_async(c->zh, path, on_sync, &w);

    CHECK(rc == ZOK, "zoo_async: %s", zerror(rc));
    pthread_mutex_lock(&w.lock);
    while (!w.done)
        pthread_cond_wait(&w.changed, &w.lock);
    pthread_mutex_unlock(&w.lock);
    CHECK(w.rc == ZOK, "sync: %s", zerror(w.rc));
}

void client_create(struct client *c, const char *path, const char *value, int flags, char *made, int made_size)
{
    int rc = zoo_create(c->zh, path, value, (int)strlen(value), &ZOO_OPEN_ACL_UNSAFE, flags, made, made_size);

    CHECK(rc == ZOK, "create %s: %s", path, zerror(rc));
}

void client_get(struct client *c, const char *path, const char *expected, int version)
{
    char value[256];
    int size = sizeof(value);
    struct Stat stat;
    int rc = zoo_get(c->zh, path, 0, value, &size, &stat);

    CHECK(rc == ZOK, "get %s: %s", path, zerror(rc));
    CHECK(size == (int)strlen(expected) && memcmp(value, expected, (size_t)size) == 0, "%s is '%.*s', not '%s'", path, size,
          value, expected);
    CHECK(stat.version == version && stat.dataLength == size, "%s has version %d, not %d", path, stat.version, version);
}
