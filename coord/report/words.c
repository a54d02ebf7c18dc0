/* words.c - which words there are, which are allowed, and the short answers. Pure. */
#include "report/words.h"
#include "report/report.h"

#include <string.h>

static const char mode_names[][12] = {[STATUS_STANDALONE] = "standalone",
                                      [STATUS_LEADER] = "leader",
                                      [STATUS_FOLLOWER] = "follower",
                                      [STATUS_LOOKING] = "looking",
                                      [STATUS_READ_ONLY] = "read-only"};

const char *report_mode_name(enum status_mode mode)
{
    return mode_names[mode];
}

bool report_not_serving(struct buf *to, const struct status *s)
{
    bool silent = !s->serving && s->mode != STATUS_READ_ONLY;

    if (silent)
        buf_printf(to, "This ZooKeeper instance is not currently serving requests\n");
    return silent;
}

/* Says that the process answers, not that it serves: so it is in ZooKeeper. */
static void print_ruok(struct buf *to, const struct status *s)
{
    (void)s;
    buf_printf(to, "imok");
}

static void print_isro(struct buf *to, const struct status *s)
{
    buf_printf(to, "%s", s->serving ? "rw" : s->mode == STATUS_READ_ONLY ? "ro" : "null");
}

void report_put_average(struct buf *to, uint64_t total, uint64_t count)
{
    uint64_t whole = count == 0 ? 0 : total / count;
    uint64_t rest = count == 0 ? 0 : (total % count * 20000 + count) / count / 2; /* in 1/10000, rounded */
    int digits = 4;

    whole += rest / 10000;
    for (rest %= 10000; digits > 1 && rest % 10 == 0; digits--)
        rest /= 10;
    buf_printf(to, "%llu.%0*llu", (unsigned long long)whole, digits, (unsigned long long)rest);
}

void report_summary(struct buf *to, const struct status *s)
{
    buf_printf(to, "Latency min/avg/max: %llu/", (unsigned long long)s->latency.min);
    report_put_average(to, s->latency.total, s->latency.count);
    buf_printf(to, "/%llu\n", (unsigned long long)s->latency.max);
    buf_printf(to, "Received: %llu\n", (unsigned long long)s->received);
    buf_printf(to, "Sent: %llu\n", (unsigned long long)s->sent);
    buf_printf(to, "Connections: %llu\n", (unsigned long long)s->connections);
    buf_printf(to, "Outstanding: %llu\n", (unsigned long long)s->outstanding);
    buf_printf(to, "Zxid: 0x%llx\n", (unsigned long long)s->zxid);
    buf_printf(to, "Mode: %s\n", mode_names[s->mode]);
    buf_printf(to, "Node count: %llu\n", (unsigned long long)s->nodes);
    if (s->mode == STATUS_LEADER)
        buf_printf(to, "Proposal sizes last/min/max: %lld/%lld/%lld\n", (long long)s->proposal_sizes.last,
                   (long long)s->proposal_sizes.min, (long long)s->proposal_sizes.max);
}

static void print_srvr(struct buf *to, const struct status *s)
{
    if (report_not_serving(to, s))
        return;
    buf_printf(to, "Zookeeper version: %s\n", s->version);
    report_summary(to, s);
}

/* There is no trace mask: nothing is traced, whatever stmk asks for. */
static void print_trace_mask(struct buf *to, const struct status *s)
{
    (void)s;
    buf_printf(to, "0");
}

/* ZooKeeper lists the last digests of its log; here that of the moment says as much. */
static void print_hash(struct buf *to, const struct status *s)
{
    if (!report_not_serving(to, s))
        buf_printf(to, "%llx: %llu\n", (unsigned long long)s->zxid, (unsigned long long)s->digest);
}

static void reset(const struct status *s, bool connections)
{
    if (s->lists.reset != NULL)
        s->lists.reset(s->lists.context, connections);
}

static void print_crst(struct buf *to, const struct status *s)
{
    if (report_not_serving(to, s))
        return;
    reset(s, true);
    buf_printf(to, "Connection stats reset.\n");
}

static void print_srst(struct buf *to, const struct status *s)
{
    if (report_not_serving(to, s))
        return;
    reset(s, false);
    buf_printf(to, "Server stats reset.\n");
}

static const struct report_word words[] = {
    {"ruok", print_ruok, NULL},       {"srvr", print_srvr, NULL},  {"stat", NULL, report_stat},
    {"mntr", report_mntr, NULL},      {"isro", print_isro, NULL},  {"conf", report_conf, NULL},
    {"cons", NULL, report_cons},      {"crst", print_crst, NULL},  {"dirs", report_dirs, NULL},
    {"dump", NULL, report_dump},      {"envi", report_envi, NULL}, {"gtmk", print_trace_mask, NULL},
    {"stmk", print_trace_mask, NULL}, {"srst", print_srst, NULL},  {"wchs", report_wchs, NULL},
    {"wchc", report_wchc, NULL},      {"wchp", report_wchp, NULL}, {"hash", print_hash, NULL},
};

const struct report_word *report_word_find(const uint8_t bytes[4])
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (memcmp(words[i].name, bytes, 4) == 0)
            return &words[i];
    return NULL;
}

/* The next name of a list by commas and blanks; false at the end. */
static bool next_name(const char **list, const char **name, size_t *size)
{
    *list += strspn(*list, ", \t");
    *name = *list;
    *size = strcspn(*list, ", \t");
    *list += *size;
    return *size > 0;
}

bool report_word_allowed(const struct report_word *word, const char *whitelist)
{
    const char *name;
    size_t size;

    while (next_name(&whitelist, &name, &size))
        if ((size == 1 && *name == '*') || (size == 4 && memcmp(name, word->name, 4) == 0))
            return true;
    return false;
}

const char *report_whitelist_unknown(const char *whitelist, char found[32])
{
    const char *name;
    size_t size;

    while (next_name(&whitelist, &name, &size)) {
        if ((size == 1 && *name == '*') || (size == 4 && report_word_find((const uint8_t *)name) != NULL))
            continue;
        size = size < 31 ? size : 31;
        memcpy(found, name, size);
        found[size] = '\0';
        return found;
    }
    return NULL;
}

bool report_print(const struct report_word *word, struct buf *to, const struct status *s, struct report_place *place)
{
    if (word->page != NULL)
        return word->page(to, s, place);
    word->print(to, s);
    return false;
}

void report_word_refused(struct buf *to, const struct report_word *word)
{
    buf_printf(to, "%s is not executed because it is not in the whitelist.\n", word->name);
}
