/* session.c - the way of a session from server to server: attempts, greeting, time-outs, loss, end. Pure.
 *
 * What happens on a connection that stands is in session_frames.c; both share session_private.h.
 */
#include "session_private.h"

#include "set_watches.h"
#include "wire/zk.h"

#include <stdio.h>
#include <stdlib.h>

static uint32_t at_least(uint32_t value, uint32_t least)
{
    return value > least ? value : least;
}

static void dial(struct session *s)
{
    s->phase = SESSION_DIALLING;
    s->attempt = ++s->attempts;
    s->server = s->order[s->order_at];
    s->attempts_left--;
    s->attempt_until_ms =
        s->now_ms + at_least((uint32_t)((uint64_t)s->asked_timeout_ms * 2 / 3 / s->server_count), SESSION_ATTEMPT_MS_MIN);
}

/* Every server failed: pause, longer each time, by a random part so that many clients do not come back at once. */
static void pause_round(struct session *s)
{
    s->phase = SESSION_WAITING;
    s->attempt = 0;
    s->attempts_left = s->server_count;
    s->retry_at_ms = s->now_ms + rng_between(&s->rng, s->backoff_ms / 2, s->backoff_ms);
    s->backoff_ms = s->backoff_ms * 2 < SESSION_BACKOFF_MS_MAX ? s->backoff_ms * 2 : SESSION_BACKOFF_MS_MAX;
}

void session_healthy(struct session *s)
{
    s->attempts_left = s->server_count;
    s->backoff_ms = SESSION_BACKOFF_MS_MIN;
}

void session_asked(struct session *s)
{
    if (s->asked_at_ms == 0)
        s->asked_at_ms = s->now_ms;
}

static void shuffle(struct session *s)
{
    for (uint32_t i = 0; i < s->server_count; i++)
        s->order[i] = i;
    for (uint32_t i = s->server_count - 1; i > 0; i--) {
        uint32_t j = (uint32_t)rng_below(&s->rng, i + 1), held = s->order[i];
        s->order[i] = s->order[j];
        s->order[j] = held;
    }
}

int session_init(struct session *s, const struct session_options *options, uint64_t now_ms)
{
    *s = (struct session){.server_count = options->server_count,
                          .asked_timeout_ms = options->timeout_ms,
                          .timeout_ms = options->timeout_ms,
                          .id = options->session_id,
                          .now_ms = now_ms};
    if (options->password != NULL)
        memcpy(s->password, options->password, sizeof(s->password));
    rng_init(&s->rng, options->seed);
    watches_init(&s->watches);
    s->order = malloc(options->server_count * sizeof(*s->order));
    s->ping = request_new(ZK_XID_PING, ZK_OP_PING, NULL, NULL);
    if (s->order == NULL || s->ping == NULL) {
        session_deinit(s);
        return -COORD_E_NO_MEMORY;
    }
    shuffle(s);
    session_healthy(s);
    dial(s);
    return 0;
}

static void free_list(struct session *s, struct request_list *list)
{
    struct request *r;

    while ((r = request_pop(list)) != NULL)
        if (r != s->ping)
            request_free(r);
}

void session_deinit(struct session *s)
{
    session_release(s);
    free_list(s, &s->waiting);
    free_list(s, &s->out);
    free_list(s, &s->sent);
    free_list(s, &s->failed);
    free_list(s, &s->proofs);
    request_free(s->ping);
    s->ping = NULL;
    while (s->fired != NULL) {
        struct watch *w = s->fired;
        s->fired = w->next;
        watch_free(w);
    }
    watches_deinit(&s->watches);
    input_clear(&s->input);
    free(s->order);
    s->order = NULL;
}

static void fail_all(struct session *s, struct request_list *list, int error)
{
    struct request *r;

    while ((r = request_pop(list)) != NULL) {
        if (r == s->ping)
            continue;
        if (r->xid <= 0) {
            request_free(r);
            continue;
        }
        r->error = error;
        request_push(&s->failed, r);
    }
}

/* The connection is gone, with all that was on it. */
static void drop_connection(struct session *s, int error)
{
    fail_all(s, &s->sent, error);
    fail_all(s, &s->out, error);
    s->out_done = 0;
    s->set_watches_unanswered = s->proofs_unanswered = 0;
    input_clear(&s->input);
}

void session_end(struct session *s, enum coord_state state, int error)
{
    drop_connection(s, error);
    fail_all(s, &s->waiting, error);
    session_fire_all(s, error);
    s->phase = SESSION_ENDED;
    s->attempt = 0;
    s->state = state;
}

void session_abandon(struct session *s)
{
    if (s->phase != SESSION_ENDED)
        session_end(s, COORD_STATE_CLOSED, -COORD_E_CLOSING);
    s->closing = true;
}

static bool has_close(const struct request_list *list)
{
    return list->first != NULL && list->last->opcode == ZK_OP_CLOSE_SESSION;
}

void session_lost(struct session *s, const char *why, uint64_t now_ms)
{
    bool closed;

    s->now_ms = now_ms;
    if (s->phase == SESSION_ENDED || s->phase == SESSION_WAITING)
        return;
    snprintf(s->problem, sizeof(s->problem), "%s", why);
    closed = has_close(&s->sent) || has_close(&s->out);
    drop_connection(s, -COORD_E_CONNECTION_LOSS);
    if (closed) { /* it was on its way: nothing is gained by trying again */
        session_end(s, COORD_STATE_CLOSED, -COORD_E_CLOSING);
        return;
    }
    if (s->phase == SESSION_UP)
        s->state = COORD_STATE_RECONNECTING;
    s->order_at = (s->order_at + 1) % s->server_count;
    if (s->attempts_left > 0)
        dial(s);
    else
        pause_round(s);
}

void session_connected(struct session *s, uint64_t now_ms)
{
    struct zk_connect_request record = {.last_zxid_seen = s->last_zxid,
                                        .timeout = (int32_t)s->asked_timeout_ms,
                                        .session_id = s->id,
                                        .password = slice_make(s->password, sizeof(s->password))};
    struct request *greeting;

    s->now_ms = now_ms;
    if (s->phase != SESSION_DIALLING)
        return;
    greeting = request_new_connect(&record);
    if (greeting == NULL) {
        session_lost(s, coord_error_text(COORD_E_NO_MEMORY), now_ms);
        return;
    }
    request_push(&s->out, greeting);
    s->phase = SESSION_GREETING;
}

/* A time-out of 0 says that the session is unknown: expired, or the password is wrong. */
void session_greeted(struct session *s, const struct zk_connect_response *response)
{
    int packets;

    if (response->timeout <= 0) {
        session_end(s, s->closing ? COORD_STATE_CLOSED : COORD_STATE_EXPIRED, -COORD_E_SESSION_EXPIRED);
        return;
    }
    if (response->password.size != sizeof(s->password) || (s->id != 0 && response->session_id != s->id)) {
        session_lost(s, "the server's greeting makes no sense", s->now_ms);
        return;
    }
    s->id = response->session_id;
    memcpy(s->password, response->password.data, sizeof(s->password));
    s->timeout_ms = (uint32_t)response->timeout;
    for (const struct request *r = s->proofs.first; r != NULL; r = r->next) { /* before what they permit */
        struct request *copy = request_copy(r);
        if (copy == NULL) {
            session_lost(s, coord_error_text(COORD_E_NO_MEMORY), s->now_ms);
            return;
        }
        request_push(&s->out, copy);
        s->proofs_unanswered++;
    }
    packets = set_watches_requests(&s->watches, s->watch_zxid, &s->out);
    if (packets < 0) {
        session_lost(s, coord_error_text(packets), s->now_ms);
        return;
    }
    s->set_watches_unanswered = (uint32_t)packets;
    request_append(&s->out, &s->waiting);
    s->phase = SESSION_UP;
    s->state = COORD_STATE_CONNECTED;
    s->heard_at_ms = s->sent_at_ms = s->now_ms;
    s->asked_at_ms = s->out.first != NULL ? s->now_ms : 0;
}

/* A session that never came about is closed by dropping it. */
static bool nothing_to_close(const struct session *s)
{
    return s->id == 0 && s->phase != SESSION_GREETING && s->waiting.first == NULL;
}

int session_submit(struct session *s, struct request *r, uint64_t now_ms)
{
    s->now_ms = now_ms;
    if (s->closing || s->state == COORD_STATE_CLOSED)
        return -COORD_E_CLOSING;
    if (s->phase == SESSION_ENDED)
        return -COORD_E_SESSION_EXPIRED;
    if (s->request_count >= COORD_REQUESTS_MAX || s->request_bytes + r->size > COORD_REQUEST_BYTES_MAX)
        return -COORD_E_THROTTLED;
    s->request_count++;
    s->request_bytes += r->size;
    s->last_xid = s->last_xid == INT32_MAX ? 1 : s->last_xid + 1;
    request_set_xid(r, s->last_xid);
    r->deadline_ms = now_ms + s->asked_timeout_ms;
    s->closing = r->opcode == ZK_OP_CLOSE_SESSION;
    if (s->closing && nothing_to_close(s)) {
        request_push(&s->failed, r); /* its error is 0 */
        session_end(s, COORD_STATE_CLOSED, -COORD_E_CLOSING);
    } else {
        request_push(s->phase == SESSION_UP ? &s->out : &s->waiting, r);
        session_asked(s);
    }
    return 0;
}

int session_prove(struct session *s, struct request *r, uint64_t now_ms)
{
    struct request *copy;
    size_t size = r->size;

    s->now_ms = now_ms;
    if (s->closing || s->state == COORD_STATE_CLOSED)
        return -COORD_E_CLOSING;
    if (s->phase == SESSION_ENDED)
        return -COORD_E_SESSION_EXPIRED;
    for (const struct request *known = s->proofs.first; known != NULL; known = known->next)
        size += known->size;
    if (size > COORD_REQUEST_BYTES_MAX)
        return -COORD_E_THROTTLED;
    if (s->phase == SESSION_UP) {
        if ((copy = request_copy(r)) == NULL)
            return -COORD_E_NO_MEMORY;
        request_push(&s->out, copy);
        s->proofs_unanswered++;
        session_asked(s);
    }
    request_push(&s->proofs, r);
    return 0;
}

/* Requests that found no connection in time. They were never sent, and never will be. */
static void give_up_waiting(struct session *s)
{
    while (s->waiting.first != NULL && s->waiting.first->deadline_ms <= s->now_ms) {
        struct request *r = request_pop(&s->waiting);
        r->error = -COORD_E_OPERATION_TIMEOUT;
        request_push(&s->failed, r);
        if (r->opcode == ZK_OP_CLOSE_SESSION)
            session_end(s, COORD_STATE_CLOSED, -COORD_E_CLOSING);
    }
}

static uint64_t ping_at(const struct session *s)
{
    return s->sent_at_ms + s->timeout_ms / 3;
}

static uint64_t silent_at(const struct session *s)
{
    uint64_t heard = s->heard_at_ms + (uint64_t)s->timeout_ms * 2 / 3, asked = s->asked_at_ms + s->timeout_ms / 3;

    if (s->asked_at_ms == 0)
        return UINT64_MAX;
    return heard > asked ? heard : asked;
}

void session_timer(struct session *s, uint64_t now_ms)
{
    s->now_ms = now_ms;
    give_up_waiting(s);
    switch (s->phase) {
    case SESSION_WAITING:
        if (now_ms >= s->retry_at_ms)
            dial(s);
        break;
    case SESSION_DIALLING:
    case SESSION_GREETING:
        if (now_ms >= s->attempt_until_ms)
            session_lost(s, s->phase == SESSION_DIALLING ? "no connection in time" : "no answer to the greeting", now_ms);
        break;
    case SESSION_UP:
        if (now_ms >= silent_at(s)) {
            session_lost(s, "the server fell silent", now_ms);
        } else if (now_ms >= ping_at(s) && s->out.first == NULL) {
            request_push(&s->out, s->ping);
            session_asked(s);
        }
        break;
    case SESSION_ENDED:
        break;
    }
}

static uint64_t phase_wake_at(const struct session *s)
{
    switch (s->phase) {
    case SESSION_WAITING:
        return s->retry_at_ms;
    case SESSION_DIALLING:
    case SESSION_GREETING:
        return s->attempt_until_ms;
    case SESSION_UP: /* with output under way no ping is due */
        return s->out.first == NULL && ping_at(s) < silent_at(s) ? ping_at(s) : silent_at(s);
    case SESSION_ENDED:
        break;
    }
    return UINT64_MAX;
}

uint64_t session_wake_at_ms(const struct session *s)
{
    uint64_t at = phase_wake_at(s);

    return s->waiting.first != NULL && s->waiting.first->deadline_ms < at ? s->waiting.first->deadline_ms : at;
}
