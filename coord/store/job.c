/* job.c - making, naming and freeing storage jobs; see job.h. */
#include "store/job.h"

#include "base/alloc.h"
#include "base/error.h"
#include "state/state.h"

enum job_lane job_lane(enum job_type type)
{
    return type <= JOB_TRIM ? JOB_LANE_WAL : JOB_LANE_SNAP;
}

bool job_harmless(enum job_type type, int err)
{
    switch (type) {
    case JOB_READ_LOG:
        return err == -COORD_E_TRIMMED || err == -COORD_E_NO_ENTRY;
    case JOB_SNAP_BEGIN:
    case JOB_SNAP_CHUNK:
    case JOB_SNAP_COMMIT:
    case JOB_SNAP_RECEIVE:
        return err == -COORD_E_NO_SPACE;
    case JOB_SNAP_READ:
        return err == -COORD_E_TRIMMED;
    case JOB_SNAP_RECEIVED:
        return err == -COORD_E_DAMAGED || err == -COORD_E_FOREIGN || err == -COORD_E_NO_SPACE;
    case JOB_LOAD:
        return err == -COORD_E_DAMAGED;
    default:
        return false;
    }
}

const char *job_type_name(enum job_type type)
{
    static const char *const names[] = {
        [JOB_PERSIST] = "persist",
        [JOB_READ_LOG] = "read_log",
        [JOB_MARK] = "mark",
        [JOB_INSTALL] = "install",
        [JOB_TRIM] = "trim",
        [JOB_SNAP_BEGIN] = "snap_begin",
        [JOB_SNAP_CHUNK] = "snap_chunk",
        [JOB_SNAP_COMMIT] = "snap_commit",
        [JOB_SNAP_ABORT] = "snap_abort",
        [JOB_SNAP_READ] = "snap_read",
        [JOB_SNAP_RECEIVE] = "snap_receive",
        [JOB_SNAP_RECEIVED] = "snap_received",
        [JOB_LOAD] = "load",
    };

    return names[type];
}

struct job *job_new(enum job_type type)
{
    struct job *j = coord_alloc_zero(1, sizeof(*j));

    list_init(&j->link);
    j->type = type;
    return j;
}

void job_free(struct job *j)
{
    for (uint32_t i = 0; i < j->piece_count; i++)
        batch_unref(j->pieces[i].batch);
    coord_free(j->pieces);
    buf_deinit(&j->bytes);
    if (j->state != NULL)
        state_free(j->state);
    coord_free(j);
}
