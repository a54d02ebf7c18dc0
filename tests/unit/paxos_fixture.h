/* paxos_fixture.h - one consensus core in a state made of literals, for tests of one step each.
 *
 * Voters are 1, 2, 3 with incarnations 11, 12, 13; the core under test is server 1, boot 5, unless said otherwise. Its links
 * are up and its clock stands at 1000. FORM is entry 1.1.
 */
#ifndef TESTS_UNIT_PAXOS_FIXTURE_H
#define TESTS_UNIT_PAXOS_FIXTURE_H

#include "base/zxid.h"
#include "paxos/paxos.h"

#define Z(epoch, counter) ((uint64_t)(epoch) << 32 | (uint64_t)(counter)) /* a constant, for tables */

struct core {
    struct paxos p;
    struct paxos_out out;
    uint64_t now_ms;
};

struct core_disk {
    uint32_t promised, promised_to, accepted;
    struct run run[4]; /* {epoch, first, last}; up to the first with epoch 0 */
    uint64_t floor;
    bool empty;           /* no FORM; else run[0] begins with it, or the floor covers it */
    uint32_t voters;      /* configured; 3 when 0 */
    uint32_t form_voters; /* in FORM; as configured when 0 */
    uint64_t incarnation; /* of the core; 11 when 0 */
    uint32_t counter_max; /* without limit when 0 */
};

struct runs core_runs(const struct core_disk *disk);
void core_start(struct core *c, struct core_disk disk);
void core_step(struct core *c, struct paxos_event event); /* checks the invariants too */
void core_deliver(struct core *c, uint32_t from, struct peer_msg m);
void core_entries(struct core *c, uint32_t from, struct peer_msg m, const struct form *form, uint64_t form_zxid);
void core_persisted(struct core *c);           /* all that was issued is durable */
void core_at(struct core *c, uint64_t now_ms); /* a timer event */
void core_link(struct core *c, uint32_t peer, bool up);
void core_submit(struct core *c, uint32_t count);

void core_prepare(struct core *c); /* probes, is granted by 2, and its own promise is durable */
void core_promise(struct core *c, uint32_t from, uint32_t accepted, struct core_disk log); /* a PROMISE for its epoch */
void core_lead(struct core *c);                                 /* wins with 2, which holds the same, and all is durable */
void core_ack(struct core *c, uint32_t from, uint64_t matched); /* ACCEPTED with accepted = its epoch */

/* How many messages left at once and after the persist, and whether there was one: all others of `out` is empty. */
bool core_out_is(const struct core *c, uint32_t now, uint32_t after, bool persist);
const struct peer_msg *core_sent(const struct core *c, enum peer_type type, uint32_t to); /* in either list; NULL */
struct form core_form(uint32_t voters);

#define MSG(NAME, member, ...) ((struct peer_msg){.type = PEER_##NAME, .member = {__VA_ARGS__}})

#endif
