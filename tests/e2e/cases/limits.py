"""Limits, malformed bytes and four-letter words: each costs one connection at most."""
import random
import socket
import struct
import time

import records as r
import zkwire
from ensemble import wait_until
from suite import test
from zkwire import Closed, SCALE

PACKET_MAX = 1048575  # jute.maxbuffer


def data_for_packet(path, size):
    """Data with which a setData of path makes a packet of so many bytes."""
    return b"\xa5" * (size - 8 - len(r.set(path, b"")[1]))


class Bystander:
    """A client of the same server that must not notice anything."""

    def __init__(self, e, server):
        self.client, self.path = e.connect(server), "/bystander-%d" % random.randrange(1 << 30)
        self.client.call(r.create(self.path, b"", r.EPHEMERAL))
        self.version = 0

    def check(self):
        self.version += 1
        assert self.client.call(r.set(self.path, b"x")).version == self.version


def closes(port, sent, handshake=True):
    """The server closes a connection that sends this, and answers none of it."""
    with zkwire.Connection(port) as c:
        if handshake:
            c.handshake(4000)
        try:
            c.send_bytes(sent)
        except Closed:
            return
        c.wait_closed()


@test(asan=True)
def values_up_to_the_limit_pass_and_one_byte_more_closes(e):
    for server in e.servers:
        bystander = Bystander(e, server)
        path = "/large-%d" % server.number
        c = e.connect(server)
        c.call(r.create(path))
        data = data_for_packet(path, PACKET_MAX)
        assert c.call(r.set(path, data)).data_length == len(data)
        number, body, _ = r.set(path, data + b"x")
        closes(server.client_port, struct.pack(">iii", len(body) + 8, 1, number) + body)
        bystander.check()
        for other in e.connect_all():
            found, stat = other.fetch(path)
            assert (found == data, stat.version) == (True, 1), stat


@test(asan=True)
def many_large_values_pass_through_a_follower(e):
    """More than any window or credit holds at once."""
    c = e.connect(e.followers()[0])
    c.call(r.create("/bulk"))
    blob = bytes(random.Random(7).randbytes(900000))
    tickets = [c.send(r.set("/bulk", blob, i)) for i in range(30)]
    assert [c.result(t).version for t in tickets] == list(range(1, 31))
    for other in e.connect_all():
        assert other.fetch("/bulk")[0] == blob


@test(asan=True)
def impossible_lengths_close_the_connection(e):
    for server in e.servers[:2]:
        bystander = Bystander(e, server)
        for length in (-1, -2 ** 31, PACKET_MAX + 1, 2 ** 31 - 1):
            closes(server.client_port, struct.pack(">i", length))
            closes(server.client_port, struct.pack(">i", length), handshake=False)
        bystander.check()


@test(zookeeper=False)
def a_first_frame_above_a_kilobyte_closes_the_connection(e):
    closes(e.servers[0].client_port, struct.pack(">i", 1025), handshake=False)


@test()
def a_body_that_does_not_decode_gets_an_error_and_the_connection_stays(e):
    c = e.connect(e.followers()[0])
    for operation in ((r.GET_DATA, b""), (r.CREATE, r.pack_string("/x")), (r.SET_DATA, b"\x7f\xff\xff\xff"),
                      (r.GET_CHILDREN, b"\x00\x00\x00\x10/x"), (r.CREATE, struct.pack(">i", -7)),
                      (r.DELETE, r.pack_string("/x") + b"\0\0"), (r.EXISTS, struct.pack(">i", -2))):
        assert c.error((*operation, r.nothing)) == r.MARSHALLING, operation
    assert c.call(r.exists("/")).version == 0


@test()
def an_unknown_operation_closes_the_connection(e):
    for number in (99, -3, 2 ** 31 - 1):
        c = e.connect(e.servers[0])
        ticket = c.send((number, b"", r.nothing))
        c.wait_closed()
        assert ticket.done and (ticket.err, ticket.zxid) == (r.UNIMPLEMENTED, -1), (number, ticket.err, ticket.zxid)


@test(asan=True)
def random_bytes_do_no_harm(e):
    chance = random.Random(20)
    for server in e.servers:
        bystander = Bystander(e, server)
        for i in range(60):
            with zkwire.Connection(server.client_port) as c:
                if i % 3:
                    c.handshake(4000)
                number = chance.choice([1, 2, 3, 4, 5, 8, 9, 11, 12, 14, 15, 101, 105, 106, -11, 100, chance.getrandbits(31)])
                body = struct.pack(">ii", chance.choice([1, -8, -4, -2, 0]), number) + chance.randbytes(chance.randrange(200))
                try:
                    c.send_bytes(struct.pack(">i", len(body)) + body + chance.randbytes(chance.randrange(8)))
                    c.socket.settimeout(0.005)
                    c.socket.recv(4096)
                except (OSError, Closed):
                    pass
        bystander.check()
    e.check()


@test()
def a_half_sent_request_has_no_effect(e):
    c = e.connect(e.servers[0])
    c.call(r.create("/half", b"old"))
    number, body, _ = r.set("/half", b"new")
    frame = struct.pack(">iii", len(body) + 8, 1, number) + body
    for size in (1, 3, 4, 11, len(frame) - 1):
        with zkwire.Connection(e.servers[0].client_port) as half:
            half.handshake(4000)
            half.send_bytes(frame[:size])
    assert c.fetch("/half")[0] == b"old"


@test()
def bytes_that_come_one_by_one_make_a_request(e):
    c = e.connect(e.followers()[0])
    c.cork()
    ticket = c.send(r.create("/slowly", b"x"))
    for at in range(len(c.output)):
        c.socket.sendall(c.output[at:at + 1])
    c.output.clear()
    assert c.result(ticket) == "/slowly"


@test(asan=True)
def four_letter_words_are_answered_by_every_server(e):
    client = e.connect(e.servers[0])
    client.call(r.create("/words", b"x"))
    for server in e.servers:
        assert server.word("ruok") == "imok", server.word("ruok")
        assert server.word("isro") == "rw", server.word("isro")
        for word in ("srvr", "stat"):
            text = server.word(word)
            assert "Zookeeper version:" in text and "Mode: " in text and "Zxid: 0x" in text and "Node count: " in text, text
        conf = server.word("conf")
        assert "clientPort=%d" % server.client_port in conf and "serverId=%d" % server.number in conf, conf
        monitor = server.monitor()
        assert monitor["zk_server_state"] in ("leader", "follower"), monitor
        for key in ("zk_version", "zk_znode_count", "zk_watch_count", "zk_ephemerals_count", "zk_num_alive_connections",
                    "zk_outstanding_requests", "zk_packets_received", "zk_packets_sent", "zk_avg_latency",
                    "zk_approximate_data_size", "zk_open_file_descriptor_count"):
            assert key in monitor, "%s is missing: %s" % (key, sorted(monitor))
    leading = [s for s in e.servers if s.monitor()["zk_server_state"] == "leader"]
    assert len(leading) == 1
    assert leading[0].monitor()["zk_synced_followers"].split(".")[0] == "2", leading[0].monitor()


def resident_mb(server):
    with open("/proc/%d/status" % server.process.pid, encoding="ascii") as f:
        return [int(line.split()[1]) for line in f if line.startswith("VmRSS")][0] / 1024


@test(own=True, zookeeper=False)
def clients_that_read_nothing_cost_little_and_harm_nobody(e):
    server = e.followers()[0]
    writer = e.connect(server, 30000)
    blob = random.Random(1).randbytes(1000000)
    writer.call(r.create("/big", blob))
    watched = ["/watched-%d" % i for i in range(300)]
    for path in watched:
        writer.send(r.create(path))
    writer.call(r.sync("/"))
    before = resident_mb(server)
    deaf = [e.connect(server, 30000) for _ in range(4)]
    for c in deaf:
        c.cork()
        for path in watched:
            c.send(r.get(path, True))
        for _ in range(200):
            c.send(r.get("/big"))
        c.socket.setblocking(False)
        try:
            while c.output:
                del c.output[:c.socket.send(c.output)]
        except BlockingIOError:
            pass
    for turn in range(3):  # the others go on, and what the deaf ones watch changes
        for path in watched:
            writer.send(r.set(path, b"%d" % turn))
        started = time.monotonic()
        writer.call(r.sync("/"))
        assert time.monotonic() - started < 5 * SCALE, "others wait for those who do not read"
    grown = resident_mb(server) - before
    assert grown < 4 * 8 + 30, "%s grew by %.0f MB" % (server, grown)
    for c in deaf:
        c.drop()
    assert e.connect(server).fetch("/watched-0")[1].version == 3


@test(servers=1, own=True, maxClientCnxns=5)
def one_address_has_so_many_connections_and_no_more(e):
    server = e.servers[0]
    clients = [e.connect(server) for _ in range(5)]
    for _ in range(3):
        try:
            zkwire.connect(server.client_port)
        except (Closed, OSError):
            continue
        raise AssertionError("a sixth connection was served")
    clients.pop().close()
    e.connect(server).call(r.create("/sixth"))
    for c in clients:
        c.call(r.exists("/sixth"))


@test(own=True)
def hundreds_of_sessions_expire_and_leave_nothing(e):
    watcher = e.connect(e.servers[0], 30000)
    watcher.call(r.create("/crowd"))
    crowd = [e.connect(e.servers[i % 3], 30000 if i < 200 else 4000) for i in range(300)]
    tickets = [c.send(r.create("/crowd/%d" % i, b"", r.EPHEMERAL)) for i, c in enumerate(crowd)]
    for c, ticket in zip(crowd, tickets):
        c.result(ticket)
    watcher.call(r.sync("/"))
    assert len(watcher.call(r.children("/crowd"))) == 300
    for c in crowd[200:]:
        c.drop()
    for c in crowd[:200]:
        c.close()
    wait_until(lambda: watcher.call(r.children("/crowd")) == [], "all ephemerals are gone")
    assert watcher.call(r.exists("/crowd")).cversion == 600
    e.check_equal_trees()


@test()
def the_telnet_interrupt_only_closes(e):
    with socket.create_connection(("127.0.0.1", e.servers[0].client_port), timeout=20) as s:
        s.sendall(b"\xff\xf4\xff\xfd\x06")
        try:
            assert s.recv(100) == b""
        except ConnectionResetError:
            pass


@test(servers=1, own=True, zookeeper=False, maxCnxns=4, maxClientCnxns=0)
def the_server_has_so_many_connections_and_no_more(e):
    server = e.servers[0]
    clients = [e.connect(server) for _ in range(4)]
    try:
        with zkwire.Connection(server.client_port) as fifth:
            fifth.handshake(4000)
        raise AssertionError("a fifth connection was served")
    except (Closed, OSError):
        pass
    clients.pop().close()
    wait_until(lambda: server.word("ruok") == "imok", "there is room again")
    e.connect(server).call(r.create("/room"))
    for c in clients:
        c.call(r.exists("/room"))


@test(servers=1, own=True, zookeeper=False, connectTimeoutMs=700)
def without_a_connect_request_a_connection_ends(e):
    server = e.servers[0]
    served = e.connect(server)
    for sent in (b"", b"\0\0", struct.pack(">i", 44) + b"\0" * 43):
        started = time.monotonic()
        with zkwire.Connection(server.client_port) as c:
            if sent:
                c.send_bytes(sent)
            c.wait_closed()
        assert time.monotonic() - started > 0.6, "too early"
    served.call(r.exists("/"))


def behind_others(e, server, blob):
    """Its own connection does not read: 20 answers of a megabyte are asked for."""
    deaf = e.connect(server, 4000)
    deaf.pings = False
    deaf.cork()
    for _ in range(20):
        deaf.send(r.get(blob))
    deaf.flush()
    return deaf


@test(servers=1, own=True, zookeeper=False)
def who_reads_nothing_for_a_session_time_out_is_closed(e):
    """Though its session lives: another connection's pings would not keep this one."""
    server = e.servers[0]
    writer = e.connect(server, 30000)
    writer.call(r.create("/big", bytes(1000000)))
    deaf = behind_others(e, server, "/big")
    started = time.monotonic()
    ping = struct.pack(">iii", 8, -2, 11)
    while time.monotonic() - started < 30 * SCALE:  # its session is kept alive all the time
        try:
            deaf.socket.send(ping)
        except BlockingIOError:
            pass
        except OSError:
            break  # closed, and reset since nothing was read
        if "sid=0x%x," % deaf.session not in server.word("cons"):
            break
        time.sleep(0.1)
    else:
        raise AssertionError("it is still there")
    assert time.monotonic() - started > 3, "too early"
    assert writer.call(r.exists("/big")).version == 0
    deaf.drop()


@test(servers=1, own=True, zookeeper=False)
def who_does_not_read_64_megabytes_of_events_is_closed(e):
    server = e.servers[0]
    path = "/" + "p" * 500000
    writer, deaf, other = e.connect(server, 30000), e.connect(server, 30000), e.connect(server, 30000)
    writer.call(r.create(path))
    deaf.call(r.add_watch(path, 0))
    deaf.pings = False
    before = resident_mb(server)
    for i in range(300):  # 150 MB of events
        assert writer.call(r.set(path, b"%d" % i)).version == i + 1
        assert resident_mb(server) - before < 150, "its events wait without bound"
    wait_until(lambda: "sid=0x%x," % deaf.session not in server.word("cons"), "it is closed")  # its last bytes wait for 10 s
    wait_until(lambda: resident_mb(server) - before < 50, "what waited is given back")
    assert other.call(r.exists(path)).version == 300
    deaf.drop()


@test(own=True, zookeeper=False, globalOutstandingLimit=10)
def what_waits_is_bounded_and_the_rest_stays_with_the_clients(e):
    leader = e.leader()
    clients = [e.connect(leader, 30000) for _ in range(12)]
    clients[0].call(r.create("/bounded"))
    followers = e.followers()
    for follower in followers:
        follower.pause()  # from here on nothing is chosen
    blob = bytes(20000)
    for c in clients:
        c.pings = False
        c.cork()
        c.tickets = [c.send(r.set("/bounded", blob)) for _ in range(60)]
        c.socket.setblocking(False)
        try:
            while c.output:
                del c.output[:c.socket.send(c.output)]
        except BlockingIOError:
            pass
        c.socket.setblocking(True)
    wait_until(lambda: int(leader.monitor()["coord_outstanding_requests"]) >= 10, "the limit is reached")
    waits = max(int(leader.monitor()["coord_outstanding_requests"]) for _ in range(20))
    assert 10 <= waits <= 10 + 4 * len(clients), waits  # what one read of each brought comes on top
    for follower in followers:
        follower.resume()
    for c in clients:
        c.flush()
    versions = sorted(c.result(t).version for c in clients for t in c.tickets)
    assert versions == list(range(1, 12 * 60 + 1))


@test(own=True, zookeeper=False, globalOutstandingLimit=10, largeRequestMaxBytes=100000)
def clients_that_ask_much_wait_and_all_is_answered(e):
    clients = [e.connect(s) for s in e.servers for _ in range(4)]
    clients[0].call(r.create("/throttled"))
    blob = bytes(2000)
    tickets = [[c.send(r.set("/throttled", blob)) for _ in range(150)] for c in clients]
    versions = sorted(c.result(t).version for c, own in zip(clients, tickets) for t in own)
    assert versions == list(range(1, 12 * 150 + 1))
    assert sum(int(s.monitor()["zk_request_throttle_wait_count"]) for s in e.servers) > 0
    assert all(s.monitor()["zk_outstanding_requests"] == "0" for s in e.servers)


@test(servers=1, own=True, zookeeper=False, nodeDataMaxBytes=1000, replyMaxBytes=5000)
def node_data_and_replies_have_limits_of_their_own(e):
    c = e.connect(e.servers[0])
    c.call(r.create("/data", bytes(1000)))
    assert c.error(r.set("/data", bytes(1001))) == r.BAD_ARGUMENTS
    assert c.error(r.create("/more", bytes(1001))) == r.BAD_ARGUMENTS
    for i in range(60):
        c.call(r.create("/data/%s-%02d" % ("x" * 100, i)))
    assert c.error(r.children("/data")) == r.BAD_ARGUMENTS
    assert c.fetch("/data")[0] == bytes(1000)


@test(servers=1, own=True, zookeeper=False)
def a_reply_is_never_dropped_for_its_size(e):
    c = e.connect(e.servers[0])
    c.call(r.create("/many"))
    names = ["%05d-%s" % (i, "n" * 300) for i in range(6000)]
    for name in names:
        c.send(r.create("/many/" + name))
    c.call(r.sync("/"))
    assert sorted(c.call(r.children("/many"))) == names  # 1.8 MB, more than jute.maxbuffer
