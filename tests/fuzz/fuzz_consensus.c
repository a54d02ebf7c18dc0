/* fuzz_consensus.c - bytes as a schedule of three to seven consensus cores: which letter arrives, is lost or doubled, when the
 * disks go on, who crashes and starts. After each step paxos_check() and the oracle of tests/script judge. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "script/oracle.h"
#include "script/world.h"

#include <stdio.h>

static void act(struct world *w, uint32_t op, uint32_t arg)
{
    static const char *const values[] = {"a", "b", "c", "d"};
    struct server *s = &w->server[arg % w->count], *other = &w->server[(arg >> 4) % w->count];
    struct letter *l = w->letter_count == 0 ? NULL : world_nth_letter(w, arg % w->letter_count);

    if (op < 96 && l != NULL) {
        world_deliver(w, l);
    } else if (op < 104 && l != NULL) {
        world_copy_letter(w, l);
    } else if (op < 112 && l != NULL) {
        world_drop(w, l);
    } else if (op < 152) {
        for (uint32_t n = arg >> 4; world_disk_step(w, s) && n > 0; n--)
            ;
    } else if (op < 192) {
        for (uint32_t i = 0; i < w->count; i++)
            world_tick(w, &w->server[i], i == arg % 8 ? arg * 2 : arg / 2);
    } else if (op < 216) {
        world_submit(w, s, values, 1 + arg % 4);
    } else if (op < 222) {
        world_crash(w, s);
    } else if (op < 236) {
        world_start(w, s);
    } else if (op < 242 && s != other) {
        world_link(w, s, other, !w->linked[s->id - 1][other->id - 1]);
    } else if (op < 248) {
        world_snapshot(w, s, arg >> 7 != 0);
    } else if (op < 252) {
        world_barrier(w, s);
    } else {
        world_hand_over(w, s);
    }
    while (w->letter_count > 100)
        world_drop(w, w->letters);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    struct fuzz_in in = {data, size};
    uint32_t how = fuzz_u8(&in);

    world_init(&w, how % 16 == 15 ? 7 : how % 8 == 7 ? 5 : 3, how);
    w.options.counter_max = how & 16 ? 4 : w.options.counter_max;
    if ((how & 32) == 0)
        world_form_all(&w);
    for (uint32_t i = 0; i < w.count; i++)
        world_start(&w, &w.server[i]);
    for (uint32_t steps = 0; in.left > 0 && steps < 2000 && w.broken[0] == '\0'; steps++) {
        uint32_t op = fuzz_u8(&in);
        act(&w, op, fuzz_u8(&in));
    }
    if (w.broken[0] != '\0')
        fprintf(stderr, "%s\n", w.broken);
    COORD_ASSERT(w.broken[0] == '\0');
    world_deinit(&w);
    return 0;
}
