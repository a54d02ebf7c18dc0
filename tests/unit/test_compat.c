/* test_compat.c - docs/compat.md names every operation and every four-letter word, and no word that there is not. The keys of
 * configurations are compared by test_config.c, those of mntr by test_report.c. */
#include "base/fs.h"
#include "lib/runner.h"
#include "report/report.h"
#include "state/op.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { OPCODE_LOW = -1000, OPCODE_HIGH = 100000 };

/* What stands between two headlines of the page. */
static struct slice section(struct buf *page, const char *from, const char *to)
{
    const char *start, *end;

    REQUIRE(fs_read_file(fs_posix(), COORD_SOURCE_DIR "/docs/compat.md", page, 1 << 20) == 0);
    buf_append(page, "", 1);
    start = strstr((const char *)buf_bytes(page), from);
    REQUIRE(start != NULL, "%s", from);
    end = strstr(start, to);
    REQUIRE(end != NULL, "%s", to);
    return slice_make((const uint8_t *)start, (size_t)(end - start));
}

/* As a word of its own: setWatches is not named by setWatches2. */
static bool names(struct slice text, const char *word)
{
    size_t size = strlen(word);

    for (size_t at = 1; at + size < text.size; at++)
        if (memcmp(text.data + at, word, size) == 0 && !isalnum(text.data[at - 1]) && !isalnum(text.data[at + size]))
            return true;
    return false;
}

TEST(compat, names_every_operation)
{
    struct buf page = {0};
    struct slice text = section(&page, "\n## Operations\n", "\n## Behaviour\n");
    unsigned count = 0;

    for (int32_t code = OPCODE_LOW; code < OPCODE_HIGH; code++) {
        const struct op_desc *op = op_find(code) != NULL ? op_find(code) : op_find_inner(code);
        char numbered[80];

        if (op == NULL)
            continue;
        CHECK(names(text, op->name), "docs/compat.md does not name %s", op->name);
        snprintf(numbered, sizeof(numbered), code < ZK_OP_LIST_PAGE ? "%s %d" : "%s (%d)", op->name, (int)code);
        CHECK(code < ZK_OP_FILTERED_LIST || strstr((const char *)text.data, numbered) != NULL, "nor %s", numbered);
        count++;
    }
    CHECK(count > 35, "%u", count);
    buf_deinit(&page);
}

/* Words stand in the first cell of each row; every one of the letters is tried for those that the table forgot. */
TEST(compat, names_every_word_and_no_other)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    struct buf page = {0};
    struct slice text = section(&page, "\n| word | here |\n| --- | --- |", "\nKeys of ZooKeeper's mntr");
    unsigned named = 0, there = 0;

    for (const char *row = (const char *)text.data;
         (row = strstr(row, "\n| ")) != NULL && row < (const char *)text.data + text.size;) {
        const char *end = strstr(row += 3, " |");
        for (const char *word = row; word + 4 <= end; word += 6) { /* a comma and a blank between two */
            CHECK(strncmp(word, "word", 4) == 0 || strncmp(word, "---", 3) == 0 ||
                      report_word_find((const uint8_t *)word) != NULL,
                  "there is no %.4s", word);
            named += report_word_find((const uint8_t *)word) != NULL;
        }
    }
    for (unsigned i = 0; i < 26 * 26 * 26 * 26; i++) {
        const char word[5] = {letters[i / 17576], letters[i / 676 % 26], letters[i / 26 % 26], letters[i % 26], '\0'};
        if (report_word_find((const uint8_t *)word) == NULL)
            continue;
        CHECK(names(text, word), "docs/compat.md does not name %s", word);
        there++;
    }
    CHECK_EQ_INT(named, there);
    CHECK(there > 15, "%u", there);
    buf_deinit(&page);
}
