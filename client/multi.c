/* multi.c - the builder of several operations in one request, kept in wire form: ready to be sent after each addition. */
#include "multi.h"

#include "create.h"
#include "wire/jute.h"
#include "wire/zk.h"

#include <stdlib.h>

#define HEADER_BYTES 9 /* of a MultiHeader */

static uint8_t *put_header(uint8_t *to, int32_t type, bool done)
{
    return jute_encode(to, &jute_multi_header, &(struct zk_multi_header){type, done, -1});
}

int coord_multi_new(struct coord_multi **made)
{
    struct coord_multi *m = calloc(1, sizeof(*m));

    if (m == NULL)
        return -COORD_E_NO_MEMORY;
    m->capacity = 256;
    m->bytes = malloc(m->capacity);
    if (m->bytes == NULL) {
        free(m);
        return -COORD_E_NO_MEMORY;
    }
    coord_multi_clear(m);
    *made = m;
    return 0;
}

void coord_multi_free(struct coord_multi *m)
{
    if (m != NULL)
        free(m->bytes);
    free(m);
}

void coord_multi_clear(struct coord_multi *m)
{
    m->count = 0;
    m->reads = false;
    put_header(m->bytes, -1, true);
    m->size = HEADER_BYTES;
}

size_t coord_multi_count(const struct coord_multi *m)
{
    return m->count;
}

/* Room for so many bytes more. */
static int reserve(struct coord_multi *m, size_t more)
{
    size_t capacity = m->capacity;
    uint8_t *bytes;

    if (more > COORD_REQUEST_BYTES_MAX || m->size + more > COORD_REQUEST_BYTES_MAX)
        return -COORD_E_BAD_ARGUMENTS;
    while (m->size + more > capacity)
        capacity *= 2;
    if (capacity == m->capacity)
        return 0;
    bytes = realloc(m->bytes, capacity);
    if (bytes == NULL)
        return -COORD_E_NO_MEMORY;
    m->bytes = bytes;
    m->capacity = capacity;
    return 0;
}

/* The operation takes the place of the end, which goes behind it. */
static int append(struct coord_multi *m, int32_t opcode, bool read, const struct jute_record *table, const void *record)
{
    size_t size = HEADER_BYTES + jute_size(table, record);
    uint8_t *at;
    int rc;

    if (m->count > 0 && m->reads != read)
        return -COORD_E_BAD_ARGUMENTS;
    if (m->count >= COORD_MULTI_MAX)
        return -COORD_E_BAD_ARGUMENTS;
    rc = reserve(m, size);
    if (rc < 0)
        return rc;
    at = m->bytes + m->size - HEADER_BYTES;
    at = put_header(at, opcode, false);
    at = jute_encode(at, table, record);
    put_header(at, -1, true);
    m->size += size;
    m->count++;
    m->reads = read;
    return 0;
}

int coord_multi_create(struct coord_multi *m, const char *path, const void *data, size_t data_size,
                       const struct coord_create_options *how)
{
    struct create_request c;
    int rc = create_request_init(&c, path, data, data_size, how, true);

    if (rc < 0)
        return rc;
    rc = append(m, c.opcode, false, c.table, &c.record);
    create_request_deinit(&c);
    return rc;
}

int coord_multi_delete(struct coord_multi *m, const char *path, int32_t version)
{
    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    return append(m, ZK_OP_DELETE, false, &jute_delete_request, &(struct zk_delete_request){slice_from_text(path), version});
}

int coord_multi_set(struct coord_multi *m, const char *path, const void *data, size_t data_size, int32_t version)
{
    struct zk_set_data_request record = {.version = version};

    if (path == NULL || !value_slice(data, data_size, &record.data))
        return -COORD_E_BAD_ARGUMENTS;
    record.path = slice_from_text(path);
    return append(m, ZK_OP_SET_DATA, false, &jute_set_data_request, &record);
}

int coord_multi_check(struct coord_multi *m, const char *path, int32_t version)
{
    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    return append(m, ZK_OP_CHECK, false, &jute_check_request, &(struct zk_check_request){slice_from_text(path), version});
}

static int append_read(struct coord_multi *m, int32_t opcode, const char *path)
{
    if (path == NULL)
        return -COORD_E_BAD_ARGUMENTS;
    return append(m, opcode, true, &jute_path_watch_request, &(struct zk_path_watch_request){slice_from_text(path), false});
}

int coord_multi_get(struct coord_multi *m, const char *path)
{
    return append_read(m, ZK_OP_GET_DATA, path);
}

int coord_multi_children(struct coord_multi *m, const char *path)
{
    return append_read(m, ZK_OP_GET_CHILDREN, path);
}
