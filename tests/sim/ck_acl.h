/* ck_acl.h - access lists as the simulator's clients make them: what everybody may, and what each of the users u0 to u3 may.
 *
 * Written down apart from coord/state/acl.c: a list is four sums, so whatever order and repetitions it has on the wire, two
 * lists that give the same rights are equal here. Who asks is a set of users, bit by bit.
 */
#ifndef TESTS_SIM_CK_ACL_H
#define TESTS_SIM_CK_ACL_H

#include "wire/jute.h"
#include "wire/zk.h"

#define CK_USERS 4

struct ck_acl {
    uint8_t world, user[CK_USERS]; /* enum zk_perm */
};

#define CK_ACL_OPEN ((struct ck_acl){.world = ZK_PERM_ALL})

struct slice ck_user_proof(uint32_t user); /* "u0:p0", for an auth packet of scheme digest */

/* The users whom an entry's authentication ids prove; others than these: false. */
bool ck_who(struct slice auth, uint32_t *who);

/* What a list gives when these users send it. `hidden`: ids are "user:x" (getACL). False: it gives nothing to anybody known, or
 * names `auth` and nobody is proven. */
bool ck_acl_read(struct jute_vector list, uint32_t who, bool hidden, struct ck_acl *acl);

/* True when these users may do one of `perms`. */
bool ck_acl_permits(const struct ck_acl *acl, int perms, uint32_t who);

/* The list on the wire: count, then the entries; the sender's own rights as scheme `auth` if it has any user. */
void ck_acl_append(struct buf *items, struct jute_vector *list, const struct ck_acl *acl, uint32_t own);

#endif
