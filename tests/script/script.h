/* script.h - scenarios as text: verbs that act on the test world, and the transcript that they produce.
 *
 * A script is a file of lines `verb arguments`; `#` starts a comment. Everything behind a line `----` is the expected
 * transcript: each verb as it ran, marked `>`, then what happened because of it. Servers are A to G; `A->B` names the letters
 * from A to B, `all` every server. `cluster` may stand again: a new world. The verbs, one function each in verbs_*.c:
 *
 *   cluster N [formed] [voters=AB] [counter_max=N]   a new world; formed: FORM is 1.1 on the disk of every voter, all when
 *                                          none are named, with epoch 1 promised and accepted
 *   log A [ZXID[-ZXID]...] [promised=N] [accepted=N] [snapshot=ZXID]   what A's disk holds behind FORM, before it starts
 *   start|crash|wipe A...                  wipe: an empty disk, another incarnation; the server is down
 *   tick A... MS                           the clocks go on by MS at once
 *   campaign A [blind]                     A's election time-out passes, and all others grant its probe; blind: they do not
 *                                          tell what they have promised
 *   submit A VALUE...    barrier A    handover A    snapshot A [trim]
 *   sync A [PARTS]                         the disk does its work, or so many parts of it; disk A hold|go stops it in a run
 *   deliver|drop|dup|hold A->B [TYPE] [all]    the first such letter; drop and hold: all of them;  release. TYPE: of a message,
 *                                          or `snapshot`, which the word that one was installed is too
 *   cut A->B|A    heal    link A-B up|down     cut: silently
 *   forge prepare|accept|heartbeat|fetch A->B KEY=VALUE...   a letter that nobody sent
 *   run MS    run until=leader|settled [MS]    time passes, letters arrive, disks work
 *   expect A KEY=VALUE...   expect A->B TYPE...|none   expect leader=A|none   expect chosen=ZXID
 */
#ifndef TESTS_SCRIPT_SCRIPT_H
#define TESTS_SCRIPT_SCRIPT_H

#include "base/buf.h"
#include "oracle.h"
#include "world.h"

#define WORDS_MAX 40

struct script {
    struct world world;
    bool begun;
    struct buf transcript;
    bool failed;
    bool terse; /* in runs: no letters, no persists */
    int word_count;
    char *word[WORDS_MAX];
};

void script_say(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
void script_fail(struct script *s, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Arguments. Each gives 0 or NULL, and a failure, when the word is none. */
struct server *script_server(struct script *s, const char *word);
bool script_arrow(struct script *s, const char *word, struct server **from, struct server **to); /* A->B */
const char *script_option(struct script *s, const char *key);                                    /* the value of key=value */
uint64_t script_number(struct script *s, const char *key, uint64_t otherwise);
uint64_t script_zxid(const char *text);
enum peer_type script_type(const char *word); /* 0: no message type */

struct verb {
    const char *name;
    void (*run)(struct script *s);
};
extern const struct verb verbs_world[], verbs_net[], verbs_run[], verbs_expect[];

#endif
