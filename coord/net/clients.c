/* clients.c - all client connections: accepting under limits, one pass of output after each step, giving memory back. */
#include "net/clients.h"

#include "base/alloc.h"
#include "base/assert.h"
#include "base/log.h"
#include "net/conn.h"

#include <unistd.h>

enum { REFUSED_LOG_MS = 1000 };

/* How many connections an address has. */
struct address_count {
    uint64_t count;
};

/* Counts one more of this address; false when that is too many. */
static bool admit(struct clients *c, uint64_t key)
{
    struct address_count *a = map_get(&c->by_address, key);

    if (a == NULL) {
        a = coord_alloc_zero(1, sizeof(*a));
        map_put(&c->by_address, key, a);
    }
    if (c->options.address_connections_max != 0 && a->count >= c->options.address_connections_max)
        return false;
    a->count++;
    return true;
}

void clients_forget(struct conn *conn)
{
    struct clients *c = conn->clients;
    struct address_count *a = map_get(&c->by_address, conn->address_key);

    if (--a->count == 0) {
        map_remove(&c->by_address, conn->address_key);
        coord_free(a);
    }
    map_remove(&c->by_id, conn->id);
    c->stats.open--;
    listener_resume(c->listener);
}

static void refuse(struct clients *c, int fd, const struct net_address *from, const char *limit)
{
    char text[NET_ADDRESS_TEXT];

    close(fd);
    c->stats.rejected++;
    if (c->refused_log_ms != 0 && c->now_ms - c->refused_log_ms < REFUSED_LOG_MS)
        return;
    c->refused_log_ms = c->now_ms;
    net_address_print(from, text);
    LOG_WARN("net", "client_refused", "address=%s limit=%s refused=%llu", text, limit, (unsigned long long)c->stats.rejected);
}

static bool on_accept(void *context, int fd, const struct net_address *from)
{
    struct clients *c = context;
    uint64_t key = net_address_key(from, c->options.seed);
    struct conn *conn;

    if (c->stats.open >= c->options.connections_max) {
        refuse(c, fd, from, "maxCnxns");
        return false;
    }
    if (!admit(c, key)) {
        refuse(c, fd, from, "maxClientCnxns");
        return true;
    }
    net_set_stream(fd);
    if (c->options.keepalive)
        net_set_keepalive(fd);
    conn = conn_new(c, fd, key, from);
    map_put(&c->by_id, conn->id, conn);
    c->stats.open++;
    return true;
}

struct clients *clients_new(struct event_base *base, struct inbox *inbox, struct replica *replica,
                            const struct clients_options *options)
{
    struct clients *c = coord_alloc_zero(1, sizeof(*c));

    COORD_ASSERT(options->connections_max >= 1);
    c->base = base;
    c->inbox = inbox;
    c->replica = replica;
    c->options = *options;
    c->pieces_left = CLIENTS_PIECES;
    list_init(&c->touched);
    list_init(&c->gone);
    list_init(&c->warm);
    return c;
}

void clients_listen(struct clients *c, int fd)
{
    COORD_ASSERT(c->listener == NULL);
    c->listener = listener_new(c->base, fd, on_accept, c);
}

static void free_gone(struct clients *c)
{
    struct list *node;

    while ((node = list_pop_front(&c->gone)) != NULL)
        conn_free(LIST_ENTRY(node, struct conn, link));
}

void clients_free(struct clients *c)
{
    struct conn *conn;
    size_t at = 0;

    if (c == NULL)
        return;
    listener_free(c->listener);
    c->listener = NULL;
    while ((conn = map_next(&c->by_id, &at)) != NULL) {
        conn_end(conn);
        at = 0; /* the map changed */
    }
    free_gone(c);
    map_deinit(&c->by_id);
    map_deinit(&c->by_address);
    coord_free(c);
}

/* Give buffers back that were not used for a while, and close what nobody takes the last bytes from. */
static void sweep(struct clients *c)
{
    struct list *next;

    for (struct list *node = c->warm.next; node != &c->warm; node = next) {
        struct conn *conn = LIST_ENTRY(node, struct conn, warm);
        bool leaving = conn->state == CONN_ANSWERING || (conn->io != NULL && conn->io->close);
        next = node->next;
        if (conn->state == CONN_GONE || c->now_ms - conn->active_ms < CONN_WARM_MS)
            continue;
        if (leaving && c->now_ms - conn->active_ms >= CONN_STUCK_MS) {
            conn_end(conn);
        } else if (!leaving && buf_size(&conn->in) == 0 && (conn->io == NULL || buf_size(&conn->io->output) == 0)) {
            buf_shrink(&conn->in, 0);
            if (conn->io != NULL)
                buf_shrink(&conn->io->output, 0);
            list_remove(node);
        }
    }
}

void clients_after_step(struct clients *c, uint64_t now_ms)
{
    struct list *node;
    uint64_t id;

    c->now_ms = now_ms;
    c->pieces_left = CLIENTS_PIECES;
    while ((node = list_pop_front(&c->touched)) != NULL) {
        struct conn *conn = LIST_ENTRY(node, struct conn, link);
        buf_consume(&conn->in, conn->in_used);
        conn->in_used = 0;
    }
    while ((id = replica_next_dirty(c->replica)) != 0) {
        struct conn *conn = map_get(&c->by_id, id);
        if (conn != NULL)
            conn_flush(conn);
    }
    if (now_ms - c->swept_ms >= CONN_WARM_MS) {
        c->swept_ms = now_ms;
        sweep(c);
    }
    free_gone(c);
}

void clients_stats(const struct clients *c, struct clients_stats *stats)
{
    *stats = c->stats;
}

bool clients_find(const struct clients *c, uint64_t id, char address[NET_ADDRESS_TEXT], bool *asks)
{
    struct net_address from = {.size = sizeof(from.storage)};
    const struct conn *conn = map_get(&c->by_id, id);

    if (conn == NULL || getpeername(conn->fd, (void *)&from.storage, &from.size) < 0)
        return false;
    net_address_print(&from, address);
    *asks = conn->state == CONN_ANSWERING;
    return true;
}
