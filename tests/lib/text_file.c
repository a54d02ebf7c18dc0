/* text_file.c - see text_file.h. By streams: fs.h reads at offsets, which a pipe has none of. */
#include "lib/text_file.h"

#include <stdio.h>

bool text_file_read(const char *path, struct buf *text)
{
    FILE *file = fopen(path, "r");
    size_t n = 1;
    bool well;

    if (file == NULL)
        return false;
    while (n > 0) {
        n = fread(buf_reserve(text, 4096), 1, 4096, file);
        buf_commit(text, n);
    }
    well = ferror(file) == 0;
    fclose(file);
    buf_append(text, "", 1);
    return well;
}
