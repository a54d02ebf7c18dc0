"""A writer that knows, at every moment, what it may find.

Each writer owns a node /kills/N, a counter below it and a directory of sequential nodes, and keeps a burst of writes in flight:

    node       setData with the version it must have: value i makes version i + 1, so that a write which is lost, doubled or
               out of order fails at once or leaves a version that does not fit
    counter    setData without a version: the version counts what took effect
    directory  sequential creates with a value of their own, and deletes of old ones: one that is done twice fails

A write is acknowledged, or unknown (its connection was lost). After a loss the writer goes on with the same session on another
server, syncs, and settles what was unknown: each took effect once or not at all, those of one session in order; and since
the session moved, nothing can take effect afterwards.
"""
import threading
import time

import records as r
import zkwire
from zkwire import Closed, Wrong

BURST = 4
NAMES_KEPT = 100
SESSION_MS = 30000
# An attempt to attach that was given up may still be under way, over a slow link or behind one that broke, and then takes the
# session from the connection that came after it. Once, and for so many seconds (scaled).
OVERTAKEN_SECONDS = 5


class Writer:
    """`home(last)` gives the server to use next; `excused(server, since)` says whether it was killed after that time."""

    def __init__(self, number, home, excused):
        self.number, self.home, self.excused = number, home, excused
        self.path = "/kills/%d" % number
        self.version = self.count = self.made = 0  # of node and counter; values given to names
        self.names = {}  # sequential name to value, oldest first
        self.flight = []  # (kind, argument, ticket) in order
        self.bursts = []  # (time, server) of each burst that was acknowledged
        self.acknowledged = self.losses = self.settled = self.overtakes = 0
        self.error, self.stopping = None, False
        self.server = self.client = self.connected_at = None
        self.given_up = []  # when, of each handshake that got no answer
        self.thread = threading.Thread(target=self.run, name="writer-%d" % number, daemon=True)

    def wrong(self, text, *values):
        return Wrong("writer %d on %s: %s" % (self.number, self.server, text % values))

    def connect(self):
        """The session, a new one at first, on whatever server takes it."""
        deadline = time.monotonic() + 2 * zkwire.PATIENCE * zkwire.SCALE
        while True:
            self.server, self.connected_at = self.home(self.server), time.monotonic()
            asked = False
            try:
                if self.client is None:
                    self.client = zkwire.connect(self.server.client_port, SESSION_MS)
                else:
                    self.client.drop()
                    other = zkwire.Connection(self.server.client_port)
                    asked = True
                    self.client = self.client.move_over(other)
                return
            except (Closed, OSError) as error:
                if asked:
                    self.given_up.append(time.monotonic())
                if time.monotonic() > deadline:
                    raise self.wrong("no server takes it: %r", error) from error
                time.sleep(0.02)

    def setup(self):
        self.connect()
        for path in (self.path, self.path + "/counter", self.path + "/names"):
            self.client.call(r.create(path, b""))

    def run(self):
        try:
            while not self.stopping:
                try:
                    self.burst()
                except Closed as loss:
                    self.lost(loss)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.error = error

    def burst(self):
        """Writes of each kind, pipelined, and a read that must show those before it."""
        self.flight, c = [], self.client
        c.cork()
        for i in range(self.version, self.version + BURST):
            self.flight.append(("set", i, c.send(r.set(self.path, b"%d" % i, i))))
            self.flight.append(("count", i, c.send(r.set(self.path + "/counter", b"%d" % i))))
        read = c.send(r.get(self.path))
        value = b"%d-%d" % (self.number, self.made)
        self.made += 1
        self.flight.append(("create", value, c.send(r.create(self.path + "/names/n-", value, r.SEQUENTIAL))))
        if len(self.names) > NAMES_KEPT:
            oldest = next(iter(self.names))
            self.flight.append(("delete", oldest, c.send(r.delete(self.path + "/names/" + oldest))))
        expected = self.version + BURST
        c.flush()
        try:
            c.result(self.flight[-1][2])
        finally:
            self.take_replies()
        data, stat = read.get()
        if (data, stat.version) != (b"%d" % (expected - 1), expected):
            raise self.wrong("reads %r, version %d, behind its write %d", data, stat.version, expected - 1)
        self.bursts.append((time.monotonic(), self.server))

    def take_replies(self):
        """Counts what was answered; what was not stays in flight."""
        answered = [f for f in self.flight if f[2].done]
        self.flight = [f for f in self.flight if not f[2].done]
        for kind, argument, ticket in answered:
            if ticket.err != 0:
                raise self.wrong("%s %r gets error %d", kind, argument, ticket.err)
            self.acknowledged += 1
            if kind == "set":
                self.version += 1
                if (ticket.value.version, argument) != (self.version, self.version - 1):
                    raise self.wrong("set %d made version %d", argument, ticket.value.version)
            elif kind == "count":
                self.count += 1
                if ticket.value.version != self.count:
                    raise self.wrong("the counter has version %d after %d writes", ticket.value.version, self.count)
            elif kind == "create":
                self.names[ticket.value.rsplit("/", 1)[1]] = argument
            else:
                del self.names[argument]

    def overtaken(self):
        """Whether the session may have gone to an attempt that was given up; each explains one loss."""
        since = time.monotonic() - OVERTAKEN_SECONDS * zkwire.SCALE
        self.given_up = [at for at in self.given_up if at > since]
        if not self.given_up:
            return False
        self.given_up.pop()
        self.overtakes += 1
        return True

    def judge(self, loss):
        if not self.excused(self.server, self.connected_at) and not self.overtaken():
            raise self.wrong("lost a living server: %s", loss) from loss

    def lost(self, loss):
        self.judge(loss)
        self.losses += 1
        while True:
            self.connect()
            try:
                self.settle(self.client)
                return
            except Closed as again:
                self.judge(again)

    def settle(self, client):
        """Compares what is there with what may be there. Also at the end, when nothing is in flight."""
        unknown = {kind: [argument for k, argument, _ in self.flight if k == kind] for kind in
                   ("set", "count", "create", "delete")}
        data, stat = client.fetch(self.path)
        if not self.version <= stat.version <= self.version + len(unknown["set"]):
            raise self.wrong("version %d; %d acknowledged, %d unknown", stat.version, self.version, len(unknown["set"]))
        if data != (b"%d" % (stat.version - 1) if stat.version else b""):
            raise self.wrong("version %d has the value %r", stat.version, data)
        _, counter = client.call(r.get(self.path + "/counter"))
        if not self.count <= counter.version <= self.count + len(unknown["count"]):
            raise self.wrong("the counter has version %d; %d acknowledged, %d unknown", counter.version, self.count,
                             len(unknown["count"]))
        names = client.call(r.children(self.path + "/names"))
        found = {name: client.call(r.get(self.path + "/names/" + name))[0] for name in sorted(names)}
        self.check_names(found, unknown)
        self.settled += stat.version - self.version + counter.version - self.count
        self.version, self.count, self.names, self.flight = stat.version, counter.version, found, []

    def check_names(self, found, unknown):
        for name, value in self.names.items():
            if name not in found and name not in unknown["delete"]:
                raise self.wrong("acknowledged node %s (%r) is lost", name, value)
            if name in found and found[name] != value:
                raise self.wrong("node %s has the value %r, not %r", name, found[name], value)
        more = [value for name, value in found.items() if name not in self.names]
        for value in more:
            if value not in unknown["create"] or more.count(value) > 1:
                raise self.wrong("node with value %r: unknown are %r, found %r", value, unknown["create"], more)
