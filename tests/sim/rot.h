/* rot.h - flipped bytes on the disk of a server that is down, with the verdict on each beforehand.
 *
 * What is on the disk is taken apart before anything is flipped: manifest, promise files, segments with their records,
 * snapshots. The verdict follows from where the bytes lie, by what docs/formats.md and wal.h promise:
 *
 *   REFUSED  the start must be refused, DAMAGED, naming a damaged file (and the offset in the log): manifest; both promise
 *            files; the header of a segment; a record that anything intact vouches for; the newest snapshot
 *   HEALED   the start must succeed and nothing be lost: one promise file; bytes that nobody reads (zeros behind the log's
 *            end, spare segments, an older snapshot, whose head alone is read: it may be refused for that)
 *   DROPPED  the end of the log is cut off like a torn write: nothing intact vouches for the record, so nobody can tell it
 *            from one. Only flipped where a quorum of others holds the entries: the window until a record is vouched for
 *            (50 ms without writes, the next batch else) is one in which a disk must not both lose its process and rot
 *
 * A refused server stays down; its disk counts against the budget (preset.lost_max).
 */
#ifndef TESTS_SIM_ROT_H
#define TESTS_SIM_ROT_H

#include "sim/node.h"

enum rot_verdict { ROT_NONE, ROT_REFUSED, ROT_HEALED, ROT_DROPPED };

/* Flips some bytes on the disk of a server that is down, if its budget allows what would come of it. */
void rot_strike(struct sim *s, struct node *n, struct rng *rng);

/* The start was refused with rc and a text: as it must be? Then the server stays down. False: not because of rot. */
bool rot_refused(struct sim *s, struct node *n, int rc, const char *text);

/* The start succeeded: was it to? */
void rot_started(struct sim *s, struct node *n);

void rot_forget(struct node *n); /* the disk is another now */

#endif
