/* test_state_acl.c - who may do what: schemes, lists, getACL, setACL, whoAmI, and for whom events are. */
#include "lib/runner.h"
#include "state/acl.h"
#include "state/internal.h"
#include "state/ip.h"
#include "state_fixture.h"

#include <stdio.h>

#define ERR(name) (-COORD_E_##name)
#define EVERYBODY "31:world:anyone"

TEST(state_acl, ip_expressions)
{
    static const struct {
        const char *expression, *address;
        int valid, matches;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1", 1, 1},
        {"127.0.0.1", "127.0.0.2", 1, 0},
        {"10.0.0.0/8", "10.255.1.2", 1, 1},
        {"10.0.0.0/8", "11.0.0.0", 1, 0},
        {"10.64.0.0/10", "10.127.0.1", 1, 1},
        {"10.64.0.0/10", "10.128.0.1", 1, 0},
        {"0.0.0.0/0", "1.2.3.4", 1, 1},
        {"1.2.3.4/32", "1.2.3.4", 1, 1},
        {"1.2.3.4/32", "1.2.3.5", 1, 0},
        {"1.2.3.4/33", "1.2.3.4", 0, 0},
        {"1.2.3.4/", "1.2.3.4", 0, 0},
        {"1.2.3.4/-1", "1.2.3.4", 0, 0},
        {"1.2.3.4/8x", "1.2.3.4", 0, 0},
        {"1.2.3", "1.2.3.0", 0, 0},
        {"1.2.3.4.5", "1.2.3.4", 0, 0},
        {"1.2.3.256", "1.2.3.4", 0, 0},
        {"1.2..4", "1.2.0.4", 0, 0},
        {"1.2.3.x", "1.2.3.4", 0, 0},
        {"", "", 0, 0},
        {"localhost", "127.0.0.1", 0, 0},
        {"::1", "::1", 1, 1},
        {"::1", "0:0:0:0:0:0:0:1", 1, 1},
        {"::1", "127.0.0.1", 1, 0},
        {"::/0", "127.0.0.1", 1, 0},
        {"::/0", "fe80::1", 1, 1},
        {"::", "::", 1, 1},
        {"2001:db8::/32", "2001:DB8:1:2:3:4:5:6", 1, 1},
        {"2001:db8::/32", "2001:db9::", 1, 0},
        {"2001:db8::/33", "2001:db8:8000::", 1, 0},
        {"1::8", "1:0:0:0:0:0:0:8", 1, 1},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0", 1, 1},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8", 1, 1},
        {"::ffff:1.2.3.4", "::ffff:102:304", 1, 1},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304", 1, 1},
        {"1:2:3:4:5:6:7:1.2.3.4", "::", 0, 0},
        {"1:2:3:4:5:6:7:8::", "::", 0, 0},
        {"1:2:3:4:5:6:7:8:9", "::", 0, 0},
        {"1:2:3:4:5:6:7", "::", 0, 0},
        {"1::2::3", "::", 0, 0},
        {"1:::2", "::", 0, 0},
        {":1", "::", 0, 0},
        {"1:", "::", 0, 0},
        {":", "::", 0, 0},
        {"12345::", "::", 0, 0},
        {"g::", "::", 0, 0},
        {"1 ::", "::", 0, 0},
        {"::1/129", "::1", 0, 0},
        {"::1/128", "::1", 1, 1},
        {"1.2.3.4", "nonsense", 1, 0},
        {"::ffff:127.0.0.1", "127.0.0.1", 1, 1},
        {"::ffff:127.0.0.1", "127.0.0.2", 1, 0},
        {"::FFFF:7f00:1", "127.0.0.1", 1, 1},
        {"::ffff:127.0.0.1/128", "127.0.0.1", 1, 1},
        {"::ffff:127.0.0.1/129", "127.0.0.1", 0, 0},
        {"::ffff:10.0.0.0/104", "10.255.1.2", 1, 1},
        {"::ffff:10.0.0.0/104", "11.0.0.0", 1, 0},
        {"::ffff:10.64.0.0/106", "10.127.0.1", 1, 1},
        {"::ffff:10.64.0.0/106", "10.128.0.1", 1, 0},
        {"::ffff:0:0/96", "1.2.3.4", 1, 1},
        {"::ffff:0:0/96", "fe80::1", 1, 0},
        {"::ffff:0:0/95", "1.2.3.4", 1, 0},
        {"::fffe:10.0.0.1", "10.0.0.1", 1, 0},
        {"::10.0.0.1", "10.0.0.1", 1, 0},
        {"10.0.0.1", "::ffff:10.0.0.1", 1, 1},
        {"10.0.0.1", "::ffff:10.0.0.2", 1, 0},
        {"10.0.0.0/8", "::ffff:a01:203", 1, 1},
        {"::ffff:10.0.0.0/104", "::ffff:10.1.2.3", 1, 1},
        {"::/0", "::ffff:10.0.0.1", 1, 0},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        CHECK(ip_valid(slice_from_text(rows[i].expression)) == (rows[i].valid != 0), "%s", rows[i].expression);
        CHECK(ip_matches(slice_from_text(rows[i].expression), slice_from_text(rows[i].address)) == (rows[i].matches != 0),
              "%s %s", rows[i].expression, rows[i].address);
    }
}

/* OP_DESC sees to it; an entry of the table that went around it would show here. */
TEST(state_acl, every_operation_has_a_permission)
{
    size_t count = 0;

    for (int32_t opcode = -1000; opcode <= ZK_OP_LIST_PAGE; opcode++) {
        const struct op_desc *op = op_find(opcode) != NULL ? op_find(opcode) : op_find_inner(opcode);

        if (op == NULL)
            continue;
        count++;
        CHECK(op->perm == OP_PERM_NONE || (op->perm > 0 && op->perm <= ZK_PERM_ALL), "%s", op->name);
        CHECK_EQ_INT(op->opcode, opcode, "%s", op->name);
    }
    CHECK(count >= 38, "%zu", count);
}

/* What a client with these ids gets for the list that it asks for. NULL: -114. */
TEST(state_acl, what_becomes_of_a_list)
{
    static const char ids[] = "ip:10.0.0.1 digest:a:x digest:b:y super:";
    static const struct {
        const char *ids, *asked, *kept;
    } rows[] = {
        {ids, EVERYBODY, EVERYBODY},
        {"", EVERYBODY, EVERYBODY},
        {"", "1:world:anyone 2:world:anyone", "1:world:anyone 2:world:anyone"},
        {"", "1:world:anyone 2:digest:a:x 1:world:anyone 2:digest:a:x", "1:world:anyone 2:digest:a:x"},
        {"", "0:world:anyone", "0:world:anyone"},
        {ids, "31:auth:", "31:digest:a:x 31:digest:b:y"},
        {ids, "31:auth:whatever", "31:digest:a:x 31:digest:b:y"},
        {ids, "1:world:anyone 31:auth:", "1:world:anyone 31:digest:a:x 31:digest:b:y"},
        {ids, "1:auth: 2:auth: 1:auth:", "1:digest:a:x 1:digest:b:y 2:digest:a:x 2:digest:b:y"},
        {"", "31:auth:", NULL},
        {"ip:10.0.0.1", "31:auth:", NULL},
        {"super:", "31:auth:", NULL},
        {"", "31:digest:a:x", "31:digest:a:x"},
        {"", "31:digest::x", "31:digest::x"},
        {"", "31:digest:a:x:", "31:digest:a:x:"},
        {"", "31:digest:a:", NULL},
        {"", "31:digest:a", NULL},
        {"", "31:digest:", NULL},
        {"", "31:digest:a:b:c", NULL},
        {"", "1:ip:10.0.0.0/8", "1:ip:10.0.0.0/8"},
        {"", "1:ip:fe80::/10", "1:ip:fe80::/10"},
        {"", "1:ip:10.0.0", NULL},
        {"", "31:world:everybody", NULL},
        {"", "31:world:", NULL},
        {"", "31:x509:CN=me", NULL},
        {"", "31:sasl:me", NULL},
        {"", "31:super:", NULL},
        {"", "31::", NULL},
        {"", EVERYBODY " 1:ip:nowhere", NULL},
        {"", "", NULL},
    };
    struct buf space = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct jute_vector fixed;
        int rc = acl_fix(world_acl(rows[i].asked), world_auth(rows[i].ids), &space, &fixed);

        CHECK_EQ_INT(rc, rows[i].kept == NULL ? ERR(INVALID_ACL) : 0, "row %zu", i);
        if (rc != 0)
            continue;
        CHECK_EQ_STR(world_acl_text(fixed), rows[i].kept, "row %zu", i);
        CHECK(acl_plausible(fixed), "row %zu", i);
    }
    buf_deinit(&space);
}

TEST(state_acl, null_parts_are_no_ids)
{
    const struct zk_acl items[] = {{31, SLICE_NULL, SLICE_LITERAL("x")},
                                   {31, SLICE_LITERAL("world"), SLICE_NULL},
                                   {31, SLICE_LITERAL("digest"), SLICE_NULL},
                                   {31, SLICE_LITERAL("ip"), SLICE_NULL}};
    struct buf space = {0}, list = {0};

    for (size_t i = 0; i < COUNT(items); i++) {
        struct jute_vector fixed;

        buf_clear(&list);
        jute_append(&list, &jute_acl, &items[i]);
        CHECK_EQ_INT(acl_fix((struct jute_vector){1, buf_slice(&list)}, SLICE_NULL, &space, &fixed), ERR(INVALID_ACL),
                     "row %zu", i);
        CHECK(!acl_plausible((struct jute_vector){1, buf_slice(&list)}), "row %zu", i);
    }
    CHECK_EQ_INT(acl_fix((struct jute_vector){-1, SLICE_NULL}, SLICE_NULL, &space, &(struct jute_vector){0}), ERR(INVALID_ACL));
    buf_deinit(&space);
    buf_deinit(&list);
}

TEST(state_acl, a_list_is_bounded)
{
    struct buf space = {0}, list = {0};
    struct jute_vector fixed;
    int32_t count = 0;

    for (; buf_size(&list) + 25 <= ACL_BYTES_MAX; count++) /* 4 + 4 + 2 + 4 + 9, and more with the digits */
        jute_append(&list, &jute_acl, &(struct zk_acl){count, SLICE_LITERAL("ip"), SLICE_LITERAL("10.0.0.0/8")});
    CHECK_EQ_INT(acl_fix((struct jute_vector){count, buf_slice(&list)}, SLICE_NULL, &space, &fixed), 0);
    CHECK_EQ_INT(fixed.count, count);
    jute_append(&list, &jute_acl, &(struct zk_acl){count, SLICE_LITERAL("ip"), SLICE_LITERAL("10.0.0.0/8")});
    CHECK_EQ_INT(acl_fix((struct jute_vector){count + 1, buf_slice(&list)}, SLICE_NULL, &space, &fixed), ERR(INVALID_ACL));
    CHECK(!acl_plausible((struct jute_vector){count + 1, buf_slice(&list)}));
    buf_clear(&list);
    for (count = 0; count < 800; count++) /* short, but each becomes two */
        jute_append(&list, &jute_acl, &(struct zk_acl){count, SLICE_LITERAL("auth"), SLICE_LITERAL("")});
    CHECK_EQ_INT(acl_fix((struct jute_vector){count, buf_slice(&list)}, world_auth("digest:a:xxxxxxxx digest:b:yyyyyyyy"),
                         &space, &fixed),
                 ERR(INVALID_ACL));
    buf_deinit(&space);
    buf_deinit(&list);
}

static int read_with(struct world *w, int32_t op, const void *request)
{
    buf_clear(&w->reply);
    w->r = (struct read){.auth = w->auth, .session = w->session, .reply = &w->reply};
    state_read(w->s, op_find(op), request, &w->r);
    return w->r.err;
}

/* Those of Keeper's, and our own: of /p, and of /p/x or /p/c in it. False: it is none of them. */
static bool keepers(struct world *w, const char *name, int *rc)
{
    uint8_t space[ACL_WORLD_BYTES];
    const struct slice p = SLICE_LITERAL("/p"), x = SLICE_LITERAL("/p/x");
    struct zk_create_request create = {SLICE_LITERAL("/p/c"), SLICE_NULL, acl_world(31, space), 0};
    struct zk_check_stat_request stat = {p, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};

    if (strcmp(name, "tryRemove") == 0)
        *rc = world_request(w, ZK_OP_TRY_REMOVE, &jute_delete_request, &(struct zk_delete_request){x, -1});
    else if (strcmp(name, "removeRecursive") == 0)
        *rc = world_request(w, ZK_OP_REMOVE_RECURSIVE, &jute_limit_request, &(struct zk_limit_request){x, 9});
    else if (strcmp(name, "createIfNotExists") == 0)
        *rc = world_request(w, ZK_OP_CREATE_IF_NOT_EXISTS, &jute_create_request, &create);
    else if (strcmp(name, "checkNotExists") == 0)
        *rc = world_request(w, ZK_OP_CHECK_NOT_EXISTS, &jute_check_request, &(struct zk_check_request){p, 7});
    else if (strcmp(name, "checkStat") == 0)
        *rc = world_request(w, ZK_OP_CHECK_STAT, &jute_check_stat_request, &stat);
    else if (strcmp(name, "filteredList") == 0)
        *rc = read_with(w, ZK_OP_FILTERED_LIST, &(struct zk_filtered_list_request){p, true, 0});
    else if (strcmp(name, "filteredListWithStatsAndData") == 0)
        *rc = read_with(w, ZK_OP_FILTERED_LIST_WITH_DATA, &(struct zk_filtered_list_with_data_request){p, true, 0, true, true});
    else if (strcmp(name, "listRecursive") == 0)
        *rc = read_with(w, ZK_OP_LIST_RECURSIVE, &(struct zk_limit_request){p, 9});
    else if (strcmp(name, "listPage") == 0)
        *rc = read_with(w, ZK_OP_LIST_PAGE, &(struct zk_list_page_request){p, SLICE_NULL, 9, 0});
    else
        return false;
    return true;
}

/* Every operation, by who has the one permission that it asks, by who has all others, and by the superuser. */
TEST(state_acl, each_operation_asks_its_permission)
{
    static const struct {
        const char *name;
        int perms; /* any of them is enough */
    } rows[] = {{"create", ZK_PERM_CREATE},
                {"delete", ZK_PERM_DELETE},
                {"setData", ZK_PERM_WRITE},
                {"setACL", ZK_PERM_ADMIN},
                {"getData", ZK_PERM_READ},
                {"getACL", ZK_PERM_READ | ZK_PERM_ADMIN},
                {"exists", ZK_PERM_READ},
                {"getChildren", ZK_PERM_READ},
                {"getChildren2", ZK_PERM_READ},
                {"multi", ZK_PERM_READ},
                {"tryRemove", ZK_PERM_DELETE},
                {"removeRecursive", ZK_PERM_DELETE},
                {"createIfNotExists", ZK_PERM_CREATE},
                {"checkNotExists", ZK_PERM_READ},
                {"checkStat", ZK_PERM_READ},
                {"filteredList", ZK_PERM_READ},
                {"filteredListWithStatsAndData", ZK_PERM_READ},
                {"listRecursive", ZK_PERM_READ},
                {"listPage", ZK_PERM_READ}};
    static const char *const schemes[] = {"world:anyone", "digest:a:x", "ip:10.0.0.0/8"};
    static const char *const who[] = {"", "digest:b:y digest:a:x", "digest:b:y ip:10.1.2.3",
                                      "ip:11.0.0.1 super:", "digest:a:y ip:11.0.0.1"};
    enum { SUPER = 3, STRANGER = 4 };

    for (size_t row = 0; row < COUNT(rows); row++)
        for (size_t scheme = 0; scheme < COUNT(schemes); scheme++)
            for (int perms = 0; perms <= ZK_PERM_ALL; perms++)
                for (size_t me = 0; me < COUNT(who); me++) {
                    bool named = me == scheme || scheme == 0;
                    bool may = me == SUPER || (named && (perms & rows[row].perms) != 0);
                    struct world w;
                    char acl[64];
                    int rc = 0;

                    if ((perms & (perms - 1)) != 0 && ((perms ^ ZK_PERM_ALL) & ((perms ^ ZK_PERM_ALL) - 1)) != 0)
                        continue; /* one, none, all, all but one */
                    world_init(&w);
                    snprintf(acl, sizeof(acl), "%d:%s", perms, schemes[scheme]);
                    w.auth = world_auth("super:");
                    CHECK_EQ_INT(world_create_list(&w, "/p", acl), 0);
                    CHECK_EQ_INT(world_create_list(&w, "/p/x", EVERYBODY), 0);
                    w.auth = world_auth(who[me]);
                    if (strcmp(rows[row].name, "create") == 0)
                        rc = world_create(&w, "/p/c", "", 0);
                    else if (strcmp(rows[row].name, "delete") == 0)
                        rc = world_delete(&w, "/p/x", -1);
                    else if (strcmp(rows[row].name, "setData") == 0)
                        rc = world_set(&w, "/p", "", -1);
                    else if (strcmp(rows[row].name, "setACL") == 0)
                        rc = world_set_acl(&w, "/p", EVERYBODY, -1);
                    else if (keepers(&w, rows[row].name, &rc))
                        ;
                    else if (strcmp(rows[row].name, "multi") == 0) {
                        world_multi_add(&w, ZK_OP_CHECK, &jute_check_request,
                                        &(struct zk_check_request){SLICE_LITERAL("/p"), -1});
                        CHECK_EQ_INT(world_multi(&w), 0);
                        rc = strcmp(world_results(&w), "-1:-102") == 0 ? ERR(NO_AUTH) : 0;
                    } else {
                        for (int32_t op = 0; op < 20; op++)
                            if (op_find(op) != NULL && strcmp(op_find(op)->name, rows[row].name) == 0)
                                rc = world_read(&w, op, SLICE_LITERAL("/p"), true);
                        CHECK(rc == 0 || w.r.watch == READ_WATCH_NONE);
                    }
                    CHECK_EQ_INT(rc, may ? 0 : ERR(NO_AUTH), "%s %s as %s", rows[row].name, acl, who[me]);
                    world_deinit(&w);
                }
}

TEST(state_acl, set_acl_and_get_acl)
{
    struct zk_stat before;
    struct world w;
    uint64_t digest;

    world_init(&w);
    world_create(&w, "/a", "v", 0);
    before = w.stat;
    w.auth = world_auth("digest:me:hash");
    CHECK_EQ_INT(world_set_acl(&w, "/a", "1:world:anyone 31:auth: 3:ip:10.0.0.1", 0), 0);
    CHECK_EQ_INT(w.a.change_count, 0);
    before.aversion = 1;
    CHECK(jute_equal(&jute_stat, &w.stat, &before)); /* nothing else moves */
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    CHECK_EQ_STR(world_get_acl(&w, "/a"), "1:world:anyone 31:digest:me:hash 3:ip:10.0.0.1");
    CHECK_EQ_INT(w.stat.aversion, 1);
    w.auth = SLICE_NULL;
    CHECK_EQ_STR(world_get_acl(&w, "/a"), "1:world:anyone 31:digest:me:x 3:ip:10.0.0.1"); /* the hash is hidden */
    digest = state_digest(w.s);
    CHECK_EQ_INT(world_set_acl(&w, "/a", EVERYBODY, -1), ERR(NO_AUTH));
    w.auth = world_auth("digest:me:hash");
    CHECK_EQ_INT(world_set_acl(&w, "/a", "1:world:anyone 31:digest:me:hash", 1), 0);
    CHECK(state_digest(w.s) != digest);
    CHECK_EQ_INT(world_set_acl(&w, "/a", EVERYBODY, 1), ERR(BAD_VERSION));
    CHECK_EQ_INT(world_set_acl(&w, "/a", EVERYBODY, -1), 0);
    CHECK_EQ_INT(w.stat.aversion, 3);
    CHECK_EQ_STR(world_get_acl(&w, "/"), EVERYBODY);
    CHECK_EQ_STR(world_get_acl(&w, "/none"), "NO_NODE");
    world_deinit(&w);
}

TEST(state_acl, set_acl_error_precedence)
{
    static const struct {
        const char *path, *acl;
        int32_t version;
        int err;
    } rows[] = {
        {"/none/", "", 9, ERR(BAD_ARGUMENTS)},
        {"", EVERYBODY, -1, ERR(BAD_ARGUMENTS)},
        {"/none", "", 9, ERR(INVALID_ACL)},
        {"/none", EVERYBODY, 9, ERR(NO_NODE)},
        {"/zookeeper/config", EVERYBODY, 9, ERR(NO_AUTH)},
        {"/zookeeper/quota", EVERYBODY, 9, ERR(BAD_VERSION)},
        {"/zookeeper/quota", EVERYBODY, 0, 0},
    };
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT(rows); i++)
        CHECK_EQ_INT(world_set_acl(&w, rows[i].path, rows[i].acl, rows[i].version), rows[i].err, "row %zu", i);
    CHECK_EQ_INT(world_request(&w, ZK_OP_SET_ACL, NULL, NULL), ERR(MARSHALLING));
    world_deinit(&w);
}

TEST(state_acl, who_am_i_tells_schemes_and_users_but_no_hashes)
{
    static const uint8_t expected[] = "\0\0\0\3\0\0\0\2ip\0\0\0\x08"
                                      "10.0.0.1\0\0\0\6digest\0\0\0\2me\0\0\0\5super\0\0\0";
    struct world w;

    world_init(&w);
    w.auth = world_auth("ip:10.0.0.1 digest:me:hash super:");
    CHECK_EQ_INT(world_read(&w, ZK_OP_WHO_AM_I, SLICE_NULL, false), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), expected, sizeof(expected));
    w.auth = SLICE_NULL;
    CHECK_EQ_INT(world_read(&w, ZK_OP_WHO_AM_I, SLICE_NULL, false), 0);
    CHECK_EQ_BYTES(buf_bytes(&w.reply), buf_size(&w.reply), "\0\0\0", 4);
    world_deinit(&w);
}

/* Lists that come within a multi, and come again after one went, are each judged for themselves. */
TEST(state_acl, a_multi_judges_each_list)
{
    static const char *const lists[] = {"31:digest:me:x", "31:digest:you:x", "4:digest:me:x 1:ip:10.0.0.0/8",
                                        "31:digest:you:x"};
    struct world w;

    world_init(&w);
    w.auth = world_auth("digest:me:x ip:10.0.0.1");
    for (size_t i = 0; i < COUNT(lists); i++) {
        char path[8], child[16], again[16];
        struct zk_create_request q = {.acl = world_acl(lists[i])};

        snprintf(path, sizeof(path), "/p%zu", i);
        snprintf(child, sizeof(child), "/p%zu/c", i);
        snprintf(again, sizeof(again), "/p%zu/d", i);
        q.path = slice_from_text(path);
        world_multi_add(&w, ZK_OP_CREATE, &jute_create_request, &q);
        q.path = slice_from_text(child);
        world_multi_add(&w, ZK_OP_CREATE, &jute_create_request, &q);
        q.path = slice_from_text(again);
        world_multi_add(&w, ZK_OP_CREATE, &jute_create_request, &q);
        world_multi_add(&w, ZK_OP_CHECK, &jute_check_request, &(struct zk_check_request){slice_from_text(path), 0});
        world_multi_add(&w, ZK_OP_SET_DATA, &jute_set_data_request,
                        &(struct zk_set_data_request){slice_from_text(path), SLICE_NULL, 0});
        CHECK_EQ_INT(world_multi(&w), 0);
        CHECK_EQ_INT(strstr(world_results(&w), "-1:-102") == NULL, i == 0, "%s", world_results(&w));
        CHECK_EQ_INT(strncmp(world_results(&w), "-1:0 -1:-102", 12) == 0, i % 2 == 1, "%s", world_results(&w));
        CHECK_EQ_INT(strcmp(world_results(&w), "-1:0 -1:0 -1:0 -1:0 -1:-102") == 0, i == 2, "%s", world_results(&w));
    }
    world_multi_add(&w, ZK_OP_GET_DATA, &jute_path_watch_request, &(struct zk_path_watch_request){SLICE_LITERAL("/p0"), false});
    world_multi_add(&w, ZK_OP_GET_DATA, &jute_path_watch_request,
                    &(struct zk_path_watch_request){SLICE_LITERAL("/p0/c"), false});
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "4:0= 4:0=");
    w.auth = SLICE_NULL; /* the next one asks anew */
    world_multi_add(&w, ZK_OP_GET_DATA, &jute_path_watch_request, &(struct zk_path_watch_request){SLICE_LITERAL("/p0"), false});
    CHECK_EQ_INT(world_multi_read(&w), 0);
    CHECK_EQ_STR(world_results(&w), "-1:-102");
    world_deinit(&w);
}

TEST(state_acl, an_image_keeps_lists)
{
    struct buf image = {0};
    struct world w, loaded;

    world_init(&w);
    world_create_list(&w, "/a", "1:world:anyone 31:digest:me:x 3:ip:fe80::/10");
    w.auth = world_auth("super:");
    CHECK_EQ_INT(world_set_acl(&w, "/", "5:world:anyone", 0), 0);
    world_image(w.s, 100, &image);
    loaded = w;
    loaded.s = world_load(buf_slice(&image), 10);
    REQUIRE(loaded.s != NULL);
    world_check_same(w.s, loaded.s);
    CHECK_EQ_STR(world_get_acl(&loaded, "/a"), "1:world:anyone 31:digest:me:x 3:ip:fe80::/10");
    CHECK_EQ_STR(world_get_acl(&loaded, "/"), "5:world:anyone");
    CHECK_EQ_INT(loaded.stat.aversion, 1);
    w.reply = loaded.reply;
    state_free(loaded.s);
    buf_deinit(&image);
    world_deinit(&w);
}
