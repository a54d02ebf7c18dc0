/* config_server.c - one line `server.N=host:port[:port][:role][;[address:]clientport]`. Main thread.
 *
 * The first port is for peers; the second, ZooKeeper's for elections, is only shown to clients, who read the lines again in
 * /zookeeper/config: nobody listens there. An IPv6 address stands in brackets. Role participant is the only one here.
 */
#include "base/alloc.h"
#include "host/config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A number of up to five digits and at most max at *text, which then stands behind it; -1 when there is none. */
static int take_number(const char **text, int max)
{
    int number = 0, digits = 0;

    for (; isdigit((unsigned char)**text) && digits < 6; (*text)++, digits++)
        number = number * 10 + (**text - '0');
    return digits > 0 && digits < 6 && number <= max ? number : -1;
}

/* A host name or address up to ':' or `end`, brackets taken off; NULL when it is malformed. The caller frees. */
static char *take_host(const char **text)
{
    const char *from = *text, *to;
    size_t size;
    char *host;

    if (*from == '[') {
        to = strchr(++from, ']');
        *text = to == NULL ? from : to + 1;
    } else {
        to = from + strcspn(from, ":;|[] \t");
        *text = to;
    }
    if (to == NULL || to == from)
        return NULL;
    size = (size_t)(to - from);
    host = coord_alloc(size + 1);
    memcpy(host, from, size);
    host[size] = '\0';
    return host;
}

/* Behind the ';': `clientport` or `address:clientport`. */
static const char *take_client(struct config_server *s, const char **text)
{
    const char *start = *text;
    int port = take_number(text, 65535);

    if (port < 0 || **text != '\0') {
        *text = start;
        s->client_address = take_host(text);
        if (s->client_address == NULL || **text != ':')
            return "the client part is neither PORT nor ADDRESS:PORT";
        (*text)++;
        port = take_number(text, 65535);
    }
    if (port <= 0)
        return "the client port is not between 1 and 65535";
    s->client_port = (uint16_t)port;
    return NULL;
}

/* The second port and the role, in this order, each optional. */
static const char *take_election_and_role(struct config_server *s, const char **text)
{
    if (**text == ':' && isdigit((unsigned char)(*text)[1])) {
        int port;

        (*text)++;
        port = take_number(text, 65535);
        if (port <= 0)
            return "the second port is not between 1 and 65535";
        if (port == s->port)
            return "the two ports are the same, which no client of ZooKeeper takes";
        s->election_port = (uint16_t)port;
    }
    if (**text == ':') {
        size_t size = strcspn(++*text, ";");
        if (size == 8 && strncasecmp(*text, "observer", 8) == 0)
            return "observers do not exist here";
        if (size != 11 || strncasecmp(*text, "participant", 11) != 0)
            return "the role is not participant";
        *text += size;
    }
    return NULL;
}

/* NULL, or why the value is malformed. Texts of *s are the caller's to free either way. */
static const char *parse(struct config_server *s, const char *text)
{
    const char *reason;
    int port;

    s->host = take_host(&text);
    if (s->host == NULL)
        return "there is no host (an IPv6 address stands in brackets)";
    if (*text != ':')
        return "there is no port behind the host";
    text++;
    port = take_number(&text, 65535);
    if (port <= 0)
        return "the port is not between 1 and 65535";
    s->port = (uint16_t)port;
    reason = take_election_and_role(s, &text);
    if (reason != NULL)
        return reason;
    if (*text == '|')
        return "several addresses of one server do not exist here";
    if (*text == ';') {
        text++;
        reason = take_client(s, &text);
        if (reason != NULL)
            return reason;
    }
    return *text == '\0' ? NULL : "there is something behind the end";
}

void config_server_line(struct config *c, const char *where, const char *id_text, const char *value)
{
    struct config_server server = {0};
    const char *rest = id_text, *reason;
    int id = take_number(&rest, CONFIG_ID_MAX);
    uint32_t at = 0;

    if (id <= 0 || *rest != '\0')
        reason = "N is not a number between 1 and 127";
    else if (c->server_count == PEER_MAX)
        reason = "an ensemble has at most 7 servers";
    else
        reason = parse(&server, value);
    while (reason == NULL && at < c->server_count && c->servers[at].id < (uint32_t)id)
        at++;
    if (reason == NULL && at < c->server_count && c->servers[at].id == (uint32_t)id)
        reason = "this server has a line already";
    if (reason != NULL) {
        config_problem(c, where, "server.%s=%s: %s", id_text, value, reason);
        c->server_refused = true;
        coord_free(server.host);
        coord_free(server.client_address);
        return;
    }
    server.id = (uint32_t)id;
    memmove(&c->servers[at + 1], &c->servers[at], (c->server_count - at) * sizeof(server));
    c->servers[at] = server;
    c->server_count++;
}

static void put_host(struct buf *to, const char *host)
{
    bool v6 = strchr(host, ':') != NULL;

    buf_printf(to, "%s%s%s", v6 ? "[" : "", host, v6 ? "]" : "");
}

void config_members(const struct config *c, struct buf *to)
{
    if (config_lone(c))
        return;
    for (uint32_t i = 0; i < c->server_count; i++) {
        const struct config_server *s = &c->servers[i];

        buf_printf(to, "server.%u=", s->id);
        put_host(to, s->host);
        buf_printf(to, ":%u:%u:participant", s->port, s->election_port);
        if (s->client_port != 0) {
            buf_printf(to, ";");
            put_host(to, s->client_address != NULL ? s->client_address : "0.0.0.0");
            buf_printf(to, ":%u", s->client_port);
        }
        buf_printf(to, "\n");
    }
    buf_printf(to, "version=0");
}
