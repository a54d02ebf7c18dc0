/* snap-dump.c - prints a snapshot, for people: its head, whether it is whole, and on request all that it holds.
 *
 *     snap-dump [-a] FILE...       -a: every origin, session and node (docs/image.md)
 *
 * Exit code: 0; 1 when a file is damaged or cannot be read; 2 usage.
 */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/map.h"
#include "base/zxid.h"
#include "snapshot/snapshot.h"
#include "state/state.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define NODE_NONE 0xffffffffu
#define NODE_FIXED 92 /* bytes of a NODE before its parts: docs/image.md */
#define DEPTH_MAX 4096

enum image_type { IMAGE_HEADER = 1, IMAGE_FORM, IMAGE_ORIGIN, IMAGE_SESSION, IMAGE_NODE, IMAGE_TRAILER };

/* A NODE record: its place in the tree, and its body in the image. */
struct node {
    uint32_t parent;
    struct slice name, body;
};

static struct node *node_of(const struct map *nodes, uint32_t index)
{
    return map_get(nodes, index);
}

static void print_path(const struct map *nodes, const struct node *n, int depth)
{
    if (n == NULL || depth == DEPTH_MAX)
        return;
    if (n->parent == NODE_NONE)
        return;
    print_path(nodes, node_of(nodes, n->parent), depth + 1);
    printf("/%.*s", SLICE_ARG(n->name));
}

static void print_node(const struct map *nodes, const struct node *n)
{
    const uint8_t *at = n->body.data;
    uint32_t data = get_le32(at + 80);
    uint64_t owner = get_le64(at + 48);

    printf("  node ");
    if (n->parent == NODE_NONE)
        printf("/");
    print_path(nodes, n, 0);
    printf(" czxid=" ZXID_FMT " mzxid=" ZXID_FMT " pzxid=" ZXID_FMT " version=%d aversion=%d cversion=%d",
           ZXID_ARG(get_le64(at + 8)), ZXID_ARG(get_le64(at + 16)), ZXID_ARG(get_le64(at + 24)), (int)get_le32(at + 56),
           (int)get_le32(at + 60), (int)get_le32(at + 64));
    if (owner >> 56 == 0xff)
        printf(" ttl_ms=%" PRIu64, owner & (UINT64_MAX >> 8));
    else if (owner >> 63 != 0)
        printf(" container");
    else if (owner != 0)
        printf(" ephemeral=%016" PRIx64, owner);
    if (data == NODE_NONE)
        printf(" data=null\n");
    else
        printf(" data=%u\n", data);
}

/* One record of the image, which the loader has found well-formed. */
static void print_record(enum image_type type, struct slice body, struct map *nodes)
{
    const uint8_t *at = body.data;
    struct form form;

    if (type == IMAGE_FORM && form_decode(body, &form) == 0) {
        printf("  form cluster=%016" PRIx64, form.cluster);
        for (uint32_t i = 0; i < form.count; i++)
            printf(" %u=%016" PRIx64, form.voter[i].id, form.voter[i].incarnation);
        printf("\n");
    } else if (type == IMAGE_ORIGIN) {
        printf("  origin server=%u boot=%u incarnation=%016" PRIx64 " number=%" PRIu64 "\n", get_le32(at), get_le32(at + 4),
               get_le64(at + 8), get_le64(at + 16));
    } else if (type == IMAGE_SESSION) {
        printf("  session %016" PRIx64 " timeout_ms=%u attach=%u server=%u\n", get_le64(at), get_le32(at + 24),
               get_le32(at + 28), get_le32(at + 32));
    } else if (type == IMAGE_NODE) {
        struct node *n = coord_alloc(sizeof(*n));
        n->parent = get_le32(at + 4);
        n->name = slice_make(at + NODE_FIXED + get_le32(at + 72), get_le32(at + 76));
        n->body = body;
        coord_free(map_put(nodes, get_le32(at), n));
    }
}

static void print_image(struct slice image)
{
    struct map nodes = {0};
    struct node *n;

    while (image.size > 4) {
        uint32_t length = get_le32(image.data);
        print_record((enum image_type)image.data[4], slice_make(image.data + 5, length - 1), &nodes);
        image = slice_make(image.data + 4 + length, image.size - 4 - length);
    }
    for (size_t at = 0; (n = map_next(&nodes, &at)) != NULL;)
        print_node(&nodes, n);
    for (size_t at = 0; (n = map_next(&nodes, &at)) != NULL;)
        coord_free(n);
    map_deinit(&nodes);
}

static int load(struct snapshot_reader *reader, struct state_loader *loader, struct buf *image, struct state **state)
{
    struct slice piece;
    int rc;

    while ((rc = snapshot_reader_next(reader, &piece)) == 1) {
        if (image != NULL)
            buf_append(image, piece.data, piece.size);
        COORD_TRY(state_loader_feed(loader, piece));
    }
    COORD_TRY(rc);
    return state_loader_finish(loader, state);
}

static int dump(const char *name, bool all)
{
    struct snapshot_reader *reader;
    struct snapshot_meta m;
    struct state_loader *loader;
    struct state *state = NULL;
    struct state_counts counts;
    struct buf image = {0};
    int rc = snapshot_reader_open(fs_posix(), name, &m, &reader);

    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", name, coord_error_text(rc));
        return 1;
    }
    printf("%s: snapshot zxid=" ZXID_FMT " server=%u cluster=%016" PRIx64 " digest=%016" PRIx64 " image=%" PRIu64
           " frame=%" PRIu64 "\n",
           name, ZXID_ARG(m.zxid), m.server, m.cluster, m.digest, m.image_bytes, m.frame_bytes);
    loader = state_loader_new();
    rc = load(reader, loader, all ? &image : NULL, &state);
    if (rc == 0 && (state_zxid(state) != m.zxid || state_digest(state) != m.digest))
        rc = -COORD_E_DAMAGED;
    if (rc < 0) {
        printf("DAMAGED: %s\n", coord_error_text(rc));
    } else {
        state_counts(state, &counts);
        printf("  whole: nodes=%" PRIu64 " ephemerals=%" PRIu64 " sessions=%" PRIu64 " data_bytes=%" PRIu64 "\n", counts.nodes,
               counts.ephemerals, counts.sessions, counts.data_bytes);
        if (all)
            print_image(buf_slice(&image));
    }
    state_free(state);
    state_loader_free(loader);
    snapshot_reader_close(reader);
    buf_deinit(&image);
    return rc < 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: snap-dump [-a] FILE...    -a: all that it holds\n");
    return 2;
}

int main(int argc, char **argv)
{
    bool all = false;
    int option, result = 0;

    while ((option = getopt(argc, argv, "a")) != -1) {
        if (option != 'a')
            return usage();
        all = true;
    }
    if (optind == argc)
        return usage();
    for (int i = optind; i < argc; i++)
        result |= dump(argv[i], all);
    return result;
}
