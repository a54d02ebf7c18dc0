/* discovery.c - paths that are answered from constants. Pure. */
#include "state/discovery.h"

#include "state/internal.h"

/* ClickHouse Keeper's bits, the first one the highest of byte 0. What is left out: watches within a multiRead (5), and those
 * behind 10. */
enum feature {
    FEATURE_FILTERED_LIST = 0,
    FEATURE_MULTI_READ = 1,
    FEATURE_CHECK_NOT_EXISTS = 2,
    FEATURE_CREATE_IF_NOT_EXISTS = 3,
    FEATURE_REMOVE_RECURSIVE = 4,
    FEATURE_CHECK_STAT = 6,
    FEATURE_PERSISTENT_WATCHES = 7,
    FEATURE_CREATE_WITH_STATS = 8,
    FEATURE_TRY_REMOVE = 9,
    FEATURE_LIST_WITH_STAT_AND_DATA = 10,
};
#define BIT(feature) (uint8_t)(0x80 >> (feature) % 8)

static const uint8_t flags[] = {
    BIT(FEATURE_FILTERED_LIST) | BIT(FEATURE_MULTI_READ) | BIT(FEATURE_CHECK_NOT_EXISTS) | BIT(FEATURE_CREATE_IF_NOT_EXISTS) |
        BIT(FEATURE_REMOVE_RECURSIVE) | BIT(FEATURE_CHECK_STAT) | BIT(FEATURE_PERSISTENT_WATCHES),
    BIT(FEATURE_CREATE_WITH_STATS) | BIT(FEATURE_TRY_REMOVE) | BIT(FEATURE_LIST_WITH_STAT_AND_DATA),
};

static const struct {
    struct slice name, data;
} nodes[] = {
    {SLICE_LITERAL("api_version"), SLICE_LITERAL("3")}, /* filtered lists, multiRead, checkNotExists */
    {SLICE_LITERAL("feature_flags"), {flags, sizeof(flags)}},
    {SLICE_LITERAL("config"), {NULL, 0}},
    {SLICE_LITERAL("coord"), SLICE_LITERAL("listPage")},
};

uint32_t discovery_find(const struct state *s, struct slice path, struct slice *data)
{
    static const struct slice top = SLICE_LITERAL("/keeper/");
    struct slice name;

    if (path.size <= top.size || memcmp(path.data, top.data, top.size) != 0)
        return NODE_NONE;
    name = slice_make(path.data + top.size, path.size - top.size);
    for (unsigned i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
        if (!slice_equal(name, nodes[i].name))
            continue;
        if (tree_find(&s->tree, SLICE_LITERAL("/keeper")) != NODE_NONE)
            return NODE_NONE;
        if (data != NULL)
            *data = nodes[i].data;
        return tree_find(&s->tree, SLICE_LITERAL("/zookeeper/config"));
    }
    return NODE_NONE;
}

bool discovery_holds(const struct state *s, struct slice path)
{
    return discovery_find(s, path, NULL) != NODE_NONE;
}
