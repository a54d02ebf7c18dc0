/* fuzz_client.c - libcoord's session against a server that sends anything. Commands: a byte of what: bytes from the server
 * (u8 length), a request, time (u8 times 64 ms), the connection breaks. Every request is told of exactly once. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "session.h"
#include "wire/zk.h"

#include <string.h>

static uint32_t told, asked;

static void on_watch(struct coord_client *client, const struct coord_event *event, void *arg)
{
    (void)client;
    (void)event;
    (void)arg;
}

static void tell(struct session *s)
{
    struct session_event event;

    while (session_next(s, &event))
        told += event.type == SESSION_EVENT_REPLY;
}

static void ask(struct session *s, int32_t opcode, bool watch, uint64_t now)
{
    struct zk_path_watch_request record = {SLICE_LITERAL("/a"), watch};
    struct request *r = request_new(0, opcode, opcode < 0 ? NULL : &jute_path_watch_request, &record);

    if (opcode == ZK_OP_REMOVE_WATCHES) {
        request_free(r);
        r = request_new(0, opcode, &jute_watcher_type_request,
                        &(struct zk_watcher_type_request){record.path, watch ? ZK_WATCHER_ANY : ZK_WATCHER_RECURSIVE});
    } else if (opcode == ZK_OP_ADD_WATCH) {
        r->watch = watch_new("/a", &(struct coord_watch){on_watch, NULL});
        r->watch->kind = watch ? WATCH_RECURSIVE : WATCH_PERSISTENT;
    } else if (watch && opcode > 0) {
        r->watch = watch_new("/a", &(struct coord_watch){on_watch, NULL});
        r->watch->kind = opcode == ZK_OP_GET_CHILDREN ? WATCH_CHILD : opcode == ZK_OP_EXISTS ? WATCH_EXIST : WATCH_DATA;
    }
    if (session_submit(s, r, now) == 0)
        asked++;
    else
        request_free(r);
}

static void receive(struct session *s, struct slice bytes, uint64_t now)
{
    size_t space;

    while (bytes.size > 0 && s->phase >= SESSION_GREETING && s->phase != SESSION_ENDED) {
        uint8_t *to = session_input_reserve(s, &space);
        space = space < bytes.size ? space : bytes.size;
        memcpy(to, bytes.data, space);
        session_input(s, space, now);
        bytes = slice_make(bytes.data + space, bytes.size - space);
        tell(s);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int32_t ops[] = {ZK_OP_GET_DATA, ZK_OP_EXISTS,        ZK_OP_GET_CHILDREN, ZK_OP_CREATE,
                                  ZK_OP_SYNC,     ZK_OP_CLOSE_SESSION, ZK_OP_ADD_WATCH,    ZK_OP_REMOVE_WATCHES};
    struct fuzz_in in = {data, size};
    struct session s;
    struct slice piece;
    uint64_t now = 1000000;

    told = asked = 0;
    COORD_ASSERT(session_init(&s, &(struct session_options){.server_count = 2, .timeout_ms = 9000, .seed = 1}, now) == 0);
    while (in.left > 0) {
        uint32_t op = fuzz_u8(&in);
        if (s.phase == SESSION_DIALLING)
            session_connected(&s, now);
        if (op % 8 < 4)
            receive(&s, fuzz_take(&in, fuzz_u8(&in)), now);
        else if (op % 8 < 6)
            ask(&s, ops[(op >> 3) % 8], op >> 7, now);
        else if (op % 8 == 6)
            session_timer(&s, now += fuzz_u8(&in) * 64);
        else if (s.attempt != 0)
            session_lost(&s, "broken", now);
        while (s.phase >= SESSION_GREETING && s.phase != SESSION_ENDED && session_output(&s, &piece, 1) > 0)
            session_wrote(&s, piece.size, now);
        tell(&s);
    }
    session_abandon(&s);
    tell(&s);
    COORD_ASSERT(told == asked && s.phase == SESSION_ENDED);
    session_deinit(&s);
    return 0;
}
