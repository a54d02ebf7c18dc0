/* words.h - shared by the files that print four-letter words; not for other folders. */
#ifndef COORD_REPORT_WORDS_H
#define COORD_REPORT_WORDS_H

#include "report/report.h"

const char *report_mode_name(enum status_mode mode);

/* Appends ZooKeeper's sentence when the server does not serve; returns whether it did. */
bool report_not_serving(struct buf *to, const struct status *s);

/* Rounded to four digits, of which one stays: 0.0, 2.5, 5.3333, 0.0006 (where Java prints 6.0E-4); 0.0 of none. */
void report_put_average(struct buf *to, uint64_t total, uint64_t count);

void report_summary(struct buf *to, const struct status *s); /* the last lines of srvr and stat */
void report_mntr(struct buf *to, const struct status *s);

/* about.c: conf, envi, dirs */
void report_conf(struct buf *to, const struct status *s);
void report_envi(struct buf *to, const struct status *s);
void report_dirs(struct buf *to, const struct status *s);

/* lists.c: words that list connections, sessions and watches */
bool report_stat(struct buf *to, const struct status *s, struct report_place *place);
bool report_cons(struct buf *to, const struct status *s, struct report_place *place);
bool report_dump(struct buf *to, const struct status *s, struct report_place *place);
void report_wchs(struct buf *to, const struct status *s);
void report_wchc(struct buf *to, const struct status *s);
void report_wchp(struct buf *to, const struct status *s);

#endif
