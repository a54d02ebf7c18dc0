"""Servers that die, stop and limp, under clients that must not notice more than promised."""
import time

import records as r
from busy import Busy
from ensemble import wait_until
from suite import test
from zkwire import Closed, SCALE


@test(own=True, asan=True, zookeeper=False)
def the_loss_of_a_leader_is_no_error_for_other_servers_clients(e):
    leader = e.leader()
    busy = [Busy(e, s, "/busy-%d-%d" % (s.number, i)) for s in e.followers() for i in range(3)]
    watcher = e.connect(e.followers()[0], 20000)
    assert watcher.error(r.exists("/made-later", True)) == r.NO_NODE
    for b in busy:
        b.wait_progress()
    leader.kill()
    for b in busy:
        b.wait_progress()
    after = e.leader()
    assert after is not leader
    spare = e.connect(after)
    spare.call(r.create("/made-later"))
    assert watcher.wait_events(1)[0].path == "/made-later", "watches outlive the leader"
    e.restart(leader)
    for b in busy:
        b.wait_progress()
        b.finish()
    print("        longest pause of a writer %.0f ms" % (1000 * max(b.longest for b in busy)))
    e.check_equal_trees()


@test(own=True, zookeeper=False)
def sequential_nodes_are_made_once_while_the_leader_dies(e):
    """Each of many creates in flight takes effect exactly once, its reply names what it made."""
    clients = [e.connect(s, 20000) for s in e.followers()]
    clients[0].call(r.create("/once"))
    clients[1].call(r.sync("/"))
    tickets = [[c.send(r.create("/once/n-", b"%d-%d" % (c.port, i), r.SEQUENTIAL)) for i in range(400)] for c in clients]
    clients[0].result(tickets[0][20])
    e.leader().kill()
    made = {}
    for c, mine in zip(clients, tickets):
        for i, ticket in enumerate(mine):
            made[c.result(ticket).split("/")[-1]] = b"%d-%d" % (c.port, i)
    assert len(made) == 800
    clients[0].call(r.sync("/"))
    names = clients[0].call(r.children("/once"))
    assert sorted(names) == sorted(made), "%d nodes for 800 creates" % len(names)
    for name in names:
        assert clients[0].call(r.get("/once/" + name))[0] == made[name], name


@test(own=True, asan=True)
def a_stopped_follower_delays_nobody_and_catches_up(e):
    victim, other = e.followers()
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in (e.leader(), other)]
    stuck = e.connect(victim, 30000)
    stuck.call(r.create("/stuck", b"", r.EPHEMERAL))
    victim.pause()
    stuck.send(r.set("/stuck", b"x"))
    for b in busy:
        b.wait_progress(200)
    assert max(b.longest for b in busy) < 2 * SCALE, "a stopped follower held up a writer"
    victim.resume()
    for b in busy:
        b.finish()
    for b in busy:
        wait_until(lambda x=b: e.connect(victim).fetch(x.path)[1].version == x.acknowledged, "the follower catches up")
    e.check_equal_trees()


@test(own=True, asan=True)
def a_stopped_leader_is_replaced_and_steps_down_later(e):
    leader = e.leader()
    followers = e.followers()
    own = e.connect(leader, 30000)
    own.call(r.create("/own", b"before"))
    other = e.connect(followers[0], 30000)
    other.call(r.sync("/"))
    leader.pause()
    started = time.monotonic()
    try:
        unknown = own.send(r.set("/own", b"unknown", 0))
    except Closed:
        unknown = None
    write = None
    deadline = started + 30 * SCALE
    while write is None:  # ZooKeeper's followers drop their clients here; coord's do not
        try:
            write = other.call(r.create("/other", b"x"))
        except Closed:
            assert e.servers[0].binary == "zookeeper", "the loss of a leader closed a connection elsewhere"
            assert time.monotonic() < deadline
            other = e.move(other, followers[0])
    gap = time.monotonic() - started
    print("        replaced after %.0f ms" % (1000 * gap))
    assert gap < (15 if e.servers[0].binary == "zookeeper" else 1.5 * SCALE + 1), gap
    leader.resume()
    wait_until(lambda: leader.mode() == "follower", "the old leader follows")
    try:
        if unknown is not None:
            own.result(unknown)
    except Closed:
        pass
    moved = e.move(own, leader)
    data, stat = moved.fetch("/own")
    assert (data, stat.version) in ((b"before", 0), (b"unknown", 1)), (data, stat)
    assert unknown is None or not unknown.done or stat.version == 1, "an acknowledged write is lost"
    assert moved.fetch("/other")[0] == b"x"
    e.check_equal_trees()


@test(own=True)
def a_limping_follower_delays_nobody(e):
    """It runs a tenth of the time."""
    victim, other = e.followers()
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in (e.leader(), other)]
    deadline = time.monotonic() + 3 * SCALE
    while time.monotonic() < deadline:
        victim.pause()
        time.sleep(0.09)
        victim.resume()
        time.sleep(0.01)
    for b in busy:
        b.wait_progress()
        b.finish()
    assert max(b.longest for b in busy) < 1 * SCALE, "pauses of %s s" % [b.longest for b in busy]
    e.check_equal_trees()


@test(own=True)
def a_limping_leader_loses_nothing(e):
    leader = e.leader()
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in e.followers()] if e.servers[0].binary != "zookeeper" else []
    deadline = time.monotonic() + 3 * SCALE
    while time.monotonic() < deadline:
        leader.pause()
        time.sleep(0.2 * SCALE)
        leader.resume()
        time.sleep(0.05 * SCALE)
    for b in busy:
        b.wait_progress()
        b.finish()
    e.leader()
    e.check_equal_trees()


@test(own=True, asan=True)
def without_a_quorum_nothing_is_acknowledged(e):
    leader = e.leader()
    client = e.connect(leader, 30000)
    client.call(r.create("/quorum", b"", r.PERSISTENT))
    followers = e.followers()
    for server in followers:
        server.kill()
    ticket = client.send(r.set("/quorum", b"x", 0))
    try:
        client.read_packet(1 * SCALE)
    except (Closed, TimeoutError):
        pass
    assert not ticket.done, "acknowledged by one of three"
    followers[0].start()
    wait_until(lambda: leader.mode() and followers[0].mode(), "two of three serve")
    reader = e.connect(followers[0])
    assert reader.fetch("/quorum")[1].version in (0, 1)
    reader.call(r.set("/quorum", b"y"))
    e.restart(followers[1])
    e.check_equal_trees()


@test(own=True, zookeeper=False)
def a_leader_that_is_asked_to_stop_passes_the_lead_on(e):
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in e.followers()]
    for b in busy:
        b.wait_progress()
    leader = e.leader()
    code = leader.terminate()
    assert code == 0, "exit code %s" % code
    for b in busy:
        b.wait_progress()
        b.finish()
    print("        longest pause of a writer %.0f ms" % (1000 * max(b.longest for b in busy)))
    e.restart(leader)
    e.check_equal_trees()


@test(own=True)
def a_client_of_the_killed_server_goes_on_elsewhere(e):
    victim, other = e.followers()
    client = e.connect(victim, 20000)
    client.call(r.create("/elsewhere", b"", r.EPHEMERAL))
    writes = [client.send(r.set("/elsewhere", b"%d" % i, i)) for i in range(50)]
    client.result(writes[10])
    victim.kill()
    try:
        client.result(writes[-1])
    except Closed:
        pass
    acknowledged = sum(w.done for w in writes)
    moved = e.move(client, other)
    data, stat = moved.fetch("/elsewhere")
    assert acknowledged <= stat.version <= 50 and data == b"%d" % (stat.version - 1), (acknowledged, stat)
    assert stat.ephemeral_owner == client.session
    e.restart(victim)
    e.check_equal_trees()


@test(servers=5, own=True)
def five_servers_serve_with_two_killed_and_wait_with_three(e):
    leader, followers = e.leader(), e.followers()
    keeper = e.connect(followers[0], 30000)
    keeper.call(r.create("/five", b""))
    leader.kill()
    followers[1].kill()
    alive = [s for s in e.servers if s.running]
    writer = e.connect(alive[1], 30000)
    for i in range(20):
        writer.call(r.set("/five", b"%d" % i))
    alive[2].kill()
    ticket = None
    try:
        ticket = writer.send(r.set("/five", b"two of five", 20))
        writer.read_packet(1.5 * SCALE)
    except (Closed, TimeoutError):
        pass
    assert ticket is None or not ticket.done, "acknowledged by two of five"
    for server in e.servers:
        if not server.running:
            server.start()
    e.wait_serving()
    data, stat = e.connect(leader).fetch("/five")
    assert (data, stat.version) in ((b"19", 20), (b"two of five", 21)), (data, stat)
    e.check_equal_trees()
