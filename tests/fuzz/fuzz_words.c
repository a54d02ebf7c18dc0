/* fuzz_words.c - four-letter words: four bytes, a byte of how the server is, a list of those allowed (u8 length), then the
 * numbers of the status. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "report/report.h"

#include <string.h>

/* As many of each as the low byte of `at` has not counted yet. */
static bool next_client(void *context, uint64_t *at, struct status_client *client)
{
    memset(client, 0, sizeof(*client));
    memset(client->address, 'a', sizeof(client->address) - 1);
    client->session = *at;
    client->last_op = (int32_t)*at - 12;
    return (*at)++ < *(uint32_t *)context;
}

static bool next_session(void *context, uint64_t *at, struct status_session *session)
{
    *session = (struct status_session){*at, 4000, (uint32_t)*at};
    return (*at)++ < *(uint32_t *)context;
}

static bool next_ephemeral(void *context, uint64_t session, uint64_t *at, struct buf *path)
{
    if (*at >= *(uint32_t *)context)
        return false;
    buf_printf(path, "/%llu/%llu", (unsigned long long)session, (unsigned long long)(*at)++);
    return true;
}

static bool watches(void *context, bool by_session, uint32_t max, status_watch_cb each, void *each_context)
{
    uint32_t n = *(uint32_t *)context;

    for (uint32_t i = 0; i < n && i < max; i++)
        each(each_context, by_session ? i / 2 : i, slice_make("/a/b", 4));
    return n % 2 == 0;
}

static void reset(void *context, bool connections)
{
    *(uint32_t *)context += connections;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_in in = {data, size};
    struct status s;
    uint8_t word[4];
    char list[256], name[32];
    struct buf text = {0};

    fuzz_fill(&in, word, sizeof(word));
    uint32_t how = fuzz_u8(&in), clients = how >> 4, list_size = fuzz_u8(&in);
    fuzz_fill(&in, list, list_size);
    list[list_size] = '\0';
    memset(&s, 0, sizeof(s));
    fuzz_fill(&in, &s.zxid, offsetof(struct status, client_port) - offsetof(struct status, zxid));
    fuzz_fill(&in, &s.data_dir_bytes, offsetof(struct status, members) - offsetof(struct status, data_dir_bytes));
    s.mode = (enum status_mode)(how % 5);
    s.serving = how & 4;
    s.version = s.data_dir = s.log_dir = list;
    s.members = slice_make(list, how & 8 ? list_size : 0);
    s.lists = (struct status_lists){next_client, next_session, next_ephemeral, watches, reset, NULL, &clients};
    report_whitelist_unknown(list, name);
    const struct report_word *w = report_word_find(word);
    struct report_place place = {0};
    if (w != NULL && report_word_allowed(w, how & 4 ? "*" : list))
        while (report_print(w, &text, &s, &place))
            ;
    else if (w != NULL)
        report_word_refused(&text, w);
    COORD_ASSERT(w == NULL || buf_size(&text) > 0);
    buf_deinit(&text);
    return 0;
}
