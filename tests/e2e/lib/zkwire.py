"""A small client of ZooKeeper's wire protocol that checks what it gets while it goes.

A Connection is one socket and at most one session; one thread uses it. Requests may be pipelined: send() gives a ticket,
result() its reply. On every packet it is checked that replies come in the order of the requests, that the zxid of the session
never falls, and that no byte stands behind a record; what arrives is kept in `log` in its order, so that a test can
say "the event came before the reply". While it waits it pings, as a client must.
"""
import os
import select
import socket
import struct
import time

import records

SCALE = float(os.environ.get("COORD_TIME_SCALE") or 1)
PATIENCE = 20.0  # seconds, scaled: when no answer is a failure


class Closed(Exception):
    """The server closed the connection."""


class Refused(Exception):
    """The handshake said that there is no such session."""


class Wrong(AssertionError):
    """The server broke the protocol or a promise."""


class ZkError(Exception):
    """A reply with an error."""

    def __init__(self, code, what):
        super().__init__("error %d of %s" % (code, what))
        self.code = code


class Ticket:
    """A request under way. `index` is the place of its reply in the connection's log, once it is there."""

    def __init__(self, xid, op, what):
        self.xid, self.op, self.what = xid, op, what
        self.done = False
        self.zxid = self.err = self.value = self.index = None

    def get(self):
        if self.err != 0:
            raise ZkError(self.err, self.what)
        return self.value


class Connection:
    """A socket to one server. `address` is a port of 127.0.0.1."""

    def __init__(self, port, patience=None):
        self.port = port
        self.patience = (patience or PATIENCE) * SCALE
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=self.patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input, self.input_at, self.output, self.corked = bytearray(), 0, bytearray(), False
        self.pending = []  # tickets in order of sending
        self.log = []  # records.Event and Ticket in order of arrival
        self.xid = 0
        self.session, self.password, self.timeout_ms, self.zxid = 0, bytes(16), 0, 0
        self.pings = True
        self.spoke_at = time.monotonic()

    # The handshake.

    def handshake(self, timeout_ms=10000, session=0, password=bytes(16), last_zxid=0, read_only=False):
        self.send_frame(records.connect_request(session, password, int(timeout_ms), last_zxid, read_only))
        frame = self.read_frame(self.patience)
        reader = records.Reader(frame)
        version, self.timeout_ms, self.session, self.password = reader.int(), reader.int(), reader.long(), reader.buffer()
        if version != 0:
            raise Wrong("protocol version %d" % version)
        if len(frame) != (36 if read_only is None else 37):
            raise Wrong("a handshake of %d bytes for readOnly=%r" % (len(frame), read_only))
        if self.timeout_ms == 0:
            if self.session != 0 or self.password != bytes(16):
                raise Wrong("a refused session has id 0x%x, password %r" % (self.session, self.password))
            raise Refused("session 0x%x" % session)
        self.zxid = last_zxid
        return self

    def move_to(self, port, last_zxid=None, patience=None):
        """A new connection for the same session; this one is left as it is."""
        return self.move_over(Connection(port, patience), last_zxid)

    def move_over(self, other, last_zxid=None):
        """The same, over a connection that has said nothing yet."""
        return other.handshake(self.timeout_ms, self.session, self.password, self.zxid if last_zxid is None else last_zxid)

    # Frames.

    def send_frame(self, body):
        self.send_bytes(struct.pack(">i", len(body)) + body)

    def send_bytes(self, data):
        self.output += data
        if not self.corked:
            self.flush()

    def flush(self):
        """Sends what waits; while the server does not take it, takes in what the server sends."""
        self.corked = False
        deadline = time.monotonic() + self.patience
        while self.output:
            try:
                _, writable, _ = select.select([], [self.socket], [], max(0.0, deadline - time.monotonic()))
                if not writable:
                    raise Wrong("port %d takes no bytes for %.0f s" % (self.port, self.patience))
                del self.output[:self.socket.send(self.output)]
            except OSError as e:
                raise Closed("%s while sending to port %d" % (e, self.port)) from e
        self.spoke_at = time.monotonic()

    def cork(self):
        """Until flush(), requests are gathered, so that they leave together."""
        self.corked = True

    def read_frame(self, seconds):
        """The next frame's body; TimeoutError when there is none for so long."""
        deadline = time.monotonic() + seconds
        while True:
            have = len(self.input) - self.input_at
            if have >= 4:
                size = struct.unpack_from(">i", self.input, self.input_at)[0]
                if size < 0:
                    raise Wrong("a frame of %d bytes" % size)
                if have >= 4 + size:
                    self.input_at += 4 + size
                    return bytes(self.input[self.input_at - size:self.input_at])
            self._receive(deadline)

    def _receive(self, deadline):
        now = time.monotonic()
        if now >= deadline:
            raise TimeoutError("no answer from port %d; waiting for %s" %
                               (self.port, [t.what for t in self.pending[:3]] or "nothing"))
        wait = deadline - now
        if self.session and self.pings and not self.output:
            if now - self.spoke_at >= self.timeout_ms / 3000:
                self.send_frame(struct.pack(">ii", -2, records.PING))
            wait = min(wait, self.timeout_ms / 3000)
        readable, _, _ = select.select([self.socket], [], [], wait)
        if not readable:
            return
        try:
            data = self.socket.recv(1 << 20)
        except OSError as e:
            raise Closed("%s on port %d" % (e, self.port)) from e
        if not data:
            raise Closed("port %d closed the connection" % self.port)
        if self.input_at > 1 << 20 or self.input_at == len(self.input):
            del self.input[:self.input_at]
            self.input_at = 0
        self.input += data

    # Requests and replies.

    def send(self, operation, xid=None):
        number, body, decode = operation
        if xid is None:
            self.xid += 1
            xid = self.xid
        ticket = Ticket(xid, number, "op %d xid %d %r" % (number, xid, body[:60]))
        ticket.decode = decode
        self.pending.append(ticket)
        self.send_frame(struct.pack(">ii", xid, number) + body)
        return ticket

    def read_packet(self, seconds=None):
        """Takes one packet into the log. Pings' replies are no news."""
        frame = self.read_frame(self.patience if seconds is None else seconds)
        reader = records.Reader(frame)
        xid, zxid, err = reader.int(), reader.long(), reader.int()
        if xid == -1:
            self.log.append(records.Event(reader.int(), state=reader.int(), path=reader.string(), zxid=zxid))
            reader.end()
        elif xid == -2:
            if err != 0:
                raise Wrong("a ping's reply has error %d" % err)
            reader.end()
        else:
            self._take_reply(xid, zxid, err, reader)

    def _take_reply(self, xid, zxid, err, reader):
        if not self.pending or self.pending[0].xid != xid:
            raise Wrong("port %d answers xid %d while %s waits" % (
                self.port, xid, self.pending[0].what if self.pending else "nothing"))
        ticket = self.pending.pop(0)
        ticket.done, ticket.zxid, ticket.err, ticket.index = True, zxid, err, len(self.log)
        if err == 0:
            ticket.value = ticket.decode(reader)
        reader.end()
        if xid > 0 and zxid != -1:
            if zxid < self.zxid:
                raise Wrong("zxid 0x%x of %s after 0x%x" % (zxid, ticket.what, self.zxid))
            self.zxid = zxid
        self.log.append(ticket)

    def result(self, ticket):
        if self.output:
            self.flush()
        deadline = time.monotonic() + self.patience
        while not ticket.done:
            self.read_packet(deadline - time.monotonic())
        return ticket.get()

    def call(self, operation):
        return self.result(self.send(operation))

    def error(self, operation):
        """The error code of an operation; 0 when it succeeds."""
        ticket = self.send(operation)
        try:
            self.result(ticket)
        except ZkError:
            pass
        return ticket.err

    def fetch(self, path):
        """(data, Stat) after a sync: what is completed anywhere is seen."""
        self.send(records.sync(path))
        return self.call(records.get(path))

    def events(self):
        return [entry for entry in self.log if isinstance(entry, records.Event)]

    def wait_events(self, count, seconds=None):
        """Waits until so many events came since the start; all of them."""
        deadline = time.monotonic() + (self.patience if seconds is None else seconds)
        while len(self.events()) < count:
            try:
                self.read_packet(deadline - time.monotonic())
            except TimeoutError as e:
                raise Wrong("%d events instead of %d: %s" % (len(self.events()), count, self.events()[-5:])) from e
        return self.events()

    # The end.

    def wait_closed(self, seconds=None):
        """Waits until the server closes; what comes before is in the log."""
        deadline = time.monotonic() + (self.patience if seconds is None else seconds)
        try:
            while True:
                self.read_packet(deadline - time.monotonic())
        except Closed:
            return
        except TimeoutError as e:
            raise Wrong("port %d did not close the connection" % self.port) from e

    def drop(self):
        """Closes the socket and says nothing: the session stays."""
        self.socket.close()

    def close(self):
        """Ends the session."""
        ticket = self.send(records.close())
        self.result(ticket)
        self.wait_closed()
        self.drop()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.drop()


def connect(port, timeout_ms=10000, patience=None):
    """A connection with a new session."""
    connection = Connection(port, patience)
    try:
        return connection.handshake(timeout_ms * SCALE)
    except BaseException:
        connection.drop()
        raise
