/* words.h - a line cut into words, as a shell does: blanks part them, quotes keep them together. Pure. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#define WORDS_MAX 64

/* Cuts `line` in place. 'as it is', "with \" and \\ escaped", a\ b. words gets the words and a NULL. Returns how many, at most
 * WORDS_MAX; -1: a quote is not closed; -2: too many. */
int words_split(char *line, char *words[WORDS_MAX + 1]);

#endif
