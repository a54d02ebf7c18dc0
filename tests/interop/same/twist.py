"""Answers of coord made wrong on purpose, to see that the judge refuses them: each of TWISTS changes one thing in the entries of a
slot, and says whether there was such a thing."""
from records import Stat


def replies(entries):
    return [(i, entry) for i, entry in enumerate(entries) if entry[0] == "reply"]


def change_value(entries, change):
    """Replaces the first value of an answer that `change` makes something else of."""
    for i, entry in replies(entries):
        if entry[3] != 0 or not isinstance(entry[4], tuple):
            continue
        for at, value in enumerate(entry[4]):
            changed = change(value)
            if changed is not None:
                entries[i] = entry[:4] + (entry[4][:at] + (changed,) + entry[4][at + 1:],)
                return True
    return False


def error(entries):
    for i, entry in replies(entries):
        if entry[3] < -100:
            entries[i] = entry[:3] + (-1,) + entry[4:]
            return True
    return False


def lost_event(entries):
    for i, entry in enumerate(entries):
        if entry[0] == "event":
            del entries[i]
            return True
    return False


def event_after_reply(entries):
    for i, entry in enumerate(entries[:-1]):
        if entry[0] == "event" and entries[i + 1][0] == "reply":
            entries[i:i + 2] = [entries[i + 1], entry]
            return True
    return False


def stat_field(field, delta):
    return lambda entries: change_value(
        entries, lambda value: value._replace(**{field: getattr(value, field) + delta})
        if isinstance(value, Stat) and getattr(value, field) > 0 else None)


TWISTS = {
    "error": error,
    "lost event": lost_event,
    "event behind its reply": event_after_reply,
    "a name is missing": lambda entries: change_value(
        entries, lambda v: v[1:] if isinstance(v, tuple) and len(v) > 1 and isinstance(v[0], bytes) else None),
    "data": lambda entries: change_value(entries, lambda v: v + b"!" if isinstance(v, bytes) else None),
    "version": stat_field("version", 1),
    "cversion": stat_field("cversion", 1),
    "numChildren": stat_field("children", -1),
    "mzxid": stat_field("mzxid", -(1 << 20)),
    "mtime": stat_field("mtime", 1 << 30),
    "owner": stat_field("ephemeral_owner", 1),
}
