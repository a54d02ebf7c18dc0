"""Slips of operators and strangers on the peer port: told, refused, and without effect on those who serve."""
import os
import socket
import struct
import time

import ports
import records as r
from ensemble import wait_until
from server import Server
from suite import test
from zkwire import SCALE


def rewrite(server, change):
    """Changes the lines of its configuration file."""
    path = os.path.join(server.root, "zoo.cfg")
    with open(path, encoding="ascii") as f:
        lines = f.read().splitlines()
    with open(path, "w", encoding="ascii") as f:
        f.writelines(line + "\n" for line in change(lines))


def server_lines(server):
    with open(os.path.join(server.root, "zoo.cfg"), encoding="ascii") as f:
        return [line for line in f.read().splitlines() if line.startswith("server.")]


@test(own=True, zookeeper=False)
def a_second_process_with_one_id_disturbs_nobody(e):
    taken = ports.take_ports(3)
    lines = server_lines(e.servers[0])
    lines[1] = "server.2=127.0.0.1:%d:%d" % (taken[1], taken[2])
    client = e.connect(e.servers[1], 30000)
    client.call(r.create("/twice", b""))
    double = Server(e.binary, os.path.join(e.root, "double"), 2, taken[0], lines, {})
    double.start()
    try:
        wait_until(lambda: all("another process with this id" in s.log() for s in (e.servers[0], e.servers[2])), "it is told")
        sizes = [len(s.log()) for s in e.servers]
        end = time.monotonic() + 1 * SCALE
        version = 0
        while time.monotonic() < end:
            version += 1
            assert client.call(r.set("/twice", b"x")).version == version
        grown = [len(s.log()) - size for s, size in zip(e.servers, sizes)]
        assert max(grown) < 2000, "logs grow by %s bytes a second" % grown
        assert double.mode() is None
    finally:
        double.kill()
    e.check_equal_trees()


@test(own=True, zookeeper=False)
def lines_that_do_not_name_the_voters_are_told(e):
    victim = e.followers()[0]
    victim.terminate()
    rewrite(victim, lambda lines: lines + ["server.8=127.0.0.1:1", "server.9=127.0.0.1:2"])
    e.restart(victim)
    wait_until(lambda: "other_voters voters=1,2,3 server_lines=5" in victim.log(), "its log names the voters")
    e.check_equal_trees()


@test(own=True, zookeeper=False)
def an_ensemble_forms_only_when_all_are_there(e):
    for server in e.servers:
        server.kill()
        server.wipe()
    for server in e.servers[:2]:
        server.start()
    for server in e.servers[:2]:
        wait_until(lambda server=server: "waiting no_link_to=3 reason=\"there is no ensemble yet" in server.log(),
                   "it says whom it waits for")
    assert [s.mode() for s in e.servers[:2]] == [None, None]
    assert [s.word("ruok") for s in e.servers[:2]] == ["imok", "imok"]
    e.servers[2].start()
    e.wait_serving()
    e.check_equal_trees()


@test(asan=True, zookeeper=False)
def strangers_on_the_peer_port_are_shut_out(e):
    client = e.connect(e.leader())
    client.call(r.create("/strangers", b""))
    for number, server in enumerate(e.servers):
        port = int(server_lines(server)[number].split(":")[1])
        for sent in (os.urandom(3000), b"GET / HTTP/1.0\r\n\r\n", bytes(500), b"\xff" * 500, struct.pack("<I", 2 ** 31) + bytes(99),
                     struct.pack("<I", 0), struct.pack("<IQ", 20, 1) + bytes(12)):
            with socket.create_connection(("127.0.0.1", port), timeout=20 * SCALE) as s:
                try:
                    s.sendall(sent)
                    assert s.recv(1) == b"", "an answer"
                except ConnectionError:
                    pass
    assert client.call(r.set("/strangers", b"x")).version == 1
    e.check_equal_trees()
