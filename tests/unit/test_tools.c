/* test_tools.c - what wal-dump and snap-dump, built beside the check programs, print of a real directory. */
#include "lib/runner.h"
#include "unit/store_kit.h"

#include "base/zxid.h"
#include "state/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

/* Runs the command; its output is valid until the next call. */
static const char *output_of(const char *command, int *status)
{
    static char text[65536];
    FILE *pipe = popen(command, "r");
    size_t size;

    REQUIRE(pipe != NULL);
    size = fread(text, 1, sizeof(text) - 1, pipe);
    text[size] = '\0';
    *status = WEXITSTATUS(pclose(pipe));
    return text;
}

static void take_snapshot(struct store *s, struct state *state)
{
    struct job begin = {.type = JOB_SNAP_BEGIN, .zxid = state_zxid(state), .cluster = 9, .digest = state_digest(state)};
    struct job chunk = {.type = JOB_SNAP_CHUNK}, commit = {.type = JOB_SNAP_COMMIT};

    store_run(s, &begin);
    state_walk_start(state);
    while (state_walk_next(state, &chunk.bytes, 1 << 20))
        ;
    state_walk_stop(state);
    store_run(s, &chunk);
    store_run(s, &commit);
    CHECK(begin.err == 0 && chunk.err == 0 && commit.err == 0);
    buf_deinit(&chunk.bytes);
}

TEST(tools, print_a_directory)
{
    struct store_options options = kit_options();
    struct state *state = state_new();
    struct form form = {.cluster = 9, .count = 1, .voter = {{.id = 1, .incarnation = 77}}};
    struct entry e = {.kind = ENTRY_FORM, .zxid = zxid_make(1, 1)};
    struct buf body = {0}, reply = {0};
    struct apply a = {.entry = &e, .reply = &reply};
    struct store_recovered r;
    struct store *s;
    const char *text;
    char command[600];
    int status;

    options.data_dir = options.log_dir = test_tmpdir();
    form_append(&body, &form);
    e.body = buf_slice(&body);
    state_apply(state, &a);
    REQUIRE(store_open(fs_posix(), &options, &s, &r, &text) == 0, "%s", text);
    CHECK(kit_promise(s, 4) == 0 && kit_append(s, zxid_make(1, 1), 3, 10, 1) == 0 && kit_cut(s, zxid_make(1, 2)) == 0 &&
          kit_mark(s) == 0);
    take_snapshot(s, state);
    store_close(s);
    snprintf(command, sizeof(command), "./wal-dump -e %s/log.00000001 %s/promise.0 %s/manifest", options.data_dir,
             options.data_dir, options.data_dir);
    text = output_of(command, &status);
    CHECK_EQ_INT(status, 0);
    CHECK(strstr(text, "entries 1.1..1.3 count=3") != NULL && strstr(text, "    1.2 noop") != NULL, "%s", text);
    CHECK(strstr(text, "cut     after=1.2 last=1.2") != NULL && strstr(text, "mark") != NULL, "%s", text);
    CHECK(strstr(text, "promised=4 to=2") != NULL && strstr(text, "first=log.00000001") != NULL, "%s", text);
    snprintf(command, sizeof(command), "./snap-dump -a %s/snapshot.*.lz4", options.data_dir);
    text = output_of(command, &status);
    CHECK_EQ_INT(status, 0);
    CHECK(strstr(text, "snapshot zxid=1.1") != NULL && strstr(text, "whole: nodes=") != NULL, "%s", text);
    CHECK(strstr(text, "form cluster=0000000000000009 1=") != NULL && strstr(text, "node / ") != NULL, "%s", text);
    CHECK(strstr(text, "node /zookeeper/quota ") != NULL, "%s", text);
    snprintf(command, sizeof(command),
             "printf x | dd of=%s/log.00000001 bs=1 seek=200 conv=notrunc 2>/dev/null;"
             "./wal-dump %s/log.00000001",
             options.data_dir, options.data_dir);
    text = output_of(command, &status);
    CHECK_EQ_INT(status, 1);
    CHECK(strstr(text, "DAMAGED at offset 64") != NULL, "%s", text);
    state_free(state);
    buf_deinit(&body);
    buf_deinit(&reply);
}
