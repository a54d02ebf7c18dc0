/* test_state_session.c - sessions, origins (C18) and FORM (C15) as entries: what is taken, what is skipped. */
#include "lib/runner.h"
#include "state/session.h"
#include "state_fixture.h"

#define ERR(name) (-COORD_E_##name)

TEST(state_session, created_as_the_entry_says)
{
    struct state_session info;
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(w.session, (uint64_t)WORLD_SERVER << 56 | w.e.zxid);
    CHECK_EQ_INT(w.a.attach, 1);
    CHECK(!w.a.session_closed);
    REQUIRE(state_session(w.s, w.session, &info));
    CHECK_EQ_INT(info.id, w.session);
    CHECK_EQ_INT(info.timeout_ms, WORLD_TIMEOUT_MS);
    CHECK_EQ_INT(info.attach, 1);
    CHECK_EQ_INT(info.server, WORLD_SERVER);
    CHECK_EQ_INT(info.ephemeral_count, 0);
    CHECK_EQ_BYTES(info.password, sizeof(info.password), w.e.random, sizeof(w.e.random));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

static int attach(struct world *w, uint64_t session, struct slice password, int32_t timeout)
{
    w->e.session = session;
    w->e.body = password;
    w->e.op = timeout;
    return world_apply(w, ENTRY_SESSION_ATTACH);
}

TEST(state_session, attach_needs_the_password_and_moves_the_session)
{
    struct state_session before, after;
    struct slice password;
    struct world w;
    uint64_t digest;

    world_init(&w);
    REQUIRE(state_session(w.s, w.session, &before));
    password = slice_make(before.password, sizeof(before.password));
    digest = state_digest(w.s);
    CHECK_EQ_INT(attach(&w, w.session, SLICE_NULL, 1), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(attach(&w, w.session, slice_make(before.password, 15), 1), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(attach(&w, w.session, SLICE_LITERAL("0123456789abcdef"), 1), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(attach(&w, 4711, password, 1), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(w.a.session, 0);
    CHECK(state_digest(w.s) != digest, "the origin's numbers were taken");
    REQUIRE(state_session(w.s, w.session, &after));
    CHECK_EQ_INT(after.attach, 1);
    CHECK_EQ_INT(attach(&w, w.session, password, 9000), 0);
    CHECK_EQ_INT(w.a.session, w.session);
    CHECK_EQ_INT(w.a.attach, 2);
    REQUIRE(state_session(w.s, w.session, &after));
    CHECK_EQ_INT(after.timeout_ms, 9000);
    CHECK_EQ_INT(attach(&w, w.session, password, 0), 0);
    REQUIRE(state_session(w.s, w.session, &after));
    CHECK_EQ_INT(after.attach, 3);
    CHECK_EQ_INT(after.timeout_ms, 9000);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_session, a_write_with_an_older_attach_number_moved)
{
    struct state_session info;
    struct world w;

    world_init(&w);
    REQUIRE(state_session(w.s, w.session, &info));
    attach(&w, w.session, slice_make(info.password, sizeof(info.password)), 0);
    CHECK_EQ_INT(world_create(&w, "/x", "", 0), ERR(SESSION_MOVED));
    CHECK_EQ_INT(world_create(&w, "/x", "", 9), ERR(BAD_ARGUMENTS)); /* create looks at its mode first */
    CHECK_EQ_INT(world_set(&w, "/", "", -1), ERR(SESSION_MOVED));
    CHECK_EQ_INT(world_session_close(&w, w.session), ERR(SESSION_MOVED));
    CHECK(state_session(w.s, w.session, NULL));
    w.attach = 2;
    CHECK_EQ_INT(world_create(&w, "/x", "", 0), 0);
    w.session = 4711;
    CHECK_EQ_INT(world_create(&w, "/y", "", 0), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(world_delete(&w, "abc", 0), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(world_session_close(&w, 0), ERR(SESSION_EXPIRED));
    world_deinit(&w);
}

TEST(state_session, close_removes_its_ephemerals_in_the_order_of_creation)
{
    struct state_counts c;
    struct world w;
    uint64_t first, second;

    world_init(&w);
    first = w.session;
    world_create(&w, "/d", "", 0);
    world_create(&w, "/d/one", "1", ZK_EPHEMERAL);
    world_create(&w, "/two", "2", ZK_EPHEMERAL);
    CHECK_EQ_INT(w.stat.ephemeral_owner, (int64_t)first);
    CHECK_EQ_INT(w.stat.cversion, 0);
    CHECK_EQ_INT(w.stat.pzxid, w.stat.czxid);
    second = world_session_create(&w);
    world_create(&w, "/d/other", "3", ZK_EPHEMERAL);
    w.session = first;
    world_create(&w, "/d/n-", "", ZK_EPHEMERAL_SEQUENTIAL);
    world_create(&w, "/gone", "", ZK_EPHEMERAL);
    world_create(&w, "/three", "4", ZK_EPHEMERAL);
    CHECK_EQ_INT(world_delete(&w, "/gone", -1), 0);
    state_counts(w.s, &c);
    CHECK_EQ_INT(c.ephemerals, 5);
    CHECK_EQ_INT(c.data_bytes, 4);
    CHECK_EQ_INT(world_session_close(&w, first), 0);
    CHECK_EQ_STR(world_changes(&w), "-/d/one -/two -/d/n-0000000002 -/three");
    CHECK(w.a.session_closed);
    CHECK_EQ_INT(w.a.session, first);
    CHECK(!state_session(w.s, first, NULL));
    CHECK_EQ_STR(world_children(&w, "/d"), "other");
    CHECK_EQ_INT(world_exists(&w, "/d"), 0);
    CHECK_EQ_INT(w.stat.cversion, 5);
    CHECK_EQ_INT(w.stat.pzxid, w.e.zxid);
    state_counts(w.s, &c);
    CHECK_EQ_INT(c.ephemerals, 1);
    CHECK_EQ_INT(c.data_bytes, 1);
    CHECK_EQ_INT(world_create(&w, "/after", "", 0), ERR(SESSION_EXPIRED)); /* FIFO: after its close in the log */
    CHECK_EQ_INT(world_session_close(&w, second), 0);
    CHECK_EQ_STR(world_changes(&w), "-/d/other");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_session, expiry_is_void_when_the_attach_number_changed)
{
    struct state_session info;
    struct world w;

    world_init(&w);
    world_create(&w, "/e", "", ZK_EPHEMERAL);
    REQUIRE(state_session(w.s, w.session, &info));
    attach(&w, w.session, slice_make(info.password, sizeof(info.password)), 0);
    w.e.session = w.session;
    w.e.attach = 1;
    world_apply(&w, ENTRY_SESSION_EXPIRE);
    CHECK(w.a.skipped && w.a.change_count == 0 && w.a.session == 0);
    CHECK(state_session(w.s, w.session, NULL));
    w.e.attach = 2;
    world_apply(&w, ENTRY_SESSION_EXPIRE);
    CHECK(!w.a.skipped && w.a.session_closed);
    CHECK_EQ_INT(w.a.session, w.session);
    CHECK_EQ_STR(world_changes(&w), "-/e");
    world_apply(&w, ENTRY_SESSION_EXPIRE);
    CHECK(w.a.skipped);
    world_deinit(&w);
}

TEST(state_session, walked_in_rising_order_whatever_was_closed)
{
    struct state_session info;
    struct world w;
    uint64_t ids[300], cursor = 0;
    unsigned count = 0;

    world_init(&w);
    world_session_close(&w, w.session);
    for (unsigned i = 0; i < COUNT(ids); i++)
        ids[i] = world_session_create(&w);
    for (unsigned i = 0; i < COUNT(ids); i++)
        if (i % 3 != 0)
            CHECK_EQ_INT(world_session_close(&w, ids[i]), 0);
    for (; state_session_next(w.s, &cursor, &info); count++) {
        CHECK_EQ_INT(info.id, ids[3 * count]);
        CHECK_EQ_INT(cursor, info.id);
        if (count % 2 == 0)
            world_session_close(&w, info.id); /* also while it is walked */
    }
    CHECK_EQ_INT(count, 100);
    world_deinit(&w);
}

/* C18: the newest boot's next number, nothing else. */
TEST(state_origin, exactly_once)
{
    enum { TAKEN, SKIPPED };
    static const struct {
        enum entry_kind kind;
        uint32_t server;
        uint64_t incarnation;
        uint32_t boot;
        uint64_t number;
        int fate;
        uint64_t last; /* of that boot afterwards */
    } rows[] = {
        {ENTRY_NOOP, 1, 10, 1, 1, SKIPPED, 0}, /* not introduced */
        {ENTRY_ORIGIN, 1, 10, 1, 0, TAKEN, 0},
        {ENTRY_NOOP, 1, 10, 1, 2, SKIPPED, 0},
        {ENTRY_NOOP, 1, 10, 1, 0, SKIPPED, 0},
        {ENTRY_NOOP, 1, 10, 1, 1, TAKEN, 1},
        {ENTRY_NOOP, 1, 10, 1, 1, SKIPPED, 1},
        {ENTRY_SESSION_CREATE, 1, 10, 1, 2, TAKEN, 2},
        {ENTRY_SESSION_CREATE, 1, 10, 1, 2, SKIPPED, 2},
        {ENTRY_SESSION_ATTACH, 1, 10, 1, 3, TAKEN, 3}, /* fails, takes its number all the same */
        {ENTRY_SESSION_ATTACH, 1, 10, 1, 5, SKIPPED, 3},
        {ENTRY_REQUEST, 1, 10, 1, 4, TAKEN, 4},
        {ENTRY_REQUEST, 1, 10, 1, 4, SKIPPED, 4},
        {ENTRY_ORIGIN, 1, 10, 1, 0, SKIPPED, 4}, /* again: must not start over */
        {ENTRY_NOOP, 2, 10, 1, 5, SKIPPED, 0},
        {ENTRY_NOOP, 1, 11, 1, 5, SKIPPED, 0},
        {ENTRY_NOOP, 1, 10, 2, 5, SKIPPED, 0},
        {ENTRY_ORIGIN, 2, 77, 9, 0, TAKEN, 0},
        {ENTRY_NOOP, 2, 77, 9, 1, TAKEN, 1},
        {ENTRY_NOOP, 1, 10, 1, 5, TAKEN, 5},
        {ENTRY_ORIGIN, 1, 10, 3, 0, TAKEN, 0},
        {ENTRY_NOOP, 1, 10, 1, 6, SKIPPED, 0}, /* the old boot is over */
        {ENTRY_ORIGIN, 1, 10, 2, 0, SKIPPED, 0},
        {ENTRY_NOOP, 1, 10, 3, 1, TAKEN, 1},
        {ENTRY_ORIGIN, 1, 5, 1, 0, TAKEN, 0}, /* another incarnation */
        {ENTRY_NOOP, 1, 5, 1, 1, TAKEN, 1},
        {ENTRY_NOOP, 1, 10, 3, 2, SKIPPED, 0},
        {ENTRY_ORIGIN, 0, 5, 1, 0, SKIPPED, 0},
        {ENTRY_NOOP, 0, 0, 0, 0, TAKEN, 0}, /* the leader's own */
    };
    struct state *s = state_new();
    struct buf reply = {0};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct entry e = {.kind = rows[i].kind, .zxid = 100 + i, .wall_ms = (int64_t)i, .session = 1, .op = ZK_OP_DELETE};
        struct apply a = {.entry = &e, .reply = &reply};
        uint64_t digest = state_digest(s);

        e.origin = (struct origin){rows[i].server, rows[i].boot, rows[i].incarnation, rows[i].number};
        state_apply(s, &a);
        CHECK(a.skipped == (rows[i].fate == SKIPPED), "row %zu", i);
        CHECK_EQ_INT(state_origin_number(s, rows[i].server, rows[i].incarnation, rows[i].boot), rows[i].last, "row %zu", i);
        CHECK(!a.skipped || (digest == state_digest(s) && a.err == 0), "row %zu", i);
        CHECK(state_digest(s) == state_digest_recompute(s), "row %zu", i);
        CHECK_EQ_INT(state_zxid(s), 100 + i);
    }
    CHECK(state_origin_known(s, 1, 5, 1));
    CHECK(!state_origin_known(s, 1, 5, 2));
    CHECK(!state_origin_known(s, 9, 5, 2));
    buf_deinit(&reply);
    state_free(s);
}

/* Consensus's own entries are not the state's: nothing changes but zxid and clocks. */
TEST(state_origin, entries_of_consensus_are_skipped)
{
    static const enum entry_kind kinds[] = {ENTRY_ADMIT, ENTRY_CONFIG};
    struct world w;

    world_init(&w);
    for (size_t i = 0; i < COUNT(kinds); i++) {
        uint64_t digest = state_digest(w.s), zxid = state_zxid(w.s);

        world_apply(&w, kinds[i]);
        CHECK(w.a.skipped && state_digest(w.s) == digest && state_zxid(w.s) == zxid + 1, "row %zu", i);
    }
    world_deinit(&w);
}

/* However many servers there are, and in whatever order they come: each has its own numbers. */
TEST(state_origin, many_servers)
{
    enum { SERVERS = 40 };
    struct state *s = state_new();
    struct buf reply = {0};
    uint64_t zxid = 100;

    for (uint32_t i = 0; i < SERVERS; i++)
        for (uint64_t number = 0; number <= i; number++) {
            struct entry e = {.kind = number == 0 ? ENTRY_ORIGIN : ENTRY_NOOP, .zxid = ++zxid};
            struct apply a = {.entry = &e, .reply = &reply};

            e.origin = (struct origin){1 + i * 17 % SERVERS, 1, 7, number};
            state_apply(s, &a);
            CHECK(!a.skipped);
        }
    for (uint32_t i = 0; i < SERVERS; i++)
        CHECK_EQ_INT(state_origin_number(s, 1 + i * 17 % SERVERS, 7, 1), i, "server %u", 1 + i * 17 % SERVERS);
    CHECK(state_digest(s) == state_digest_recompute(s));
    buf_deinit(&reply);
    state_free(s);
}

TEST(state_origin, the_newest_boot_of_a_server)
{
    struct world w;
    uint64_t incarnation, number;
    uint32_t boot;

    world_init(&w);
    REQUIRE(state_origin(w.s, WORLD_SERVER, &incarnation, &boot, &number));
    CHECK_EQ_INT(incarnation, WORLD_INCARNATION);
    CHECK_EQ_INT(boot, WORLD_BOOT);
    CHECK_EQ_INT(number, w.number);
    CHECK(!state_origin(w.s, 1, &incarnation, &boot, &number));
    world_deinit(&w);
}

TEST(state_origin, form_is_taken_once)
{
    const struct form form = {.cluster = 99, .count = 2, .voter = {{1, 11}, {4, 44}}};
    const struct form other = {.cluster = 98, .count = 1, .voter = {{1, 11}}};
    struct buf body = {0};
    struct world w;
    uint64_t zxid, first;

    world_init(&w);
    w.e.body = SLICE_LITERAL("garbage");
    world_apply(&w, ENTRY_FORM);
    CHECK(w.a.skipped);
    form_append(&body, &form);
    w.e.body = buf_slice(&body);
    world_apply(&w, ENTRY_FORM);
    CHECK(!w.a.skipped);
    first = w.e.zxid;
    REQUIRE(state_form(w.s, &zxid) != NULL);
    CHECK_EQ_INT(zxid, first);
    CHECK_EQ_INT(state_form(w.s, NULL)->cluster, 99);
    CHECK_EQ_INT(state_form(w.s, NULL)->voter[1].incarnation, 44);
    buf_clear(&body);
    form_append(&body, &other);
    w.e.body = buf_slice(&body);
    world_apply(&w, ENTRY_FORM);
    CHECK(w.a.skipped);
    CHECK_EQ_INT(state_form(w.s, &zxid)->cluster, 99);
    CHECK_EQ_INT(zxid, first);
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    buf_deinit(&body);
    world_deinit(&w);
}

TEST(state_session, owned_nodes_are_walked_in_the_order_of_creation)
{
    struct buf text = {0};
    struct world w;
    uint64_t at = 0;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/b", "", 1), 0);
    CHECK_EQ_INT(world_create(&w, "/p", "", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/p/a", "", 1), 0);
    while (state_owned_next(w.s, w.session, &at, &text))
        buf_append(&text, " ", 1);
    CHECK_EQ_BYTES(buf_bytes(&text), buf_size(&text), "/b /p/a ", 8);
    at = 0;
    CHECK(!state_owned_next(w.s, 4711, &at, &text), "no such session");
    CHECK(state_owned_next(w.s, w.session, &at, &text));
    CHECK_EQ_INT(world_delete(&w, "/b", -1), 0);
    CHECK(!state_owned_next(w.s, w.session, &at, &text), "the one before has gone");
    at = 0;
    CHECK(state_owned_next(w.s, w.session, &at, &text));
    CHECK(!state_owned_next(w.s, w.session, &at, &text));
    uint64_t first = w.session, stale = at;
    CHECK_EQ_INT(world_delete(&w, "/p/a", -1), 0);
    world_session_create(&w);
    CHECK_EQ_INT(world_create(&w, "/b", "", 1), 0);
    CHECK_EQ_INT(world_create(&w, "/c", "", 1), 0);
    CHECK(!state_owned_next(w.s, first, &stale, &text), "its place is another session's node now");
    buf_deinit(&text);
    world_deinit(&w);
}

#define LOCAL_ID ((uint64_t)WORLD_SERVER << 56 | SESSION_LOCAL | 77)

static int upgrade(struct world *w, uint64_t session, struct slice password, int32_t timeout)
{
    w->e.session = session;
    w->e.body = password;
    w->e.op = timeout;
    return world_apply(w, ENTRY_SESSION_UPGRADE);
}

/* The state knows of no such session, and asks its server no further. */
TEST(state_session, a_local_one_writes_without_being_there)
{
    struct world w;

    world_init(&w);
    w.session = LOCAL_ID;
    w.attach = 0;
    CHECK_EQ_INT(world_create(&w, "/a", "x", 0), 0);
    CHECK_EQ_INT(world_set(&w, "/a", "y", 0), 0);
    CHECK_EQ_INT(world_create(&w, "/e", "", ZK_EPHEMERAL), ERR(EPHEMERAL_ON_LOCAL_SESSION));
    CHECK_EQ_INT(world_create(&w, "/a/e-", "", ZK_EPHEMERAL_SEQUENTIAL), ERR(EPHEMERAL_ON_LOCAL_SESSION));
    CHECK_EQ_INT(world_create_container(&w, "/c"), 0);
    CHECK_EQ_INT(world_session_close(&w, LOCAL_ID), ERR(SESSION_EXPIRED)); /* its server never asks for that */
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_EPHEMERALS, SLICE_LITERAL("/"), false), 0);
    w.session = 4711; /* without the mark of a local one there must be a session */
    CHECK_EQ_INT(world_set(&w, "/a", "z", -1), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(world_read(&w, ZK_OP_GET_EPHEMERALS, SLICE_LITERAL("/"), false), ERR(SESSION_EXPIRED));
    w.session = LOCAL_ID;
    w.attach = 1; /* nor with an attach number */
    CHECK_EQ_INT(world_set(&w, "/a", "z", -1), ERR(SESSION_EXPIRED));
    CHECK(!state_session(w.s, LOCAL_ID, NULL));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_session, a_local_one_in_a_multi_makes_nothing_ephemeral)
{
    struct zk_create_request record = {SLICE_LITERAL("/m"), SLICE_LITERAL("x"), {-1, {NULL, 0}}, ZK_EPHEMERAL};
    struct zk_set_data_request set = {SLICE_LITERAL("/a"), SLICE_LITERAL("new"), -1};
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(world_create(&w, "/a", "old", 0), 0);
    w.session = LOCAL_ID;
    w.attach = 0;
    world_multi_add(&w, ZK_OP_SET_DATA, &jute_set_data_request, &set);
    world_multi_add(&w, ZK_OP_CREATE, &jute_create_request, &record);
    CHECK_EQ_INT(world_multi(&w), 0);
    CHECK_EQ_STR(world_data(&w, "/a"), "old");
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}

TEST(state_session, a_local_one_becomes_one_of_all)
{
    static const uint8_t password[ZK_PASSWORD_BYTES] = {1, 2, 3};
    struct slice right = slice_make(password, sizeof(password));
    struct state_session info;
    struct world w;

    world_init(&w);
    CHECK_EQ_INT(upgrade(&w, 4711, right, 5000), ERR(SESSION_EXPIRED)); /* no local id */
    CHECK_EQ_INT(upgrade(&w, LOCAL_ID, slice_make(password, 15), 5000), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(upgrade(&w, LOCAL_ID, right, 0), ERR(SESSION_EXPIRED));
    CHECK_EQ_INT(w.a.session, 0);
    CHECK_EQ_INT(upgrade(&w, LOCAL_ID, right, 5000), 0);
    CHECK_EQ_INT(w.a.session, LOCAL_ID);
    CHECK_EQ_INT(w.a.attach, 1);
    CHECK_EQ_INT(upgrade(&w, LOCAL_ID, right, 5000), ERR(SESSION_EXPIRED)); /* its id is taken */
    REQUIRE(state_session(w.s, LOCAL_ID, &info));
    CHECK_EQ_INT(info.timeout_ms, 5000);
    CHECK_EQ_INT(info.attach, 1);
    CHECK_EQ_BYTES(info.password, sizeof(info.password), password, sizeof(password));
    w.session = LOCAL_ID;
    w.attach = 0;
    CHECK_EQ_INT(world_create(&w, "/late", "", 0), ERR(SESSION_MOVED)); /* what it sent as a local one is over */
    w.attach = 1;
    CHECK_EQ_INT(world_create(&w, "/e", "", ZK_EPHEMERAL), 0);
    CHECK_EQ_INT(attach(&w, LOCAL_ID, right, 0), 0);
    CHECK_EQ_INT(w.a.attach, 2);
    w.session = LOCAL_ID;
    w.attach = 2;
    CHECK_EQ_INT(world_session_close(&w, LOCAL_ID), 0);
    CHECK_EQ_INT(world_exists(&w, "/e"), ERR(NO_NODE));
    CHECK(state_digest(w.s) == state_digest_recompute(w.s));
    world_deinit(&w);
}
