/* cmd_acl.c - getacl and setacl: a list as SCHEME:ID:PERMS, one a line or separated by commas; auth: prove an id. */
#include "cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char letters[] = "rwcda"; /* in the order of the bits */

static void print_entry(const struct coord_acl *acl)
{
    printf("%s:%s:", acl->scheme, acl->id);
    for (const char *c = "cdrwa"; *c != '\0'; c++)
        if (acl->perms >> (strchr(letters, *c) - letters) & 1)
            putchar(*c);
    putchar('\n');
}

int cli_cmd_getacl(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct coord_acl *acl;
    size_t count;
    int rc, code;

    if (getopt_long(argc, argv, "", options, NULL) != -1 || argc - optind != 1)
        return cli_usage("getacl");
    code = cli_connect(cli);
    if (code != CLI_DONE)
        return code;
    rc = cli_get_acl(cli, argv[optind], &acl, &count);
    if (rc < 0)
        return cli_fail_read(cli, "getacl", argv[optind], rc);
    for (size_t i = 0; i < count; i++)
        print_entry(&acl[i]);
    free(acl);
    return CLI_DONE;
}

/* "SCHEME:ID:PERMS" cut into its parts, in place: the id may have colons of its own. */
static bool parse_entry(char *text, struct coord_acl *acl)
{
    char *id = strchr(text, ':'), *perms = strrchr(text, ':');

    if (id == NULL || perms == id)
        return false;
    *id = *perms = '\0';
    *acl = (struct coord_acl){.scheme = text, .id = id + 1};
    for (const char *c = perms + 1; *c != '\0'; c++) {
        const char *letter = strchr(letters, *c);
        if (letter == NULL)
            return false;
        acl->perms |= 1 << (letter - letters);
    }
    return true;
}

size_t cli_parse_acl(char *text, struct coord_acl list[CLI_ACL_MAX])
{
    size_t count = 0;

    while (text != NULL) {
        char *next = strchr(text, ',');
        if (next != NULL)
            *next++ = '\0';
        if (count == CLI_ACL_MAX || !parse_entry(text, &list[count++])) {
            fprintf(stderr, "coordcli: the list must be SCHEME:ID:PERMS,... with PERMS of c, d, r, w and a\n");
            return 0;
        }
        text = next;
    }
    return count;
}

int cli_cmd_setacl(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    struct coord_acl list[CLI_ACL_MAX];
    int32_t version = COORD_VERSION_ANY;
    const char *path;
    char *text;
    size_t count;
    int rc, code;

    for (int c; (c = getopt_long(argc, argv, "v:", options, NULL)) != -1;)
        if (c != 'v' || !cli_parse_version(optarg, &version))
            return cli_usage("setacl");
    if (argc - optind != 2)
        return cli_usage("setacl");
    path = argv[optind];
    text = strdup(argv[optind + 1]);
    if (text == NULL || (count = cli_parse_acl(text, list)) == 0) {
        free(text);
        return CLI_USAGE;
    }
    code = cli_connect(cli);
    if (code == CLI_DONE) {
        rc = coord_set_acl(cli->client, path, list, count, version, NULL);
        code = rc < 0 ? cli_fail_write(cli, "setacl", path, rc) : CLI_DONE;
    }
    free(text);
    return code;
}

bool cli_prove(struct cli *cli, const char *proof)
{
    const char *colon = strchr(proof, ':');
    char **more;

    if (colon == NULL || colon == proof) {
        fprintf(stderr, "coordcli: %s is not SCHEME:PROOF, as in digest:USER:PASSWORD\n", proof);
        return false;
    }
    more = realloc(cli->proofs, (cli->proof_count + 1) * sizeof(*more));
    if (more != NULL) {
        cli->proofs = more;
        more[cli->proof_count] = strdup(proof);
    }
    if (more == NULL || more[cli->proof_count] == NULL) {
        fprintf(stderr, "coordcli: out of memory\n");
        return false;
    }
    cli->proof_count++;
    return true;
}

int cli_use_proof(struct cli *cli, const char *proof)
{
    const char *colon = strchr(proof, ':');
    char *scheme = strndup(proof, (size_t)(colon - proof));
    int rc = scheme == NULL ? -COORD_E_NO_MEMORY : coord_add_auth(cli->client, scheme, colon + 1, strlen(colon + 1));

    free(scheme);
    if (rc == 0)
        return CLI_DONE;
    fprintf(stderr, "coordcli: auth: %s\n", coord_error_text(rc));
    return CLI_LOST;
}

/* It is proven to the server only with what comes next; a sync tells at once whether it was accepted. */
int cli_cmd_auth(struct cli *cli, int argc, char **argv)
{
    static const struct option options[] = {{0}};
    int rc, code;

    if (getopt_long(argc, argv, "", options, NULL) != -1 || argc - optind != 1)
        return cli_usage("auth");
    if (!cli_prove(cli, argv[optind]))
        return CLI_USAGE;
    code = cli_alive(cli) ? cli_use_proof(cli, argv[optind]) : cli_connect(cli); /* a new session is given all proofs */
    if (code != CLI_DONE)
        return code;
    rc = coord_sync(cli->client, "/");
    if (rc == 0)
        return CLI_DONE;
    free(cli->proofs[--cli->proof_count]); /* not tried again with the next session */
    return cli_fail_write(cli, "auth", argv[optind], rc);
}
