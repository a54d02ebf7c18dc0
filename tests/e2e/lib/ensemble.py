"""N servers on free loopback ports in a temporary directory.

    with Ensemble(3, binary) as e:
        client = e.connect(e.leader())

Whoever leaves the `with` block leaves no process and no file behind. check() and close() turn what servers did by themselves
(exits, words of a sanitizer) into failures.
"""
import shutil
import tempfile
import time

import ports
import records
import zkwire
from links import Links
from server import Server, ZOOKEEPER

LOG_LINES = 25


def wait_until(condition, what, seconds=30.0):
    """Polls until condition() is true; its value."""
    deadline = time.monotonic() + seconds * zkwire.SCALE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError("%s: not within %.0f s" % (what() if callable(what) else what, seconds * zkwire.SCALE))
        time.sleep(0.005)


class Ensemble:
    """The servers are numbered from 1; `servers` is the list of them. with_links: `links` stands between them (links.py). single_ports:
    server lines without the second port, which ZooKeeper does not take."""

    def __init__(self, count, binary, with_links=False, start=True, single_ports=False, **options):
        self.root = tempfile.mkdtemp(prefix="coord-e2e-")
        self.binary, self.servers, self.connections, self.links = binary, [], [], None
        try:
            self._make(count, with_links, single_ports, options)
            if start:
                self.start()
        except BaseException:
            self._clean()
            raise

    def _make(self, count, with_links, single_ports, options):
        numbers = range(1, count + 1)
        clients, peers, elections = [dict(zip(numbers, ports.take_ports(count))) for _ in range(3)]
        if with_links:
            self.links = Links(numbers, peers)
        for i in numbers:
            lines = ["server.%d=127.0.0.1:%d%s" % (j, self.links.port(i, j) if with_links and i != j else peers[j],
                                                   "" if single_ports else ":%d" % elections[j])
                     for j in numbers] if count > 1 else []
            self.servers.append(Server(self.binary, self.root, i, clients[i], lines, options))

    def start(self):
        for server in self.servers:
            if not server.running:
                server.start()
        self.wait_serving()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, _):
        if kind is None:
            self.close()
        else:
            self._clean()

    # The servers.

    def wait_serving(self, servers=None, seconds=30.0):
        for server in self.servers if servers is None else servers:
            server.wait_serving(seconds)

    def leader(self, seconds=30.0):
        """The one that says so; waits for it."""
        def find():
            leading = [s for s in self.servers if s.mode() in ("leader", "standalone")]
            return leading[0] if len(leading) == 1 else None
        return wait_until(find, lambda: "one leader; modes are %s" % [s.mode() for s in self.servers], seconds)

    def followers(self):
        leader = self.leader()
        followers = [s for s in self.servers if s is not leader and s.running]
        self.wait_serving(followers)
        return followers

    def restart(self, server):
        server.start()
        server.wait_serving()

    # Clients.

    def connect(self, server, timeout_ms=10000, patience=None):
        """A client with a new session; its socket goes with the ensemble. Retries while the server takes nobody."""
        deadline = time.monotonic() + zkwire.PATIENCE * zkwire.SCALE
        while True:
            try:
                client = zkwire.connect(server.client_port, timeout_ms, patience)
                break
            except (OSError, zkwire.Closed):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.connections.append(client)
        return client

    def connect_all(self, timeout_ms=10000):
        return [self.connect(server, timeout_ms) for server in self.servers]

    def move(self, client, server):
        """The client's session on another server. Retries while that one is behind or has no leader."""
        deadline = time.monotonic() + zkwire.PATIENCE * zkwire.SCALE
        while True:
            try:
                moved = client.move_to(server.client_port)
                break
            except (OSError, zkwire.Closed):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self.connections.append(moved)
        return moved

    # Verdicts.

    def check(self):
        troubles = [t for t in (server.trouble() for server in self.servers) if t]
        if troubles:
            raise AssertionError("; ".join(troubles))

    def check_equal_trees(self, servers=None):
        """All nodes with data and Stat are the same on all servers, once each has synced."""
        servers = [s for s in self.servers if s.running] if servers is None else servers
        trees = [(server, self.tree(server)) for server in servers]
        first = trees[0][1]
        for server, tree in trees[1:]:
            for path in sorted(first.keys() | tree.keys()):
                if first.get(path) != tree.get(path):
                    raise AssertionError("%s differs: %s has %r, %s has %r" % (
                        path, trees[0][0], first.get(path), server, tree.get(path)))
        return first

    def tree(self, server):
        """Path to (data, Stat) of all nodes below and with /. Nobody writes meanwhile."""
        client = self.connect(server)
        client.call(records.sync("/"))
        found, wave = {}, ["/"]
        while wave:
            client.cork()
            asked = [(path, client.send(records.get(path)), client.send(records.children(path))) for path in wave[:500]]
            client.flush()
            wave = wave[500:]
            for path, data, names in asked:
                client.result(names)
                if not (ZOOKEEPER and path.startswith("/zookeeper")):  # its times differ there
                    found[path] = data.get()
                wave += [("" if path == "/" else path) + "/" + name for name in names.get()]
        client.close()
        return found

    def logs(self):
        """The last lines of every server, for people."""
        text = []
        for server in self.servers:
            text.append("    --- %s%s" % (server, "" if server.running else " (down)"))
            text += ["    " + line[:300] for line in server.log().splitlines()[-LOG_LINES:]]
        return "\n".join(text)

    # The end.

    def close(self):
        """Stops all in order; raises when one did not stop cleanly."""
        try:
            for client in self.connections:
                client.drop()
            self.check()
            for server in self.servers:
                if server.running:
                    code = server.terminate()
                    if code != 0 and not ZOOKEEPER:
                        raise AssertionError("%s left with code %s on SIGTERM" % (server, code))
            self.check()
        finally:
            self._clean()

    def _clean(self):
        for client in self.connections:
            client.drop()
        for server in self.servers:
            server.resume()
            server.kill()
        if self.links:
            self.links.close()
            self.links = None
        shutil.rmtree(self.root, ignore_errors=True)
