/* internal.h - what the files of the consensus core share; nobody else includes it.
 *
 * A step runs one handler for its event, then the clock (election_tick, leader_tick), then what follows from the new state
 * (leader_advance, progress_pump), and closes the persist. Handlers change the state at once and describe in `out` what must
 * become durable; paxos->log, promised and accepted always are the state that holds once all persists issued are done.
 */
#ifndef COORD_PAXOS_INTERNAL_H
#define COORD_PAXOS_INTERNAL_H

#include "base/assert.h"
#include "base/seeded.h"
#include "base/zxid.h"
#include "paxos/paxos.h"

#include <string.h>

#define PAXOS_SHAPE_KEEP (RUNS_MAX * 3 / 4) /* runs kept; chosen ones beyond are folded into the floor */
#define PAXOS_SHAPE_FULL (RUNS_MAX - 4)     /* no new epoch's run before the history is chosen */

/* paxos.c: small questions, and sending. */
struct paxos_peer *peer_find(struct paxos *p, uint32_t id);                  /* NULL: not configured, or this server itself */
const struct form_voter *form_find(const struct paxos *p, uint32_t id);      /* NULL: no FORM, or not named in it */
bool voter_counts(const struct paxos *p, uint32_t id, uint64_t incarnation); /* C15, C17: it is in FORM */
uint64_t random_timeout(struct paxos *p);                                    /* election_min..max */
struct peer_msg *send_now(struct paxos *p, struct paxos_out *out, uint32_t to, enum peer_type type);
struct peer_msg *send_after(struct paxos *p, struct paxos_out *out, uint32_t to, enum peer_type type);

/* durable.c: the durable steps. One persist a step; its parts are done in the order promised, cut, append, accepted. */
void durable_promise(struct paxos *p, struct paxos_out *out, struct paxos_promised promised);
bool durable_may_cut(const struct paxos *p, uint64_t after); /* nothing chosen, applied or folded stands behind it */
void durable_cut(struct paxos *p, struct paxos_out *out, uint64_t after);
void durable_append(struct paxos *p, struct paxos_out *out, uint64_t first, uint32_t count, enum paxos_source source);
void durable_form(struct paxos *p, uint64_t first, uint64_t last, const struct paxos_event *event); /* FORM among them? */
void durable_accept(struct paxos *p, struct paxos_out *out, uint32_t epoch);
void durable_close(struct paxos *p, const struct paxos_out *out); /* end of the step: the persist is in flight */
void durable_done(struct paxos *p, uint64_t seq);
void durable_reset(struct paxos *p, uint64_t zxid); /* the log was replaced by a snapshot */
void durable_commit(struct paxos *p, struct paxos_out *out);

/* acceptor.c: C1 to C5. */
void acceptor_prepare(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_prepare *m);
void acceptor_accept(struct paxos *p, struct paxos_out *out, const struct paxos_event *event);
void acceptor_heartbeat(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_heartbeat *m);
void acceptor_commit(struct paxos *p, uint32_t from, const struct peer_commit *m);
void acceptor_fetch(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_fetch *m);
void acceptor_new_epoch(struct paxos *p); /* promised.epoch has changed: nothing is matched in it yet */

/* election.c: C13, C14. */
void election_become_follower(struct paxos *p, struct paxos_out *out, uint64_t wait_ms);
void election_give_up(struct paxos *p, struct paxos_out *out); /* with back-off */
void election_leader_gone(struct paxos *p);                    /* its link broke: probe after a small stagger */
void election_probe(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_probe *m);
void election_probe_answer(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_probe_answer *m);
void election_link(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer);
void election_hand_over(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_handover *m);
void election_tick(struct paxos *p, struct paxos_out *out);
uint64_t election_wake(const struct paxos *p);

/* candidate.c: C6, C7, C9, C15. */
void candidate_start(struct paxos *p, struct paxos_out *out);
void candidate_promise(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_promise *m);
void candidate_refuse(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_refuse *m);
void candidate_evaluate(struct paxos *p, struct paxos_out *out);
void candidate_link(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer);
void candidate_resend(struct paxos *p, struct paxos_out *out);

/* adopt.c: C7, the history of another server. */
void adopt_begin(struct paxos *p, struct paxos_out *out, struct paxos_peer *best);
void adopt_entries(struct paxos *p, struct paxos_out *out, const struct paxos_event *event);
void adopt_installed(struct paxos *p, struct paxos_out *out, uint64_t zxid);
void adopt_refused(struct paxos *p, struct paxos_out *out); /* of a snapshot */
void adopt_tick(struct paxos *p, struct paxos_out *out);
void adopt_drop(struct paxos *p, struct paxos_out *out);

/* leader.c: C8, C9. */
void leader_begin(struct paxos *p, struct paxos_out *out);
void leader_submit(struct paxos *p, struct paxos_out *out, const struct paxos_event *event);
void leader_accepted(struct paxos *p, struct paxos_out *out, uint32_t from, const struct peer_accepted *m);
void leader_advance(struct paxos *p, struct paxos_out *out); /* chosen, established, roll */
void leader_hand_over(struct paxos *p, struct paxos_out *out);
uint64_t leader_quorum_value(const struct paxos *p, uint64_t (*value)(const struct paxos *p, const struct paxos_peer *peer));

/* progress.c: one follower's replication. */
void progress_begin(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer);
void progress_probe(struct paxos *p, struct paxos_peer *peer); /* ask anew where the logs match */
void progress_acknowledged(struct paxos *p, struct paxos_peer *peer, const struct peer_accepted *m);
void progress_mismatch(struct paxos *p, struct paxos_out *out, struct paxos_peer *peer, const struct peer_accepted *m);
void progress_snapshot_sent(struct paxos *p, struct paxos_peer *peer, uint64_t zxid);
void progress_heartbeat(struct paxos *p, struct paxos_peer *peer); /* lost messages: ask again */
void progress_pump(struct paxos *p, struct paxos_out *out, bool committed_rose);

/* heartbeat.c: rounds, barriers, check-quorum (C13). */
void heartbeat_begin(struct paxos *p);
void heartbeat_ack(struct paxos *p, uint32_t from, const struct peer_heartbeat_ack *m);
void heartbeat_barrier(struct paxos *p);
void heartbeat_tick(struct paxos *p, struct paxos_out *out);

#endif
