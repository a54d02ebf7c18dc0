/* link_graphs.c - every graph of links: `link_graphs [--n 3|5] [--seed N] [--timeouts N] [--without RULE] [-v]`.
 *
 * All 64 directed graphs of three servers and all 1,024 undirected ones of five (link_graph.h), with silent and with broken
 * links, each from every leader, with equal logs and with each other server behind. --without pre-vote|check-quorum takes a
 * rule away: then it must fail. A failure names the world; -v shows the transcript of the first. Ends after five of them, and
 * closes with a line for each number of servers.
 */
#include "link_graph.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FAILURES_MAX 5
#define CHANGES_MAX 8

struct sum {
    uint64_t worlds, judged, failed;
    uint32_t slowest_ms, latest_ms;
    uint64_t changes[CHANGES_MAX + 1]; /* worlds with so many leaders since the cut; the last: or more */
};

static void add(struct sum *sum, const struct graph_case *c, bool verbose)
{
    struct graph_report report;
    bool fine = graph_world(c, &report, false);

    sum->worlds++;
    sum->failed += !fine;
    if (!fine && verbose && sum->failed == 1)
        graph_world(c, &report, true);
    if (!report.judged)
        return;
    sum->judged++;
    sum->changes[report.changes < CHANGES_MAX ? report.changes : CHANGES_MAX]++;
    if (report.working_ms > sum->slowest_ms)
        sum->slowest_ms = report.working_ms;
    if (report.last_ms > sum->latest_ms)
        sum->latest_ms = report.last_ms;
}

static void every_situation(struct sum *sum, struct graph_case c, bool verbose)
{
    for (c.leader = 1; c.leader <= c.n; c.leader++)
        for (c.behind = 0; c.behind <= c.n; c.behind++)
            if (c.behind != c.leader && sum->failed < FAILURES_MAX) {
                c.seed++;
                add(sum, &c, verbose);
            }
}

static void show(const struct sum *sum, uint32_t n)
{
    printf("%u servers: %llu worlds, %llu judged, %llu failed; working after at most %u ms; leaders since the cut:", n,
           (unsigned long long)sum->worlds, (unsigned long long)sum->judged, (unsigned long long)sum->failed, sum->slowest_ms);
    for (uint32_t i = 0; i <= CHANGES_MAX; i++)
        if (sum->changes[i] > 0)
            printf(" %u%s in %llu,", i, i == CHANGES_MAX ? "+" : "", (unsigned long long)sum->changes[i]);
    printf(" the last after %u ms\n", sum->latest_ms);
}

static void every_graph(struct sum *sum, struct graph_case c, bool verbose)
{
    uint32_t graphs = c.n == 3 ? 64 : 1024;

    for (uint32_t bits = 0; bits < graphs; bits++) {
        c.links = c.n == 3 ? graph_directed(3, bits) : graph_undirected(5, bits);
        c.broken = false;
        every_situation(sum, c, verbose);
        c.broken = true;
        every_situation(sum, c, verbose);
    }
    show(sum, c.n);
}

static bool parse(struct graph_case *c, int argc, char **argv, bool *verbose)
{
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";

        if (strcmp(argv[i], "-v") == 0) {
            *verbose = true;
            continue;
        }
        if (strcmp(argv[i], "--n") == 0 && (strcmp(value, "3") == 0 || strcmp(value, "5") == 0))
            c->n = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--seed") == 0)
            c->seed = strtoull(value, NULL, 10);
        else if (strcmp(argv[i], "--timeouts") == 0)
            c->timeouts = (uint32_t)atoi(value);
        else if (strcmp(argv[i], "--without") == 0 && strcmp(value, "pre-vote") == 0)
            c->without = GRAPH_WITHOUT_PRE_VOTE;
        else if (strcmp(argv[i], "--without") == 0 && strcmp(value, "check-quorum") == 0)
            c->without = GRAPH_WITHOUT_CHECK_QUORUM;
        else
            return false;
        i++;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct graph_case c = {.timeouts = 100, .seed = 1};
    struct sum three = {0}, five = {0};
    bool verbose = false;
    uint32_t n;

    if (!parse(&c, argc, argv, &verbose))
        return fprintf(stderr, "usage: link_graphs [--n 3|5] [--seed N] [--timeouts N] [--without RULE] [-v]\n"), 2;
    n = c.n;
    c.n = 3;
    if (n != 5)
        every_graph(&three, c, verbose);
    c.n = 5;
    if (n != 3)
        every_graph(&five, c, verbose);
    return three.failed + five.failed == 0 ? 0 : 1;
}
