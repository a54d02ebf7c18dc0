/* interactive.c - commands from stdin, one a line: with editing and history on a terminal, plain otherwise.
 *
 * While it waits for input the session is kept alive. Ctrl-C ends a running watch; at the prompt it leaves.
 */
#include "cli.h"
#include "words.h"

#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP_ALIVE_MS 200
#define HISTORY_LINES 1000

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

/* One byte of stdin: 1; 0: end or Ctrl-C. */
static int next_byte(struct cli *cli, char *byte)
{
    static char buffer[4096];
    static size_t at, end;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t got;

    if (at == end) {
        while (poll(&input, 1, KEEP_ALIVE_MS) == 0 && !cli_interrupted())
            if (cli->client != NULL)
                coord_run(cli->client, 0);
        got = cli_interrupted() ? 0 : read(STDIN_FILENO, buffer, sizeof(buffer));
        if (got <= 0)
            return 0;
        at = 0;
        end = (size_t)got;
    }
    *byte = buffer[at++];
    return 1;
}

/* False: leave. */
static bool run_line(struct cli *cli, char *line, int *worst)
{
    char *words[WORDS_MAX + 1];
    int count = words_split(line, words), code;

    if (count == 0 || (count > 0 && words[0][0] == '#'))
        return true;
    if (count == 1 && (strcmp(words[0], "quit") == 0 || strcmp(words[0], "exit") == 0))
        return false;
    if (count < 0) {
        fprintf(stderr, count == -1 ? "coordcli: a quote is not closed\n" : "coordcli: too many words\n");
        code = CLI_USAGE;
    } else {
        interrupted = 0;
        code = cli_run(cli, count, words);
        interrupted = 0;
    }
    *worst = code > *worst ? code : *worst;
    return true;
}

static int run_plain(struct cli *cli)
{
    size_t size = 0, capacity = 0;
    char *line = NULL, byte = '\0';
    int worst = CLI_DONE;
    bool more = true;

    while (more) {
        more = next_byte(cli, &byte) == 1;
        if (size + 1 >= capacity) {
            char *longer = realloc(line, capacity = capacity * 2 + 256);
            if (longer == NULL)
                break;
            line = longer;
        }
        if (more && byte != '\n') {
            line[size++] = byte;
            continue;
        }
        line[size] = '\0';
        size = 0;
        more = run_line(cli, line, &worst) && more;
    }
    free(line);
    return worst;
}

static int edit_byte(EditLine *edit, wchar_t *to)
{
    struct cli *cli;
    char bytes[8];
    mbstate_t state = {0};

    el_get(edit, EL_CLIENTDATA, &cli);
    for (size_t size = 0; size < sizeof(bytes); size++) {
        size_t rc;
        if (next_byte(cli, &bytes[size]) == 0)
            return 0;
        memset(&state, 0, sizeof(state));
        rc = mbrtowc(to, bytes, size + 1, &state);
        if (rc == (size_t)-1)
            break;
        if (rc != (size_t)-2)
            return 1;
    }
    *to = L'?';
    return 1;
}

static char *prompt(EditLine *edit)
{
    static char text[] = "coord> ";

    (void)edit;
    return text;
}

static int run_edited(struct cli *cli)
{
    EditLine *edit = el_init("coordcli", stdin, stdout, stderr);
    History *lines = history_init();
    HistEvent event;
    const char *typed;
    int count, worst = CLI_DONE;
    bool more = true;

    if (edit == NULL || lines == NULL) {
        fprintf(stderr, "coordcli: out of memory\n");
        return CLI_REFUSED;
    }
    history(lines, &event, H_SETSIZE, HISTORY_LINES);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_PROMPT, prompt);
    el_set(edit, EL_HIST, history, lines);
    el_set(edit, EL_CLIENTDATA, cli);
    el_set(edit, EL_GETCFN, edit_byte);
    el_source(edit, NULL);
    while (more && (typed = el_gets(edit, &count)) != NULL && count > 0) {
        char *line = strdup(typed);
        if (line == NULL)
            break;
        if (line[0] != '\n')
            history(lines, &event, H_ENTER, typed);
        more = run_line(cli, line, &worst);
        free(line);
    }
    if (more)
        putchar('\n'); /* after Ctrl-D the prompt stands alone */
    history_end(lines);
    el_end(edit);
    return worst;
}

int cli_interactive(struct cli *cli)
{
    struct sigaction action = {.sa_handler = on_interrupt}; /* no SA_RESTART: poll() is to return */

    cli->interactive = true;
    sigaction(SIGINT, &action, NULL);
    return isatty(STDIN_FILENO) ? run_edited(cli) : run_plain(cli);
}
