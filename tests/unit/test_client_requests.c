/* test_client_requests.c - packets of each call, and their answers, as ZooKeeper 3.8.0 takes and gives them. */
#include "lib/runner.h"
#include "reply.h"
#include "request.h"

#include "wire/zk.h"

#include <stdlib.h>
#include <string.h>

static size_t from_hex(const char *hex, uint8_t *to)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return size;
}

TEST(request, frames_have_length_header_and_record)
{
    struct zk_delete_request record = {SLICE_LITERAL("/a"), -1};
    struct request *r = request_new(7, ZK_OP_DELETE, &jute_delete_request, &record);
    static const uint8_t expected[] = {0, 0, 0, 18, 0, 0, 0, 7, 0, 0, 0, 2, 0, 0, 0, 2, '/', 'a', 255, 255, 255, 255};

    CHECK_EQ_BYTES(r->frame, r->size, expected, sizeof(expected));
    request_free(r);
    r = request_new(1, ZK_OP_CLOSE_SESSION, NULL, NULL);
    CHECK_EQ_INT(r->size, 12);
    request_free(r);
}

TEST(request, larger_than_the_limit_is_none)
{
    static uint8_t bytes[1];
    struct zk_set_data_request record = {SLICE_LITERAL("/a"), slice_make(bytes, COORD_REQUEST_BYTES_MAX), -1};

    CHECK(request_new(1, ZK_OP_SET_DATA, &jute_set_data_request, &record) == NULL);
}

#define STAT_HEX                                                                                                               \
    "0000000000000001"                                                                                                         \
    "0000000000000002"                                                                                                         \
    "0000000000000003"                                                                                                         \
    "0000000000000004"                                                                                                         \
    "00000005"                                                                                                                 \
    "00000006"                                                                                                                 \
    "00000007"                                                                                                                 \
    "0000000000000008"                                                                                                         \
    "00000009"                                                                                                                 \
    "0000000a"                                                                                                                 \
    "000000000000000b"

static bool stat_right(const struct coord_stat *s)
{
    return s->czxid == 1 && s->mzxid == 2 && s->ctime_ms == 3 && s->mtime_ms == 4 && s->version == 5 && s->cversion == 6 &&
           s->aversion == 7 && s->ephemeral_owner == 8 && s->data_length == 9 && s->num_children == 10 && s->pzxid == 11;
}

TEST(reply, each_operation_shows_its_own)
{
    static const struct {
        int32_t opcode;
        const char *hex;
        bool stat;
        const char *path, *data, *child;
    } rows[] = {
        {ZK_OP_CREATE,
         "00000002"
         "2f61",
         false, "/a", NULL, NULL},
        {ZK_OP_CREATE2,
         "00000002"
         "2f61" STAT_HEX,
         true, "/a", NULL, NULL},
        {ZK_OP_SYNC,
         "00000001"
         "2f",
         false, "/", NULL, NULL},
        {ZK_OP_EXISTS, STAT_HEX, true, NULL, NULL, NULL},
        {ZK_OP_SET_DATA, STAT_HEX, true, NULL, NULL, NULL},
        {ZK_OP_SET_ACL, STAT_HEX, true, NULL, NULL, NULL},
        {ZK_OP_GET_ACL,
         "00000001"
         "0000001f"
         "00000005"
         "776f726c64"
         "00000006"
         "616e796f6e65" STAT_HEX,
         true, NULL, NULL, NULL},
        {ZK_OP_GET_ACL, "ffffffff" STAT_HEX, true, NULL, NULL, NULL},
        {ZK_OP_GET_DATA,
         "00000001"
         "78" STAT_HEX,
         true, NULL, "x", NULL},
        {ZK_OP_GET_DATA, "00000000" STAT_HEX, true, NULL, "", NULL},
        {ZK_OP_GET_DATA, "ffffffff" STAT_HEX, true, NULL, NULL, NULL},
        {ZK_OP_GET_CHILDREN,
         "00000001"
         "00000001"
         "63",
         false, NULL, NULL, "c"},
        {ZK_OP_GET_CHILDREN2,
         "00000001"
         "00000001"
         "63" STAT_HEX,
         true, NULL, NULL, "c"},
        {ZK_OP_GET_CHILDREN, "00000000", false, NULL, NULL, NULL},
        {ZK_OP_LIST_PAGE,
         "00000001"
         "00000001"
         "63" STAT_HEX "01",
         true, NULL, NULL, "c"},
        {ZK_OP_LIST_PAGE, "00000000" STAT_HEX "00", true, NULL, NULL, NULL},
        {ZK_OP_GET_EPHEMERALS,
         "00000001"
         "00000002"
         "2f65",
         false, NULL, NULL, "/e"},
        {ZK_OP_DELETE, "", false, NULL, NULL, NULL},
        {ZK_OP_REMOVE_WATCHES, "", false, NULL, NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[256];
        size_t size = from_hex(rows[i].hex, bytes);
        struct jute_cursor c = jute_cursor_make(slice_make(bytes, size));
        struct reply reply = {0};

        reply_decode(&reply, rows[i].opcode, &c);
        CHECK_EQ_INT(reply.shown.error, 0, "row %zu", i);
        CHECK((reply.shown.stat != NULL) == rows[i].stat, "row %zu", i);
        CHECK(reply.shown.stat == NULL || stat_right(reply.shown.stat), "row %zu", i);
        CHECK((reply.shown.path != NULL) == (rows[i].path != NULL), "row %zu", i);
        CHECK(reply.shown.path == NULL || strcmp(reply.shown.path, rows[i].path) == 0, "row %zu", i);
        CHECK((reply.shown.data != NULL) == (rows[i].data != NULL), "row %zu", i);
        CHECK(reply.shown.data == NULL || (reply.shown.data_size == strlen(rows[i].data) &&
                                           memcmp(reply.shown.data, rows[i].data, reply.shown.data_size) == 0));
        CHECK_EQ_INT(reply.shown.child_count, rows[i].child != NULL, "row %zu", i);
        CHECK_EQ_INT(reply.shown.more, rows[i].opcode == ZK_OP_LIST_PAGE && rows[i].child != NULL, "row %zu", i);
        if (reply.shown.child_count == 1)
            CHECK_EQ_STR(reply.shown.children[0], rows[i].child);
        CHECK_EQ_INT(reply.shown.acl_count, strstr(rows[i].hex, "776f726c64") != NULL, "row %zu", i);
        if (reply.shown.acl_count == 1) {
            CHECK_EQ_INT(reply.shown.acl[0].perms, COORD_PERM_ALL);
            CHECK_EQ_STR(reply.shown.acl[0].scheme, "world");
            CHECK_EQ_STR(reply.shown.acl[0].id, "anyone");
        }
        reply_release(&reply);

        for (size_t cut = 0; cut < size; cut++) { /* any shorter record is an error and nothing else */
            uint8_t *part = malloc(cut + 1);
            memcpy(part, bytes, cut);
            c = jute_cursor_make(slice_make(part, cut));
            reply_decode(&reply, rows[i].opcode, &c);
            CHECK_EQ_INT(reply.shown.error, -COORD_E_MARSHALLING, "row %zu cut at %zu", i, cut);
            CHECK(reply.shown.data == NULL && reply.shown.path == NULL && reply.shown.stat == NULL);
            reply_release(&reply);
            free(part);
        }
    }
}

TEST(reply, of_a_count_is_a_number)
{
    static const struct {
        const char *hex;
        int error;
        size_t count;
    } rows[] = {{"00000000", 0, 0},
                {"00000007", 0, 7},
                {"7fffffff", 0, INT32_MAX},
                {"ffffffff", -COORD_E_MARSHALLING, 0},
                {"000007", -COORD_E_MARSHALLING, 0}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        uint8_t bytes[8];
        struct jute_cursor c = jute_cursor_make(slice_make(bytes, from_hex(rows[i].hex, bytes)));
        struct reply reply = {0};

        reply_decode(&reply, ZK_OP_GET_ALL_CHILDREN_NUMBER, &c);
        CHECK_EQ_INT(reply.shown.error, rows[i].error, "row %zu", i);
        CHECK(reply.shown.child_count == rows[i].count && reply.shown.children == NULL, "row %zu", i);
        reply_release(&reply);
    }
}

TEST(reply, of_a_page_that_ends_early_is_none)
{
    uint8_t bytes[256];
    size_t size = from_hex("0000000100000001"
                           "63" STAT_HEX "01",
                           bytes);

    for (size_t cut = 0; cut <= size; cut++) {
        struct jute_cursor c = jute_cursor_make(slice_make(bytes, cut));
        struct reply reply = {0};

        reply_decode(&reply, ZK_OP_LIST_PAGE, &c);
        CHECK_EQ_INT(reply.shown.error, cut < size ? -COORD_E_MARSHALLING : 0, "%zu bytes", cut);
        CHECK(reply.shown.more == (cut == size) && (reply.shown.children != NULL) == (cut == size), "%zu bytes", cut);
        reply_release(&reply);
    }
}
