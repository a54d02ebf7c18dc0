"""The differences that are wanted: each names the line of docs/compat.md that says so. A line that a whole run does not meet fails it.

A Known is met wherever it comes up, and the run goes on: `alike(a, b)` takes a part of two answers, `errors(judge, step, a, b,
values)` two error codes and what coord answered besides; after `ends(judge, step, entries, entries)` the two systems are not alike
any more, and the world ends (of a burst the step is the whole of it and each of its parts in turn). A Coda stands at the end of a
world, because behind it the two systems are not alike any more: a few steps, what the judge says when they differ as they should, and
`values(answer)`, which what coord answered must satisfy then.
"""
import collections

from operations import Made
from world import Step

Known = collections.namedtuple("Known", "line alike errors ends", defaults=(None, None, None))
Coda = collections.namedtuple("Coda", "line steps reason values", defaults=(None,))
OPEN = ((31, b"world", b"anyone"),)
CREATES = {"create", "create2", "createContainer", "createTTL"}


def create2_in_multi(a, b):
    return isinstance(a, tuple) and isinstance(b, tuple) and len(a) == 3 and len(b) == 4 and a[:2] == (1, 0) and b[:2] == (15, 0) and a[2] == b[2]


def fails_at(step, values, code, which):
    """The multi fails at the first of its operations that is one of these, with this error."""
    errors = [result[1] for result in values[0][:-1]]
    first = next((i for i, (name, fields) in enumerate(step.arguments[0]) if which(name, fields)), None)
    return first is not None and next((i for i, error in enumerate(errors) if error != 0), None) == first and errors[first] == code


def watched_by_another(judge, step, one, other, _values):
    if step.name != "checkWatches" or (one, other) != (0, -121):
        return False
    path = step.arguments[0]  # one outside the world may be watched by another world
    return judge.watchers.get(path, set()) - {step.slot} or (isinstance(path, bytes) and not path.startswith(b"~"))


def null_in_acl(_judge, step, one, other, values):
    acl = step.arguments[2] if step.name in CREATES else step.arguments[1] if step.name == "setACL" else None
    if step.name == "multi":
        return (one, other) == (-5, 0) and fails_at(
            step, values, -114, lambda name, fields: name in CREATES and any(None in entry for entry in fields[2] or ()))
    return (one, other) == (-5, -114) and any(None in entry for entry in acl or ())


def no_ttl_in_multi(_judge, step, one, other, values):
    return step.name == "multi" and (one, other) == (-5, 0) and fails_at(
        step, values, -8, lambda name, fields: name in ("create", "create2") and fields[3] in (5, 6))


def denied_exists(_judge, step, one, other, _values):
    return step.name == "exists" and (one, other) == (0, -102) and step.arguments[1] == 0


def denied_exists_watch(_judge, step, one, other):
    errors = [[entry[3] for entry in entries[step.slot] if entry[0] == "reply"] for entries in (one, other)]
    return step.name == "exists" and errors == [[0], [-102]]


def denied_set_watches(judge, step, one, other):
    """Events that only ZooKeeper tells, all about nodes whose ACL ever denied READ to somebody."""
    if step.name not in ("setWatches", "setWatches2"):
        return False
    told, heard = [[entry[2:] for entry in entries[step.slot] if entry[0] == "event"] for entries in (one, other)]
    return all(entry in told for entry in heard) and all(entry in heard or entry[2] in judge.dark for entry in told)


def no_slash(_judge, step, one, other, _values):
    return step.name == "checkWatches" and one == -5 and other in (-121, 0) and not isinstance(step.arguments[0], Made) and (
        step.arguments[0] or b"")[:1] not in (b"/", b"~")


def codes_of(step, entries):
    """The error codes in each reply to a step, those in a multi's results too."""
    names = [name for name, _ in step.arguments] if step.name == "burst" else [step.name]
    replies = [entry for entry in entries[step.slot] if entry[0] == "reply"]
    return [[entry[3]] + ([result[1] for result in entry[4][0]] if name == "multi" and entry[3] == 0 else [])
            for name, entry in zip(names, replies)]


def first_that_differs(step, one, other):
    """Its place in the step, and both lists of codes; None where all are the same."""
    pairs = zip(codes_of(step, one), codes_of(step, other))
    return next(((i, a, b) for i, (a, b) in enumerate(pairs) if a != b), None)


def quota_in_multi(_judge, step, one, other):
    """One of the two refuses for a quota what the other does, or at another place: a multi, or what is sent behind other writes."""
    found = first_that_differs(step, one, other) if step.name in ("multi", "burst") else None
    return found is not None and -125 in found[1] + found[2]


def acl_under_way(_judge, step, one, other):
    """One of the two refuses for an ACL that was set by the burst what the other does."""
    found = first_that_differs(step, one, other) if step.name == "burst" else None
    return found is not None and -102 in found[1] + found[2] and any(name == "setACL" for name, _ in step.arguments[:found[0]])


def body_behind_error(a, b):
    return isinstance(a, bytes) and b == b"" and a.endswith(b"\xff\xff\xff\xff\x01\xff\xff\xff\xff")


KNOWN = [
    Known("header zxid of a watch event"),
    Known("multi, multiRead", alike=create2_in_multi),
    Known("checkWatches on a path that only others watch", errors=watched_by_another),
    Known("create with flags 5 and 6 in a multi", errors=no_ttl_in_multi),
    Known("checkWatches on a path without a slash", errors=no_slash),
    Known("exists on a node whose ACL denies READ", errors=denied_exists, ends=denied_exists_watch),
    Known("setWatches on a node whose ACL denies READ", ends=denied_set_watches),
    Known("multi, multiRead", alike=body_behind_error),
    Known("quotas in a multi", ends=quota_in_multi),
    Known("a write right behind a setACL", ends=acl_under_way),
    Known("null as scheme or id in an ACL", errors=null_in_acl),
]


def first_fails(code):
    """What coord answered to a multi or multiRead, whose first operation has that error."""
    return lambda values: values[0][0][1] == code


ONE_CLOSES = "'reply'], but \\['reply', 'closed'"
CODAS = [
    Coda("check alone", [("check", (b"~", 7))], ONE_CLOSES),
    Coda("deleteContainer", [("deleteContainer", (b"~",))], ONE_CLOSES),
    Coda("several kinds of watches of one client on one path",
         [("create", (b"~/two", b"", OPEN, 0)), ("addWatch", (b"~/two", 0)), ("getData", (b"~/two", 1)),
          ("setData", (b"~/two", b"1", -1)), ("setData", (b"~/two", b"2", -1))], "'reply'], but \\['event', 'reply'"),
    Coda("several kinds of watches of one client on one path",
         [("addWatch", (b"~", 0)), ("addWatch", (b"~", 1)), ("create", (b"~/both", b"", OPEN, 2))], "'reply'], but \\['event'"),
    Coda("removeWatches of type 1 or 2", [("addWatch", (b"~/one", 0)), ("removeWatches", (b"~/one", 2))], "0\\), but .*-121"),
    Coda("addWatch, checkWatches, removeWatches", [("checkWatches", (b"~/types", 4))], "-5\\), but .*-121"),
    Coda("exists on a node whose ACL denies READ",
         [("create", (b"~/dark", b"", ((30, b"world", b"anyone"),), 0)), ("exists", (b"~/dark", 0))], "0\\), but .*-102"),
    Coda("null path in a multi or multiRead", [("multiRead", ((("getData", (None, 0)),),))], "-5\\), but .*0",
         first_fails(-5)),
    Coda("checkWatches on a path without a slash", [("addWatch", (b"~", 1)), ("checkWatches", (b"abc", 3))], "-5\\), but .*(-121|0)"),
    Coda("setWatches on a node whose ACL denies READ",
         [("create", (b"~/dim", b"", ((30, b"world", b"anyone"),), 0)), ("setWatches", (0, (b"~/dim",), (), ()))],
         "'event', 'reply'\\], but \\['reply'"),
    Coda("createTTL with a mode that has no ttl", [("multi", ((("createTTL", (b"~/plain", b"", OPEN, 0, 1000)),),))], "^1, but -1",
         first_fails(-8)),
    Coda("a list with a count below -1", [("bent", ("create", (b"~/count", b"", OPEN, 0), 2, 0, -2))], "-8\\), but .*-5"),
    Coda("ip in ACLs", [("setACL", (b"~", ((31, b"ip", b"::1"),), -1))], "-114\\), but .*0"),
    Coda("createSession", [("raw", (-10, b""))], ONE_CLOSES),
    Coda("addWatch with a null path", [("addWatch", (None, 0))], "0\\), but .*-5"),
    Coda("exists on a node whose ACL denies READ",
         [("create", (b"~/dark", b"", ((30, b"world", b"anyone"),), 0)), ("exists", (b"~/dark", 1)), ("setData", (b"~/dark", b"", -1))],
         "0\\), but .*-102"),
    Coda("quotas in a multi",
         [("create", (b"^~", b"", OPEN, 0)), ("create", (b"~/bound", b"", OPEN, 0)), ("create", (b"^~/bound", b"", OPEN, 0)),
          ("create", (b"^~/bound/zookeeper_limits", b"countHardLimit=2", OPEN, 0)),
          ("create", (b"^~/bound/zookeeper_stats", b"", OPEN, 0)),
          ("multi", ((("create", (b"~/bound/1", b"", OPEN, 0)), ("create", (b"~/bound/2", b"", OPEN, 0))),))], "-125"),
    Coda("null path in a multi or multiRead", [("multi", ((("setData", (None, b"", -1)),),))], "-5\\), but .*0", first_fails(-8)),
]
QUOTA_LINES = {"quotas in a multi"}  # where quotas are enforced
RARE_LINES = {"a write right behind a setACL"}  # that a run may not meet
CODAS = [coda._replace(steps=[Step(0, *step) for step in coda.steps]) for coda in CODAS]
LINES = {known.line for known in KNOWN + CODAS}

# What coord answers with -6 as long as it is not built: not generated. A run begins by seeing that it is still so.
UNBUILT = set()
