/* seeds_talk.c - what clients and servers say to each other: records alone, and conversations as commands of the targets. */
#include "base/bytes.h"
#include "fuzz/seeds.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <stdio.h>
#include <string.h>

#define ACL_BYTES                                                                                                              \
    "\0\0\0\x1f\0\0\0\x05world\0\0\0\x06"                                                                                      \
    "anyone"
#define ACL                                                                                                                    \
    {                                                                                                                          \
        1,                                                                                                                     \
        {                                                                                                                      \
            (const uint8_t *)ACL_BYTES, sizeof(ACL_BYTES) - 1                                                                  \
        }                                                                                                                      \
    }
#define TEXT(text) SLICE_LITERAL(text)
#define NAMES                                                                                                                  \
    {                                                                                                                          \
        2,                                                                                                                     \
        {                                                                                                                      \
            (const uint8_t *)"\0\0\0\1a\0\0\0\2bb", 11                                                                         \
        }                                                                                                                      \
    }
#define STAT                                                                                                                   \
    .czxid = 1, .mzxid = 2, .ctime = 1700000000000, .mtime = 1700000000001, .version = 3, .cversion = 4, .data_length = 5,     \
    .num_children = 6, .pzxid = 7

static const struct zk_stat stat = {STAT};
static const struct zk_path_response path_response = {TEXT("/a")};
static const struct zk_create2_response create2_response = {.path = TEXT("/a"), STAT};
static const struct zk_get_data_response get_data_response = {.data = TEXT("value"), STAT};
static const struct zk_children_response children_response = {NAMES};
static const struct zk_children2_response children2_response = {.children = NAMES, STAT};
static const struct zk_request_header request_header = {1, 4};
static const struct zk_reply_header reply_header = {1, 2, -101};
static const struct zk_connect_request connect_request = {.timeout = 9000, .password = {(const uint8_t[16]){0}, 16}};
static const struct zk_connect_response connect_response = {
    .timeout = 9000, .session_id = 77, .password = TEXT("0123456789abcdef")};
static const struct zk_acl acl = {31, TEXT("world"), TEXT("anyone")};
static const struct zk_watcher_event watcher_event = {3, 3, TEXT("/a")};
static const struct zk_create_request create_request = {TEXT("/a"), TEXT("v"), ACL, 0};
static const struct zk_create_ttl_request create_ttl_request = {TEXT("/a"), TEXT("v"), ACL, 5, 1000};
static const struct zk_delete_request delete_request = {TEXT("/a"), -1};
static const struct zk_path_watch_request path_watch_request = {TEXT("/a"), true};
static const struct zk_set_data_request set_data_request = {TEXT("/a"), TEXT("w"), -1};
static const struct zk_path_request path_request = {TEXT("/a")};
static const struct zk_set_acl_request set_acl_request = {TEXT("/a"), ACL, 0};
static const struct zk_auth_packet auth_packet = {0, TEXT("digest"), TEXT("me:secret")};
static const struct zk_get_acl_response get_acl_response = {.acl = ACL, STAT};
static const struct zk_client_info client_info = {TEXT("digest"), TEXT("me")};
static const struct zk_check_request check_request = {TEXT("/a"), 0};
static const struct zk_multi_header multi_header = {13, false, -1};
static const struct zk_error_response error_response = {-101};
static const struct zk_set_watches_request set_watches_request = {1, NAMES, {-1, {NULL, 0}}, NAMES};
static const struct zk_set_watches2_request set_watches2_request = {1, NAMES, NAMES, NAMES, NAMES, NAMES};
static const struct zk_add_watch_request add_watch_request = {TEXT("/a"), 1};
static const struct zk_watcher_type_request watcher_type_request = {TEXT("/a"), 3};
static const struct zk_count_response count_response = {7};
static const struct zk_filtered_list_request filtered_list_request = {TEXT("/a"), true, 1};
static const struct zk_filtered_list_with_data_request filtered_list_with_data_request = {TEXT("/"), true, 1, true, true};
static const struct zk_limit_request limit_request = {TEXT("/a"), 100};
static const struct zk_check_stat_request check_stat_request = {TEXT("/a"),  -1,          .czxid = -1, .mzxid = -1,
                                                                .ctime = -1, .mtime = -1, .pzxid = -1, .data_length = 1};
static const struct zk_list_page_request list_page_request = {TEXT("/"), TEXT("a"), 2, 100};
static const struct zk_list_page_response list_page_response = {.children = NAMES, STAT, .more = true};

static const struct {
    const char *name;
    const struct jute_record *table;
    const void *record;
    int32_t request, reply; /* the operation that it stands in; 0: none */
} records[] = {
#define ROW(name, request, reply)                                                                                              \
    {                                                                                                                          \
#name, &jute_##name, &name, request, reply                                                                             \
    }
    ROW(request_header, 0, 0),
    ROW(reply_header, 0, 0),
    ROW(connect_request, 0, 0),
    ROW(connect_response, 0, 0),
    ROW(stat, 0, ZK_OP_EXISTS),
    ROW(acl, 0, 0),
    ROW(watcher_event, 0, 0),
    ROW(create_request, ZK_OP_CREATE, 0),
    ROW(create_ttl_request, ZK_OP_CREATE_TTL, 0),
    ROW(delete_request, ZK_OP_DELETE, 0),
    ROW(path_watch_request, ZK_OP_GET_DATA, 0),
    ROW(set_data_request, ZK_OP_SET_DATA, 0),
    ROW(path_request, ZK_OP_SYNC, 0),
    ROW(set_watches_request, ZK_OP_SET_WATCHES, 0),
    ROW(check_request, 0, 0),
    ROW(multi_header, 0, 0),
    ROW(error_response, 0, ZK_OP_ADD_WATCH),
    ROW(set_watches2_request, ZK_OP_SET_WATCHES2, 0),
    ROW(add_watch_request, ZK_OP_ADD_WATCH, 0),
    ROW(watcher_type_request, ZK_OP_CHECK_WATCHES, 0),
    ROW(set_acl_request, ZK_OP_SET_ACL, 0),
    ROW(auth_packet, ZK_OP_AUTH, 0),
    ROW(get_acl_response, 0, ZK_OP_GET_ACL),
    ROW(client_info, 0, 0),
    ROW(path_response, 0, ZK_OP_CREATE),
    ROW(create2_response, 0, ZK_OP_CREATE2),
    ROW(get_data_response, 0, ZK_OP_GET_DATA),
    ROW(children_response, 0, ZK_OP_GET_CHILDREN),
    ROW(children2_response, 0, ZK_OP_GET_CHILDREN2),
    ROW(count_response, 0, ZK_OP_GET_ALL_CHILDREN_NUMBER),
    ROW(filtered_list_request, ZK_OP_FILTERED_LIST, 0),
    ROW(filtered_list_with_data_request, ZK_OP_FILTERED_LIST_WITH_DATA, 0),
    ROW(limit_request, ZK_OP_REMOVE_RECURSIVE, 0),
    ROW(check_stat_request, ZK_OP_CHECK_STAT, 0),
    ROW(list_page_request, ZK_OP_LIST_PAGE, 0),
    ROW(list_page_response, 0, ZK_OP_LIST_PAGE),
#undef ROW
};
#define RECORDS (sizeof(records) / sizeof(records[0]))

static void put_result(struct buf *b, int32_t type, const struct jute_record *table, const void *record)
{
    jute_append(b, &jute_multi_header, &(struct zk_multi_header){type, type == -1 && table == NULL, type == -1 ? -1 : 0});
    if (table != NULL)
        jute_append(b, table, record);
}

/* Answers that are no single record: of a multi that succeeded, one that failed, one of reads, and of whoAmI. */
static void seeds_answers(struct buf *b)
{
    seed_u8(b, ZK_OP_MULTI);
    put_result(b, ZK_OP_CREATE, &jute_path_response, &path_response);
    put_result(b, ZK_OP_CREATE2, &jute_create2_response, &create2_response);
    put_result(b, ZK_OP_SET_DATA, &jute_stat, &stat);
    put_result(b, ZK_OP_CHECK, NULL, NULL);
    put_result(b, -1, NULL, NULL);
    seed_save("reply", "multi_done", b);
    seed_u8(b, ZK_OP_MULTI);
    for (int i = 0; i < 3; i++)
        put_result(b, -1, &jute_error_response, &(struct zk_error_response){i == 0 ? 0 : i == 1 ? -101 : -2});
    put_result(b, -1, NULL, NULL);
    seed_save("reply", "multi_failed", b);
    seed_u8(b, ZK_OP_MULTI_READ);
    put_result(b, ZK_OP_GET_DATA, &jute_get_data_response, &get_data_response);
    put_result(b, -1, &jute_error_response, &error_response);
    put_result(b, ZK_OP_GET_CHILDREN, &jute_children_response, &children_response);
    put_result(b, -1, NULL, NULL);
    seed_save("reply", "multi_read", b);
    seed_u8(b, ZK_OP_WHO_AM_I);
    jute_append(b, &jute_count_response, &(struct zk_count_response){2});
    jute_append(b, &jute_client_info, &client_info);
    jute_append(b, &jute_client_info, &client_info);
    seed_save("reply", "who_am_i", b);
}

void seeds_records(void)
{
    struct buf b = {0};

    for (unsigned i = 0; i < RECORDS; i++) {
        seed_u8(&b, i);
        jute_append(&b, records[i].table, records[i].record);
        seed_save("jute", records[i].name, &b);
        if (records[i].reply != 0) {
            seed_u8(&b, (unsigned)records[i].reply & 0xff);
            jute_append(&b, records[i].table, records[i].record);
            seed_save("reply", records[i].name, &b);
        }
    }
    seeds_answers(&b);
    buf_deinit(&b);
}

/* ---- session: frames of clients ---- */

static void say(struct buf *to, unsigned conn, int32_t xid, int32_t op, const struct jute_record *table, const void *record)
{
    struct buf b = {0};

    if (op != 0)
        jute_append(&b, &jute_request_header, &(struct zk_request_header){xid, op});
    if (table != NULL)
        jute_append(&b, table, record);
    if (to != NULL) {
        seed_u8(to, conn);
        seed_piece(to, buf_slice(&b));
    }
    buf_deinit(&b);
}

enum { SETTLE = 4 << 2, PASS = 5 << 2, CLOSE = 6 << 2, READ = 7 << 2 };

static void greet(struct buf *b, unsigned conn)
{
    say(b, conn, 0, 0, &jute_connect_request, &connect_request);
    seed_u8(b, SETTLE | conn);
}

/* One that succeeds, one that fails at its end, and reads. */
static void multis(struct buf *b)
{
    static const int32_t types[][3] = {{ZK_OP_CREATE, ZK_OP_SET_DATA, ZK_OP_CHECK},
                                       {ZK_OP_DELETE, ZK_OP_CREATE2, ZK_OP_CHECK},
                                       {ZK_OP_GET_DATA, ZK_OP_GET_CHILDREN, 0}};
    static const struct zk_check_request wrong = {TEXT("/a"), 9};
    struct buf frame = {0};

    greet(b, 0);
    for (int32_t i = 0; i < 3; i++) {
        jute_append(&frame, &jute_request_header, &(struct zk_request_header){i + 1, i < 2 ? ZK_OP_MULTI : ZK_OP_MULTI_READ});
        for (unsigned k = 0; k < 3 && types[i][k] != 0; k++) {
            int32_t type = types[i][k];

            jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){type, false, -1});
            if (type == ZK_OP_CREATE || type == ZK_OP_CREATE2)
                jute_append(&frame, &jute_create_request, &create_request);
            else if (type == ZK_OP_SET_DATA)
                jute_append(&frame, &jute_set_data_request, &set_data_request);
            else if (type == ZK_OP_DELETE)
                jute_append(&frame, &jute_delete_request, &delete_request);
            else if (type == ZK_OP_CHECK)
                jute_append(&frame, &jute_check_request, i == 0 ? &(struct zk_check_request){TEXT("/a"), 1} : &wrong);
            else
                jute_append(&frame, &jute_path_watch_request, &path_watch_request);
        }
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
        seed_u8(b, 0);
        seed_piece(b, buf_slice(&frame));
        buf_clear(&frame);
    }
    seed_u8(b, SETTLE);
    seed_u8(b, READ);
    seed_save("session", "multi", b);
    buf_deinit(&frame);
}

/* Keeper's, alone; then two multis of them, of which the second fails. */
static void keepers(struct buf *b)
{
    struct buf frame = {0};
    int32_t xid = 1;

    greet(b, 0);
    say(b, 0, xid++, ZK_OP_CREATE_IF_NOT_EXISTS, &jute_create_request, &create_request);
    say(b, 0, xid++, ZK_OP_CREATE_IF_NOT_EXISTS, &jute_create_request, &create_request);
    say(b, 0, xid++, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &check_request);
    say(b, 0, xid++, ZK_OP_LIST_RECURSIVE, &jute_limit_request, &limit_request);
    say(b, 0, xid++, ZK_OP_GET_DATA, &jute_path_watch_request,
        &(struct zk_path_watch_request){TEXT("/keeper/feature_flags"), true});
    for (int32_t i = 0; i < 2; i++) {
        jute_append(&frame, &jute_request_header, &(struct zk_request_header){xid++, ZK_OP_MULTI});
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_REMOVE_RECURSIVE, false, -1});
        jute_append(&frame, &jute_limit_request, &limit_request);
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CREATE_IF_NOT_EXISTS, false, -1});
        jute_append(&frame, &jute_create_request, &create_request);
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_CHECK_STAT, false, -1});
        jute_append(&frame, &jute_check_stat_request, &check_stat_request);
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){ZK_OP_TRY_REMOVE, false, -1});
        jute_append(&frame, &jute_delete_request, &delete_request);
        jute_append(&frame, &jute_multi_header,
                    &(struct zk_multi_header){i == 0 ? ZK_OP_CHECK_NOT_EXISTS : ZK_OP_CHECK, false, -1});
        jute_append(&frame, &jute_check_request, &check_request);
        jute_append(&frame, &jute_multi_header, &(struct zk_multi_header){-1, true, -1});
        seed_u8(b, 0);
        seed_piece(b, buf_slice(&frame));
        buf_clear(&frame);
    }
    say(b, 0, xid++, ZK_OP_TRY_REMOVE, &jute_delete_request, &delete_request);
    seed_u8(b, SETTLE);
    seed_u8(b, READ);
    seed_save("session", "keeper", b);
    buf_deinit(&frame);
}

static void seeds_session(void)
{
    struct buf b = {0};
    static const int32_t reads[] = {ZK_OP_EXISTS, ZK_OP_GET_CHILDREN, ZK_OP_GET_CHILDREN2};

    for (unsigned i = 0; i < RECORDS; i++) {
        if (records[i].request == 0)
            continue;
        greet(&b, 0);
        say(&b, 0, 1, ZK_OP_CREATE, &jute_create_request, &create_request);
        say(&b, 0, 2, records[i].request, records[i].table, records[i].record);
        seed_u8(&b, SETTLE);
        seed_u8(&b, READ);
        seed_save("session", records[i].name, &b);
    }
    greet(&b, 0);
    greet(&b, 1);
    for (int32_t mode = 0; mode < 3; mode++)
        say(&b, 0, mode + 1, ZK_OP_ADD_WATCH, &jute_add_watch_request, &(struct zk_add_watch_request){TEXT("/a"), mode});
    say(&b, 0, ZK_XID_SET_WATCHES, ZK_OP_SET_WATCHES2, &jute_set_watches2_request, &set_watches2_request);
    say(&b, 1, 1, ZK_OP_CREATE, &jute_create_request, &create_request);
    say(&b, 1, 2, ZK_OP_SET_DATA, &jute_set_data_request, &set_data_request);
    seed_u8(&b, SETTLE);
    for (int32_t type = 0; type < 7; type++)
        say(&b, 0, type + 4, ZK_OP_REMOVE_WATCHES, &jute_watcher_type_request,
            &(struct zk_watcher_type_request){TEXT("/a"), type});
    say(&b, 1, 3, ZK_OP_GET_EPHEMERALS, &jute_path_request, &path_request);
    say(&b, 1, 4, ZK_OP_GET_ALL_CHILDREN_NUMBER, &jute_path_request, &path_request);
    say(&b, 1, 5, ZK_OP_DELETE, &jute_delete_request, &delete_request);
    seed_u8(&b, READ);
    seed_u8(&b, READ | 1);
    seed_u8(&b, CLOSE);
    seed_save("session", "lasting_watches", &b);
    greet(&b, 0);
    for (int32_t i = 0; i < 3; i++)
        say(&b, 0, i + 1, reads[i], &jute_path_watch_request, &path_watch_request);
    say(&b, 0, ZK_XID_PING, ZK_OP_PING, NULL, NULL);
    greet(&b, 1);
    say(&b, 1, 1, ZK_OP_CREATE, &jute_create_request, &create_request);
    say(&b, 1, 2, ZK_OP_CLOSE_SESSION, NULL, NULL);
    seed_u8(&b, READ);
    seed_u8(&b, CLOSE | 1);
    seed_u8(&b, PASS);
    seed_u8(&b, 255);
    seed_save("session", "two_clients", &b);
    for (unsigned c = 0; c < 4; c++) {
        greet(&b, c);
        struct zk_create_request mine = create_request;
        mine.flags = (int32_t)c;
        say(&b, c, 1, ZK_OP_CREATE, &jute_create_request, &mine);
        say(&b, c, 2, ZK_OP_GET_CHILDREN, &jute_path_watch_request, &path_watch_request);
    }
    for (unsigned c = 0; c < 4; c++)
        seed_u8(&b, CLOSE | c);
    for (int i = 0; i < 8; i++) {
        seed_u8(&b, PASS);
        seed_u8(&b, 255);
    }
    seed_save("session", "all_modes_and_expiry", &b);
    multis(&b);
    keepers(&b);
    buf_deinit(&b);
}

/* ---- client: frames of the server ---- */

static void answer(struct buf *to, int32_t xid, const struct jute_record *table, const void *record)
{
    struct buf b = {0};
    uint8_t length[4];

    if (xid != 0)
        jute_append(&b, &jute_reply_header, &(struct zk_reply_header){xid, 5, 0});
    if (table != NULL)
        jute_append(&b, table, record);
    put_be32(length, (uint32_t)buf_size(&b));
    seed_u8(to, 0);
    seed_u8(to, (unsigned)buf_size(&b) + 4);
    buf_append(to, length, 4);
    buf_append(to, buf_bytes(&b), buf_size(&b));
    buf_deinit(&b);
}

static void ask(struct buf *to, unsigned op, bool watch) /* op: index in the target's list */
{
    seed_u8(to, 4u | op << 3 | (watch ? 128u : 0));
}

static void seeds_client(void)
{
    struct buf b = {0};

    for (unsigned i = 0; i < RECORDS; i++) {
        if (records[i].reply == 0)
            continue;
        answer(&b, 0, &jute_connect_response, &connect_response);
        for (unsigned op = 0; op < 5; op++)
            ask(&b, op, op % 2 == 0);
        for (int32_t xid = 1; xid < 5; xid++)
            answer(&b, xid, records[i].table, records[i].record);
        answer(&b, ZK_XID_NOTIFICATION, &jute_watcher_event, &watcher_event);
        seed_u8(&b, 6);
        seed_u8(&b, 60);
        answer(&b, ZK_XID_PING, NULL, NULL);
        seed_u8(&b, 7);
        answer(&b, 0, &jute_connect_response, &connect_response);
        answer(&b, ZK_XID_SET_WATCHES, NULL, NULL);
        ask(&b, 6, false);
        ask(&b, 6, true);
        answer(&b, 6, &jute_error_response, &error_response);
        answer(&b, 7, &jute_error_response, &error_response);
        answer(&b, ZK_XID_NOTIFICATION, &jute_watcher_event, &watcher_event);
        ask(&b, 7, true);
        answer(&b, 8, NULL, NULL);
        ask(&b, 5, false);
        seed_save("client", records[i].name, &b);
    }
    struct zk_connect_response expired = {.password = TEXT("0123456789abcdef")};
    ask(&b, 0, true);
    answer(&b, 0, &jute_connect_response, &expired);
    seed_save("client", "expired", &b);
    buf_deinit(&b);
}

void seeds_talk(void)
{
    seeds_session();
    seeds_client();
}
