/* handle.c - the life of a handle: it carries bytes, time and events between session, socket and program.
 *
 * client_turn() is the one place that does so, from the event loop. Callbacks of the program run only in tell_all(), where
 * nothing else is under way; what they ask for is queued and done after them.
 */
#include "handle.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/random.h>

#define TIMEOUT_MS_DEFAULT 10000
#define TIMEOUT_MS_MAX (1u << 30)
#define OUTPUT_PIECES 64

static void client_destroy(struct coord_client *client)
{
    link_close(&client->link);
    session_deinit(&client->session);
    servers_deinit(&client->servers);
    if (client->timer != NULL)
        event_free(client->timer);
    if (client->pause != NULL)
        event_free(client->pause);
    if (client->base_is_own && client->base != NULL)
        event_base_free(client->base);
    free(client);
}

static void tell(struct coord_client *client, const struct session_event *event)
{
    client->callbacks++;
    client->in_callback = true;
    switch (event->type) {
    case SESSION_EVENT_REPLY:
        if (event->reply_cb != NULL)
            event->reply_cb(client, event->reply, event->arg);
        break;
    case SESSION_EVENT_WATCH:
        event->watch_cb(client, &event->watch, event->arg);
        break;
    case SESSION_EVENT_STATE:
        if (client->state_cb != NULL)
            client->state_cb(client, event->state, client->state_arg);
        break;
    }
    client->in_callback = false;
    if (client->freed)
        session_abandon(&client->session);
}

/* Whether there was anything. */
static bool tell_all(struct coord_client *client)
{
    struct session_event event;
    bool any = false;

    for (; session_next(&client->session, &event); any = true)
        tell(client, &event);
    return any;
}

/* Make the connection the one that the session wants. */
static void follow_attempt(struct coord_client *client)
{
    struct session *s = &client->session;

    if (client->link_attempt == s->attempt)
        return;
    client->link_attempt = s->attempt;
    link_close(&client->link);
    if (s->attempt != 0 && link_dial(&client->link, &client->servers.list[s->server]) < 0)
        session_lost(s, client->link.problem, clock_mono_ms());
}

static void flush(struct coord_client *client)
{
    struct slice pieces[OUTPUT_PIECES];
    size_t count, sent;

    if (client->link_attempt != client->session.attempt)
        return;
    while ((count = session_output(&client->session, pieces, OUTPUT_PIECES)) > 0) {
        link_send(&client->link, pieces, count, &sent);
        if (sent == 0)
            break;
        session_wrote(&client->session, sent, clock_mono_ms());
    }
}

static void arm_timer(struct coord_client *client)
{
    uint64_t at = session_wake_at_ms(&client->session), now = clock_mono_ms(), wait_ms = at > now ? at - now : 0;
    struct timeval wait;

    if (at == UINT64_MAX) {
        event_del(client->timer);
        return;
    }
    wait.tv_sec = (time_t)(wait_ms / 1000);
    wait.tv_usec = (suseconds_t)(wait_ms % 1000 * 1000);
    if (event_add(client->timer, &wait) < 0)
        event_active(client->timer, EV_TIMEOUT, 0); /* out of memory: better too early than never */
}

/* The program called coord_client_free(): everything is told, the rest goes; the base not under its own loop. */
static void client_finish(struct coord_client *client)
{
    session_abandon(&client->session);
    tell_all(client);
    link_close(&client->link);
    event_del(client->timer);
    if (!client->in_loop)
        client_destroy(client);
}

static void client_turn(struct coord_client *client)
{
    do {
        tell_all(client);
        if (client->freed) {
            client_finish(client);
            return;
        }
        follow_attempt(client);
        flush(client);
    } while (client->link_attempt != client->session.attempt || session_has_news(&client->session));
    arm_timer(client);
}

static void receive(struct coord_client *client)
{
    struct session *s = &client->session;
    size_t space = 0;
    uint8_t *to = session_input_reserve(s, &space);
    ptrdiff_t got;

    if (to == NULL) {
        session_lost(s, coord_error_text(COORD_E_NO_MEMORY), clock_mono_ms());
        return;
    }
    got = link_receive(&client->link, to, space);
    if (got > 0)
        session_input(s, (size_t)got, clock_mono_ms());
    else if (got < 0)
        session_lost(s, client->link.problem, clock_mono_ms());
}

static void on_link(void *arg, enum link_event event)
{
    struct coord_client *client = arg;

    switch (event) {
    case LINK_CONNECTED:
        session_connected(&client->session, clock_mono_ms());
        break;
    case LINK_FAILED:
        session_lost(&client->session, client->link.problem, clock_mono_ms());
        break;
    case LINK_READABLE:
        receive(client);
        break;
    case LINK_WRITABLE:
        break;
    }
    client_turn(client);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct coord_client *client = arg;

    (void)fd;
    (void)what;
    session_timer(&client->session, clock_mono_ms());
    client_turn(client);
}

static void on_pause(evutil_socket_t fd, short what, void *arg)
{
    (void)fd;
    (void)what;
    (void)arg; /* that the loop has come round is all it is for */
}

void client_wake(struct coord_client *client)
{
    if (!client->in_callback) /* else client_turn() goes on by itself */
        event_active(client->timer, EV_TIMEOUT, 0);
}

bool client_loop(struct coord_client *client, bool wait)
{
    client->in_loop = true;
    event_base_loop(client->base, wait ? EVLOOP_ONCE : EVLOOP_NONBLOCK);
    client->in_loop = false;
    if (!client->freed)
        return true;
    client_destroy(client);
    return false;
}

/* Where the shuffle and the pauses begin; nothing secret. */
static uint64_t fresh_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) != (ssize_t)sizeof(seed))
        seed = clock_mono_us();
    return seed;
}

static int open_base(struct coord_client *client, struct event_base *base)
{
    client->base_is_own = base == NULL;
    client->base = base != NULL ? base : event_base_new();
    if (client->base == NULL)
        return -COORD_E_NO_MEMORY;
    link_init(&client->link, client->base, on_link, client);
    client->timer = event_new(client->base, -1, 0, on_timer, client);
    if (client->base_is_own)
        client->pause = event_new(client->base, -1, 0, on_pause, NULL);
    return client->timer == NULL || (client->base_is_own && client->pause == NULL) ? -COORD_E_NO_MEMORY : 0;
}

int coord_client_new(struct coord_client **made, const struct coord_options *options)
{
    struct session_options session = {.timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_MS_DEFAULT,
                                      .seed = fresh_seed(),
                                      .session_id = options->session_id,
                                      .password = options->password};
    struct coord_client *client = calloc(1, sizeof(*client));
    int rc;

    if (client == NULL)
        return -COORD_E_NO_MEMORY;
    client->state_cb = options->state_cb;
    client->state_arg = options->state_arg;
    link_init(&client->link, NULL, on_link, client);
    rc = session.timeout_ms > TIMEOUT_MS_MAX ? -COORD_E_BAD_ARGUMENTS : servers_parse(&client->servers, options->servers);
    session.server_count = client->servers.count;
    if (rc == 0)
        rc = open_base(client, options->base);
    if (rc == 0)
        rc = session_init(&client->session, &session, clock_mono_ms());
    if (rc < 0) {
        client_destroy(client);
        return rc;
    }
    client_wake(client);
    *made = client;
    return 0;
}

void coord_client_free(struct coord_client *client)
{
    if (client == NULL || client->freed)
        return;
    client->freed = true;
    if (!client->in_callback)
        client_finish(client);
}
