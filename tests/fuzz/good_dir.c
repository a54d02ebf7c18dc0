/* good_dir.c - see good_dir.h. */
#include "fuzz/good_dir.h"

#include "base/assert.h"
#include "base/zxid.h"

struct world *good_dir(unsigned kind)
{
    struct world *w = world_new();

    COORD_ASSERT(w != NULL && world_promise(w) && world_append(w, false, 3, 100) && world_accepted(w) && world_mark(w));
    if (kind > 0)
        COORD_ASSERT(world_append(w, false, 9, 500) && world_snapshot(w, zxid_make(1, 7)) && world_append(w, true, 4, 300) &&
                     world_cut(w, zxid_make(2, 2)) && world_append(w, true, 2, 50));
    if (kind > 1)
        COORD_ASSERT(world_snapshot(w, zxid_make(2, 1)) && world_prepare(w) && world_append(w, false, 12, 900) &&
                     world_snapshot(w, zxid_make(3, 9)) && world_prepare(w) && world_promise(w));
    COORD_ASSERT(store_finish(w->store) == 0);
    world_crash(w, NULL, FAKE_FS_LOSE);
    return w;
}
