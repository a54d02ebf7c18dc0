"""Watches set through one server and triggered through another: which events, how often, and when."""
import records as r
from suite import test
from zkwire import Wrong


def kinds(events):
    return [(event.type, event.path) for event in events]


def settle(client):
    """After this, every event of a change that was completed anywhere before has come."""
    client.call(r.sync("/"))


@test(asan=True)
def a_data_watch_fires_once_across_servers(e):
    for a, b in zip(e.connect_all(), e.connect_all()[1:] + e.connect_all()[:1]):
        path = "/data-watch-%d" % a.port
        b.call(r.create(path))
        a.fetch(path)
        a.call(r.get(path, True))
        for i in range(3):
            b.call(r.set(path, b"%d" % i))
        settle(a)
        assert kinds(a.events()) == [(r.DATA_CHANGED, path)], a.events()
        a.call(r.get(path, True))
        b.call(r.delete(path))
        settle(a)
        assert kinds(a.events()[1:]) == [(r.NODE_DELETED, path)], a.events()


@test(asan=True)
def an_exists_watch_sees_creation_change_and_deletion(e):
    a, b = e.connect(e.followers()[0]), e.connect(e.leader())
    path = "/exists-watch"
    for operation, expected in ((r.create(path), r.NODE_CREATED), (r.set(path, b"x"), r.DATA_CHANGED),
                                (r.delete(path), r.NODE_DELETED)):
        a.error(r.exists(path, True))
        b.call(operation)
        settle(a)
        event = a.events()[-1]
        assert (event.type, event.path, event.state) == (expected, path, 3), event
    b.call(r.create(path))
    settle(a)
    assert len(a.events()) == 3, "a watch that fired is gone: %s" % a.events()


@test()
def a_child_watch_sees_children_come_and_go_and_the_end(e):
    a, b = e.connect(e.leader()), e.connect(e.followers()[0])
    b.call(r.create("/child-watch"))
    a.fetch("/child-watch")
    for operation, expected in ((r.create("/child-watch/x"), r.CHILDREN_CHANGED), (r.delete("/child-watch/x"), r.CHILDREN_CHANGED),
                                (r.delete("/child-watch"), r.NODE_DELETED)):
        a.call(r.children("/child-watch", True))
        b.call(operation)
        settle(a)
        event = a.events()[-1]
        assert (event.type, event.path) == (expected, "/child-watch"), event
    assert len(a.events()) == 3


@test()
def a_change_of_data_is_nothing_to_a_child_watch_and_the_reverse(e):
    a, b = e.connect(e.followers()[0]), e.connect(e.followers()[1])
    b.call(r.create("/other-kind"))
    a.fetch("/other-kind")
    a.call(r.children("/other-kind", True))
    b.call(r.set("/other-kind", b"x"))
    settle(a)
    assert not a.events()
    b.call(r.create("/other-kind/x"))
    settle(a)
    a.call(r.get("/other-kind", True))
    b.call(r.create("/other-kind/y"))
    settle(a)
    assert kinds(a.events()) == [(r.CHILDREN_CHANGED, "/other-kind")], a.events()


@test(asan=True)
def one_event_tells_of_a_deletion_to_data_and_child_watch(e):
    a, b = e.connect(e.followers()[0]), e.connect(e.followers()[1])
    b.call(r.create("/both"))
    b.call(r.create("/both/node"))
    a.fetch("/both")
    a.call(r.children("/both", True))
    a.call(r.get("/both/node", True))
    a.call(r.children("/both/node", True))
    b.call(r.delete("/both/node"))
    settle(a)
    assert kinds(a.events()) == [(r.NODE_DELETED, "/both/node"), (r.CHILDREN_CHANGED, "/both")], a.events()


@test(asan=True)
def the_event_comes_before_any_reply_that_shows_the_change(e):
    """The watcher reads all the time, as fast as it can, while another server's client changes the node."""
    a, b = e.connect(e.followers()[0]), e.connect(e.leader())
    b.call(r.create("/before"))
    a.fetch("/before")
    for i in range(100):
        armed = a.send(r.get("/before", True))
        reads = [a.send(r.get("/before")) for _ in range(5)]
        write = b.send(r.set("/before", b"%d" % i))
        while True:
            reads.append(a.send(r.get("/before")))
            data, _ = a.result(reads[-1])
            if data == b"%d" % i:
                break
        b.result(write)
        if a.result(armed)[0] == b"%d" % i:
            continue  # the change came first: the watch is for the next one
        shows = min(t.index for t in reads if t.get()[0] == b"%d" % i)
        between = [x for x in a.log[armed.index:shows] if isinstance(x, r.Event)]
        assert kinds(between) == [(r.DATA_CHANGED, "/before")], "round %d: %s" % (i, between)


@test()
def the_event_of_an_own_write_comes_between_registration_and_reply(e):
    for server in e.servers:
        c = e.connect(server)
        path = "/own-event-%d" % server.number
        c.call(r.create(path))
        c.cork()
        armed, write = c.send(r.get(path, True)), c.send(r.set(path, b"x"))
        c.flush()
        c.result(write)
        event = c.events()[0]
        assert armed.index < c.log.index(event) < write.index, c.log


@test()
def only_exists_arms_a_watch_on_a_missing_node(e):
    a, b = e.connect(e.followers()[0]), e.connect(e.leader())
    for path in ("/missing-data", "/missing-child", "/missing-exists"):
        operation = {"/missing-data": r.get, "/missing-child": r.children, "/missing-exists": r.exists}[path]
        assert a.error(operation(path, True)) == r.NO_NODE
        b.call(r.create(path))
    settle(a)
    assert kinds(a.events()) == [(r.NODE_CREATED, "/missing-exists")], a.events()


@test(asan=True)
def watches_move_with_the_session_by_set_watches(e):
    servers = e.servers
    a, b = e.connect(servers[0]), e.connect(servers[1])
    b.call(r.create("/moved"))
    for name in ("data-same", "data-changed", "data-gone", "child-same", "child-changed", "child-gone", "exist-gone"):
        b.call(r.create("/moved/" + name))
    a.fetch("/moved")
    seen = a.zxid
    a.drop()
    b.call(r.set("/moved/data-changed", b"x"))
    b.call(r.delete("/moved/data-gone"))
    b.call(r.create("/moved/child-changed/x"))
    b.call(r.delete("/moved/child-gone"))
    b.call(r.create("/moved/exist-made"))
    b.call(r.delete("/moved/exist-gone"))
    moved = e.move(a, servers[2])
    moved.call(r.sync("/"))
    ticket = moved.send(r.set_watches(
        seen, ["/moved/data-same", "/moved/data-changed", "/moved/data-gone"],
        ["/moved/exist-made", "/moved/exist-gone"], ["/moved/child-same", "/moved/child-changed", "/moved/child-gone"]), xid=-8)
    moved.result(ticket)
    expected = {(r.DATA_CHANGED, "/moved/data-changed"), (r.NODE_DELETED, "/moved/data-gone"),
                (r.NODE_CREATED, "/moved/exist-made"), (r.CHILDREN_CHANGED, "/moved/child-changed"),
                (r.NODE_DELETED, "/moved/child-gone")}
    found = kinds(moved.events())
    assert len(found) == len(expected) and set(found) == expected, found
    assert all(moved.log.index(event) < ticket.index for event in moved.events()), "events come before the reply"
    b.call(r.set("/moved/data-same", b"x"))
    b.call(r.create("/moved/child-same/x"))
    b.call(r.create("/moved/exist-gone"))
    b.call(r.set("/moved/data-changed", b"y"))
    settle(moved)
    assert kinds(moved.events()[5:]) == [(r.DATA_CHANGED, "/moved/data-same"), (r.CHILDREN_CHANGED, "/moved/child-same"),
                                         (r.NODE_CREATED, "/moved/exist-gone")], moved.events()[5:]


@test(asan=True)
def hundreds_of_watches_on_all_servers_fire_once_each(e):
    watchers, writer = e.connect_all(), e.connect(e.servers[1])
    writer.call(r.create("/crowd"))
    paths = ["/crowd/%03d" % i for i in range(300)]
    tickets = [writer.send(r.create(path)) for path in paths]
    writer.result(tickets[-1])
    for watcher in watchers:
        settle(watcher)
        armed = [watcher.send(r.get(path, True)) for path in paths]
        watcher.result(armed[-1])
    tickets = [writer.send(r.set(path, b"x")) for path in paths for _ in range(2)]
    writer.result(tickets[-1])
    for watcher in watchers:
        settle(watcher)
        assert kinds(watcher.events()) == [(r.DATA_CHANGED, path) for path in paths], len(watcher.events())


@test(asan=True)
def watches_that_stay_hear_of_every_change_anywhere_in_order(e):
    clients = e.connect_all()
    top = "/staying"
    clients[0].call(r.create(top))
    for client in clients:
        client.fetch(top)
        assert client.call(r.add_watch(top, recursive=True)) == 0
        assert client.call(r.add_watch(top + "/0")) == 0
    expected = []
    for i in range(60):  # by a session of each server in turn
        client, path = clients[i % 3], "%s/%d" % (top, i % 4)
        if i % 12 < 4:
            client.call(r.create(path))
            expected.append((r.NODE_CREATED, path))
        elif i % 12 < 8:
            client.call(r.set(path, b"%d" % i))
            expected.append((r.DATA_CHANGED, path))
        else:
            client.call(r.delete(path))
            expected.append((r.NODE_DELETED, path))
        settle(clients[(i + 1) % 3])
    for client in clients:
        settle(client)
        assert kinds(client.events()) == expected, client.events()  # once each, though two watches hear of /staying/0


@test(asan=True)
def watches_that_stay_move_with_the_session_by_set_watches2(e):
    a, b = e.connect(e.servers[0]), e.connect(e.servers[1])
    for path in ("/lasting-p", "/lasting-r", "/lasting-r/x"):
        b.call(r.create(path))
    settle(a)
    a.call(r.add_watch("/lasting-p"))
    a.call(r.add_watch("/lasting-r", recursive=True))
    seen = a.zxid
    a.drop()
    b.call(r.set("/lasting-p", b"away"))
    moved = e.move(a, e.servers[2])
    settle(moved)
    moved.result(moved.send(r.set_watches2(seen, ["/lasting-p"], ["/lasting-r", "/lasting-none"], [], ["/lasting-p"], ["/lasting-r"]), xid=-8))
    assert sorted(kinds(moved.events())) == [(r.NODE_CREATED, "/lasting-r"), (r.DATA_CHANGED, "/lasting-p")], moved.events()
    for operation in (r.create("/lasting-p/c"), r.set("/lasting-r/x", b"1"), r.set("/lasting-p", b"2"), r.delete("/lasting-r/x"),
                      r.create("/lasting-none"), r.set("/lasting-p", b"3")):
        b.call(operation)
    settle(moved)
    assert kinds(moved.events()[2:]) == [
        (r.CHILDREN_CHANGED, "/lasting-p"), (r.DATA_CHANGED, "/lasting-r/x"), (r.DATA_CHANGED, "/lasting-p"),
        (r.NODE_DELETED, "/lasting-r/x"), (r.NODE_CREATED, "/lasting-none"), (r.DATA_CHANGED, "/lasting-p")], moved.events()


@test()
def watches_are_found_and_removed(e):
    a, b = e.connect(e.servers[0]), e.connect(e.servers[1])
    b.call(r.create("/removed"))
    settle(a)
    assert a.error(r.check_watches("/removed", 3)) == -121
    a.call(r.get("/removed", True))
    a.call(r.children("/removed", True))
    for kind in (1, 2, 3):
        a.call(r.check_watches("/removed", kind))
    a.call(r.remove_watches("/removed", 2))
    assert a.error(r.check_watches("/removed", 2)) == -121
    a.call(r.remove_watches("/removed", 3))
    a.call(r.add_watch("/removed", recursive=True))
    a.call(r.remove_watches("/removed", 3))
    assert a.error(r.remove_watches("/removed", 3)) == -121
    b.call(r.set("/removed", b"x"))
    b.call(r.create("/removed/x"))
    settle(a)
    assert not a.events()


@test()
def a_session_knows_its_ephemerals_and_any_node_the_number_below(e):
    a, b = e.connect(e.servers[0]), e.connect(e.servers[2])
    for path, flags in (("/below", 0), ("/below/x", 0), ("/below/x/e", 1), ("/below/f", 1)):
        a.call(r.create(path, flags=flags))
    settle(b)
    b.call(r.create("/below/x/g", flags=1))
    settle(a)
    assert sorted(a.call(r.ephemerals())) == ["/below/f", "/below/x/e"]
    assert a.call(r.ephemerals("/below/x")) == ["/below/x/e"]
    assert b.call(r.ephemerals("/below")) == ["/below/x/g"]
    assert a.call(r.all_children_number("/below")) == b.call(r.all_children_number("/below")) == 4
    assert a.error(r.all_children_number("/nowhere")) == -101


@test(zookeeper=False)
def an_event_carries_the_zxid_of_its_change(e):
    a, b = e.connect(e.followers()[0]), e.connect(e.leader())
    b.call(r.create("/zxid"))
    a.fetch("/zxid")
    a.call(r.get("/zxid", True))
    write = b.send(r.set("/zxid", b"x"))
    b.result(write)
    if a.wait_events(1)[0].zxid != write.zxid:
        raise Wrong("event %s of the change 0x%x" % (a.events()[0], write.zxid))
