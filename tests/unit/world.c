/* world.c - see world.h. */
#include "unit/world.h"

#include "base/alloc.h"
#include "base/error.h"
#include "base/log.h"
#include "base/zxid.h"
#include "lib/runner.h"
#include "snapshot/snapshot.h"
#include "store/manifest.h"

#include <stdio.h>
#include <string.h>

#define GROUP_JOBS 6

static void apply_step(struct world_facts *f, const struct world_step *s)
{
    switch (s->kind) {
    case STEP_PROMISED:
        f->promised = s->epoch;
        break;
    case STEP_ACCEPTED:
        f->accepted = s->epoch;
        break;
    case STEP_ENTRY:
        kit_model_append(&f->log, s->zxid, 1, s->size, s->salt);
        break;
    case STEP_CUT:
        kit_model_cut(&f->log, s->zxid);
        break;
    case STEP_SNAPSHOT:
        f->snapshot = s->zxid;
        break;
    case STEP_INSTALL:
        kit_model_drop(&f->log, UINT64_MAX);
        f->log.base = f->snapshot = s->zxid;
        break;
    }
}

static void ask(struct world *w, struct world_step s)
{
    w->open[w->open_count++] = s;
    apply_step(&w->asked, &s);
}

static bool settle(struct world *w, int rc)
{
    if (rc != 0) {
        w->err = rc;
        return false;
    }
    w->settled = w->asked;
    w->open_count = 0;
    return true;
}

static uint64_t last_asked(const struct world *w)
{
    const struct kit_model *m = &w->asked.log;

    return m->count > 0 ? m->zxid[m->count - 1] : m->base;
}

struct world *world_new(void)
{
    struct world *w = coord_alloc_zero(1, sizeof(*w));
    bool stopped;

    log_set_level(LOG_LEVEL_ERROR); /* torn batches are what these tests are about */
    w->fake = fake_fs_new();
    return world_start(w, &stopped) == NULL ? w : NULL;
}

void world_free(struct world *w)
{
    if (w->store != NULL)
        store_close(w->store);
    fake_fs_free(w->fake);
    coord_free(w);
}

struct world *world_clone(const struct world *w)
{
    struct world *c = coord_memdup(w, sizeof(*w));

    c->fake = fake_fs_clone(w->fake);
    c->store = NULL;
    return c;
}

bool world_promise(struct world *w)
{
    ask(w, (struct world_step){.kind = STEP_PROMISED, .epoch = w->asked.promised + 1});
    return settle(w, kit_promise(w->store, w->asked.promised));
}

bool world_accepted(struct world *w)
{
    ask(w, (struct world_step){.kind = STEP_ACCEPTED, .epoch = w->asked.promised});
    return settle(w, kit_accepted(w->store, w->asked.accepted));
}

static uint64_t ask_entries(struct world *w, bool new_epoch, uint32_t count, size_t size)
{
    uint64_t last = last_asked(w), first = last + 1;

    if (new_epoch || last == 0)
        first = zxid_make(zxid_epoch(last) + 1, 1);
    w->salt++;
    for (uint32_t i = 0; i < count; i++)
        ask(w, (struct world_step){.kind = STEP_ENTRY, .zxid = first + i, .size = size, .salt = w->salt});
    return first;
}

bool world_append(struct world *w, bool new_epoch, uint32_t count, size_t size)
{
    uint64_t first = ask_entries(w, new_epoch, count, size);

    return settle(w, kit_append(w->store, first, count, size, w->salt));
}

bool world_cut(struct world *w, uint64_t zxid)
{
    ask(w, (struct world_step){.kind = STEP_CUT, .zxid = zxid});
    return settle(w, kit_cut(w->store, zxid));
}

bool world_group(struct world *w, struct rng *r)
{
    struct job *jobs[GROUP_JOBS];
    struct list all;
    int rc = 0;

    list_init(&all);
    for (int i = 0; i < GROUP_JOBS; i++) {
        struct job *j = jobs[i] = job_new(JOB_PERSIST);
        uint32_t count = 1 + (uint32_t)rng_below(r, 4);
        size_t size = rng_below(r, 400);
        if (rng_below(r, 4) == 0) {
            ask(w, (struct world_step){.kind = STEP_PROMISED, .epoch = w->asked.promised + 1});
            j->persist.set_promised = true;
            j->persist.promised.epoch = w->asked.promised;
        }
        if (rng_below(r, 4) == 0 && w->asked.log.count > 3 && last_asked(w) - 1 > w->asked.snapshot &&
            zxid_counter(last_asked(w)) > 2) {
            j->persist.cut = true;
            j->persist.cut_after = last_asked(w) - 1;
            ask(w, (struct world_step){.kind = STEP_CUT, .zxid = j->persist.cut_after});
        }
        uint64_t first = ask_entries(w, j->persist.cut || rng_below(r, 8) == 0, count, size);
        j->pieces = coord_alloc(sizeof(j->pieces[0]));
        j->pieces[0] = (struct job_piece){kit_batch(first, count, size, w->salt), 0, count};
        j->piece_count = 1;
        if (rng_below(r, 4) == 0) {
            ask(w, (struct world_step){.kind = STEP_ACCEPTED, .epoch = w->asked.promised});
            j->persist.set_accepted = true;
            j->persist.accepted = w->asked.accepted;
        }
        list_push_back(&all, &j->link);
    }
    store_run_wal(w->store, &all);
    for (int i = 0; i < GROUP_JOBS; i++) {
        rc = jobs[i]->err != 0 ? jobs[i]->err : rc;
        job_free(jobs[i]);
    }
    return settle(w, rc);
}

bool world_mark(struct world *w)
{
    return settle(w, kit_mark(w->store));
}

bool world_prepare(struct world *w)
{
    int rc = store_prepare(w->store);

    return settle(w, rc < 0 ? rc : 0);
}

bool world_snapshot(struct world *w, uint64_t zxid)
{
    if (!settle(w, kit_snapshot(w->store, zxid)))
        return false;
    ask(w, (struct world_step){.kind = STEP_SNAPSHOT, .zxid = zxid});
    return settle(w, kit_trim(w->store, zxid, &w->trimmed));
}

bool world_install(struct world *w, uint64_t zxid)
{
    if (!settle(w, kit_snapshot(w->store, zxid)))
        return false;
    ask(w, (struct world_step){.kind = STEP_INSTALL, .zxid = zxid});
    return settle(w, kit_install(w->store, zxid));
}

/* A zxid of the log behind the snapshot; 0: none. */
static uint64_t any_behind_snapshot(const struct world *w, struct rng *r)
{
    const struct kit_model *m = &w->settled.log;
    uint32_t from = 0;

    while (from < m->count && m->zxid[from] <= w->settled.snapshot)
        from++;
    return from == m->count ? 0 : m->zxid[from + rng_below(r, m->count - from)];
}

bool world_random(struct world *w, struct rng *r)
{
    static const size_t sizes[] = {0, 20, 100, 300, 700, 5000};
    uint64_t some = any_behind_snapshot(w, r);

    switch (rng_below(r, 16)) {
    case 0:
        return world_promise(w);
    case 1:
        return world_accepted(w);
    case 2:
    case 3:
        return some == 0 || world_cut(w, some);
    case 4:
        return world_mark(w);
    case 5:
    case 6:
    case 7:
        return world_prepare(w);
    case 8:
        return some == 0 || world_snapshot(w, some);
    case 9:
        return rng_below(r, 4) != 0 || world_install(w, zxid_make(zxid_epoch(last_asked(w)) + 1, 7));
    case 10:
        return world_group(w, r);
    default:
        return world_append(w, rng_below(r, 6) == 0, 1 + (uint32_t)rng_below(r, 6), sizes[rng_below(r, 6)]);
    }
}

void world_crash(struct world *w, struct rng *r, enum fake_fs_crash mode)
{
    fake_fs_crash(w->fake, r, mode);
    if (w->store != NULL)
        store_close(w->store);
    w->store = NULL;
}

/* The snapshots that the manifest names are whole. */
static const char *snapshots_differ(struct world *w, const struct manifest *m)
{
    static char text[200];
    char path[SNAPSHOT_PATH_BYTES];
    struct snapshot_meta meta;

    for (uint32_t i = 0; i < m->snapshot_count; i++) {
        snapshot_path(path, KIT_DIR, m->snapshot[i]);
        int rc = snapshot_verify(world_fs(w), path, &meta);
        if (rc != 0 || meta.zxid != m->snapshot[i] || meta.digest != m->snapshot[i]) {
            snprintf(text, sizeof(text), "snapshot " ZXID_FMT ": %s", ZXID_ARG(m->snapshot[i]), coord_error_name(rc));
            return text;
        }
    }
    return NULL;
}

/* NULL: the store is as `f` says; all that its log holds reads back, also what its shape has folded. */
static const char *differs(struct world *w, const struct world_facts *f, const struct manifest *m)
{
    const struct store_recovered *r = &w->recovered;

    if (r->paxos.promised.epoch != f->promised)
        return "another promise";
    if (r->paxos.accepted != f->accepted)
        return "another accepted epoch";
    if (r->snapshot_zxid != f->snapshot)
        return "another snapshot";
    return kit_model_differs(&f->log, w->store, &r->paxos.log, m->base);
}

/* What does not depend on how far the interrupted operation came. */
static const char *always_differs(struct world *w, const struct manifest *m)
{
    if (m->snapshot_count >= 2 && m->base > m->snapshot[0])
        return "the log does not reach back to the oldest snapshot";
    if (w->recovered.incarnation != kit_options().fresh_incarnation)
        return "another incarnation";
    if (w->recovered.boot <= w->boot)
        return "the boot count did not rise";
    return snapshots_differ(w, m);
}

/* As the model has it, with as many of the open steps as it takes; these are settled then. */
static const char *compare(struct world *w)
{
    struct manifest m;
    const char *why;

    if (manifest_read(world_fs(w), KIT_DIR, &m) != 0)
        return "the manifest cannot be read";
    why = differs(w, &w->settled, &m);
    for (uint32_t i = 0; i < w->open_count && why != NULL; i++) {
        apply_step(&w->settled, &w->open[i]);
        why = differs(w, &w->settled, &m);
    }
    return why != NULL ? why : always_differs(w, &m);
}

const char *world_start(struct world *w, bool *stopped)
{
    static char text[1200];
    struct store_options options = kit_options();
    const char *why;

    *stopped = false;
    w->err = store_open(fake_fs_fs(w->fake), &options, &w->store, &w->recovered, &why);
    if (w->err != 0) {
        w->store = NULL;
        *stopped = fake_fs_stopped(w->fake);
        snprintf(text, sizeof(text), "does not start: %s", why);
        return text;
    }
    fake_fs_pause(w->fake, true);
    why = compare(w);
    fake_fs_pause(w->fake, false);
    if (why != NULL)
        return why;
    w->boot = w->recovered.boot;
    w->asked = w->settled;
    w->open_count = 0;
    return NULL;
}

/* Damage. */

struct fs *world_fs(struct world *w)
{
    return fake_fs_fs(w->fake);
}

void world_path(char to[64], const char *name)
{
    snprintf(to, 64, "%s/%s", KIT_DIR, name);
}

struct buf world_content(struct world *w, const char *name)
{
    struct buf b = {0};
    char path[64];

    world_path(path, name);
    CHECK(fs_read_file(world_fs(w), path, &b, 1 << 20) == 0, "%s", name);
    return b;
}

void world_put(struct world *w, const char *name, struct slice content)
{
    struct fs_file *file;
    char path[64];

    world_path(path, name);
    REQUIRE(fs_open(world_fs(w), path, FS_WRITE | FS_CREATE, &file) == 0);
    CHECK(fs_truncate(world_fs(w), file, 0) == 0 && fs_write(world_fs(w), file, 0, content.data, content.size) == 0 &&
          fs_sync(world_fs(w), file) == 0);
    fs_close(world_fs(w), file);
}

int world_open(struct world *w, const char **text)
{
    struct store_options options = kit_options();
    int rc = store_open(world_fs(w), &options, &w->store, &w->recovered, text);

    if (rc != 0)
        w->store = NULL;
    return rc;
}

/* A log of three segments; its last record is vouched for by nobody. Closed. */
struct world *world_some_log(void)
{
    struct world *w = world_new();

    REQUIRE(w != NULL);
    CHECK(world_promise(w) && world_accepted(w));
    for (int i = 0; i < 9; i++)
        CHECK(world_append(w, i == 5, 2, 400));
    CHECK(world_cut(w, zxid_make(2, 7)) && world_append(w, true, 2, 300) && world_append(w, false, 1, 50));
    world_crash(w, NULL, FAKE_FS_LOSE);
    return w;
}
