"""What kazoo does while its trace is recorded: each operation it has, good and bad. Arguments: HOST:PORT."""
import logging
import sys

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.security import ACL, Id, make_digest_acl

logging.disable(logging.CRITICAL)


def session(host):
    client = KazooClient(hosts=host, timeout=30.0, randomize_hosts=False)
    client.start()
    return client


def fails(call, *arguments, **named):
    try:
        call(*arguments, **named)
    except KazooException:
        return
    raise AssertionError("%s%r does not fail" % (call.__name__, arguments))


a, b = session(sys.argv[1]), session(sys.argv[1])
seen = []
a.create("/k", b"k")
a.create("/k/e", b"", ephemeral=True)
a.create("/k/s-", b"", sequence=True)
a.create("/k/es-", b"", sequence=True, ephemeral=True)
a.create("/k/deep/down", b"d", makepath=True)
a.create("/k/\u00fc\u4e2d", "\u00fc\u4e2d".encode())
a.create("/k/stat", b"x", include_data=True)
fails(a.create, "/k")
fails(a.create, "/k/none/x")
fails(a.create, "/k/e/x")
b.sync("/k")
a.exists("/k")
a.exists("/k/none")
a.get("/k")
fails(a.get, "/k/none")
a.set("/k", b"kk", version=0)
fails(a.set, "/k", b"x", version=0)
fails(a.set, "/k/none", b"x")
a.get_children("/k")
a.get_children("/k", include_data=True)
fails(a.get_children, "/k/none")
a.get_acls("/k")
a.add_auth("digest", "me:secret")
a.create("/k/acl", b"", acl=[ACL(31, Id("auth", ""))])
a.get_acls("/k/acl")
a.set_acls("/k/acl", [make_digest_acl("me", "secret", all=True), ACL(1, Id("world", "anyone"))], version=0)
fails(a.set_acls, "/k/acl", [ACL(1, Id("world", "anyone"))], version=0)
fails(a.set_acls, "/k", [ACL(1, Id("none", "x"))])
fails(b.set, "/k/acl", b"x")
fails(b.delete, "/k/acl/none")
b.get_acls("/k/acl")
b.exists("/k/w", watch=seen.append)
a.create("/k/w", b"")
b.get("/k/w", watch=seen.append)
b.get_children("/k/w", watch=seen.append)
a.set("/k/w", b"1")
a.create("/k/w/c", b"")
a.delete("/k/w/c")
a.delete("/k/w")
b.get_children("/")
t = a.transaction()
t.create("/k/t", b"t")
t.create("/k/t/s-", b"", sequence=True, ephemeral=True)
t.set_data("/k/t", b"tt", version=0)
t.check("/k/t", 1)
t.delete("/k/t/s-0000000000")
assert len(t.commit()) == 5
t = a.transaction()
t.set_data("/k/t", b"never")
t.check("/k/t", 9)
t.delete("/k/t")
t.commit()
fails(a.delete, "/k/t", version=9)
fails(a.delete, "/k")
fails(a.delete, "/k/none")
a.delete("/k/t")
a.delete("/k", recursive=True)
fails(b.add_auth, "unknown", "x")
a.stop()
b.stop()
assert len(seen) == 3, seen
