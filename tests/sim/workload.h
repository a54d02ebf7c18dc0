/* workload.h - what the clients do, by name; each client of a run has one of the workloads, by the seed.
 *
 *     register    a few keys that all set, read, watch, delete; conditional sets, sync and read
 *     counter     a number raised by conditional sets: its value is always the node's version
 *     ephemeral   ephemeral nodes that all want to own, watched by the others; sessions that end often
 *     lock        the lock recipe: ephemeral sequential nodes, the lowest holds it
 *     children    one parent with thousands of children, made, deleted and listed
 *     large       values of up to 200 kB
 *     watch       a few nodes that all watch and change: events in the order of the changes, none lost; every
 *                 other client has a recursive watch on all of them
 *     multi       transfers between accounts whose sum stays, and mixtures that mostly fail: all or nothing
 *     acl         nodes whose rights change, and users who try what they may not
 *     reap        containers and nodes with a time to live: gone in the end, and never early
 *     recursive   a tree under persistent and recursive watches of clients that move: every change once, in order
 *     session     ephemeral nodes of sessions that move, expire and end all the time: none outlives its session
 *     local       sessions that one server keeps to itself until they want an ephemeral node
 *     quota       a tree under quotas that come, change and go while it is filled and emptied
 *     snapshot    many writes, so that snapshots are taken, sent and trimmed behind all the time (I16)
 */
#ifndef TESTS_SIM_WORKLOAD_H
#define TESTS_SIM_WORKLOAD_H

#include "sim/client.h"

enum workload {
    WORKLOAD_REGISTER,
    WORKLOAD_COUNTER,
    WORKLOAD_EPHEMERAL,
    WORKLOAD_LOCK,
    WORKLOAD_CHILDREN,
    WORKLOAD_LARGE,
    WORKLOAD_WATCH,
    WORKLOAD_SESSION,
    WORKLOAD_SNAPSHOT,
    WORKLOAD_MULTI,
    WORKLOAD_ACL,
    WORKLOAD_REAP,
    WORKLOAD_RECURSIVE,
    WORKLOAD_LOCAL, /* from here on drawn by itself */
    WORKLOAD_QUOTA,
    WORKLOAD_COUNT
};
extern const char *const workload_names[WORKLOAD_COUNT];

void workload_draw(struct sim *s, struct client *c);

/* A connected client's turn: it may send some requests, close its session or vanish. */
void workload_turn(struct sim *s, struct client *c);

/* Its replies: a node was created under this path; a write was answered; a node has this version and owner; data was read; all
 * that a multiRead answers was right. */
void workload_created(struct client *c, const char *path);
void workload_written(struct client *c, const struct op *op, struct jute_cursor in);
void workload_stat(struct sim *s, struct client *c, const char *path, int32_t version, uint64_t owner);
void workload_read(struct sim *s, struct client *c, const char *path, struct slice data, int32_t version);
void workload_multi_read(struct sim *s, const struct client *c, const struct op *op, struct jute_cursor in);

#endif
