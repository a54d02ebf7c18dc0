/* link_hello.c - the handshake of a link: who are you, and do you know the secret. Core thread. */
#include "base/clock.h"
#include "net/auth.h"
#include "net/peers_private.h"

void link_send_hello(struct link *l)
{
    const struct peers_options *o = &l->peers->options;
    struct peer_msg m = {.type = PEER_HELLO};

    m.hello = (struct peer_hello){.version = PEER_FORMAT_VERSION,
                                  .server = o->self,
                                  .to = l->peer,
                                  .cluster = l->peers->cluster,
                                  .incarnation = o->incarnation,
                                  .boot = o->boot,
                                  .authenticate = o->secret.size > 0};
    entropy_fill(&m.hello.nonce0, sizeof(m.hello.nonce0));
    entropy_fill(&m.hello.nonce1, sizeof(m.hello.nonce1));
    l->mine = m.hello;
    peer_encode(&l->mine_bytes, &m);
    l->sent_hello = true;
    link_send_whole(l, &l->mine_bytes);
}

static void send_proof(struct link *l)
{
    struct peer_msg m = {.type = PEER_HELLO_AUTH};
    struct buf bytes = {0};

    auth_prove(l->peers->options.secret, l->dialled, buf_slice(&l->mine_bytes), buf_slice(&l->theirs_bytes), &m.hello_auth);
    peer_encode(&bytes, &m);
    link_send_whole(l, &bytes);
    buf_deinit(&bytes);
}

/* A link that is up belongs to another data directory, or to a later start of the same: two processes with one id. The other
 * one's link ends when that process does, at the latest when the kernel finds its machine silent. */
static bool is_impostor(struct peers *p, const struct peer_hello *h)
{
    const struct peer *peer = peers_find(p, h->server);

    return peer != NULL && peer->up != NULL &&
           (peer->up->theirs.incarnation != h->incarnation || peer->up->theirs.boot > h->boot);
}

/* NULL, or why this HELLO cannot be the one that we wait for. */
static const char *refusal(const struct link *l, const struct peer_hello *h)
{
    const struct peers_options *o = &l->peers->options;

    if (h->version != PEER_FORMAT_VERSION)
        return "it speaks another version";
    if (h->to != o->self || (l->dialled && h->server != l->peer))
        return "ids do not match: the server lines differ";
    if (peers_find(l->peers, h->server) == NULL)
        return "there is no server line for it";
    if (h->cluster != 0 && l->peers->cluster != 0 && h->cluster != l->peers->cluster)
        return "it belongs to another cluster";
    if ((h->authenticate != 0) != (o->secret.size > 0))
        return "one side has a peer secret, the other has none";
    if (is_impostor(l->peers, h))
        return "another process with this id is connected";
    return NULL;
}

static void take_their_hello(struct link *l, const struct peer_msg *m, struct slice raw)
{
    const char *reason = refusal(l, &m->hello);

    if (reason != NULL) {
        peers_link_refused(l->peers, l, m->hello.server, reason);
        return;
    }
    l->theirs = m->hello;
    l->peer = m->hello.server;
    buf_append(&l->theirs_bytes, raw.data, raw.size);
    l->state = LINK_AUTH;
    if (l->dialled)
        return;
    if (!peers_link_may_answer(l->peers, l)) {
        link_end(l, NULL);
        return;
    }
    link_send_hello(l);
    if (l->state == LINK_AUTH)
        send_proof(l);
}

static void take_their_proof(struct link *l, const struct peer_msg *m)
{
    struct peer_hello_auth expected;

    auth_prove(l->peers->options.secret, !l->dialled, buf_slice(&l->theirs_bytes), buf_slice(&l->mine_bytes), &expected);
    if (!auth_equal(&expected, &m->hello_auth)) {
        peers_link_refused(l->peers, l, l->peer, "it does not know the peer secret");
        return;
    }
    if (l->dialled)
        send_proof(l);
    if (l->state != LINK_AUTH)
        return;
    l->state = LINK_UP;
    buf_deinit(&l->mine_bytes);
    buf_deinit(&l->theirs_bytes);
    peers_link_up(l->peers, l);
}

void link_take_hello(struct link *l, const struct peer_msg *m, struct slice raw)
{
    if (m->type == PEER_HELLO && l->state == LINK_HELLO) {
        take_their_hello(l, m, raw);
    } else if (m->type == PEER_HELLO_AUTH && l->state == LINK_AUTH) {
        take_their_proof(l, m);
    } else {
        l->peers->stats.bad_frames++;
        link_end(l, "message_out_of_place");
    }
}
