/* fake_disk.c - files, names and their durability; see fake_disk.h. */
#include "lib/fake_disk.h"

#include "base/alloc.h"
#include "base/assert.h"

#include <string.h>

static void list_drop_all(struct list *head, void (*drop)(struct list *node))
{
    struct list *node;

    while ((node = list_pop_front(head)) != NULL)
        drop(node);
}

static void drop_pending(struct list *node)
{
    coord_free(LIST_ENTRY(node, struct pending, node));
}

void disk_file_hold(struct disk_file *file)
{
    file->refs++;
}

void disk_file_drop(struct disk_file *file)
{
    COORD_ASSERT(file->refs > 0);
    if (--file->refs > 0)
        return;
    list_drop_all(&file->pending, drop_pending);
    list_remove(&file->node);
    buf_deinit(&file->now);
    buf_deinit(&file->durable);
    coord_free(file);
}

static struct disk_file *file_new(struct disk *d, uint64_t id)
{
    struct disk_file *file = coord_alloc_zero(1, sizeof(*file));

    file->id = id;
    list_init(&file->pending);
    list_push_back(&d->files, &file->node);
    return file;
}

/* Names. */

static struct disk_name *name_find(const struct list *names, const char *path)
{
    for (struct list *node = names->next; node != names; node = node->next) {
        struct disk_name *name = LIST_ENTRY(node, struct disk_name, node);
        if (strcmp(name->path, path) == 0)
            return name;
    }
    return NULL;
}

static void drop_name(struct list *node)
{
    struct disk_name *name = LIST_ENTRY(node, struct disk_name, node);

    if (name->file != NULL)
        disk_file_drop(name->file);
    coord_free(name->path);
    coord_free(name);
}

static void name_clear(struct list *names, const char *path)
{
    struct disk_name *name = name_find(names, path);

    if (name == NULL)
        return;
    list_remove(&name->node);
    drop_name(&name->node);
}

static void name_set(struct list *names, const char *path, struct disk_file *file)
{
    struct disk_name *name = coord_alloc_zero(1, sizeof(*name));

    if (file != NULL)
        disk_file_hold(file);
    name_clear(names, path);
    name->file = file;
    name->path = coord_strdup(path);
    list_push_back(names, &name->node);
}

static void names_apply(struct list *names, const struct pending_name *change)
{
    if (change->gone != NULL)
        name_clear(names, change->gone);
    if (change->path != NULL)
        name_set(names, change->path, change->file);
}

static void drop_pending_name(struct list *node)
{
    struct pending_name *change = LIST_ENTRY(node, struct pending_name, node);

    if (change->file != NULL)
        disk_file_drop(change->file);
    coord_free(change->path);
    coord_free(change->gone);
    coord_free(change);
}

static struct pending_name *pend_name(struct disk *d, const char *gone, const char *path, struct disk_file *file)
{
    struct pending_name *change = coord_alloc_zero(1, sizeof(*change));

    if (file != NULL)
        disk_file_hold(file);
    change->file = file;
    change->path = path == NULL ? NULL : coord_strdup(path);
    change->gone = gone == NULL ? NULL : coord_strdup(gone);
    list_push_back(&d->pending_names, &change->node);
    return change;
}

struct disk_file *disk_find(const struct disk *d, const char *path)
{
    struct disk_name *name = name_find(&d->now, path);

    return name == NULL ? NULL : name->file;
}

struct disk_file *disk_create(struct disk *d, const char *path)
{
    struct disk_file *file = file_new(d, d->next_id++);

    names_apply(&d->now, pend_name(d, NULL, path, file));
    return file;
}

void disk_rename(struct disk *d, const char *from, const char *to)
{
    names_apply(&d->now, pend_name(d, from, to, disk_find(d, from)));
}

void disk_remove(struct disk *d, const char *path)
{
    names_apply(&d->now, pend_name(d, path, NULL, NULL));
}

char *disk_parent(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *parent;

    if (slash == NULL)
        return coord_strdup(".");
    if (slash == path)
        return coord_strdup("/");
    parent = coord_strdup(path);
    parent[slash - path] = '\0';
    return parent;
}

bool disk_has_dir(const struct disk *d, const char *path)
{
    return strcmp(path, ".") == 0 || strcmp(path, "/") == 0 || name_find(&d->dirs, path) != NULL;
}

void disk_add_dir(struct disk *d, const char *path)
{
    char *parent;

    if (disk_has_dir(d, path))
        return;
    parent = disk_parent(path);
    disk_add_dir(d, parent);
    coord_free(parent);
    name_set(&d->dirs, path, NULL);
}

void disk_sync_dir(struct disk *d, const char *path)
{
    struct list *next;

    for (struct list *node = d->pending_names.next; node != &d->pending_names; node = next) {
        struct pending_name *change = LIST_ENTRY(node, struct pending_name, node);
        char *parent = disk_parent(change->path != NULL ? change->path : change->gone);
        next = node->next;
        if (strcmp(parent, path) == 0) {
            names_apply(&d->durable, change);
            list_remove(node);
            drop_pending_name(node);
        }
        coord_free(parent);
    }
}

/* Content. */

static void content_resize(struct buf *content, uint64_t size)
{
    if (size <= buf_size(content)) {
        buf_truncate(content, (size_t)size);
    } else {
        size_t more = (size_t)size - buf_size(content);
        memset(buf_reserve(content, more), 0, more);
        buf_commit(content, more);
    }
}

static void content_write(struct buf *content, uint64_t offset, const uint8_t *from, size_t size)
{
    if (size == 0)
        return;
    if (offset + size > buf_size(content))
        content_resize(content, offset + size);
    memcpy(buf_bytes(content) + offset, from, size);
}

static void content_apply(struct buf *content, const struct pending *p)
{
    if (p->kind == PENDING_WRITE)
        content_write(content, p->offset, p->data, p->size);
    else if (p->kind == PENDING_RESIZE || p->offset > buf_size(content))
        content_resize(content, p->offset);
}

static void pend(struct disk_file *file, enum pending_kind kind, uint64_t offset, const void *from, size_t size)
{
    struct pending *p = coord_alloc(sizeof(*p) + size);

    p->kind = kind;
    p->offset = offset;
    p->size = size;
    if (size > 0)
        memcpy(p->data, from, size);
    list_push_back(&file->pending, &p->node);
}

void disk_file_write(struct disk_file *file, uint64_t offset, const void *from, size_t size)
{
    content_write(&file->now, offset, from, size);
    pend(file, PENDING_WRITE, offset, from, size);
}

void disk_file_resize(struct disk_file *file, uint64_t size, bool only_grow)
{
    if (only_grow && size <= buf_size(&file->now))
        return;
    content_resize(&file->now, size);
    pend(file, only_grow ? PENDING_GROW : PENDING_RESIZE, size, NULL, 0);
}

void disk_file_sync(struct disk_file *file)
{
    LIST_EACH(node, &file->pending)
    content_apply(&file->durable, LIST_ENTRY(node, struct pending, node));
    disk_file_forget_pending(file);
}

void disk_file_forget_pending(struct disk_file *file)
{
    list_drop_all(&file->pending, drop_pending);
}

uint64_t disk_used(const struct disk *d)
{
    uint64_t used = 0;

    LIST_EACH(node, &d->now)
    used += buf_size(&LIST_ENTRY(node, struct disk_name, node)->file->now);
    return used;
}

/* Power loss. */

/* A part of a write reaches the disk: its begin or its end; the size of the file may have grown for all of it. */
static void content_tear(struct buf *content, const struct pending *p, struct rng *r)
{
    size_t cut = (size_t)rng_below(r, p->size + 1);

    if (rng_below(r, 2) == 0 && p->offset + p->size > buf_size(content))
        content_resize(content, p->offset + p->size);
    if (rng_below(r, 2) == 0)
        content_write(content, p->offset, p->data, cut);
    else
        content_write(content, p->offset + cut, p->data + cut, p->size - cut);
}

static void store_by_chance(struct disk_file *file, struct rng *r)
{
    LIST_EACH(node, &file->pending)
    {
        struct pending *p = LIST_ENTRY(node, struct pending, node);
        uint64_t fate = r == NULL ? 1 : rng_below(r, 3);
        if (fate == 0)
            content_apply(&file->durable, p);
        else if (fate == 2 && p->kind == PENDING_WRITE)
            content_tear(&file->durable, p, r);
    }
    disk_file_forget_pending(file);
}

static void show_durable(struct disk_file *file)
{
    file->stale = false;
    buf_clear(&file->now);
    buf_append(&file->now, buf_bytes(&file->durable), buf_size(&file->durable));
}

static void file_lose(struct disk_file *file, struct rng *r)
{
    store_by_chance(file, r);
    show_durable(file);
}

void disk_file_fail_sync(struct disk_file *file, struct rng *r)
{
    file->stale = file->stale || !list_empty(&file->pending);
    store_by_chance(file, r);
}

void disk_evict(struct disk *d)
{
    LIST_EACH(node, &d->files)
    {
        struct disk_file *file = LIST_ENTRY(node, struct disk_file, node);
        if (!file->stale)
            continue;
        show_durable(file);
        LIST_EACH(at, &file->pending)
        content_apply(&file->now, LIST_ENTRY(at, struct pending, node));
    }
}

void disk_lose_power(struct disk *d, struct rng *r)
{
    LIST_EACH(node, &d->pending_names)
    if (r != NULL && rng_below(r, 2) == 0)
        names_apply(&d->durable, LIST_ENTRY(node, struct pending_name, node));
    list_drop_all(&d->pending_names, drop_pending_name);
    list_drop_all(&d->now, drop_name);
    LIST_EACH(node, &d->durable)
    {
        struct disk_name *name = LIST_ENTRY(node, struct disk_name, node);
        name_set(&d->now, name->path, name->file);
    }
    LIST_EACH(node, &d->files)
    file_lose(LIST_ENTRY(node, struct disk_file, node), r);
}

/* Life cycle. */

void disk_init(struct disk *d)
{
    list_init(&d->files);
    list_init(&d->now);
    list_init(&d->durable);
    list_init(&d->pending_names);
    list_init(&d->dirs);
    d->next_id = 1;
}

void disk_deinit(struct disk *d)
{
    list_drop_all(&d->pending_names, drop_pending_name);
    list_drop_all(&d->now, drop_name);
    list_drop_all(&d->durable, drop_name);
    list_drop_all(&d->dirs, drop_name);
    COORD_ASSERT(list_empty(&d->files));
}

static struct disk_file *twin(const struct disk *d, const struct disk_file *original)
{
    if (original == NULL)
        return NULL;
    LIST_EACH(node, &d->files)
    if (LIST_ENTRY(node, struct disk_file, node)->id == original->id)
        return LIST_ENTRY(node, struct disk_file, node);
    coord_assert_fail("every file has a twin", __FILE__, __LINE__);
}

static void copy_names(struct disk *to, struct list *names, const struct list *from)
{
    for (struct list *node = from->next; node != from; node = node->next) {
        struct disk_name *name = LIST_ENTRY(node, struct disk_name, node);
        name_set(names, name->path, twin(to, name->file));
    }
}

static void copy_file(struct disk *to, const struct disk_file *from)
{
    struct disk_file *file = file_new(to, from->id);

    disk_file_hold(file); /* until its names are copied; one that only a handle holds goes then */
    buf_append(&file->now, buf_bytes(&from->now), buf_size(&from->now));
    buf_append(&file->durable, buf_bytes(&from->durable), buf_size(&from->durable));
    file->stale = from->stale;
    LIST_EACH(node, &from->pending)
    {
        struct pending *p = LIST_ENTRY(node, struct pending, node);
        pend(file, p->kind, p->offset, p->data, p->size);
    }
}

void disk_copy(struct disk *to, const struct disk *from)
{
    struct list *next;

    disk_init(to);
    to->next_id = from->next_id;
    LIST_EACH(node, &from->files)
    copy_file(to, LIST_ENTRY(node, struct disk_file, node));
    copy_names(to, &to->now, &from->now);
    copy_names(to, &to->durable, &from->durable);
    copy_names(to, &to->dirs, &from->dirs);
    LIST_EACH(node, &from->pending_names)
    {
        struct pending_name *change = LIST_ENTRY(node, struct pending_name, node);
        pend_name(to, change->gone, change->path, twin(to, change->file));
    }
    for (struct list *node = to->files.next; node != &to->files; node = next) {
        next = node->next;
        disk_file_drop(LIST_ENTRY(node, struct disk_file, node));
    }
}
