/* cli.h - what the commands of coordcli share. A command is one file with one function, listed in commands.c.
 *
 * coordcli stands on the public header alone. Data goes to stdout, words for people to stderr. Reads that a lost connection
 * fails are done again; a write never is, because it may have taken effect.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "coord/client.h"

#include <stdio.h>

enum cli_exit { CLI_DONE = 0, CLI_REFUSED = 1, CLI_USAGE = 2, CLI_LOST = 3 };

struct cli {
    struct coord_client *client;
    const char *servers;
    uint32_t timeout_ms;
    bool interactive;
    char **proofs; /* SCHEME:PROOF, for every session; owned */
    size_t proof_count;
};

struct command {
    const char *name, *arguments, *summary;
    /* argv[0] is the name; getopt starts afresh. Returns an exit code and has said what was wrong. */
    int (*run)(struct cli *cli, int argc, char **argv);
};

/* commands.c */
int cli_run(struct cli *cli, int argc, char **argv);
void cli_print_commands(FILE *to);
int cli_usage(const char *command); /* says how it is used; returns CLI_USAGE */
int cli_cmd_help(struct cli *cli, int argc, char **argv);

/* main.c: see to a handle in cli->client, a new one if the session was lost; a new one is waited for until it is connected.
 * For each command to call when its arguments are fine. Returns an exit code and has said what was wrong. */
int cli_connect(struct cli *cli);
bool cli_alive(const struct cli *cli); /* there is a handle, and its session is not lost */

/* interactive.c: lines from stdin until its end or `quit`. Returns the highest exit code of the commands. */
int cli_interactive(struct cli *cli);
bool cli_interrupted(void); /* Ctrl-C since the command began; never outside interactive mode */

/* report.c: say why `what` (an operation's name) of this path failed; returns the exit code for it. */
int cli_fail_read(const struct cli *cli, const char *what, const char *path, int error);
int cli_fail_write(const struct cli *cli, const char *what, const char *path, int error);
void cli_hint_size(int error, size_t size);     /* whether a value of this size may be why a connection was lost */
const char *cli_problem(const struct cli *cli); /* why there is no connection */
void cli_print_stat(const struct coord_stat *stat);
bool cli_parse_version(const char *text, int32_t *version); /* false: said that it is no number */

/* retry.c: reads that outlive lost connections. */
int cli_get(struct cli *cli, const char *path, void **data, size_t *size, struct coord_stat *stat);
int cli_stat(struct cli *cli, const char *path, struct coord_stat *stat);
int cli_get_acl(struct cli *cli, const char *path, struct coord_acl **acl, size_t *count);
int cli_children(struct cli *cli, const char *path, char ***names, size_t *count);
struct cli_page {
    char **names; /* to be freed */
    size_t count;
    bool more;
};
int cli_page(struct cli *cli, const char *path, const char *after, uint32_t count, struct cli_page *page);
int cli_count(struct cli *cli, const char *path, size_t *count);
int cli_ephemerals(struct cli *cli, const char *prefix, char ***paths, size_t *count);
int cli_who_am_i(struct cli *cli, struct coord_acl **ids, size_t *count);

/* path.c */
struct paths {
    char **list;
    size_t count;
};
/* Make the nodes above this path as far as they are missing. Returns an exit code. */
int cli_make_parents(struct cli *cli, const char *what, const char *path);
/* Every path from this one down, sorted: a parent stands before its children. Nodes that go meanwhile are left out. Returns an
 * exit code; paths_free() in any case. */
int cli_walk(struct cli *cli, const char *what, const char *path, struct paths *paths);
void paths_free(struct paths *paths);

/* value.c: the value that an argument stands for: itself, `-` all of stdin, `@FILE` a file's content. Returns an exit code; on
 * success *data is to be freed. */
int cli_value(const struct cli *cli, const char *argument, void **data, size_t *size);

/* new_node.c: the arguments of a create, argv[0] being its name. False: said what was wrong, or that is for the caller to say.
 * What it points to is argv's and, until cli_new_node_free(), its own; it does not move. */
#define CLI_ACL_MAX 256
struct new_node {
    struct coord_create_options how;
    const char *path, *value;
    bool parents;
    struct coord_acl acl[CLI_ACL_MAX];
    char *acl_text;
};
bool cli_parse_new_node(int argc, char **argv, struct new_node *node);
void cli_new_node_free(struct new_node *node);

/* watch_tree.c: print what changes at a path and below it, until interrupted. Returns an exit code. */
int cli_watch_tree(struct cli *cli, const char *path, bool once);

/* cmd_acl.c: the entries of SCHEME:ID:PERMS,... which is cut in place. Their number; 0: said what is wrong. */
size_t cli_parse_acl(char *text, struct coord_acl list[CLI_ACL_MAX]);
/* Keep a proof for every session to come; false: said why not. Give one to the present session; returns an exit
 * code. */
bool cli_prove(struct cli *cli, const char *proof);
int cli_use_proof(struct cli *cli, const char *proof);

int cli_cmd_auth(struct cli *cli, int argc, char **argv);
int cli_cmd_getacl(struct cli *cli, int argc, char **argv);
int cli_cmd_setacl(struct cli *cli, int argc, char **argv);
int cli_cmd_count(struct cli *cli, int argc, char **argv);
int cli_cmd_create(struct cli *cli, int argc, char **argv);
int cli_cmd_delete(struct cli *cli, int argc, char **argv);
int cli_cmd_ephemerals(struct cli *cli, int argc, char **argv);
int cli_cmd_get(struct cli *cli, int argc, char **argv);
int cli_cmd_ls(struct cli *cli, int argc, char **argv);
int cli_cmd_multi(struct cli *cli, int argc, char **argv);
int cli_cmd_set(struct cli *cli, int argc, char **argv);
int cli_cmd_stat(struct cli *cli, int argc, char **argv);
int cli_cmd_sync(struct cli *cli, int argc, char **argv);
int cli_cmd_watch(struct cli *cli, int argc, char **argv);
int cli_cmd_whoami(struct cli *cli, int argc, char **argv);

#endif
