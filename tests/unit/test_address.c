/* test_address.c - addresses to text and back, and what counts as one host. */
#include "base/error.h"
#include "lib/runner.h"
#include "net/address.h"

#include <unistd.h>

TEST(address, text_and_kind)
{
    static const struct {
        const char *host, *text;
        bool loopback;
    } rows[] = {
        {"127.0.0.1", "127.0.0.1:7", true},    {"10.1.2.3", "10.1.2.3:7", false},  {"::1", "[::1]:7", true},
        {"fe80::1", "[fe80::1]:7", false},     {"127.9.9.9", "127.9.9.9:7", true}, {"::ffff:127.0.0.1", "127.0.0.1:7", true},
        {"::ffff:1.2.3.4", "1.2.3.4:7", false}};

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct net_address a;
        char text[NET_ADDRESS_TEXT];
        REQUIRE(net_address_numeric(rows[i].host, 7, &a), "row %zu", i);
        net_address_print(&a, text);
        CHECK_EQ_STR(text, rows[i].text, "row %zu", i);
        CHECK(net_address_loopback(&a) == rows[i].loopback, "row %zu", i);
        CHECK_EQ_INT(net_address_port(&a), 7, "row %zu", i);
    }
}

TEST(address, names_are_not_numeric_and_unknown_ones_fail)
{
    struct net_address a;

    CHECK(!net_address_numeric("localhost", 1, &a));
    CHECK(!net_address_numeric("", 1, &a));
    CHECK_EQ_INT(net_address_resolve("no-such-host.invalid", 1, &a), -COORD_E_RESOLVE);
}

TEST(address, one_host_has_one_key)
{
    struct net_address v4, mapped, other, port;

    net_address_numeric("1.2.3.4", 1, &v4);
    net_address_numeric("::ffff:1.2.3.4", 1, &mapped);
    net_address_numeric("1.2.3.5", 1, &other);
    net_address_numeric("1.2.3.4", 2, &port);
    CHECK(net_address_key(&v4, 9) == net_address_key(&mapped, 9));
    CHECK(net_address_key(&v4, 9) == net_address_key(&port, 9));
    CHECK(net_address_key(&v4, 9) != net_address_key(&other, 9));
    CHECK(net_address_key(&v4, 9) != net_address_key(&v4, 8));
}

TEST(address, a_port_in_use_is_told_apart)
{
    struct net_address a;
    int first, second;

    REQUIRE(net_address_numeric("127.0.0.1", 0, &a));
    REQUIRE(net_listen(&a, 0, 4, &first) == 0);
    net_address_numeric("127.0.0.1", net_listen_port(first), &a);
    CHECK_EQ_INT(net_listen(&a, 0, 4, &second), -COORD_E_ADDRESS_IN_USE);
    net_address_numeric("192.0.2.1", 1, &a);
    CHECK_EQ_INT(net_listen(&a, 0, 4, &second), -COORD_E_IO);
    close(first);
}
