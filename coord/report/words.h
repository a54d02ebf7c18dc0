/* words.h - shared by the files that print four-letter words; not for other folders. */
#ifndef COORD_REPORT_WORDS_H
#define COORD_REPORT_WORDS_H

#include "base/buf.h"
#include "report/status.h"

const char *report_mode_name(enum status_mode mode);

/* Appends ZooKeeper's sentence when the server does not serve; returns whether it did. */
bool report_not_serving(struct buf *to, const struct status *s);

void report_mntr(struct buf *to, const struct status *s);

#endif
