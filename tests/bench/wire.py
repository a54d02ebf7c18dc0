"""Just enough of the client protocol for a writer that waits for each reply before it sends the next request."""
import socket
import struct

SESSION_TIMEOUT_MS = 30000
GET, SET, CREATE, CLOSE = 4, 5, 1, -11
NODE_EXISTS = -110


class Lost(Exception):
    """The connection is gone, or the server answers with an error."""


def text(data):
    return struct.pack(">i", len(data)) + data


class Writer:
    """A connection with a new session. Any error raises Lost."""

    def __init__(self, port, patience=30.0):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=patience)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.xid = 0
        try:
            reply = self._exchange(struct.pack(">iqiq", 0, 0, SESSION_TIMEOUT_MS, 0) + text(bytes(16)) + b"\0")
            if len(reply) < 16 or struct.unpack_from(">q", reply, 8)[0] == 0:
                raise Lost("no session")
        except BaseException:
            self.socket.close()
            raise

    def _exchange(self, body):
        try:
            self.socket.sendall(text(body))
            size = struct.unpack(">i", self._receive(4))[0]
            return self._receive(size)
        except OSError as error:
            raise Lost(str(error)) from error

    def _receive(self, size):
        data = b""
        while len(data) < size:
            part = self.socket.recv(size - len(data))
            if not part:
                raise Lost("closed by the server")
            data += part
        return data

    def _call(self, operation, body, accepted=(0,)):
        self.xid += 1
        reply = self._exchange(struct.pack(">ii", self.xid, operation) + body)
        xid, _, error = struct.unpack_from(">iqi", reply)
        if xid != self.xid or error not in accepted:
            raise Lost("xid %d answered by xid %d, error %d" % (self.xid, xid, error))
        return reply

    def get(self, path):
        return self._call(GET, text(path) + b"\0")

    def create(self, path, data):
        acl = struct.pack(">ii", 1, 31) + text(b"world") + text(b"anyone")
        self._call(CREATE, text(path) + text(data) + acl + struct.pack(">i", 0), (0, NODE_EXISTS))

    def set(self, path, data):
        self._call(SET, text(path) + text(data) + struct.pack(">i", -1))

    def close(self):
        self._call(CLOSE, b"")
        self.socket.close()

    def drop(self):
        self.socket.close()
