/* secret.c - the file of the peer secret. Main thread. */
#include "host/secret.h"

#include "base/fs.h"
#include "base/log.h"

#include <string.h>
#include <sys/stat.h>

enum { SECRET_BYTES_MAX = 4096 };

enum exit_code secret_read(const struct config *c, struct buf *secret)
{
    const char *path = c->peer_secret_file;
    struct stat about;
    size_t size;
    int rc;

    if (path == NULL)
        return EXIT_CODE_OK;
    rc = fs_read_file(fs_posix(), path, secret, SECRET_BYTES_MAX);
    size = buf_size(secret);
    while (size > 0 && strchr(" \t\r\n", buf_bytes(secret)[size - 1]) != NULL)
        size--;
    buf_truncate(secret, size);
    if (rc < 0 || size == 0) {
        LOG_ERROR("host", "no_peer_secret", "file=%s reason=%s", log_quoted(path),
                  log_quoted(rc < 0 ? coord_error_text(rc) : "it is empty"));
        return EXIT_CODE_CONFIG;
    }
    if (stat(path, &about) == 0 && (about.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        LOG_WARN("host", "peer_secret_readable", "file=%s mode=%03o", log_quoted(path), about.st_mode & 0777u);
    return EXIT_CODE_OK;
}
