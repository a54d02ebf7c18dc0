"""Servers that come back: all at once, after long, with an empty disk, one after the other."""
import random
import time

import records as r
from ensemble import wait_until
from suite import test
from zkwire import Closed, SCALE


def fill(client, path, count, size=100, window=200):
    """Sets the node so often, pipelined."""
    tickets = []
    for i in range(count):
        tickets.append(client.send(r.set(path, b"%d." % i + bytes(size))))
        if len(tickets) >= window:
            client.result(tickets.pop(0))
    for ticket in tickets:
        client.result(ticket)


@test(own=True, asan=True)
def all_killed_at_once_come_back_with_every_acknowledged_write(e):
    clients = [e.connect(s, 30000) for s in e.servers]
    clients[0].call(r.create("/all", b""))
    clients[0].call(r.create("/all/ephemeral", b"", r.EPHEMERAL))
    for c in clients[1:]:
        c.call(r.sync("/"))
    for turn in range(3):
        tickets = [(c, c.send(r.create("/all/%d-%d-%d" % (turn, c.port, i), b"%d" % i))) for i in range(150) for c in clients]
        clients[0].result(tickets[150][1])
        for server in e.servers:
            server.kill()
        for c in clients:
            try:
                c.wait_closed()
            except Closed:
                pass
        acknowledged = [t.value for _, t in tickets if t.done and t.err == 0]
        for server in e.servers:
            server.start()
        e.wait_serving()
        clients = [e.move(c, s) for c, s in zip(clients, e.servers)]
        for c in clients:
            c.call(r.sync("/"))
            names = set(c.call(r.children("/all")))
            missing = [path for path in acknowledged if path.split("/")[-1] not in names]
            assert not missing, "turn %d: %d acknowledged writes are lost, %s first" % (turn, len(missing), missing[0])
            assert "ephemeral" in names, "the session lives, so does its node"
    e.check_equal_trees()


@test(own=True, asan=True, snapCount=200, preAllocSize=64)
def a_server_away_for_long_needs_a_snapshot(e):
    victim = e.followers()[0]
    client = e.connect(e.leader(), 30000)
    client.call(r.create("/long", b""))
    for i in range(200):
        client.send(r.create("/long/%d" % i, b"%d" % i))
    client.call(r.sync("/"))
    victim.kill()
    keeper = e.connect([s for s in e.servers if s is not victim][0], 60000)
    keeper.call(r.create("/long/kept", b"", r.EPHEMERAL))
    client.call(r.create("/long/late", b"x"))
    fill(client, "/long", 3000, 1000)
    client.close()
    for server in e.servers:  # so that the others' memory holds no old log
        if server is not victim:
            server.kill()
    for server in e.servers:
        if server is not victim:
            server.start()
    e.wait_serving([s for s in e.servers if s is not victim])
    before = e.leader()
    e.restart(victim)
    tree = e.check_equal_trees()
    assert "/long/late" in tree and len(tree) > 200
    if e.servers[0].binary != "zookeeper":
        received = int(victim.monitor()["coord_snapshots_received"])
        assert received >= 1, "%s caught up without a snapshot" % victim
    keeper = e.move(keeper, victim)  # the session came with the snapshot
    keeper.call(r.exists("/long/late", True))
    assert keeper.call(r.set("/long/kept", b"x")).ephemeral_owner == keeper.session
    before.kill()  # what it got is as good as the others': it takes part in the next quorum
    after = e.connect(victim)
    after.call(r.set("/long/late", b"y"))
    assert keeper.wait_events(1)[0].path == "/long/late"
    keeper.close()
    assert after.error(r.exists("/long/kept")) == r.NO_NODE
    e.restart(before)
    e.check_equal_trees()


@test(own=True, snapCount=100, preAllocSize=64)
def restarts_between_snapshots_keep_everything(e):
    client = e.connect(e.leader(), 30000)
    client.call(r.create("/snap", b""))
    client.close()
    for turn in range(4):
        client = e.connect(e.servers[turn % 3], 30000)
        fill(client, "/snap", 300)
        assert client.fetch("/snap")[1].version == 300 * (turn + 1)
        client.close()
        for server in e.servers:
            if turn % 2:
                assert server.terminate() in (0, 143), "exit code on SIGTERM"
            else:
                server.kill()
        for server in e.servers:
            server.start()
        e.wait_serving()
    e.check_equal_trees()


@test(own=True, asan=True, zookeeper=False)
def an_emptied_server_takes_part_without_a_vote_and_says_so(e):
    victim, other = e.followers()
    client = e.connect(e.leader(), 30000)
    client.call(r.create("/emptied", b"0"))
    client.call(r.sync("/"))
    victim.kill()
    victim.wipe()
    victim.start()
    e.wait_serving([victim])
    assert e.connect(victim).fetch("/emptied")[0] == b"0", "it serves what the others have"
    assert victim.monitor()["coord_voter"] == "0", victim.monitor()
    assert [s.monitor()["coord_voter"] for s in e.servers if s is not victim] == ["1", "1"]
    assert "vote" in victim.log(), "its log names the loss of the vote"
    writer = e.connect(victim)
    writer.call(r.set("/emptied", b"1"))
    other.kill()
    ticket = client.send(r.set("/emptied", b"2", 1))
    try:
        client.read_packet(1 * SCALE)
    except (Closed, TimeoutError):
        pass
    assert not ticket.done, "the emptied server counted in a quorum"
    e.restart(other)
    wait_until(lambda: e.leader(), "two voters have a leader")
    assert e.connect(victim).fetch("/emptied")[1].version in (1, 2)
    e.check_equal_trees()
    victim.kill()
    e.restart(victim)
    assert victim.monitor()["coord_voter"] == "0", "a restart does not give the vote back"
    e.check_equal_trees()


@test(own=True)
def one_of_three_may_be_down_for_good(e):
    gone = e.leader()
    first = e.connect(e.followers()[0], 30000)
    first.call(r.create("/good", b""))
    first.call(r.sync("/"))
    gone.kill()
    left = [s for s in e.servers if s is not gone]
    e.wait_serving(left)
    for turn in range(4):
        writer = e.connect(left[turn % 2], 30000)
        fill(writer, "/good", 50)
        assert writer.fetch("/good")[1].version == 50 * (turn + 1)
        writer.close()
        left[turn % 2].kill()
        left[turn % 2].start()
        e.wait_serving(left)
    e.check_equal_trees()


@test(servers=1, own=True, asan=True)
def a_lone_server_keeps_what_it_acknowledged(e):
    server = e.servers[0]
    client = e.connect(server, 30000)
    client.call(r.create("/lone", b""))
    client.call(r.create("/lone/ephemeral", b"", r.EPHEMERAL))
    for turn in range(5):
        tickets = [client.send(r.set("/lone", b"%d" % i)) for i in range(200)]
        client.result(tickets[50])
        server.kill()
        try:
            client.wait_closed()
        except Closed:
            pass
        acknowledged = max(t.value.version for t in tickets if t.done)
        e.restart(server)
        client = e.move(client, server)
        _, stat = client.call(r.get("/lone"))
        assert stat.version >= acknowledged, "turn %d: version %d, acknowledged %d" % (turn, stat.version, acknowledged)
        assert client.call(r.exists("/lone/ephemeral")).ephemeral_owner == client.session
    assert server.mode() == "standalone"


@test(own=True)
def a_rolling_restart_keeps_sessions_and_data(e):
    client = e.connect(e.servers[0], 30000)
    client.call(r.create("/rolling", b"", r.EPHEMERAL))
    for turn, server in enumerate(e.servers + e.servers):
        assert server.terminate() in (0, 143)
        home = e.servers[(server.number) % 3]
        e.wait_serving([home])
        client.drop()
        client = e.move(client, home)
        stat = client.call(r.set("/rolling", b"x"))
        assert (stat.version, stat.ephemeral_owner) == (turn + 1, client.session), stat
        e.restart(server)
    e.check_equal_trees()


@test(own=True)
def sessions_of_a_dead_ensemble_expire_only_after_a_full_time_out(e):
    """A new leader gives every session its whole time-out again."""
    client = e.connect(e.servers[0], 4000)
    client.call(r.create("/again", b"", r.EPHEMERAL))
    for server in e.servers:
        server.kill()
    time.sleep(1 * SCALE)
    for server in e.servers:
        server.start()
    e.wait_serving()
    client.drop()
    moved = e.move(client, e.servers[2])
    assert moved.call(r.exists("/again")).ephemeral_owner == client.session
    watcher = e.connect(e.servers[1])
    watcher.fetch("/again")
    watcher.call(r.exists("/again", True))
    moved.drop()
    assert watcher.wait_events(1, 15 * SCALE)[0].type == r.NODE_DELETED


@test(own=True, asan=True, zookeeper=False, start=False)
def an_ensemble_forms_whatever_dies_meanwhile(e):
    """Servers are killed in the first moments of their lives, again and again; what was formed is formed once."""
    chance = random.Random(11)
    clusters = set()
    for _ in range(25):
        for server in e.servers:
            if not server.running:
                server.start()
        time.sleep(chance.random() * 0.06 * SCALE)
        for server in chance.sample(e.servers, chance.choice([1, 1, 2, 3])):
            server.kill()
        for server in e.servers:
            if server.mode() is not None:
                clusters.add(server.monitor().get("coord_cluster"))
    e.start()
    clusters |= {server.monitor()["coord_cluster"] for server in e.servers}
    assert len(clusters - {None}) == 1, "formed more than once: %s" % clusters
    assert [server.monitor()["coord_voter"] for server in e.servers] == ["1"] * 3
    e.connect(e.servers[0]).call(r.create("/formed"))
    e.check_equal_trees()
