"""Clients that do not read, send too much or odd things; coordcli with odd arguments. Others must not notice."""
import os
import struct
import subprocess
import time

import records as r
from ensemble import wait_until
from suite import test
from zkwire import Closed, Connection, SCALE


def cli(e, *arguments, code=0, data=None):
    """stdout and stderr of a command."""
    program = os.path.join(os.path.dirname(e.binary), "coordcli")
    done = subprocess.run([program, "-s", "127.0.0.1:%d" % e.servers[0].client_port, *arguments], input=data or b"",
                          capture_output=True, timeout=60 * SCALE, check=False)
    assert done.returncode == code, "%s: code %d, not %d: %r" % (arguments, done.returncode, code, done.stderr)
    return done.stdout.decode(), done.stderr.decode()


def cpu_seconds(server):
    with open("/proc/%d/stat" % server.process.pid, encoding="ascii") as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle_share(server, seconds=1.0):
    """Part of a processor that it takes."""
    before = cpu_seconds(server)
    time.sleep(seconds)
    return (cpu_seconds(server) - before) / seconds


@test(asan=True, servers=1)
def forty_megabytes_wait_for_a_client_that_does_not_read(e):
    server = e.servers[0]
    client, other = e.connect(server, 30000), e.connect(server, 30000)
    client.call(r.create("/unread", bytes(900000)))
    client.pings = False
    client.cork()
    tickets = [client.send(r.get("/unread")) for _ in range(45)]
    client.flush()
    other.call(r.create("/unread/other", b""))
    assert idle_share(server) < 0.3, "it spins"
    started = time.monotonic()
    for i in range(50):
        assert other.call(r.set("/unread/other", b"x")).version == i + 1
    assert time.monotonic() - started < 20 * SCALE
    for ticket in tickets:
        assert len(client.result(ticket)[0]) == 900000


@test(asan=True, servers=1)
def many_events_wait_for_a_client_that_does_not_read(e):
    server, count = e.servers[0], 4000
    watcher, writer = e.connect(server, 30000), e.connect(server, 30000)
    path = "/events-" + "n" * 300 + "-%d"
    for ticket in [writer.send(r.create(path % i, b"")) for i in range(count)]:
        writer.result(ticket)
    for ticket in [watcher.send(r.get(path % i, True)) for i in range(count)]:
        watcher.result(ticket)
    for ticket in [writer.send(r.set(path % i, b"x")) for i in range(count)]:
        writer.result(ticket)
    while len(watcher.log) < 2 * count:
        watcher.read_packet()
    assert [event.path for event in watcher.log[count:]] == [path % i for i in range(count)]


@test(asan=True, servers=1)
def whatever_stands_behind_the_close_of_a_session_is_not_done(e):
    client = e.connect(e.servers[0])
    client.call(r.create("/behind", b""))
    client.cork()
    first, last = client.send(r.set("/behind", b"1")), client.send(r.close())
    behind = [client.send(r.set("/behind", b"2")) for _ in range(60)]
    client.flush()
    client.wait_closed()
    assert first.err == 0 and last.err == 0 and not any(t.done for t in behind)
    assert e.connect(e.servers[0]).call(r.get("/behind"))[0] == b"1"


@test(asan=True, servers=1, zookeeper=False)
def connect_requests_of_all_shapes(e):
    head = struct.pack(">iqiq", 0, 0, 4000, 0)
    for body, size in ((head + r.pack_buffer(bytes(16)), 36), (head + r.pack_buffer(bytes(16)) + b"\0", 37),
                       (head + r.pack_buffer(None), 36), (head + r.pack_buffer(b"") + b"\1", 37),
                       (head + r.pack_buffer(bytes(900)), 36), (head + struct.pack(">i", -2), 0), (head, 0), (head[:7], 0),
                       (b"", 0), (struct.pack(">iqiq", 0, 2 ** 62, 4000, 0) + r.pack_buffer(bytes(16)) + b"\0", 0)):
        with Connection(e.servers[0].client_port) as c:
            c.send_frame(body)
            try:
                assert len(c.read_frame(c.patience)) == size, body
            except Closed:
                assert size == 0, body


@test(servers=1, own=True, zookeeper=False)
def half_sent_first_packets_hold_nothing_up(e):
    server = e.servers[0]
    halves = [Connection(server.client_port) for _ in range(200)]
    for i, half in enumerate(halves):
        half.send_bytes(b"\0\0\0,\0\0"[:i % 7])
    assert idle_share(server) < 0.2, "it spins"
    e.connect(server).call(r.create("/halves", b""))
    for half in halves:
        half.drop()
    wait_until(lambda: int(server.monitor()["zk_num_alive_connections"]) < 10, "they are forgotten")


@test(asan=True, servers=1, zookeeper=False)
def coordcli_does_not_take_an_empty_path_for_the_root(e):
    cli(e, "create", "/zz/kept", "v", "-p")
    for path in ("", "/", "/zookeeper"):
        assert "nothing was" in cli(e, "delete", path, "-r", code=1)[1] or path == ""
    assert "bad arguments" in cli(e, "delete", "", "-r", code=1)[1]
    assert "bad arguments" in cli(e, "watch", "", "--once", code=1)[1]
    assert cli(e, "get", "/zz/kept")[0] == "v\n"
    cli(e, "delete", "/zz", "-r")
