/* mermaid.h - a run as a Mermaid sequence diagram on stdout: messages when they arrive, requests and replies, and notes.
 *
 * A seed's run is drawn up to the end of its faults, all but heartbeats and pings. Of a script only what its `draw` asks for,
 * to be short and readable: no message twice with the same text, no heartbeats but those that will be refused; and notes say
 * what reached a disk and what is chosen by it. --mermaid asks for it; else nothing happens here.
 */
#ifndef TESTS_SIM_MERMAID_H
#define TESTS_SIM_MERMAID_H

#include "sim/client.h"
#include "sim/node.h"

void mermaid_begin(const struct sim *s);
void mermaid_message(const struct sim *s, const struct peer_msg *m);
void mermaid_lost(const struct sim *s, const struct peer_msg *m); /* it vanishes in a cut */
void mermaid_request(const struct sim *s, const struct client *c, const struct op *op, struct slice data);
void mermaid_reply(const struct sim *s, const struct client *c, const struct zk_reply_header *h, struct jute_cursor in);
void mermaid_note(const struct sim *s, uint32_t node, const char *format, ...) __attribute__((format(printf, 3, 4)));

void mermaid_durable(const struct sim *s, uint32_t node, const struct job *job); /* a PERSIST took effect */
void mermaid_step(const struct sim *s, const struct node *n);                    /* after each step of a replica */

/* For scripts. */
void mermaid_resume(const struct sim *s); /* it is drawn from now on */
void mermaid_caption(const struct sim *s, const char *text);

#endif
