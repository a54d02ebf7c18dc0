/* state_fixture.h - a state with one origin and one session, and its operations as calls. For the tests of coord/state. */
#ifndef TESTS_UNIT_STATE_FIXTURE_H
#define TESTS_UNIT_STATE_FIXTURE_H

#include "base/error.h"
#include "state/state.h"

enum { WORLD_SERVER = 3, WORLD_BOOT = 2 };
#define WORLD_INCARNATION UINT64_C(0xabcdef)
#define WORLD_TIMEOUT_MS 4000
#define WORLD_WALL_MS INT64_C(1700000000000)

struct world {
    struct state *s;
    struct entry e; /* the last entry */
    struct apply a;
    struct read r;
    struct buf reply; /* of the last apply or read */
    struct buf body;
    struct buf multi;    /* operations gathered for world_multi or world_multi_read */
    struct zk_stat stat; /* of the last successful setData, create2 or exists */
    uint64_t session;    /* who asks next */
    uint32_t attach;
    struct slice auth; /* ids of who asks, as in an entry */
    uint64_t number;   /* of the origin */
    int64_t late_ms;   /* cluster_ms runs ahead of the zxid by so much */
};

void world_init(struct world *w); /* origin introduced, a session made */
void world_deinit(struct world *w);

/* Applies one entry of that kind: zxid, times, number and origin are filled in; what the world's e has of session, attach,
 * op and body is kept. Returns the error. */
int world_apply(struct world *w, enum entry_kind kind);
/* "digest:u:h ip:1.2.3.4" as an entry has it. Static buffer. */
struct slice world_auth(const char *ids);

/* "perms:scheme:id", blank-separated, in wire form, and back. Static buffers. */
struct jute_vector world_acl(const char *text);
const char *world_acl_text(struct jute_vector list);

int world_request(struct world *w, int32_t op, const struct jute_record *table, const void *record);
uint64_t world_session_create(struct world *w); /* becomes the one who asks */
int world_session_close(struct world *w, uint64_t session);

/* data NULL: null; perms of world:anyone. */
int world_create_acl(struct world *w, const char *path, const char *data, int32_t mode, int32_t perms);
int world_create_container(struct world *w, const char *path);
int world_create_ttl(struct world *w, const char *path, int32_t mode, int64_t ttl);
bool world_reap(struct world *w, const char *path);                           /* the leader's entry; false: void */
void world_settings(struct world *w, bool enforce_quota, const char *config); /* the leader's entry */
int world_create_list(struct world *w, const char *path, const char *acl);    /* a persistent node; acl as for world_acl */
int world_set_acl(struct world *w, const char *path, const char *acl, int32_t version);
const char *world_get_acl(struct world *w, const char *path); /* or the error's name */
int world_create(struct world *w, const char *path, const char *data, int32_t mode);
int world_delete(struct world *w, const char *path, int32_t version);
int world_set(struct world *w, const char *path, const char *data, int32_t version);

/* Gather an operation; then apply (or read) all that were gathered, as one. What comes back: the error of the whole. */
void world_multi_add(struct world *w, int32_t type, const struct jute_record *table, const void *record);
int world_multi(struct world *w);
int world_multi_read(struct world *w);

/* The results as "type:err", blank-separated, with the path, the version of the stat or the data behind "=" where there is
 * one: "1:0=/a 15:0=/b 5:0=1 -1:-101". Static buffer. CHECKs the form. */
const char *world_results(struct world *w);

/* Reads with op; `watch` asked for. */
int world_read(struct world *w, int32_t op, struct slice path, bool watch);
int world_exists(struct world *w, const char *path); /* fills stat */

/* The reply as text: "path", data ("<null>"), or sorted names joined by blanks. Valid until the next call. */
const char *world_path(struct world *w);
const char *world_data(struct world *w, const char *path);
const char *world_children(struct world *w, const char *path);

/* The changes of the last apply: "+/a -/b =/c". */
const char *world_changes(struct world *w);

/* The whole image of a state. */
void world_image(struct state *s, size_t about_bytes, struct buf *to);
struct state *world_load(struct slice image, size_t piece); /* NULL when refused */

/* CHECKs that everything a client can see is the same. */
void world_check_same(struct state *a, struct state *b);

#endif
