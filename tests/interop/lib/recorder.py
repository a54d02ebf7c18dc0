"""A proxy between clients and a server that writes down what they say to each other (wiretrace.py has the format)."""
import os
import selectors
import socket
import struct
import threading

from wiretrace import PING_XID, described


class Conversation:
    def __init__(self, number, port, client, server):
        self.number, self.port, self.sockets = number, port, {client: ">", server: "<"}
        self.peer = {client: server, server: client}
        self.input = {client: b"", server: b""}
        self.first = {client: True, server: True}


class Recorder:
    """Listens on `count` ports; `ports` has them. drop(port) cuts its connections. `lines` is the trace. One thread."""

    def __init__(self, target, count):
        self.target, self.lines, self.number, self.gone = target, [], 0, []
        self.selector = selectors.DefaultSelector()
        self.wake_read, self.wake_write = os.pipe()
        self.selector.register(self.wake_read, selectors.EVENT_READ, None)
        self.listeners = []
        for _ in range(count):
            listener = socket.create_server(("127.0.0.1", 0))
            self.listeners.append(listener)
            self.selector.register(listener, selectors.EVENT_READ, listener)
        self.ports = [listener.getsockname()[1] for listener in self.listeners]
        self.conversations, self.commands, self.done = set(), [], threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _ask(self, command):
        done = threading.Event()
        self.commands.append((command, done))
        os.write(self.wake_write, b"\0")
        assert done.wait(10)

    def drop(self, port):
        self._ask(port)

    def close(self):
        self._ask(None)
        self.thread.join()

    def _run(self):
        while True:
            for key, _ in self.selector.select():
                if key.data is None:
                    os.read(self.wake_read, 1)
                    port, done = self.commands.pop(0)
                    for c in [c for c in self.conversations if port in (None, c.port)]:
                        self._end(c, "drop")
                    done.set()
                    if port is None:
                        for listener in self.listeners:
                            listener.close()
                        return
                elif key.data in self.listeners:
                    self._begin(key.data)
                elif key.data in self.conversations:
                    self._take(key.data, key.fileobj)

    def _begin(self, listener):
        client, _ = listener.accept()
        server = socket.create_connection(("127.0.0.1", self.target))
        self.number += 1
        c = Conversation(self.number, listener.getsockname()[1], client, server)
        self.conversations.add(c)
        self.lines.append("%d open %d" % (c.number, self.listeners.index(listener)))
        for s in c.sockets:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(s, selectors.EVENT_READ, c)

    def _end(self, c, word):
        self.conversations.discard(c)
        self.lines.append("%d %s" % (c.number, word))
        for s in c.sockets:
            self.selector.unregister(s)
            s.close()

    def _take(self, c, s):
        try:
            data = s.recv(1 << 16)
        except OSError:
            data = b""
        if not data:
            self._end(c, "drop" if c.sockets[s] == ">" else "close")
            return
        c.input[s] += data
        while len(c.input[s]) >= 4:
            size = struct.unpack_from(">i", c.input[s])[0]
            if len(c.input[s]) < 4 + size:
                break
            self._frame(c, s, c.input[s][4:4 + size])
            c.input[s] = c.input[s][4 + size:]
        c.peer[s].sendall(data)

    def _frame(self, c, s, frame):
        first, c.first[s] = c.first[s], False
        if not first and struct.unpack_from(">i", frame)[0] == PING_XID:
            return
        note = "" if c.sockets[s] == "<" else "   # connect" if first else "   # " + described(frame)
        self.lines.append("%d %s %s%s" % (c.number, c.sockets[s], frame.hex(), note))
