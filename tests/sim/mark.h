/* mark.h - coverage marks: rare situations that must have happened at least once in a long run of many seeds.
 *
 * All of them are seen from outside the product: in jobs, messages, the committed sequence, what the replica shows. A mark
 * counts and changes nothing, so runs stay the same. The counters stand in memory that the processes of all seeds share.
 */
#ifndef TESTS_SIM_MARK_H
#define TESTS_SIM_MARK_H

#include "sim/node.h"

#define MARKS(X)                                                                                                               \
    X(ADOPTED, "candidate fetches another server's history")                                                                   \
    X(ADOPTED_SNAPSHOT, "candidate needs another server's snapshot")                                                           \
    X(STAGED, "candidate stages entries that it may not write yet")                                                            \
    X(PREEMPTED, "candidate beaten by a higher promise")                                                                       \
    X(DEPOSED, "established leader steps down, the process lives on")                                                          \
    X(ROLLED, "leader goes on to the next epoch, its numbers used up")                                                         \
    X(HANDED_OVER, "leader hands over to another")                                                                             \
    X(WITHOUT_VOTE, "disk emptied, its server goes on without a vote")                                                         \
    X(REFUSED, "message of a lower epoch refused")                                                                             \
    X(MISMATCHED, "ACCEPT that does not fit the log answered with its shape")                                                  \
    X(CUT, "entries in the log cut off for a leader's history")                                                                \
    X(TORN, "torn end of a log cut off at recovery")                                                                           \
    X(RECOVERY_CRASH, "crash in the middle of recovery")                                                                       \
    X(DISK_FAILED, "server ends itself: its disk failed")                                                                      \
    X(RECOVERY_FAILED, "server ends itself: its disk failed in recovery")                                                      \
    X(STALE_SEEN, "restart sees what a failed sync left in memory")                                                            \
    X(NO_ROOM, "write refused: the disk is full")                                                                              \
    X(ROT_REFUSED, "damaged disk refused, its server stays down")                                                              \
    X(ROT_HEALED, "damage on a disk that loses nothing")                                                                       \
    X(ROT_DROPPED, "damaged end of a log taken for a torn write")                                                              \
    X(SHARED_SYNC, "several persists share one sync")                                                                          \
    X(READ_BACK, "entries read back from the log's files")                                                                     \
    X(READ_TRIMMED, "entries wanted that are trimmed away")                                                                    \
    X(INSTALLED, "snapshot of another server installed")                                                                       \
    X(FRAME_REFUSED, "damaged frame refused, its link closed")                                                                 \
    X(REPLAYED, "message of long ago arrives again")                                                                           \
    X(UNCLOGGED, "messages of a clogged link arrive after all")                                                                \
    X(FLAPPED, "link that goes and comes all the time")                                                                        \
    X(CORKED, "writes kept together for a server that no quorum needs")                                                        \
    X(CORKED_LOST, "leader gone with writes that it kept together")                                                            \
    X(HELD, "message waits for the disk")                                                                                      \
    X(FORWARD_LATE, "forwarded write reaches a server that does not lead")                                                     \
    X(FORWARD_AGAIN, "forwarded write sent again")                                                                             \
    X(SESSION_MOVED, "write refused: its session had moved")                                                                   \
    X(MOVED_PENDING, "session moves while a write of it is pending")                                                           \
    X(EXPIRY_VOID, "expiry without effect: the session was attached anew")                                                     \
    X(EXPIRED, "session expired, ephemeral nodes removed with it")                                                             \
    X(LOCAL, "session that one server keeps to itself")                                                                        \
    X(LOCAL_RESUMED, "local session found again by its client")                                                                \
    X(LOCAL_ELSEWHERE, "local session unknown to another server")                                                              \
    X(LOCAL_GONE, "local session gone with its server's process")                                                              \
    X(LOCAL_EXPIRED, "local session expired by the clock of its server")                                                       \
    X(LOCAL_CLOSED, "local session closed, without an entry")                                                                  \
    X(LOCAL_REFUSED, "local session refused an ephemeral node")                                                                \
    X(LOCAL_LOST_UPGRADE, "local session found again whose upgrade was lost with a connection")                                \
    X(UPGRADED, "local session made known to all servers")                                                                     \
    X(UPGRADE_LATE, "local session upgraded when its client was told elsewhere that it is over")                               \
    X(SYNC_AGAIN, "sync asked again of a leader")                                                                              \
    X(SYNCS_SHARED, "several syncs wait for one barrier")                                                                      \
    X(STREAM, "event for a recursive watch")                                                                                   \
    X(STREAM_MOVED, "watch that stays set anew on another connection")                                                         \
    X(WATCH_LATE, "watch event told at reconnection")                                                                          \
    X(STREAM_CHILDREN, "event for a persistent watch on a node's children")                                                    \
    X(STREAM_ENDED, "persistent watch removed by its client")                                                                  \
    X(WATCH_UNHEARD, "watch used up by a change that its client may not hear of")                                              \
    X(STREAM_UNHEARD, "change not told to a watcher who may not read the node")                                                \
    X(MULTI, "multi of several operations, all done")                                                                          \
    X(MULTI_UNDONE, "multi fails and takes changes back")                                                                      \
    X(MULTI_REFUSED, "multi fails before it changed anything")                                                                 \
    X(MULTI_READ, "multiRead of which a part fails")                                                                           \
    X(WRITE_DENIED, "write refused for lack of a permission")                                                                  \
    X(READ_DENIED, "read refused for lack of a permission")                                                                    \
    X(HASH_HIDDEN, "list of rights shown without its hashes")                                                                  \
    X(REAPED_CONTAINER, "container removed, empty")                                                                            \
    X(REAPED_TTL, "node removed, its time to live over")                                                                       \
    X(QUOTA_COUNTED, "change counted for a quota")                                                                             \
    X(QUOTA_COUNT, "creation refused by a quota: too many nodes")                                                              \
    X(QUOTA_BYTES, "creation refused by a quota: too many bytes")                                                              \
    X(QUOTA_SET, "data refused by a quota")                                                                                    \
    X(QUOTA_SOFT, "soft limit of a quota passed")                                                                              \
    X(SETTINGS, "leader writes other settings than those that held")                                                           \
    X(REAP_VOID, "removal of a container or TTL node void: it was used again")                                                 \
    X(REMOVED_TREE, "subtree removed by one operation")                                                                        \
    X(REMOVED_ONE, "node without children removed as a subtree")                                                               \
    X(FOUND_LATER, "write took effect, its client was never told")                                                             \
    X(NEVER, "write never took effect, its connection was lost")

enum mark {
#define MARK_NAME(name, text) MARK_##name,
    MARKS(MARK_NAME)
#undef MARK_NAME
        MARK_COUNT
};

uint64_t *mark_counters_new(void); /* MARK_COUNT of them, shared with child processes */

/* Prints a table. Adds to passed and failed: those that happened and those that did not. */
void mark_report(const uint64_t *counters, uint64_t *passed, uint64_t *failed);

void mark(const struct sim *s, enum mark what);
void mark_step(const struct sim *s, struct node *n);
void mark_leaves(const struct sim *s, struct node *n, const struct peer_msg *m);
void mark_arrives(const struct sim *s, struct node *n, const struct peer_msg *m);
void mark_running(const struct sim *s, const struct node *n, const struct list *jobs);
void mark_ran(const struct sim *s, const struct job *job);

#endif
