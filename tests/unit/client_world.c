/* client_world.c - see client_world.h. */
#include "client_world.h"

#include "base/bytes.h"
#include "lib/runner.h"
#include "multi.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Only marks: the session hands them out, nobody calls them. */
static void on_reply(struct coord_client *client, const struct coord_reply *reply, void *arg)
{
    (void)client;
    (void)reply;
    (void)arg;
}

static void on_watch(struct coord_client *client, const struct coord_event *event, void *arg)
{
    (void)client;
    (void)event;
    (void)arg;
}

int world_init(struct world *w, uint32_t servers)
{
    *w = (struct world){.now_ms = 1000000};
    return session_init(&w->s, &(struct session_options){.server_count = servers, .timeout_ms = WORLD_TIMEOUT_MS, .seed = 1},
                        w->now_ms);
}

void world_deinit(struct world *w)
{
    session_deinit(&w->s);
}

void world_connect(struct world *w)
{
    session_connected(&w->s, w->now_ms);
    world_output(w);
    world_frame(w, GREETING);
    CHECK(strstr(world_events(w), "state connected;") != NULL, "%s", w->events);
}

static int submit(struct world *w, int32_t opcode, const struct jute_record *table, const void *record, const char *path,
                  const char *name, const char *watch)
{
    struct request *r = request_new(0, opcode, table, record);
    int rc;

    if (r == NULL)
        return -COORD_E_NO_MEMORY;
    r->cb = on_reply;
    r->arg = (void *)(uintptr_t)name;
    if (watch != NULL) {
        r->watch = watch_new(path, &(struct coord_watch){on_watch, (void *)(uintptr_t)watch});
        if (r->watch == NULL) {
            request_free(r);
            return -COORD_E_NO_MEMORY;
        }
        if (opcode == ZK_OP_ADD_WATCH)
            r->watch->kind = ((const struct zk_add_watch_request *)record)->mode != 0 ? WATCH_RECURSIVE : WATCH_PERSISTENT;
    }
    rc = session_submit(&w->s, r, w->now_ms);
    if (rc < 0)
        request_free(r);
    return rc;
}

static int submit_read(struct world *w, int32_t opcode, const char *path, const char *name, const char *watch)
{
    struct zk_path_watch_request record = {slice_from_text(path), watch != NULL};

    return submit(w, opcode, &jute_path_watch_request, &record, path, name, watch);
}

int world_get(struct world *w, const char *path, const char *name, const char *watch)
{
    return submit_read(w, ZK_OP_GET_DATA, path, name, watch);
}

int world_exists(struct world *w, const char *path, const char *name, const char *watch)
{
    return submit_read(w, ZK_OP_EXISTS, path, name, watch);
}

int world_children(struct world *w, const char *path, const char *name, const char *watch)
{
    return submit_read(w, ZK_OP_GET_CHILDREN, path, name, watch);
}

int world_add_watch(struct world *w, const char *path, bool recursive, const char *name, const char *watch)
{
    struct zk_add_watch_request record = {slice_from_text(path), recursive};

    return submit(w, ZK_OP_ADD_WATCH, &jute_add_watch_request, &record, path, name, watch);
}

int world_remove(struct world *w, const char *path, int32_t type, const char *name)
{
    struct zk_watcher_type_request record = {slice_from_text(path), type};

    return submit(w, ZK_OP_REMOVE_WATCHES, &jute_watcher_type_request, &record, NULL, name, NULL);
}

int world_multi(struct world *w, uint32_t operations, const char *name)
{
    struct coord_multi *m;
    struct request *r;
    int rc = coord_multi_new(&m);

    for (uint32_t i = 0; rc == 0 && i < operations; i++) {
        rc = coord_multi_check(m, "/a", -1);
        if (rc < 0)
            coord_multi_free(m);
    }
    if (rc < 0)
        return rc;
    r = request_new_bytes(0, ZK_OP_MULTI, slice_make(m->bytes, m->size));
    coord_multi_free(m);
    if (r == NULL)
        return -COORD_E_NO_MEMORY;
    r->cb = on_reply;
    r->arg = (void *)(uintptr_t)name;
    r->results = operations;
    rc = session_submit(&w->s, r, w->now_ms);
    if (rc < 0)
        request_free(r);
    return rc;
}

int world_prove(struct world *w, const char *proof)
{
    struct zk_auth_packet record = {0, SLICE_LITERAL("digest"), slice_from_text(proof)};
    struct request *r = request_new(ZK_XID_AUTH, ZK_OP_AUTH, &jute_auth_packet, &record);
    int rc = r == NULL ? -COORD_E_NO_MEMORY : session_prove(&w->s, r, w->now_ms);

    if (rc < 0)
        request_free(r);
    return rc;
}

int world_close(struct world *w, const char *name)
{
    return submit(w, ZK_OP_CLOSE_SESSION, NULL, NULL, NULL, name, NULL);
}

static void receive(struct world *w, const uint8_t *bytes, size_t size)
{
    size_t space = 0;
    uint8_t *to = session_input_reserve(&w->s, &space);

    if (to == NULL) {
        session_lost(&w->s, "out of memory", w->now_ms);
        return;
    }
    REQUIRE(size <= space);
    memcpy(to, bytes, size);
    session_input(&w->s, size, w->now_ms);
}

static size_t from_hex(const char *hex, uint8_t *to, size_t room)
{
    size_t size = strlen(hex) / 2;

    REQUIRE(size <= room);
    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return size;
}

void world_bytes(struct world *w, const char *hex)
{
    uint8_t bytes[4096];

    receive(w, bytes, from_hex(hex, bytes, sizeof(bytes)));
}

void world_frame(struct world *w, const char *hex)
{
    uint8_t bytes[4096];
    size_t size = from_hex(hex, bytes + 4, sizeof(bytes) - 4);

    put_be32(bytes, (uint32_t)size);
    receive(w, bytes, size + 4);
}

__attribute__((format(printf, 2, 3))) static void note(struct world *w, const char *format, ...)
{
    size_t used = strlen(w->events);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(w->events + used, sizeof(w->events) - used, format, arguments);
    va_end(arguments);
}

static const char *state_name(enum coord_state state)
{
    static const char *const names[] = {"connecting", "connected", "reconnecting", "expired", "closed"};

    return names[state];
}

static void note_results(struct world *w, const struct coord_reply *reply)
{
    for (size_t i = 0; i < reply->result_count; i++)
        note(w, "%s%s", i == 0 ? " results=" : ",", coord_error_name(reply->results[i].error));
}

static void note_reply(struct world *w, const struct session_event *e)
{
    w->told_replies++;
    if (e->reply->error != 0) {
        note(w, "%s %s", (const char *)e->arg, coord_error_name(e->reply->error));
        note_results(w, e->reply);
        note(w, ";");
        return;
    }
    note(w, "%s ok zxid=%" PRId64, (const char *)e->arg, e->reply->zxid);
    if (e->reply->data != NULL)
        note(w, " data=%.*s", (int)e->reply->data_size, (const char *)e->reply->data);
    if (e->reply->path != NULL)
        note(w, " path=%s", e->reply->path);
    for (size_t i = 0; i < e->reply->child_count; i++)
        note(w, "%s%s", i == 0 ? " children=" : ",", e->reply->children[i]);
    note_results(w, e->reply);
    note(w, "%s;", e->reply->stat != NULL ? " stat" : "");
}

static void note_watch(struct world *w, const struct session_event *e)
{
    w->told_watches++;
    note(w, "%s watch %s %s", (const char *)e->arg, coord_event_name(e->watch.type), e->watch.path);
    if (e->watch.error != 0)
        note(w, " %s;", coord_error_name(e->watch.error));
    else
        note(w, " zxid=%" PRId64 ";", e->watch.zxid);
}

const char *world_events(struct world *w)
{
    struct session_event e;

    w->events[0] = '\0';
    while (session_next(&w->s, &e)) {
        switch (e.type) {
        case SESSION_EVENT_REPLY:
            note_reply(w, &e);
            break;
        case SESSION_EVENT_WATCH:
            note_watch(w, &e);
            break;
        case SESSION_EVENT_STATE:
            note(w, "state %s;", state_name(e.state));
            break;
        }
    }
    return w->events;
}

const char *world_output(struct world *w)
{
    struct slice piece;
    size_t used = 0;

    w->output[0] = '\0';
    while (session_output(&w->s, &piece, 1) == 1) {
        for (size_t i = 4; i < piece.size && used + 3 < sizeof(w->output); i++)
            used += (size_t)sprintf(w->output + used, "%02x", piece.data[i]);
        if (used + 2 < sizeof(w->output))
            used += (size_t)sprintf(w->output + used, ";");
        session_wrote(&w->s, piece.size, w->now_ms);
    }
    return w->output;
}

void world_pass(struct world *w, uint64_t ms)
{
    w->now_ms += ms;
    if (session_wake_at_ms(&w->s) <= w->now_ms)
        session_timer(&w->s, w->now_ms);
}

/* ---- Allocation that fails (the linker sends malloc, calloc and realloc here) ---- */

static unsigned fail_in;
static bool failed;

void alloc_fail_at(unsigned n)
{
    fail_in = n;
    failed = false;
}

bool alloc_failed(void)
{
    return failed;
}

static bool fails_now(void)
{
    if (fail_in == 0 || --fail_in > 0)
        return false;
    failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails_now() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails_now() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    return fails_now() ? NULL : __real_realloc(block, size);
}
