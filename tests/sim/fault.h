/* fault.h - what goes wrong, and when: crashes, power losses, cuts of the network, slow disks, pauses, jumping clocks, clients
 * that vanish; drawn from the seed until the faults are over.
 */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include "sim/sim.h"

enum fault_kind {
    FAULT_CRASH,    /* a process dies */
    FAULT_TORN,     /* the same in the middle of its disk's writes */
    FAULT_POWER,    /* all at once */
    FAULT_WIPE,     /* a disk is emptied */
    FAULT_DISK,     /* a call of any kind fails */
    FAULT_FULL,     /* no room on a disk */
    FAULT_ROT,      /* bytes of a disk flip while its server is down */
    FAULT_CUT,      /* messages between some servers vanish */
    FAULT_BREAK,    /* a link breaks */
    FAULT_CLOG,     /* the links of some servers clog one after the other, and come free in another order */
    FAULT_FLAP,     /* a server's links go and come */
    FAULT_DAMAGE,   /* a message is damaged */
    FAULT_REPLAY,   /* messages of long ago come again */
    FAULT_SLOW,     /* a disk limps */
    FAULT_PAUSE,    /* a process stands still */
    FAULT_CLOCK,    /* jumps and runs at another speed */
    FAULT_VANISH,   /* a client says nothing for a while */
    FAULT_STALL,    /* connections of a client carry nothing more */
    FAULT_READER,   /* a client reads slowly */
    FAULT_HANDOVER, /* a server stops in order */
    FAULT_COUNT
};
extern const char *const fault_names[FAULT_COUNT];

/* fault_net.c */
void fault_clog(struct sim *s, struct rng *rng);
void fault_flap(struct sim *s, struct rng *rng, uint32_t id);

struct fault *fault_new(struct sim *s);
void fault_free(struct sim *s);

/* The process dies within the next few ms, unless no crashes are asked for. */
void fault_crash_soon(struct sim *s, uint32_t id, struct rng *rng);

/* Everything is mended for good, and every server is started. */
void fault_end(struct sim *s);

#endif
