/* fake_replica.h - the two functions of the replica that the network calls, for tests of the network alone.
 *
 * A program that links fake_replica.c has no real replica. Connections answer as the test says; `struct replica *` is a
 * struct fake_replica in disguise.
 */
#ifndef TESTS_LIB_FAKE_REPLICA_H
#define TESTS_LIB_FAKE_REPLICA_H

#include "replica/replica.h"

#define FAKE_CONNS 700

struct fake_replica {
    struct fake_conn {
        uint64_t id; /* 0: free */
        struct replica_conn_io io;
        bool dirty;
    } conns[FAKE_CONNS];
};

static inline struct replica *fake_replica_use(struct fake_replica *f)
{
    return (struct replica *)(void *)f;
}

void fake_replica_deinit(struct fake_replica *f);
struct fake_conn *fake_replica_open(struct fake_replica *f, uint64_t id);
struct fake_conn *fake_replica_find(struct fake_replica *f, uint64_t id); /* NULL: unknown */
void fake_replica_close(struct fake_replica *f, uint64_t id);

#endif
