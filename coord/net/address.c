/* address.c - getaddrinfo, socket options. Impure; thread-safe. */
#include "net/address.h"

#include "base/error.h"
#include "base/hash.h"
#include "base/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PEER_SILENT_MS = 3000, KEEPALIVE_IDLE_S = 60, KEEPALIVE_PEER_S = 1, KEEPALIVE_COUNT = 3 };

static int lookup(const char *host, uint16_t port, int flags, struct net_address *to)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[8];

    snprintf(service, sizeof(service), "%u", port);
    if (getaddrinfo(host, service, &hints, &found) != 0)
        return -COORD_E_RESOLVE;
    *to = (struct net_address){.size = found->ai_addrlen};
    memcpy(&to->storage, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

bool net_address_numeric(const char *host, uint16_t port, struct net_address *to)
{
    return lookup(host, port, AI_NUMERICHOST, to) == 0;
}

int net_address_resolve(const char *host, uint16_t port, struct net_address *to)
{
    return lookup(host, port, AI_ADDRCONFIG, to);
}

/* The host's bytes, an IPv4 address in IPv6 form as IPv4. */
static const uint8_t *host_bytes(const struct net_address *a, size_t *size)
{
    const struct sockaddr_in6 *v6 = (const void *)&a->storage;
    const struct sockaddr_in *v4 = (const void *)&a->storage;

    if (a->storage.ss_family == AF_INET) {
        *size = 4;
        return (const void *)&v4->sin_addr;
    }
    *size = IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) ? 4 : 16;
    return v6->sin6_addr.s6_addr + (16 - *size);
}

uint16_t net_address_port(const struct net_address *a)
{
    const struct sockaddr_in6 *v6 = (const void *)&a->storage;
    const struct sockaddr_in *v4 = (const void *)&a->storage;

    return ntohs(a->storage.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
}

void net_address_host(const struct net_address *a, char text[NET_ADDRESS_TEXT])
{
    size_t size;
    const uint8_t *bytes = host_bytes(a, &size);

    if (inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, text, NET_ADDRESS_TEXT) == NULL)
        snprintf(text, NET_ADDRESS_TEXT, "?");
}

void net_address_print(const struct net_address *a, char text[NET_ADDRESS_TEXT])
{
    char host[NET_ADDRESS_TEXT];

    net_address_host(a, host);
    if (strchr(host, ':') != NULL)
        snprintf(text, NET_ADDRESS_TEXT, "[%.*s]:%u", INET6_ADDRSTRLEN, host, net_address_port(a));
    else
        snprintf(text, NET_ADDRESS_TEXT, "%.*s:%u", INET6_ADDRSTRLEN, host, net_address_port(a));
}

uint64_t net_address_key(const struct net_address *a, uint64_t seed)
{
    size_t size;
    const uint8_t *bytes = host_bytes(a, &size);

    return hash_bytes(bytes, size, seed);
}

bool net_address_loopback(const struct net_address *a)
{
    size_t size;
    const uint8_t *bytes = host_bytes(a, &size);

    return size == 4 ? bytes[0] == 127 : IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)(const void *)bytes);
}

static int try_listen(const struct net_address *address, int backlog, int *fd)
{
    int on = 1, off = 0, saved;

    *fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return -errno;
    setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->storage.ss_family == AF_INET6)
        setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(*fd, (const void *)&address->storage, address->size) == 0 && listen(*fd, backlog) == 0)
        return 0;
    saved = errno;
    close(*fd);
    return -saved;
}

int net_listen(const struct net_address *address, uint16_t port, int backlog, int *fd)
{
    struct net_address any;
    char text[NET_ADDRESS_TEXT];
    int rc;

    if (address == NULL) {
        net_address_numeric("::", port, &any);
        rc = try_listen(&any, backlog, fd);
        if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL) { /* a machine without IPv6 */
            net_address_numeric("0.0.0.0", port, &any);
            rc = try_listen(&any, backlog, fd);
        }
        address = &any;
    } else {
        rc = try_listen(address, backlog, fd);
    }
    if (rc == 0)
        return 0;
    net_address_print(address, text);
    LOG_ERROR("net", "cannot_listen", "address=%s reason=%s", text, log_quoted(strerror(-rc)));
    return rc == -EADDRINUSE ? -COORD_E_ADDRESS_IN_USE : -COORD_E_IO;
}

uint16_t net_listen_port(int fd)
{
    struct net_address a = {.size = sizeof(a.storage)};

    if (getsockname(fd, (void *)&a.storage, &a.size) < 0)
        return 0;
    return net_address_port(&a);
}

void net_set_stream(int fd)
{
    int on = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void set_keepalive(int fd, int idle_s, int interval_s)
{
    int on = 1, count = KEEPALIVE_COUNT;

    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
}

void net_set_keepalive(int fd)
{
    set_keepalive(fd, KEEPALIVE_IDLE_S, KEEPALIVE_IDLE_S / KEEPALIVE_COUNT);
}

void net_set_peer(int fd)
{
    unsigned silent_ms = PEER_SILENT_MS;

    net_set_stream(fd);
    set_keepalive(fd, KEEPALIVE_PEER_S, KEEPALIVE_PEER_S);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &silent_ms, sizeof(silent_ms));
}

int net_connect(const struct net_address *address)
{
    int fd = socket(address->storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -1;
    if (connect(fd, (const void *)&address->storage, address->size) < 0 && errno != EINPROGRESS) {
        close(fd);
        return -1;
    }
    return fd;
}
