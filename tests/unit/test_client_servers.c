/* test_client_servers.c - lists of servers. */
#include "coord/client.h"
#include "lib/runner.h"
#include "servers.h"

#include <string.h>

TEST(servers, lists_are_parsed_or_refused)
{
    static const struct {
        const char *text, *parsed; /* host|port, joined by blanks; NULL: refused */
    } rows[] = {
        {"a:1", "a|1"},
        {"a", "a|2181"},
        {" a:1 , b:65535 ", "a|1 b|65535"},
        {"127.0.0.1:2181,[::1]:2182,[fe80::1]", "127.0.0.1|2181 ::1|2182 fe80::1|2181"},
        {"", NULL},
        {",", NULL},
        {"a,", NULL},
        {"a:", NULL},
        {"a:0", NULL},
        {"a:65536", NULL},
        {"a:99999999999999", NULL},
        {"a:1x", NULL},
        {":1", NULL},
        {"::1", NULL},
        {"[::1", NULL},
        {"[]:1", NULL},
        {"[::1]1", NULL},
        {"a:1/chroot", NULL},
        {"a/chroot", NULL},
        {NULL, NULL},
    };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct servers s;
        char parsed[256] = "";
        int rc = servers_parse(&s, rows[i].text);

        CHECK_EQ_INT(rc, rows[i].parsed != NULL ? 0 : -COORD_E_BAD_ARGUMENTS, "row %zu", i);
        for (uint32_t k = 0; k < s.count; k++) {
            strcat(parsed, k > 0 ? " " : "");
            strcat(parsed, s.list[k].host);
            strcat(parsed, "|");
            strcat(parsed, s.list[k].port);
        }
        if (rows[i].parsed != NULL)
            CHECK_EQ_STR(parsed, rows[i].parsed);
        servers_deinit(&s);
    }
}

TEST(servers, are_shown_with_brackets_where_needed)
{
    struct servers s;

    CHECK_EQ_INT(servers_parse(&s, "a,[::1]:7"), 0);
    CHECK_EQ_STR(s.list[0].text, "a:2181");
    CHECK_EQ_STR(s.list[1].text, "[::1]:7");
    servers_deinit(&s);
}
