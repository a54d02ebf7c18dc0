/* wal_scan.h - the recovery under way; inside wal/ only. wal_recover.c goes over files, wal_scan.c over what is in them. */
#ifndef COORD_WAL_WAL_SCAN_H
#define COORD_WAL_WAL_SCAN_H

#include "wal/wal_internal.h"

struct wal_numbers {
    uint32_t *number;
    size_t count, capacity;
};

struct wal_scan {
    struct wal *w;
    const struct wal_start *start;
    struct wal_found *found;
    struct wal_numbers segments, spares; /* in the directory */
    bool leftover;                       /* segment.tmp is there */
    uint64_t end;                        /* position: the log reads back up to here */
    uint32_t boot;                       /* of the last record */
    uint64_t claimed;                    /* the greatest claim of the records that make up the log and of the promise */
    uint64_t vouched, vouched_zxid;      /* the greatest claim of all */
    bool next_bad;                       /* the segment behind the end exists and does not begin with a whole record */
    bool more_in_tail;                   /* something behind the end, in the same segment, begins like a record */
    uint64_t far;                        /* end of the farthest thing behind the end that begins like a record */
};

/* Read a whole segment file; *content is valid until the next call. */
int wal_scan_load(struct wal *w, uint32_t sequence, struct slice *content);

/* The header must be that of this segment of this server; `content` is the begin of a file of `size` bytes. */
int wal_scan_header(struct wal *w, uint32_t sequence, struct slice content, uint64_t size, uint64_t *key);

/* Apply the records of a segment as long as they continue the log, if it is `reached`, and hear what claims stand behind.
 * 1: at least one record belongs to the log; 0: none. */
int wal_scan_segment(struct wal_scan *s, uint32_t sequence, bool reached);

/* All segments were scanned: was the end torn (0), or is it damage? */
int wal_scan_judge(struct wal_scan *s);

#endif
