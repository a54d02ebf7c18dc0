/* wl.h - the workloads that have a file of their own: each sends a connected client's next request or requests. */
#ifndef TESTS_SIM_WL_H
#define TESTS_SIM_WL_H

#include "sim/ck_acl.h"
#include "sim/client.h"

void wl_register_request(struct sim *s, struct client *c);
void wl_multi_request(struct sim *s, struct client *c);
void wl_acl_request(struct sim *s, struct client *c);
void wl_reap_request(struct sim *s, struct client *c);
void wl_recursive_request(struct sim *s, struct client *c);
void wl_local_request(struct sim *s, struct client *c);
void wl_quota_request(struct sim *s, struct client *c);

/* wl_multi.c: accounts. One was read; the results of a multiRead of all of them. */
#define WL_ACCOUNTS 6
void wl_multi_account(struct client *c, const char *path, struct slice data, int32_t version);
void wl_multi_sum(struct sim *s, const struct client *c, const struct op *op, struct jute_cursor in);

/* wl_acl.c: who the client is. */
void wl_acl_draw(struct client *c, struct rng *rng);

/* workload.c: without data, and with a watch only while there is room for it. */
void wl_request(struct sim *s, struct client *c, int32_t opcode, const char *path, int32_t number, bool watch);
void wl_root(struct sim *s, struct client *c, const char *path); /* made by whoever comes; it may be there */
void wl_move(struct sim *s, struct client *c);                   /* to any server; the old connection may stand for long */

/* wl_part.c: the body of a multi or multiRead, part by part. */
void part_create(struct buf *body, int32_t opcode, const char *path, struct slice data, int32_t flags);
void part_create_ttl(struct buf *body, const char *path, int32_t flags, int64_t ttl);
void part_delete(struct buf *body, const char *path, int32_t version);
void part_set(struct buf *body, const char *path, struct slice data, int32_t version);
void part_check(struct buf *body, const char *path, int32_t version);
void part_check_not_exists(struct buf *body, const char *path, int32_t version);
void part_check_stat(struct buf *body, const char *path, int32_t version, int32_t children);
void part_try_remove(struct buf *body, const char *path, int32_t version);
void part_remove_recursive(struct buf *body, const char *path, int32_t limit);
void part_read(struct buf *body, int32_t opcode, const char *path);
void part_end(struct buf *body);

/* A record alone: create with a list, createTTL. */
void wl_create(struct sim *s, struct client *c, int32_t opcode, const char *path, int32_t flags, const struct ck_acl *acl);
void wl_create_ttl(struct sim *s, struct client *c, const char *path, int32_t flags, int64_t ttl);
void wl_set_acl(struct sim *s, struct client *c, const char *path, const struct ck_acl *acl, int32_t version);

#endif
