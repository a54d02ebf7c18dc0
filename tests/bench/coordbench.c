/* coordbench.c - load for servers that speak ZooKeeper's client protocol: throughput, latency, CPU per operation.
 *
 * One thread, one epoll: each connection keeps `outstanding` requests in flight and sends as many new ones as replies came,
 * in one write (closed loop). A request is a copy of a frame encoded before the run and a reply is checked at four fixed
 * places, so that the measuring costs little next to what is measured. Works alike on coord and on ZooKeeper.
 *
 * A latency is the time from the write that carried the request to the read that brought its reply.
 */
#include "bench/cpu.h"
#include "bench/histogram.h"
#include "bench/options.h"
#include "bench/requests.h"
#include "bench/session.h"

#include "base/alloc.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define DRAIN_S 30 /* how long the last replies may take */
#define SECOND_NS 1000000000u

struct result {
    double seconds;
    uint64_t server_cpu_us, own_cpu_us;
};

static uint64_t clock_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * SECOND_NS + (uint64_t)t.tv_nsec;
}

static void watch(int epoll_fd, int how, struct bench_session *s, bool want_write)
{
    struct epoll_event event = {.events = EPOLLIN | (want_write ? EPOLLOUT : 0u), .data.ptr = s};

    if (epoll_ctl(epoll_fd, how, s->fd, &event) != 0) {
        perror("coordbench: epoll_ctl");
        exit(1);
    }
}

/* Serve what is ready until the deadline; with refill, new requests are sent for answered ones. */
static void turn(int epoll_fd, uint64_t deadline_ns, bool refill, struct histogram *h)
{
    struct epoll_event events[EVENTS_MAX];
    uint64_t now = clock_ns();
    int wait_ms = now >= deadline_ns ? 0 : (int)((deadline_ns - now) / 1000000 + 1);
    int count = epoll_wait(epoll_fd, events, EVENTS_MAX, wait_ms);

    for (int i = 0; i < count; i++) {
        struct bench_session *s = events[i].data.ptr;
        bool was_blocked = (events[i].events & EPOLLOUT) != 0, is_blocked = buf_size(&s->out) > 0;

        if (was_blocked)
            is_blocked = bench_session_flush(s);
        if ((events[i].events & ~(uint32_t)EPOLLOUT) != 0) {
            now = clock_ns();
            bench_session_read(s, now, h);
        }
        if (refill && !is_blocked)
            is_blocked = bench_session_fill(s, now);
        if (is_blocked != was_blocked)
            watch(epoll_fd, EPOLL_CTL_MOD, s, is_blocked);
    }
}

static void run_until(int epoll_fd, uint64_t deadline_ns, struct histogram *h)
{
    while (clock_ns() < deadline_ns)
        turn(epoll_fd, deadline_ns, true, h);
}

static void drain(int epoll_fd, const struct bench_session *sessions, uint32_t count, struct histogram *h)
{
    uint64_t deadline = clock_ns() + (uint64_t)DRAIN_S * SECOND_NS;

    for (uint32_t i = 0; i < count; i++) {
        while (sessions[i].in_flight > 0 && clock_ns() < deadline)
            turn(epoll_fd, deadline, false, h);
        if (sessions[i].in_flight > 0) {
            fprintf(stderr, "coordbench: %u requests without a reply after %d s\n", sessions[i].in_flight, DRAIN_S);
            exit(1);
        }
    }
}

static void measure(const struct bench_options *o, struct bench_session *sessions, struct histogram *h, struct result *result)
{
    static struct histogram unmeasured;
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    pid_t self = getpid();
    uint64_t start, end;

    for (uint32_t i = 0; i < o->connections; i++)
        watch(epoll_fd, EPOLL_CTL_ADD, &sessions[i], bench_session_fill(&sessions[i], clock_ns()));
    run_until(epoll_fd, clock_ns() + (uint64_t)o->warmup_s * SECOND_NS, &unmeasured);

    start = clock_ns();
    result->server_cpu_us = cpu_us_of(o->pids, o->pid_count);
    result->own_cpu_us = cpu_us_of(&self, 1);
    run_until(epoll_fd, start + (uint64_t)o->seconds * SECOND_NS, h);
    end = clock_ns();
    result->server_cpu_us = cpu_us_of(o->pids, o->pid_count) - result->server_cpu_us;
    result->own_cpu_us = cpu_us_of(&self, 1) - result->own_cpu_us;
    result->seconds = (double)(end - start) / SECOND_NS;

    drain(epoll_fd, sessions, o->connections, &unmeasured);
    close(epoll_fd);
}

static void print(const struct bench_options *o, const struct histogram *h, const struct result *r)
{
    static const double percents[] = {50, 90, 99, 99.9};
    static const char *const names[] = {"p50", "p90", "p99", "p99.9"};
    double count = h->count > 0 ? (double)h->count : 1;
    double throughput = (double)h->count / r->seconds;
    double server_us = (double)r->server_cpu_us / count, own_us = (double)r->own_cpu_us / count;

    if (o->json) {
        printf("{\"op\": \"%s\", \"servers\": %u, \"connections\": %u, \"outstanding\": %u, \"size\": %u, \"reads\": %u, "
               "\"keys\": %u, \"seconds\": %.3f, \"operations\": %" PRIu64 ", \"per_second\": %.1f, ",
               bench_op_name(o->op), o->server_count, o->connections, o->outstanding, o->size, o->reads, o->keys, r->seconds,
               h->count, throughput);
        for (uint32_t i = 0; i < 4; i++)
            printf("\"%s_us\": %.1f, ", names[i], (double)histogram_percentile(h, percents[i]) / 1000);
        printf("\"max_us\": %.1f, \"server_cpu_us_per_op\": %.3f, \"client_cpu_us_per_op\": %.3f}\n", (double)h->max / 1000,
               server_us, own_us);
        return;
    }
    printf("%s: %.0f/s, %" PRIu64 " in %.2f s (%u connections, %u outstanding, %u bytes, %u servers)\n", bench_op_name(o->op),
           throughput, h->count, r->seconds, o->connections, o->outstanding, o->size, o->server_count);
    printf("latency us:");
    for (uint32_t i = 0; i < 4; i++)
        printf(" %s %.1f", names[i], (double)histogram_percentile(h, percents[i]) / 1000);
    printf(" max %.1f\ncpu us per operation:", (double)h->max / 1000);
    if (o->pid_count > 0)
        printf(" servers %.2f", server_us);
    printf(" coordbench %.2f\n", own_us);
}

int main(int argc, char **argv)
{
    static struct histogram measured;
    struct bench_options options;
    struct bench_requests requests;
    struct bench_session *sessions;
    struct result result;

    bench_options_read(&options, argc, argv);
    bench_requests_init(&requests, &options);
    sessions = coord_alloc_zero(options.connections, sizeof(sessions[0]));
    for (uint32_t i = 0; i < options.connections; i++)
        bench_session_open(&sessions[i], &options, &requests, i);
    bench_session_make_tree(&sessions[0]);
    for (uint32_t i = 0; i < options.connections; i++)
        bench_session_sync(&sessions[i]);

    measure(&options, sessions, &measured, &result);

    for (uint32_t i = 0; i < options.connections; i++)
        bench_session_close(&sessions[i]);
    coord_free(sessions);
    bench_requests_deinit(&requests);
    print(&options, &measured, &result);
    return 0;
}
