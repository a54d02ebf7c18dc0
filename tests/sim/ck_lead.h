/* ck_lead.h - I4: an epoch has one leader; I7: an established leader holds everything committed before its epoch. */
#ifndef TESTS_SIM_CK_LEAD_H
#define TESTS_SIM_CK_LEAD_H

#include "sim/node.h"

struct ck_lead *ck_lead_new(void);
void ck_lead_free(struct sim *s);

void ck_lead_step(struct sim *s, struct node *n); /* after each of its steps */

void ck_lead_leaves(struct sim *s, struct node *n,
                    const struct peer_msg *m); /* nobody speaks as leader of what it has not won */

uint32_t ck_lead_of(const struct sim *s, uint32_t epoch); /* who won its promises; 0: nobody did */
uint32_t ck_lead_epoch(const struct sim *s);              /* the highest that was established */
uint64_t ck_lead_changes(const struct sim *s);            /* how many were */

#endif
