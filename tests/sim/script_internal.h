/* script_internal.h - between the files of the scripts: script.c reads and runs, the others have the verbs. */
#ifndef TESTS_SIM_SCRIPT_INTERNAL_H
#define TESTS_SIM_SCRIPT_INTERNAL_H

#include "base/buf.h"
#include "base/list.h"
#include "sim/client.h"
#include "sim/node.h"
#include "sim/script.h"

#define SCRIPT_WORDS_MAX 32
#define SCRIPT_VALUE_MAX 200

struct script_line {
    uint32_t number;
    const struct verb *verb;
    char *text; /* as it stands in the file, for messages */
    int count;
    char *word[SCRIPT_WORDS_MAX]; /* word[0] is the verb */
};

/* What a client was told last. */
struct script_heard {
    bool any;
    int32_t err, version;
    uint64_t zxid;
    uint32_t events, children;
    char value[SCRIPT_VALUE_MAX], path[CLIENT_PATH_MAX], event[CLIENT_PATH_MAX];
};

/* A message that is held back. */
struct script_held {
    struct list link;
    uint32_t from, to;
    enum peer_type type;
    uint64_t number; /* of the link it was sent on */
    struct buf frames;
};

struct script {
    char *path;
    struct script_line *lines;
    uint32_t count, at; /* at: the one being done */
    bool drawing;
    uint32_t drawn;                                              /* types of messages, by bit, beyond the usual */
    uint32_t hold[PEER_MAX][PEER_MAX], drop[PEER_MAX][PEER_MAX]; /* [from - 1][to - 1]: types of messages, by bit */
    struct list held;                                            /* struct script_held, in the order in which they were sent */
    struct script_heard heard[SIM_CLIENTS_MAX];
};

struct verb {
    const char *name, *words, *what; /* what: for the list of verbs */
    int least, most;                 /* words, the verb included */
    void (*run)(struct sim *s);
    const char *extras; /* what may stand behind the least words: `flag` or `key=`; NULL: anything */
};
extern const struct verb script_verbs_server[], script_verbs_net[], script_verbs_client[], script_verbs_expect[];

struct script_line *script_line(const struct sim *s); /* the one being done */

/* The run is over: something is not as the script says it must be; or a word of the line has no meaning. */
_Noreturn void script_fail(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
_Noreturn void script_wrong(struct sim *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Words. Each ends the run when the word is none. */
struct node *script_node(struct sim *s, const char *word);     /* n1 */
struct client *script_client(struct sim *s, const char *word); /* c0 */
uint64_t script_number(struct sim *s, const char *word);
uint32_t script_types(struct sim *s, int from);                             /* the words from there on, as bits; none: all */
const char *script_option(const struct script_line *line, const char *key); /* the value of key=value; NULL */
bool script_flag(const struct script_line *line, const char *flag);

/* The directions that a word names: n1->n2, n1->*, n1-n2 for both, n1 for all from and to it, * for all. */
typedef void (*script_way)(struct sim *s, uint32_t from, uint32_t to);
void script_ways(struct sim *s, const char *word, script_way each);

void script_net_end(struct sim *s); /* nothing is held back or lost any more; what was held is forgotten */

#endif
