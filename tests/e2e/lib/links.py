"""The network between servers: every link runs through a forwarder of ours, one per ordered pair.

Server i dials server j at forwarder (i, j), which connects to j's real port. A pair of servers keeps one connection, through one of
its two forwarders, so faults are set for a direction, wherever it runs: what a sends to b can stay away without a sign (silence),
be mangled (a bit flipped now and then), or all connections between two can be cut. One thread moves all bytes.
"""
import random
import selectors
import socket
import threading

import ports


class Flow:
    """Bytes from one socket to another, of what server `source` sends to `target`."""

    def __init__(self, reader, writer, source, target):
        self.reader, self.writer, self.source, self.target = reader, writer, source, target
        self.other, self.held = None, []


class Links:
    """Ports and faults; `port(i, j)` is what goes into i's configuration for j."""

    def __init__(self, numbers, real_ports):
        self.real = real_ports  # number to port
        self.silent, self.mangled, self.refused = set(), set(), set()  # (from, to); refused: who may not connect
        self.chance = random.Random(3)
        self.lock = threading.Lock()
        self.selector = selectors.DefaultSelector()
        self.flows, self.listeners = [], []
        pairs = [(i, j) for i in numbers for j in numbers if i != j]
        self.ports = dict(zip(pairs, ports.take_ports(len(pairs))))
        for pair, port in self.ports.items():
            listener = socket.create_server(("127.0.0.1", port))
            self.listeners.append(listener)
            self.selector.register(listener, selectors.EVENT_READ, pair)
        self.wake, self.woken = socket.socketpair()
        self.selector.register(self.woken, selectors.EVENT_READ, None)
        self.thread = threading.Thread(target=self._run, name="links", daemon=True)
        self.thread.start()

    def port(self, i, j):
        return self.ports[i, j]

    # Faults.

    def silence(self, *pairs):
        """From now on, what is sent from a to b of each (a, b) does not arrive, without a sign."""
        with self.lock:
            self.silent |= set(pairs)

    def mangle(self, *pairs):
        with self.lock:
            self.mangled |= set(pairs)

    def cut(self, a, b):
        """Ends the connections between the two and refuses new ones."""
        with self.lock:
            self.refused |= {(a, b), (b, a)}
            self._end([f for f in self.flows if {f.source, f.target} == {a, b}])

    def isolate(self, number, others):
        """Silence both ways between the one and the others."""
        self.silence(*[(number, o) for o in others], *[(o, number) for o in others])

    def heal(self, late=False):
        """All links work again. Where there was silence the connections end, or (late) what was held arrives now."""
        with self.lock:
            self.silent, self.mangled, self.refused = set(), set(), set()
            if late:
                for flow in list(self.flows):
                    self._send(flow, b"".join(flow.held))
                    flow.held = []
            else:
                self._end([f for f in self.flows if f.held])

    # The forwarding thread.

    def _end(self, flows):
        for flow in flows:
            for one in (flow, flow.other):
                if one in self.flows:
                    self.flows.remove(one)
                    self.selector.unregister(one.reader)
                    one.reader.close()

    def _run(self):
        while True:
            ready = self.selector.select()
            with self.lock:
                for key, _ in ready:
                    if key.data is None:
                        return
                    if isinstance(key.data, Flow):
                        if key.data in self.flows:
                            self._forward(key.data)
                    else:
                        self._accept(key.fileobj, *key.data)

    def _accept(self, listener, i, j):
        near, _ = listener.accept()
        try:
            if (i, j) in self.refused:
                raise OSError("cut")
            far = socket.create_connection(("127.0.0.1", self.real[j]), timeout=5)
        except OSError:
            near.close()
            return
        there, back = Flow(near, far, i, j), Flow(far, near, j, i)
        there.other, back.other = back, there
        for flow in (there, back):
            flow.reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.flows.append(flow)
            self.selector.register(flow.reader, selectors.EVENT_READ, flow)

    def _forward(self, flow):
        try:
            data = flow.reader.recv(1 << 18)
            if not data:
                raise OSError("end")
            if (flow.source, flow.target) in self.silent:
                flow.held.append(data)
                return
            if (flow.source, flow.target) in self.mangled and self.chance.random() < 0.05:
                at = self.chance.randrange(len(data))
                data = data[:at] + bytes([data[at] ^ (1 << self.chance.randrange(8))]) + data[at + 1:]
        except OSError:
            self._end([flow])
            return
        self._send(flow, data)

    def _send(self, flow, data):
        try:
            flow.writer.sendall(data)
        except OSError:
            self._end([flow])

    def close(self):
        self.wake.send(b"x")
        self.thread.join()
        with self.lock:
            self._end(list(self.flows))
        for s in (*self.listeners, self.wake, self.woken):
            s.close()
        self.selector.close()
