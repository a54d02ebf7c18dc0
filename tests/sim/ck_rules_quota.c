/* ck_rules_quota.c - quotas: what is counted and what is refused, at each zxid; see ck_rules.h.
 *
 * PATH is under a quota when /zookeeper/quota PATH/zookeeper_limits exists, with a path of one name at least; of those above a
 * node the deepest counts. zookeeper_stats beside it tells nodes and bytes of data: counted when it is created, moved by each
 * change from then on, which only shows in its data and their length.
 */
#include "sim/ck_rules.h"
#include "sim/mark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HOME "/zookeeper/quota"
#define PATH_MAX_BYTES 256

struct place {
    char path[PATH_MAX_BYTES]; /* that the quota is on; empty: there is none */
};

static struct track *child_of(const struct ck_model *m, const struct place *p, const char *name)
{
    char path[PATH_MAX_BYTES + 40];
    int size = snprintf(path, sizeof(path), HOME "%s/%s", p->path, name);

    return track_find(m, slice_make(path, (size_t)size));
}

static struct place governing(const struct ck_model *m, const char *path)
{
    struct place found = {""};

    if (m->quotas->child_count == 0)
        return found;
    for (size_t size = 1; size <= strlen(path); size++) {
        struct place p;
        if (path[size] != '/' && path[size] != 0)
            continue;
        snprintf(p.path, sizeof(p.path), "%.*s", (int)size, path);
        if (track_now(child_of(m, &p, "zookeeper_limits")) != NULL)
            found = p;
    }
    return found;
}

/* The texts that the workloads write: pairs of key and number, with commas, semicolons and signs of equality between them. */
static struct ck_figures figures_read(struct slice data)
{
    struct ck_figures f = {.readable = true, .count = -1, .bytes = -1, .count_hard = -1, .bytes_hard = -1};
    char text[128], *at = text, *key;

    snprintf(text, sizeof(text), "%.*s", SLICE_ARG(data));
    if (slice_is_null(data))
        f.readable = false;
    while ((key = strsep(&at, ",;")) != NULL) {
        char name[32];
        int64_t number;
        if (key[0] == 0)
            continue;
        if (sscanf(key, "%31[a-zA-Z]=%" SCNd64, name, &number) != 2)
            f.readable = false;
        else if (strcmp(name, "count") == 0)
            f.count = number;
        else if (strcmp(name, "bytes") == 0)
            f.bytes = number;
        else if (strcmp(name, "countHardLimit") == 0)
            f.count_hard = number;
        else if (strcmp(name, "byteHardLimit") == 0)
            f.bytes_hard = number;
    }
    return f;
}

static bool ends_with(const char *path, const char *end)
{
    size_t size = strlen(path), tail = strlen(end);

    return size > tail && strcmp(path + size - tail, end) == 0;
}

static bool is_stats(const char *path)
{
    return strncmp(path, HOME "/", sizeof(HOME)) == 0 && ends_with(path, "/zookeeper_stats");
}

static void push_figures(struct deed *d, struct track *stats, const struct ck_figures *f)
{
    char text[80];
    struct version v = *track_now(stats);
    int size = snprintf(text, sizeof(text), "count=%" PRId64 ",bytes=%" PRId64, f->count, f->bytes);

    v.zxid = d->e->zxid;
    v.event = 0;
    v.figures = *f;
    v.size = size;
    v.data_hash = ck_data_hash(slice_make((const uint8_t *)text, (size_t)size));
    track_push(d->s->model, stats, &v);
}

static void count_tree(const struct track *t, struct ck_figures *f)
{
    const struct version *v = track_now(t);

    if (v == NULL)
        return;
    f->count++;
    f->bytes += v->size;
    for (size_t i = 0; i < t->child_count; i++)
        count_tree(t->children[i], f);
}

static void moved(struct deed *d, const char *path, int64_t count, int64_t bytes)
{
    struct place p = governing(d->s->model, path);
    struct track *stats = p.path[0] == 0 ? NULL : child_of(d->s->model, &p, "zookeeper_stats");

    if (track_now(stats) == NULL || !track_now(stats)->figures.readable)
        return;
    struct ck_figures f = track_now(stats)->figures;
    f.count += count;
    f.bytes += bytes;
    push_figures(d, stats, &f);
    mark(d->s, MARK_QUOTA_COUNTED);
}

void rule_quota_read(struct version *v, const char *path, struct slice data)
{
    if (strncmp(path, HOME "/", sizeof(HOME)) == 0)
        v->figures = figures_read(data);
}

void rule_quota_created(struct deed *d, struct track *t)
{
    moved(d, t->path, 1, track_now(t)->size);
    if (!is_stats(t->path))
        return;
    struct ck_figures f = {.readable = true, .count_hard = -1, .bytes_hard = -1};
    size_t from = strlen(HOME), size = strlen(t->path) - strlen("/zookeeper_stats") - from;
    const struct track *top = track_find(d->s->model, slice_make((const uint8_t *)t->path + from, size));
    if (top != NULL)
        count_tree(top, &f);
    push_figures(d, t, &f);
}

void rule_quota_deleted(struct deed *d, const struct track *t, int32_t size)
{
    moved(d, t->path, -1, -(int64_t)size);
}

void rule_quota_set(struct deed *d, const struct track *t, int32_t before)
{
    moved(d, t->path, 0, (int64_t)track_now(t)->size - before);
}

/* What the limits say of so many: 0, or an error. */
static int judge(const struct deed *d, int64_t value, int64_t soft, int64_t hard)
{
    if (hard >= 0 && value > hard)
        return -COORD_E_QUOTA_EXCEEDED;
    if (hard < 0 && soft >= 0 && value > soft)
        mark(d->s, MARK_QUOTA_SOFT);
    return 0;
}

int rule_quota_check(const struct deed *d, const char *path, int64_t count, int64_t bytes)
{
    const struct ck_model *m = d->s->model;
    struct place p = {""};

    if (m->enforce_quota)
        p = governing(m, path);
    if (p.path[0] == 0)
        return 0;
    const struct ck_figures *limits = &track_now(child_of(m, &p, "zookeeper_limits"))->figures;
    const struct version *stats = track_now(child_of(m, &p, "zookeeper_stats"));
    bool counts = count != 0 && (limits->count >= 0 || limits->count_hard >= 0);
    bool weighs = bytes != 0 && (limits->bytes >= 0 || limits->bytes_hard >= 0);
    if (!limits->readable)
        return -COORD_E_MARSHALLING;
    if (stats == NULL || (!counts && !weighs))
        return 0;
    if (!stats->figures.readable)
        return -COORD_E_MARSHALLING;
    int err = counts ? judge(d, stats->figures.count + count, limits->count, limits->count_hard) : 0;
    if (err != 0)
        mark(d->s, MARK_QUOTA_COUNT);
    else if (weighs && (err = judge(d, stats->figures.bytes + bytes, limits->bytes, limits->bytes_hard)) != 0)
        mark(d->s, count == 0 ? MARK_QUOTA_SET : MARK_QUOTA_BYTES);
    return err;
}
