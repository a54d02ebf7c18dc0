/* bytes.h - integers to and from bytes, without casts of wire bytes to structs.
 *
 * be: the client protocol (big-endian). le: files and messages between servers (little-endian). Unaligned pointers are fine.
 */
#ifndef COORD_BASE_BYTES_H
#define COORD_BASE_BYTES_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

#define BYTES_DEFINE(order, ORDER, bits)                                                                                       \
    static inline void put_##order##bits(void *to, uint##bits##_t value)                                                       \
    {                                                                                                                          \
        value = hto##order##bits(value);                                                                                       \
        memcpy(to, &value, sizeof(value));                                                                                     \
    }                                                                                                                          \
    static inline uint##bits##_t get_##order##bits(const void *from)                                                           \
    {                                                                                                                          \
        uint##bits##_t value;                                                                                                  \
        memcpy(&value, from, sizeof(value));                                                                                   \
        return order##bits##toh(value);                                                                                        \
    }

BYTES_DEFINE(be, BE, 16)
BYTES_DEFINE(be, BE, 32)
BYTES_DEFINE(be, BE, 64)
BYTES_DEFINE(le, LE, 16)
BYTES_DEFINE(le, LE, 32)
BYTES_DEFINE(le, LE, 64)
#undef BYTES_DEFINE

#endif
