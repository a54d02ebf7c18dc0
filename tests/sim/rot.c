/* rot.c - taking a disk apart, choosing bytes, and what must come of them; see rot.h. */
#include "sim/rot.h"

#include "base/alloc.h"
#include "sim/ck_durable.h"
#include "sim/ck_log.h"
#include "sim/mark.h"
#include "sim/trace.h"
#include "snapshot/snapshot.h"
#include "store/manifest.h"
#include "wal/promise.h"
#include "wal/segment.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX (64u << 20)
#define PATH_MAX_BYTES 64
#define HITS_MAX 3

enum part_kind { PART_MANIFEST, PART_PROMISE, PART_HEADER, PART_RECORD, PART_BEHIND, PART_NEWEST, PART_OLDER, PART_DEAD };

/* A piece of a file. */
struct part {
    enum part_kind kind;
    char path[PATH_MAX_BYTES];
    uint64_t offset, size;
    bool hit;
    bool whole;                        /* PROMISE: it can be read */
    uint64_t generation, synced;       /* PROMISE; RECORD, BEHIND: what it vouches for */
    uint64_t position, end, prev_zxid; /* RECORD: its place, where its predecessor ended, the last entry before it */
    bool cut;                          /* RECORD */
};

struct parts {
    struct part *part;
    size_t count, capacity;
    uint64_t snapshot_zxid;
};

struct rot {
    enum rot_verdict verdict;
    uint32_t hits;
    char place[HITS_MAX][PATH_MAX_BYTES + 32]; /* any of them must be named */
};

static struct part *part_add(struct parts *m, enum part_kind kind, const char *path, uint64_t offset, uint64_t size)
{
    if (m->count == m->capacity) {
        m->capacity = m->capacity > 0 ? 2 * m->capacity : 64;
        m->part = coord_realloc(m->part, m->capacity * sizeof(*m->part));
    }
    struct part *p = &m->part[m->count++];
    *p = (struct part){.kind = kind, .offset = offset, .size = size};
    snprintf(p->path, sizeof(p->path), "%s", path);
    return p;
}

static bool read_file(struct node *n, const char *path, struct buf *to)
{
    buf_clear(to);
    return fs_read_file(fake_fs_fs(n->disk), path, to, FILE_MAX) == 0;
}

static void take_promises(struct parts *m, struct node *n, struct buf *content)
{
    for (int i = 0; i < PROMISE_FILES; i++) {
        char path[PATH_MAX_BYTES];
        struct promise p;
        snprintf(path, sizeof(path), "/data/promise.%d", i);
        if (!read_file(n, path, content) || buf_size(content) == 0)
            continue;
        struct part *part = part_add(m, PART_PROMISE, path, 0, buf_size(content));
        part->whole = promise_decode(buf_slice(content), &p) == 0;
        part->generation = part->whole ? p.generation : 0;
        part->synced = part->whole ? p.synced : 0;
    }
}

/* Where the log stands while its segments are gone through. */
struct walk {
    uint64_t end, last;
    uint32_t boot;
    bool in_log;
};

static bool continues(const struct walk *w, const struct record *r)
{
    return r->boot >= w->boot && r->prev_zxid == w->last && (w->end == 0 || r->prev_end == w->end);
}

/* False: there is no such segment. */
static bool take_segment(struct parts *m, struct node *n, const char *dir, uint32_t sequence, struct walk *w,
                         struct buf *content)
{
    char name[SEGMENT_NAME_BYTES], path[PATH_MAX_BYTES];
    struct segment_header h;
    size_t offset = SEGMENT_HEADER_BYTES, behind = 0;
    bool part = false;
    struct record r;

    segment_name(name, sequence);
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (!read_file(n, path, content) || segment_decode(buf_slice(content), &h) != 0)
        return false;
    part_add(m, PART_HEADER, path, 0, SEGMENT_HEADER_BYTES);
    const uint8_t *bytes = buf_bytes(content);
    size_t size = buf_size(content);
    while (w->in_log &&
           record_decode(slice_make(bytes + offset, size - offset), position_make(sequence, offset), segment_key(&h), &r) ==
               RECORD_VALID &&
           continues(w, &r)) {
        size_t bytes_of = record_size(r.body.size);
        struct part *p = part_add(m, PART_RECORD, path, offset, bytes_of);
        p->position = r.position;
        p->end = w->end != 0 ? w->end : r.position; /* the log was never durable before its first record */
        p->prev_zxid = w->last;
        p->synced = r.synced;
        p->cut = r.kind == RECORD_CUT;
        w->boot = r.boot;
        w->last = r.last;
        offset += bytes_of;
        w->end = position_make(sequence, offset);
        part = true;
    }
    w->in_log = w->in_log && part;
    for (size_t at = offset; at + RECORD_HEADER_BYTES <= size; at += RECORD_ALIGN)
        if (record_begins(bytes + at) && record_decode(slice_make(bytes + at, size - at), position_make(sequence, at),
                                                       segment_key(&h), &r) == RECORD_VALID) {
            part_add(m, PART_BEHIND, path, at, record_size(r.body.size))->synced = r.synced;
            behind++;
        }
    if (behind == 0 && offset < size)
        part_add(m, PART_DEAD, path, offset, size - offset);
    return true;
}

/* Nothing when the directory is not made yet. */
static void take_apart(const struct sim *s, struct node *n, struct parts *m)
{
    struct buf content = {0};
    struct manifest manifest;

    if (manifest_read(fake_fs_fs(n->disk), "/data", &manifest) != 0 || manifest.state != MANIFEST_IN_USE ||
        !read_file(n, "/data/" MANIFEST_NAME, &content)) {
        buf_deinit(&content);
        return;
    }
    part_add(m, PART_MANIFEST, "/data/" MANIFEST_NAME, 0, buf_size(&content));
    take_promises(m, n, &content);
    struct walk w = {.last = manifest.base, .in_log = true};
    for (uint32_t sequence = manifest.first_segment;
         take_segment(m, n, s->options.seed % 2 ? "/data" : "/log", sequence, &w, &content); sequence++)
        w.in_log = w.in_log || sequence == manifest.first_segment; /* it may be empty */
    for (uint32_t i = 0; i < manifest.snapshot_count; i++) {
        char path[SNAPSHOT_PATH_BYTES];
        snapshot_path(path, "/data", manifest.snapshot[i]);
        m->snapshot_zxid = manifest.snapshot[i];
        if (read_file(n, path, &content))
            part_add(m, i + 1 == manifest.snapshot_count ? PART_NEWEST : PART_OLDER, path, 0, buf_size(&content));
    }
    buf_deinit(&content);
}

/* The verdict on all parts that are hit; *first: the first record of the log among them. */
static enum rot_verdict judge(const struct parts *m, const struct part **first)
{
    const struct part *promise = NULL;
    uint64_t claimed = 0;
    bool refused = false;

    *first = NULL;
    for (size_t i = 0; i < m->count; i++) {
        const struct part *p = &m->part[i];
        if (p->hit) {
            refused = refused || p->kind == PART_MANIFEST || p->kind == PART_HEADER || p->kind == PART_NEWEST ||
                      (p->kind == PART_OLDER && p->position < SNAPSHOT_HEAD_BYTES);
            if (p->kind == PART_RECORD && *first == NULL)
                *first = p;
        } else if (p->kind == PART_PROMISE) {
            if (p->whole && (promise == NULL || p->generation > promise->generation))
                promise = p;
        } else if (p->synced > claimed) {
            claimed = p->synced;
        }
    }
    if (promise != NULL && promise->synced > claimed)
        claimed = promise->synced;
    if (refused || promise == NULL || (*first != NULL && claimed > (*first)->end))
        return ROT_REFUSED;
    return *first != NULL ? ROT_DROPPED : ROT_HEALED;
}

static struct part *choose(struct parts *m, struct rng *rng)
{
    static const uint8_t below[] = {8, 33, 41, 71, 76, 88, 95, 100}; /* by kind, of a hundred */
    size_t dice = rng_below(rng, 100), kind = 0, count = 0;

    while (dice >= below[kind])
        kind++;
    for (size_t i = 0; i < m->count; i++)
        count += m->part[i].kind == (enum part_kind)kind ? 1 : 0;
    if (count == 0)
        return &m->part[rng_below(rng, m->count)];
    size_t pick = rng_below(rng, count);
    if (kind == PART_RECORD && chance(rng, 500)) /* near the end, where it is hard */
        pick = count - 1 - rng_below(rng, count < 4 ? count : 4);
    for (size_t i = 0;; i++)
        if (m->part[i].kind == (enum part_kind)kind && pick-- == 0)
            return &m->part[i];
}

/* Whether the end of the log may go from this record on: all of it entries that a quorum of others holds. */
static bool may_drop(const struct sim *s, const struct node *n, const struct parts *m, const struct part *first)
{
    for (const struct part *p = first; p < m->part + m->count; p++)
        if (p->kind == PART_RECORD && p->cut)
            return false;
    return first->prev_zxid >= m->snapshot_zxid && ck_durable_spare(s, n->id, first->prev_zxid);
}

/* An ensemble forms with all its servers or not at all (C15). */
static bool may_refuse(const struct sim *s, const struct node *n)
{
    return ck_log_last(s) != 0 && node_may_lose(s, n);
}

void rot_strike(struct sim *s, struct node *n, struct rng *rng)
{
    struct {
        struct part *part;
        uint64_t at;
        uint8_t mask;
    } hit[HITS_MAX];
    struct rot rot = {.verdict = ROT_NONE};
    struct parts m = {.count = 0};
    const struct part *first = NULL;

    if (n->rot != NULL || n->refused)
        return;
    fake_fs_crash(n->disk, rng, FAKE_FS_RANDOM); /* at rest: nothing of it is in memory only */
    take_apart(s, n, &m);
    uint32_t wanted = chance(rng, 700) ? 1 : (uint32_t)rng_between(rng, 2, HITS_MAX);
    for (; m.count > 0 && rot.hits < wanted; rot.hits++) {
        struct part *p = choose(&m, rng);
        if (rot.hits > 0 && p->hit)
            break;
        p->hit = true;
        hit[rot.hits].part = p;
        hit[rot.hits].at = rng_below(rng, p->size);
        hit[rot.hits].mask = (uint8_t)(1u << rng_below(rng, 8));
        if (p->kind == PART_OLDER)
            p->position = hit[rot.hits].at;
    }
    if (rot.hits > 0)
        rot.verdict = judge(&m, &first);
    if (rot.verdict == ROT_NONE || (rot.verdict == ROT_REFUSED && !may_refuse(s, n)) ||
        (rot.verdict == ROT_DROPPED && !may_drop(s, n, &m, first))) {
        coord_free(m.part);
        return;
    }
    for (uint32_t i = 0; i < rot.hits; i++) {
        const struct part *p = hit[i].part;
        const char *name = strrchr(p->path, '/') + 1;
        fake_fs_flip(n->disk, p->path, p->offset + hit[i].at, hit[i].mask);
        if (p->kind == PART_RECORD || p->kind == PART_BEHIND)
            snprintf(rot.place[i], sizeof(rot.place[i]), "%s: record at offset %llu ", name, (unsigned long long)p->offset);
        else
            snprintf(rot.place[i], sizeof(rot.place[i]), "%s", name);
        trace_line(s, hit[i].at, "n%u ROT %s offset %llu verdict=%d", n->id, p->path,
                   (unsigned long long)(p->offset + hit[i].at), (int)rot.verdict);
    }
    if (rot.verdict == ROT_DROPPED)
        ck_durable_rotted(s, n->id, first->prev_zxid);
    if (rot.verdict == ROT_REFUSED)
        n->lost = true;
    n->rot = coord_memdup(&rot, sizeof(rot));
    coord_free(m.part);
}

bool rot_refused(struct sim *s, struct node *n, int rc, const char *text)
{
    const struct rot *rot = n->rot;
    bool named = false;

    if (rot == NULL || rot->verdict != ROT_REFUSED)
        return false;
    for (uint32_t i = 0; i < rot->hits; i++)
        named = named || strstr(text, rot->place[i]) != NULL;
    if (rc != -COORD_E_DAMAGED || !named)
        sim_fail(s, "F9", "n%u refuses to start with %s: %s; damaged is %s", n->id, coord_error_name(rc), text, rot->place[0]);
    trace_line(s, n->id, "n%u REFUSED %s", n->id, text);
    mark(s, MARK_ROT_REFUSED);
    n->refused = true;
    return true;
}

void rot_started(struct sim *s, struct node *n)
{
    struct rot *rot = n->rot;

    if (rot == NULL)
        return;
    if (rot->verdict == ROT_REFUSED)
        sim_fail(s, "F9", "n%u starts from a damaged disk: %s", n->id, rot->place[0]);
    mark(s, rot->verdict == ROT_DROPPED ? MARK_ROT_DROPPED : MARK_ROT_HEALED);
    rot_forget(n);
}

void rot_forget(struct node *n)
{
    coord_free(n->rot);
    n->rot = NULL;
}
