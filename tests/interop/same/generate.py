"""Random steps of a world, from its seed alone: no answer decides what is generated, so any part of a world can be run again.

A rough model of the tree (what would be there, had every step worked) makes most steps hit; the rest goes astray on purpose.
"""
import base64
import hashlib
import random
import zlib

from operations import TABLE, Made, Seen
from world import Step

PERSISTENT, EPHEMERAL, SEQUENTIAL, EPHEMERAL_SEQUENTIAL, CONTAINER, TTL, TTL_SEQUENTIAL = range(7)
NAMES = [b"a", b"b", b"c", b"s-", "\u00fc\u4e2d".encode(), b"0"]
# Behind a node of the tree, or instead of a path.
BAD_TAILS = [b"/", b"//x", b"/.", b"/..", b"/./x", b"/../x", b"/x/", b"/x//y", b"/\0", b"/x\0y", b"/x\x01", b"/\x1f", b"/\x7f",
             b"/\xc2\x9f", b"/\xef\xa3\xbf", b"/\xef\xbf\xb0", b"/\xef\xbf\xbf", b"/\xee\x80\x80", b"/\xff", b"/\xc3", b"/\xf0\x9f\x98\x80", b"/...", b"/.x", b"/ "]
BAD_WHOLE = [None, b"", b"abc", b"//", b"/.", b"/..", b"x/y", b"\0", b"/zookeeper/", b"~x/y/z", b"~/" + b"n" * 30 + b"/x"]
SYSTEM = [b"/", b"/zookeeper", b"/zookeeper/quota", b"/zookeeper/config"]
# Well-formed: at anything else ZooKeeper ends.
LIMITS = [b"count=-1,bytes=-1=;byteHardLimit=-1;countHardLimit=%d" % n for n in (2, 4, 6, 9)] + \
    [b"count=-1,bytes=-1=;byteHardLimit=%d;countHardLimit=-1" % n for n in (0, 9, 40, 200)] + \
    [b"count=2,bytes=20", b"count=5,bytes=-1=;byteHardLimit=100;countHardLimit=12", b"countHardLimit=5;byteHardLimit=700", b"",
     b"bytes=2,count==3=4;;", b"other=1,countHardLimit=7"]
STATS = [b"", b"count=0,bytes=0", b"count=3,bytes=44", b"bytes=5=6;;,count=2", b"count=1,bytes=-9=;byteHardLimit=4;countHardLimit=3",
         b"count=9223372036854775807,bytes=0"]
QUOTA_CHANCE = 0.07
VERSIONS = [-1] * 8 + [0] * 4 + [1, 2, 3, 7, -2, 0x7fffffff, -0x80000000]
DATA = [None, b"", b"x", b"value", b"\0\xff", b"data" * 20]
OPEN = ((31, b"world", b"anyone"),)
USERS = [b"ann:one", b"bob:two"]
SUPER = b"super:test"


def digest(user):
    return user.split(b":")[0] + b":" + base64.b64encode(hashlib.sha1(user).digest())


ACLS_PLAIN = [None, (), ((1, b"world", b"anyone"),), ((15, b"world", b"anyone"),), ((23, b"world", b"anyone"),),
              ((0, b"world", b"anyone"),), ((31, b"world", b"anyone"), (1, b"world", b"anyone")),
              ((31, b"world", b"anyone"), (31, b"world", b"anyone")), ((31, b"world", b"nobody"),), ((31, b"world", None),),
              ((31, b"none", b"x"),), ((31, b"", b""),), ((31, None, b"anyone"),),
              ((32, b"world", b"anyone"),), ((-1, b"world", b"anyone"),), ((0x7fffffff, b"world", b"anyone"),), ((-32, b"world", b"anyone"),),
              ((31, b"super", b""),), ((31, b"WORLD", b"anyone"),), ((1, b"world", b"anyone"),) * 20]
# Everybody may read what is ann's and bob's, and see no hash in its ACL: often, as another has to ask for it.
ACLS_SHOWN = [((31, b"digest", digest(user)), (1, b"world", b"anyone")) for user in USERS]
ACLS_SCHEMES = ACLS_SHOWN * 4 + [((31, b"digest", digest(USERS[0])),),
                ((31, b"digest", b"nocolon"),), ((31, b"digest", b"a:b:c"),), ((31, b"digest", b""),),
                ((31, b"auth", b""),), ((5, b"auth", b"ignored"), (1, b"world", b"anyone")), ((31, b"ip", b"127.0.0.1"),),
                ((31, b"ip", b"127.0.0.0/8"),), ((1, b"ip", b"10.1.2.3"),), ((31, b"ip", b"127.0.0.1/33"),),
                ((31, b"ip", b"localhost"),), ((31, b"ip", b"1.2.3"),), ((31, b"ip", b"127.0.0.1/"),),
                ((31, b"ip", b"127.0.0.1/32"),), ((31, b"ip", b"1.2.3.4/0"),), ((31, b"ip", b"127.0.0.1/-1"),), ((31, b"ip", b"127.0.0.1/x"),),
                ((31, b"ip", b"127.0.0.256"),), ((31, b"ip", b"127.0.0.1/8/8"),), ((31, b"ip", b""),), ((31, b"ip", b"127.128.0.0/9"),),
                ((31, b"digest", digest(USERS[0])), (31, b"digest", digest(USERS[1])), (0, b"digest", digest(USERS[0]))),
                ((31, b"auth", b""), (1, b"auth", b"x")), ((31, b"digest", b":"),), ((31, b"digest", b"ann:"),)]
WATCH_CHANCE = 0.4

# How often which operation is drawn.
WEIGHTS = {"create": 22, "create2": 8, "createContainer": 3, "createTTL": 4, "delete": 14, "deleteContainer": 0, "exists": 10,
           "getData": 10, "setData": 12, "getACL": 5, "setACL": 5, "getChildren": 8, "getChildren2": 6, "sync": 2, "check": 0,
           "multi": 10, "multiRead": 4, "reconfig": 0.5, "checkWatches": 3, "removeWatches": 3, "auth": 2, "setWatches": 1.5,
           "setWatches2": 1.5, "getEphemerals": 3, "getAllChildrenNumber": 3, "addWatch": 6, "whoAmI": 1, "close": 1.5,
           "renew": 2, "takeover": 1, "drop": 1, "stranger": 0.5, "gone": 0.3, "ahead": 0.15, "cut": 1, "tail": 0.5, "bent": 1.5,
           "xid": 1, "raw": 0.5, "big": 0.05, "burst": 4, "expire": 0.02}
SLOT_STEPS = {"renew", "takeover", "drop", "stranger", "gone", "ahead", "cut", "tail", "bent", "xid", "raw", "big", "burst", "expire"}
NO_PART = SLOT_STEPS | {"close", "check", "deleteContainer"}  # of a burst, nor changed in their bytes
TIMEOUTS = [25000, 30000, 39999, 40001, 0x7fffffff]  # the servers give 40 s at most
SHORT = [6000, 5999, 1, 0, -1, -0x80000000]          # and 6 s at least
BAD_LENGTHS = [-2, -0x80000000, 0x7fffffff, 0x100000, 0xfffff]
BAD_COUNTS = [0x7fffffff, 0x100000, 1000]
assert set(WEIGHTS) == set(TABLE) | SLOT_STEPS


class Generator:
    def __init__(self, seed, ops, slots, schemes, servers=1):
        self.random = random.Random(seed)
        self.salt = self.random.randrange(1 << 30)
        self.slots = slots
        self.system = SYSTEM if servers == 1 else SYSTEM[:-1]  # a lone server, as ZooKeeper's is, has no config
        self.names = [op for op in WEIGHTS if op in ops and WEIGHTS[op] > 0]
        self.weights = [WEIGHTS[op] for op in self.names]
        self.acls = ACLS_PLAIN + (ACLS_SCHEMES * 2 if schemes else [])
        self.nodes = [b"~"]     # that exist if all went well
        self.ephemerals = set()
        self.quotas = []        # where quotas lie, if all went well
        self.steps = []
        self.alone = True       # the step is one request, whose path later steps can name
        self.sane = False       # nothing goes astray now: else hardly a multi would succeed

    def world(self, count):
        self.steps = [Step(slot, "connect", self._handshake()) for slot in range(self.slots)]
        self.steps.append(Step(0, "create", (b"~", b"", OPEN, 0)))
        if "create" in self.names and self._chance(0.4):
            self.quotas.append(b"^~")
            self.steps += [Step(0, "create", (b"^~" + tail, self._data_of(tail), OPEN, PERSISTENT))
                           for tail in (b"", b"/zookeeper_limits", b"/zookeeper_stats")]
        while len(self.steps) < count:
            slot = self.random.randrange(self.slots)
            name = self.random.choices(self.names, self.weights)[0]
            if name == "expire":
                self.steps += self._expiry(slot)
            else:
                self.steps.append(Step(slot, name, self._arguments(name, slot)))
        return self.steps

    def _arguments(self, name, slot):
        make = getattr(self, "_" + name, None)
        return make(slot) if make is not None else ()

    # Values.

    def _chance(self, share):
        return self.random.random() < share

    def _node(self):
        return self.random.choice(self.nodes)

    @staticmethod
    def _below(path, tail):
        return Made(path.step, path.rest + tail) if isinstance(path, Made) else path + tail

    def _astray(self):
        draw = self.random.random()
        if draw < 0.6:
            return self._below(self._node(), self.random.choice(BAD_TAILS))
        return self.random.choice(BAD_WHOLE if draw < 0.85 else self.system)

    def _quota_home(self):
        """Below "^~", where the quota on a node lies; first what is above it."""
        node = self.random.choice([b"~", b"~"] + [node for node in self.nodes[:8] if isinstance(node, bytes)])
        names = (b"^" + node).split(b"/")
        return next((home for home in (b"/".join(names[:i + 1]) for i in range(len(names))) if home not in self.quotas), b"^" + node)

    def _quota_node(self):
        tail = self.random.choice((b"", b"/zookeeper_limits", b"/zookeeper_stats", b"/zookeeper_stats"))
        return self.random.choice(self.quotas or [b"^~"]) + tail

    def _quota_create(self, stats):
        home = self._quota_home()
        if home not in self.quotas:
            self.quotas.append(home)
            return home, b"", OPEN, PERSISTENT
        tail = b"/zookeeper_stats" if stats and self._chance(0.6) else b"/zookeeper_limits"
        return home + tail, self._data_of(tail), OPEN, PERSISTENT

    def _data_of(self, path):
        """What may be written there."""
        path = path if isinstance(path, bytes) else b""
        return self.random.choice(LIMITS if path.endswith(b"/zookeeper_limits") else STATS if path.endswith(b"/zookeeper_stats") else DATA)

    def _path(self):
        if self._chance(QUOTA_CHANCE):
            return self._quota_node()
        draw = self.random.random() * (0.76 if self.sane else 1)
        if draw < 0.75:
            return self._node()
        if draw < 0.92:
            return self._below(self._node(), b"/" + self.random.choice(NAMES))
        return self._astray()

    def _acl(self):
        acl = OPEN if self.sane or self._chance(0.88) else self.random.choice(self.acls)
        return acl if self.alone or not any(None in entry for entry in acl or ()) else OPEN

    def _data(self):
        return self.random.choice(DATA)

    def _version(self):
        return -1 if self.sane else self.random.choice(VERSIONS)

    # Of one path, a session watches in one way only: 3.8 mixes them up (docs/compat.md).
    def _way(self, path, slot):
        return ("once", "once", "persistent", "recursive")[zlib.crc32(repr((self.salt, slot, path)).encode()) % 4]

    def _watch(self, path, slot):
        return 0 if self._way(path, slot) != "once" or path in SYSTEM or path == b"" else \
            self.random.choice((1, 1, 1, 255)) if self._chance(WATCH_CHANCE) else 0

    # Operations.

    def _new(self, flags, inner=False):
        """A path to create, and the model's hope."""
        draw = self.random.random() * (0.85 if self.sane else 1)
        if draw > 0.93:
            astray = self._astray()
            return b"~/." if astray in (b"/.", b"/..", b"/", b"/zookeeper", b"~x/y/z") or (inner and astray is None) else astray
        parent = self._node() if draw < 0.85 else self._below(self._node(), b"/none")
        sequential = flags in (SEQUENTIAL, EPHEMERAL_SEQUENTIAL, TTL_SEQUENTIAL)
        tail = b"/" + self.random.choice(NAMES)
        if sequential:  # a name that comes once only, so that two steps never make the same path
            tail = b"/" if self._chance(0.1) else b"/s%d-" % len(self.steps)
        path = self._below(parent, tail)
        if draw < 0.85 and parent not in self.ephemerals and tail.count(b"/") == 1 and self._depth(path) <= 4:
            made = path if not sequential else None if inner or not self.alone or tail == b"/" else Made(len(self.steps), b"")
            if made is not None and made not in self.nodes:
                self.nodes.append(made)
                if flags in (EPHEMERAL, EPHEMERAL_SEQUENTIAL):
                    self.ephemerals.add(made)
        return path

    @staticmethod
    def _depth(path):
        return (path.rest.count(b"/") + 2) if isinstance(path, Made) else path.count(b"/")

    def _create(self, _slot, inner=False, stats=True):
        if self._chance(QUOTA_CHANCE):
            return self._quota_create(stats)
        plain = self.sane or (inner and not self.alone)
        flags = self.random.choice((0, 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 5, 6, 7, -1, 0x7fffffff)[:11 if plain else None])
        return self._new(flags, inner), self._data(), self._acl(), flags

    def _create2(self, slot, inner=False):
        return self._create(slot, inner, stats=False)  # of stats it answers with another length: docs/compat.md

    def _createContainer(self, _slot, inner=False):
        flags = CONTAINER if self._chance(0.9) else self.random.choice((9,) if inner else (0, 2, 5, 9))
        return self._new(flags, inner), self._data(), self._acl(), flags

    def _createTTL(self, _slot, inner=False):
        flags = self.random.choice((TTL, TTL, TTL, TTL_SEQUENTIAL, TTL_SEQUENTIAL, 7))
        ttl = self.random.choice((3600000,) * 8 + (1 << 30, (1 << 40) - 1, 1 << 40, 0, -1, 1 << 62))
        return self._new(flags, inner), self._data(), self._acl(), flags, ttl

    def _delete(self, _slot):
        path = self._path()
        if path in self.nodes and path != b"~" and not any(self._inside(node, path) for node in self.nodes):
            self.nodes.remove(path)
            self.ephemerals.discard(path)
        return path if path != b"~" else b"~/a", self._version()

    @staticmethod
    def _inside(node, path):
        if isinstance(path, Made):
            return isinstance(node, Made) and node.step == path.step and node.rest.startswith(path.rest + b"/")
        return isinstance(node, bytes) and node.startswith(path + b"/")

    def _deleteContainer(self, _slot):
        return (self._path(),)

    def _exists(self, slot):
        path = self._path()
        return path, self._watch(path, slot)

    _getData = _getChildren = _getChildren2 = _exists

    def _setData(self, _slot):
        path = self._path()
        return path if path not in SYSTEM + [b""] else b"~", self._data_of(path), self._version()

    def _getACL(self, _slot):
        return (self._path(),)

    def _setACL(self, _slot):
        path = self._path()
        safe = path not in SYSTEM + [b"", b"~"]
        return path if safe else b"~/a", OPEN if self._chance(0.5) else self.random.choice(self.acls), self._version()

    def _sync(self, _slot):
        path = self._path()
        return (path if self._echoed(path) else b"~",)

    @staticmethod
    def _echoed(path):
        """Not one that ZooKeeper answers with in other bytes (docs/compat.md)."""
        text = path.rest if isinstance(path, Made) else path
        return text is None or (text.decode("utf-8", "replace").encode() == text and b"\xf0\x9f" not in text)

    def _check(self, _slot):
        return self._path(), self._version()

    def _multi(self, slot):
        kinds = [k for k in ("check", "create", "create2", "createContainer", "createTTL", "delete", "setData") if k in self.names or k == "check"]
        weights = [WEIGHTS[k] or 10 for k in kinds]
        inner = []
        self.sane = self._chance(0.6)
        for name in self.random.choices(kinds, weights, k=self.random.choice((0, 1, 1, 2, 2, 3, 4, 6))):
            if name.startswith("create"):
                inner.append((name, getattr(self, "_" + name)(slot, True)))
            else:
                path, *rest = self._arguments(name, slot)
                inner.append((name, (path if path is not None else b"~/a", *rest)))
        self.sane = False
        if self._chance(0.03):
            inner.append(self.random.choice((("getData", (b"~", 0)), ("exists", (b"~", 0)), ("sync", (b"~",)), ("multi", ((),)))))
        return (tuple(inner),)

    def _multiRead(self, slot):
        inner = []
        for _ in range(self.random.choice((0, 1, 2, 3, 5))):
            path = self._path()
            path = path if path not in SYSTEM + [b"", None] else b"~"
            inner.append((self.random.choice(("getData", "getChildren")), (path, self._watch(path, slot))))
        if self._chance(0.03):
            inner.append(self.random.choice((("setData", (b"~", b"x", -1)), ("check", (b"~", -1)), ("multiRead", ((),)))))
        return (tuple(inner),)

    def _reconfig(self, _slot):
        servers = (None, b"", b"9", b"server.9=localhost:1:2;3", b"nonsense")
        return tuple(self.random.choice(servers) for _ in range(3)) + (self.random.choice((-1, 0, 1 << 62)),)

    def _checkWatches(self, slot):
        path = self._path()
        return path, 3 if self._way(path, slot) != "once" else self.random.choice((1, 2, 3, 1, 2, 3, 0, 9, -1))

    _removeWatches = _checkWatches

    def _addWatch(self, slot):
        if self._chance(0.05):
            return self._node(), self.random.choice((2, 3, -1, 0x7fffffff))
        for _ in range(20):
            path = self._path()
            if self._way(path, slot) != "once" and path not in SYSTEM + [b"", None]:
                return path, 0 if self._way(path, slot) == "persistent" else 1
        return b"~", 2

    def _auth(self, _slot):
        scheme, data = self.random.choice(((b"digest", USERS[0]), (b"digest", USERS[1])) * 4 + (
            (b"digest", b"nocolon"), (b"ip", b"1.2.3.4"), (b"world", b"anyone"), (b"none", b"x"), (b"auth", b""),
            (b"digest", b""), (b"", b"x"), (b"digest", SUPER), (b"digest", b"a:b:c"), (b"digest", b":"), (None, b"x"), (b"digest", None),
            (b"ip", None), (b"super", b"x"), (b"DIGEST", USERS[0])))
        return self.random.choice((0, 0, 0, 7, -1)), scheme, data

    def _paths(self, slot, way):
        paths = [self._path() for _ in range(self.random.choice((0, 1, 2, 4)))]
        return tuple(path for path in paths if self._way(path, slot) == way and path not in SYSTEM + [b"", None] and self._echoed(path))

    def _setWatches(self, slot):
        return (self._seen(),) + tuple(self._paths(slot, "once") for _ in range(3))

    def _setWatches2(self, slot):
        return self._setWatches(slot) + (self._paths(slot, "persistent"), self._paths(slot, "recursive"))

    def _seen(self):
        return self.random.choice((Seen(0), Seen(0), Seen(1), Seen(3), Seen(10), 0, 1 << 62))

    def _getEphemerals(self, _slot):
        return (self.random.choice((b"~", b"~", b"/", b"", b"~/", b"~/a", b"~/s", self._path())),)

    def _getAllChildrenNumber(self, _slot):
        path = self._path()
        return (path if path not in SYSTEM + [b""] else b"~",)

    def _handshake(self):
        return (self.random.choice(TIMEOUTS), self.random.choice((False, True, None)), self.random.choice((0, 0, 1, -1, 0x7fffffff))) \
            if self._chance(0.3) else ()

    def _renew(self, _slot):
        return self._handshake()

    _takeover = _renew

    def _stranger(self, _slot):
        usual = (40000, False, 0)
        wrong = (None, b"", bytes(16), b"\0" * 15, b"x" * 32, 0, 7, 15, 15)
        return usual + (self.random.choice(wrong),) if self._chance(0.7) else ()

    def _expiry(self, slot):
        """A session that ends for want of a client, with a node of its own that others watch."""
        path, other = b"~/e%d" % len(self.steps), (slot + 1) % self.slots
        way = self._way(path, other)
        return [Step(slot, "renew", (self.random.choice(SHORT), False, 0)), Step(slot, "create", (path, b"", OPEN, EPHEMERAL)),
                Step(other, "exists", (path, 1)) if way == "once" else Step(other, "addWatch", (path, 0 if way == "persistent" else 1)),
                Step(slot, "expire", (path,))]

    def _part(self, without=()):
        return self.random.choices(*zip(*[(name, WEIGHTS[name]) for name in self.names if name not in NO_PART and name not in without]))[0]

    def _cut(self, slot):
        inner = self._part(("whoAmI", "auth"))
        return inner, self._arguments(inner, slot), self.random.choice((1, 2, 4, 8, 20, 1000))

    def _tail(self, slot):
        inner = self._part()
        return inner, self._arguments(inner, slot), self.random.choice((b"\0", b"\xff\xff\xff\xff", b"x" * 40))

    def _xid(self, slot):
        inner = self._part()
        return inner, self._arguments(inner, slot), self.random.choice((0, 1, -3, -4, -5, -8, -9, -100, 0x7fffffff, -0x80000000))

    def _bent(self, slot):
        """An int in the request that counts bytes or items, or says the type of a multi's operation, and is none."""
        while True:
            inner = self._part(("whoAmI",))
            arguments = self._arguments(inner, slot)
            fields = [i for i, kind in enumerate(TABLE[inner].request.split()) if kind in ("path", "data", "acl", "paths", "operations")]
            field = self.random.choice(fields)
            kind = TABLE[inner].request.split()[field]
            if kind != "operations":
                scheme = 8 if kind == "acl" and arguments[field] and self._chance(0.5) else 0
                return inner, arguments, field, scheme, self.random.choice(
                    BAD_LENGTHS if kind in ("path", "data") or scheme > 0 else BAD_COUNTS)
            if arguments[field]:
                offset, values = self.random.choice(((0, (99, -1, 0, 16, 0x7fffffff)), (4, (0x01000000, -1)), (9, BAD_LENGTHS)))
                return inner, arguments, field, offset, self.random.choice(values)

    def _raw(self, _slot):
        return self.random.choice(((-3, b""), (10, b""), (18000, b""), (99, b"x"), (23, b""), (-1, b""), (0, b""), (11, b""), (11, b"x"),
                                   (0x7fffffff, b""), (-0x80000000, b""), (-12, b"")))

    def _big(self, _slot):
        return (self.random.choice((0xffffe, 0xfffff, 0x100000, 0x120000)),)

    def _burst(self, slot):
        """Without what makes a multi fail by an exception of Java's: what is behind it sees some of what it had done (docs/compat.md)."""
        self.alone = False
        parts = []
        for _ in range(self.random.choice((2, 2, 3, 4, 6))):
            name = self._part(("auth",))
            parts.append((name, self._arguments(name, slot)))
        self.alone = True
        return tuple(parts)
