/* api_example.c - libcoord as a program outside of the project uses it: installed header, pkg-config, blocking calls.
 *
 *     cc api_example.c $(pkg-config --cflags --libs coord)
 *     ./a.out HOST:PORT     exit code 0 when every call did what it should; else the line that did not
 */
#include <coord/client.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)                                                                                                        \
    do {                                                                                                                       \
        if (!(condition)) {                                                                                                    \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                    \
            exit(1);                                                                                                           \
        }                                                                                                                      \
    } while (0)

struct seen {
    int events;
    enum coord_event_type type;
    int64_t zxid;
};

static void on_event(struct coord_client *client, const struct coord_event *event, void *arg)
{
    struct seen *seen = arg;

    (void)client;
    seen->events++;
    seen->type = event->type;
    seen->zxid = event->zxid;
}

static void on_created(struct coord_client *client, const struct coord_reply *reply, void *arg)
{
    (void)client;
    MUST(reply->error == 0 && reply->path != NULL);
    (*(int *)arg)++;
}

static struct coord_client *connect_to(const char *servers, const struct coord_client *resume)
{
    struct coord_options options = {.servers = servers, .timeout_ms = 10000};
    struct coord_client *client;

    if (resume != NULL) {
        options.session_id = coord_client_session_id(resume);
        memcpy(options.password, coord_client_password(resume), COORD_PASSWORD_BYTES);
    }
    MUST(coord_client_new(&client, &options) == 0);
    MUST(coord_connect(client, 10000) == 0);
    return client;
}

static void values(struct coord_client *client, const char *top)
{
    struct coord_stat stat;
    void *data;
    size_t size;
    int64_t version_zxid;

    MUST(coord_get(client, top, NULL, &data, &size, &stat) == 0);
    MUST(size == 3 && memcmp(data, "a\0b", 4) == 0 && stat.version == 0 && stat.data_length == 3);
    free(data);
    MUST(coord_set(client, top, "new", 3, 0, &stat) == 0 && stat.version == 1);
    MUST(coord_set(client, top, "x", 1, 0, NULL) == -COORD_E_BAD_VERSION);
    version_zxid = stat.mzxid;
    MUST(coord_client_last_zxid(client) >= version_zxid);
    MUST(coord_set(client, top, NULL, 0, COORD_VERSION_ANY, NULL) == 0);
    MUST(coord_get(client, top, NULL, &data, &size, NULL) == 0 && size == 0 && data != NULL);
    free(data);
    MUST(coord_sync(client, top) == 0);
}

/* In pieces of seven, each behind the last name of the one before; only where the servers say that they know it. */
static void pages(struct coord_client *client, const char *top, size_t expected)
{
    char **names, after[64] = "";
    struct coord_stat stat;
    bool more = true;
    size_t count, told = 0;
    void *operations;
    int rc = coord_get(client, COORD_OPERATIONS_PATH, NULL, &operations, NULL, NULL);

    MUST(rc == 0 || rc == -COORD_E_NO_NODE);
    if (rc < 0)
        return;
    MUST(strstr(operations, "listPage") != NULL);
    free(operations);
    while (more) {
        MUST(coord_children_page(client, top, told == 0 ? NULL : after, 7, 0, &names, &count, &more, &stat) == 0);
        MUST(count <= 7 && (size_t)stat.num_children == expected && names[count] == NULL);
        for (size_t i = 0; i < count; i++) {
            MUST(strcmp(names[i], after) > 0);
            snprintf(after, sizeof(after), "%s", names[i]);
        }
        told += count;
        free(names);
    }
    MUST(told == expected);
    MUST(coord_children_page(client, top, after, 0, 0, NULL, &count, &more, NULL) == 0 && count == 0 && !more);
    MUST(coord_children_page(client, top, NULL, UINT32_MAX, 20, NULL, &count, &more, NULL) == 0 && count == 1 && more);
    MUST(coord_children_page(client, "/none", NULL, 0, 0, NULL, NULL, NULL, NULL) == -COORD_E_NO_NODE);
    MUST(coord_children_page(client, NULL, NULL, 0, 0, NULL, NULL, NULL, NULL) == -COORD_E_BAD_ARGUMENTS);
}

static void children(struct coord_client *client, const char *top)
{
    char path[128], *created, **names;
    size_t count;
    struct coord_stat stat;
    int answers = 0;

    snprintf(path, sizeof(path), "%s/s-", top);
    MUST(coord_create(client, path, "", 0, COORD_PERSISTENT_SEQUENTIAL, &created, &stat) == 0);
    MUST(strncmp(created, path, strlen(path)) == 0 && strlen(created) == strlen(path) + 10 && stat.ephemeral_owner == 0);
    MUST(coord_children(client, top, NULL, &names, &count, &stat) == 0);
    MUST(count == 1 && strcmp(names[0], created + strlen(top) + 1) == 0 && names[1] == NULL && stat.num_children == 1);
    free(names);
    MUST(coord_delete(client, top, COORD_VERSION_ANY) == -COORD_E_NOT_EMPTY);
    MUST(coord_delete(client, created, 0) == 0);
    free(created);
    for (int i = 0; i < 100; i++) /* asynchronous ones may be mixed in; they are answered in order */
        MUST(coord_create_async(client, path, "", 0, COORD_EPHEMERAL_SEQUENTIAL, false, on_created, &answers) == 0);
    MUST(coord_children(client, top, NULL, NULL, &count, NULL) == 0 && count == 100 && answers == 100);
    pages(client, top, 100);
}

static void watches(const char *servers, struct coord_client *client, const char *top)
{
    struct coord_client *other = connect_to(servers, NULL);
    struct seen seen = {0}, made = {0};
    char path[128];

    snprintf(path, sizeof(path), "%s/later", top);
    MUST(coord_get(client, top, &(struct coord_watch){on_event, &seen}, NULL, NULL, NULL) == 0);
    MUST(coord_exists(client, path, &(struct coord_watch){on_event, &made}, NULL) == -COORD_E_NO_NODE);
    MUST(coord_run(client, 0) == 0 && seen.events == 0 && made.events == 0);
    MUST(coord_set(other, top, "again", 5, COORD_VERSION_ANY, NULL) == 0);
    MUST(coord_create(other, path, NULL, 0, COORD_PERSISTENT, NULL, NULL) == 0);
    for (int i = 0; i < 100 && (seen.events == 0 || made.events == 0); i++)
        MUST(coord_run(client, 1000) == 0);
    MUST(seen.events == 1 && seen.type == COORD_EVENT_DATA_CHANGED);
    MUST(made.events == 1 && made.type == COORD_EVENT_CREATED);
    MUST(coord_children(client, path, &(struct coord_watch){on_event, &seen}, NULL, NULL, NULL) == 0);
    MUST(coord_delete(other, path, COORD_VERSION_ANY) == 0);
    MUST(coord_sync(client, path) == 0 && seen.events == 2 && seen.type == COORD_EVENT_DELETED); /* before the answer */
    MUST(coord_get(client, path, &(struct coord_watch){on_event, &seen}, NULL, NULL, NULL) == -COORD_E_NO_NODE);
    MUST(seen.events == 3 && seen.type == COORD_EVENT_NOT_WATCHING);
    MUST(coord_close(other) == 0);
    MUST(coord_client_state(other) == COORD_STATE_CLOSED && coord_sync(other, "/") == -COORD_E_CLOSING);
    coord_client_free(other);
}

static void lasting_watches(const char *servers, struct coord_client *client, const char *top)
{
    struct coord_client *other = connect_to(servers, NULL);
    struct seen node = {0}, tree = {0};
    char path[128], below[160], **paths;
    size_t count;

    snprintf(path, sizeof(path), "%s/tree", top);
    snprintf(below, sizeof(below), "%s/a", path);
    MUST(coord_check_watches(client, path, COORD_WATCH_ANY) == -COORD_E_NO_WATCHER);
    MUST(coord_add_watch(client, path, COORD_WATCH_RECURSIVE, &(struct coord_watch){on_event, &tree}) == 0);
    MUST(coord_create(other, path, NULL, 0, COORD_PERSISTENT, NULL, NULL) == 0);
    MUST(coord_create(other, below, NULL, 0, COORD_EPHEMERAL, NULL, NULL) == 0);
    MUST(coord_set(other, below, "x", 1, COORD_VERSION_ANY, NULL) == 0);
    MUST(coord_sync(client, path) == 0);
    MUST(coord_count_below(client, path, &count) == 0 && count == 1);
    MUST(tree.events == 3 && tree.type == COORD_EVENT_DATA_CHANGED); /* before the answers */
    MUST(coord_check_watches(client, path, COORD_WATCH_ANY) == 0);
    MUST(coord_remove_watches(client, path, COORD_WATCH_ANY) == 0);
    MUST(coord_add_watch(client, path, COORD_WATCH_PERSISTENT, &(struct coord_watch){on_event, &node}) == 0);
    MUST(tree.events == 4 && tree.type == COORD_EVENT_NOT_WATCHING);
    MUST(coord_ephemerals(other, path, &paths, &count) == 0 && count == 1 && strcmp(paths[0], below) == 0 && paths[1] == NULL);
    free(paths);
    MUST(coord_close(other) == 0); /* its node goes, and the parent's list changes */
    coord_client_free(other);
    MUST(coord_delete(client, path, COORD_VERSION_ANY) == 0);
    MUST(node.events == 2 && node.type == COORD_EVENT_DELETED && tree.events == 4);
    MUST(coord_remove_watches(client, path, COORD_WATCH_ANY) == 0);
}

/* A node that only its maker may use, until the maker says otherwise. */
static void rights(const char *servers, struct coord_client *client, const char *top)
{
    struct coord_client *other = connect_to(servers, NULL);
    struct coord_acl mine = {COORD_PERM_ALL, "auth", ""}, all = {COORD_PERM_ALL, "world", "anyone"}, *list;
    struct coord_stat stat;
    char path[128];
    size_t count;

    snprintf(path, sizeof(path), "%s/rights", top);
    MUST(coord_create(client, path, NULL, 0, COORD_PERSISTENT, NULL, NULL) == 0);
    MUST(coord_set_acl(client, path, &mine, 1, COORD_VERSION_ANY, NULL) == -COORD_E_INVALID_ACL); /* nothing proven yet */
    MUST(coord_add_auth(client, "digest", "me:secret", 9) == 0);
    MUST(coord_set_acl(client, path, &mine, 1, 0, &stat) == 0 && stat.aversion == 1);
    MUST(coord_get_acl(client, path, &list, &count, NULL) == 0 && count == 1 && list[0].perms == COORD_PERM_ALL);
    MUST(strcmp(list[0].scheme, "digest") == 0 && strncmp(list[0].id, "me:", 3) == 0);
    free(list);
    MUST(coord_sync(other, path) == 0 && coord_get(other, path, NULL, NULL, NULL, NULL) == -COORD_E_NO_AUTH);
    MUST(coord_add_auth(other, "no such scheme", "x", 1) == 0);
    MUST(coord_get(other, path, NULL, NULL, NULL, NULL) == -COORD_E_AUTH_FAILED);
    MUST(coord_client_state(other) == COORD_STATE_CLOSED);
    coord_client_free(other);
    MUST(coord_set_acl(client, path, &all, 1, COORD_VERSION_ANY, NULL) == 0);
    MUST(coord_delete(client, path, COORD_VERSION_ANY) == 0);
}

/* All or none; who asked hears of each operation. */
static void multis(struct coord_client *client, const char *top)
{
    struct coord_acl readable = {COORD_PERM_READ | COORD_PERM_DELETE, "world", "anyone"}, *ids;
    struct coord_create_options how = {.mode = COORD_PERSISTENT_SEQUENTIAL, .acl = &readable, .acl_count = 1};
    struct coord_create_options container = {.mode = COORD_CONTAINER};
    struct coord_result *results;
    struct coord_multi *m;
    char path[128], box[140], made[200];
    size_t count;

    snprintf(path, sizeof(path), "%s/m", top);
    snprintf(box, sizeof(box), "%s/box", path);
    MUST(coord_create_with(client, path, "1", 1, NULL, NULL, NULL) == 0);
    MUST(coord_multi_new(&m) == 0);
    MUST(coord_multi_check(m, path, 0) == 0 && coord_multi_set(m, path, "2", 1, 0) == 0);
    MUST(coord_multi_create(m, box, NULL, 0, &container) == 0 && coord_multi_create(m, box, "", 0, &how) == 0);
    MUST(coord_multi_delete(m, box, COORD_VERSION_ANY) == 0 && coord_multi_count(m) == 5);
    MUST(coord_multi(client, m, &results, &count) == 0 && count == 5);
    MUST(results[0].error == 0 && results[1].stat != NULL && results[1].stat->version == 1);
    MUST(strcmp(results[2].path, box) == 0);
    snprintf(made, sizeof(made), "%s", results[3].path);
    MUST(strlen(made) == strlen(box) + 10);
    free(results);
    MUST(coord_multi(client, m, &results, &count) == -COORD_E_BAD_VERSION && count == 5); /* once more: the version has moved */
    MUST(results[0].error == -COORD_E_BAD_VERSION && results[4].error == -COORD_E_RUNTIME_INCONSISTENCY);
    free(results);
    MUST(coord_multi(client, m, NULL, NULL) == -COORD_E_BAD_VERSION);
    coord_multi_clear(m);
    MUST(coord_multi_get(m, path) == 0 && coord_multi_get(m, box) == 0 && coord_multi_children(m, path) == 0);
    MUST(coord_multi(client, m, &results, &count) == 0 && count == 3);
    MUST(results[0].data_size == 1 && memcmp(results[0].data, "2", 2) == 0 && results[1].error == -COORD_E_NO_NODE);
    MUST(results[2].child_count == 1 && strcmp(results[2].children[0], made + strlen(path) + 1) == 0);
    free(results);
    coord_multi_clear(m);
    MUST(coord_multi_delete(m, made, 0) == 0 && coord_multi_delete(m, path, 1) == 0);
    MUST(coord_multi(client, m, NULL, &count) == 0 && count == 2);
    coord_multi_free(m);
    MUST(coord_who_am_i(client, &ids, &count) == 0 && count >= 1 && ids[0].scheme != NULL && ids[0].perms == 0);
    free(ids);
}

/* A second handle takes the session over; it keeps the ephemeral nodes. A wrong password does not get it. */
static void sessions(const char *servers, const char *top)
{
    struct coord_client *first = connect_to(servers, NULL), *second, *third;
    struct coord_options options = {.servers = servers, .session_id = coord_client_session_id(first), .password = {1, 2, 3}};
    struct coord_stat stat;
    char path[128];
    int rc;

    snprintf(path, sizeof(path), "%s/mine", top);
    MUST(coord_create(first, path, NULL, 0, COORD_EPHEMERAL, NULL, NULL) == 0);
    MUST(coord_client_new(&third, &options) == 0);
    MUST(coord_connect(third, 10000) == -COORD_E_SESSION_EXPIRED);
    MUST(coord_client_state(third) == COORD_STATE_EXPIRED && coord_sync(third, "/") == -COORD_E_SESSION_EXPIRED);
    coord_client_free(third);
    rc = coord_exists(first, path, NULL, &stat);
    if (rc == -COORD_E_CONNECTION_LOSS) /* some servers cut the older connection for the attempt alone */
        rc = coord_exists(first, path, NULL, &stat);
    MUST(rc == 0 && stat.ephemeral_owner == coord_client_session_id(first));
    second = connect_to(servers, first);
    MUST(coord_client_session_id(second) == coord_client_session_id(first));
    coord_client_free(first);
    MUST(coord_exists(second, path, NULL, &stat) == 0 && stat.ephemeral_owner == coord_client_session_id(second));
    MUST(coord_close(second) == 0);
    coord_client_free(second);
    first = connect_to(servers, NULL);
    MUST(coord_exists(first, path, NULL, NULL) == -COORD_E_NO_NODE); /* gone with its session */
    MUST(coord_close(first) == 0);
    coord_client_free(first);
}

int main(int argc, char **argv)
{
    struct coord_client *client;
    char *top;

    MUST(argc == 2);
    client = connect_to(argv[1], NULL);
    MUST(coord_client_session_id(client) != 0 && coord_client_timeout_ms(client) > 0);
    MUST(coord_create(client, "/api-", "a\0b", 3, COORD_PERSISTENT_SEQUENTIAL, &top, NULL) == 0);
    values(client, top);
    children(client, top);
    watches(argv[1], client, top);
    lasting_watches(argv[1], client, top);
    multis(client, top);
    rights(argv[1], client, top);
    sessions(argv[1], top);
    MUST(coord_close(client) == 0); /* and with it a hundred ephemeral nodes */
    coord_client_free(client);
    client = connect_to(argv[1], NULL);
    MUST(coord_delete(client, top, COORD_VERSION_ANY) == 0);
    MUST(coord_close(client) == 0);
    coord_client_free(client);
    free(top);
    return 0;
}
