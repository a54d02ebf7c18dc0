/* session_frames.c - a connection that stands: bytes out, frames in, and what to tell the program of them. Pure. */
#include "session_private.h"

#include "wire/zk.h"

#include <stdio.h>

size_t session_output(const struct session *s, struct slice *pieces, size_t max)
{
    size_t count = 0, skip = s->out_done;

    for (const struct request *r = s->out.first; r != NULL && count < max; r = r->next) {
        pieces[count++] = slice_make(r->frame + skip, r->size - skip);
        skip = 0;
    }
    return count;
}

void session_wrote(struct session *s, size_t size, uint64_t now_ms)
{
    s->now_ms = s->sent_at_ms = now_ms;
    s->out_done += size;
    while (s->out.first != NULL && s->out_done >= s->out.first->size) {
        struct request *r = request_pop(&s->out);
        s->out_done -= r->size;
        if (r->xid > 0)
            request_push(&s->sent, r);
        else if (r != s->ping)
            request_free(r);
    }
}

uint8_t *session_input_reserve(struct session *s, size_t *space)
{
    return input_reserve(&s->input, space);
}

void session_input(struct session *s, size_t size, uint64_t now_ms)
{
    s->now_ms = s->heard_at_ms = now_ms;
    s->asked_at_ms = s->out.first != NULL ? now_ms : 0;
    input_commit(&s->input, size);
}

/* ---- Watches ---- */

/* Queue a list linked by `same`, all with this event. */
static void fire(struct session *s, struct watch *list, enum coord_event_type type, int64_t zxid, int error)
{
    for (struct watch *w = list; w != NULL; w = w->same) {
        w->type = type;
        w->zxid = zxid;
        w->error = error;
        w->next = NULL;
        if (s->fired == NULL)
            s->fired = w;
        else
            s->fired_last->next = w;
        s->fired_last = w;
    }
}

void session_fire_all(struct session *s, int error)
{
    struct watch *list;

    while ((list = watches_take_any(&s->watches)) != NULL)
        fire(s, list, COORD_EVENT_NOT_WATCHING, 0, error);
}

static bool concerns(enum watch_kind kind, int32_t event)
{
    switch (event) {
    case ZK_EVENT_NODE_DELETED:
        return true;
    case ZK_EVENT_NODE_CREATED:
    case ZK_EVENT_DATA_CHANGED:
        return kind != WATCH_CHILD;
    case ZK_EVENT_CHILDREN_CHANGED:
        return kind == WATCH_CHILD || kind == WATCH_PERSISTENT;
    default: /* of later protocols, never asked for */
        return false;
    }
}

/* Those of one kind that stay on `at` hear of it, by copies. */
static int fire_staying(struct session *s, enum watch_kind kind, struct slice at, const struct zk_watcher_event *event,
                        int64_t zxid)
{
    for (const struct watch *w = watches_find(&s->watches, kind, at); w != NULL; w = w->same) {
        struct watch *copy = watch_copy(w, event->path);

        if (copy == NULL)
            return -COORD_E_NO_MEMORY;
        fire(s, copy, (enum coord_event_type)event->type, zxid, 0);
    }
    return 0;
}

/* Recursive watches of the path and of all that is above it. */
static int fire_recursive(struct session *s, const struct zk_watcher_event *event, int64_t zxid)
{
    struct slice at = event->path;
    int rc = 0;

    if (s->watches.recursive_count == 0)
        return 0;
    while (rc == 0) {
        rc = fire_staying(s, WATCH_RECURSIVE, at, event, zxid);
        if (at.size <= 1)
            break;
        while (at.size > 0 && at.data[at.size - 1] != '/')
            at.size--;
        at.size -= at.size > 1; /* the slash, but for the root's */
    }
    return rc;
}

static int on_notification(struct session *s, int64_t zxid, struct jute_cursor *c)
{
    struct zk_watcher_event event;
    int rc = 0;

    if (jute_decode(c, &jute_watcher_event, &event) < 0)
        return -COORD_E_MARSHALLING;
    for (int kind = 0; kind < WATCH_PERSISTENT; kind++)
        if (concerns((enum watch_kind)kind, event.type))
            fire(s, watches_take(&s->watches, (enum watch_kind)kind, event.path), (enum coord_event_type)event.type, zxid, 0);
    if (concerns(WATCH_PERSISTENT, event.type))
        rc = fire_staying(s, WATCH_PERSISTENT, event.path, &event, zxid);
    if (rc == 0 && concerns(WATCH_RECURSIVE, event.type))
        rc = fire_recursive(s, &event, zxid);
    return rc;
}

/* The answer has set the request's watch, or told that there is none. exists of a missing node waits for its creation. */
static void settle_watch(struct session *s, struct request *r, int error)
{
    struct watch *w = r->watch;

    if (w == NULL)
        return;
    r->watch = NULL;
    if (error == 0 && r->opcode != ZK_OP_ADD_WATCH)
        w->kind = r->opcode == ZK_OP_GET_CHILDREN || r->opcode == ZK_OP_GET_CHILDREN2 ? WATCH_CHILD : WATCH_DATA;
    else if (error == -COORD_E_NO_NODE && r->opcode == ZK_OP_EXISTS)
        w->kind = WATCH_EXIST;
    else if (error != 0) {
        fire(s, w, COORD_EVENT_NOT_WATCHING, 0, error);
        return;
    }
    watches_add(&s->watches, w);
}

/* removeWatches was answered: those that the server forgot are told that they are over. */
static void forget_watches(struct session *s, const struct request *r)
{
    static const struct {
        enum watch_kind kind;
        int32_t type;
    } kinds[] = {
        {WATCH_DATA, ZK_WATCHER_DATA},           {WATCH_EXIST, ZK_WATCHER_DATA},
        {WATCH_CHILD, ZK_WATCHER_CHILDREN},      {WATCH_PERSISTENT, ZK_WATCHER_PERSISTENT},
        {WATCH_RECURSIVE, ZK_WATCHER_RECURSIVE},
    };
    struct jute_cursor c = jute_cursor_make(slice_make(r->frame + REQUEST_RECORD_AT, r->size - REQUEST_RECORD_AT));
    struct zk_watcher_type_request asked;

    (void)jute_decode(&c, &jute_watcher_type_request, &asked); /* our own bytes */
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (asked.type == kinds[i].type || asked.type == ZK_WATCHER_ANY)
            fire(s, watches_take(&s->watches, kinds[i].kind, asked.path), COORD_EVENT_NOT_WATCHING, 0, 0);
}

/* ---- Frames ---- */

/* Events precede the answers that show their changes, and come in the order of their zxids: an answer at z means that every
 * event up to z was received, an event of z that those before z were, for one change can raise several. While watches are
 * being set anew this does not hold: their events are still to come. */
static void see_zxid(struct session *s, int64_t zxid, bool event)
{
    int64_t complete = event ? zxid - 1 : zxid;

    if (zxid <= 0)
        return;
    if (zxid > s->last_zxid)
        s->last_zxid = zxid;
    if (s->set_watches_unanswered == 0 && complete > s->watch_zxid)
        s->watch_zxid = complete;
}

static void tell_reply(struct session *s, struct request *r, struct session_event *event)
{
    s->told_request = r;
    s->request_count--;
    s->request_bytes -= r->size;
    *event = (struct session_event){.type = SESSION_EVENT_REPLY, .reply_cb = r->cb, .arg = r->arg, .reply = &s->reply.shown};
}

/* A multi's results are as many as its operations, so that who asked can go by their order. */
static void decode_answer(struct session *s, const struct request *r, struct jute_cursor *c)
{
    reply_decode(&s->reply, r->opcode, c);
    if (s->reply.shown.results != NULL && s->reply.shown.result_count != r->results) {
        reply_release(&s->reply);
        s->reply.shown = (struct coord_reply){.error = -COORD_E_MARSHALLING, .zxid = s->reply.shown.zxid};
    }
}

/* The server serves only who has proven an id (enforce.auth), and closes: to come back unchanged would lead to the same. */
static void refuse_unproven(struct session *s)
{
    snprintf(s->problem, sizeof(s->problem), "%s", coord_error_text(COORD_E_AUTH_REQUIRED));
    session_end(s, COORD_STATE_CLOSED, -COORD_E_AUTH_REQUIRED);
}

static int on_reply(struct session *s, const struct zk_reply_header *header, struct jute_cursor *c, struct session_event *event)
{
    struct request *r = s->sent.first;
    int error = header->err > 0 ? -COORD_E_MARSHALLING : header->err;

    if (r == NULL || r->xid != header->xid)
        return -COORD_E_MARSHALLING;
    request_pop(&s->sent);
    s->reply.shown = (struct coord_reply){.error = error, .zxid = header->zxid};
    if (error == 0)
        decode_answer(s, r, c);
    settle_watch(s, r, error); /* by the server's word, whatever became of the record here */
    if (error == 0 && r->opcode == ZK_OP_REMOVE_WATCHES)
        forget_watches(s, r);
    tell_reply(s, r, event);
    if (error == -COORD_E_AUTH_REQUIRED)
        refuse_unproven(s);
    else if (r->opcode == ZK_OP_CLOSE_SESSION)
        session_end(s, COORD_STATE_CLOSED, -COORD_E_CLOSING);
    return 1;
}

/* 1: *event; 0: nothing to tell; negative: the frame makes no sense. */
static int on_frame(struct session *s, struct slice frame, struct session_event *event)
{
    struct jute_cursor c = jute_cursor_make(frame);
    struct zk_connect_response response;
    struct zk_reply_header header;

    if (s->phase == SESSION_GREETING) {
        if (s->out.first != NULL || jute_decode(&c, &jute_connect_response, &response) < 0)
            return -COORD_E_MARSHALLING;
        session_greeted(s, &response);
        return 0;
    }
    if (jute_decode(&c, &jute_reply_header, &header) < 0)
        return -COORD_E_MARSHALLING;
    see_zxid(s, header.zxid, header.xid == ZK_XID_NOTIFICATION);
    switch (header.xid) {
    case ZK_XID_NOTIFICATION:
        return on_notification(s, header.zxid, &c);
    case ZK_XID_PING:
        if (header.err == -COORD_E_AUTH_REQUIRED)
            refuse_unproven(s);
        else
            session_healthy(s);
        return 0;
    case ZK_XID_AUTH:
        if (s->proofs_unanswered == 0)
            return -COORD_E_MARSHALLING;
        s->proofs_unanswered--;
        if (header.err == 0)
            return 0;
        snprintf(s->problem, sizeof(s->problem), "the server does not accept an id's proof");
        session_end(s, COORD_STATE_CLOSED, -COORD_E_AUTH_FAILED);
        return 0;
    case ZK_XID_SET_WATCHES:
        if (s->set_watches_unanswered > 0)
            s->set_watches_unanswered--;
        if (header.err == -COORD_E_AUTH_REQUIRED)
            refuse_unproven(s);
        else if (header.err != 0) /* the server watches nothing of it: the program must know */
            session_fire_all(s, header.err);
        return 0;
    default:
        session_healthy(s);
        return on_reply(s, &header, &c, event);
    }
}

/* ---- What to tell ---- */

void session_release(struct session *s)
{
    reply_release(&s->reply);
    request_free(s->told_request);
    watch_free(s->told_watch);
    s->told_request = NULL;
    s->told_watch = NULL;
}

static void tell_watch(struct session *s, struct session_event *event)
{
    struct watch *w = s->fired;

    s->fired = w->next;
    s->told_watch = w;
    *event = (struct session_event){
        .type = SESSION_EVENT_WATCH,
        .watch_cb = w->cb,
        .arg = w->arg,
        .watch = {.type = w->type, .error = w->error, .path = w->path, .zxid = w->zxid},
    };
}

static void tell_failed(struct session *s, struct session_event *event)
{
    struct request *r = request_pop(&s->failed);

    s->reply.shown = (struct coord_reply){.error = r->error};
    settle_watch(s, r, r->error);
    tell_reply(s, r, event);
}

bool session_has_news(const struct session *s)
{
    return s->fired != NULL || s->failed.first != NULL || s->state != s->told_state;
}

bool session_next(struct session *s, struct session_event *event)
{
    struct slice frame;
    int rc;

    session_release(s);
    for (;;) {
        if (s->fired != NULL) {
            tell_watch(s, event);
            return true;
        }
        if (s->failed.first != NULL) {
            tell_failed(s, event);
            return true;
        }
        if (s->state != s->told_state) {
            s->told_state = s->state;
            *event = (struct session_event){.type = SESSION_EVENT_STATE, .state = s->state};
            return true;
        }
        if (s->phase != SESSION_GREETING && s->phase != SESSION_UP)
            return false;
        rc = input_frame(&s->input, COORD_REPLY_BYTES_MAX, &frame);
        if (rc == 0)
            return false;
        rc = rc < 0 ? rc : on_frame(s, frame, event);
        if (rc < 0)
            session_lost(s, rc == -COORD_E_NO_MEMORY ? coord_error_text(rc) : "the server's answer makes no sense", s->now_ms);
        if (rc == 1)
            return true;
    }
}
