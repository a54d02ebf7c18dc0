/* ck_acl.c - rights of users; see ck_acl.h. */
#include "sim/ck_acl.h"

#include "wire/entry.h"
#include "wire/zk.h"

#include <string.h>

/* base64(sha1("u0:p0")), ... */
static const char *const ids[CK_USERS] = {"u0:kn4sLJzXfp7KZRbZugmnVcIMGpM=", "u1:fpT/y03U+EjItKZOSLGvjnJlyng=",
                                          "u2:o9NxcCGDPOlcV7JVhmKHOf5ctVE=", "u3:Im5xY/YYc2xRYjWcy4eAeBEG1fk="};
static const char *const hidden_ids[CK_USERS] = {"u0:x", "u1:x", "u2:x", "u3:x"};

struct slice ck_user_proof(uint32_t user)
{
    static const char *const proofs[CK_USERS] = {"u0:p0", "u1:p1", "u2:p2", "u3:p3"};

    return slice_from_text(proofs[user]);
}

static uint32_t user_of(struct slice id, const char *const names[CK_USERS]) /* CK_USERS: none of them */
{
    uint32_t user = 0;

    while (user < CK_USERS && !slice_equal(id, slice_from_text(names[user])))
        user++;
    return user;
}

bool ck_who(struct slice auth, uint32_t *who)
{
    struct slice id;

    for (*who = 0; entry_next_auth(&auth, &id);) {
        if (id.size < 7 || memcmp(id.data, "digest:", 7) != 0)
            return false;
        uint32_t user = user_of(slice_make(id.data + 7, id.size - 7), ids);
        if (user == CK_USERS)
            return false;
        *who |= 1u << user;
    }
    return true;
}

bool ck_acl_read(struct jute_vector list, uint32_t who, bool hidden, struct ck_acl *acl)
{
    struct jute_cursor c = jute_cursor_make(list.items);
    struct zk_acl item;

    *acl = (struct ck_acl){0};
    if (list.count <= 0)
        return false;
    while (jute_next_acl(&c, &item)) {
        uint32_t user = user_of(item.id, hidden ? hidden_ids : ids);
        if (slice_equal(item.scheme, SLICE_LITERAL("world")) && slice_equal(item.id, SLICE_LITERAL("anyone")))
            acl->world |= (uint8_t)item.perms;
        else if (slice_equal(item.scheme, SLICE_LITERAL("auth")) && who != 0)
            for (uint32_t i = 0; i < CK_USERS; i++)
                acl->user[i] |= (uint8_t)(who >> i & 1 ? item.perms : 0);
        else if (slice_equal(item.scheme, SLICE_LITERAL("digest")) && user < CK_USERS)
            acl->user[user] |= (uint8_t)item.perms;
        else
            return false;
    }
    return true;
}

bool ck_acl_permits(const struct ck_acl *acl, int perms, uint32_t who)
{
    int given = acl->world;

    for (uint32_t i = 0; i < CK_USERS; i++)
        given |= who >> i & 1 ? acl->user[i] : 0;
    return (given & perms) != 0;
}

void ck_acl_append(struct buf *items, struct jute_vector *list, const struct ck_acl *acl, uint32_t own)
{
    list->count = 0;
    for (uint32_t i = 0; i < CK_USERS; i++) {
        bool self = own == 1u << i;
        if (acl->user[i] == 0)
            continue;
        jute_append(items, &jute_acl,
                    &(struct zk_acl){acl->user[i], self ? SLICE_LITERAL("auth") : SLICE_LITERAL("digest"),
                                     slice_from_text(self ? "" : ids[i])});
        list->count++;
    }
    if (acl->world != 0 || list->count == 0) {
        jute_append(items, &jute_acl, &(struct zk_acl){acl->world, SLICE_LITERAL("world"), SLICE_LITERAL("anyone")});
        list->count++;
    }
    list->items = buf_slice(items);
}
