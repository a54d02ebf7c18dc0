/* servers.h - the list of servers as the program gave it. Pure. */
#ifndef CLIENT_SERVERS_H
#define CLIENT_SERVERS_H

#include <stdint.h>

#define SERVERS_PORT_DEFAULT "2181"

struct server {
    char *host, *port; /* host without brackets */
    char *text;        /* "host:port", for people */
};

struct servers {
    struct server *list;
    uint32_t count;
};

/* "host[:port],[v6addr][:port],...", blanks around an item are allowed. Returns 0, -COORD_E_BAD_ARGUMENTS (nothing in it, a
 * port that is none, a path behind it) or -COORD_E_NO_MEMORY; on error nothing is to be freed. */
int servers_parse(struct servers *s, const char *text);
void servers_deinit(struct servers *s);

#endif
