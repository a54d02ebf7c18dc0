/* zk_c_client.h - what the cases of zk_c_client.c stand on: handles, events and checks around ZooKeeper's C client.
 *
 * The library (libzookeeper_mt) calls watchers on a thread of its own; they put events into a queue under a lock, and the main
 * thread waits for them. A check that fails prints where and what, and ends the program with 1.
 */
#ifndef ZK_C_CLIENT_H
#define ZK_C_CLIENT_H

#include <pthread.h>
#include <stdbool.h>
#include <time.h>
#include <zookeeper/zookeeper.h>

#define SESSION_MS 10000

struct event {
    int type, state;
    char path[256];
};

struct client {
    zhandle_t *zh;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct event events[512]; /* of watches, in order; taken from the front */
    int first, count;
    int state;       /* the last state of the session */
    int connections; /* how often it became connected */
    bool expired;
};

#define CHECK(condition, ...)                                                                                                  \
    do {                                                                                                                       \
        if (!(condition))                                                                                                      \
            fail(__FILE__, __LINE__, #condition, __VA_ARGS__);                                                                 \
    } while (0)

void fail(const char *file, int line, const char *condition, const char *format, ...)
    __attribute__((format(printf, 4, 5), noreturn));

/* A handle that is connected; hosts is the library's list. id may be NULL: a new session. */
void client_open(struct client *c, const char *hosts, int timeout_ms, const clientid_t *id);
void client_close(struct client *c);
void client_wait_connections(struct client *c, int count); /* until it was connected so often */
void client_wait_expired(struct client *c);

struct timespec client_deadline(void); /* for what may take long */
void client_pause(void);               /* between two looks at what changes by itself */

/* All three hosts in the order in which the client is to try them: number `first` to begin with. Valid until the next call. */
const char *host_list(char *const *hosts, int first);
/* Whoever runs this kills the server, or starts it again, and says when that is done. */
void ask(const char *what, const char *address);

/* The watcher of a handle, with the client as context: for the session, and for watches without a watcher of their own. */
void client_session(zhandle_t *zh, int type, int state, const char *path, void *context);
/* For zoo_wexists and the like, with the client as context. */
void client_watcher(zhandle_t *zh, int type, int state, const char *path, void *context);

/* The next event must be this one. */
void client_expect(struct client *c, int type, const char *path);
/* After a sync: no event is left. */
void client_expect_none(struct client *c);

void client_sync(struct client *c, const char *path);
void client_create(struct client *c, const char *path, const char *value, int flags, char *made, int made_size);
void client_get(struct client *c, const char *path, const char *expected, int version);

/* Cases in files of their own; hosts[0] is the leader's. */
void case_sync_calls(char *const *hosts);
void case_async_calls(char *const *hosts);
void case_handles(char *const *hosts);

extern int time_scale; /* COORD_TIME_SCALE */

#endif
