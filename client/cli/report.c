/* report.c - what coordcli says about errors and nodes. */
#include "cli.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#define LARGE_BYTES 1000000

const char *cli_problem(const struct cli *cli)
{
    const char *problem = coord_client_problem(cli->client);

    return *problem != '\0' ? problem : "no answer";
}

static int fail(const struct cli *cli, const char *what, const char *path, int error, const char *lost_hint)
{
    fprintf(stderr, "coordcli: %s%s%s: ", what, *path != '\0' ? " " : "", path);
    switch (-error) {
    case COORD_E_CONNECTION_LOSS:
        fprintf(stderr, "connection lost (%s)%s\n", cli_problem(cli), lost_hint);
        return CLI_LOST;
    case COORD_E_OPERATION_TIMEOUT:
        fprintf(stderr, "no server answers (%s: %s); nothing was sent\n", coord_client_server(cli->client), cli_problem(cli));
        return CLI_LOST;
    case COORD_E_SESSION_EXPIRED:
    case COORD_E_CLOSING:
        fprintf(stderr, "%s\n", coord_error_text(error));
        return CLI_LOST;
    case COORD_E_AUTH_REQUIRED:
        fprintf(stderr, "%s; see --auth\n", coord_error_text(error));
        return CLI_REFUSED;
    default:
        fprintf(stderr, "%s\n", coord_error_text(error));
        return CLI_REFUSED;
    }
}

int cli_fail_read(const struct cli *cli, const char *what, const char *path, int error)
{
    return fail(cli, what, path, error, "");
}

int cli_fail_write(const struct cli *cli, const char *what, const char *path, int error)
{
    return fail(cli, what, path, error, "; outcome unknown: the change was made or not");
}

void cli_hint_size(int error, size_t size)
{
    if (error == -COORD_E_CONNECTION_LOSS && size > LARGE_BYTES)
        fprintf(stderr, "coordcli: the value has %zu bytes; a server closes the connection above its jute.maxbuffer, 1 MiB\n",
                size);
}

static void print_time(const char *key, int64_t ms)
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm parts;
    char text[32];

    if (gmtime_r(&seconds, &parts) == NULL || strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts) == 0) {
        printf("%s = %" PRId64 " ms\n", key, ms);
        return;
    }
    printf("%s = %s.%03dZ\n", key, text, (int)(ms % 1000));
}

/* ZooKeeper's names and order. */
void cli_print_stat(const struct coord_stat *stat)
{
    printf("cZxid = 0x%" PRIx64 "\n", (uint64_t)stat->czxid);
    print_time("ctime", stat->ctime_ms);
    printf("mZxid = 0x%" PRIx64 "\n", (uint64_t)stat->mzxid);
    print_time("mtime", stat->mtime_ms);
    printf("pZxid = 0x%" PRIx64 "\n", (uint64_t)stat->pzxid);
    printf("cversion = %" PRId32 "\n", stat->cversion);
    printf("dataVersion = %" PRId32 "\n", stat->version);
    printf("aclVersion = %" PRId32 "\n", stat->aversion);
    printf("ephemeralOwner = 0x%" PRIx64 "\n", (uint64_t)stat->ephemeral_owner);
    printf("dataLength = %" PRId32 "\n", stat->data_length);
    printf("numChildren = %" PRId32 "\n", stat->num_children);
}

bool cli_parse_version(const char *text, int32_t *version)
{
    char *end;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < -1 || value > INT32_MAX) {
        fprintf(stderr, "coordcli: %s is no version\n", text);
        return false;
    }
    *version = (int32_t)value;
    return true;
}
