/* test_client_handle.c - a handle on the program's own event base, against a small server on the same base. */
#include "coord/client.h"
#include "lib/runner.h"

#include "base/bytes.h"
#include "base/rng.h"

#include <event2/event.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Greets with a session, answers each request with "no such node", and can be told to close instead. */
struct server {
    struct event_base *base;
    struct event *listener, *connection;
    int fd, accepted;
    uint16_t port;
    unsigned greeted, requests;
    bool hang_up;         /* at the next request */
    struct rng *hang_ups; /* or at one in eight, when there is one */
    size_t size;
    uint8_t bytes[4096];
};

static void hang_up(struct server *s)
{
    if (s->connection == NULL)
        return;
    event_free(s->connection);
    s->connection = NULL;
    close(s->accepted);
    s->size = 0;
}

static void answer(struct server *s, const uint8_t *frame)
{
    static const uint8_t greeting[4 + 37] = {0, 0, 0, 37, 0, 0, 0, 0, 0, 0, 0x0b, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0x77, 0, 0, 0, 16};
    uint8_t header[20] = {0, 0, 0, 16};

    if (get_be32(frame) == 0) { /* protocol version 0; xids begin at 1 */
        s->greeted++;
        CHECK(send(s->accepted, greeting, sizeof(greeting), MSG_NOSIGNAL) == sizeof(greeting));
        return;
    }
    s->requests++;
    if (s->hang_up || (s->hang_ups != NULL && rng_below(s->hang_ups, 8) == 0)) {
        s->hang_up = false;
        hang_up(s);
        return;
    }
    memcpy(header + 4, frame, 4);
    put_be64(header + 8, 9);
    put_be32(header + 16, (uint32_t)((int32_t)get_be32(frame + 4) == -11 ? 0 : -COORD_E_NO_NODE));
    CHECK(send(s->accepted, header, sizeof(header), MSG_NOSIGNAL) == sizeof(header));
}

static void on_bytes(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;
    ssize_t got = recv(fd, s->bytes + s->size, sizeof(s->bytes) - s->size, 0);

    (void)what;
    if (got <= 0) {
        hang_up(s);
        return;
    }
    s->size += (size_t)got;
    while (s->connection != NULL && s->size >= 4 && s->size >= 4 + get_be32(s->bytes)) {
        size_t whole = 4 + get_be32(s->bytes);
        answer(s, s->bytes + 4);
        if (s->connection != NULL)
            memmove(s->bytes, s->bytes + whole, s->size -= whole);
    }
}

static void on_connect(evutil_socket_t fd, short what, void *arg)
{
    struct server *s = arg;

    (void)what;
    hang_up(s);
    s->accepted = accept(fd, NULL, NULL);
    s->connection = event_new(s->base, s->accepted, EV_READ | EV_PERSIST, on_bytes, s);
    event_add(s->connection, NULL);
}

static void server_start(struct server *s)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};

    *s = (struct server){.base = event_base_new(), .fd = socket(AF_INET, SOCK_STREAM, 0), .port = test_free_port()};
    address.sin_port = htons(s->port);
    REQUIRE(bind(s->fd, (struct sockaddr *)&address, sizeof(address)) == 0 && listen(s->fd, 10) == 0);
    s->listener = event_new(s->base, s->fd, EV_READ | EV_PERSIST, on_connect, s);
    event_add(s->listener, NULL);
}

static void server_stop(struct server *s)
{
    hang_up(s);
    event_free(s->listener);
    close(s->fd);
    event_base_free(s->base);
}

/* What the callbacks saw. */
struct seen {
    unsigned replies, watches, states;
    int error, watch_error;
    enum coord_state state;
    bool free_in_reply, ask_again, block_in_reply;
};

static void on_state(struct coord_client *client, enum coord_state state, void *arg)
{
    struct seen *seen = arg;

    (void)client;
    seen->states++;
    seen->state = state;
}

static void on_watch(struct coord_client *client, const struct coord_event *event, void *arg)
{
    struct seen *seen = arg;

    (void)client;
    seen->watches++;
    seen->watch_error = event->error;
}

static void on_reply(struct coord_client *client, const struct coord_reply *reply, void *arg)
{
    struct seen *seen = arg;

    seen->replies++;
    seen->error = reply->error;
    if (seen->block_in_reply)
        CHECK_EQ_INT(coord_sync(client, "/"), -COORD_E_INVALID_STATE);
    if (seen->ask_again) {
        seen->ask_again = false;
        CHECK_EQ_INT(coord_get_async(client, "/again", NULL, on_reply, seen), 0);
    }
    if (seen->free_in_reply) {
        seen->free_in_reply = false;
        coord_client_free(client);
        coord_client_free(client); /* twice is once */
        CHECK_EQ_INT(coord_get_async(client, "/late", NULL, on_reply, seen), -COORD_E_CLOSING);
    }
}

static struct coord_client *client_start(struct server *s, struct seen *seen)
{
    struct coord_client *client = NULL;
    char servers[64];

    *seen = (struct seen){0};
    snprintf(servers, sizeof(servers), "127.0.0.1:%u", s->port);
    CHECK_EQ_INT(
        coord_client_new(&client,
                         &(struct coord_options){
                             .servers = servers, .timeout_ms = 3000, .base = s->base, .state_cb = on_state, .state_arg = seen}),
        0);
    CHECK_EQ_INT(seen->states, 0); /* nothing runs inside the call */
    return client;
}

#define RUN_UNTIL(s, condition)                                                                                                \
    do {                                                                                                                       \
        uint64_t deadline = test_deadline_ms(5000);                                                                            \
        while (!(condition) && test_before(deadline))                                                                          \
            event_base_loop((s)->base, EVLOOP_NONBLOCK);                                                                       \
        CHECK(condition);                                                                                                      \
    } while (0)

TEST(handle, asks_and_is_answered_on_the_programs_base)
{
    struct server s;
    struct seen seen;
    struct coord_client *client;

    server_start(&s);
    client = client_start(&s, &seen);
    seen.ask_again = true;
    seen.block_in_reply = true;
    CHECK_EQ_INT(coord_get_async(client, "/a", &(struct coord_watch){on_watch, &seen}, on_reply, &seen), 0);
    CHECK_EQ_INT(coord_get_async(client, NULL, NULL, on_reply, &seen), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_get(client, "/a", NULL, NULL, NULL, NULL), -COORD_E_INVALID_STATE); /* the base is not its own */
    CHECK_EQ_INT(seen.replies, 0);
    RUN_UNTIL(&s, seen.replies == 2);
    CHECK_EQ_INT(seen.error, -COORD_E_NO_NODE);
    CHECK_EQ_INT(seen.watches, 1);
    CHECK_EQ_INT(seen.state, COORD_STATE_CONNECTED);
    CHECK_EQ_INT(coord_client_session_id(client), 0x77);
    CHECK_EQ_INT(coord_client_last_zxid(client), 9);
    CHECK_EQ_INT(coord_close_async(client, on_reply, &seen), 0);
    RUN_UNTIL(&s, seen.state == COORD_STATE_CLOSED);
    CHECK_EQ_INT(seen.error, 0);
    coord_client_free(client);
    CHECK_EQ_INT(seen.replies, 3);
    server_stop(&s);
}

TEST(handle, comes_back_after_a_broken_connection)
{
    struct server s;
    struct seen seen;
    struct coord_client *client;

    server_start(&s);
    client = client_start(&s, &seen);
    s.hang_up = true;
    coord_get_async(client, "/a", NULL, on_reply, &seen);
    RUN_UNTIL(&s, seen.replies == 1);
    CHECK_EQ_INT(seen.error, -COORD_E_CONNECTION_LOSS);
    CHECK_EQ_STR(coord_client_problem(client), "the server closed the connection");
    coord_get_async(client, "/a", NULL, on_reply, &seen);
    RUN_UNTIL(&s, seen.replies == 2);
    CHECK_EQ_INT(seen.error, -COORD_E_NO_NODE);
    CHECK_EQ_INT(s.greeted, 2);
    CHECK_EQ_INT(seen.states, 3);
    coord_client_free(client);
    CHECK_EQ_INT(seen.state, COORD_STATE_CLOSED);
    server_stop(&s);
}

TEST(handle, freeing_it_tells_all_that_is_owed)
{
    struct server s;
    struct seen seen;
    struct coord_client *client;

    server_start(&s);
    client = client_start(&s, &seen);
    for (int i = 0; i < 5; i++)
        coord_exists_async(client, "/a", &(struct coord_watch){on_watch, &seen}, on_reply, &seen);
    coord_client_free(client);
    CHECK_EQ_INT(seen.replies, 5);
    CHECK_EQ_INT(seen.watches, 5);
    CHECK_EQ_INT(seen.error, -COORD_E_CLOSING);

    client = client_start(&s, &seen);
    seen.free_in_reply = true;
    for (int i = 0; i < 5; i++)
        coord_exists_async(client, "/a", &(struct coord_watch){on_watch, &seen}, on_reply, &seen);
    RUN_UNTIL(&s, seen.replies > 0);
    CHECK_EQ_INT(seen.replies, 5);
    CHECK_EQ_INT(seen.watches, 5);
    CHECK_EQ_INT(seen.watch_error, -COORD_E_CLOSING);
    CHECK_EQ_INT(seen.state, COORD_STATE_CLOSED);
    event_base_loop(s.base, EVLOOP_NONBLOCK);
    server_stop(&s);
}

/* Over a connection that breaks all the time, each call is told exactly once, and the handle never gives up. */
TEST(handle, every_call_is_told_once_over_bad_connections)
{
    struct server s;
    struct seen seen;
    struct coord_client *client;
    struct rng rng;
    unsigned asked = 0;
    uint64_t until = test_deadline_ms(20000);

    rng_init(&rng, 7);
    server_start(&s);
    s.hang_ups = &rng;
    client = client_start(&s, &seen);
    while (asked < 200 && test_before(until)) {
        for (uint64_t i = rng_below(&rng, 10); i > 0 && asked - seen.replies < 10; i--, asked++)
            CHECK_EQ_INT(coord_exists_async(client, "/a", &(struct coord_watch){on_watch, &seen}, on_reply, &seen), 0);
        event_base_loop(s.base, EVLOOP_NONBLOCK);
    }
    RUN_UNTIL(&s, seen.replies == asked);
    CHECK(s.greeted > 3);
    coord_client_free(client);
    CHECK_EQ_INT(seen.replies, asked);
    CHECK_EQ_INT(seen.watches, asked);
    server_stop(&s);
}

TEST(handle, a_server_that_refuses_is_named)
{
    struct coord_client *client = NULL;
    struct coord_options options = {.timeout_ms = 300};
    char servers[64];

    snprintf(servers, sizeof(servers), "127.0.0.1:%u", test_free_port());
    options.servers = servers;
    CHECK_EQ_INT(coord_client_new(&client, &options), 0);
    CHECK_EQ_INT(coord_connect(client, 100), -COORD_E_OPERATION_TIMEOUT);
    CHECK_EQ_STR(coord_client_problem(client), "Connection refused");
    CHECK_EQ_STR(coord_client_server(client), servers);
    CHECK_EQ_INT(coord_get(client, "/a", NULL, NULL, NULL, NULL), -COORD_E_OPERATION_TIMEOUT);
    CHECK_EQ_INT(coord_run(client, 1), 0);
    coord_client_free(client);
    options.servers = "nonsense:port";
    CHECK_EQ_INT(coord_client_new(&client, &options), -COORD_E_BAD_ARGUMENTS);
    options.servers = "192.0.2.1.invalid:1"; /* a name that never resolves */
    CHECK_EQ_INT(coord_client_new(&client, &options), 0);
    coord_client_free(client);
    coord_client_free(NULL);
}
