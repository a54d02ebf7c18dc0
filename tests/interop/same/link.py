"""Connections to both systems, any number of them, in one thread."""
import collections
import select
import socket
import struct
import time

from operations import PING, PING_XID, SYNC, SYNC_XID
from records import connect_request

Frame = collections.namedtuple("Frame", "xid zxid error body")
EVENT_XID = -1


class Link:
    """One connection. `frames` gathers what came, but for the replies to pings and to the syncs of settle()."""

    def __init__(self, loop, owner, port):
        self.loop, self.owner = loop, owner
        self.input, self.frames = b"", []
        self.handshake, self.waiting, self.closed = None, 0, False
        self.event_xid = None  # of the request whose watch is waited for
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        loop.add(self)

    def send(self, *bodies):
        """Requests that are answered, or the connection closed."""
        if self.closed:
            return
        self.waiting += len(bodies)
        try:
            self.socket.sendall(b"".join(struct.pack(">i", len(body)) + body for body in bodies))
        except OSError:
            pass  # what the server said before it closed is still to be read

    def connect(self, session, password, timeout_ms, last_zxid, read_only, version):
        self.send(struct.pack(">i", version) + connect_request(session, password, timeout_ms, last_zxid, read_only)[4:])

    def await_event(self, body):
        """A request that arms a watch: answered when that has fired, or by an error."""
        self.event_xid = struct.unpack_from(">i", body)[0]
        self.waiting += 1
        self.send(body)

    def ping(self):
        self.send(struct.pack(">ii", PING_XID, PING))

    def settle(self):
        """Its server has all that is done by now, and has told of it, when this is answered."""
        self.send(struct.pack(">iii", SYNC_XID, SYNC, 1) + b"/")

    def readable(self):
        try:
            data = self.socket.recv(1 << 18)
        except OSError:
            data = b""
        if not data:
            self.drop()
            return
        self.input += data
        at = 0
        while len(self.input) - at >= 4:
            size = struct.unpack_from(">i", self.input, at)[0]
            if len(self.input) - at < 4 + size:
                break
            self._frame(self.input[at + 4:at + 4 + size])
            at += 4 + size
        self.input = self.input[at:]

    def _frame(self, body):
        if self.handshake is None:
            self.handshake = body
            self.waiting -= 1
            return
        frame = Frame(*struct.unpack_from(">iqi", body), body[16:])
        if frame.xid != EVENT_XID or self.event_xid is not None:
            self.waiting -= 2 if frame.xid == self.event_xid and frame.error != 0 else 1
        if (frame.xid != PING_XID or frame.error != 0 or frame.body) and (frame.xid != SYNC_XID or frame.error != 0):
            self.frames.append(frame)

    @property
    def idle(self):
        return self.closed or self.waiting == 0

    def drop(self):
        if not self.closed:
            self.loop.remove(self)
            self.socket.close()
            self.closed = True


class Loop:
    """Runs tasks, generators that yield the links whose answers they wait for; None while they wait for nothing."""

    def __init__(self, patience):
        self.patience = patience
        self.poll, self.links = select.epoll(), {}

    def add(self, link):
        self.links[link.socket.fileno()] = link
        self.poll.register(link.socket, select.EPOLLIN)

    def remove(self, link):
        self.poll.unregister(link.socket)
        del self.links[link.socket.fileno()]

    def run(self, tasks, at_once):
        """All of them, so many at once. A task that waits too long is continued by send(True)."""
        tasks, waiting = iter(tasks), {}
        more = True
        while more or waiting:
            while more and len(waiting) < at_once:
                task = next(tasks, None)
                more = task is not None
                if more:
                    self._go_on(waiting, task.owner, task.steps, None)
            if not waiting:
                continue
            owners = set()
            for number, _ in self.poll.poll(1.0):
                link = self.links.get(number)
                if link is not None:
                    link.readable()
                    owners.add(link.owner)
            now = time.monotonic()
            for owner in [o for o in waiting if o in owners or waiting[o][2] < now]:
                steps, links, deadline = waiting[owner]
                if all(link.idle for link in links) or deadline < now:
                    del waiting[owner]
                    self._go_on(waiting, owner, steps, deadline < now)

    def _go_on(self, waiting, owner, steps, late):
        try:
            links = steps.send(late)
            while all(link.idle for link in links):
                links = steps.send(False)
        except StopIteration:
            return
        waiting[owner] = (steps, links, time.monotonic() + self.patience)
