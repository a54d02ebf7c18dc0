/* publish.h - the last step of writing and of receiving a snapshot; inside snapshot/ only. */
#ifndef COORD_SNAPSHOT_PUBLISH_H
#define COORD_SNAPSHOT_PUBLISH_H

#include "snapshot/snapshot.h"

#define SNAPSHOT_OWN_TMP "snapshot.tmp"
#define SNAPSHOT_IN_TMP "snapshot.in.tmp"

/* The synced temporary file is read back whole, must be of zxid and cluster (0: any), and gets its name, durably. After an
 * error it is gone. */
int snapshot_publish(struct fs *fs, const char *dir, const char *temporary, uint64_t zxid, uint64_t cluster,
                     struct snapshot_meta *meta);

/* Removes the temporary file if it is there; a failure is left to snapshot_clean. */
void snapshot_discard(struct fs *fs, const char *dir, const char *temporary);

#endif
