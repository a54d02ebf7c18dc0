/* peer_print.c - a message as one line of text, for transcripts and logs. */
#include "base/zxid.h"
#include "wire/peer.h"
#include "wire/peer_table.h"

#include <inttypes.h>

/* "[floor=1.5 2.1-7 3.1-2]"; "[]" when empty. */
static void print_runs(struct buf *b, const struct runs *r)
{
    const char *separator = "";

    buf_printf(b, "[");
    if (r->floor != 0) {
        buf_printf(b, "floor=" ZXID_FMT, ZXID_ARG(r->floor));
        separator = " ";
    }
    for (uint32_t i = 0; i < r->count; i++, separator = " ")
        buf_printf(b, "%s%" PRIu32 ".%" PRIu32 "-%" PRIu32, separator, r->run[i].epoch, r->run[i].first, r->run[i].last);
    buf_printf(b, "]");
}

void peer_print(struct buf *b, const struct peer_msg *m)
{
    const struct peer_table *table = peer_table(m->type);

    buf_printf(b, "%s", peer_type_name(m->type));
    for (unsigned i = 0; table != NULL && i < table->count; i++) {
        const struct peer_field *f = &table->fields[i];
        const void *from = peer_fields(m) + f->offset;

        buf_printf(b, " %s=", f->name);
        switch ((enum peer_kind)f->kind) {
        case PEER_KIND_u32:
            buf_printf(b, "%" PRIu32, *(const uint32_t *)from);
            break;
        case PEER_KIND_u64:
            buf_printf(b, "%" PRIu64, *(const uint64_t *)from);
            break;
        case PEER_KIND_zxid:
            buf_printf(b, ZXID_FMT, ZXID_ARG(*(const uint64_t *)from));
            break;
        case PEER_KIND_hex:
            buf_printf(b, "%016" PRIx64, *(const uint64_t *)from);
            break;
        case PEER_KIND_runs:
            print_runs(b, from);
            break;
        }
    }
    if (m->payload.size > 0)
        buf_printf(b, " payload=%zu", m->payload.size);
}
