"""What is written through one server and read through another; order, sync, sequences, Stat, error codes."""
import itertools

import records as r
from suite import test


@test(asan=True)
def every_server_reads_what_any_wrote(e):
    clients = e.connect_all()
    clients[0].call(r.create("/any"))
    for number, writer in enumerate(clients):
        path = "/any/%d" % number
        writer.call(r.create(path, b"first"))
        stat = writer.call(r.set(path, b"second"))
        for reader in clients:
            assert reader.fetch(path) == (b"second", stat), "%s through port %d" % (path, reader.port)
    names = [sorted(c.call(r.children("/any"))) for c in clients]
    assert names == [["0", "1", "2"]] * 3, names


@test()
def a_session_reads_its_own_writes_without_sync(e):
    for number, client in enumerate(e.connect_all()):
        path = "/own-%d" % number
        client.call(r.create(path))
        for i in range(100):
            client.call(r.set(path, b"%d" % i))
            data, stat = client.call(r.get(path))
            assert (data, stat.version) == (b"%d" % i, i + 1), (data, stat)


@test(asan=True, zookeeper=False)  # ZooKeeper's is none: a follower acknowledges before others apply
def sync_is_a_barrier_between_any_two_servers(e):
    clients = e.connect_all()
    clients[0].call(r.create("/barrier", b""))
    pairs = itertools.cycle(itertools.permutations(clients, 2))
    for i, (writer, reader) in zip(range(600), pairs):
        value = b"%d" % i
        writer.call(r.set("/barrier", value))
        data, _ = reader.fetch("/barrier")
        assert data == value, "round %d: a write through port %d was completed, %d reads %r after its sync" % (
            i, writer.port, reader.port, data)


@test(asan=True)
def mixed_pipelined_requests_take_effect_in_order(e):
    for number, client in enumerate(e.connect_all()):
        path = "/fifo-%d" % number
        client.send(r.create(path, b"-1"))
        tickets = []
        for burst in range(10):
            client.cork()
            for i in range(burst * 30, burst * 30 + 30):
                tickets.append((i, client.send(r.set(path, b"%d" % i, i)), client.send(r.get(path)),
                                client.send(r.exists(path + "/none")), client.send(r.sync(path)) if i % 7 == 0 else None,
                                client.send(r.children(path))))
            client.flush()
        for i, write, read, absent, _sync, names in tickets:
            stat = client.result(write)
            assert stat.version == i + 1, (i, stat)
            client.result(names)
            assert read.get() == (b"%d" % i, stat), "read behind write %d gives %r" % (i, read.get())
            assert absent.err == r.NO_NODE
            assert write.zxid == stat.mzxid, "a write's reply carries that write's zxid"


@test()
def sequential_names_are_unique_and_rise_across_servers(e):
    clients = e.connect_all()
    clients[0].call(r.create("/sequence"))
    tickets = {client: [] for client in clients}
    for _ in range(50):
        for client, made in tickets.items():
            made.append(client.send(r.create("/sequence/n-", b"", r.SEQUENTIAL)))
    paths = {client: [client.result(t) for t in made] for client, made in tickets.items()}
    every = sorted(path for made in paths.values() for path in made)
    assert every == ["/sequence/n-%010d" % i for i in range(150)], every[:5]
    for made in paths.values():
        assert made == sorted(made), "a session's own sequence does not rise"


@test(asan=True)
def hundreds_of_requests_wait_on_one_connection(e):
    client = e.connect(e.followers()[0])
    blob = bytes(range(256)) * 400
    client.call(r.create("/many", blob))
    client.cork()
    tickets = [client.send(r.get("/many")) for _ in range(300)]  # 30 MB of replies, which nobody reads for now
    client.flush()
    other = e.connect(e.leader())
    for i in range(50):  # others are not touched
        other.call(r.set("/many", blob, i))
    for ticket in tickets:
        data, _ = client.result(ticket)
        assert data == blob
    writes = [client.send(r.set("/many", b"%d" % i)) for i in range(500)]
    assert [client.result(t).version for t in writes] == list(range(51, 551))


@test()
def error_codes_and_their_precedence(e):
    for number, c in enumerate(e.connect_all()):
        at = "/errors-%d" % number
        c.call(r.create(at, b"x"))
        c.call(r.create(at + "/child"))
        c.call(r.create(at + "/ephemeral", b"", r.EPHEMERAL))
        for expected, operation in (
                (r.NODE_EXISTS, r.create(at)),
                (r.NO_NODE, r.create(at + "/no/child")),
                (r.NO_CHILDREN_FOR_EPHEMERALS, r.create(at + "/ephemeral/child")),
                (r.NO_NODE, r.get(at + "/none")),
                (r.NO_NODE, r.exists(at + "/none")),
                (r.NO_NODE, r.children(at + "/none")),
                (r.NO_NODE, r.set(at + "/none", b"")),
                (r.NO_NODE, r.delete(at + "/none")),
                (r.BAD_VERSION, r.set(at, b"", 7)),
                (r.BAD_VERSION, r.delete(at, 7)),
                (r.NOT_EMPTY, r.delete(at)),
                (r.BAD_ARGUMENTS, r.create("no-slash")),
                (r.BAD_ARGUMENTS, r.create(at + "/")),
                (r.BAD_ARGUMENTS, r.create(at + "/..")),
                (r.BAD_ARGUMENTS, r.create(at + "/.")),
                (r.NO_NODE, r.create(at + "//x")),
                (r.NO_NODE, r.create(at + "/../x")),
                (r.BAD_ARGUMENTS, r.create(at + "/\x01")),
                (r.BAD_ARGUMENTS, r.set(at + "/", b"")),
                (r.BAD_ARGUMENTS, r.delete("/zookeeper")),
                (r.INVALID_ACL, r.create(at + "/acl", acl=())),
                (r.INVALID_ACL, r.create(at + "/acl", acl=((31, "unheard", "of"),))),
                (r.INVALID_ACL, r.create(at + "/acl", acl=None))):
            found = c.error(operation)
            assert found == expected, "port %d, %r: %d instead of %d" % (c.port, operation[:2], found, expected)
        assert sorted(c.call(r.children(at))) == ["child", "ephemeral"]


@test()
def permissions_of_anyone_are_enforced(e):
    c, other = e.connect(e.followers()[0]), e.connect(e.leader())
    c.call(r.create("/read-only", b"x", acl=((1, "world", "anyone"),)))
    c.call(r.create("/no-read", b"x", acl=((30, "world", "anyone"),)))
    for client in (c, other):
        client.call(r.sync("/"))
        assert client.error(r.set("/read-only", b"")) == r.NO_AUTH
        assert client.error(r.create("/read-only/x")) == r.NO_AUTH
        assert client.error(r.get("/read-only")) == 0
        assert client.error(r.get("/no-read")) == r.NO_AUTH
        assert client.error(r.children("/no-read")) == r.NO_AUTH
    assert other.error(r.create("/no-read/x")) == 0
    assert other.error(r.delete("/no-read/x")) == 0
    other.call(r.delete("/no-read"))  # the ensemble's whole tree is read by others


@test(asan=True)
def stat_fields_follow_the_changes(e):
    c = e.connect(e.followers()[0])
    made = c.send(r.create2("/stat", b"four"))
    path, stat = c.result(made)
    assert path == "/stat"
    assert (stat.czxid, stat.mzxid, stat.pzxid) == (made.zxid,) * 3 and stat.ctime == stat.mtime, stat
    assert stat[4:10] == (0, 0, 0, 0, 4, 0), stat
    changed = c.send(r.set("/stat", b"seven!!"))
    after = c.result(changed)
    assert after == stat._replace(mzxid=changed.zxid, mtime=after.mtime, version=1, data_length=7), after
    child = c.send(r.create("/stat/child", b"", r.EPHEMERAL))
    c.result(child)
    assert c.call(r.exists("/stat/child")).ephemeral_owner == c.session
    below = c.call(r.exists("/stat"))
    assert below == after._replace(cversion=1, children=1, pzxid=child.zxid), below
    c.call(r.set("/stat/child", b"does not touch the parent"))
    gone = c.send(r.delete("/stat/child"))
    c.result(gone)
    last = c.call(r.exists("/stat"))
    assert last == after._replace(cversion=2, pzxid=gone.zxid), last
    assert c.call(r.create("/stat/s-", b"", r.SEQUENTIAL)) == "/stat/s-0000000001"
    for other in e.connect_all():
        assert other.fetch("/stat") == (b"seven!!", c.call(r.exists("/stat")))


@test()
def null_and_empty_data_are_kept_apart(e):
    c = e.connect(e.followers()[0])
    c.call(r.create("/null", None))
    c.call(r.create("/empty", b""))
    for other in e.connect_all():
        assert other.fetch("/null")[0] is None
        assert other.fetch("/empty")[0] == b""


@test()
def the_first_tree_is_zookeepers(e):
    for c in e.connect_all():
        assert "zookeeper" in c.call(r.children("/"))
        names, stat = c.call(r.children2("/zookeeper"))
        assert sorted(names) == ["config", "quota"], names
        assert (stat.cversion, stat.czxid, stat.ctime) == (-2, 0, 0) or stat.cversion >= -1, stat


@test(zookeeper=False)
def an_operation_that_is_not_built_says_so(e):
    """sasl of a later version: the answer is -6 and the connection stays."""
    c = e.connect(e.leader())
    assert c.error((102, r.pack_string("token"), r.nothing)) == r.UNIMPLEMENTED
    assert c.call(r.exists("/")).version == 0
