/* link_graph.h - liveness when only some links work (F22, P27 to P30): one world, one graph.
 *
 * All voters run and are linked, one leads; then all links go but those of the graph. Whenever some voter can talk both ways
 * with a majority, itself counted, a leader must work within GRAPH_TIMEOUTS_MAX election time-outs, and stay. A leader works
 * when the graph gives it a majority both ways and an entry that it proposed since is chosen.
 */
#ifndef TESTS_SCRIPT_LINK_GRAPH_H
#define TESTS_SCRIPT_LINK_GRAPH_H

#include <stdbool.h>
#include <stdint.h>

#define GRAPH_TIMEOUTS_MAX 4

/* A rule taken away at the border of the core: what the test must notice. */
enum graph_without { GRAPH_ALL_RULES, GRAPH_WITHOUT_PRE_VOTE, GRAPH_WITHOUT_CHECK_QUORUM };

struct graph_case {
    uint32_t n;        /* voters, at most 7 */
    uint64_t links;    /* directed: bit from * n + to */
    uint32_t leader;   /* 1..n: who leads before the cut; 0: whoever wins */
    uint32_t behind;   /* 1..n: it was cut off for a while, and misses the last entries; 0: all logs are equal */
    bool broken;       /* links that do not work both ways break visibly, else they are silent */
    uint32_t timeouts; /* how many election time-outs the leader must stay */
    uint64_t seed;
    enum graph_without without;
};

struct graph_report {
    bool judged;         /* some voter has a majority; else nothing is asked of this graph */
    uint32_t working_ms; /* until a leader worked */
    uint32_t changes;    /* of leader or epoch, since the cut */
    uint32_t last_ms;    /* when the last of them was */
};

/* The undirected graph number `pairs` of n servers: bits by (1,2), (1,3), ... (n-1,n). */
uint64_t graph_undirected(uint32_t n, uint64_t pairs);
/* The directed graph number `bits` of n servers: bits by (1,2), (1,3), ... (n,n-1). */
uint64_t graph_directed(uint32_t n, uint64_t bits);

/* True when all was well; else says on standard output what was not. `verbose`: the transcript too. */
bool graph_world(const struct graph_case *c, struct graph_report *report, bool verbose);

#endif
