/* fault_sweep.c - see fault_sweep.h. */
#include "unit/fault_sweep.h"

#include "base/error.h"
#include "lib/runner.h"

enum { ROUNDS = 4 }; /* kinds that must be told, then those that may pass; with each code */

static unsigned kinds(const struct sweep *s)
{
    return s->round < ROUNDS / 2 ? FAKE_FS_ANY & ~s->may_pass : s->may_pass;
}

bool sweep_next(struct sweep *s)
{
    s->round += s->beyond;
    s->at = s->beyond ? 1 : s->at + 1;
    s->beyond = false;
    s->code = s->round % 2 == 0 ? COORD_E_IO : COORD_E_NO_SPACE;
    return s->round < ROUNDS;
}

void sweep_arm(struct sweep *s, struct fake_fs *f)
{
    s->fake = f;
    s->before = fake_fs_calls(f, kinds(s));
    fake_fs_fail(f, kinds(s), s->at, s->code);
}

void sweep_told(struct sweep *s, bool told)
{
    uint64_t calls = fake_fs_calls(s->fake, kinds(s)) - s->before;

    s->beyond = calls < s->at;
    s->told += told;
    CHECK(told ? !s->beyond : s->beyond || kinds(s) == s->may_pass, "call %lu of %lu of kinds %x: %s", s->at, calls, kinds(s),
          told ? "told, and did not fail" : "failed, and was not told");
    fake_fs_fail(s->fake, 0, 0, 0);
}
