/* secret.h - what peerSecretFile holds. */
#ifndef COORD_HOST_SECRET_H
#define COORD_HOST_SECRET_H

#include "host/config.h"
#include "host/exit_code.h"

/* The file's content without blanks at its end, into an empty buffer; empty when no file is configured. Logs what is wrong;
 * EXIT_CODE_OK or EXIT_CODE_CONFIG. */
enum exit_code secret_read(const struct config *c, struct buf *secret);

#endif
