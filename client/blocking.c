/* blocking.c - the blocking calls: the asynchronous one, then the loop until it is answered. */
#include "handle.h"

#include "base/clock.h"
#include "results.h"

#include <stdlib.h>
#include <string.h>

/* What a blocking call wants of its answer; lives on its stack. */
struct wait {
    bool done;
    int error;
    void **data;
    size_t *data_size;
    char **path;
    char ***children;
    size_t *child_count;
    bool *more;
    struct coord_acl **acl;
    size_t *acl_count;
    struct coord_stat *stat;
    struct coord_result **results;
    size_t *result_count;
};

static int copy_data(const struct wait *w, const struct coord_reply *reply)
{
    uint8_t *copy;

    if (w->data == NULL)
        return 0;
    copy = malloc(reply->data_size + 1);
    if (copy == NULL)
        return -COORD_E_NO_MEMORY;
    if (reply->data_size > 0)
        memcpy(copy, reply->data, reply->data_size);
    copy[reply->data_size] = '\0';
    *w->data = copy;
    return 0;
}

/* Pointers, a NULL, and the names behind them. */
static int copy_children(const struct wait *w, const struct coord_reply *reply)
{
    size_t bytes = (reply->child_count + 1) * sizeof(char *);
    char **copy, *text;

    if (w->children == NULL)
        return 0;
    for (size_t i = 0; i < reply->child_count; i++)
        bytes += strlen(reply->children[i]) + 1;
    copy = malloc(bytes);
    if (copy == NULL)
        return -COORD_E_NO_MEMORY;
    text = (char *)(copy + reply->child_count + 1);
    for (size_t i = 0; i < reply->child_count; i++) {
        size_t size = strlen(reply->children[i]) + 1;
        copy[i] = memcpy(text, reply->children[i], size);
        text += size;
    }
    copy[reply->child_count] = NULL;
    *w->children = copy;
    return 0;
}

static int copy_path(const struct wait *w, const struct coord_reply *reply)
{
    if (w->path == NULL)
        return 0;
    *w->path = strdup(reply->path);
    return *w->path != NULL ? 0 : -COORD_E_NO_MEMORY;
}

/* Entries, and their texts behind them. */
static int copy_acl(const struct wait *w, const struct coord_reply *reply)
{
    size_t bytes = reply->acl_count * sizeof(struct coord_acl);
    struct coord_acl *copy;
    char *text;

    if (w->acl == NULL)
        return 0;
    for (size_t i = 0; i < reply->acl_count; i++)
        bytes += strlen(reply->acl[i].scheme) + strlen(reply->acl[i].id) + 2;
    copy = malloc(bytes + 1);
    if (copy == NULL)
        return -COORD_E_NO_MEMORY;
    text = (char *)(copy + reply->acl_count);
    for (size_t i = 0; i < reply->acl_count; i++) {
        copy[i] = (struct coord_acl){.perms = reply->acl[i].perms, .scheme = text};
        text = stpcpy(text, reply->acl[i].scheme) + 1;
        copy[i].id = text;
        text = stpcpy(text, reply->acl[i].id) + 1;
    }
    *w->acl = copy;
    return 0;
}

/* Of a multi that failed too. */
static int copy_results(const struct wait *w, const struct coord_reply *reply)
{
    if (w->result_count != NULL)
        *w->result_count = reply->result_count;
    if (w->results == NULL || reply->results == NULL)
        return 0;
    *w->results = results_copy(reply->results, reply->result_count);
    return *w->results != NULL ? 0 : -COORD_E_NO_MEMORY;
}

static int copy_answer(const struct wait *w, const struct coord_reply *reply)
{
    int rc = copy_data(w, reply);

    if (rc == 0)
        rc = copy_children(w, reply);
    if (rc == 0)
        rc = copy_path(w, reply);
    if (rc == 0)
        rc = copy_acl(w, reply);
    if (rc < 0)
        return rc;
    if (w->data_size != NULL)
        *w->data_size = reply->data_size;
    if (w->child_count != NULL)
        *w->child_count = reply->child_count;
    if (w->more != NULL)
        *w->more = reply->more;
    if (w->acl_count != NULL)
        *w->acl_count = reply->acl_count;
    if (w->stat != NULL && reply->stat != NULL)
        *w->stat = *reply->stat;
    return 0;
}

static void on_answer(struct coord_client *client, const struct coord_reply *reply, void *arg)
{
    struct wait *w = arg;

    (void)client;
    w->done = true;
    w->error = copy_results(w, reply);
    if (w->error == 0)
        w->error = reply->error < 0 ? reply->error : copy_answer(w, reply);
}

static bool may_block(const struct coord_client *client)
{
    return client->base_is_own && !client->in_callback && !client->in_loop;
}

/* rc: of the asynchronous call. A handle freed meanwhile has answered this request too. */
static int finish(struct coord_client *client, struct wait *w, int rc)
{
    if (rc < 0)
        return rc;
    while (!w->done && client_loop(client, true))
        ;
    return w->error;
}

int coord_create(struct coord_client *client, const char *path, const void *data, size_t data_size, enum coord_create_mode mode,
                 char **created, struct coord_stat *stat)
{
    struct wait w = {.path = created, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_create_async(client, path, data, data_size, mode, stat != NULL, on_answer, &w));
}

int coord_create_with(struct coord_client *client, const char *path, const void *data, size_t data_size,
                      const struct coord_create_options *how, char **created, struct coord_stat *stat)
{
    struct wait w = {.path = created, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_create_with_async(client, path, data, data_size, how, stat != NULL, on_answer, &w));
}

int coord_delete(struct coord_client *client, const char *path, int32_t version)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_delete_async(client, path, version, on_answer, &w));
}

int coord_exists(struct coord_client *client, const char *path, const struct coord_watch *watch, struct coord_stat *stat)
{
    struct wait w = {.stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_exists_async(client, path, watch, on_answer, &w));
}

int coord_get(struct coord_client *client, const char *path, const struct coord_watch *watch, void **data, size_t *data_size,
              struct coord_stat *stat)
{
    struct wait w = {.data = data, .data_size = data_size, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_get_async(client, path, watch, on_answer, &w));
}

int coord_set(struct coord_client *client, const char *path, const void *data, size_t data_size, int32_t version,
              struct coord_stat *stat)
{
    struct wait w = {.stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_set_async(client, path, data, data_size, version, on_answer, &w));
}

int coord_children(struct coord_client *client, const char *path, const struct coord_watch *watch, char ***children,
                   size_t *child_count, struct coord_stat *stat)
{
    struct wait w = {.children = children, .child_count = child_count, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_children_async(client, path, stat != NULL, watch, on_answer, &w));
}

int coord_children_page(struct coord_client *client, const char *path, const char *after, uint32_t count, uint32_t bytes,
                        char ***children, size_t *child_count, bool *more, struct coord_stat *stat)
{
    struct wait w = {.children = children, .child_count = child_count, .more = more, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_children_page_async(client, path, after, count, bytes, on_answer, &w));
}

int coord_add_watch(struct coord_client *client, const char *path, enum coord_watch_type type, const struct coord_watch *watch)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_add_watch_async(client, path, type, watch, on_answer, &w));
}

int coord_check_watches(struct coord_client *client, const char *path, enum coord_watch_type type)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_check_watches_async(client, path, type, on_answer, &w));
}

int coord_remove_watches(struct coord_client *client, const char *path, enum coord_watch_type type)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_remove_watches_async(client, path, type, on_answer, &w));
}

int coord_ephemerals(struct coord_client *client, const char *prefix, char ***paths, size_t *count)
{
    struct wait w = {.children = paths, .child_count = count};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_ephemerals_async(client, prefix, on_answer, &w));
}

int coord_count_below(struct coord_client *client, const char *path, size_t *count)
{
    struct wait w = {.child_count = count};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_count_below_async(client, path, on_answer, &w));
}

int coord_who_am_i(struct coord_client *client, struct coord_acl **ids, size_t *count)
{
    struct wait w = {.acl = ids, .acl_count = count};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_who_am_i_async(client, on_answer, &w));
}

int coord_multi(struct coord_client *client, const struct coord_multi *multi, struct coord_result **results, size_t *count)
{
    struct wait w = {.results = results, .result_count = count};

    if (results != NULL)
        *results = NULL;
    if (count != NULL)
        *count = 0;
    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_multi_async(client, multi, on_answer, &w));
}

int coord_get_acl(struct coord_client *client, const char *path, struct coord_acl **acl, size_t *acl_count,
                  struct coord_stat *stat)
{
    struct wait w = {.acl = acl, .acl_count = acl_count, .stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_get_acl_async(client, path, on_answer, &w));
}

int coord_set_acl(struct coord_client *client, const char *path, const struct coord_acl *acl, size_t acl_count, int32_t version,
                  struct coord_stat *stat)
{
    struct wait w = {.stat = stat};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_set_acl_async(client, path, acl, acl_count, version, on_answer, &w));
}

int coord_sync(struct coord_client *client, const char *path)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_sync_async(client, path, on_answer, &w));
}

int coord_close(struct coord_client *client)
{
    struct wait w = {0};

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    return finish(client, &w, coord_close_async(client, on_answer, &w));
}

static int final_error(const struct coord_client *client)
{
    switch (client->session.state) {
    case COORD_STATE_EXPIRED:
        return -COORD_E_SESSION_EXPIRED;
    case COORD_STATE_CLOSED:
        return -COORD_E_CLOSING;
    default:
        return 0;
    }
}

/* Run the loop once, until `until_ms` at most. False: the handle is gone. */
static bool loop_until(struct coord_client *client, uint64_t until_ms)
{
    uint64_t now = clock_mono_ms(), wait_ms = until_ms > now ? until_ms - now : 0;
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};

    if (wait_ms == 0 || event_add(client->pause, &wait) < 0)
        return client_loop(client, false);
    if (!client_loop(client, true))
        return false;
    event_del(client->pause);
    return true;
}

int coord_connect(struct coord_client *client, uint32_t timeout_ms)
{
    uint64_t until = clock_mono_ms() + timeout_ms;

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    while (client->session.state != COORD_STATE_CONNECTED && final_error(client) == 0) {
        bool late = clock_mono_ms() >= until;
        if (!loop_until(client, until))
            return -COORD_E_CLOSING;
        if (late && client->session.state != COORD_STATE_CONNECTED)
            return -COORD_E_OPERATION_TIMEOUT;
    }
    return final_error(client);
}

int coord_run(struct coord_client *client, uint32_t timeout_ms)
{
    uint64_t until = clock_mono_ms() + timeout_ms, callbacks;
    bool late;

    if (!may_block(client))
        return -COORD_E_INVALID_STATE;
    callbacks = client->callbacks;
    if (session_has_news(&client->session))
        client_wake(client);
    do {
        if (callbacks == client->callbacks && final_error(client) != 0 && !session_has_news(&client->session))
            return final_error(client);
        late = clock_mono_ms() >= until;
        if (!loop_until(client, until))
            return -COORD_E_CLOSING;
    } while (!late && client->callbacks == callbacks);
    return 0;
}
