"""A client that is always writing, for tests of what others do meanwhile."""
import threading
import time

import records as r
from ensemble import wait_until


class Busy:
    """A client that sets one node again and again and must see no error; counts, and keeps the longest pause.

    Every second write names the version that it must find, the others none: so one that is lost or out of order fails, and one
    that takes effect twice makes the next one fail."""

    def __init__(self, e, server, path, ephemeral=False):
        self.client, self.path, self.acknowledged, self.longest, self.error = e.connect(server, 20000), path, 0, 0.0, None
        self.client.call(r.create(path, b"", r.EPHEMERAL if ephemeral else r.PERSISTENT))
        self.stopping = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        try:
            while not self.stopping:
                started = time.monotonic()
                first = self.acknowledged
                tickets = [self.client.send(r.set(self.path, b"%d" % i, i if i % 2 else -1)) for i in range(first, first + 8)]
                for ticket in tickets:
                    self.acknowledged += 1
                    version = self.client.result(ticket).version
                    assert version == self.acknowledged, "write %d made version %d" % (self.acknowledged, version)
                self.longest = max(self.longest, time.monotonic() - started)
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.error = error

    def wait_progress(self, writes=20):
        goal = self.acknowledged + writes
        wait_until(lambda: self.acknowledged >= goal or self.error, "%s goes on" % self.path)
        assert self.error is None, "%s: %r" % (self.path, self.error)

    def finish(self):
        self.stopping = True
        self.thread.join()
        assert self.error is None, "%s: %r" % (self.path, self.error)
        data, stat = self.client.fetch(self.path)
        assert stat.version == self.acknowledged, "%d acknowledged, version %d" % (self.acknowledged, stat.version)
        assert data == (b"%d" % (self.acknowledged - 1) if self.acknowledged else b""), data
