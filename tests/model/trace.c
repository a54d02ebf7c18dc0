/* trace.c - printing the way to what is broken. */
#include "model/trace.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/zxid.h"

#include <stdio.h>
#include <string.h>

#define TYPE_SHIFT 28
#define INDEX_SHIFT 24

uint32_t trace_action(enum event_type type, uint32_t index, uint32_t argument)
{
    COORD_ASSERT(argument < 1u << INDEX_SHIFT);
    return (uint32_t)type << TYPE_SHIFT | index << INDEX_SHIFT | argument;
}

static void show_message(const struct machine *m, uint32_t number)
{
    struct peer_msg msg;
    struct buf text = {0};

    machine_message(m, number, &msg);
    peer_print(&text, &msg);
    printf("%c->%c %.*s", (char)('@' + msg.from), (char)('@' + msg.to), (int)buf_size(&text), (const char *)buf_bytes(&text));
    buf_deinit(&text);
}

static void show_log(const struct shape *s)
{
    const char *comma = "";

    printf("[");
    for (uint32_t e = 1; e < MODEL_EPOCHS_MAX; e++)
        if (s->count[e] > 0) {
            printf("%s%u.1-%u", comma, e, s->count[e]);
            comma = " ";
        }
    printf("]");
}

static void show_server(const struct machine *m, uint32_t number)
{
    const struct summary *s = &m->summaries[number];

    printf("        %c: disk promised=%u accepted=%u log=", (char)('A' + s->index), s->promised, s->accepted);
    show_log(&s->log);
    printf(", %s", paxos_role_name((enum paxos_role)s->role));
    if (s->epoch != 0)
        printf(" %u", s->epoch);
    printf(", applied=" ZXID_FMT ", %u persists under way\n", ZXID_ARG(shape_last(&s->applied)), s->write_count);
}

void trace_show(struct machine *m, const uint32_t *actions, uint32_t count, const char *broken)
{
    static const char *const names[] = {"deliver", "campaign", "submit", "nudge", "disk", "crash and restart", "wipe"};
    uint32_t node[MODEL_SERVERS_MAX];

    for (uint32_t i = 0; i < m->servers; i++)
        node[i] = machine_start(m, i);
    for (uint32_t k = 0; k < count; k++) {
        enum event_type type = (enum event_type)(actions[k] >> TYPE_SHIFT);
        uint32_t index = actions[k] >> INDEX_SHIFT & 15, argument = actions[k] & ((1u << INDEX_SHIFT) - 1);
        const struct effects *e = machine_step(m, node[index], type, argument);

        printf("%3u %c %s ", k + 1, (char)('A' + index), names[type]);
        if (type == EVENT_DELIVER)
            show_message(m, argument);
        else if (type == EVENT_CAMPAIGN)
            printf("for epoch %u", argument);
        printf("\n");
        for (uint32_t i = 0; i < e->sent_count; i++) {
            printf("        leaves: ");
            show_message(m, e->sent[i]);
            printf("\n");
        }
        node[index] = e->node;
        show_server(m, node[index]);
    }
    printf("broken: %s\n", broken);
}
