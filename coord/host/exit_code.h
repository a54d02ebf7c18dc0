/* exit_code.h - why coordd ended: the codes of docs/operation.md and coordd(8). A supervisor may stop restarting at those
 * that a restart does not heal (2 to 6).
 */
#ifndef COORD_HOST_EXIT_CODE_H
#define COORD_HOST_EXIT_CODE_H

#include "base/error.h"

enum exit_code {
    EXIT_CODE_OK = 0,       /* stopped by a signal; or done, of --check-config and --bootstrap */
    EXIT_CODE_USAGE = 2,    /* command line */
    EXIT_CODE_CONFIG = 3,   /* configuration file */
    EXIT_CODE_ADDRESS = 4,  /* cannot listen: address in use or not of this machine */
    EXIT_CODE_DATA = 5,     /* data is damaged, or a file of it is missing */
    EXIT_CODE_FOREIGN = 6,  /* data directory of another server, cluster, program or version */
    EXIT_CODE_LOCKED = 7,   /* data directory in use by another process */
    EXIT_CODE_NO_SPACE = 8, /* disk full */
    EXIT_CODE_IO = 9,       /* reading, writing or syncing failed */
    EXIT_CODE_REPLICA = 10, /* this replica differs from the others, or broke an invariant of its own */
    EXIT_CODE_REFUSED = 11, /* --bootstrap: there is something already */
};

static inline enum exit_code exit_code_of(int err)
{
    switch (-err) {
    case COORD_OK:
        return EXIT_CODE_OK;
    case COORD_E_DAMAGED:
    case COORD_E_MISSING:
        return EXIT_CODE_DATA;
    case COORD_E_FOREIGN:
    case COORD_E_FORMAT:
        return EXIT_CODE_FOREIGN;
    case COORD_E_LOCKED:
        return EXIT_CODE_LOCKED;
    case COORD_E_NO_SPACE:
        return EXIT_CODE_NO_SPACE;
    case COORD_E_ADDRESS_IN_USE:
        return EXIT_CODE_ADDRESS;
    default:
        return EXIT_CODE_IO;
    }
}

#endif
