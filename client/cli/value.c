/* value.c - where a value comes from. Any bytes, whatever their source. */
#include "cli.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int read_all(FILE *from, const char *name, void **data, size_t *size)
{
    size_t capacity = 64 << 10, got = 0;
    char *bytes = malloc(capacity);

    while (bytes != NULL && !feof(from) && !ferror(from) && got <= COORD_REQUEST_BYTES_MAX) {
        got += fread(bytes + got, 1, capacity - got, from);
        if (got == capacity) {
            char *more = realloc(bytes, capacity *= 2);
            if (more == NULL)
                free(bytes);
            bytes = more;
        }
    }
    if (bytes == NULL || ferror(from) || got > COORD_REQUEST_BYTES_MAX) {
        fprintf(stderr, "coordcli: %s: %s\n", name,
                bytes == NULL  ? "out of memory"
                : ferror(from) ? strerror(errno)
                               : "larger than any server takes");
        free(bytes);
        return CLI_USAGE;
    }
    *data = bytes;
    *size = got;
    return CLI_DONE;
}

static int read_file(const char *name, void **data, size_t *size)
{
    FILE *from = fopen(name, "rb");
    int code;

    if (from == NULL) {
        fprintf(stderr, "coordcli: %s: %s\n", name, strerror(errno));
        return CLI_USAGE;
    }
    code = read_all(from, name, data, size);
    fclose(from);
    return code;
}

int cli_value(const struct cli *cli, const char *argument, void **data, size_t *size)
{
    if (strcmp(argument, "-") == 0) {
        if (cli->interactive) {
            fprintf(stderr, "coordcli: stdin is where the commands come from; use @FILE\n");
            return CLI_USAGE;
        }
        return read_all(stdin, "stdin", data, size);
    }
    if (argument[0] == '@')
        return read_file(argument + 1, data, size);
    *size = strlen(argument);
    *data = strdup(argument);
    if (*data == NULL)
        fprintf(stderr, "coordcli: out of memory\n");
    return *data != NULL ? CLI_DONE : CLI_REFUSED;
}
