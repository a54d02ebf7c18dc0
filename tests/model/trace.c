/* trace.c - printing the way to what is broken. */
#include "model/trace.h"

#include "base/assert.h"
#include "base/buf.h"
#include "base/zxid.h"

#include <stdio.h>
#include <string.h>

#define TYPE_SHIFT 28
#define INDEX_SHIFT 24

uint32_t trace_pack(const struct action *action)
{
    COORD_ASSERT(action->argument < 1u << INDEX_SHIFT);
    return (uint32_t)action->type << TYPE_SHIFT | action->index << INDEX_SHIFT | action->argument;
}

static struct action unpack(uint32_t packed)
{
    return (struct action){.type = (enum event_type)(packed >> TYPE_SHIFT),
                           .index = packed >> INDEX_SHIFT & 15,
                           .argument = packed & ((1u << INDEX_SHIFT) - 1)};
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

/* The world as it is printed: servers by the names they had at the start. */
struct printed {
    struct world *world;
    uint32_t node[MODEL_SERVERS_MAX], lines;
    uint32_t name; /* of rename.h, which gives a server of the explored state the name that it has here */
};

static void show_action(struct printed *p, const struct action *action)
{
    static const char *const names[] = {"deliver", "campaign", "submit", "nudge", "disk", "crash and restart", "wipe"};
    struct machine *m = &p->world->machine;
    uint32_t index = p->world->rename.name[p->name][action->index], argument = action->argument;
    struct effects e;

    if (action->type == EVENT_DELIVER)
        argument = rename_message(&p->world->rename, argument, p->name);
    e = *machine_step(m, p->node[index], action->type, argument);
    printf("%3u %c %s ", ++p->lines, (char)('A' + index), names[action->type]);
    if (action->type == EVENT_DELIVER)
        show_message(m, argument);
    else if (action->type == EVENT_CAMPAIGN)
        printf("for epoch %u", argument);
    printf("\n");
    for (uint32_t i = 0; i < e.sent_count; i++) {
        printf("        leaves: ");
        show_message(m, e.sent[i]);
        printf("\n");
    }
    p->node[index] = e.node;
    show_server(m, e.node);
}

/* The name that undoes `given` and then gives `old`. */
static uint32_t name_behind(const struct rename *r, uint32_t old, uint32_t given)
{
    for (uint32_t k = 0; k < r->name_count; k++) {
        bool right = true;
        for (uint32_t i = 0; i < r->servers; i++)
            right = right && r->name[k][r->name[given][i]] == r->name[old][i];
        if (right)
            return k;
    }
    COORD_ASSERT(false);
    return 0;
}

void trace_show(struct world *w, const uint32_t *actions, uint32_t count)
{
    static struct passage how;
    struct printed p = {.world = w};
    struct state state, next;

    world_start(w, &state);
    memcpy(p.node, state.node, sizeof(p.node));
    for (uint32_t k = 0; k < count; k++) {
        struct action action = unpack(actions[k]);
        bool went = world_step(w, &state, &action, &next, &how);

        COORD_ASSERT(went);
        show_action(&p, &action);
        for (uint32_t i = 0; i < how.answer_count; i++)
            show_action(&p, &(struct action){EVENT_DELIVER, net_mail(&w->net, how.answer[i])->to, how.answer[i]});
        if (how.broken != NULL)
            break;
        p.name = name_behind(&w->rename, p.name, how.name);
        state = next;
    }
    printf("broken: %s\n", how.broken != NULL ? how.broken : "nothing");
}
