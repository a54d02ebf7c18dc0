"""What ClickHouse Keeper has beyond ZooKeeper, and what only coord has: operations 500 to 507, discovery nodes, lists in pages."""
import records as r
from suite import test

EVERYBODY_BUT_DELETE = ((23, "world", "anyone"),)


@test(asan=True, zookeeper=False)
def keepers_operations_on_every_server(e):
    clients = e.connect_all()
    for number, client in enumerate(clients):
        top, reader = "/keepers-%d" % number, clients[(number + 1) % 3]
        assert client.call(r.create_if_not_exists(top, b"first")) == top
        assert client.call(r.create_if_not_exists(top, b"second")) == top
        assert client.call(r.get(top))[0] == b"first"
        client.call(r.check_not_exists(top + "/none"))
        assert client.error(r.check_not_exists(top)) == r.NODE_EXISTS
        client.call(r.check_not_exists(top, 5))
        stat = client.call(r.exists(top))
        client.call(r.check_stat(top, 0, czxid=stat.czxid, children=0, data_length=5))
        assert client.error(r.check_stat(top, 0, children=1)) == r.BAD_VERSION
        client.call(r.create(top + "/lasts", b"data"))
        client.call(r.create(top + "/goes", b"", r.EPHEMERAL))
        client.call(r.create(top + "/lasts/below"))
        reader.call(r.sync())
        assert reader.call(r.filtered_list(top))[0] == ["goes", "lasts"]
        assert reader.call(r.filtered_list(top, 1))[0] == ["lasts"]
        assert reader.call(r.filtered_list(top, 2))[0] == ["goes"]
        names, stat, stats, data = reader.call(r.filtered_list_with_data(top))
        assert (names, stat.children, data) == (["goes", "lasts"], 2, [b"", b"data"]), (names, stat, data)
        assert stats == [reader.call(r.exists(top + "/" + name)) for name in names]
        assert reader.call(r.filtered_list_with_data(top, 0, False, False, False))[2:] == ([], [])
        assert reader.call(r.list_recursive(top)) == [top + below for below in ("/goes", "/lasts", "/lasts/below")]
        assert reader.call(r.list_recursive(top, 2)) == [top + "/goes", top + "/lasts"]
        for operation in (r.try_remove(top + "/none"), r.try_remove(top), r.try_remove(top + "/goes", 7)):
            reader.call(operation)
        assert reader.call(r.list_recursive(top, 9)) == [top + below for below in ("/goes", "/lasts", "/lasts/below")]
        assert reader.error(r.remove_recursive(top, 3)) == r.NOT_EMPTY
        reader.call(r.remove_recursive(top, 4))
        reader.call(r.remove_recursive(top, 0))
        client.call(r.sync())
        assert client.error(r.exists(top)) == r.NO_NODE
    e.check_equal_trees()


@test(asan=True, zookeeper=False)
def a_multi_of_keepers_operations_is_all_or_nothing(e):
    one, other, third = e.connect_all()
    one.call(r.create("/whole"))
    one.call(r.create("/whole/a"))
    one.call(r.create("/whole/a/b", b"", r.EPHEMERAL))
    other.call(r.sync())
    other.call(r.add_watch("/whole", True))
    third.call(r.sync())
    third.call(r.filtered_list("/whole", 0, True))
    steps = (r.check_stat("/whole", -1, children=1), r.remove_recursive("/whole/a", 2), r.create_if_not_exists("/whole/new"),
             r.create_if_not_exists("/whole/new"), r.try_remove("/whole/none"))
    assert one.call(r.multi(*steps, r.check_not_exists("/whole/new"))) == [0] * 5 + [r.NODE_EXISTS]
    assert one.call(r.exists("/whole/a/b")).ephemeral_owner == one.session
    assert one.call(r.multi(*steps, r.check_not_exists("/whole/a"))) == [None, None, "/whole/new", "/whole/new", None, None]
    assert [(event.type, event.path) for event in other.wait_events(3)] == [
        (r.NODE_DELETED, "/whole/a/b"), (r.NODE_DELETED, "/whole/a"), (r.NODE_CREATED, "/whole/new")]
    assert [(event.type, event.path) for event in third.wait_events(1)] == [(r.CHILDREN_CHANGED, "/whole")]
    third.call(r.sync())
    read = third.call(r.multi_read(r.exists("/whole"), r.filtered_list("/whole"), r.filtered_list_with_data("/whole/new"),
                                   r.children2("/whole"), r.exists("/whole/a")))
    assert (read[0].children, read[1][0], read[2][0], read[3][0], read[4]) == (1, ["new"], [], ["new"], r.NO_NODE), read
    e.check_equal_trees()


@test(zookeeper=False)
def a_recursive_removal_asks_for_every_node(e):
    client = e.connect_all()[0]
    client.call(r.create("/guarded"))
    client.call(r.create("/guarded/a", b"", r.PERSISTENT))
    client.call(r.create("/guarded/a/b", b"", r.PERSISTENT, EVERYBODY_BUT_DELETE))
    assert client.error(r.remove_recursive("/guarded", 100)) == r.NO_AUTH
    assert client.call(r.list_recursive("/guarded")) == ["/guarded/a", "/guarded/a/b"]
    for path in ("/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config", "/keeper/feature_flags"):
        assert client.error(r.remove_recursive(path, 100)) == r.BAD_ARGUMENTS, path


@test(asan=True, zookeeper=False)
def what_there_is_can_be_found_out(e):
    for client in e.connect_all():
        assert "keeper" not in client.call(r.children("/"))
        assert client.call(r.get("/keeper/api_version"))[0] == b"3"
        flags, stat = client.call(r.get("/keeper/feature_flags", True))
        assert flags == b"\xfb\xe0" and stat.data_length == 2, (flags, stat)
        assert client.call(r.get("/keeper/config"))[0] == client.call(r.get("/zookeeper/config"))[0]
        assert b"listPage" in client.call(r.get("/keeper/coord"))[0].split()
        assert client.call(r.exists("/keeper/coord")).data_length > 0
        assert client.call(r.children("/keeper/coord")) == []
        for operation in (r.create("/keeper/coord"), r.set("/keeper/coord", b""), r.delete("/keeper/coord")):
            assert client.error(operation) == r.BAD_ARGUMENTS
        assert client.error(r.exists("/keeper")) == r.NO_NODE


@test(own=True, zookeeper=False)
def a_users_keeper_is_a_users_own(e):
    """The node hides the discovery nodes, on every server and through a restart of all."""
    clients = e.connect_all()
    clients[0].call(r.create("/keeper", b"mine"))
    clients[0].call(r.create("/keeper/coord", b"mine too"))
    for server in e.servers:
        server.kill()
    for server in e.servers:
        server.start()
    e.wait_serving()
    for client in e.connect_all():
        client.call(r.sync())
        assert client.call(r.children("/keeper")) == ["coord"]
        assert client.call(r.get("/keeper/coord"))[0] == b"mine too"
        assert client.error(r.exists("/keeper/feature_flags")) == r.NO_NODE
    client.call(r.remove_recursive("/keeper", 2))
    assert client.call(r.get("/keeper/coord"))[0] != b"mine too"


@test(own=True, zookeeper=False)
def a_hundred_thousand_children_in_pages(e):
    """Through all servers, one of which dies amid it, while children come and go, the last one told among them."""
    count, batch = 100000, 1000
    clients = e.connect_all(timeout_ms=20000)
    clients[0].call(r.create("/many"))
    tickets = [clients[0].send(r.multi(*(r.create("/many/n%06d" % (number * 7919 % count)) for number in range(at, at + batch))))
               for at in range(0, count, batch)]
    for ticket in tickets:
        clients[0].result(ticket)
    told, after, more, page = [], None, True, 0
    while more:
        client = clients[page % len(clients)]
        client.call(r.sync())
        names, stat, more = client.call(r.list_page("/many", after, 5000))
        assert 0 < len(names) <= 5000 and stat.children > 0
        told += names
        after = names[-1]
        client.call(r.delete("/many/" + after))
        client.call(r.create("/many/a%06d" % page))
        page += 1
        if page == 7:
            clients[1].drop()
            e.servers[1].kill()
            del clients[1]
    assert told == ["n%06d" % number for number in range(count)], "%d names in %d pages" % (len(told), page)
    assert page in (20, 21), page
    assert len(client.call(r.list_page("/many", None, 0, 100))[0]) == 100 // 11
    assert len(client.call(r.list_page("/many"))[0]) == 10000
    assert client.error(r.remove_recursive("/many", 0xffffffff)) == r.NOT_EMPTY
    assert client.error(r.list_recursive("/many")) == r.BAD_ARGUMENTS
    assert len(client.call(r.list_recursive("/many", 1000))) == 1000
