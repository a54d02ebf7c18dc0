/* fuzz_config.c - a configuration file: no text makes the parser fail otherwise than by lines of problems. */
#include "base/assert.h"
#include "base/log.h"
#include "fuzz/fuzz.h"
#include "host/config.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char path[64];
    static int file = -1;
    struct config c;

    if (file < 0) {
        log_set_level(LOG_LEVEL_ERROR + 1);
        file = memfd_create("config", 0);
        snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    }
    COORD_ASSERT(ftruncate(file, 0) == 0 && pwrite(file, data, size, 0) == (ssize_t)size);
    config_init(&c);
    if (config_read(&c, path) == 0)
        COORD_ASSERT(buf_size(&c.problems) == 0);
    if (config_finish(&c) == 0)
        COORD_ASSERT(buf_size(&c.problems) == 0 && (config_lone(&c) || config_self(&c) != NULL));
    config_deinit(&c);
    return 0;
}
