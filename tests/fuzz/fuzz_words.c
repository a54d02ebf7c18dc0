/* fuzz_words.c - four-letter words: four bytes, a byte of how the server is, a list of those allowed (u8 length), then the
 * numbers of the status. */
#include "base/assert.h"
#include "fuzz/fuzz.h"
#include "report/report.h"

#include <string.h>

static bool next_client(void *context, struct status_client *client)
{
    uint32_t *left = context;

    memset(client, 0, sizeof(*client));
    memset(client->address, 'a', sizeof(client->address) - 1);
    return (*left)-- > 0;
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
    const struct status_server servers[] = {{in.left > 0 ? in.at[0] : 0, list, 2888, how & 8 ? list : NULL, 2181}};
    memset(&s, 0, sizeof(s));
    fuzz_fill(&in, &s.zxid, offsetof(struct status, latency_avg_ms) - offsetof(struct status, zxid));
    fuzz_fill(&in, &s.received, offsetof(struct status, data_dir) - offsetof(struct status, received));
    s.mode = (enum status_mode)(how % 4);
    s.serving = how & 4;
    s.version = s.data_dir = s.log_dir = list;
    s.servers = servers;
    s.server_count = how >> 3 & 1;
    s.next_client = next_client;
    s.context = &clients;
    report_whitelist_unknown(list, name);
    const struct report_word *w = report_word_find(word);
    if (w != NULL && w->print != NULL && report_word_allowed(w, how & 4 ? "*" : list))
        w->print(&text, &s);
    else if (w != NULL)
        report_word_refused(&text, w);
    COORD_ASSERT(w == NULL || buf_size(&text) > 0);
    buf_deinit(&text);
    return 0;
}
