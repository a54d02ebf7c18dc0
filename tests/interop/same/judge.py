"""Says whether the two systems answered alike.

Compared exactly: kinds and order of what came, errors, data, lists as sets, Stat but for the following. By their order: zxids (a
pair that was seen together stays together, and pairs rise together) and, within a system, times (one time a zxid, later zxids no
earlier). By role: session ids. The header zxid of a reply that is no successful write is only required not to fall behind, since other
worlds write meanwhile.
"""
import bisect
import re
import time

from known import KNOWN
from operations import SYSTEM_PATHS, WRITES
from records import Stat
from world import meant

CLOCK_MS = 600000


class Different(Exception):
    """With what differs in a few words."""


class Zxids:
    """Which zxid of one system is which of the other."""

    def __init__(self):
        self.pairs = [(0, 0)]  # rising

    def pair(self, one, other):
        at = bisect.bisect_left(self.pairs, (one, -1))
        if at < len(self.pairs) and self.pairs[at] == (one, other):
            return
        before, after = self.pairs[at - 1] if at > 0 else (-1, -1), self.pairs[at] if at < len(self.pairs) else None
        if before[0] >= one or before[1] >= other or (after is not None and (after[0] <= one or after[1] <= other)):
            raise Different("zxids 0x%x and 0x%x stand between %s and %s" % (one, other, before, after))
        self.pairs.insert(at, (one, other))

    def last(self):
        return self.pairs[-1]


class Times:
    """The time of each zxid in one system."""

    def __init__(self):
        self.of = [(0, 0)]

    def check(self, zxid, ms):
        at = bisect.bisect_left(self.of, (zxid, -1))
        if at < len(self.of) and self.of[at][0] == zxid:
            if self.of[at][1] != ms:
                raise Different("zxid 0x%x has times %d and %d" % (zxid, self.of[at][1], ms))
            return
        if self.of[at - 1][1] > ms or (at < len(self.of) and self.of[at][1] < ms) or abs(time.time() * 1000 - ms) > CLOCK_MS:
            raise Different("time %d of zxid 0x%x" % (ms, zxid))
        self.of.insert(at, (zxid, ms))


class Judge:
    """Of one world. `used` counts the known differences by their line, over all worlds."""

    def __init__(self, used, coda=None, coda_from=0):
        self.used, self.coda, self.coda_from = used, coda, coda_from
        self.zxids, self.times = Zxids(), (Times(), Times())
        self.newest = [0, 0]
        self.reason = ""
        self.dark = set()   # paths whose ACL ever denied READ to somebody
        self.watchers = {}  # path: slots that ever asked for a watch

    def known(self, line):
        self.used[line] = self.used.get(line, 0) + 1

    def late(self, _number, _step, sides):
        silent = [("ZooKeeper", "coord")[i] for i, side in enumerate(sides) if not all(link.idle for link in side.links())]
        self.reason = "no answer from %s" % " and ".join(silent)
        return "different"

    def compare(self, number, step, one, other):
        """"same", "different", or "over": the coda showed its difference."""
        steps = meant(step)
        for i, inner in enumerate(steps):
            self._note_watches(inner)
            self._note_dark(inner, self._only(one, step.slot, i))
        try:
            self._compare(step, one, other)
            return "same"
        except Different as found:
            self.reason = str(found)
        views = [(step, one.entries, other.entries)] + [
            (inner, self._only(one, step.slot, i).entries, self._only(other, step.slot, i).entries) for i, inner in enumerate(steps)]
        for known in KNOWN:
            if known.ends is not None and any(known.ends(self, *view) for view in views):
                self.known(known.line)
                return "over"
        if self.coda is not None and number >= self.coda_from and re.search(self.coda.reason, self.reason) and (
                self.coda.values is None or self.coda.values(other.reply(step.slot, 0)[4])):
            self.known(self.coda.line)
            return "over"
        return "different"

    @staticmethod
    def _only(answer, slot, number):
        """An answer to several requests, with the reply to that one alone."""
        reply = answer.reply(slot, number)
        return answer._replace(entries=[
            [entry for entry in entries if i != slot or entry[0] != "reply" or entry is reply] for i, entries in enumerate(answer.entries)])

    def _note_watches(self, step):
        paths = ()
        if step.name in ("exists", "getData", "getChildren", "getChildren2", "addWatch"):
            paths = step.arguments[:1]
        elif step.name == "multiRead":
            paths = [inner[1][0] for inner in step.arguments[0]]
        elif step.name in ("setWatches", "setWatches2"):
            paths = [path for group in step.arguments[1:] for path in group]
        for path in paths:
            self.watchers.setdefault(path, set()).add(step.slot)

    def _note_dark(self, step, answer):
        """Only paths that came with an open ACL are not dark."""
        if step.name in ("create", "create2", "createContainer", "createTTL", "setACL"):
            acl = step.arguments[1 if step.name == "setACL" else 2]
            paths = [answer.places.shown(answer.places.path(step.arguments[0]))]
        elif step.name == "multi":
            acl, paths = None, []
        else:
            return
        for entry in answer.entries[step.slot]:
            if entry[0] == "reply" and entry[3] == 0 and step.name.startswith("create"):
                paths.append(entry[4][0])
            elif entry[0] == "reply" and entry[3] == 0 and step.name == "multi":
                paths += [result[2] for result in entry[4][0] if result[0] in (1, 15)]
        if not any(perms & 1 and scheme == b"world" for perms, scheme, _ in acl or ()):
            self.dark.update(paths)

    def _compare(self, step, one, other):
        written = {entry[1] for entry in other.entries[step.slot] if entry[0] == "reply"}
        steps = meant(step)
        for slot, (a, b) in enumerate(zip(one.entries, other.entries)):
            if step.name in ("close", "expire"):  # the order in which ephemeral nodes go is nobody's promise
                a, b = sorted(a, key=self._order), sorted(b, key=self._order)
            if [x[0] for x in a] != [x[0] for x in b]:
                raise Different("slot %d: %s, but %s" % (slot, [x[0] for x in a] or "nothing", [x[0] for x in b] or "nothing"))
            replies = iter(steps if slot == step.slot else ())
            for x, y in zip(a, b):
                if x[0] == "event":
                    self._event(steps, x, y, written)
                elif x[0] == "reply":
                    self._reply(next(replies, step), x, y, (one, other))
                elif x != y:
                    raise Different("%s, but %s" % (x, y))

    @staticmethod
    def _order(entry):
        return (entry[0] != "event", entry[2:] if entry[0] == "event" else ())

    def _event(self, steps, a, b, written):
        if a[2:] != b[2:]:
            raise Different("event %s, but %s" % (a[2:], b[2:]))
        if a[1] != b[1]:
            if a[1] != -1 or (b[1] not in written and steps[0].name != "expire") or all(step.name in ("setWatches", "setWatches2") for step in steps):
                raise Different("event with zxid 0x%x, but 0x%x" % (a[1], b[1]))
            self.known("header zxid of a watch event")

    def _reply(self, step, a, b, answers):
        for known in KNOWN:
            if known.errors is not None and a[2] == b[2] and a[3] != b[3] and known.errors(self, step, a[3], b[3], b[4]):
                self.known(known.line)
                return
        if a[2:4] != b[2:4]:
            raise Different("xid and error %s, but %s" % (a[2:4], b[2:4]))
        wrote = step.name in WRITES and a[3] == 0
        if (a[1] <= 0) != (b[1] <= 0) or (a[1] <= 0 and a[1] != b[1]):
            raise Different("header zxid 0x%x, but 0x%x" % (a[1], b[1]))
        if a[1] > 0:
            for i, zxid in enumerate((a[1], b[1])):
                if zxid < self.newest[i] + (1 if wrote else 0):
                    raise Different("header zxid 0x%x after 0x%x" % (zxid, self.newest[i]))
                self.newest[i] = zxid
        if wrote:
            self.zxids.pair(a[1], b[1])
        path = step.arguments[0] if step.arguments else None
        self._value(a[4], b[4], answers, isinstance(path, bytes) and path in SYSTEM_PATHS)

    def _value(self, a, b, answers, shared):
        if isinstance(a, Stat) and isinstance(b, Stat):
            self._stat(a, b, answers, shared)
        elif isinstance(a, tuple) and isinstance(b, tuple) and not shared:
            for known in KNOWN:
                if known.alike is not None and a != b and known.alike(a, b):
                    self.known(known.line)
                    return
            if len(a) != len(b):
                raise Different("%s, but %s" % (a, b))
            for x, y in zip(a, b):
                self._value(x, y, answers, shared)
        elif isinstance(a, tuple) and isinstance(b, tuple):
            for x, y in zip(a, b):
                if isinstance(x, Stat):
                    self._value(x, y, answers, shared)
        elif a != b and not any(known.alike is not None and known.alike(a, b) for known in KNOWN):
            raise Different("%s, but %s" % (a, b))

    def _stat(self, a, b, answers, shared):
        for field in ("version", "aversion", "data_length") + (() if shared else ("cversion", "children")):
            if getattr(a, field) != getattr(b, field):
                raise Different("%s %d, but %d" % (field, getattr(a, field), getattr(b, field)))
        owners = [answer.sessions.get(stat.ephemeral_owner, "unknown") for answer, stat in zip(answers, (a, b))]
        if owners[0] != owners[1]:
            raise Different("owner %s, but %s" % tuple(owners))
        for field in ("czxid", "mzxid") + (() if shared else ("pzxid",)):
            one, two = getattr(a, field), getattr(b, field)
            self.zxids.pair(one, two)
        for times, stat in zip(self.times, (a, b)):
            times.check(stat.czxid, stat.ctime)
            times.check(stat.mzxid, stat.mtime)
