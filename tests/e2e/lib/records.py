"""The records of ZooKeeper's client protocol as this suite needs them: bytes in, values out, and back.

An operation is a tuple (number, body, decode): what goes into the request behind its header, and what makes a value of the
reply's record. Nothing here knows a socket.
"""
import collections
import struct

CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_ACL, SET_ACL, GET_CHILDREN = 1, 2, 3, 4, 5, 6, 7, 8
SYNC, PING, GET_CHILDREN2, CHECK, MULTI, CREATE2, CLOSE, SET_WATCHES = 9, 11, 12, 13, 14, 15, -11, 101
CHECK_WATCHES, REMOVE_WATCHES, GET_EPHEMERALS, GET_ALL_CHILDREN_NUMBER, SET_WATCHES2, ADD_WATCH = 17, 18, 103, 104, 105, 106
FILTERED_LIST, CHECK_NOT_EXISTS, CREATE_IF_NOT_EXISTS, REMOVE_RECURSIVE, CHECK_STAT, TRY_REMOVE = 500, 501, 502, 503, 504, 505
FILTERED_LIST_WITH_DATA, LIST_RECURSIVE, LIST_PAGE, MULTI_READ = 506, 507, 70001, 22  # 500 to 507: ClickHouse Keeper's

PERSISTENT, EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL = 0, 1, 2, 3
NODE_CREATED, NODE_DELETED, DATA_CHANGED, CHILDREN_CHANGED = 1, 2, 3, 4

MARSHALLING, UNIMPLEMENTED, BAD_ARGUMENTS, NOT_READ_ONLY = -5, -6, -8, -119
NO_NODE, NO_AUTH, BAD_VERSION, NO_CHILDREN_FOR_EPHEMERALS = -101, -102, -103, -108
NODE_EXISTS, NOT_EMPTY, INVALID_ACL = -110, -111, -114

Stat = collections.namedtuple(
    "Stat", "czxid mzxid ctime mtime version cversion aversion ephemeral_owner data_length children pzxid")
Event = collections.namedtuple("Event", "type path zxid state")
STAT = struct.Struct(">qqqqiiiqiiq")
OPEN_ACL = ((31, "world", "anyone"),)


class Malformed(Exception):
    """Bytes of the server that are no record."""


class Reader:
    """Takes values from the front of some bytes."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def _take(self, layout):
        try:
            value = layout.unpack_from(self.data, self.at)
        except struct.error as e:
            raise Malformed("record ends early: %r at %d" % (self.data[:200], self.at)) from e
        self.at += layout.size
        return value

    def int(self):
        return self._take(struct.Struct(">i"))[0]

    def long(self):
        return self._take(struct.Struct(">q"))[0]

    def stat(self):
        return Stat(*self._take(STAT))

    def buffer(self):
        size = self.int()
        if size == -1:
            return None
        if size < 0 or self.at + size > len(self.data):
            raise Malformed("buffer of %d bytes in %d" % (size, len(self.data) - self.at))
        value = self.data[self.at:self.at + size]
        self.at += size
        return value

    def string(self):
        value = self.buffer()
        return None if value is None else value.decode("utf-8", "surrogateescape")

    def strings(self):
        return [self.string() for _ in range(self.int())]

    def end(self):
        if self.at != len(self.data):
            raise Malformed("%d bytes behind the record" % (len(self.data) - self.at))


def pack_buffer(value):
    return b"\xff\xff\xff\xff" if value is None else struct.pack(">i", len(value)) + value


def pack_string(value):
    return pack_buffer(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def pack_strings(values):
    return struct.pack(">i", len(values)) + b"".join(pack_string(v) for v in values)


def pack_acl(acl):
    if acl is None:
        return b"\xff\xff\xff\xff"
    return struct.pack(">i", len(acl)) + b"".join(
        struct.pack(">i", perms) + pack_string(scheme) + pack_string(who) for perms, scheme, who in acl)


def nothing(_reader):
    return None


def create(path, data=b"", flags=PERSISTENT, acl=OPEN_ACL):
    return CREATE, pack_string(path) + pack_buffer(data) + pack_acl(acl) + struct.pack(">i", flags), Reader.string


def create2(path, data=b"", flags=PERSISTENT, acl=OPEN_ACL):
    body = pack_string(path) + pack_buffer(data) + pack_acl(acl) + struct.pack(">i", flags)
    return CREATE2, body, lambda r: (r.string(), r.stat())


def delete(path, version=-1):
    return DELETE, pack_string(path) + struct.pack(">i", version), nothing


def exists(path, watch=False):
    return EXISTS, pack_string(path) + struct.pack(">?", watch), Reader.stat


def get(path, watch=False):
    return GET_DATA, pack_string(path) + struct.pack(">?", watch), lambda r: (r.buffer(), r.stat())


def set(path, data, version=-1):  # pylint: disable=redefined-builtin
    return SET_DATA, pack_string(path) + pack_buffer(data) + struct.pack(">i", version), Reader.stat


def children(path, watch=False):
    return GET_CHILDREN, pack_string(path) + struct.pack(">?", watch), Reader.strings


def children2(path, watch=False):
    return GET_CHILDREN2, pack_string(path) + struct.pack(">?", watch), lambda r: (r.strings(), r.stat())


def sync(path="/"):
    return SYNC, pack_string(path), Reader.string


def close():
    return CLOSE, b"", nothing


def set_watches(zxid, data=(), exist=(), child=()):
    return SET_WATCHES, struct.pack(">q", zxid) + pack_strings(data) + pack_strings(exist) + pack_strings(child), nothing


def set_watches2(zxid, data=(), exist=(), child=(), persistent=(), recursive=()):
    lists = (data, exist, child, persistent, recursive)
    return SET_WATCHES2, struct.pack(">q", zxid) + b"".join(pack_strings(v) for v in lists), nothing


def add_watch(path, recursive=False):
    return ADD_WATCH, pack_string(path) + struct.pack(">i", 1 if recursive else 0), Reader.int


def check_watches(path, kind):
    return CHECK_WATCHES, pack_string(path) + struct.pack(">i", kind), nothing


def remove_watches(path, kind):
    return REMOVE_WATCHES, pack_string(path) + struct.pack(">i", kind), nothing


def ephemerals(prefix="/"):
    return GET_EPHEMERALS, pack_string(prefix), Reader.strings


def all_children_number(path):
    return GET_ALL_CHILDREN_NUMBER, pack_string(path), Reader.int


def multi(*operations, number=MULTI):
    """Of operations as made here; the results in their order, an error's code in place of one that failed."""
    decoders = [decode for _, _, decode in operations]
    body = b"".join(struct.pack(">i?i", kind, False, -1) + part for kind, part, _ in operations)

    def decode_all(reader):
        results = []
        for decode in decoders:
            kind, _done, _err = reader._take(struct.Struct(">i?i"))
            results.append(reader.int() if kind == -1 else decode(reader))
        if reader._take(struct.Struct(">i?i")) != (-1, True, -1):
            raise Malformed("no end of a multi")
        return results

    return number, body + struct.pack(">i?i", -1, True, -1), decode_all


def multi_read(*operations):
    return multi(*operations, number=MULTI_READ)


def check(path, version=-1):
    return CHECK, pack_string(path) + struct.pack(">i", version), nothing


def filtered_list(path, kind=0, watch=False):
    return FILTERED_LIST, pack_string(path) + struct.pack(">?B", watch, kind), lambda r: (r.strings(), r.stat())


def filtered_list_with_data(path, kind=0, watch=False, with_stat=True, with_data=True):
    def decode(r):
        return r.strings(), r.stat(), [r.stat() for _ in range(r.int())], [r.buffer() for _ in range(r.int())]

    return FILTERED_LIST_WITH_DATA, pack_string(path) + struct.pack(">?B??", watch, kind, with_stat, with_data), decode


def check_not_exists(path, version=-1):
    return CHECK_NOT_EXISTS, pack_string(path) + struct.pack(">i", version), nothing


def create_if_not_exists(path, data=b"", flags=PERSISTENT, acl=OPEN_ACL):
    return CREATE_IF_NOT_EXISTS, create(path, data, flags, acl)[1], Reader.string


def remove_recursive(path, limit):
    return REMOVE_RECURSIVE, pack_string(path) + struct.pack(">I", limit), nothing


def check_stat(path, version=-1, **fields):
    stat = Stat(*[-1] * len(Stat._fields))._replace(**fields)
    return CHECK_STAT, pack_string(path) + struct.pack(">i", version) + STAT.pack(*stat), nothing


def try_remove(path, version=-1):
    return TRY_REMOVE, pack_string(path) + struct.pack(">i", version), nothing


def list_recursive(path, limit=0xffffffff):
    return LIST_RECURSIVE, pack_string(path) + struct.pack(">I", limit), Reader.strings


def list_page(path, after=None, count=0, size=0):
    return LIST_PAGE, pack_string(path) + pack_string(after) + struct.pack(">ii", count, size), lambda r: (
        r.strings(), r.stat(), r._take(struct.Struct(">?"))[0])


def connect_request(session, password, timeout_ms, last_zxid, read_only):
    body = struct.pack(">iqiq", 0, last_zxid, timeout_ms, session) + pack_buffer(password)
    return body if read_only is None else body + struct.pack(">?", read_only)
