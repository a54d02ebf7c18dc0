/* wal-dump.c - prints segments of the write-ahead log, promise files and manifests, for people.
 *
 *     wal-dump [-e] FILE...        -e: the entries of each record too
 *
 * One line a record, key=value. Where no record follows the last, says what stands there, and lists whole records behind it,
 * which a damaged segment has. Reads files alone: what makes up the log is told by the manifest (docs/formats.md).
 * Exit code: 0; 1 when a file is damaged or cannot be read; 2 usage.
 */
#include "base/error.h"
#include "base/fs.h"
#include "base/zxid.h"
#include "store/manifest.h"
#include "wal/promise.h"
#include "wal/segment.h"
#include "wire/entry.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX ((size_t)128 << 20)
#define POSITION_FMT "%x:%u"
#define POSITION_ARG(p) position_sequence(p), position_offset(p)

static const char *kind_name(enum entry_kind kind)
{
    static const char *const names[] = {
        [ENTRY_FORM] = "form",
        [ENTRY_NOOP] = "noop",
        [ENTRY_ORIGIN] = "origin",
        [ENTRY_REQUEST] = "request",
        [ENTRY_SESSION_CREATE] = "session_create",
        [ENTRY_SESSION_ATTACH] = "session_attach",
        [ENTRY_SESSION_EXPIRE] = "session_expire",
        [ENTRY_ADMIT] = "admit",
        [ENTRY_CONFIG] = "config",
        [ENTRY_REAP] = "reap",
        [ENTRY_SESSION_UPGRADE] = "session_upgrade",
    };

    return kind <= ENTRY_KIND_MAX && names[kind] != NULL ? names[kind] : "unknown";
}

static void print_entries(struct slice body)
{
    struct entry e;

    while (entry_next(&body, &e) == 0)
        printf("    " ZXID_FMT " %s op=%d session=%016" PRIx64 " xid=%d attach=%u origin=%u.%u.%" PRIu64 " wall_ms=%" PRId64
               " body=%zu\n",
               ZXID_ARG(e.zxid), kind_name(e.kind), e.op, e.session, e.xid, e.attach, e.origin.server, e.origin.boot,
               e.origin.number, e.wall_ms, e.body.size);
}

static void print_record(const struct record *r, bool entries)
{
    printf("  %10u %-7s", position_offset(r->position), record_kind_name(r->kind));
    if (r->kind == RECORD_ENTRIES)
        printf(" " ZXID_FMT ".." ZXID_FMT " count=%u bytes=%zu", ZXID_ARG(r->first), ZXID_ARG(r->last), r->count, r->body.size);
    else if (r->kind == RECORD_CUT)
        printf(" after=" ZXID_FMT " last=" ZXID_FMT, ZXID_ARG(r->first), ZXID_ARG(r->last));
    printf(" prev=" ZXID_FMT " prev_end=" POSITION_FMT " synced=" ZXID_FMT "@" POSITION_FMT " cluster=%016" PRIx64 " boot=%u\n",
           ZXID_ARG(r->prev_zxid), POSITION_ARG(r->prev_end), ZXID_ARG(r->synced_zxid), POSITION_ARG(r->synced), r->cluster,
           r->boot);
    if (entries)
        print_entries(r->body);
}

/* What stands behind the last record that follows the others. 1: it tells of damage. */
static int print_rest(struct slice content, const struct segment_header *h, size_t end)
{
    uint64_t key = segment_key(h);
    struct record r;
    bool vouched = false;

    printf("  %10zu end\n", end);
    for (size_t at = end; at + RECORD_HEADER_BYTES <= content.size; at += RECORD_ALIGN) {
        struct slice rest = slice_make(content.data + at, content.size - at);
        enum record_status status = record_decode(rest, position_make(h->sequence, at), key, &r);
        if (status == RECORD_BAD)
            printf("  %10zu a record that is not whole\n", at);
        if (status != RECORD_VALID)
            continue;
        printf("behind the end:\n");
        print_record(&r, false);
        vouched = vouched || r.synced > position_make(h->sequence, end);
    }
    if (vouched)
        printf("DAMAGED at offset %zu: what is behind says that it was durable\n", end);
    return vouched;
}

static int dump_segment(const char *name, struct slice content, bool entries)
{
    struct segment_header h;
    struct record r;
    size_t at = SEGMENT_HEADER_BYTES;
    int rc = segment_decode(content, &h);

    if (rc < 0) {
        printf("%s: header: %s\n", name, coord_error_text(rc));
        return 1;
    }
    printf("%s: segment %08x server=%u incarnation=%016" PRIx64 " generation=%u bytes=%zu\n", name, h.sequence, h.server,
           h.incarnation, h.generation, content.size);
    while (record_decode(slice_make(content.data + at, content.size - at), position_make(h.sequence, at), segment_key(&h),
                         &r) == RECORD_VALID) {
        print_record(&r, entries);
        at += record_size(r.body.size);
    }
    return print_rest(content, &h, at);
}

static int dump_promise(const char *name, const struct promise *p)
{
    printf("%s: promise generation=%" PRIu64 " server=%u incarnation=%016" PRIx64 " boot=%u cluster=%016" PRIx64 "\n", name,
           p->generation, p->server, p->incarnation, p->boot, p->cluster);
    printf("  promised=%u to=%u to_incarnation=%016" PRIx64 " to_boot=%u accepted=%u synced=" ZXID_FMT "@" POSITION_FMT "\n",
           p->promised_epoch, p->promised_server, p->promised_incarnation, p->promised_boot, p->accepted,
           ZXID_ARG(p->synced_zxid), POSITION_ARG(p->synced));
    return 0;
}

static int dump_manifest(const char *name, const struct manifest *m)
{
    printf("%s: manifest generation=%" PRIu64 " server=%u incarnation=%016" PRIx64 " cluster=%016" PRIx64
           " state=%s first=log.%08x base=" ZXID_FMT "\n",
           name, m->generation, m->server, m->incarnation, m->cluster, m->state == MANIFEST_IN_USE ? "in_use" : "being_made",
           m->first_segment, ZXID_ARG(m->base));
    for (uint32_t i = 0; i < m->snapshot_count; i++)
        printf("  snapshot " ZXID_FMT "\n", ZXID_ARG(m->snapshot[i]));
    return 0;
}

static int dump(const char *name, bool entries)
{
    struct buf content = {0};
    struct promise p;
    struct manifest m;
    int rc = fs_read_file(fs_posix(), name, &content, FILE_BYTES_MAX), result;

    if (rc < 0) {
        fprintf(stderr, "%s: %s\n", name, coord_error_text(rc));
        return 1;
    }
    if (promise_decode(buf_slice(&content), &p) == 0)
        result = dump_promise(name, &p);
    else if (manifest_decode(buf_slice(&content), &m) == 0)
        result = dump_manifest(name, &m);
    else
        result = dump_segment(name, buf_slice(&content), entries);
    buf_deinit(&content);
    return result;
}

static int usage(void)
{
    fprintf(stderr, "usage: wal-dump [-e] FILE...    -e: the entries too\n");
    return 2;
}

int main(int argc, char **argv)
{
    bool entries = false;
    int option, result = 0;

    while ((option = getopt(argc, argv, "e")) != -1) {
        if (option != 'e')
            return usage();
        entries = true;
    }
    if (optind == argc)
        return usage();
    for (int i = optind; i < argc; i++)
        result |= dump(argv[i], entries);
    return result;
}
