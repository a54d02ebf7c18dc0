/* auth.c - who a client is: its address, and what it has proven by auth packets.
 *
 * The ids belong to the connection and only grow. A write carries them in its entry, as they were when it was read in; a read
 * that waits in the queue keeps how many they were. Schemes: digest, ip. Others fail, and the connection closes behind the
 * reply.
 */
#include "base/sha1.h"
#include "replica/internal.h"

#define AUTH_BYTES_MAX 4096 /* of all ids of a connection: every write carries them */

static bool has(struct slice auth, struct slice id)
{
    struct slice one;
    while (entry_next_auth(&auth, &one))
        if (slice_equal(one, id))
            return true;
    return false;
}

/* "scheme:id"; once is enough. False: too many. */
static bool add(struct conn *c, const char *scheme, struct slice id)
{
    struct buf text = {0};
    bool room = true;
    buf_printf(&text, "%s:", scheme);
    if (id.size > 0)
        buf_append(&text, id.data, id.size);
    size_t size = buf_size(&text);
    if (!has(buf_slice(&c->auth), buf_slice(&text))) {
        room = buf_size(&c->auth) + 2 + size <= AUTH_BYTES_MAX;
        if (room) {
            put_le16(buf_reserve(&c->auth, 2), (uint16_t)size);
            buf_commit(&c->auth, 2);
            buf_append(&c->auth, buf_bytes(&text), size);
        }
    }
    buf_deinit(&text);
    return room;
}

void auth_opened(struct conn *c, struct slice address)
{
    if (address.size > 0)
        add(c, "ip", address);
}

/* user:password makes digest:user:HASH, and whose id is that of the configuration is the superuser too. */
static bool add_digest(const struct replica *r, struct conn *c, struct slice proof)
{
    const char *super = r->options.super_digest;
    uint8_t hash[SHA1_BYTES];
    struct slice rest, user = acl_scheme(proof, &rest);
    struct buf id = {0};
    sha1(proof, hash);
    if (user.size > 0)
        buf_append(&id, user.data, user.size);
    buf_append(&id, ":", 1);
    base64_append(&id, slice_make(hash, sizeof(hash)));
    bool added = (super == NULL || !slice_equal(slice_from_text(super), buf_slice(&id)) || add(c, "super", SLICE_NULL)) &&
                 add(c, "digest", buf_slice(&id));
    buf_deinit(&id);
    return added;
}

int auth_add(struct replica *r, struct conn *c, const struct zk_auth_packet *m)
{
    bool added = false;
    if (slice_equal(m->scheme, SLICE_LITERAL("ip")))
        added = true; /* it was known all the time */
    else if (slice_equal(m->scheme, SLICE_LITERAL("digest")) && !slice_is_null(m->auth))
        added = add_digest(r, c, m->auth);
    r->stats.auth_failed += !added;
    return added ? 0 : -COORD_E_AUTH_FAILED;
}

/* The next name of a list by commas and blanks. */
static bool next_scheme(struct slice *list, struct slice *scheme)
{
    size_t skip = 0, size = 0;
    while (skip < list->size && (list->data[skip] == ',' || list->data[skip] == ' '))
        skip++;
    while (skip + size < list->size && list->data[skip + size] != ',' && list->data[skip + size] != ' ')
        size++;
    *scheme = slice_make(list->data + skip, size);
    *list = slice_make(list->data + skip + size, list->size - skip - size);
    return size > 0;
}

bool auth_suffices(const struct replica *r, const struct conn *c)
{
    const char *wanted = r->options.enforce_auth_schemes;
    struct slice schemes = slice_from_text(wanted == NULL ? "" : wanted), scheme, auth, id, rest;
    while (next_scheme(&schemes, &scheme))
        for (auth = buf_slice(&c->auth); entry_next_auth(&auth, &id);)
            if (slice_equal(acl_scheme(id, &rest), scheme))
                return true;
    return wanted == NULL;
}
