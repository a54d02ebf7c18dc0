/* image.h - the records of a snapshot image: what state_walk_next writes and the loader reads. docs/image.md has the bytes.
 *
 * A stream of records, each u32 length (of type and body), u8 type, body; little-endian. HEADER first, FORM if formed,
 * SETTINGS if any is on, ORIGINs, then SESSIONs and NODEs in any order, TRAILER last. A node is named by its index in the
 * writer's memory and names its parent so; an index means nothing outside its image. Lists of access rights stand in each
 * node. Pure.
 */
#ifndef COORD_STATE_IMAGE_H
#define COORD_STATE_IMAGE_H

#include "base/buf.h"
#include "base/slice.h"
#include "state/session.h"
#include "wire/entry.h"
#include "wire/records.h"

#include <stdbool.h>
#include <stdint.h>

enum image_type {
    IMAGE_HEADER = 1,
    IMAGE_FORM = 2,
    IMAGE_ORIGIN = 3,
    IMAGE_SESSION = 4,
    IMAGE_NODE = 5,
    IMAGE_TRAILER = 6,
    IMAGE_SETTINGS = 7,
};

enum { IMAGE_VERSION = 2, IMAGE_PREFIX_BYTES = 5 };
#define IMAGE_RECORD_MAX (ENTRY_BYTES_MAX + 4096) /* a node's parts came in one entry */

struct image_header {
    uint64_t zxid;
    int64_t wall_ms, cluster_ms;
    uint64_t form_zxid; /* 0: no FORM record */
    uint32_t origins;
};

struct image_node {
    uint32_t index, parent; /* the root: parent NODE_NONE */
    uint64_t czxid, mzxid, pzxid;
    int64_t ctime, mtime;
    uint64_t owner;   /* session; container or TTL (reap_owner); 0: none of these */
    int64_t since_ms; /* TTL: when it began to run; else 0 */
    int32_t version, aversion;
    uint32_t creates;
    struct jute_vector acl;
    struct slice name, data;
};

struct image_trailer {
    uint64_t nodes, sessions, digest;
};

void image_append_header(struct buf *to, const struct image_header *h);
void image_append_form(struct buf *to, const struct form *f);
void image_append_settings(struct buf *to, const struct settings *s); /* without the config, which is a node's data */
void image_append_origin(struct buf *to, const struct origin *o);
void image_append_session(struct buf *to, const struct session *s);
/* All of the node's record but the bytes of its data, which end it: the caller appends them from where they are. */
void image_append_node(struct buf *to, const struct image_node *n);
void image_append_trailer(struct buf *to, const struct image_trailer *t);

/* The body of a record of that type, borrowed. False when malformed. */
bool image_decode_header(struct slice body, struct image_header *h);
bool image_decode_origin(struct slice body, struct origin *o);
bool image_decode_session(struct slice body, struct session *s); /* the fields that an image has */
bool image_decode_node(struct slice body, struct image_node *n);
bool image_decode_trailer(struct slice body, struct image_trailer *t);

#endif
