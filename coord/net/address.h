/* address.h - socket addresses: from text, to text, and the sockets themselves with the options that all of coord's have. */
#ifndef COORD_NET_ADDRESS_H
#define COORD_NET_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#define NET_ADDRESS_TEXT 64

struct net_address {
    struct sockaddr_storage storage;
    socklen_t size;
};

/* A numeric address; false when the text is none. Never blocks. */
bool net_address_numeric(const char *host, uint16_t port, struct net_address *to);

/* A name or address; asks the system's resolver, so it may block for seconds. 0 or -COORD_E_RESOLVE. */
int net_address_resolve(const char *host, uint16_t port, struct net_address *to);

/* "127.0.0.1:2181", "[::1]:2181"; an IPv4 address in IPv6 form is shown as IPv4. */
void net_address_print(const struct net_address *a, char text[NET_ADDRESS_TEXT]);

/* "127.0.0.1", "::1": the host alone, IPv4 in IPv6 form as IPv4. */
void net_address_host(const struct net_address *a, char text[NET_ADDRESS_TEXT]);

/* A number that is the same for the same host, whatever the port; seeded against chosen collisions. */
uint64_t net_address_key(const struct net_address *a, uint64_t seed);
bool net_address_loopback(const struct net_address *a);
uint16_t net_address_port(const struct net_address *a);

/* A listening socket, non-blocking. address NULL: all of the machine's, IPv6 and IPv4, on `port`. Logs the system's reason.
 * 0, -COORD_E_ADDRESS_IN_USE or -COORD_E_IO. */
int net_listen(const struct net_address *address, uint16_t port, int backlog, int *fd);

/* The port that a listening socket has. */
uint16_t net_listen_port(int fd);

/* What every stream gets: no delay. */
void net_set_stream(int fd);
void net_set_keepalive(int fd);

/* Link between servers: the kernel finds a peer that is gone without a word within about 3 s. */
void net_set_peer(int fd);

/* A connect under way, non-blocking; -1 when it failed at once. */
int net_connect(const struct net_address *address);

#endif
