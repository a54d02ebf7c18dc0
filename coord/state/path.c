/* path.c - path validation. Pure. */
#include "state/path.h"

enum { INVALID = 0 };

/* Bytes of the well-formed and allowed UTF-8 character at `at`, or INVALID. Overlong forms are not well-formed. */
static size_t character_size(const uint8_t *at, const uint8_t *end)
{
    uint32_t code;

    if (at[0] < 0x80)
        return at[0] < 0x20 || at[0] == 0x7f ? INVALID : 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf) {
        if (end - at < 2 || (at[1] & 0xc0) != 0x80)
            return INVALID;
        code = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
        return code <= 0x9f ? INVALID : 2;
    }
    if ((at[0] & 0xf0) != 0xe0) /* four bytes: beyond the basic plane */
        return INVALID;
    if (end - at < 3 || (at[1] & 0xc0) != 0x80 || (at[2] & 0xc0) != 0x80)
        return INVALID;
    code = (at[0] & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
    if (code < 0x800 || (code >= 0xd800 && code <= 0xf8ff) || code >= 0xfff0)
        return INVALID;
    return 3;
}

bool path_component_valid(struct slice name)
{
    const uint8_t *at, *end;

    if (name.size == 0 || (name.size <= 2 && name.data[0] == '.' && name.data[name.size - 1] == '.'))
        return false;
    at = name.data;
    end = name.data + name.size;
    while (at < end) {
        size_t size = *at == '/' ? INVALID : character_size(at, end);

        if (size == INVALID)
            return false;
        at += size;
    }
    return true;
}

bool path_valid(struct slice path)
{
    const uint8_t *at, *end;

    if (path.size == 0 || path.data[0] != '/')
        return false;
    if (path.size == 1)
        return true;
    at = path.data;
    end = path.data + path.size;
    while (at < end) {
        const uint8_t *name = ++at; /* behind a slash */
        const uint8_t *slash = memchr(name, '/', (size_t)(end - name));

        at = slash != NULL ? slash : end;
        if (!path_component_valid(slice_make(name, (size_t)(at - name))))
            return false;
    }
    return path.data[path.size - 1] != '/';
}

bool path_split(struct slice path, struct slice *parent, struct slice *name)
{
    const uint8_t *slash = path.size == 0 ? NULL : memrchr(path.data, '/', path.size);
    size_t size;

    if (slash == NULL || memchr(path.data, 0, path.size) != NULL)
        return false;
    size = (size_t)(slash - path.data);
    *parent = slice_make(path.data, size);
    *name = slice_make(slash + 1, path.size - size - 1);
    return true;
}

bool path_reserved(struct slice path)
{
    static const char *const reserved[] = {"/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"};

    for (unsigned i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
        if (slice_equal(path, slice_from_text(reserved[i])))
            return true;
    return false;
}
