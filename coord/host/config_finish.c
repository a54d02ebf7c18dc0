/* config_finish.c - what several keys say together: who this server is, and which values fit each other. Main thread. */
#include "base/alloc.h"
#include "base/error.h"
#include "base/fs.h"
#include "host/config.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool config_lone(const struct config *c)
{
    return c->server_count <= 1;
}

const struct config_server *config_self(const struct config *c)
{
    for (uint32_t i = 0; i < c->server_count; i++)
        if (c->servers[i].id == c->id)
            return &c->servers[i];
    return NULL;
}

/* The number in dataDir/myid; 0 when there is none, with a problem when the file is there but wrong. */
static uint32_t read_myid(struct config *c)
{
    struct buf path = {0}, content = {0};
    char *end;
    unsigned long id = 0;
    int rc;

    buf_printf(&path, "%s/myid", c->data_dir);
    buf_append(&path, "", 1);
    rc = fs_read_file(fs_posix(), (const char *)buf_bytes(&path), &content, 64);
    if (rc == 0) {
        buf_append(&content, "", 1);
        id = strtoul((const char *)buf_bytes(&content), &end, 10);
        end += strspn(end, " \t\r\n");
        if (*end != '\0' || id < 1 || id > CONFIG_ID_MAX) {
            config_problem(c, (const char *)buf_bytes(&path), "is not a number between 1 and 127");
            id = 0;
        }
    } else if (rc != -COORD_E_NO_ENTRY) {
        config_problem(c, (const char *)buf_bytes(&path), "cannot be read: %s", coord_error_text(rc));
    }
    buf_deinit(&path);
    buf_deinit(&content);
    return (uint32_t)id;
}

static void finish_members(struct config *c)
{
    if (c->id != 0 && c->server_count > 0 && config_self(c) == NULL)
        config_problem(c, NULL, "this is server %u, but there is no line server.%u", c->id, c->id);
    if (c->server_count % 2 == 0 && c->server_count > 0)
        config_problem(c, NULL, "%u servers vote: an ensemble has 1, 3, 5 or 7 (an even number bears no more failures)",
                       c->server_count);
}

static void finish_id(struct config *c)
{
    size_t before = buf_size(&c->problems);

    if (c->id == 0) {
        c->id = read_myid(c);
        if (c->id != 0 && c->server_count == 1 && c->id != c->servers[0].id) {
            config_notice(c, NULL, "the file myid says %u: the only server line, server.%u, decides", c->id, c->servers[0].id);
            c->id = c->servers[0].id;
        }
    }
    if (c->id == 0 && buf_size(&c->problems) == before) {
        if (!config_lone(c)) {
            config_problem(c, NULL, "there are %u server lines, but neither a file %s/myid nor --id says which one this is",
                           c->server_count, c->data_dir);
            return;
        }
        c->id = c->server_count == 1 ? c->servers[0].id : 1;
    }
}

/* Two lines with one address are a slip: a server would dial itself, or count one peer twice. */
static void finish_addresses(struct config *c)
{
    for (uint32_t i = 0; i < c->server_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (c->servers[i].port == c->servers[j].port && strcasecmp(c->servers[i].host, c->servers[j].host) == 0)
                config_problem(c, NULL, "server.%u and server.%u have the same address %s:%u", c->servers[j].id,
                               c->servers[i].id, c->servers[i].host, c->servers[i].port);
}

/* By any line, whatever its host: one machine has many names. */
static bool port_named(const struct config *c, uint32_t port)
{
    for (uint32_t i = 0; i < c->server_count; i++)
        if (c->servers[i].port == port || c->servers[i].election_port == port || c->servers[i].client_port == port)
            return true;
    return false;
}

/* Whoever parses /zookeeper/config as ZooKeeper's client for Java does refuses all of it where a line has one port, or the same
 * one twice. So a line without a second port is shown with that of ZooKeeper's custom, 3888 for 2888, or the next one that no
 * line names. Nobody listens there, and nobody dials it: clients only look at their own ports. */
static void finish_election_ports(struct config *c)
{
    for (uint32_t i = 0; i < c->server_count; i++) {
        uint32_t port = c->servers[i].port + 1000u;

        while (port > UINT16_MAX || port_named(c, port))
            port = port >= UINT16_MAX ? 1024 : port + 1;
        if (c->servers[i].election_port == 0)
            c->servers[i].election_port = (uint16_t)port;
    }
}

static void finish_client_address(struct config *c)
{
    const struct config_server *self = config_self(c);

    if (self == NULL || self->client_port == 0 || c->client_port_given)
        return;
    if (c->client_port_read && c->client_port != self->client_port)
        config_problem(c, NULL, "clientPort=%llu, but the line server.%u names port %u for clients",
                       (unsigned long long)c->client_port, self->id, self->client_port);
    c->client_port = self->client_port;
    if (self->client_address != NULL) {
        coord_free(c->client_address);
        c->client_address = coord_strdup(self->client_address);
    }
}

static void finish_times(struct config *c)
{
    if (c->session_min_ms == 0)
        c->session_min_ms = 2 * c->tick_ms;
    if (c->session_max_ms == 0)
        c->session_max_ms = 20 * c->tick_ms;
    if (c->session_min_ms > c->session_max_ms)
        config_problem(c, NULL, "minSessionTimeout (%llu) is above maxSessionTimeout (%llu)",
                       (unsigned long long)c->session_min_ms, (unsigned long long)c->session_max_ms);
    if (c->election_min_ms > c->election_max_ms)
        config_problem(c, NULL, "electionMinMs (%llu) is above electionMaxMs (%llu)", (unsigned long long)c->election_min_ms,
                       (unsigned long long)c->election_max_ms);
    if (c->election_min_ms < 3 * c->heartbeat_ms)
        config_problem(c, NULL, "electionMinMs (%llu) is below three times heartbeatMs (%llu)",
                       (unsigned long long)c->election_min_ms, (unsigned long long)c->heartbeat_ms);
}

static void finish_words(struct config *c)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    char name[32];

    if (report_whitelist_unknown(c->four_letter_words, name) != NULL)
        config_notice(c, NULL, "4lw.commands.whitelist names %s, which is no word", name);
    for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++)
        if (strcmp(c->log_level, levels[i]) == 0)
            return;
    config_problem(c, NULL, "logLevel=%s is neither debug, info, warn nor error", c->log_level);
}

static bool known_scheme(const char *name, size_t size)
{
    return (size == 6 && memcmp(name, "digest", 6) == 0) || (size == 2 && memcmp(name, "ip", 2) == 0);
}

/* To demand what nobody can prove would close every client; to forget the demand would let all in. */
static void finish_auth(struct config *c)
{
    const char *at = c->auth_schemes == NULL ? "" : c->auth_schemes;
    unsigned known = 0;

    if (!c->enforce_auth)
        return;
    for (at += strspn(at, ", "); *at != '\0'; at += strspn(at, ", ")) {
        size_t size = strcspn(at, ", ");
        known += known_scheme(at, size);
        at += size;
    }
    if (known == 0)
        config_problem(c, NULL, "enforce.auth.enabled needs enforce.auth.schemes with digest or ip");
}

int config_finish(struct config *c)
{
    if (c->log_dir == NULL)
        c->log_dir = coord_strdup(c->data_dir);
    if (c->snap_retain < 2) {
        config_notice(c, NULL, "autopurge.snapRetainCount is raised to 2, the least");
        c->snap_retain = 2;
    }
    finish_id(c);
    if (!c->server_refused)
        finish_members(c);
    finish_addresses(c);
    finish_election_ports(c);
    finish_client_address(c);
    finish_times(c);
    finish_words(c);
    finish_auth(c);
    return buf_size(&c->problems) > 0 ? -COORD_E_INVALID : 0;
}
