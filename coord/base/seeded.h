/* seeded.h - bugs planted on purpose, to test the tests (docs/TESTING.md, "Seeded bugs").
 *
 * Where a bug would be stands one line: `if (SEEDED(ack_before_sync)) ...`. In every build but one SEEDED is the constant 0, so
 * the line costs nothing and no switch can turn it on. Only `configure --enable-seeded-bugs` gives it a meaning: the one bug
 * that the environment variable COORD_SEEDED_BUG names when the program starts (seeded.c). That build is for tests and is
 * never installed; scripts/seeded-bugs makes it, and shows that the general tests catch each bug.
 *
 * SEEDED_BUGS(B) lists them: name, after which bug or without which rule (C1.. of paxos/paxos.h; ZK, etcd: that bug of
 * ZooKeeper or etcd), and what goes wrong.
 */
#ifndef COORD_BASE_SEEDED_H
#define COORD_BASE_SEEDED_H

#define SEEDED_BUGS(B)                                                                                                         \
    B(rule_c1, "C1", "an epoch is promised to a second candidate")                                                             \
    B(rule_c2, "C2", "ACCEPT of a higher epoch is taken without a durable promise")                                            \
    B(rule_c3, "C3", "accepted is raised before the log holds history_end")                                                    \
    B(rule_c4, "C4", "the end of the own log is taken for what the leader has matched")                                        \
    B(rule_c5, "C5", "committed is compared with the own last entry, matched or not")                                          \
    B(rule_c6, "C6", "a candidate prepares an epoch that was promised before")                                                 \
    B(rule_c7, "C7", "a candidate leads with its own history, whatever was promised to it")                                    \
    B(rule_c8, "C8", "acknowledgements count whatever the follower has accepted")                                              \
    B(rule_c9, "C9", "the leader does not go on to the next epoch when the counter ends")                                      \
    B(rule_c13_pre_vote, "C13", "a time-out prepares without asking")                                                          \
    B(rule_c13_check_quorum, "C13", "a leader leads on that nobody answers")                                                   \
    B(rule_c14, "C14", "a leader ignores that it was refused with a higher epoch")                                             \
    B(rule_c18, "C18", "a write's number is not looked at")                                                                    \
    B(history_by_zxid, "C7, Raft's comparison", "the longest history wins, whatever epoch accepted it")                        \
    B(any_incarnation, "MarkNonVoting, C17", "a server counts though its disk is another than FORM names")                     \
    B(quorum_off_by_one, "off-by-one quorum", "half of the voters are a quorum")                                               \
    B(own_vote_early, "etcd 14370", "the leader counts what is not on its own disk yet")                                       \
    B(accepted_sent_early, "ZK-4646, ZK-4785", "ACCEPTED leaves before the entries are durable")                               \
    B(promise_sent_early, "vote twice after restart", "PROMISE leaves before it is durable")                                   \
    B(promise_not_stored, "vote twice after restart", "the promise of a PREPARE is not written")                               \
    B(apply_before_durable, "ZK-2845", "entries are applied that are chosen, but not on the own disk")                         \
    B(gap_accepted, "ZK-4925", "ACCEPT is taken though the entry before it is missing")                                        \
    B(all_committed_at_start, "ZK-3911, etcd 13766", "a start takes the whole log for chosen")                                 \
    B(ack_before_sync, "ack before fsync", "a write job ends before the log is synced")                                        \
    B(epoch_before_history, "ZK-4643", "accepted is written before the history is synced")                                     \
    B(cut_not_stored, "ZK-3701, ZK-5094", "a cut is done in memory only")                                                      \
    B(failed_sync_ignored, "ZK-4882", "a failed sync of the log is taken for a good one")                                      \
    B(no_directory_sync, "no directory fsync", "names are not made durable")                                                   \
    B(promise_not_synced, "epoch file without fsync", "the promise files are not synced")                                      \
    B(snapshot_not_synced, "snapshot rename before fsync", "a snapshot gets its name before its content is synced")            \
    B(segment_not_synced, "rename before fsync", "a log segment gets its name before its header is synced")                    \
    B(purge_before_naming, "ZK-3231", "old snapshots go before the manifest says so")                                          \
    B(trim_at_newest, "ZK-3231", "the log is trimmed at the newest snapshot, not the oldest")                                  \
    B(start_empty, "ZK-2325, ZK-3644", "a directory without manifest starts empty, whatever else it holds")                    \
    B(missing_snapshot_is_empty, "ZK-3644", "a snapshot that is missing is taken for an empty tree")                           \
    B(truncate_on_damage, "truncate on checksum error", "the log is cut at a record that cannot be read")                      \
    B(fuzzy_snapshot, "ZooKeeper's fuzzy snapshot", "a snapshot shows changes made while it was written")                      \
    B(origin_not_in_snapshot, "etcd 14571", "the numbers of writes are not restored from a snapshot")                          \
    B(sync_unconfirmed, "etcd 20418, sync of a deposed leader", "a sync is answered without asking a quorum")                  \
    B(sync_not_awaited, "stale read after sync", "a sync is answered before its zxid is applied")                              \
    B(read_overtakes, "read before own write", "a read runs ahead of what its session sent before")                            \
    B(old_connection_writes, "session moved", "a session's older connection still writes")                                     \
    B(closed_session_writes, "ephemeral created after close", "a write of a session that has ended takes effect")              \
    B(ephemeral_survives, "ephemeral left behind", "closing a session leaves an ephemeral node")                               \
    B(expiry_not_restarted, "expiry by the wrong clock", "a new leader gives sessions no full time-out")                       \
    B(expiry_unchecked, "expiry of a moved session", "an expiry holds though the session came back")                           \
    B(local_logged, "local session", "a session that a server should keep to itself is made by the log")                       \
    B(local_not_awaited, "local session", "its next connection does not wait for writes of the last")                          \
    B(local_not_heard, "local session", "requests do not keep a local session alive")                                          \
    B(upgrade_twice, "ZK-1147, upgrade", "each ephemeral node that waits upgrades its session again")                          \
    B(upgrade_owner_lost, "ZK-1147, upgrade", "the ephemeral node of an upgraded session has no owner")                        \
    B(upgrade_drops_watches, "ZK-1147, upgrade", "an upgrade loses the watches of its connection")                             \
    B(quota_multi_kept, "multi", "a multi that fails is counted by quotas all the same")                                       \
    B(quota_bytes_of_set, "quota", "a hard limit of bytes holds for creations, not for setData")                               \
    B(quota_soft_is_hard, "quota", "a soft limit refuses what passes it")                                                      \
    B(quota_delete_bytes, "quota", "the bytes of a deleted node stay counted")                                                 \
    B(quota_highest, "quota", "of nested quotas the highest counts, not the deepest")                                          \
    B(quota_raises_version, "quota", "what is counted raises the version of zookeeper_stats")                                  \
    B(version_not_checked, "conditional update", "setData ignores the version asked for")                                      \
    B(multi_half_done, "multi", "a multi that fails keeps what it did before")                                                 \
    B(subtree_unguarded, "ACL skipped", "removeRecursive asks for no right on what is below the node")                         \
    B(watch_after_reply, "watch after reply", "a reply that shows a change comes before its event")                            \
    B(watch_twice, "etcd 17247", "a watcher hears of a deletion twice")                                                        \
    B(watch_lost_when_slow, "etcd 17529", "events for a client that reads slowly are dropped")                                 \
    B(watch_missed_on_return, "etcd 15271", "a change that was missed while away fires no watch")                              \
    B(child_watch_lost, "lost child watch", "a deletion does not fire the watch on the parent's children")                     \
    B(recursive_watch_lost, "lost recursive watch", "a recursive watch hears of no deletion below it")                         \
    B(recursive_watch_shallow, "lost recursive watch", "a recursive watch hears of children, not of what is below them")       \
    B(multi_number_used, "multi", "a creation that is taken back leaves its number used")                                      \
    B(multi_version_kept, "multi", "data that is taken back leaves its version risen")                                         \
    B(right_of_node, "ACL of the wrong node", "a deletion asks the node for the right that its parent gives")                  \
    B(set_acl_unversioned, "setACL", "setACL does not raise the version of the list")                                          \
    B(event_unfiltered, "CVE-2024-23944", "who may not read a node hears of its changes")                                      \
    B(ttl_from_creation, "TTL", "a time to live counts from the creation, whatever was written since")                         \
    B(reap_unchecked, "removal of a container in use", "a container or TTL node goes though it was used again")

#ifdef COORD_SEEDED_BUGS

#define SEEDED_NUMBER(name, model, text) SEEDED_BUG_##name,
enum seeded_bug { SEEDED_NONE, SEEDED_BUGS(SEEDED_NUMBER) SEEDED_COUNT };

extern enum seeded_bug seeded_bug; /* set before main, then never again */
#define SEEDED(name) (seeded_bug == SEEDED_BUG_##name)

#else

#define SEEDED(name) 0

#endif
#endif
