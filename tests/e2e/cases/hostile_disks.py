"""Data directories that lost files, bytes or their end, and processes that are killed: named or whole, never served wrongly."""
import os
import random
import shutil

import records as r
from suite import test
from zkwire import Closed

FILL = dict(servers=1, own=True, zookeeper=False, preAllocSize=64, snapCount=700)
DATA_CODE = 5


def fill(e, count):
    """Nodes whose names and data are known."""
    client = e.connect(e.servers[0], 30000)
    for ticket in [client.send(r.create("/n%05d" % i, b"%d " % i + bytes(200))) for i in range(count)]:
        client.result(ticket)
    client.close()


def check(e, count):
    """All are there with their data."""
    client = e.connect(e.servers[0], 30000)
    for i, ticket in [(i, client.send(r.get("/n%05d" % i))) for i in range(count)]:
        assert client.result(ticket)[0] == b"%d " % i + bytes(200), "node %d" % i
    client.drop()


def start_code(server):
    """None when it serves, else the exit code."""
    server.start()
    server.may_exit = True
    try:
        server.wait_serving(30)
    except AssertionError:
        return server._reap(20)  # pylint: disable=protected-access
    return None


def segments(data):
    """The log's files that hold something, in order."""
    found = []
    for name in sorted(os.listdir(data)):
        if name.startswith("log."):
            with open(os.path.join(data, name), "rb") as f:
                if f.read()[64:].strip(b"\0"):
                    found.append(name)
    return found


def harms(data):
    """(what, function of a path, file)."""
    def cut(share):
        return lambda path: os.truncate(path, int(os.path.getsize(path) * share))

    def flip(share):
        def change(path):
            with open(path, "r+b") as f:
                at = int(os.path.getsize(path) * share)
                f.seek(at)
                byte = f.read(1)
                f.seek(at)
                f.write(bytes([byte[0] ^ 0x40]))
        return change
    logs = segments(data)
    for name in (logs[0], logs[len(logs) // 2], logs[-1]):
        yield "removed", os.remove, name
        yield "cut at 0", cut(0), name
        yield "cut in half", cut(0.5), name
        yield "head flipped", flip(0.0003), name
        yield "last byte flipped", flip(0.99999), name
    for name in sorted(n for n in os.listdir(data) if n.startswith(("manifest", "promise", "snapshot"))):
        for what, harm in (("removed", os.remove), ("cut in half", cut(0.5)), ("flipped", flip(0.4))):
            yield what, harm, name


def harmed(e, kill):
    server = e.servers[0]
    fill(e, 1600)
    if kill:
        client = e.connect(server)  # idle for a moment
        client.wait_events(0)
        try:
            client.read_packet(0.3)
        except TimeoutError:
            pass
        server.kill()
    else:
        server.terminate()
    good = server.data + ".good"
    os.rename(server.data, good)
    for what, harm, name in harms(good):
        shutil.rmtree(server.data, ignore_errors=True)
        shutil.copytree(good, server.data)
        harm(os.path.join(server.data, name))
        mark = len(server.log())
        code = start_code(server)
        said = server.log()[mark:]
        assert code in (None, DATA_CODE), "%s %s: code %s\n%s" % (name, what, code, said)
        if code is None:
            check(e, 1600)  # it may come up: with everything
            server.kill()
        else:
            assert name in said, "%s %s is not named:\n%s" % (name, what, said)


@test(**FILL)
def files_harmed_after_an_orderly_stop_are_named_or_do_not_matter(e):
    harmed(e, False)


@test(**FILL)
def files_harmed_after_a_kill_are_named_or_do_not_matter(e):
    harmed(e, True)


@test(asan=True, servers=1, own=True, zookeeper=False, preAllocSize=64, snapCount=500)
def killed_at_any_moment_under_load_keeps_what_it_acknowledged(e):
    chance, server, known, number = random.Random(11), e.servers[0], {}, 0
    for turn in range(15):
        client, tickets = e.connect(server, 30000), []
        for _ in range(chance.randrange(400)):
            number += 1
            path = "/k%03d" % chance.randrange(200)
            data = b"%d " % number + bytes(chance.choice([10, 300, 3000]))
            tickets.append((path, number, client.send(r.set(path, data) if path in known else r.create(path, data))))
        server.kill()
        try:
            client.wait_closed()
        except Closed:
            pass
        for path, n, ticket in tickets:
            if ticket.done and ticket.err == 0:
                known[path] = max(n, known.get(path, 0))
        e.restart(server)
        client = e.connect(server, 30000)
        for path, n, ticket in [(path, n, client.send(r.get(path))) for path, n in known.items()]:
            found = int(client.result(ticket)[0].split()[0])
            assert found >= n, "turn %d: %s has %d, acknowledged was %d" % (turn, path, found, n)
        for name in client.call(r.children("/")):
            if name.startswith("k"):
                known.setdefault("/" + name, 0)
        client.close()
