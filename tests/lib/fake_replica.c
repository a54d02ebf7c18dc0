/* fake_replica.c - see fake_replica.h. */
#include "lib/fake_replica.h"

#include "base/assert.h"

static struct fake_replica *real(const struct replica *r)
{
    return (struct fake_replica *)(uintptr_t)(const void *)r;
}

void fake_replica_deinit(struct fake_replica *f)
{
    for (unsigned i = 0; i < FAKE_CONNS; i++)
        buf_deinit(&f->conns[i].io.output);
}

struct fake_conn *fake_replica_find(struct fake_replica *f, uint64_t id)
{
    for (unsigned i = 0; i < FAKE_CONNS; i++)
        if (f->conns[i].id == id)
            return &f->conns[i];
    return NULL;
}

struct fake_conn *fake_replica_open(struct fake_replica *f, uint64_t id)
{
    struct fake_conn *c = fake_replica_find(f, 0);

    COORD_ASSERT(c != NULL);
    c->id = id;
    return c;
}

void fake_replica_close(struct fake_replica *f, uint64_t id)
{
    struct fake_conn *c = fake_replica_find(f, id);

    buf_deinit(&c->io.output);
    *c = (struct fake_conn){0};
}

uint64_t replica_next_dirty(struct replica *r)
{
    struct fake_replica *f = real(r);

    for (unsigned i = 0; i < FAKE_CONNS; i++) {
        if (f->conns[i].dirty) {
            f->conns[i].dirty = false;
            return f->conns[i].id;
        }
    }
    return 0;
}

struct replica_conn_io *replica_conn_io(struct replica *r, uint64_t conn)
{
    struct fake_conn *c = fake_replica_find(real(r), conn);

    return c == NULL ? NULL : &c->io;
}
