/* main.c - coordcli: options, the connection, and the command. */
#include "cli.h"

#include "config.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdlib.h>

#define SERVERS_DEFAULT "127.0.0.1:2181"
#define TIMEOUT_MS_DEFAULT 10000
#define TIMEOUT_MS_MAX 3600000
#define PATIENCE_MS 1000 /* before it says that no server answers yet */

static void print_usage(FILE *to)
{
    fprintf(to,
            "usage: coordcli [-s HOST:PORT,...] [--auth SCHEME:PROOF] [--timeout MS] [COMMAND ...]\n"
            "Without a command: interactive.\n\n"
            "  -s, --servers HOST:PORT,...   any servers of the ensemble; else from COORD_SERVERS; else %s\n"
            "      --timeout MS              session time-out, and how long to wait for a server; %d\n"
            "      --auth SCHEME:PROOF       prove an id, as in digest:USER:PASSWORD; may be given several times\n"
            "  -h, --help                    print this\n"
            "      --version                 print the version\n\n",
            SERVERS_DEFAULT, TIMEOUT_MS_DEFAULT);
    cli_print_commands(to);
    fprintf(to, "\nExit codes: 0 done, 1 refused by the server, 2 usage, 3 no server or lost session.\n");
}

static bool parse_timeout(const char *text, uint32_t *timeout_ms)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < 1 || value > TIMEOUT_MS_MAX)
        return false;
    *timeout_ms = (uint32_t)value;
    return true;
}

/* Wait for a server; after a while say so. */
static int await_server(struct cli *cli)
{
    uint32_t first_ms = cli->timeout_ms < PATIENCE_MS ? cli->timeout_ms : PATIENCE_MS;
    int rc = coord_connect(cli->client, first_ms);

    if (rc == -COORD_E_OPERATION_TIMEOUT && cli->timeout_ms > first_ms) {
        fprintf(stderr, "coordcli: no server answers yet (%s: %s); trying for %u s\n", coord_client_server(cli->client),
                cli_problem(cli), (unsigned)(cli->timeout_ms - first_ms + 999) / 1000);
        rc = coord_connect(cli->client, cli->timeout_ms - first_ms);
    }
    if (rc == 0)
        return CLI_DONE;
    fprintf(stderr, "coordcli: no server answers (%s: %s)\n", coord_client_server(cli->client),
            rc == -COORD_E_OPERATION_TIMEOUT ? cli_problem(cli) : coord_error_text(rc));
    return CLI_LOST;
}

bool cli_alive(const struct cli *cli)
{
    enum coord_state state = cli->client != NULL ? coord_client_state(cli->client) : COORD_STATE_CLOSED;

    return state != COORD_STATE_EXPIRED && state != COORD_STATE_CLOSED;
}

int cli_connect(struct cli *cli)
{
    struct coord_options options = {.servers = cli->servers, .timeout_ms = cli->timeout_ms};
    int rc;

    if (cli_alive(cli))
        return CLI_DONE; /* the command itself waits for a server */
    if (cli->client != NULL) {
        fprintf(stderr, "coordcli: the session is lost, beginning a new one\n");
        coord_client_free(cli->client);
        cli->client = NULL;
    }
    rc = coord_client_new(&cli->client, &options);
    if (rc == -COORD_E_BAD_ARGUMENTS) {
        fprintf(stderr, "coordcli: %s is no list of servers (HOST:PORT,HOST:PORT)\n", cli->servers);
        return CLI_USAGE;
    }
    if (rc < 0) {
        fprintf(stderr, "coordcli: %s\n", coord_error_text(rc));
        return CLI_LOST;
    }
    for (size_t i = 0; i < cli->proof_count; i++) {
        int code = cli_use_proof(cli, cli->proofs[i]);
        if (code != CLI_DONE)
            return code;
    }
    return await_server(cli);
}

/* Leave no session behind, but do not wait for a server just for that. */
static void disconnect(struct cli *cli)
{
    if (cli->client != NULL && coord_client_state(cli->client) == COORD_STATE_CONNECTED)
        (void)coord_close(cli->client);
    coord_client_free(cli->client);
    while (cli->proof_count > 0)
        free(cli->proofs[--cli->proof_count]);
    free(cli->proofs);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"servers", required_argument, NULL, 's'}, {"timeout", required_argument, NULL, 't'},
        {"auth", required_argument, NULL, 'a'},    {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},       {0}};
    const char *named = getenv("COORD_SERVERS");
    struct cli cli = {.servers = named != NULL && *named != '\0' ? named : SERVERS_DEFAULT, .timeout_ms = TIMEOUT_MS_DEFAULT};
    int code;

    setlocale(LC_CTYPE, "");
    for (int c; (c = getopt_long(argc, argv, "+s:h", options, NULL)) != -1;) {
        if (c == 's') {
            cli.servers = optarg;
        } else if (c == 'a') {
            if (!cli_prove(&cli, optarg))
                return CLI_USAGE;
        } else if (c == 'h') {
            print_usage(stdout);
            return CLI_DONE;
        } else if (c == 'v') {
            printf("coordcli %s\n", PACKAGE_VERSION);
            return CLI_DONE;
        } else if (c != 't' || !parse_timeout(optarg, &cli.timeout_ms)) {
            if (c == 't')
                fprintf(stderr, "coordcli: %s is no number of milliseconds\n", optarg);
            fprintf(stderr, "coordcli --help tells how it is used\n");
            return CLI_USAGE;
        }
    }
    if (optind < argc)
        code = cli_run(&cli, argc - optind, argv + optind);
    else if ((code = cli_connect(&cli)) == CLI_DONE)
        code = cli_interactive(&cli);
    disconnect(&cli);
    return code;
}
