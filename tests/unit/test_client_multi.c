/* test_client_multi.c - several operations in one request: the bytes that the builder makes, and both shapes of the answer. */
#include "create.h"
#include "lib/runner.h"
#include "multi.h"
#include "reply.h"
#include "results.h"

#include "wire/zk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* MultiHeader{type, done, err}. */
#define HEAD(type) type "00ffffffff"
#define END "ffffffff01ffffffff"
#define PATH "000000022f61"
#define OPEN_ACL "000000010000001f00000005776f726c6400000006616e796f6e65"
#define RESULT(type) type "0000000000"
#define ERROR(err) "ffffffff00" err err
#define STAT_HEX                                                                                                               \
    "0000000000000001000000000000000200000000000000030000000000000004000000050000000600000007000000000000000800000009"         \
    "0000000a000000000000000b"

static size_t from_hex(const char *hex, uint8_t *to)
{
    size_t size = strlen(hex) / 2;

    for (size_t i = 0; i < size; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        to[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return size;
}

static void check_bytes(const struct coord_multi *m, const char *hex)
{
    uint8_t bytes[1024];
    size_t size = from_hex(hex, bytes);

    CHECK_EQ_BYTES(m->bytes, m->size, bytes, size);
}

TEST(multi, each_write_is_as_zookeeper_has_it)
{
    static const struct coord_acl mine = {COORD_PERM_READ, "ip", "1"};
    struct coord_multi *m;

    REQUIRE(coord_multi_new(&m) == 0);
    check_bytes(m, END);
    CHECK_EQ_INT(coord_multi_create(m, "/a", "v", 1, NULL), 0);
    check_bytes(m, HEAD("0000000f") PATH "0000000176" OPEN_ACL "00000000" END);
    coord_multi_clear(m);
    CHECK_EQ_INT(coord_multi_create(m, "/a", NULL, 0, &(struct coord_create_options){.mode = COORD_EPHEMERAL_SEQUENTIAL}), 0);
    check_bytes(m, HEAD("0000000f") PATH "ffffffff" OPEN_ACL "00000003" END);
    coord_multi_clear(m);
    CHECK_EQ_INT(
        coord_multi_create(m, "/a", "", 0, &(struct coord_create_options){COORD_CONTAINER, .acl = &mine, .acl_count = 1}), 0);
    check_bytes(m, HEAD("00000013") PATH "00000000"
                                         "000000010000000100000002697000000001"
                                         "31"
                                         "00000004" END);
    coord_multi_clear(m);
    CHECK_EQ_INT(coord_multi_create(m, "/a", "", 0, &(struct coord_create_options){COORD_PERSISTENT_TTL, .ttl_ms = 9}), 0);
    check_bytes(m, HEAD("00000015") PATH "00000000" OPEN_ACL "000000050000000000000009" END);
    coord_multi_clear(m);
    CHECK_EQ_INT(coord_multi_delete(m, "/a", 3), 0);
    CHECK_EQ_INT(coord_multi_set(m, "/a", "vw", 2, -1), 0);
    CHECK_EQ_INT(coord_multi_check(m, "/a", 4), 0);
    CHECK_EQ_INT(coord_multi_count(m), 3);
    check_bytes(m, HEAD("00000002") PATH "00000003" HEAD("00000005") PATH "000000027677ffffffff" HEAD("0000000d") PATH
                "00000004" END);
    coord_multi_free(m);
    coord_multi_free(NULL);
}

TEST(multi, reads_and_writes_do_not_mix)
{
    struct coord_multi *m;

    REQUIRE(coord_multi_new(&m) == 0);
    CHECK_EQ_INT(coord_multi_get(m, "/a"), 0);
    CHECK_EQ_INT(coord_multi_children(m, "/a"), 0);
    CHECK_EQ_INT(coord_multi_delete(m, "/a", -1), -COORD_E_BAD_ARGUMENTS);
    CHECK(m->reads);
    check_bytes(m, HEAD("00000004") PATH "00" HEAD("00000008") PATH "00" END);
    coord_multi_clear(m);
    CHECK_EQ_INT(coord_multi_check(m, "/a", -1), 0);
    CHECK_EQ_INT(coord_multi_get(m, "/a"), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_count(m), 1);
    coord_multi_free(m);
}

TEST(multi, what_cannot_be_is_refused_and_leaves_it_as_it_was)
{
    static const struct coord_acl no_id = {COORD_PERM_READ, "ip", NULL};
    static const struct coord_create_options wrong[] = {
        {.mode = (enum coord_create_mode) - 1},
        {.mode = (enum coord_create_mode)7},
        {.mode = COORD_PERSISTENT, .ttl_ms = 1},
        {.mode = COORD_CONTAINER, .ttl_ms = 1},
        {.mode = COORD_PERSISTENT_TTL},
        {.mode = COORD_PERSISTENT_SEQUENTIAL_TTL, .ttl_ms = -1},
        {.mode = COORD_PERSISTENT_TTL, .ttl_ms = COORD_TTL_MS_MAX + 1},
        {.acl = &no_id, .acl_count = 1},
        {.acl = NULL, .acl_count = 1},
    };
    struct coord_multi *m;

    REQUIRE(coord_multi_new(&m) == 0);
    for (size_t i = 0; i < COUNT(wrong); i++)
        CHECK_EQ_INT(coord_multi_create(m, "/a", "", 0, &wrong[i]), -COORD_E_BAD_ARGUMENTS, "row %zu", i);
    CHECK_EQ_INT(coord_multi_create(m, NULL, "", 0, NULL), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_create(m, "/a", "", COORD_REQUEST_BYTES_MAX + 1, NULL), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_set(m, "/a", "", COORD_REQUEST_BYTES_MAX + 1, -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_set(m, NULL, "", 0, -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_delete(m, NULL, -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_check(m, NULL, -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_get(m, NULL), -COORD_E_BAD_ARGUMENTS);
    check_bytes(m, END);
    for (size_t i = 0; i < COORD_MULTI_MAX; i++)
        REQUIRE(coord_multi_check(m, "/a", -1) == 0);
    CHECK_EQ_INT(coord_multi_check(m, "/a", -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_count(m), COORD_MULTI_MAX);
    coord_multi_free(m);
}

TEST(multi, together_it_has_the_size_of_one_request_at_most)
{
    static uint8_t large[COORD_REQUEST_BYTES_MAX / 2];
    struct coord_multi *m;

    REQUIRE(coord_multi_new(&m) == 0);
    CHECK_EQ_INT(coord_multi_set(m, "/a", large, sizeof(large), -1), 0);
    CHECK_EQ_INT(coord_multi_set(m, "/a", large, sizeof(large), -1), -COORD_E_BAD_ARGUMENTS);
    CHECK_EQ_INT(coord_multi_set(m, "/a", large, sizeof(large) - 100, -1), 0);
    coord_multi_free(m);
}

/* Decode; the caller releases. */
static void decode(struct reply *reply, int32_t opcode, const char *hex)
{
    static uint8_t bytes[4096];
    struct jute_cursor c = jute_cursor_make(slice_make(bytes, from_hex(hex, bytes)));

    memset(reply, 0, sizeof(*reply));
    reply_decode(reply, opcode, &c);
}

TEST(multi_reply, of_success_has_each_operations_own)
{
    struct reply reply;
    const struct coord_result *r;
    struct coord_result *copy;

    decode(&reply, ZK_OP_MULTI,
           RESULT("00000001") PATH RESULT("0000000f") PATH STAT_HEX RESULT("00000005") STAT_HEX RESULT("00000002")
               RESULT("0000000d") END);
    CHECK_EQ_INT(reply.shown.error, 0);
    REQUIRE(reply.shown.result_count == 5);
    copy = results_copy(reply.shown.results, 5);
    reply_release(&reply);
    r = copy;
    CHECK_EQ_STR(r[0].path, "/a");
    CHECK(r[0].stat == NULL);
    CHECK_EQ_STR(r[1].path, "/a");
    CHECK(r[1].stat != NULL && r[1].stat->czxid == 1 && r[1].stat->pzxid == 11);
    CHECK(r[2].path == NULL && r[2].stat != NULL && r[2].stat->version == 5);
    for (int i = 0; i < 5; i++)
        CHECK_EQ_INT(r[i].error, 0);
    CHECK(r[3].stat == NULL && r[4].stat == NULL && r[4].children == NULL && r[4].data == NULL);
    free(copy);
}

TEST(multi_reply, of_failure_names_the_operation)
{
    static const struct {
        const char *hex;
        int error, errors[3];
    } rows[] = {
        {ERROR("00000000") ERROR("ffffff9b") ERROR("fffffffe") END,
         -COORD_E_NO_NODE,
         {0, -COORD_E_NO_NODE, -COORD_E_RUNTIME_INCONSISTENCY}},
        {ERROR("ffffff92") ERROR("fffffffe") ERROR("fffffffe") END,
         -COORD_E_NODE_EXISTS,
         {-COORD_E_NODE_EXISTS, -COORD_E_RUNTIME_INCONSISTENCY, -COORD_E_RUNTIME_INCONSISTENCY}},
        {ERROR("fffffffe") ERROR("fffffffe") ERROR("fffffffe") END,
         -COORD_E_RUNTIME_INCONSISTENCY,
         {-COORD_E_RUNTIME_INCONSISTENCY, -COORD_E_RUNTIME_INCONSISTENCY, -COORD_E_RUNTIME_INCONSISTENCY}},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply;
        decode(&reply, ZK_OP_MULTI, rows[i].hex);
        CHECK_EQ_INT(reply.shown.error, rows[i].error, "row %zu", i);
        REQUIRE(reply.shown.result_count == 3);
        for (int k = 0; k < 3; k++)
            CHECK_EQ_INT(reply.shown.results[k].error, rows[i].errors[k], "row %zu, %d", i, k);
        reply_release(&reply);
    }
}

TEST(multi_reply, of_reads_fails_one_by_one)
{
    struct reply reply;
    struct coord_result *copy;

    decode(&reply, ZK_OP_MULTI_READ,
           ERROR("ffffff9b") RESULT("00000004") "0000000378007a" STAT_HEX RESULT("00000008") "00000002"
                                                                                             "0000000162"
                                                                                             "000000026363" //
           RESULT("00000008") "00000000" RESULT("00000004") "ffffffff" STAT_HEX END);
    CHECK_EQ_INT(reply.shown.error, 0);
    REQUIRE(reply.shown.result_count == 5);
    copy = results_copy(reply.shown.results, 5);
    CHECK_EQ_INT(copy[0].error, -COORD_E_NO_NODE);
    CHECK_EQ_BYTES(copy[1].data, copy[1].data_size + 1, "x\0z", 4);
    CHECK(copy[1].stat->data_length == 9);
    REQUIRE(copy[2].child_count == 2);
    CHECK_EQ_STR(copy[2].children[0], "b");
    CHECK_EQ_STR(copy[2].children[1], "cc");
    CHECK(copy[2].children[2] == NULL && copy[3].child_count == 0 && copy[3].children[0] == NULL);
    CHECK(copy[4].data == NULL && copy[4].data_size == 0 && copy[4].stat != NULL);
    free(copy);
    reply_release(&reply);
}

TEST(multi_reply, of_nothing_is_nothing)
{
    struct reply reply;

    decode(&reply, ZK_OP_MULTI, END);
    CHECK(reply.shown.error == 0 && reply.shown.results != NULL && reply.shown.result_count == 0);
    reply_release(&reply);
}

TEST(multi_reply, that_makes_no_sense_is_an_error)
{
    static const char *const rows[] = {
        RESULT("00000063") END,            /* no such operation */
        RESULT("00000001") "ffffffff" END, /* a null path */
        "ffffffff000000000100000001" END,  /* a positive error */
        RESULT("00000008") "fffffffe" END, /* a count below -1 */
        RESULT("0000000f") PATH STAT_HEX,  /* no end */
        RESULT("00000004") "00000001"
                           "78" STAT_HEX "ffffffff01ff", /* cut in the end */
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply;
        decode(&reply, ZK_OP_MULTI, rows[i]);
        CHECK_EQ_INT(reply.shown.error, -COORD_E_MARSHALLING, "row %zu", i);
        CHECK(reply.shown.results == NULL && reply.shown.result_count == 0);
        reply_release(&reply);
    }
}

TEST(multi_reply, cut_anywhere_is_an_error)
{
    const char *whole = RESULT("0000000f")
        PATH STAT_HEX RESULT("00000004") "0000000178" STAT_HEX RESULT("00000008") "00000001"
                                                                                  "0000000162" ERROR("ffffff9b") END;
    uint8_t bytes[1024];
    size_t size = from_hex(whole, bytes);

    for (size_t cut = 0; cut <= size; cut++) {
        uint8_t *part = malloc(cut + 1);
        struct jute_cursor c;
        struct reply reply = {0};

        memcpy(part, bytes, cut);
        c = jute_cursor_make(slice_make(part, cut));
        reply_decode(&reply, ZK_OP_MULTI_READ, &c);
        CHECK_EQ_INT(reply.shown.error, cut < size ? -COORD_E_MARSHALLING : 0, "cut at %zu", cut);
        reply_release(&reply);
        free(part);
    }
}

TEST(who_am_i, is_a_list_of_ids)
{
    static const struct {
        const char *hex;
        int error;
        size_t count;
    } rows[] = {
        {"00000002000000026970000000013100000006646967657374000000026d65", 0, 2},
        {"00000000", 0, 0},
        {"ffffffff", 0, 0},
        {"fffffffe", -COORD_E_MARSHALLING, 0},
        {"7fffffff", -COORD_E_MARSHALLING, 0},
        {"000000010000000469700000", -COORD_E_MARSHALLING, 0},
        {"0000", -COORD_E_MARSHALLING, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct reply reply;
        decode(&reply, ZK_OP_WHO_AM_I, rows[i].hex);
        CHECK_EQ_INT(reply.shown.error, rows[i].error, "row %zu", i);
        CHECK_EQ_INT(reply.shown.acl_count, rows[i].count, "row %zu", i);
        if (rows[i].count == 2) {
            CHECK_EQ_STR(reply.shown.acl[0].scheme, "ip");
            CHECK_EQ_STR(reply.shown.acl[0].id, "1");
            CHECK_EQ_STR(reply.shown.acl[1].scheme, "digest");
            CHECK_EQ_STR(reply.shown.acl[1].id, "me");
            CHECK_EQ_INT(reply.shown.acl[1].perms, 0);
        }
        reply_release(&reply);
    }
}

TEST(create, the_mode_decides_the_operation)
{
    static const struct {
        enum coord_create_mode mode;
        bool stat;
        int32_t opcode;
    } rows[] = {
        {COORD_PERSISTENT, false, ZK_OP_CREATE},
        {COORD_EPHEMERAL_SEQUENTIAL, true, ZK_OP_CREATE2},
        {COORD_CONTAINER, false, ZK_OP_CREATE_CONTAINER},
        {COORD_PERSISTENT_SEQUENTIAL_TTL, false, ZK_OP_CREATE_TTL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct coord_create_options how = {.mode = rows[i].mode, .ttl_ms = rows[i].opcode == ZK_OP_CREATE_TTL ? 1 : 0};
        struct create_request c;
        CHECK_EQ_INT(create_request_init(&c, "/a", NULL, 0, &how, rows[i].stat), 0, "row %zu", i);
        CHECK_EQ_INT(c.opcode, rows[i].opcode, "row %zu", i);
        create_request_deinit(&c);
    }
}
