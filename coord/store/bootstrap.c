/* bootstrap.c - a first log that holds FORM alone: the ensemble is formed by one server's command (C16). See store.h.
 *
 * The server promises epoch 1 to itself, writes FORM as entry 1.1 and accepts epoch 1, as a leader of epoch 1 would have
 * left it. The voters named then elect a leader under C11 from this log.
 */
#include "store/store_internal.h"

#include "base/assert.h"
#include "base/error.h"
#include "base/zxid.h"

#include <stdio.h>

static const char *refuse_entries = "the directory holds entries already: an ensemble is formed once only";

static struct batch *form_batch(const struct form *form)
{
    struct buf body = {0}, encoded = {0};
    struct entry e = {.kind = ENTRY_FORM, .zxid = zxid_make(1, 1)};
    struct batch *b;

    form_append(&body, form);
    e.body = buf_slice(&body);
    entry_append(&encoded, &e);
    b = batch_new(buf_slice(&encoded));
    COORD_ASSERT(b != NULL);
    buf_deinit(&body);
    buf_deinit(&encoded);
    return b;
}

static void write_form(struct store *s, const struct form *form, struct job *j, uint32_t boot, uint64_t incarnation)
{
    struct job_piece piece = {form_batch(form), 0, 1};

    j->persist = (struct paxos_persist){
        .seq = 1,
        .set_promised = true,
        .promised = {.epoch = 1, .server = s->options.server, .boot = boot, .incarnation = incarnation},
        .append_count = 1,
        .append_first = zxid_make(1, 1),
        .append_last = zxid_make(1, 1),
        .set_accepted = true,
        .accepted = 1,
    };
    j->pieces = &piece;
    j->piece_count = 1;
    j->cluster = form->cluster;
    store_run(s, j);
    batch_unref(piece.batch);
}

int store_bootstrap(struct fs *fs, const struct store_options *options, struct form *form, const char **text)
{
    static char failure[STORE_TEXT_BYTES];
    struct store_recovered r;
    struct store *s;
    struct job j = {.type = JOB_PERSIST};

    COORD_TRY(store_open(fs, options, &s, &r, text));
    if (!runs_empty(&r.paxos.log) || r.cluster != 0) {
        *text = refuse_entries;
        store_close(s);
        return -COORD_E_EXISTS;
    }
    for (uint32_t i = 0; i < form->count; i++)
        if (form->voter[i].id == options->server)
            form->voter[i].incarnation = r.incarnation;
    write_form(s, form, &j, r.boot, r.incarnation);
    if (j.err < 0) {
        snprintf(failure, sizeof(failure), "%s", store_failure(s));
        *text = failure;
    }
    store_close(s);
    return j.err;
}
