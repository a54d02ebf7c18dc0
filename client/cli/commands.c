/* commands.c - the table of commands. */
#include "cli.h"

#include <getopt.h>
#include <string.h>

static const struct command commands[] = {
    {"get", "PATH [--raw | --stat]", "print the value and a newline; --raw: exactly its bytes; --stat: the stat too",
     cli_cmd_get},
    {"set", "PATH VALUE|-|@FILE [-v VERSION | --create]", "change the value; --create: make node and parents", cli_cmd_set},
    {"create", "PATH [VALUE|-|@FILE] [-e] [-s] [-p] [--container | --ttl MS] [--acl SCHEME:ID:PERMS,...]",
     "make a node and print its path; -e: ephemeral, -s: sequential, -p: parents too; --container: goes after its last child;\n"
     "        --ttl: goes when it has no children and was not set for so long; --acl: who may do what, as with setacl",
     cli_cmd_create},
    {"delete", "PATH [-v VERSION] [-r]", "delete a node; -r: with all below it", cli_cmd_delete},
    {"ls", "PATH [-R | --page COUNT]",
     "list the children; -R: all paths from here down; --page: so many with each answer, as for more than 10,000 anyway",
     cli_cmd_ls},
    {"multi", "[OPERATION...]",
     "do all of several operations or none; each is an argument, or without any a line of stdin: create PATH [VALUE|@FILE]\n"
     "        (options as above), set PATH VALUE|@FILE [-v VERSION], delete PATH [-v VERSION], check PATH [-v VERSION]",
     cli_cmd_multi},
    {"count", "PATH", "print how many nodes there are below, at any depth", cli_cmd_count},
    {"stat", "PATH", "print what is known of a node besides its value", cli_cmd_stat},
    {"watch", "PATH [--once] [--recursive]",
     "print a line for each change of the node or its children; --recursive: of it and all below it", cli_cmd_watch},
    {"getacl", "PATH", "print the access list, an entry SCHEME:ID:PERMS a line", cli_cmd_getacl},
    {"setacl", "PATH SCHEME:ID:PERMS,... [-v VERSION]",
     "change the access list; PERMS: c create, d delete, r read, w write, a admin; auth::PERMS is for who asks",
     cli_cmd_setacl},
    {"auth", "SCHEME:PROOF", "prove an id, as in digest:USER:PASSWORD", cli_cmd_auth},
    {"whoami", "", "print who the server takes this session for, SCHEME:ID a line", cli_cmd_whoami},
    {"ephemerals", "[PREFIX]", "list the paths of this session's own ephemeral nodes that begin with PREFIX",
     cli_cmd_ephemerals},
    {"sync", "[PATH]", "wait until this server knows all that was written anywhere", cli_cmd_sync},
    {"help", "", "print this list", cli_cmd_help},
};

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int cli_run(struct cli *cli, int argc, char **argv)
{
    const struct command *command = find(argv[0]);
    int code;

    if (command == NULL) {
        fprintf(stderr, "coordcli: there is no command %s; try `help`\n", argv[0]);
        return CLI_USAGE;
    }
    optind = 0; /* getopt begins anew */
    code = command->run(cli, argc, argv);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "coordcli: stdout cannot be written\n");
        clearerr(stdout);
        return code != CLI_DONE ? code : CLI_REFUSED;
    }
    return code;
}

void cli_print_commands(FILE *to)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(to, "  %s%s%s\n        %s\n", commands[i].name, commands[i].arguments[0] == 0 ? "" : " ", commands[i].arguments,
                commands[i].summary);
}

int cli_usage(const char *command)
{
    const struct command *of = find(command);

    fprintf(stderr, "usage: %s %s\n", of->name, of->arguments);
    return CLI_USAGE;
}

int cli_cmd_help(struct cli *cli, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    cli_print_commands(stdout);
    if (cli->interactive)
        printf("  quit\n        leave; also at the end of input\n");
    return CLI_DONE;
}
