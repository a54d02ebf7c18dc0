/* fault.h - what goes wrong, and when: crashes, power losses, cuts of the network, slow disks, pauses, jumping clocks, clients
 * that vanish; drawn from the seed until the faults are over.
 */
#ifndef TESTS_SIM_FAULT_H
#define TESTS_SIM_FAULT_H

#include "sim/sim.h"

struct fault *fault_new(struct sim *s);
void fault_free(struct sim *s);

/* Everything is mended for good, and every server is started. */
void fault_end(struct sim *s);

#endif
