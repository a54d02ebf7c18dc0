/* world.h - a store over the fake disk beside a model of it, for crash tests.
 *
 * An operation is run on the store and written down as small steps in the order in which they must become durable. What an
 * operation acknowledged is settled; of the one that a crash interrupted any number of steps may have happened, in order. So
 * after a recovery the store must hold what is settled and, behind it, a begin of the open steps; then that is settled. All
 * that the log holds must read back, every snapshot that the manifest names must be whole, and the boot count must rise.
 */
#ifndef TESTS_UNIT_WORLD_H
#define TESTS_UNIT_WORLD_H

#include "base/rng.h"
#include "lib/fake_fs.h"
#include "unit/store_kit.h"

#define WORLD_STEPS_MAX 256

struct world_step {
    enum { STEP_PROMISED, STEP_ENTRY, STEP_CUT, STEP_ACCEPTED, STEP_SNAPSHOT, STEP_INSTALL } kind;
    uint64_t zxid;
    size_t size;
    unsigned salt;
    uint32_t epoch;
};

struct world_facts {
    struct kit_model log;
    uint32_t promised, accepted;
    uint64_t snapshot;
};

struct world {
    struct fake_fs *fake;
    struct store *store;
    struct store_recovered recovered; /* of the last start */
    struct world_facts settled;
    struct world_facts asked; /* with the open steps */
    struct world_step open[WORLD_STEPS_MAX];
    uint32_t open_count;
    uint64_t trimmed;
    unsigned salt;
    uint32_t boot; /* of the last start that succeeded */
    int err;       /* of the last operation or start that failed */
};

struct world *world_new(void); /* an empty disk, started once */
void world_free(struct world *w);

/* A second world with a copy of the disk and the model; its store is not open. */
struct world *world_clone(const struct world *w);

/* One operation each; true: acknowledged. False: the disk has stopped (fake_fs_stop); nothing more may be run. */
bool world_promise(struct world *w);
bool world_accepted(struct world *w);
bool world_append(struct world *w, bool new_epoch, uint32_t count, size_t size);
bool world_cut(struct world *w, uint64_t zxid);
bool world_group(struct world *w, struct rng *r); /* several persists in one go */
bool world_mark(struct world *w);
bool world_prepare(struct world *w);
bool world_snapshot(struct world *w, uint64_t zxid); /* take and trim */
bool world_install(struct world *w, uint64_t zxid);
bool world_random(struct world *w, struct rng *r); /* any of these */

/* The disk's crash, without a start. Closes the store. */
void world_crash(struct world *w, struct rng *r, enum fake_fs_crash mode);

/* Start again. NULL: it holds what it must; else what is wrong. *stopped: the disk stopped meanwhile: crash and try again. */
const char *world_start(struct world *w, bool *stopped);

/* Files of the world, by name; whole. */
struct fs *world_fs(struct world *w);
void world_path(char to[64], const char *name);
struct buf world_content(struct world *w, const char *name);
void world_put(struct world *w, const char *name, struct slice content); /* durably */

/* Start without looking at what it holds; the result of store_open. */
int world_open(struct world *w, const char **text);

/* A log of three segments; its last record is vouched for by nobody. Closed. */
struct world *world_some_log(void);

#endif
