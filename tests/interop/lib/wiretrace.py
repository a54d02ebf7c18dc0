"""Traces of a client with a server: what they said to each other, frame by frame, in one order for all connections of a session.

A line is `N open PORT`, `N drop` (by the client), `N close` (by the server), `N > HEX` (client to server) or `N < HEX`, N being a connection
and HEX a frame without its length. A # begins a comment. Pings are left out.

An answer is taken apart into fields. What must differ between two runs is compared by its role, all else by its bytes:
    zxid     by order: the same one is always the same one, and they rise together. That of a header that is no successful write's: it
             does not fall, and -1 and 0 are themselves. That of an event: not at all, as docs/compat.md says
    time     0 is 0, else it is not 0
    session  the same one is always the same one; 0 is 0
    secret   the password of a session: 16 bytes
    set      names of children, paths of ephemerals, ids: in any order
"""
import collections
import struct

Line = collections.namedtuple("Line", "connection word value")
Field = collections.namedtuple("Field", "kind value at size")
PING, AUTH_XID, SET_WATCHES_XID, EVENT_XID, PING_XID = 11, -4, -8, -1, -2
NAMES = {0: "connect", 1: "create", 2: "delete", 3: "exists", 4: "getData", 5: "setData", 6: "getACL", 7: "setACL", 8: "getChildren", 9: "sync",
         12: "getChildren2", 13: "check", 14: "multi", 15: "create2", 16: "reconfig", 17: "checkWatches", 18: "removeWatches",
         19: "createContainer", 21: "createTTL", 22: "multiRead", 100: "auth", 101: "setWatches", 103: "getEphemerals",
         104: "getAllChildrenNumber", 105: "setWatches2", 106: "addWatch", 107: "whoAmI", -11: "closeSession"}
REPLIES = {1: "path", 2: "", 3: "stat", 4: "bytes stat", 5: "stat", 6: "acl stat", 7: "stat", 8: "set", 9: "path", 12: "set stat", 13: "", 14: "multi",
           15: "path stat", 16: "bytes stat", 17: "", 18: "", 19: "path stat", 21: "path stat", 22: "multi", 100: "", 101: "", 103: "set", 104: "int",
           105: "", 106: "int", 107: "ids", -11: ""}
WRITES = {1, 2, 5, 7, 14, 15, 19, 21, -11}
RESULTS = {1: "path", 2: "", 4: "bytes stat", 5: "stat", 8: "set", 13: "", 15: "path stat", -1: "int"}
STAT = (("zxid", 8), ("zxid", 8), ("time", 8), ("time", 8), ("=", 12), ("session", 8), ("=", 8), ("zxid", 8))


class Malformed(Exception):
    """An answer that is none."""


class Taking:
    """Takes fields from the front of an answer."""

    def __init__(self, data):
        self.data, self.at, self.fields = data, 0, []

    def take(self, kind, size):
        if size < 0 or self.at + size > len(self.data):
            raise Malformed("%d bytes at %d of %d" % (size, self.at, len(self.data)))
        value = self.data[self.at:self.at + size]
        if kind in ("zxid", "session", "time", "header", "event"):
            value = struct.unpack(">q", value)[0]
        self.fields.append(Field(kind, value, self.at, size))
        self.at += size
        return value

    def int(self):
        return struct.unpack(">i", self.take("=", 4))[0]

    def bytes(self):
        self.take("=", max(0, self.int()))

    def many(self, each):
        """A vector as a set: its items' bytes."""
        count, began, items = self.int(), len(self.fields), []
        at = self.at
        for _ in range(max(0, count)):
            start = self.at
            each()
            items.append(self.data[start:self.at])
        self.fields[began:] = [Field("set", tuple(sorted(items)), at, self.at - at)]

    def layout(self, words):
        for word in words.split():
            if word in ("path", "bytes"):
                self.bytes()
            elif word == "int":
                self.int()
            elif word == "stat":
                for kind, size in STAT:
                    self.take(kind, size)
            elif word == "set":
                self.many(self.bytes)
            elif word == "ids":
                self.many(lambda: (self.bytes(), self.bytes()))
            elif word == "acl":
                self.many(lambda: (self.int(), self.bytes(), self.bytes()))
            else:
                self.multi()

    def multi(self):
        while True:
            kind = self.int()
            done = self.take("=", 1)
            self.int()
            if done != b"\0":
                return
            if kind not in RESULTS:
                raise Malformed("a result of type %d" % kind)
            self.layout(RESULTS[kind])

    def rest(self):
        self.take("=", len(self.data) - self.at)


def handshake(frame):
    """The fields of the first answer of a connection."""
    t = Taking(frame)
    t.take("=", 8)
    t.take("session", 8)
    t.take("=", 4)
    t.take("secret", 16)
    t.rest()
    return t.fields


def answer(frame, op):
    """The fields of an event, or of the answer to a request of this type."""
    t = Taking(frame)
    xid = t.int()
    if xid == EVENT_XID:
        t.take("event", 8)
        t.rest()
        return t.fields
    if op is None:
        raise Malformed("an answer that nobody waits for")
    good = len(frame) >= 16 and frame[12:16] == bytes(4)
    t.take("zxid" if good and op in WRITES else "header", 8)
    t.int()
    if good:
        t.layout(REPLIES[op])
    t.rest()
    return t.fields


class Roles:
    """What stands for what: recorded on the left, now on the right."""

    def __init__(self):
        self.zxids, self.sessions, self.headers = {0: 0}, {0: 0}, {}

    def copy(self):
        other = Roles()
        other.zxids, other.sessions, other.headers = dict(self.zxids), dict(self.sessions), dict(self.headers)
        return other

    def alike(self, connection, recorded, now):
        """None, or what of the fields differs."""
        if [f.kind for f in recorded] != [f.kind for f in now]:
            return "another kind of answer"
        for one, other in zip(recorded, now):
            if not self._field(connection, one, other):
                return "%s at %d: %r instead of %r" % (one.kind, one.at, other.value, one.value)
        return None

    def _field(self, connection, one, other):
        if one.kind == "zxid":
            return self.zxids.setdefault(one.value, other.value) == other.value
        if one.kind == "session":
            return self.sessions.setdefault(one.value, other.value) == other.value
        if one.kind == "header":
            if one.value <= 0 or other.value <= 0:
                return one.value == other.value
            before, self.headers[connection] = self.headers.get(connection, 0), other.value
            return other.value >= before
        if one.kind == "time":
            return (one.value == 0) == (other.value == 0) and other.value >= 0
        if one.kind in ("secret", "event"):
            return True
        return one.value == other.value

    def disorder(self):
        """Zxids that do not rise together; sessions that became one."""
        pairs = sorted(self.zxids.items())
        wrong = [pair for before, pair in zip(pairs, pairs[1:]) if pair[1] <= before[1]]
        return wrong or len(set(self.sessions.values())) < len(self.sessions)


def packed(frame):
    return struct.pack(">i", len(frame)) + frame


def described(frame):
    """A request for people."""
    kind = struct.unpack_from(">i", frame, 4)[0]
    size = struct.unpack_from(">i", frame, 8)[0] if len(frame) >= 12 else 0
    path = frame[12:12 + size] if 0 < size <= 80 and frame[12:13] == b"/" else b""
    return ("%s %s" % (NAMES.get(kind, kind), path.decode("utf-8", "replace"))).strip()


def parse(lines):
    for number, line in enumerate(lines, 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) < 2 or words[1] not in ("open", "drop", "close", ">", "<"):
            raise Malformed("line %d: %r" % (number, line))
        value = int(words[2]) if words[1] == "open" else bytes.fromhex(words[2]) if words[1] in "<>" and len(words) > 2 else b""
        yield number, Line(int(words[0]), words[1], value)
