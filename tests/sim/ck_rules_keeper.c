/* ck_rules_keeper.c - the rules of the operations that ClickHouse Keeper added; see ck_rules.h. */
#include "sim/ck_rules.h"
#include "sim/mark.h"

/* With a version: none of this version. */
static int check_not_exists(const struct deed *d, const struct zk_check_request *q)
{
    struct track *t;
    const struct version *v = rule_node(d, q->path, &t);

    if (v == NULL)
        return 0;
    if (!rule_permits(d, v, ZK_PERM_READ))
        return -COORD_E_NO_AUTH;
    return rule_version_fits(q->version, v->version) ? -COORD_E_NODE_EXISTS : 0;
}

/* The workloads ask for no field of the Stat but its version and number of children. */
static int check_stat(const struct deed *d, const struct zk_check_stat_request *q)
{
    struct track *t;
    const struct version *v = rule_node(d, q->path, &t);

    if (v == NULL)
        return -COORD_E_NO_NODE;
    if (!rule_permits(d, v, ZK_PERM_READ))
        return -COORD_E_NO_AUTH;
    bool fits = rule_version_fits(q->expected, v->version) && rule_version_fits(q->version, v->version) &&
                (q->num_children == -1 || q->num_children == track_children(t));
    return fits ? 0 : -COORD_E_BAD_VERSION;
}

static int create_if_not_exists(struct deed *d, const struct zk_create_request *q)
{
    int err = rule_create(d, ZK_OP_CREATE, &(struct zk_create_ttl_request){q->path, q->data, q->acl, q->flags, 0});

    if (err == -COORD_E_NODE_EXISTS)
        rule_put_path(d, q->path);
    return err == -COORD_E_NODE_EXISTS ? 0 : err;
}

static int try_remove(struct deed *d, const struct zk_delete_request *q)
{
    int err = rule_delete(d, q);

    return err == -COORD_E_NO_NODE || err == -COORD_E_BAD_VERSION || err == -COORD_E_NOT_EMPTY ? 0 : err;
}

/* How many nodes, itself among them; those that may not be deleted into *denied. */
static uint32_t count_below(const struct deed *d, const struct track *t, bool *denied)
{
    uint32_t count = 1;

    *denied = *denied || !rule_permits(d, track_now(t), ZK_PERM_DELETE);
    for (size_t i = 0; i < t->child_count; i++)
        if (track_now(t->children[i]) != NULL)
            count += count_below(d, t->children[i], denied);
    return count;
}

static bool is_below(const struct track *t, const struct track *top)
{
    while (t != NULL && t != top)
        t = t->parent;
    return t == top;
}

/* A node without children, of those that exist. */
static struct track *lowest(struct track *t)
{
    for (size_t i = 0; i < t->child_count;) {
        if (track_now(t->children[i]) == NULL) {
            i++;
            continue;
        }
        t = t->children[i];
        i = 0;
    }
    return t;
}

/* Children go before their parents; in what order beyond that, the entry says. */
static int remove_recursive(struct deed *d, const struct zk_limit_request *q)
{
    struct track *t, *gone;
    const struct version *parent = rule_node(d, rule_parent(q->path), &t);
    bool denied = false;

    if (parent == NULL)
        return 0;
    if (!rule_permits(d, parent, ZK_PERM_DELETE))
        return -COORD_E_NO_AUTH;
    if (rule_node(d, q->path, &t) == NULL)
        return 0;
    uint32_t count = count_below(d, t, &denied);
    if (count > (uint32_t)q->limit)
        return -COORD_E_NOT_EMPTY;
    if (denied)
        return -COORD_E_NO_AUTH;
    mark(d->s, count > 1 ? MARK_REMOVED_TREE : MARK_REMOVED_ONE);
    for (; count > 0; count--) {
        size_t at = d->s->model->change_count - d->start;
        bool told = at < d->a->change_count; /* not so in a multi that is taken back: any order does */
        gone = told ? track_find(d->s->model, d->a->changes[at].path) : lowest(t);
        if (track_now(gone) == NULL || !is_below(gone, t) || track_children(gone) > 0)
            sim_fail(d->s, "C7", "entry " ZXID_FMT " removes all below %s in an order that it cannot", ZXID_ARG(d->e->zxid),
                     t->path);
        rule_push_deletion(d, gone);
    }
    return 0;
}

int rule_keeper(struct deed *d, int32_t opcode, const union op_request *q)
{
    switch (opcode) {
    case ZK_OP_CHECK_NOT_EXISTS:
        return check_not_exists(d, &q->check);
    case ZK_OP_CHECK_STAT:
        return check_stat(d, &q->check_stat);
    case ZK_OP_CREATE_IF_NOT_EXISTS:
        return create_if_not_exists(d, &q->create);
    case ZK_OP_TRY_REMOVE:
        return try_remove(d, &q->del);
    case ZK_OP_REMOVE_RECURSIVE:
        return remove_recursive(d, &q->limit);
    default:
        sim_fail(d->s, "simulator", "op %d has no rule", opcode);
    }
}
