"""An ensemble under writers that check every answer, and what was done to it. What is done, and when, is the caller's."""
import random
import time

import records
import zkwire
from ensemble import wait_until
from server import ZOOKEEPER
from writer import Writer

GAP_SECONDS = 5  # behind the last kill, a pause that begins so late is not its


class Kills:
    """One ensemble, its writers, and what was done to it."""

    def __init__(self, e, options):
        self.e, self.options, self.chance = e, options, random.Random(options.seed)
        self.killed_at, self.count = {s: [] for s in e.servers}, 0
        self.leading, self.leader_kills = None, []  # (time, server)
        first = e.connect(e.leader(), 30000)
        first.call(records.create("/kills"))
        first.close()
        self.writers = [Writer(i, self.home, self.excused) for i in range(options.writers)]
        for number, writer in enumerate(self.writers):
            writer.server = e.servers[number % len(e.servers)]
            writer.setup()
        for writer in self.writers:
            writer.thread.start()

    # What writers ask.

    def home(self, last):
        """Any other server that runs, the last one if there is none."""
        others = [s for s in self.e.servers if s.running and s is not last]
        return random.choice(others) if others else last

    def excused(self, server, since):
        """ZooKeeper's clients lose their connections with every leader; coord's only with their server."""
        if ZOOKEEPER or any(at >= since for at in self.killed_at[server]):
            return True
        return self.options.snap_count and server.monitor().get("coord_snapshots_received", "0") != "0"

    # Killing.

    def kill(self, server):
        leading = server is self.leading
        self.killed_at[server].append(time.monotonic())
        server.kill()
        self.killed_at[server].append(time.monotonic())
        if leading:
            self.leader_kills.append((self.killed_at[server][-2], server))
            self.leading = None
        self.count += 1

    def progress(self, victims=()):
        """Every writer gets on; those of other servers first, while the victims are down."""
        before = {w: len(w.bursts) for w in self.writers if w.server not in victims}
        wait_until(lambda: self.errors() or all(len(w.bursts) > n + 1 for w, n in before.items()),
                   lambda: "writers %s get on after the loss of %s" % (
                       [w.number for w, n in before.items() if len(w.bursts) <= n + 1], [str(v) for v in victims]))
        self.raise_errors()

    def errors(self):
        return [w.error for w in self.writers if w.error]

    def raise_errors(self):
        if self.errors():
            raise self.errors()[0]
        self.e.check()

    def finish(self):
        self.e.wait_serving()
        self.progress()
        for writer in self.writers:
            writer.stopping = True
        for writer in self.writers:
            writer.thread.join(2 * zkwire.PATIENCE * zkwire.SCALE)
        self.raise_errors()
        for writer in self.writers:
            reader = self.e.connect(self.home(writer.server))
            writer.flight = []
            writer.settle(reader)
            reader.close()
        self.e.check_equal_trees()

    def report(self):
        print("        %d kills (%d of leaders): %d writes acknowledged, %d settled after a loss, %d connections lost with their server, %d overtaken"
              % (self.count, len(self.leader_kills), sum(w.acknowledged for w in self.writers),
                 sum(w.settled for w in self.writers), sum(w.losses for w in self.writers),
                 sum(w.overtakes for w in self.writers)))
        gaps = sorted(self.gaps())
        if gaps:
            print("        pause of writers elsewhere when a leader was killed: p50 %d ms, p90 %d ms, max %d ms (%d pauses)" % (
                gaps[len(gaps) // 2], gaps[len(gaps) * 9 // 10], gaps[-1], len(gaps)))

    def gaps(self):
        """For each leader killed alone, the pause of each writer that was elsewhere, in ms."""
        kills = sorted(times[i] for times in self.killed_at.values() for i in range(0, len(times), 2))
        for at, victim in self.leader_kills:
            before = max((t for t in kills if t < at), default=at - 1)
            after = min((t for t in kills if t > at), default=at + GAP_SECONDS)
            for writer in self.writers:
                near = [(t, s) for t, s in writer.bursts if max(before, at - 1) < t < after]
                pauses = [b - a for (a, _), (b, _) in zip(near, near[1:]) if b > at]
                if pauses and near[0][0] < at and not any(s is victim for _, s in near):
                    yield 1000 * max(pauses)
