/* test_client_words.c - lines cut into words. */
#include "cli/words.h"
#include "lib/runner.h"

#include <stdio.h>
#include <string.h>

TEST(words, lines_are_cut_as_a_shell_does)
{
    static const struct {
        const char *line;
        int count;
        const char *joined; /* by | */
    } rows[] = {
        {"", 0, ""},
        {"   \t ", 0, ""},
        {"get /a", 2, "get|/a"},
        {"  get   /a  ", 2, "get|/a"},
        {"set /a 'b c'", 3, "set|/a|b c"},
        {"set /a \"b \\\"c\\\" \\\\ d\"", 3, "set|/a|b \"c\" \\ d"},
        {"set /a ''", 3, "set|/a|"},
        {"a\\ b c'd'\"e\"", 2, "a b|cde"},
        {"'a\\b'", 1, "a\\b"},
        {"a\\", 1, "a\\"},
        {"it\"'\"s", 1, "it's"},
        {"'open", -1, ""},
        {"\"open\\\"", -1, ""},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        char line[128], joined[128] = "", *words[WORDS_MAX + 1];
        int count;

        snprintf(line, sizeof(line), "%s", rows[i].line);
        count = words_split(line, words);
        CHECK_EQ_INT(count, rows[i].count, "row %zu", i);
        for (int k = 0; k < count; k++) {
            strcat(joined, k > 0 ? "|" : "");
            strcat(joined, words[k]);
        }
        CHECK_EQ_STR(joined, rows[i].joined, "row %zu", i);
        CHECK(count < 0 || words[count] == NULL);
    }
}

TEST(words, their_number_is_limited)
{
    char line[2 * WORDS_MAX + 3], *words[WORDS_MAX + 1];

    for (int i = 0; i <= WORDS_MAX; i++)
        memcpy(line + 2 * i, "a ", 2);
    line[2 * WORDS_MAX] = '\0';
    CHECK_EQ_INT(words_split(line, words), WORDS_MAX);
    for (int i = 0; i <= WORDS_MAX; i++)
        memcpy(line + 2 * i, "a ", 2);
    line[2 * WORDS_MAX + 2] = '\0';
    CHECK_EQ_INT(words_split(line, words), -2);
}
