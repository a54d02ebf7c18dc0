/* multi.h - struct coord_multi, for the file that sends it. */
#ifndef CLIENT_MULTI_H
#define CLIENT_MULTI_H

#include "coord/client.h"

struct coord_multi {
    uint8_t *bytes; /* the request's record: operations and the end behind them */
    size_t size, capacity;
    uint32_t count;
    bool reads; /* of gets and lists; else of writes */
};

#endif
