/* report.h - the four-letter words: text about one server, in ZooKeeper's format.
 *
 * Monitors parse these texts: `Mode:` of srvr and stat, the zk_* keys of mntr, imok, rw. Keys of our own in mntr begin with
 * coord_. Words that ask for the state of the service answer, while there is no leader, with the sentence that ZooKeeper has
 * for it. Pure.
 */
#ifndef COORD_REPORT_REPORT_H
#define COORD_REPORT_REPORT_H

#include "base/buf.h"
#include "report/status.h"

#include <stdint.h>

/* Where a long answer goes on; zero first. */
struct report_place {
    uint32_t part;
    uint64_t at, item;
};

/* `print` answers at once. `page` appends a piece of about REPORT_PIECE_BYTES and tells whether there is more, so that no turn
 * of the core takes long; what begins or ends meanwhile may be in the answer or not. One of the two is set. */
#define REPORT_PIECE_BYTES (32u << 10)
#define REPORT_PIECE_LOOKS 1024u /* sessions or connections that one piece looks at */
#define REPORT_WATCHES_MAX 8192u /* that wchc and wchp list; a last line tells when there are more */
struct report_word {
    char name[5];
    void (*print)(struct buf *to, const struct status *s);
    bool (*page)(struct buf *to, const struct status *s, struct report_place *place);
};

/* A piece of the answer; true: there is more, to be asked for with the same place. */
bool report_print(const struct report_word *word, struct buf *to, const struct status *s, struct report_place *place);

/* The word of these four bytes; NULL when they are none. */
const struct report_word *report_word_find(const uint8_t bytes[4]);

/* Whether a list like "ruok, srvr" or "*" names the word. */
bool report_word_allowed(const struct report_word *word, const char *whitelist);

/* What is answered instead of a word that is not allowed. */
void report_word_refused(struct buf *to, const struct report_word *word);

/* A name of the list that is no word of ZooKeeper's, in a buffer of the caller; NULL when there is none. */
const char *report_whitelist_unknown(const char *whitelist, char name[32]);

#endif
