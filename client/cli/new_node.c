/* new_node.c - the arguments of a create, as a command or as an operation of a multi. */
#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static bool parse_ttl(const char *text, int64_t *ttl_ms)
{
    char *end;
    long long value;

    errno = 0;
    value = strtoll(text, &end, 10);
    if (*text == '\0' || *end != '\0' || errno != 0 || value < 1 || value > COORD_TTL_MS_MAX) {
        fprintf(stderr, "coordcli: %s is no time to live: milliseconds, from 1 to %lld\n", text, (long long)COORD_TTL_MS_MAX);
        return false;
    }
    *ttl_ms = value;
    return true;
}

/* The list replaces one given before. */
static bool parse_acl(const char *text, struct new_node *node)
{
    free(node->acl_text);
    node->acl_text = strdup(text);
    node->how.acl = node->acl;
    node->how.acl_count = node->acl_text == NULL ? 0 : cli_parse_acl(node->acl_text, node->acl);
    return node->how.acl_count > 0;
}

/* False: the options do not go together. */
static bool choose_mode(struct new_node *node, bool ephemeral, bool sequential, bool container)
{
    bool ttl = node->how.ttl_ms != 0;

    if ((int)ephemeral + (int)container + (int)ttl > 1 || (container && sequential))
        return false;
    if (container)
        node->how.mode = COORD_CONTAINER;
    else if (ttl)
        node->how.mode = sequential ? COORD_PERSISTENT_SEQUENTIAL_TTL : COORD_PERSISTENT_TTL;
    else if (ephemeral)
        node->how.mode = sequential ? COORD_EPHEMERAL_SEQUENTIAL : COORD_EPHEMERAL;
    else
        node->how.mode = sequential ? COORD_PERSISTENT_SEQUENTIAL : COORD_PERSISTENT;
    return true;
}

bool cli_parse_new_node(int argc, char **argv, struct new_node *node)
{
    static const struct option options[] = {{"acl", required_argument, NULL, 'a'},
                                            {"container", no_argument, NULL, 'c'},
                                            {"ttl", required_argument, NULL, 't'},
                                            {0}};
    bool ephemeral = false, sequential = false, container = false, right = true;

    *node = (struct new_node){.value = ""};
    optind = 0;
    for (int c; right && (c = getopt_long(argc, argv, "esp", options, NULL)) != -1;) {
        ephemeral = ephemeral || c == 'e';
        sequential = sequential || c == 's';
        container = container || c == 'c';
        node->parents = node->parents || c == 'p';
        right = c != '?' && (c != 'a' || parse_acl(optarg, node)) && (c != 't' || parse_ttl(optarg, &node->how.ttl_ms));
    }
    if (!right || (argc - optind != 1 && argc - optind != 2) || !choose_mode(node, ephemeral, sequential, container)) {
        cli_new_node_free(node);
        return false;
    }
    node->path = argv[optind];
    if (argc - optind == 2)
        node->value = argv[optind + 1];
    return true;
}

void cli_new_node_free(struct new_node *node)
{
    free(node->acl_text);
    node->acl_text = NULL;
}
