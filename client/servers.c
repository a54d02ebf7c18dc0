/* servers.c - "host:port,host:port" into its parts. Pure. */
#include "servers.h"

#include "coord/client.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct span {
    const char *at;
    size_t size;
};

static struct span trim(struct span s)
{
    for (; s.size > 0 && isspace((unsigned char)s.at[0]); s.at++)
        s.size--;
    while (s.size > 0 && isspace((unsigned char)s.at[s.size - 1]))
        s.size--;
    return s;
}

static bool port_valid(struct span port)
{
    unsigned value = 0;

    for (size_t i = 0; i < port.size; i++) {
        if (port.at[i] < '0' || port.at[i] > '9' || value > 65535)
            return false;
        value = value * 10 + (unsigned)(port.at[i] - '0');
    }
    return value >= 1 && value <= 65535;
}

/* Cut "host", "host:port", "[v6]", "[v6]:port". */
static bool split(struct span item, struct span *host, struct span *port)
{
    const char *end = item.at + item.size, *host_end, *rest;

    *port = (struct span){SERVERS_PORT_DEFAULT, strlen(SERVERS_PORT_DEFAULT)};
    if (item.size > 0 && item.at[0] == '[') {
        host_end = memchr(item.at, ']', item.size);
        if (host_end == NULL)
            return false;
        *host = (struct span){item.at + 1, (size_t)(host_end - item.at - 1)};
        rest = host_end + 1;
    } else {
        host_end = memchr(item.at, ':', item.size);
        rest = host_end = host_end != NULL ? host_end : end;
        *host = (struct span){item.at, (size_t)(host_end - item.at)};
    }
    if (rest < end && *rest != ':')
        return false;
    if (rest < end)
        *port = (struct span){rest + 1, (size_t)(end - rest - 1)};
    return host->size > 0 && memchr(host->at, '/', host->size) == NULL && port_valid(*port);
}

/* All three texts in one block that `host` owns. */
static int server_init(struct server *server, struct span item)
{
    struct span host, port;
    char *block;

    if (!split(item, &host, &port))
        return -COORD_E_BAD_ARGUMENTS;
    block = malloc(2 * (host.size + port.size) + 6);
    if (block == NULL)
        return -COORD_E_NO_MEMORY;
    server->host = block;
    memcpy(server->host, host.at, host.size);
    server->host[host.size] = '\0';
    server->port = server->host + host.size + 1;
    memcpy(server->port, port.at, port.size);
    server->port[port.size] = '\0';
    server->text = server->port + port.size + 1;
    sprintf(server->text, strchr(server->host, ':') != NULL ? "[%s]:%s" : "%s:%s", server->host, server->port);
    return 0;
}

int servers_parse(struct servers *s, const char *text)
{
    uint32_t count = 1;
    int rc = 0;

    *s = (struct servers){0};
    if (text == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    for (const char *at = text; *at != '\0'; at++)
        count += *at == ',';
    s->list = calloc(count, sizeof(*s->list));
    if (s->list == NULL)
        return -COORD_E_NO_MEMORY;
    while (s->count < count && rc == 0) {
        size_t size = strcspn(text, ",");
        rc = server_init(&s->list[s->count], trim((struct span){text, size}));
        s->count += rc == 0;
        text += size + 1;
    }
    if (rc < 0)
        servers_deinit(s);
    return rc;
}

void servers_deinit(struct servers *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        free(s->list[i].host);
    free(s->list);
    *s = (struct servers){0};
}
