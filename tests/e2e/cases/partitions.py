"""Links between servers that break, fall silent one way or both, or lie. All through forwarders of ours (lib/links.py)."""
import os
import random
import tempfile
import time

import records as r
from busy import Busy
from ensemble import Ensemble, wait_until
from suite import binary, test
from zkwire import Closed, SCALE

ELECTION = 0.6 * SCALE  # the longest time-out


def epoch(server):
    return int(server.monitor()["coord_epoch"])


def others(e, *these):
    return [s for s in e.servers if s not in these]


def stays(e, seconds, condition, what):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        assert condition(), what
        e.check()
        time.sleep(0.05)


def finish(e, busy):
    """What the ensemble must be like once all links are well."""
    for b in busy:
        b.wait_progress()
        b.finish()
    e.wait_serving()
    e.check_equal_trees()


@test(own=True, asan=True, zookeeper=False, with_links=True)
def a_leader_cut_off_in_silence_answers_no_sync_and_no_write(e):
    leader = e.leader()
    cut_off, writer = e.connect(leader, 30000), e.connect(leader, 30000)
    cut_off.call(r.create("/silence", b"before"))
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in e.followers()]
    for b in busy:
        b.wait_progress()
    e.links.isolate(leader.number, [s.number for s in others(e, leader)])
    waiting = [cut_off.send(r.sync("/")), cut_off.send(r.get("/silence")), writer.send(r.set("/silence", b"cut off"))]
    started = time.monotonic()
    for b in busy:
        b.wait_progress()
    print("        replaced after %.0f ms" % (1000 * (time.monotonic() - started)))
    assert wait_until(lambda: leader.mode() != "leader", "the leader without a quorum steps down")
    elsewhere = e.connect(others(e, leader)[0])
    elsewhere.call(r.set("/silence", b"after"))
    for client in (cut_off, writer):
        try:
            client.read_packet(0.5 * SCALE)
        except (Closed, TimeoutError):
            pass
    assert not any(t.done for t in waiting), "%s was answered without a quorum" % [t.what for t in waiting if t.done]
    e.links.heal(late=True)
    wait_until(lambda: leader.mode() == "follower", "it follows")
    finish(e, busy)
    late = e.connect(leader).fetch("/silence")
    assert late[0] in (b"after", b"cut off") and late[1].version in (1, 2), late
    if waiting[1].done:
        assert waiting[1].value[0] in (b"after", b"cut off"), "a read behind its sync is stale: %r" % (waiting[1].value,)


@test(own=True, asan=True, zookeeper=False, with_links=True)
def a_leader_that_cannot_hear_abdicates(e):
    leader = e.leader()
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in others(e, leader)]
    for b in busy:
        b.wait_progress()
    e.links.silence(*[(s.number, leader.number) for s in others(e, leader)])
    for b in busy:
        b.wait_progress()
    wait_until(lambda: any(s.mode() == "leader" for s in others(e, leader)), "another leads")
    e.links.heal(late=True)
    finish(e, busy)


@test(own=True, zookeeper=False, with_links=True)
def a_follower_that_cannot_hear_does_not_disturb(e):
    leader = e.leader()
    deaf, fine = others(e, leader)
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in (leader, fine)]
    before = epoch(leader)
    e.links.silence((leader.number, deaf.number))
    stays(e, 5 * ELECTION, lambda: epoch(leader) == before and leader.mode() == "leader", "a deaf follower deposed the leader")
    for b in busy:
        b.wait_progress()
    e.links.heal(late=True)
    wait_until(lambda: deaf.mode() == "follower", "it follows again")
    assert epoch(leader) == before, "its return cost an epoch"
    finish(e, busy)


@test(own=True, zookeeper=False, with_links=True)
def a_follower_that_was_away_returns_without_an_election(e):
    leader = e.leader()
    away, fine = others(e, leader)
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in (leader, fine)]
    before = epoch(leader)
    e.links.isolate(away.number, [s.number for s in others(e, away)])
    wait_until(lambda: away.mode() is None, "it knows that it has no leader")
    for b in busy:
        b.wait_progress(300)
    time.sleep(2 * ELECTION)
    e.links.heal()
    wait_until(lambda: away.mode() == "follower", "it follows again")
    assert (epoch(leader), leader.mode()) == (before, "leader"), "pre-vote keeps the epoch"
    finish(e, busy)


@test(own=True, zookeeper=False, with_links=True)
def a_chain_of_servers_has_a_stable_leader(e):
    """Two of three do not see each other. At most one change of leader, then peace."""
    leader = e.leader()
    end, middle = others(e, leader)
    busy = [Busy(e, middle, "/busy")]
    e.links.cut(leader.number, end.number)
    busy[0].wait_progress(100)
    before = epoch(middle)
    stays(e, 6 * ELECTION, lambda: epoch(middle) == before, "elections in a chain")
    busy[0].wait_progress(100)
    e.links.heal()
    finish(e, busy)


@test(servers=5, own=True, zookeeper=False, with_links=True)
def a_hub_that_alone_sees_a_majority_leads(e):
    leader = e.leader()
    hub = others(e, leader)[0]
    busy = [Busy(e, hub, "/busy")]
    for a in others(e, hub):
        for b in others(e, hub):
            if a.number < b.number:
                e.links.cut(a.number, b.number)
    started = time.monotonic()
    wait_until(lambda: hub.mode() == "leader", "the hub leads")
    took = time.monotonic() - started
    print("        the hub leads after %.0f ms" % (1000 * took))
    assert took < 5 * ELECTION + 1, took
    busy[0].wait_progress(100)
    e.links.heal()
    finish(e, busy)


@test(own=True, asan=True, zookeeper=False, with_links=True)
def mangled_bytes_between_servers_break_links_and_nothing_else(e):
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in e.servers]
    numbers = [s.number for s in e.servers]
    e.links.mangle(*[(a, b) for a in numbers for b in numbers if a != b])
    deadline = time.monotonic() + 2
    while time.monotonic() < deadline:
        e.check()
        time.sleep(0.1)
    e.links.heal()
    e.wait_serving()
    assert sum(int(s.monitor()["coord_peer_bad_frames"]) for s in e.servers) > 0, "no bad frame was counted"
    finish(e, busy)


@test(own=True, asan=True, zookeeper=False, with_links=True)
def flapping_links_lose_and_double_nothing(e):
    """Links are cut, silent, and late for some seconds, at random; each writer is answered in the end."""
    busy = [Busy(e, s, "/busy-%d" % s.number) for s in e.servers]
    chance = random.Random(5)
    deadline = time.monotonic() + (4 if SCALE == 1 else 8)
    while time.monotonic() < deadline:
        a, b = chance.sample(e.servers, 2)
        chance.choice([lambda: e.links.cut(a.number, b.number), lambda: e.links.silence((a.number, b.number)),
                       lambda: e.links.isolate(a.number, [s.number for s in others(e, a)])])()
        time.sleep(chance.random() * 0.4 * SCALE)
        e.links.heal(late=chance.random() < 0.5)
        time.sleep(chance.random() * 0.2 * SCALE)
        e.check()
    e.links.heal()
    finish(e, busy)


@test(own=True, asan=True, zookeeper=False, with_links=True)
def a_link_that_breaks_under_forwarded_writes_doubles_none(e):
    """The leader has them, their server does not know: it sends them again (C18)."""
    leader = e.leader()
    server = others(e, leader)[0]
    busy = [Busy(e, server, "/busy-%d" % i) for i in range(3)]
    for _ in range(40):
        for b in busy:
            b.wait_progress(8)
        e.links.silence((leader.number, server.number))
        time.sleep(random.random() * 0.02)
        e.links.heal()
    finish(e, busy)


@test(own=True, zookeeper=False, with_links=True)
def writes_on_their_way_when_the_session_moves_have_no_effect(e):
    """They reach the leader after the session's new connection has written."""
    leader = e.leader()
    slow, other = others(e, leader)
    for turn in range(5):
        path = "/moved-%d" % turn
        stale = e.connect(slow, 30000)
        stale.call(r.create(path, b"", r.EPHEMERAL))
        e.links.silence((slow.number, leader.number))
        late = [stale.send(r.set(path, b"stale")) for _ in range(3)] + [stale.send(r.create(path + "-stale", b""))]
        moved = e.move(stale, other)
        moved.call(r.set(path, b"mine"))
        e.links.heal(late=True)
        stale.wait_closed()
        assert not any(t.done for t in late), "a connection without its session got a reply"
        e.connect(slow).fetch("/")  # what was under way through this server is decided now
        data, stat = moved.fetch(path)
        assert (data, stat.version) == (b"mine", 1), (data, stat)
        assert moved.error(r.exists(path + "-stale")) == r.NO_NODE
    e.check_equal_trees()


@test(own=True, zookeeper=False, with_links=True)
def a_server_without_a_leader_sends_its_clients_away_in_time(e):
    """Behind a third of the session's time-out, so that it lives on elsewhere."""
    away = e.followers()[0]
    client = e.connect(away, 3000)
    client.call(r.create("/away", b"", r.EPHEMERAL))
    e.links.isolate(away.number, [s.number for s in others(e, away)])
    started = time.monotonic()
    client.wait_closed(3 * SCALE)
    took = time.monotonic() - started
    assert 0.5 * SCALE < took < 2.5 * SCALE, took
    moved = e.move(client, others(e, away)[0])
    assert moved.call(r.exists("/away")).ephemeral_owner == client.session
    e.links.heal()
    e.wait_serving()
    e.check_equal_trees()


@test(servers=1, zookeeper=False)
def a_server_with_another_secret_is_kept_out(_):
    def configure(server, path):
        config = os.path.join(server.root, "zoo.cfg")
        with open(config, encoding="ascii") as f:
            lines = [line for line in f if not line.startswith("peerSecretFile")]
        with open(config, "w", encoding="ascii") as f:
            f.writelines(["peerSecretFile=%s\n" % path, *lines])

    with tempfile.TemporaryDirectory(prefix="coord-e2e-") as directory:
        paths = [os.path.join(directory, name) for name in ("right", "wrong")]
        for path in paths:
            with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as f:
                f.write("a secret of sixteen characters at least: %s\n" % path)
        with Ensemble(3, binary(), peerSecretFile=paths[0]) as e:
            stranger = e.followers()[0]
            busy = Busy(e, others(e, stranger)[0], "/busy")
            stranger.kill()
            configure(stranger, paths[1])
            stranger.start()
            wait_until(lambda: any(int(s.monitor().get("coord_peer_auth_failures", 0)) > 0 for s in others(e, stranger)),
                       "it is refused and counted")
            assert stranger.mode() is None
            busy.wait_progress()
            stranger.kill()
            configure(stranger, paths[0])
            e.restart(stranger)
            finish(e, [busy])
