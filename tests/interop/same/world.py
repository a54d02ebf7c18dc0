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
    raw          (number, body)
A step on a slot without a connection becomes a renew, or a connect where the session is over.
"""
import collections
import struct
import zlib

import operations
from link import EVENT_XID, Link
from operations import TABLE, XIDS, Places

Step = collections.namedtuple("Step", "slot name arguments")
TIMEOUT_MS = 40000
PROLOGUE = 20  # steps that no twist touches
WRONG = bytes(range(16))
HANDSHAKES = {"connect", "renew", "takeover", "stranger", "gone", "ahead"}
LATE = ("late", "no answer")


class Answer(collections.namedtuple("Answer", "entries places sessions")):
    """entries: what came on each slot, in order: ("event", ...), ("reply", ...), ("handshake", ...) or ("closed",)."""

    def reply(self, slot):
        return next((entry for entry in self.entries[slot] if entry[0] == "reply"), None)

    def worked(self, slot):
        reply = self.reply(slot)
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
                password = WRONG
            elif name == "gone":
                session = 0x7700000000000000 + (zlib.crc32(self.places.root) << 8) + step.slot
            elif name == "ahead":
                zxid = (1 << 62) + 1
            timeout, read_only = step.arguments or (TIMEOUT_MS, False)
            slot.link.connect(session, password, timeout, zxid, read_only)
        elif name == "drop":
            slot.link.drop()
        else:
            slot.xid += 1
            slot.link.send(self._request(name, step.arguments, XIDS.get(name, slot.xid)))

    def _request(self, name, arguments, xid):
        if name == "raw":
            return struct.pack(">ii", xid, arguments[0]) + arguments[1]
        if name == "cut":
            inner, fields, count = arguments
            body = operations.pack_request(inner, fields, self.places)
            return struct.pack(">ii", XIDS.get(inner, xid), TABLE[inner].number) + body[:max(0, len(body) - count)]
        return struct.pack(">ii", xid, TABLE[name].number) + operations.pack_request(name, arguments, self.places)

    def links(self):
        return [slot.link for slot in self.slots if slot.open] + [link for _, link in self.extra]

    def answer(self, name, step):
        entries = []
        for index, slot in enumerate(self.slots):
            came = []
            for _, link in [pair for pair in self.extra if pair[0] == index]:
                came += [("old",) + entry for entry in self._entries(link, None, step)]
            self.extra = [pair for pair in self.extra if not pair[1].closed]
            if slot.link is not None:
                mine = index == step.slot
                if mine and name in HANDSHAKES:
                    came.append(self._handshake(slot, name))
                came += self._entries(slot.link, name if mine else None, step)
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
        entries = []
        for frame in frames:
            if frame.xid == EVENT_XID:
                kind, state, size = struct.unpack_from(">iii", frame.body)
                path = self.places.shown(frame.body[12:12 + size])
                entries.append(("event", frame.zxid, kind, state, path) + ((frame.body[12 + size:],) * (len(frame.body) > 12 + size)))
            elif frame.error == 0 and name in TABLE:
                entries.append(("reply", frame.zxid, frame.xid, 0, operations.read_reply(name, frame.body, self.places)))
            else:
                entries.append(("reply", frame.zxid, frame.xid, frame.error, frame.body))
        if link.closed and not (name == "drop" and not entries):
            entries.append(("closed",))
        return entries

    def remember(self, number, name, answer, slot):
        """What later steps refer to."""
        reply = answer.reply(slot)
        if name in operations.WRITES:
            self.places.zxids.append(reply[1])
            if TABLE[name].reply.startswith("path"):
                path = reply[4][0]
                self.places.made[number] = self.places.root + path[1:] if path.startswith(b"~") else path

    def end(self):
        for link in self.links():
            link.drop()


class World:
    """`steps` on both systems, compared by `judge`, until a difference ends it. `done`: how many steps were taken."""

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
            taken = step if name == step.name else Step(step.slot, name, ())
            for side in self.sides:
                side.begin(name, taken)
            late = yield [link for side in self.sides for link in side.links()]
            for side in self.sides:
                for link in side.links():
                    if len(side.ports) > 1:
                        link.settle()
                    link.ping()
            late = (yield [link for side in self.sides for link in side.links()]) or late
            self.answers = [side.answer(name, taken) for side in self.sides]
            if self.twist is not None and PROLOGUE < number < self.judge.coda_from and name not in ("setWatches", "setWatches2") and any(
                    self.twist(entries) for entries in self.answers[1].entries):
                self.twist, self.twisted = None, number
            self.done += 1
            verdict = self.judge.compare(number, taken, *self.answers) if not late else self.judge.late(number, taken, self.sides)
            if self.tell is not None:
                self.tell(number, taken, verdict if verdict == "same" else self.judge.reason, self.answers)
            if verdict != "same" and self.tell is None:
                self.failed = verdict == "different"
                break
            if all(answer.worked(step.slot) for answer in self.answers):
                for side, answer in zip(self.sides, self.answers):
                    side.remember(number, name, answer, step.slot)
        for side in self.sides:
            side.end()
