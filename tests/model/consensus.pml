/* consensus.pml - the consensus protocol as a small model, to be read beside docs/consensus.md and, for the re-admission of a server
 * whose disk was emptied (an ADMIT entry), DESIGN's C10, C11 and C17. Checked by spin: run-spin.
 *
 * Three voters, A, B and C; C may be wiped once, at any moment: C is then no more, and C' comes with an empty disk, so each
 * incarnation has disk, votes and promises of its own. Every step is one durable step of one disk, or one of a proposer.
 *
 * Messages are what was once said: a PREPARE is the candidate's own promise, a PROMISE is promise[], ACCEPTs are any beginning of
 * the log of epoch n, hist[], with hist_end[]. Whoever may receive one reads it now, later, twice or never: so there are no
 * channels, and loss, delay, doubling and any order are all in it. What was said to a proposer that has gone on is forgotten.
 *
 * A crash needs no step: nothing but disks is remembered, and a proposer that never acts again is one that has crashed. One that
 * restarts finds promised = n on its disk and prepares a higher epoch (C6).
 *
 * A log is a byte: how many entries it has of each epoch, two bits each; entries with the same zxid are the same (C2).
 *
 * rule  here                    what it is without (run-spin: each must be refuted)
 * C1    PROMISE                 PROMISE_TWICE: an epoch is promised to a second candidate
 * C1/2  YIELD                   KEEP_CANDIDACY: a candidate of n that follows the leader of n stays one
 * C2    RAISE, CUT, APPEND      NO_RAISE: entries of a higher epoch are taken without promising it
 * C3    ACCEPT                  EARLY_ACCEPTED: accepted = n before the log holds history_end
 * C4    count_vote              (what is not in n's log cannot be vouched for: by C3 accepted = n says that none is)
 * C5    APPLY                   BY_LAST_ZXID: applied is what is not above `committed`, matched or not
 * C6    PREPARE                 PREPARE_AGAIN: a candidate prepares an epoch that it has promised to another
 * C7    BEST in WIN             NO_ADOPTION: it leads with its own log; LATE_FETCH: the log is fetched from a server that has promised
 *                               a higher epoch meanwhile
 * C8    count_vote, judge       ANY_ACCEPTED: votes whatever `accepted` is; OWN_VOTE: the leader counts what is not on its disk
 * C10   judge, ADMIT            ADMIT_BY_ITSELF: the server that is admitted helps to choose its admission
 * C11   COUNTS in WIN           ADMIT_UNCHOSEN: an admission that may not be chosen counts
 * C17   MAY_LEAD, COUNTS        ANY_INCARNATION: a wiped server counts as before
 *
 * Not here: roll-over (C9), changes of voters and loggers (C10 for those, C12), forming (C15, C16), liveness (C13, C14), what a leader
 * may do when established, exactly once (C18, C19).
 */
#ifndef EPOCHS
#define EPOCHS 3 /* 2 or 3 */
#endif
#ifndef ENTRIES
#define ENTRIES 2 /* proposed at most, an ADMIT among them */
#endif
#ifndef WIPES
#define WIPES 1
#endif

#define A 0
#define B 1
#define C 2
#define C1 3 /* C' */
#define AT(n, s) ((n) * 4 + (s))

/* Logs. */
#define COUNT(x, e) (((x) >> (2 * ((e) - 1))) & 3)
#define LENGTH(x) (COUNT(x, 1) + COUNT(x, 2) + COUNT(x, 3))
#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define MAX(a, b) ((a) > (b) -> (a) : (b))
#define MEDIAN(a, b, c) MAX(MIN(a, b), MIN(MAX(a, b), c))
#define LAST(x) (COUNT(x, 3) -> 12 + COUNT(x, 3) : (COUNT(x, 2) -> 8 + COUNT(x, 2) : (x)))
#define COMMON(x, y) \
    (COUNT(x, 1) != COUNT(y, 1) -> MIN(COUNT(x, 1), COUNT(y, 1)) : \
    (COUNT(x, 2) != COUNT(y, 2) -> COUNT(x, 1) + 4 * MIN(COUNT(x, 2), COUNT(y, 2)) : \
    ((x) & 15) + 16 * MIN(COUNT(x, 3), COUNT(y, 3))))
#define IS_PREFIX(x, y) (COMMON(x, y) == (x))
#define NEXT(x, y) (COUNT(x, 1) < COUNT(y, 1) -> 1 : (COUNT(x, 2) < COUNT(y, 2) -> 4 : 16)) /* x a proper prefix of y */
#define UP_TO(x, y) /* of x, what has no zxid above the last of y */ \
    (COUNT(y, 3) -> (x & 15) + 16 * MIN(COUNT(x, 3), COUNT(y, 3)) : \
    (COUNT(y, 2) -> COUNT(x, 1) + 4 * MIN(COUNT(x, 2), COUNT(y, 2)) : MIN(COUNT(x, 1), COUNT(y, 1))))
#define GREATER(acc1, log1, acc2, log2) ((acc1) > (acc2) || ((acc1) == (acc2) && LAST(log1) > LAST(log2)))

/* The disks. */
byte promised[4], accepted[4], log[4];
bool wiped;
bool knows[4]; /* that the ADMIT is chosen */

/* What was said. */
byte promise[16];  /* AT(n, s): PROMISE(n) by s: to whom, + 1 */
byte p_accepted[16], p_log[16];
bool p_knows[16];
byte leader[4];    /* of epoch n, + 1 */
byte hist[4];      /* the log of leader n: its history and what it proposed */
byte hist_end[4];  /* how long the history is */
byte admit[4];     /* the counter of the ADMIT that leader n proposed; 0 none */
bool admit_chosen[4]; /* leader n knows it */
byte proposed;

/* What is chosen, judged at the earliest moment from the disks. */
byte vote[16];   /* AT(n, s): how much of hist[n] was durable at s with promised = accepted = n */
byte chosen;     /* the one sequence */
byte chosen_in[4]; /* what epoch n has chosen of it */

#define ADMITS_IN(x, e) (admit[e] > 0 && COUNT(x, e) >= admit[e])
#define ADMITS(x) (ADMITS_IN(x, 1) || ADMITS_IN(x, 2) || ADMITS_IN(x, 3))
#define ADMIT_PLACE(x) \
    (ADMITS_IN(x, 1) -> admit[1] : \
    (ADMITS_IN(x, 2) -> COUNT(x, 1) + admit[2] : COUNT(x, 1) + COUNT(x, 2) + admit[3]))

/* C8, C10: how much epoch n has chosen. The ADMIT needs a majority without C and C', nothing behind it is chosen before it,
 * C' counts once it is chosen, and C no more where the log names C'. */
#define V(s) vote[AT(n, s)]
#ifdef ADMIT_BY_ITSELF
#define V_ADMIT(n) MEDIAN(V(A), V(B), V(C1))
#else
#define V_ADMIT(n) MIN(V(A), V(B))
#endif
inline judge(n)
{
    d_step {
        if
        :: ADMITS(hist[n]) ->
            if
            :: V_ADMIT(n) >= ADMIT_PLACE(hist[n]) -> admit_chosen[n] = true
            :: else
            fi;
            if
            :: admit_chosen[n] -> size = MEDIAN(V(A), V(B), V(C1))
            :: else -> size = V_ADMIT(n)
            fi
        :: else ->
#ifdef ANY_INCARNATION
            size = MEDIAN(V(A), V(B), MAX(V(C), V(C1)))
#else
            size = MEDIAN(V(A), V(B), V(C))
#endif
        fi;
        part = 0;
        do
        :: size > LENGTH(part) -> part = part + NEXT(part, hist[n])
        :: else -> break
        od;
        if
        :: LENGTH(part) > LENGTH(chosen_in[n]) ->
            chosen_in[n] = part;
            assert(IS_PREFIX(part, chosen) || IS_PREFIX(chosen, part)); /* agreement */
            if
            :: LENGTH(part) > LENGTH(chosen) -> chosen = part
            :: else
            fi;
            assert(n >= 3 || leader[3] == 0 || IS_PREFIX(part, hist[3])); /* leader completeness, of those that have won */
            assert(n >= 2 || leader[2] == 0 || IS_PREFIX(part, hist[2]))
        :: else
        fi;
        size = 0;
        part = 0
    }
}

/* C2: what is taken of n is behind the promise of n. */
#ifdef NO_RAISE
#define HAS_PROMISED(s, n) (promised[s] <= n)
#else
#define HAS_PROMISED(s, n) (promised[s] == n)
#endif

/* C4, C8: s has accepted = n and vouches for what it holds of n's log, durably. */
inline count_vote(s, n)
{
    if
    :: HAS_PROMISED(s, n) && accepted[s] == n && IS_PREFIX(log[s], hist[n]) && LENGTH(log[s]) > vote[AT(n, s)] ->
        vote[AT(n, s)] = LENGTH(log[s]);
        judge(n)
#ifdef ANY_ACCEPTED
    :: promised[s] == n && accepted[s] != n && IS_PREFIX(log[s], hist[n]) && LENGTH(log[s]) > vote[AT(n, s)] ->
        vote[AT(n, s)] = LENGTH(log[s]);
        judge(n)
#endif
    :: else
    fi
}

inline say_promise(s, n, c)
{
    promised[s] = n;
    promise[AT(n, s)] = c + 1;
    p_accepted[AT(n, s)] = accepted[s];
    p_log[AT(n, s)] = log[s];
    p_knows[AT(n, s)] = knows[s]
}

/* C6: the own promise is durable with it. C17: C' is a candidate once it knows that it is admitted. */
#ifdef ANY_INCARNATION
#define MAY_LEAD(s) true
#else
#define MAY_LEAD(s) ((s) != C1 || knows[C1])
#endif
#ifdef PREPARE_AGAIN
#define MAY_PREPARE(n) (promised[me] <= n && leader[n] != me + 1)
#else
#define MAY_PREPARE(n) (promised[me] < n)
#endif
#define PREPARE(n) atomic { \
    MAY_PREPARE(n) && MAY_LEAD(me) -> say_promise(me, n, me) }

/* C1. A PREPARE of one that is no candidate any more could only be refused later, so nobody takes it. */
#define IS_CANDIDATE(n, c) (promised[c] == n && promise[AT(n, c)] == (c) + 1 && leader[n] != (c) + 1)
#ifdef PROMISE_TWICE
#define MAY_PROMISE(n) (promised[me] <= n)
#else
#define MAY_PROMISE(n) (promised[me] < n)
#endif
#define PROMISE(n, c) atomic { \
    c != me && IS_CANDIDATE(n, c) && MAY_PROMISE(n) -> say_promise(me, n, c) }

/* C7, C11: a quorum of two, the own promise and that of o. The history is the greater log by (accepted, last zxid), as it was when it
 * was promised: it is served only while promised = n, so it is still the same. C' counts if its admission is known chosen, to the candidate or to
 * who promised; C does not, where the history names C'. */
#define IS_KNOWN(n, o) (knows[me] || p_knows[AT(n, o)])
#if defined(ANY_INCARNATION)
#define COUNTS(n, o, x, known) true
#elif defined(ADMIT_UNCHOSEN)
#define COUNTS(n, o, x, known) (((o) != C1 || known || ADMITS(x)) && ((o) != C || !ADMITS(x)))
#else
#define COUNTS(n, o, x, known) (((o) != C1 || known) && ((o) != C || !ADMITS(x)))
#endif
#ifdef LATE_FETCH
#define FETCHED(n, o) log[o]
#else
#define FETCHED(n, o) p_log[AT(n, o)]
#endif
#ifdef NO_ADOPTION
#define BEST(n, o) log[me]
#else
#define BEST(n, o) \
    (GREATER(p_accepted[AT(n, o)], p_log[AT(n, o)], accepted[me], log[me]) -> FETCHED(n, o) : log[me])
#endif
inline forget(n, s) /* the promises have done what they were for */
{
    if
    :: promise[AT(n, s)] == me + 1 ->
        promise[AT(n, s)] = 0;
        p_accepted[AT(n, s)] = 0;
        p_log[AT(n, s)] = 0;
        p_knows[AT(n, s)] = false
    :: else
    fi
}
#define WIN(n, o) atomic { \
    o != me && IS_CANDIDATE(n, me) && promise[AT(n, o)] == me + 1 && \
    COUNTS(n, o, BEST(n, o), IS_KNOWN(n, o)) && COUNTS(n, me, BEST(n, o), IS_KNOWN(n, o)) -> \
    assert(leader[n] == 0); /* one leader an epoch */ \
    assert(BEST(n, o) >> (2 * n) == 0); /* zxids rise: nothing of a higher epoch is in a history */ \
    hist[n] = BEST(n, o); \
    hist_end[n] = LENGTH(hist[n]); \
    leader[n] = me + 1; \
    admit_chosen[n] = IS_KNOWN(n, o); \
    knows[me] = knows[me] || admit_chosen[n]; \
    forget(n, A); forget(n, B); forget(n, C); forget(n, C1); \
    assert(n <= 1 || IS_PREFIX(chosen_in[1], hist[n])); /* leader completeness */ \
    assert(n <= 2 || IS_PREFIX(chosen_in[2], hist[n])) }

/* C8: the leader's own vote counts like any other, when its own disk has it: not here. */
inline count_own_vote(n)
{
#ifdef OWN_VOTE
    vote[AT(n, me)] = LENGTH(hist[n]);
    judge(n)
#else
    skip
#endif
}

#define LEADS(n) (leader[n] == me + 1 && promised[me] == n)
#define PROPOSE(n) atomic { \
    LEADS(n) && proposed < ENTRIES -> hist[n] = hist[n] + (1 << (2 * (n - 1))); proposed++; count_own_vote(n) }
/* C10: an ADMIT for C' only while no other configuration entry of the log is not known chosen; here there is but one to make. */
#define ADMIT(n) atomic { \
    LEADS(n) && wiped && me != C1 && proposed < ENTRIES && !ADMITS(hist[n]) -> \
    hist[n] = hist[n] + (1 << (2 * (n - 1))); admit[n] = COUNT(hist[n], n); proposed++ }

/* ACCEPT(n) at `me`, the leader's own disk too, one durable step each. C2: promised first. */
#ifdef NO_RAISE
#define RAISE(n) atomic { false -> skip }
#else
#define RAISE(n) atomic { leader[n] != 0 && promised[me] < n -> promised[me] = n }
#endif
/* A candidate of n that hears the leader of n is a candidate no more. */
#ifdef KEEP_CANDIDACY
#define YIELDED(n) true
#else
#define YIELDED(n) (!IS_CANDIDATE(n, me))
#endif
#define YIELD(n) atomic { leader[n] != 0 && IS_CANDIDATE(n, me) -> forget(n, A); forget(n, B); forget(n, C); forget(n, C1) }
#define FOLLOWS(n) (leader[n] != 0 && HAS_PROMISED(me, n) && YIELDED(n))
#define CUT(n) atomic { \
    FOLLOWS(n) && !IS_PREFIX(log[me], hist[n]) -> log[me] = COMMON(log[me], hist[n]) }
#define APPEND(n) atomic { \
    FOLLOWS(n) && IS_PREFIX(log[me], hist[n]) && log[me] != hist[n] -> \
    log[me] = log[me] + NEXT(log[me], hist[n]); count_vote(me, n) }
/* C3: the log holds the history, and nothing behind it that is not of n. */
#ifdef EARLY_ACCEPTED
#define COVERS(n) true
#else
#define COVERS(n) (LENGTH(log[me]) >= hist_end[n])
#endif
#define ACCEPT(n) atomic { \
    FOLLOWS(n) && accepted[me] < n && IS_PREFIX(log[me], hist[n]) && COVERS(n) -> \
    accepted[me] = n; count_vote(me, n) }
/* C5: of what leader n knows chosen, a follower applies what it has matched; it need not have accepted n. No state comes of it. */
#ifdef BY_LAST_ZXID
#define APPLIED(n) UP_TO(log[me], chosen_in[n])
#else
#define APPLIED(n) COMMON(log[me], chosen_in[n])
#endif
#define APPLY(n) atomic { promised[me] == n && chosen_in[n] != 0 -> assert(IS_PREFIX(APPLIED(n), chosen)) }
/* Of the same message: that the ADMIT is chosen. */
#define LEARN(n) atomic { \
    promised[me] == n && accepted[me] == n && admit_chosen[n] && !knows[me] && ADMITS(log[me]) && \
    IS_PREFIX(log[me], hist[n]) -> knows[me] = true }

#define ALL(n) \
    :: PREPARE(n) \
    :: PROMISE(n, A) :: PROMISE(n, B) :: PROMISE(n, C) :: PROMISE(n, C1) \
    :: WIN(n, A) :: WIN(n, B) :: WIN(n, C) :: WIN(n, C1) \
    :: PROPOSE(n) :: ADMIT(n) \
    :: RAISE(n) :: YIELD(n) :: CUT(n) :: APPEND(n) :: ACCEPT(n) :: APPLY(n) :: LEARN(n)

byte size, part;

proctype server(byte me)
{
    do
    ALL(1)
    ALL(2)
#if EPOCHS > 2
    ALL(3)
#endif
    :: atomic { me == C && WIPES > 0 && !wiped -> wiped = true; run server(C1); break }
    od
}

init
{
    atomic { run server(A); run server(B); run server(C) }
}
