"""Sessions: made on one server, moved to another, refused, expired, closed."""
import socket
import struct
import time

import records as r
import zkwire
from ensemble import wait_until
from suite import test
from zkwire import Closed, Refused, SCALE


def refused(server, session, password, timeout_ms=10000):
    """The server answers with session 0 and closes."""
    with zkwire.Connection(server.client_port) as c:
        try:
            c.handshake(timeout_ms, session, password)
        except Refused:
            c.wait_closed()
            return True
        return False


@test(asan=True)
def a_session_moves_to_another_server_with_what_it_owns(e):
    first = e.connect(e.servers[0])
    first.call(r.create("/move", b"", r.EPHEMERAL))
    moved = first
    for i in range(12):
        moved.drop()
        moved = e.move(moved, e.servers[(i + 1) % 3])
        assert (moved.session, moved.password) == (first.session, first.password)
        stat = moved.call(r.set("/move", b"%d" % i, i))
        assert (stat.version, stat.ephemeral_owner) == (i + 1, first.session), stat


@test()
def a_move_ends_the_connection_that_the_session_had(e):
    """Its write gets no reply and has no effect; the session goes on where it is."""
    for there in (e.servers[0], e.servers[1]):
        stale = e.connect(e.servers[0])
        path = "/stale-%d" % there.number
        stale.call(r.create(path, b"", r.EPHEMERAL))
        moved = e.move(stale, there)
        moved.call(r.set(path, b"mine"))
        try:
            ticket = stale.send(r.set(path, b"stale"))
            stale.wait_closed()
            assert not ticket.done, "a connection without its session got the reply %s" % ticket.err
        except Closed:
            pass
        data, stat = moved.fetch(path)
        assert (data, stat.version) == (b"mine", 1), (data, stat)


@test(asan=True)
def a_wrong_password_is_refused_and_harms_nobody(e):
    owner = e.connect(e.servers[0])
    owner.call(r.create("/password", b"", r.EPHEMERAL))
    wrong = bytes(b ^ 1 for b in owner.password)
    assert any(owner.password), "a password that can be guessed"
    for server in e.servers[1:]:
        assert refused(server, owner.session, wrong)
        assert refused(server, owner.session, b"")
        assert refused(server, owner.session, None)
        assert refused(server, owner.session, owner.password + b"x")
    assert owner.call(r.set("/password", b"x")).version == 1


@test()
def an_unknown_session_is_refused(e):
    for server in e.servers:
        assert refused(server, 0x0123456789abcdef, b"p" * 16)
        assert refused(server, -1, b"p" * 16)


@test()
def passwords_and_ids_differ(e):
    sessions = [e.connect(server) for server in e.servers for _ in range(5)]
    assert len({s.session for s in sessions}) == len({s.password for s in sessions}) == 15
    assert all(len(s.password) == 16 for s in sessions)


@test(asan=True)
def an_expired_session_loses_its_ephemerals_everywhere(e):
    clients = e.connect_all()
    lost = e.connect(e.servers[0], 600)
    lost.call(r.create("/expired", b"", r.EPHEMERAL))
    lost.call(r.create("/expired-too", b"", r.EPHEMERAL))
    for client in clients:
        client.fetch("/expired")
        client.call(r.exists("/expired", True))
    started = time.monotonic()
    lost.drop()
    for client in clients:
        event = client.wait_events(1, 10 * SCALE)[0]
        assert (event.type, event.path) == (r.NODE_DELETED, "/expired"), event
        assert client.error(r.exists("/expired")) == r.NO_NODE
        assert client.error(r.exists("/expired-too")) == r.NO_NODE, "ephemerals go at once"
    took = time.monotonic() - started
    assert took > 0.3 * SCALE, "expired after %.2f s already" % took
    for server in e.servers:
        assert refused(server, lost.session, lost.password)


@test()
def pings_through_any_server_keep_a_session(e):
    clients = [e.connect(server, 800) for server in e.servers]
    paths = ["/kept-%d" % c.port for c in clients]
    for client, path in zip(clients, paths):
        client.call(r.create(path, b"", r.EPHEMERAL))
    deadline = time.monotonic() + 3 * SCALE
    while time.monotonic() < deadline:
        for client in clients:
            try:
                client.read_packet(0.1 * SCALE)  # pings while it waits
            except TimeoutError:
                pass
    for client, path in zip(clients, paths):
        assert client.call(r.exists(path)).ephemeral_owner == client.session


@test()
def reads_through_a_follower_keep_a_session(e):
    client = e.connect(e.followers()[0], 800)
    client.pings = False
    deadline = time.monotonic() + 3 * SCALE
    while time.monotonic() < deadline:
        client.call(r.exists("/"))
        time.sleep(0.1 * SCALE)


@test(asan=True)
def a_closed_session_is_gone_at_once(e):
    clients = e.connect_all()
    closing = e.connect(e.servers[1])
    closing.call(r.create("/closed", b"", r.EPHEMERAL))
    clients[0].fetch("/closed")
    clients[0].call(r.exists("/closed", True))
    closing.close()
    for client in clients:
        client.call(r.sync("/"))
        assert client.error(r.exists("/closed")) == r.NO_NODE
    assert [(x.type, x.path) for x in clients[0].events()] == [(r.NODE_DELETED, "/closed")]
    for server in e.servers:
        assert refused(server, closing.session, closing.password)


@test()
def requests_in_front_of_a_close_are_answered(e):
    client = e.connect(e.followers()[0])
    client.cork()
    writes = [client.send(r.create("/last-%d" % i)) for i in range(50)]
    client.send(r.create("/last-ephemeral", b"", r.EPHEMERAL))
    end = client.send(r.close())
    client.flush()
    client.result(end)
    client.wait_closed()
    assert all(w.err == 0 for w in writes)
    other = e.connect(e.leader())
    other.call(r.sync("/"))
    assert other.error(r.exists("/last-49")) == 0
    assert other.error(r.exists("/last-ephemeral")) == r.NO_NODE


@test()
def a_client_that_has_seen_more_than_the_server_is_turned_away(e):
    client = e.connect(e.servers[0])
    for server in e.servers:
        try:
            client.move_to(server.client_port, last_zxid=client.zxid + (1 << 40))
        except Closed:
            continue
        raise AssertionError("%s took a client from the future" % server)
    assert client.move_to(e.servers[0].client_port, last_zxid=-1)


@test()
def time_outs_are_clamped_and_negotiated_anew(e):
    def asked(milliseconds, session=0, password=bytes(16)):
        with zkwire.Connection(e.servers[0].client_port) as c:
            c.handshake(milliseconds, session, password)
            return c
    low, high = int(400 * SCALE), int(60000 * SCALE)
    assert asked(1).timeout_ms == asked(-5).timeout_ms == low
    c = asked(2 ** 31 - 1)
    assert c.timeout_ms == high
    assert asked(3000, c.session, c.password).timeout_ms == max(3000, low)


@test()
def old_clients_without_the_read_only_byte_get_none_back(e):
    with zkwire.Connection(e.servers[0].client_port) as c:
        c.handshake(4000, read_only=None)
        assert c.call(r.exists("/")).version == 0
    with zkwire.Connection(e.servers[0].client_port) as c:
        c.handshake(4000, read_only=True)
        assert c.call(r.exists("/")).version == 0


@test(own=True, zookeeper=False)
def sessions_and_their_ephemerals_count_in_mntr(e):
    before = int(e.leader().monitor()["zk_global_sessions"])
    client = e.connect(e.followers()[0])
    client.call(r.create("/counted", b"", r.EPHEMERAL))
    assert int(e.leader().monitor()["zk_global_sessions"]) == before + 1
    for server in e.servers:
        wait_until(lambda s=server: int(s.monitor()["zk_global_sessions"]) == before + 1, "%s knows the session" % server)


@test(own=True, zookeeper=False, **{"readonlymode.enabled": "true"})
def without_a_quorum_reads_are_served_to_who_asked_for_it(e):
    writer = e.connect(e.servers[0])
    writer.call(r.create("/kept", b"v"))
    for server in e.servers:
        e.connect(server).call(r.sync("/"))
    alone = e.servers[0]
    for other in e.servers[1:]:
        other.kill()
    wait_until(lambda: alone.word("isro") == "ro", "the last server is read-only")
    assert "Mode: read-only\n" in alone.word("srvr"), alone.word("srvr")
    assert alone.monitor()["coord_read_only"] == "1"
    with zkwire.Connection(alone.client_port) as c:
        c.handshake(4000, read_only=True)
        assert c.fetch("/kept")[0] == b"v"
        assert c.error(r.create("/no")) == r.NOT_READ_ONLY
        assert c.error(r.sync("/")) == r.NOT_READ_ONLY
        with zkwire.Connection(alone.client_port) as other:
            try:
                other.handshake(4000, read_only=False)
                raise AssertionError("served though it did not ask for read-only")
            except Closed:
                pass
        for server in e.servers[1:]:
            server.start()
        c.wait_closed()
    wait_until(lambda: alone.word("isro") == "rw", "there is a quorum again")
    e.connect(alone).call(r.create("/again"))


@test(servers=1, own=True, **{"enforce.auth.enabled": "true", "enforce.auth.schemes": "digest"})
def who_must_authenticate_and_has_not_is_closed(e):
    with zkwire.Connection(e.servers[0].client_port) as c:
        c.handshake(4000)
        ticket = c.send(r.exists("/"))
        c.wait_closed()
        assert ticket.done and (ticket.err, ticket.zxid) == (-124, 0), (ticket.err, ticket.zxid)
    with socket.create_connection(("127.0.0.1", e.servers[0].client_port), timeout=10) as s:
        auth = struct.pack(">iii", -4, 100, 0) + r.pack_string("digest") + r.pack_buffer(b"user:secret")
        exists = struct.pack(">ii", 1, r.EXISTS) + r.exists("/")[1]
        for body in (r.connect_request(0, bytes(16), 4000, 0, False), auth, exists):
            s.sendall(struct.pack(">i", len(body)) + body)
        replies = [read_frame(s) for _ in range(3)]
        assert [struct.unpack_from(">iqi", f)[::2] for f in replies[1:]] == [(-4, 0), (1, 0)], replies


def read_frame(s):
    data = b""
    while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
        data += s.recv(1 if len(data) < 4 else 4 + struct.unpack(">i", data[:4])[0] - len(data))
    return data[4:]
