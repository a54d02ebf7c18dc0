/* test_wal_forged.c - recovery of logs that no coordd wrote: whole records, right checksums, and content that cannot be. Each
 * is named, with file, offset and zxid; none is served. */
#include "lib/runner.h"
#include "unit/wal_bench.h"

#include "base/error.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#define BASE Z(1, 10)

enum { RECORDS = 4 }; /* entries 1.11 and 1.12; entries 1.13 and 1.14; cut to 1.13; entry 2.1 */

/* The place of each record in log.00000001. */
static uint64_t place_of(struct slice segment, unsigned n, uint64_t key, struct record *r)
{
    uint64_t at = SEGMENT_HEADER_BYTES;

    for (unsigned i = 0;; i++) {
        REQUIRE(record_decode(slice_make(segment.data + at, segment.size - at), position_make(1, at), key, r) == RECORD_VALID);
        if (i == n)
            return at;
        at += record_size(r->body.size);
    }
}

/* A log that begins behind 1.10, closed. */
static struct bench *some_log(void)
{
    struct bench *b = bench_new();

    wal_close(b->wal);
    b->start.base = BASE;
    b->start.snapshot_zxid = BASE;
    REQUIRE(wal_open(fake_fs_fs(b->fake), &b->options, &b->start, &b->wal, &b->found, &b->why) == 0);
    CHECK(bench_append(b, Z(1, 11), 2, 40) == 0 && wal_sync(b->wal) == 0);
    CHECK(bench_append(b, Z(1, 13), 2, 40) == 0 && wal_sync(b->wal) == 0);
    CHECK(wal_cut(b->wal, 9, Z(1, 13)) == 0 && wal_sync(b->wal) == 0);
    CHECK(bench_append(b, Z(2, 1), 1, 40) == 0 && wal_sync(b->wal) == 0);
    wal_close(b->wal);
    b->wal = NULL;
    return b;
}

struct forgery {
    unsigned record;
    int rc; /* of the opening */
    const char *text;
    void (*forge)(struct record *r, uint8_t *body);
};

static void one_entry_more(struct record *r, uint8_t *body)
{
    (void)body;
    r->count++;
}

static void another_last(struct record *r, uint8_t *body)
{
    (void)body;
    r->last++;
}

static void another_first(struct record *r, uint8_t *body)
{
    (void)body;
    r->first++;
}

static void entry_missing(struct record *r, uint8_t *body)
{
    (void)r;
    put_le64(body + ENTRY_ZXID_OFFSET, Z(1, 12));
}

static void epoch_falls(struct record *r, uint8_t *body)
{
    size_t second = ENTRY_HEADER_BYTES + 40;

    (void)r;
    put_le64(body + second + ENTRY_ZXID_OFFSET, Z(0, 5));
}

static void epoch_begins_late(struct record *r, uint8_t *body)
{
    size_t second = ENTRY_HEADER_BYTES + 40;

    (void)r;
    put_le64(body + second + ENTRY_ZXID_OFFSET, Z(2, 2));
}

static void no_entry_at_all(struct record *r, uint8_t *body)
{
    (void)r;
    memset(body, 0xff, 16);
}

static void form_without_form(struct record *r, uint8_t *body)
{
    (void)r;
    body[ENTRY_KIND_OFFSET] = ENTRY_FORM;
}

static void cut_of_chosen(struct record *r, uint8_t *body)
{
    (void)body;
    r->first = r->last = Z(1, 9);
}

static void cut_to_elsewhere(struct record *r, uint8_t *body)
{
    (void)body;
    r->last = Z(1, 12);
}

static void later_boot(struct record *r, uint8_t *body)
{
    (void)body;
    r->boot = 2;
}

static void not_behind_its_predecessor(struct record *r, uint8_t *body)
{
    (void)body;
    r->prev_end -= 8;
}

static void of_an_earlier_boot(struct record *r, uint8_t *body)
{
    (void)body;
    r->boot = 0;
}

static void of_another_cluster(struct record *r, uint8_t *body)
{
    (void)body;
    r->cluster = 10;
}

static void as_it_was(struct record *r, uint8_t *body)
{
    (void)r;
    (void)body;
}

static const struct forgery forgeries[] = {
    {3, 0, "", as_it_was},
    {0, -COORD_E_DAMAGED, "malformed entries", one_entry_more},
    {1, -COORD_E_DAMAGED, "malformed entries", one_entry_more},
    {1, -COORD_E_DAMAGED, "malformed entries", another_last},
    {1, -COORD_E_DAMAGED, "malformed entries", no_entry_at_all},
    {0, -COORD_E_DAMAGED, "entries out of order", another_first},
    {1, -COORD_E_DAMAGED, "entries out of order", entry_missing},
    {1, -COORD_E_DAMAGED, "entries out of order", epoch_falls},
    {1, -COORD_E_DAMAGED, "entries out of order", epoch_begins_late},
    {3, -COORD_E_DAMAGED, "malformed FORM", form_without_form},
    {2, -COORD_E_DAMAGED, "cuts what was chosen", cut_of_chosen},
    {2, -COORD_E_DAMAGED, "cut does not fit the log", cut_to_elsewhere},
    {3, -COORD_E_DAMAGED, "boot 2, the promise files know of boot 1 only", later_boot},
    {3, -COORD_E_FOREIGN, "of cluster 000000000000000a, not 0000000000000009", of_another_cluster},
    /* The last record, vouched for by nobody, does not follow its predecessor: the log ends before it. */
    {3, 0, "", not_behind_its_predecessor},
    {3, 0, "", of_an_earlier_boot},
    {1, -COORD_E_DAMAGED, "cannot be read", not_behind_its_predecessor},
};

TEST(wal_forged, records_that_cannot_be_are_named)
{
    for (size_t i = 0; i < COUNT(forgeries); i++) {
        struct bench *b = some_log();
        struct buf segment = bench_content(b, "log.00000001");
        const struct forgery *f = &forgeries[i];
        struct segment_header h;
        struct record r;

        REQUIRE(segment_decode(buf_slice(&segment), &h) == 0);
        uint64_t at = place_of(buf_slice(&segment), f->record, segment_key(&h), &r);
        f->forge(&r, buf_bytes(&segment) + at + RECORD_HEADER_BYTES);
        record_encode(buf_bytes(&segment) + at, &r, segment_key(&h));
        bench_put(b, "log.00000001", buf_slice(&segment));
        b->start.cluster = 9;
        CHECK_EQ_INT(bench_reopen(b), f->rc, "row %zu: %s", i, bench_why(b));
        CHECK(strstr(bench_why(b), f->text) != NULL, "row %zu: %s", i, bench_why(b));
        if (f->rc == -COORD_E_DAMAGED && f->forge != later_boot) {
            char offset[40];
            snprintf(offset, sizeof(offset), "d/log.00000001: record at offset %llu", (unsigned long long)at);
            CHECK(strstr(bench_why(b), offset) != NULL, "row %zu: %s", i, bench_why(b));
        }
        if (f->rc == 0) {
            bool cut_off = f->forge != as_it_was;
            CHECK_EQ_INT(wal_last(b->wal), cut_off ? Z(1, 13) : Z(2, 1), "row %zu", i);
            CHECK_EQ_INT(b->found.torn_bytes, cut_off ? record_size(ENTRY_HEADER_BYTES + 40) : 0, "row %zu", i);
        }
        buf_deinit(&segment);
        bench_free(b);
    }
}

TEST(wal_forged, segment_headers_are_checked)
{
    static const struct {
        struct segment_header h;
        uint32_t version;
        int rc;
        const char *text;
    } rows[] = {
        {{1, 1, 1, 7, 4096}, 1, 0, ""},
        {{2, 1, 1, 7, 4096}, 1, -COORD_E_FOREIGN, "a segment of server 2"},
        {{1, 1, 1, 8, 4096}, 1, -COORD_E_FOREIGN, "not of this data directory"},
        {{1, 2, 1, 7, 4096}, 1, -COORD_E_DAMAGED, "holds segment 00000002"},
        {{1, 1, 1, 7, 8192}, 1, -COORD_E_DAMAGED, "ends at offset 4096, of 8192 bytes"},
        {{1, 1, 1, 7, 4096}, 2, -COORD_E_FORMAT, "unknown format or version"},
    };

    for (int made = 0; made < 2; made++) /* one that was just made is not read for records, but its header is */
        for (size_t i = 0; i < COUNT(rows); i++) {
            struct bench *b = bench_new();
            uint8_t bytes[SEGMENT_HEADER_BYTES];
            struct buf segment = bench_content(b, "log.00000001");

            segment_encode(bytes, &rows[i].h);
            put_le32(bytes + 8, rows[i].version);
            put_le64(bytes + 56, hash_bytes(bytes, 56, 0x434f4f52444c4f47u));
            memcpy(buf_bytes(&segment), bytes, sizeof(bytes));
            bench_put(b, "log.00000001", buf_slice(&segment));
            b->start.made = made;
            CHECK_EQ_INT(bench_reopen(b), rows[i].rc, "row %zu", i);
            CHECK(strstr(bench_why(b), rows[i].text) != NULL, "row %zu: %s", i, bench_why(b));
            buf_deinit(&segment);
            bench_free(b);
        }
}
