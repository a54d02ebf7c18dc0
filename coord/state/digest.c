/* digest.c - the hash of each object; the state's digest is their sum (mod 2^64), so that it follows a change without a
 * look at the rest. Fields go in little-endian: machines of both orders agree. Pure. */
#include "base/bytes.h"
#include "base/hash.h"
#include "state/internal.h"

enum digest_seed { NODE_SEED = 11, SESSION_SEED = 12, ORIGIN_SEED = 13, FORM_SEED = 14, SETTINGS_SEED = 15 };

static uint64_t hash_words(uint64_t *words, size_t count, uint64_t seed)
{
    for (size_t i = 0; i < count; i++)
        put_le64(&words[i], words[i]);
    return hash_bytes(words, count * sizeof(*words), seed);
}

static uint64_t pair(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

/* What only a TTL node has is a word more, so that others cost nothing. */
uint64_t digest_node(const struct state *s, uint32_t index)
{
    const struct node *n = tree_node(&s->tree, index);
    const struct reap *timed = reap_find(s, index);
    bool ephemeral = n->kind == NODE_EPHEMERAL;
    uint64_t words[] = {
        n->path_hash,
        n->czxid,
        n->mzxid,
        ephemeral ? n->czxid : n->pzxid,
        reap_owner(s, index),
        (uint64_t)n->ctime,
        (uint64_t)n->mtime,
        pair((uint32_t)n->version, (uint32_t)n->aversion),
        pair(n->creates, ephemeral ? 0 : n->child_count),
        value_hash(n->value),
        acl_get(&s->acls, n->acl)->hash,
        timed != NULL ? (uint64_t)timed->since_ms : 0,
    };
    size_t count = sizeof(words) / sizeof(words[0]);

    return hash_words(words, n->kind == NODE_TTL ? count : count - 1, NODE_SEED);
}

uint64_t digest_session(const struct session *session)
{
    uint64_t words[] = {session->id, get_le64(session->password), get_le64(session->password + 8),
                        pair(session->timeout_ms, session->attach), session->server};

    return hash_words(words, sizeof(words) / sizeof(words[0]), SESSION_SEED);
}

uint64_t digest_origin(const struct origin *origin)
{
    uint64_t words[] = {pair(origin->server, origin->boot), origin->incarnation, origin->number};

    return hash_words(words, sizeof(words) / sizeof(words[0]), ORIGIN_SEED);
}

uint64_t digest_form(const struct state *s)
{
    uint64_t words[3 + 2 * FORM_VOTERS_MAX] = {s->form_zxid, s->form.cluster, s->form.count};

    for (uint32_t i = 0; i < s->form.count; i++) {
        words[3 + 2 * i] = s->form.voter[i].id;
        words[4 + 2 * i] = s->form.voter[i].incarnation;
    }
    return s->form_zxid == 0 ? 0 : hash_words(words, sizeof(words) / sizeof(words[0]), FORM_SEED);
}

uint64_t digest_settings(const struct state *s)
{
    uint64_t words[] = {settings_flags(&s->settings)};

    return words[0] == 0 ? 0 : hash_words(words, 1, SETTINGS_SEED);
}

uint64_t state_digest_recompute(const struct state *s)
{
    uint64_t digest = digest_form(s) + digest_settings(s);

    for (uint32_t i = 0; i < s->tree.nodes.used; i++)
        if (tree_node(&s->tree, i)->kind != NODE_FREE)
            digest += digest_node(s, i);
    for (const struct session *one = session_after(&s->sessions, 0); one != NULL; one = session_after(&s->sessions, one->id))
        digest += digest_session(one);
    for (uint32_t i = 0; i < s->origins.count; i++)
        digest += digest_origin(&s->origins.items[i]);
    return digest;
}
