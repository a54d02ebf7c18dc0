/* words.c - the words of a line. What is read never overtakes what is written, so the line is its own output. Pure. */
#include "words.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>

/* Moves one word from *from to *to, without its quotes, and ends it. False: a quote is not closed. */
static bool take_word(char **from, char **to)
{
    char quote = '\0', *in = *from, *out = *to;
    bool more;

    for (; *in != '\0' && (quote != '\0' || !isspace((unsigned char)*in)); in++) {
        if (quote == '\0' && (*in == '\'' || *in == '"'))
            quote = *in;
        else if (*in == quote)
            quote = '\0';
        else if (*in == '\\' && quote != '\'' && in[1] != '\0')
            *out++ = *++in;
        else
            *out++ = *in;
    }
    more = *in != '\0';
    *from = more ? in + 1 : in;
    *out = '\0';
    *to = out + 1;
    return quote == '\0';
}

int words_split(char *line, char *words[WORDS_MAX + 1])
{
    char *from = line, *to = line;
    int count = 0;

    for (;;) {
        while (isspace((unsigned char)*from))
            from++;
        if (*from == '\0')
            break;
        if (count == WORDS_MAX)
            return -2;
        words[count++] = to;
        if (!take_word(&from, &to))
            return -1;
    }
    words[count] = NULL;
    return count;
}
