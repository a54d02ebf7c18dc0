/* mermaid.h - a short run as a Mermaid sequence diagram on stdout: messages when they arrive, requests and replies, and notes.
 * It leaves out heartbeats and pings, and ends with the faults.
 */
#ifndef TESTS_SIM_MERMAID_H
#define TESTS_SIM_MERMAID_H

#include "sim/client.h"

void mermaid_begin(const struct sim *s);
void mermaid_message(const struct sim *s, const struct peer_msg *m);
void mermaid_request(const struct sim *s, const struct client *c, const struct op *op);
void mermaid_reply(const struct sim *s, const struct client *c, const struct zk_reply_header *h);
void mermaid_note(const struct sim *s, uint32_t node, const char *format, ...) __attribute__((format(printf, 3, 4)));

#endif
