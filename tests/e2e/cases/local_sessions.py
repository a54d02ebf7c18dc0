"""Sessions that one server keeps to itself (localSessionsEnabled), with and without upgrade. The cases run against ZooKeeper too."""
import time

import records as r
import zkwire
from ensemble import wait_until
from suite import test
from zkwire import Closed, Refused, SCALE

EPHEMERAL_ON_LOCAL_SESSION = -120


def zxid(server):
    return int([line for line in server.word("srvr").splitlines() if line.startswith("Zxid: ")][0].split()[1], 16)


def resumes(server, client):
    """A new connection for its session; None when it is refused."""
    connection = zkwire.Connection(server.client_port)
    try:
        return connection.handshake(client.timeout_ms, client.session, client.password)
    except (Refused, Closed):
        connection.drop()
        return None


def costs_nothing(e, server):
    before = zxid(server)
    c = e.connect(server, 10000)
    assert int(server.monitor()["zk_local_sessions"]) >= 1
    c.call(r.exists("/"))
    c.close()
    return zxid(server) == before


@test(localSessionsEnabled="true")
def a_local_session_costs_no_entry(e):
    for server in (e.leader(), e.followers()[0]):  # once no other server's first entry comes between
        wait_until(lambda s=server: costs_nothing(e, s), "a session without an entry", 10.0)


@test(localSessionsEnabled="true")
def a_local_session_reads_watches_and_writes(e):
    server, other = e.followers()[0], e.leader()
    c, d = e.connect(server), e.connect(other)
    c.call(r.create("/local", b"x"))
    assert c.fetch("/local", )[0] == b"x"
    c.call(r.get("/local", True))
    d.call(r.sync("/local"))
    d.call(r.set("/local", b"y", 0))
    c.wait_events(1)
    assert c.fetch("/local")[0] == b"y"
    assert c.call(r.ephemerals()) == []
    e.check_equal_trees()


@test(localSessionsEnabled="true")
def a_local_session_has_no_ephemeral_nodes(e):
    for server in (e.leader(), e.followers()[0]):
        c = e.connect(server)
        assert c.error(r.create("/e", b"", r.EPHEMERAL)) == EPHEMERAL_ON_LOCAL_SESSION
        assert c.error(r.create2("/none/e", b"", r.EPHEMERAL_SEQUENTIAL)) == EPHEMERAL_ON_LOCAL_SESSION
        assert c.error(r.create("bad", b"", r.EPHEMERAL)) == EPHEMERAL_ON_LOCAL_SESSION
        assert c.error(r.create("/x", b"", 9)) == r.BAD_ARGUMENTS
        assert c.error(r.exists("/e")) == r.NO_NODE
        assert server.monitor()["zk_global_sessions"] == "0"


@test(localSessionsEnabled="true")
def a_local_session_lives_on_its_server_only(e):
    server, other = e.followers()[0], e.leader()
    c = e.connect(server, 10000)
    c.call(r.create("/stays"))
    c.drop()
    again = resumes(server, c)
    assert again is not None and again.session == c.session
    again.call(r.exists("/stays"))
    again.drop()
    assert resumes(other, c) is None
    again = resumes(server, c)  # what another server said of it is not its server's word
    assert again is not None
    again.close()
    assert resumes(server, c) is None


@test(localSessionsEnabled="true")
def a_local_session_expires_by_its_own_server(e):
    server = e.followers()[0]
    c, kept = e.connect(server, 4000), e.connect(server, 4000)
    before = zxid(server)
    c.drop()
    started = time.monotonic()
    while time.monotonic() - started < 6.5 * SCALE:
        kept.call(r.exists("/"))
        time.sleep(0.2)
    assert resumes(server, c) is None
    kept.call(r.exists("/"))
    assert zxid(server) <= before + 1  # of the look at an unknown session, at most


@test(localSessionsEnabled="true", localSessionsUpgradingEnabled="true")
def an_ephemeral_node_makes_a_local_session_global(e):
    for server, other in ((e.leader(), e.followers()[0]), (e.followers()[0], e.leader())):
        path = "/up-%d" % server.number
        c = e.connect(server, 10000)
        session, password = c.session, c.password
        c.call(r.create(path))
        tickets = [c.send(r.create("%s/e-" % path, b"%d" % i, r.EPHEMERAL_SEQUENTIAL)) for i in range(5)]
        assert [c.result(t) for t in tickets] == ["%s/e-%010d" % (path, i) for i in range(5)]
        assert c.call(r.exists(path + "/e-0000000000")).ephemeral_owner == session
        assert len(c.call(r.ephemerals())) == 5
        c.drop()
        moved = resumes(other, c)
        assert moved is not None and (moved.session, moved.password) == (session, password)
        moved.call(r.sync(path))
        assert len(moved.call(r.children(path))) == 5
        moved.close()
        d = e.connect(server)
        d.call(r.sync(path))
        assert d.call(r.children(path)) == []
    e.check_equal_trees()


@test(own=True, zookeeper=False, localSessionsEnabled="true")
def a_change_of_leader_ends_no_local_session(e):
    """In ZooKeeper it ends them all."""
    leader, server = e.leader(), e.followers()[0]
    c = e.connect(server, 10000)
    c.call(r.create("/before"))
    leader.kill()
    c.call(r.create("/after"))
    assert c.call(r.exists("/after")).version == 0
    e.restart(leader)
    e.check_equal_trees()


@test(own=True, zookeeper=False, localSessionsEnabled="true", localSessionsUpgradingEnabled="true")
def hundreds_of_local_sessions_come_and_go(e):
    server = e.followers()[0]
    crowd = [e.connect(server, 20000) for _ in range(800)]
    assert server.monitor()["zk_global_sessions"] == "0"
    assert int(server.monitor()["zk_local_sessions"]) == 800
    tickets = [c.send(r.create("/n%d" % i, b"", r.EPHEMERAL)) for i, c in enumerate(crowd[:100])]
    for c, ticket in zip(crowd, tickets):
        c.result(ticket)
    assert int(server.monitor()["zk_local_sessions"]) == 700
    assert server.monitor()["zk_global_sessions"] == "100"
    for c in crowd:
        c.close()
    wait_until(lambda: server.monitor()["zk_ephemerals_count"] == "0", "all is gone")
    assert server.monitor()["zk_local_sessions"] == "0"
    e.check_equal_trees()


@test(servers=1, localSessionsEnabled="true")
def a_lone_server_has_no_local_sessions(e):
    c = e.connect(e.servers[0])
    c.call(r.create("/e", b"", r.EPHEMERAL))
    assert c.call(r.ephemerals()) == ["/e"]
    assert e.servers[0].monitor()["zk_local_sessions"] == "0"
