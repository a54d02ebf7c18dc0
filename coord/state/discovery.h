/* discovery.h - the paths by which a client finds out what this server can do beyond ZooKeeper's protocol (docs/compat.md).
 * Pure.
 *
 *     /keeper/api_version      as ClickHouse Keeper has it, for its older clients
 *     /keeper/feature_flags    as ClickHouse Keeper has it: a bit per feature
 *     /keeper/config           what /zookeeper/config holds
 *     /keeper/coord            our own operations, by name, blank-separated
 *
 * They are in no tree, list or snapshot. Reads see them as if each were /zookeeper/config with other data: its Stat, its ACL,
 * so that one list says who may read them. A write on them is refused. The path /keeper is everybody's: once a client has made
 * it, what is below is that client's tree and nothing else is seen there, as on ZooKeeper.
 */
#ifndef COORD_STATE_DISCOVERY_H
#define COORD_STATE_DISCOVERY_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct state;

/* The node that stands for this path, or NODE_NONE: it is none of them, or hidden. `*data`, which may be NULL, is what it holds
 * in place of the node's; null: the node's. */
uint32_t discovery_find(const struct state *s, struct slice path, struct slice *data);

/* True when a write on the path is to be refused. */
bool discovery_holds(const struct state *s, struct slice path);

#endif
