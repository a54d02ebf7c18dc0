/* wal_internal.h - what the files of wal/ share: the open log. See wal.h. */
#ifndef COORD_WAL_WAL_INTERNAL_H
#define COORD_WAL_WAL_INTERNAL_H

#include "wal/segment.h"
#include "wal/wal.h"

#define WAL_PATH_BYTES 4096
#define ENTRY_ZXID_AT 8                   /* in an encoded entry, wire/entry.h */
#define WAL_RECORD_SPLIT_BYTES (1u << 20) /* a record of several entries is not made larger */
#define WAL_WRITE_BYTES (1u << 20)        /* queued bytes are written from here on */
#define WAL_EXTENT_BYTES (64u << 10)      /* grain of the index */

/* A segment of the log. */
struct wal_segment {
    uint32_t sequence;
    uint64_t start_zxid; /* the log's last zxid before its first record */
    bool start_void;     /* that entry was cut since: the log cannot begin here */
};

/* Neighbouring records of one segment whose live entries are exactly those with first <= zxid <= last. */
struct wal_extent {
    uint64_t first, last;
    uint64_t from, to; /* positions */
};

struct wal_extents {
    struct wal_extent *extent;
    size_t count, capacity;
    bool closed; /* the next record starts a new one */
};

/* A segment that is ready to take records. */
struct wal_ready {
    uint32_t sequence;
    struct fs_file *file;
    uint64_t size;
    uint64_t key;
    bool written; /* as far as is known: all of it at least once */
};

struct wal {
    struct fs *fs;
    struct wal_options options;
    char *dir;
    int failed; /* the first error; sticky */
    struct buf why;

    struct runs runs; /* shape of the log, queued records included */
    uint64_t base;
    struct wal_extents extents;
    struct wal_segment *segments; /* in use, oldest first; the last one is written to */
    size_t segment_count, segment_capacity;

    struct wal_ready current;
    uint64_t offset;       /* in it: where the next record goes; counts queued ones */
    uint64_t prev_end;     /* position at which the last record ended */
    uint64_t synced;       /* position */
    uint64_t synced_zxid;  /* the log's last zxid there */
    uint64_t vouched;      /* the greatest `synced` that a durable or queued record says */
    uint64_t content_end;  /* position: where the last record that is no mark ended */
    bool dirty;            /* written or queued since the last sync */
    struct buf queue;      /* bytes for the current segment, the open record last */
    uint64_t queue_offset; /* where they go */
    bool open;             /* a record of entries is being filled; its header is reserved in the queue */
    size_t open_at;        /* its begin in the queue */
    struct record record;  /* of it */

    struct wal_ready *ahead; /* prepared, in order */
    uint32_t ahead_count;
    uint32_t *spares; /* numbers of the spare files */
    size_t spare_count, spare_capacity;
    uint32_t next_spare;
    struct fs_file *zeroing; /* a new segment that is being filled with zeros; NULL: none */
    uint64_t zeroed;

    struct buf read_buf;
    struct fs_file *read_file; /* the segment read last */
    uint32_t read_sequence;
};

/* wal.c: the log has failed, for good: keeps code and text, and returns rc. */
int wal_fail(struct wal *w, int rc, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* How segments of this size are opened for appending: past the cache if whole blocks make up the file. */
static inline unsigned wal_open_flags(uint64_t size)
{
    return FS_READ | FS_WRITE | (size % FS_BLOCK_BYTES == 0 ? FS_DIRECT : 0);
}

void wal_path(const struct wal *w, char path[WAL_PATH_BYTES], uint32_t sequence);

/* wal_track.c: what a record does to shape, index and segments; the same when it is written and when it is recovered. */
bool wal_track_can_append(const struct wal *w, uint64_t zxid);
void wal_track_append(struct wal *w, uint64_t first, uint32_t count); /* of one epoch; folds when there is no room */
void wal_track_record(struct wal *w, uint64_t first, uint64_t last, uint64_t from, uint64_t to);
void wal_track_cut(struct wal *w, uint64_t zxid); /* zxid >= runs.floor */
void wal_track_segment(struct wal *w, uint32_t sequence);
void wal_track_drop_before(struct wal *w, uint32_t sequence); /* of the log: it stays */
void wal_track_reset(struct wal *w, uint64_t base);
const struct wal_extent *wal_track_find(const struct wal *w, uint64_t zxid); /* NULL: no such live entry */

/* wal_spare.c: segments before and after their use. */
int wal_spare_next(struct wal *w, size_t record_bytes);    /* makes the next segment the current one, large enough */
int wal_spare_ensure(struct wal *w);                       /* at least one is ready */
int wal_spare_set_aside(struct wal *w, uint32_t sequence); /* a segment that is not used any more */
int wal_spare_found(struct wal *w, uint32_t number);       /* a spare file that stands in the directory */
void wal_spare_close(struct wal *w);

/* wal_recover.c */
int wal_recover(struct wal *w, const struct wal_start *start, struct wal_found *found);

#endif
