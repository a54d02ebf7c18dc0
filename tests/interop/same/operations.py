"""The operation table of the differential test: opcode, request fields, reply fields, and what kind of operation it is.

A request's arguments are plain values, so that a failing run can be printed and run again. A path is bytes or None; "~" at its
front stands for the node that holds everything of the run (`Places.root`), "^~" for where quotas on it lie. Two kinds of values are roles, because they differ
between the two systems: Made(step, rest) is the path that an earlier create answered with, and Seen(back) a zxid, the newest that
the run was told of or one so many writes ago.
"""
import collections
import struct

from records import MULTI, Reader, pack_acl, pack_buffer, pack_strings

Made = collections.namedtuple("Made", "step rest")
Seen = collections.namedtuple("Seen", "back")
Op = collections.namedtuple("Op", "number request reply")

QUOTAS = b"/zookeeper/quota"
SYSTEM_PATHS = (b"/", b"", b"/zookeeper", b"/zookeeper/quota", b"/zookeeper/config")  # of all worlds: their lists and counts are not compared
WRITES = {"create", "create2", "createContainer", "createTTL", "delete", "setData", "setACL", "multi", "close", "reconfig"}
TABLE = {
    "create": Op(1, "path data acl int", "path"),
    "create2": Op(15, "path data acl int", "path stat"),
    "createContainer": Op(19, "path data acl int", "path stat"),
    "createTTL": Op(21, "path data acl int long", "path stat"),
    "delete": Op(2, "path int", ""),
    "deleteContainer": Op(20, "path", ""),
    "exists": Op(3, "path bool", "stat"),
    "getData": Op(4, "path bool", "data stat"),
    "setData": Op(5, "path data int", "stat"),
    "getACL": Op(6, "path", "acl stat"),
    "setACL": Op(7, "path acl int", "stat"),
    "getChildren": Op(8, "path bool", "names"),
    "getChildren2": Op(12, "path bool", "names stat"),
    "sync": Op(9, "path", "path"),
    "check": Op(13, "path int", ""),
    "multi": Op(MULTI, "operations", "results"),
    "multiRead": Op(22, "operations", "results"),
    "reconfig": Op(16, "data data data long", "data stat"),
    "checkWatches": Op(17, "path int", ""),
    "removeWatches": Op(18, "path int", ""),
    "auth": Op(100, "int data data", ""),
    "setWatches": Op(101, "zxid paths paths paths", ""),
    "setWatches2": Op(105, "zxid paths paths paths paths paths", ""),
    "getEphemerals": Op(103, "path", "names"),
    "getAllChildrenNumber": Op(104, "path", "int"),
    "addWatch": Op(106, "path int", "int"),
    "whoAmI": Op(107, "", "ids"),
    "close": Op(-11, "", ""),
}
NUMBERS = {op.number: name for name, op in TABLE.items()}
XIDS = {"auth": -4, "setWatches": -8, "setWatches2": -8}
PING, PING_XID = 11, -2
SYNC, SYNC_XID = 9, 0x7fffff00  # of the driver; the steps' own count from 1
# What stands behind the result's type in an answer to multi and multiRead.
RESULTS = {1: "path", 2: "", 5: "stat", 13: "", 15: "path stat", 19: "path stat", 21: "path stat", 4: "data stat", 8: "names",
           -1: "int"}


class Places:
    """What the roles in a request stand for, on one of the two systems."""

    def __init__(self, root):
        self.root = root
        self.made = {}   # step: path
        self.zxids = [0]  # of writes that succeeded

    def path(self, path):
        if isinstance(path, Made):
            return self.made.get(path.step, self.root + b"/none%d" % path.step) + path.rest
        if path is not None and path.startswith(b"^~"):
            return QUOTAS + self.root + path[2:]
        if path is not None and path.startswith(b"~"):
            return self.root + path[1:]
        return path

    def zxid(self, zxid):
        return self.zxids[max(0, len(self.zxids) - 1 - zxid.back)] if isinstance(zxid, Seen) else zxid

    def shown(self, path):
        """A path of an answer, as one of a request is written."""
        if path is not None and (path == self.root or path.startswith(self.root + b"/")):
            return b"~" + path[len(self.root):]
        if path is not None and path.startswith(QUOTAS) and self.shown(path[len(QUOTAS):])[:1] == b"~":
            return b"^" + self.shown(path[len(QUOTAS):])
        return path


def pack_operations(operations, places):
    packed = b""
    for name, arguments in operations:
        packed += struct.pack(">iBi", TABLE[name].number, 0, -1) + pack_request(name, arguments, places)
    return packed + struct.pack(">iBi", -1, 1, -1)


def pack_field(kind, value, places):
    if kind == "path":
        return pack_buffer(places.path(value))
    if kind == "data":
        return pack_buffer(value)
    if kind == "paths":
        return pack_strings([places.path(path) for path in value])
    if kind == "acl":
        return pack_acl(value)
    if kind == "operations":
        return pack_operations(value, places)
    return struct.pack({"int": ">i", "long": ">q", "bool": ">B", "zxid": ">q"}[kind], places.zxid(value))


def pack_request(name, arguments, places):
    kinds = TABLE[name].request.split()
    assert len(kinds) == len(arguments), (name, arguments)
    return b"".join(pack_field(kind, value, places) for kind, value in zip(kinds, arguments))


def field_at(name, arguments, field, places):
    """Where that field of a request begins in its bytes."""
    kinds = TABLE[name].request.split()
    return sum(len(pack_field(kind, value, places)) for kind, value in zip(kinds[:field], arguments))


def read_results(reader, places):
    results = []
    while True:
        kind, done, error = reader.int(), reader.byte(), reader.int()
        if done:
            return tuple(results + [("end", kind, error)])
        results.append((kind, error) + read_fields(RESULTS[kind], reader, places))


def read_field(kind, reader, places):
    if kind == "path":
        return places.shown(reader.buffer())
    if kind == "data":
        return reader.buffer()
    if kind == "stat":
        return reader.stat()
    if kind == "int":
        return reader.int()
    if kind == "results":
        return read_results(reader, places)
    count = reader.int()
    if kind == "names":  # in no order that ZooKeeper promises
        return tuple(sorted(places.shown(reader.buffer()) for _ in range(count)))
    if kind == "ids":  # a set there, too
        return tuple(sorted((reader.buffer(), reader.buffer()) for _ in range(count)))
    assert kind == "acl", kind
    return None if count == -1 else tuple((reader.int(), reader.buffer(), reader.buffer()) for _ in range(count))


def read_fields(kinds, reader, places):
    return tuple(read_field(kind, reader, places) for kind in kinds.split())


class BodyReader(Reader):
    def byte(self):
        value = self.data[self.at] if self.at < len(self.data) else 0
        self.at += 1
        return value


def read_reply(name, body, places):
    """The values of a reply's record; bytes behind it are kept, as a difference that nobody expects."""
    reader = BodyReader(body)
    values = read_fields(TABLE[name].reply, reader, places)
    return values if reader.at == len(body) else values + (("behind the record", body[reader.at:]),)
