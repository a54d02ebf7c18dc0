/* port_draw.h - bytes into requests: any operation of the descriptor table, its arguments out of small pools, so that they
 * meet.
 *
 * Driven by the table and by the fields of the records: an operation that is added there is drawn from then on.
 */
#ifndef TESTS_FUZZ_PORT_DRAW_H
#define TESTS_FUZZ_PORT_DRAW_H

#include "base/buf.h"
#include "fuzz/fuzz.h"
#include "state/op.h"

/* The operations, by rising number; how many. */
uint32_t port_ops(const struct op_desc *const **ops);

/* The operation, by its index, and its body behind what is in `to`. */
const struct op_desc *port_draw(struct fuzz_in *in, struct buf *to);

/* What the pools have of ids, and none of them has: the bystander's, and the superuser's. */
#define PORT_BY_PROOF "by:stander"
#define PORT_SUPER_PROOF "super:admin"

#endif
