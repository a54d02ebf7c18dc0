/* test_client_session.c - the way of a session from server to server, by literal packets. */
#include "client_world.h"
#include "lib/runner.h"

#include <stdio.h>
#include <string.h>

/* ConnectRequest: version, last zxid, time-out 3000, session, password. */
#define GREET_NEW                                                                                                              \
    "00000000"                                                                                                                 \
    "0000000000000000"                                                                                                         \
    "00000bb8"                                                                                                                 \
    "0000000000000000"                                                                                                         \
    "00000010"                                                                                                                 \
    "00000000000000000000000000000000"
#define GREET_AGAIN                                                                                                            \
    "00000000"                                                                                                                 \
    "0000000000000009"                                                                                                         \
    "00000bb8"                                                                                                                 \
    "0000000000000077"                                                                                                         \
    "00000010"                                                                                                                 \
    "abababababababababababababababab"
#define PING                                                                                                                   \
    "fffffffe"                                                                                                                 \
    "0000000b"
#define PONG HEADER("fffffffe", "0000000000000009", NO_ERROR)

TEST(session, greets_then_sends_what_waited)
{
    struct world w;

    CHECK_EQ_INT(world_init(&w, 1), 0);
    CHECK(w.s.attempt != 0);
    CHECK_EQ_INT(world_get(&w, "/a", "get", NULL), 0);
    CHECK_EQ_STR(world_output(&w), "");
    session_connected(&w.s, w.now_ms);
    CHECK_EQ_STR(world_output(&w), GREET_NEW ";");
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state connected;");
    CHECK_EQ_INT(w.s.id, 0x77);
    CHECK_EQ_STR(world_output(&w), "00000001"
                                   "00000004"
                                   "00000002"
                                   "2f61"
                                   "00;");
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_ERROR) "00000003"
                                                                     "616263" STAT);
    CHECK_EQ_STR(world_events(&w), "get ok zxid=9 data=abc stat;");
    CHECK_EQ_INT(w.s.last_zxid, 9);
    world_deinit(&w);
}

TEST(session, answers_in_pieces_are_put_together)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_children(&w, "/", "ls", NULL);
    world_output(&w);
    world_bytes(&w, "0000");
    CHECK_EQ_STR(world_events(&w), "");
    world_bytes(&w, "001e"
                    "00000001"
                    "0000000000000009"
                    "00000000");
    CHECK_EQ_STR(world_events(&w), "");
    world_bytes(&w, "00000002"
                    "00000001"
                    "61"
                    "00000001"
                    "62");
    CHECK_EQ_STR(world_events(&w), "ls ok zxid=9 children=a,b;");
    world_deinit(&w);
}

TEST(session, reconnects_to_the_same_session_with_its_last_zxid)
{
    struct world w;
    uint64_t first;

    world_init(&w, 2);
    world_connect(&w);
    first = w.s.attempt;
    world_frame(&w, PONG);
    CHECK_EQ_STR(world_events(&w), "");
    world_get(&w, "/a", "sent", NULL);
    world_output(&w);
    world_get(&w, "/b", "unsent", NULL);
    session_lost(&w.s, "reset", w.now_ms);
    CHECK_EQ_STR(world_events(&w), "sent CONNECTION_LOSS;unsent CONNECTION_LOSS;state reconnecting;");
    CHECK(w.s.attempt != 0 && w.s.attempt != first);
    CHECK_EQ_STR(w.s.problem, "reset");
    world_get(&w, "/c", "later", NULL);
    session_connected(&w.s, w.now_ms);
    CHECK_EQ_STR(world_output(&w), GREET_AGAIN ";");
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state connected;");
    CHECK_EQ_STR(world_output(&w), "00000003"
                                   "00000004"
                                   "00000002"
                                   "2f63"
                                   "00;");
    world_deinit(&w);
}

TEST(session, expired_ends_everything)
{
    struct world w;

    world_init(&w, 2);
    world_connect(&w);
    world_exists(&w, "/a", "exists", "seen");
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    CHECK_EQ_STR(world_events(&w), "exists NO_NODE;");
    session_lost(&w.s, "reset", w.now_ms);
    world_get(&w, "/b", "waiting", "unset");
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, EXPIRED_GREETING);
    CHECK_EQ_STR(world_events(&w), "state reconnecting;seen watch NotWatching /a SESSION_EXPIRED;waiting SESSION_EXPIRED;"
                                   "unset watch NotWatching /b SESSION_EXPIRED;state expired;");
    CHECK_EQ_INT(w.s.attempt, 0);
    CHECK_EQ_INT(world_get(&w, "/b", "late", NULL), -COORD_E_SESSION_EXPIRED);
    CHECK(session_wake_at_ms(&w.s) == UINT64_MAX);
    world_deinit(&w);
}

/* It closes without a word when our zxid is ahead of its own. */
TEST(session, goes_on_to_the_next_server_when_one_is_behind)
{
    struct world w;
    uint32_t first;

    world_init(&w, 3);
    first = w.s.server;
    world_get(&w, "/a", "get", NULL);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    session_lost(&w.s, "closed", w.now_ms);
    CHECK(w.s.server != first);
    CHECK(w.s.attempt == 2);
    CHECK_EQ_STR(world_events(&w), "");
    session_connected(&w.s, w.now_ms);
    CHECK_EQ_STR(world_output(&w), GREET_NEW ";");
    world_deinit(&w);
}

TEST(session, pauses_longer_after_each_round_of_failures)
{
    struct world w;
    uint64_t pause_max = SESSION_BACKOFF_MS_MIN;

    world_init(&w, 3);
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < 3; i++) {
            CHECK(w.s.attempt != 0, "round %d server %d", round, i);
            session_lost(&w.s, "refused", w.now_ms);
        }
        CHECK_EQ_INT(w.s.attempt, 0);
        CHECK(session_wake_at_ms(&w.s) >= w.now_ms + pause_max / 2 && session_wake_at_ms(&w.s) <= w.now_ms + pause_max);
        pause_max = pause_max * 2 < SESSION_BACKOFF_MS_MAX ? pause_max * 2 : SESSION_BACKOFF_MS_MAX;
        world_pass(&w, session_wake_at_ms(&w.s) - w.now_ms);
    }
    world_connect(&w);
    world_frame(&w, PONG); /* an answer: the next loss begins a fresh round */
    world_events(&w);
    session_lost(&w.s, "reset", w.now_ms);
    CHECK(w.s.attempt != 0);
    CHECK_EQ_INT(w.s.backoff_ms, SESSION_BACKOFF_MS_MIN);
    world_deinit(&w);
}

TEST(session, every_server_is_tried_once_a_round)
{
    struct world w;

    for (uint64_t seed = 0; seed < 20; seed++) {
        unsigned tried = 0;
        session_init(&w.s, &(struct session_options){.server_count = 5, .timeout_ms = 3000, .seed = seed}, 0);
        for (int i = 0; i < 5; i++) {
            tried |= 1u << w.s.server;
            session_lost(&w.s, "refused", 0);
        }
        CHECK_EQ_INT(tried, 31);
        session_deinit(&w.s);
    }
}

TEST(session, attempts_share_two_thirds_of_the_time_out)
{
    struct world w;

    world_init(&w, 4);
    CHECK_EQ_INT(session_wake_at_ms(&w.s) - w.now_ms, 500);
    world_pass(&w, 499);
    CHECK_EQ_INT(w.s.attempt, 1);
    world_pass(&w, 1);
    CHECK_EQ_INT(w.s.attempt, 2);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_pass(&w, 500);
    CHECK_EQ_INT(w.s.attempt, 3);
    CHECK_EQ_STR(w.s.problem, "no answer to the greeting");
    world_deinit(&w);
}

TEST(session, pings_after_a_third_and_gives_up_after_two)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    CHECK_EQ_INT(session_wake_at_ms(&w.s) - w.now_ms, 1000);
    world_pass(&w, 999);
    CHECK_EQ_STR(world_output(&w), "");
    world_pass(&w, 1);
    CHECK_EQ_STR(world_output(&w), PING ";");
    world_frame(&w, PONG);
    CHECK_EQ_STR(world_events(&w), "");
    world_pass(&w, 1000);
    CHECK_EQ_STR(world_output(&w), PING ";");
    world_pass(&w, 999);
    CHECK_EQ_STR(world_events(&w), "");
    world_pass(&w, 1); /* 2000 after the last answer */
    CHECK_EQ_STR(world_events(&w), "state reconnecting;");
    CHECK_EQ_STR(w.s.problem, "the server fell silent");
    world_deinit(&w);
}

/* A blocking program that did something else for a while: the server was not silent, nobody asked it. */
TEST(session, a_pause_of_the_program_is_no_silence_of_the_server)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    w.now_ms += 2500;
    world_get(&w, "/a", "get", NULL);
    world_pass(&w, 0);
    CHECK_EQ_STR(world_events(&w), "");
    world_output(&w);
    world_pass(&w, 999);
    CHECK_EQ_STR(world_events(&w), "");
    world_pass(&w, 1);
    CHECK_EQ_STR(world_events(&w), "get CONNECTION_LOSS;state reconnecting;");
    world_deinit(&w);
}

TEST(session, requests_are_pings_enough)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    for (int i = 1; i < 20; i++) {
        char answer[64];
        world_pass(&w, 900);
        world_get(&w, "/a", "get", NULL);
        CHECK(strstr(world_output(&w), PING) == NULL);
        snprintf(answer, sizeof(answer), "%08x%016x" NO_NODE, (unsigned)i, 9);
        world_frame(&w, answer);
        CHECK_EQ_STR(world_events(&w), "get NO_NODE;");
    }
    world_deinit(&w);
}

TEST(session, what_finds_no_server_in_time_was_never_sent)
{
    struct world w;

    world_init(&w, 1);
    world_get(&w, "/a", "early", "watch");
    session_lost(&w.s, "refused", w.now_ms);
    w.now_ms += 1000;
    world_get(&w, "/b", "later", NULL);
    for (int i = 0; i < 1999; i++) {
        world_pass(&w, 1);
        if (w.s.attempt != 0)
            session_lost(&w.s, "refused", w.now_ms);
    }
    CHECK_EQ_STR(world_events(&w), "");
    world_pass(&w, 1);
    CHECK_EQ_STR(world_events(&w), "early OPERATION_TIMEOUT;watch watch NotWatching /a OPERATION_TIMEOUT;");
    while (w.s.attempt == 0)
        world_pass(&w, 1);
    world_connect(&w);
    CHECK_EQ_STR(world_output(&w), "00000002"
                                   "00000004"
                                   "00000002"
                                   "2f62"
                                   "00;");
    world_deinit(&w);
}

TEST(session, closes_after_what_came_before)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_get(&w, "/a", "get", NULL);
    CHECK_EQ_INT(world_close(&w, "close"), 0);
    CHECK_EQ_INT(world_get(&w, "/b", "late", NULL), -COORD_E_CLOSING);
    CHECK_EQ_STR(world_output(&w), "00000001"
                                   "00000004"
                                   "00000002"
                                   "2f61"
                                   "00;"
                                   "00000002"
                                   "fffffff5;");
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    world_frame(&w, HEADER("00000002", "000000000000000a", NO_ERROR));
    CHECK_EQ_STR(world_events(&w), "get NO_NODE;close ok zxid=10;state closed;");
    CHECK_EQ_INT(w.s.attempt, 0);
    world_deinit(&w);
}

TEST(session, close_that_breaks_or_never_connects_ends_it_too)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_close(&w, "close");
    world_output(&w);
    session_lost(&w.s, "reset", w.now_ms);
    CHECK_EQ_STR(world_events(&w), "close CONNECTION_LOSS;state closed;");
    CHECK_EQ_INT(w.s.attempt, 0);
    world_deinit(&w);

    world_init(&w, 1);
    world_close(&w, "close"); /* there is no session yet */
    CHECK_EQ_STR(world_events(&w), "close ok zxid=0;state closed;");
    world_deinit(&w);

    world_init(&w, 1);
    world_connect(&w);
    session_lost(&w.s, "reset", w.now_ms);
    world_close(&w, "close");
    world_events(&w);
    world_pass(&w, WORLD_TIMEOUT_MS);
    CHECK_EQ_STR(world_events(&w), "close OPERATION_TIMEOUT;state closed;");
    world_deinit(&w);
}

TEST(session, abandon_tells_everything_once)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    world_exists(&w, "/a", "exists", "seen");
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    CHECK_EQ_STR(world_events(&w), "exists NO_NODE;");
    world_get(&w, "/b", "sent", "unset");
    world_output(&w);
    world_get(&w, "/c", "unsent", NULL);
    session_abandon(&w.s);
    CHECK_EQ_STR(world_events(&w), "seen watch NotWatching /a CLOSING;sent CLOSING;unset watch NotWatching /b CLOSING;"
                                   "unsent CLOSING;state closed;");
    CHECK_EQ_STR(world_events(&w), "");
    world_deinit(&w);
}

/* A server that talks nonsense is left; nothing asserts on what it says. */
#define PROOF "fffffffc0000006400000000000000066469676573740000000161;"

/* What was proven goes before all else on every connection, so that what waits is judged with it. */
TEST(session, proofs_come_first_on_every_connection)
{
    struct world w;

    world_init(&w, 2);
    CHECK_EQ_INT(world_get(&w, "/a", "get", "watch"), 0);
    CHECK_EQ_INT(world_prove(&w, "a"), 0);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state connected;");
    CHECK(strncmp(world_output(&w), PROOF "00000001", strlen(PROOF) + 8) == 0);
    world_frame(&w, HEADER("fffffffc", "0000000000000000", NO_ERROR));
    world_frame(&w, HEADER("00000001", "0000000000000005", NO_ERROR) "0000000161" STAT);
    CHECK_EQ_STR(world_events(&w), "get ok zxid=5 data=a stat;");
    CHECK_EQ_INT(world_prove(&w, "a"), 0); /* at once when there is a connection */
    CHECK_EQ_STR(world_output(&w), PROOF);
    world_frame(&w, HEADER("fffffffc", "0000000000000000", NO_ERROR));
    CHECK_EQ_STR(world_events(&w), "");
    session_lost(&w.s, "reset", w.now_ms);
    world_events(&w);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    CHECK_EQ_STR(world_events(&w), "state connected;");
    CHECK(strncmp(world_output(&w), PROOF PROOF "fffffff8", 2 * strlen(PROOF) + 8) == 0);
    world_deinit(&w);
}

TEST(session, a_proof_that_is_refused_ends_it)
{
    struct world w;

    world_init(&w, 2);
    world_connect(&w);
    CHECK_EQ_INT(world_prove(&w, "a"), 0);
    CHECK_EQ_INT(world_get(&w, "/a", "get", NULL), 0);
    world_output(&w);
    world_frame(&w, HEADER("fffffffc", "0000000000000000", "ffffff8d"));
    CHECK_EQ_STR(world_events(&w), "get AUTH_FAILED;state closed;");
    CHECK_EQ_INT(w.s.attempt, 0);
    CHECK_EQ_INT(world_prove(&w, "a"), -COORD_E_CLOSING);
    CHECK_EQ_INT(world_get(&w, "/a", "get", NULL), -COORD_E_CLOSING);
    world_deinit(&w);
}

TEST(session, malformed_answers_break_the_connection)
{
    static const char *const frames[] = {
        "", /* no header */
        "00000001"
        "00000000",                                                  /* half a header */
        HEADER("00000002", "0000000000000009", NO_ERROR),            /* not the oldest request's xid */
        HEADER("ffffffff", "0000000000000009", NO_ERROR) "00000003", /* half an event */
        HEADER("fffffffc", "0000000000000009", NO_ERROR),            /* an auth answer nobody asked for */
    };
    struct world w;

    for (size_t i = 0; i < COUNT(frames); i++) {
        world_init(&w, 1);
        world_connect(&w);
        world_get(&w, "/a", "get", NULL);
        world_output(&w);
        world_frame(&w, frames[i]);
        CHECK_EQ_STR(world_events(&w), "get CONNECTION_LOSS;state reconnecting;", "row %zu", i);
        world_deinit(&w);
    }
    world_init(&w, 1);
    world_connect(&w);
    world_bytes(&w, "ffffffff");
    CHECK_EQ_STR(world_events(&w), "state reconnecting;");
    world_deinit(&w);

    world_init(&w, 1);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, "00000000"
                    "00000bb8"
                    "0000000000000077"
                    "00000004"
                    "abababab"); /* a password of 4 bytes */
    CHECK_EQ_STR(world_events(&w), "");
    CHECK_EQ_STR(w.s.problem, "the server's greeting makes no sense");
    world_deinit(&w);

    world_init(&w, 1);
    world_connect(&w);
    world_get(&w, "/a", "get", NULL);
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_ERROR) "00000003"
                                                                     "61"); /* half a record: only that one fails */
    CHECK_EQ_STR(world_events(&w), "get MARSHALLING;");
    world_deinit(&w);
}

TEST(session, xids_wrap_to_one)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    w.s.last_xid = INT32_MAX - 1;
    world_get(&w, "/a", "last", NULL);
    world_get(&w, "/a", "first", NULL);
    CHECK_EQ_STR(world_output(&w), "7fffffff"
                                   "00000004"
                                   "00000002"
                                   "2f61"
                                   "00;"
                                   "00000001"
                                   "00000004"
                                   "00000002"
                                   "2f61"
                                   "00;");
    world_frame(&w, HEADER("7fffffff", "0000000000000009", NO_NODE));
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    CHECK_EQ_STR(world_events(&w), "last NO_NODE;first NO_NODE;");
    world_deinit(&w);
}

TEST(session, requests_are_limited)
{
    struct world w;

    world_init(&w, 1);
    for (int i = 0; i < COORD_REQUESTS_MAX; i++)
        if (world_get(&w, "/a", "get", NULL) != 0)
            CHECK(false, "request %d", i);
    CHECK_EQ_INT(world_get(&w, "/a", "one too many", NULL), -COORD_E_THROTTLED);
    world_connect(&w);
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_NODE));
    world_events(&w);
    CHECK_EQ_INT(world_get(&w, "/a", "room again", NULL), 0);
    world_deinit(&w);
}

#define AUTH_REQUIRED "ffffff84"
#define RESULT_OK "0000000d0000000000"
#define RESULT_ERROR(err) "ffffffff00" err err
#define RESULTS_END "ffffffff01ffffffff"

TEST(session, a_multi_has_a_result_for_each_operation)
{
    struct world w;

    world_init(&w, 1);
    world_connect(&w);
    CHECK_EQ_INT(world_multi(&w, 2, "done"), 0);
    CHECK_EQ_INT(world_multi(&w, 2, "failed"), 0);
    CHECK_EQ_INT(world_multi(&w, 2, "refused"), 0);
    CHECK_EQ_INT(world_multi(&w, 2, "short"), 0);
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_ERROR) RESULT_OK RESULT_OK RESULTS_END);
    CHECK_EQ_STR(world_events(&w), "done ok zxid=9 results=OK,OK;");
    world_frame(&w, HEADER("00000002", "000000000000000a", NO_ERROR) RESULT_ERROR(NO_ERROR) RESULT_ERROR(NO_NODE) RESULTS_END);
    CHECK_EQ_STR(world_events(&w), "failed NO_NODE results=OK,NO_NODE;");
    world_frame(&w, HEADER("00000003", "000000000000000a", "fffffffb"));
    CHECK_EQ_STR(world_events(&w), "refused MARSHALLING;");
    world_frame(&w, HEADER("00000004", "000000000000000b", NO_ERROR) RESULT_OK RESULTS_END);
    CHECK_EQ_STR(world_events(&w), "short MARSHALLING;");
    world_deinit(&w);
}

/* It would lead to the same again, so the handle ends, and says why. */
TEST(session, a_server_that_demands_a_proof_ends_the_handle)
{
    struct world w;

    world_init(&w, 2);
    world_connect(&w);
    world_get(&w, "/a", "first", "watch");
    world_get(&w, "/b", "second", NULL);
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000000", AUTH_REQUIRED));
    CHECK_EQ_STR(world_events(&w),
                 "first AUTH_REQUIRED;watch watch NotWatching /a AUTH_REQUIRED;second AUTH_REQUIRED;state closed;");
    CHECK(strstr(w.s.problem, "proven") != NULL, "%s", w.s.problem);
    CHECK_EQ_INT(world_get(&w, "/a", "later", NULL), -COORD_E_CLOSING);
    world_deinit(&w);

    world_init(&w, 2); /* a ping is answered so too */
    world_connect(&w);
    world_pass(&w, WORLD_TIMEOUT_MS / 3);
    CHECK_EQ_STR(world_output(&w), PING ";");
    world_get(&w, "/b", "second", NULL);
    world_frame(&w, HEADER("fffffffe", "0000000000000000", AUTH_REQUIRED));
    CHECK_EQ_STR(world_events(&w), "second AUTH_REQUIRED;state closed;");
    world_deinit(&w);

    world_init(&w, 2); /* and watches that are set anew */
    world_connect(&w);
    world_get(&w, "/a", "get", "watch");
    world_output(&w);
    world_frame(&w, HEADER("00000001", "0000000000000009", NO_ERROR) "0000000161" STAT);
    CHECK_EQ_STR(world_events(&w), "get ok zxid=9 data=a stat;");
    session_lost(&w.s, "reset", w.now_ms);
    session_connected(&w.s, w.now_ms);
    world_output(&w);
    world_frame(&w, GREETING);
    world_output(&w);
    world_frame(&w, HEADER("fffffff8", "0000000000000000", AUTH_REQUIRED));
    CHECK(strstr(world_events(&w), "watch watch NotWatching /a AUTH_REQUIRED;") != NULL, "%s", w.events);
    CHECK_EQ_INT(w.s.state, COORD_STATE_CLOSED);
    world_deinit(&w);
}
