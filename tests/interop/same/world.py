"""A world: some sessions and a subtree of their own, driven through the same steps on both systems.

One step is under way at a time; then every connection is pinged, so that all events of the step are in; where a system has several servers,
each is made to catch up by a sync. What came is one
Answer a system and step. A step is (slot, name, arguments): an operation of the table, or
    connect      a new session, when the slot has none; else as renew
    renew        the connection is dropped, and the session goes on with another
    takeover     as renew, but the old connection stays, for the server to close
    stranger     renew with a wrong password: refused
    gone         renew of a session that never was: refused
    ahead        renew by a client that has seen more than the server
    drop         the connection is dropped
    cut          (name, arguments, bytes): that request without its last bytes
    tail         (name, arguments, bytes): with these bytes behind it
    bent         (name, arguments, field, offset, int): with that int so far behind the beginning of that field
    xid          (name, arguments, xid): with that xid
    raw          (number, body)
    big          (size): a frame of that many bytes
    expire       (path): the connection is dropped, and the session left alone until that node, which it owns, is gone
    burst        ((name, arguments), ...): requests of which none waits for a reply
The arguments of connect, renew, takeover and stranger: (timeout, read only or None to leave that out, version of the protocol, and
for stranger the password, or which byte of the right one is another), or () for what is usual. A step on a slot without a
connection becomes a renew, or a connect where the session is over.
"""
import collections
import itertools
import struct
import zlib

import operations
from link import EVENT_XID, Link
from operations import TABLE, XIDS, Places

Step = collections.namedtuple("Step", "slot name arguments")
TIMEOUT_MS = 40000
PROLOGUE = 20  # steps that no twist touches
WRONG = bytes(range(16))
BIG_VERSION = 77000
SYSTEM_ARGUMENTS = [(path,) for path in operations.SYSTEM_PATHS]
CLOSE_ROUNDS = 50  # so many more pings go where only the other system has closed: ZooKeeper closes a little behind its last reply
HANDSHAKES = {"connect", "renew", "takeover", "stranger", "gone", "ahead"}
LATE = ("late", "no answer")


def meant(step):
    """The steps whose replies a step brings, in their order."""
    if step.name == "burst":
        return [Step(step.slot, *inner) for inner in step.arguments]
    return [Step(step.slot, *step.arguments[:2])] if step.name in ("tail", "xid") else [step]


class Answer(collections.namedtuple("Answer", "entries places sessions")):
    """entries: what came on each slot, in order: ("event", ...), ("reply", ...), ("handshake", ...) or ("closed",)."""

    def reply(self, slot, number):
        return next(itertools.islice((entry for entry in self.entries[slot] if entry[0] == "reply"), number, None), None)

    def worked(self, slot, number):
        reply = self.reply(slot, number)
        return reply is not None and reply[3] == 0


class Slot:
    def __init__(self):
        self.link, self.session, self.password, self.xid = None, 0, bytes(16), 0

    @property
    def open(self):
        return self.link is not None and not self.link.closed


class Side:
    """The world on one of the two systems. Each connection goes to another one of its servers."""

    def __init__(self, loop, owner, ports, root, slots):
        self.loop, self.owner, self.ports, self.handshakes = loop, owner, ports, 0
        self.places = Places(root)
        self.slots = [Slot() for _ in range(slots)]
        self.sessions = {0: "none"}  # id: its name
        self.extra = []              # connections that were taken over, until they are closed
        self.probe = None            # of a session of its own, which waits for an expiry

    def begin(self, name, step):
        slot = self.slots[step.slot]
        if name in HANDSHAKES:
            if name == "takeover" and slot.open:
                self.extra.append((step.slot, slot.link))
            elif slot.link is not None:
                slot.link.drop()
            slot.link = Link(self.loop, self.owner, self.ports[(step.slot + self.handshakes) % len(self.ports)])
            self.handshakes += 1
            session, password, zxid = slot.session, slot.password, self.places.zxids[-1]
            if name == "stranger":
                password = step.arguments[3] if step.arguments else WRONG
                if isinstance(password, int):
                    password = slot.password[:password] + bytes((slot.password[password] ^ 1,)) + slot.password[password + 1:]
            elif name == "gone":
                session = 0x7700000000000000 + (zlib.crc32(self.places.root) << 8) + step.slot
            elif name == "ahead":
                zxid = (1 << 62) + 1
            timeout, read_only, version = (step.arguments or (TIMEOUT_MS, False, 0))[:3]
            slot.link.connect(session, password, timeout, zxid, read_only, version)
        elif name in ("drop", "expire"):
            slot.link.drop()
            if name == "expire":
                self.probe = Link(self.loop, self.owner, self.ports[0])
                self.probe.connect(0, bytes(16), TIMEOUT_MS, 0, False, 0)
                self.probe.await_event(self._next(Slot(), "exists", (step.arguments[0], 1)))
        elif name == "burst":
            slot.link.send(*[self._next(slot, *inner) for inner in step.arguments])
        else:
            slot.link.send(self._next(slot, name, step.arguments))

    def _next(self, slot, name, arguments):
        slot.xid += 1
        return self._request(name, arguments, XIDS.get(name, slot.xid))

    def _request(self, name, arguments, xid):
        if name == "raw":
            return struct.pack(">ii", xid, arguments[0]) + arguments[1]
        if name == "big":  # of a version that no node has, so that nothing is kept of it
            body = struct.pack(">ii", xid, TABLE["setData"].number) + operations.pack_request("setData", (b"~", b"", BIG_VERSION), self.places)
            more = arguments[0] - len(body)
            return body[:-8] + struct.pack(">i", more) + bytes(more) + body[-4:]
        if name in ("cut", "tail", "bent", "xid"):
            inner, fields, *how = arguments
            body = operations.pack_request(inner, fields, self.places)
            if name == "cut":
                body = body[:max(0, len(body) - how[0])]
            elif name == "tail":
                body += how[0]
            elif name == "bent":
                at = operations.field_at(inner, fields, how[0], self.places) + how[1]
                body = body[:at] + struct.pack(">i", how[2]) + body[at + 4:]
            return struct.pack(">ii", how[0] if name == "xid" else XIDS.get(inner, xid), TABLE[inner].number) + body
        return struct.pack(">ii", xid, TABLE[name].number) + operations.pack_request(name, arguments, self.places)

    def links(self):
        return [slot.link for slot in self.slots if slot.open] + [link for _, link in self.extra] + ([self.probe] if self.probe else [])

    def answer(self, name, step):
        entries = []
        if self.probe is not None:
            self.probe.drop()
            self.probe = None
        for index, slot in enumerate(self.slots):
            came = []
            for _, link in [pair for pair in self.extra if pair[0] == index]:
                came += [("old",) + entry for entry in self._entries(link, None, None)]
            self.extra = [pair for pair in self.extra if not pair[1].closed]
            if slot.link is not None:
                mine = index == step.slot
                if mine and name in HANDSHAKES:
                    came.append(self._handshake(slot, name))
                came += self._entries(slot.link, name if mine else None, step if mine else None)
                if slot.link.closed:
                    slot.link = None
            entries.append(came)
        if name == "close":
            self.slots[step.slot].session, self.slots[step.slot].password = 0, bytes(16)
        return Answer(entries, self.places, self.sessions)

    def _handshake(self, slot, name):
        body = slot.link.handshake
        if body is None:
            return ("handshake", "none")
        version, timeout, session = struct.unpack_from(">iiq", body)
        password = body[20:36]
        if name == "connect" and session not in self.sessions and slot.session == 0:
            self.sessions[session] = "session %d" % len(self.sessions)
        if session != 0:
            slot.session, slot.password = session, password
        elif name == "renew":
            slot.session, slot.password = 0, bytes(16)
        return ("handshake", len(body), version, timeout, self.sessions.get(session, "unknown"), password == bytes(16))

    def _entries(self, link, name, step):
        frames, link.frames = link.frames, []
        entries, names = [], [] if step is None else [inner.name for inner in meant(step)]
        for frame in frames:
            if frame.xid == EVENT_XID:
                kind, state, size = struct.unpack_from(">iii", frame.body)
                path = self.places.shown(frame.body[12:12 + size])
                entries.append(("event", frame.zxid, kind, state, path) + ((frame.body[12 + size:],) * (len(frame.body) > 12 + size)))
                continue
            of = names.pop(0) if names else None
            body = operations.read_reply(of, frame.body, self.places) if frame.error == 0 and of in TABLE else frame.body
            entries.append(("reply", frame.zxid, frame.xid, frame.error, body))
        if link.closed and not (name in ("drop", "expire") and not entries):
            entries.append(("closed",))
        return entries

    def remember(self, number, step, reply):
        """What later steps refer to."""
        if step.name in operations.WRITES:
            self.places.zxids.append(reply[1])
            if TABLE[step.name].reply.startswith("path"):
                path = reply[4][0]
                self.places.made[number] = self.places.root + path[1:] if path.startswith(b"~") else path

    def end(self):
        for link in self.links():
            link.drop()


class World:
    """`steps` on both systems, compared by `judge`, until a difference ends it. `done`: how many requests were."""

    def __init__(self, loop, ports, root, steps, slots, judge, tell=None):
        self.owner, self.judge, self.plan, self.tell = self, judge, steps, tell
        self.sides = [Side(loop, self, of_side, root, slots) for of_side in ports]
        self.done, self.reached, self.failed, self.answers = 0, 0, False, None
        self.twist, self.twisted = None, None  # of twist.py: to be done; the step at which it was
        self.steps = self.steps_of()

    def _really(self, step):
        """The step's name, as the slots stand. They stand alike: they were compared."""
        slot = self.sides[0].slots[step.slot]
        if step.name in HANDSHAKES:
            return "connect" if slot.session == 0 and step.name in ("renew", "takeover", "stranger", "ahead") else \
                "renew" if slot.session != 0 and step.name == "connect" else step.name
        if not slot.open:
            return "renew" if slot.session != 0 else "connect"
        return step.name

    def steps_of(self):
        for number, step in enumerate(self.plan):
            if step is None:  # taken away to make the world shorter
                continue
            self.reached = number
            name = self._really(step)
            handed = step.arguments[:3] if name in HANDSHAKES and step.name in HANDSHAKES else ()
            taken = step if name == step.name else Step(step.slot, name, handed)
            for side in self.sides:
                side.begin(name, taken)
            late = yield [link for side in self.sides for link in side.links()]
            for side in self.sides:
                for link in side.links():
                    if len(side.ports) > 1:
                        link.settle()
                    link.ping()
            late = (yield [link for side in self.sides for link in side.links()]) or late
            for _ in range(CLOSE_ROUNDS):
                closing = [side.slots[step.slot].link for side in self.sides]
                if late or len({link is None or link.closed for link in closing}) == 1:
                    break
                for link in closing:
                    link.ping()
                late = yield closing
            self.answers = [side.answer(name, taken) for side in self.sides]
            if self.twist is not None and PROLOGUE < number < self.judge.coda_from and not any(
                    inner.name in ("setWatches", "setWatches2") or inner.arguments[:1] in SYSTEM_ARGUMENTS for inner in meant(taken)) and any(
                    self.twist(entries) for entries in self.answers[1].entries):
                self.twist, self.twisted = None, number
            self.done += len(meant(taken))
            verdict = self.judge.compare(number, taken, *self.answers) if not late else self.judge.late(number, taken, self.sides)
            if self.tell is not None:
                self.tell(number, taken, verdict if verdict == "same" else self.judge.reason, self.answers)
            if verdict != "same" and self.tell is None:
                self.failed = verdict == "different"
                break
            for i, inner in enumerate(meant(taken)):
                if all(answer.worked(step.slot, i) for answer in self.answers):
                    for side, answer in zip(self.sides, self.answers):
                        side.remember(number, inner, answer.reply(step.slot, i))
        for side in self.sides:
            side.end()
