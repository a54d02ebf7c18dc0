/* direct.h - writing past the page cache, for posix_fs.c: FS_DIRECT of fs.h. Impure; one file by one thread at a time.
 *
 * The device takes whole blocks at aligned addresses only, a log grows by any number of bytes. So the block in which the last
 * write ended is kept, and leaves once more in front of the next one, with the same bytes where it held some.
 */
#ifndef COORD_BASE_DIRECT_H
#define COORD_BASE_DIRECT_H

#include <stddef.h>
#include <stdint.h>

struct direct;

/* A second descriptor of the file at `path`, of which fd is one. NULL when its file system has no such writes. */
struct direct *direct_open(const char *path, int fd);
void direct_close(struct direct *d); /* NULL is allowed */

/* Writes as fs_write with FS_DIRECT says. 0, or the errno of the call that failed; EINVAL: nothing was written, and the device
 * wants something else: the caller writes the usual way from then on. */
int direct_write(struct direct *d, uint64_t offset, const void *from, size_t size);

#endif
