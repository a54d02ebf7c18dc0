"""kazoo, the ZooKeeper client for Python (Debian's python3-kazoo, unmodified), as the cases here use it."""
import logging
import queue

import suite
from zkwire import SCALE

try:
    from kazoo.client import KazooClient, KazooState
except ImportError as missing:
    print("%s: install python3-kazoo (scripts/deps --test)" % missing)
    suite.finish(0, 1)
logging.getLogger("kazoo").setLevel(logging.CRITICAL)  # it tells of every lost connection


class Client:
    """A started KazooClient; `servers` in the order in which it tries them."""

    def __init__(self, servers, seconds=10.0, **options):
        hosts = ",".join("127.0.0.1:%d" % s.client_port for s in servers)
        self.kazoo = KazooClient(hosts=hosts, timeout=seconds * SCALE, randomize_hosts=False, **options)
        self.states = queue.Queue()
        self.kazoo.add_listener(self.states.put)

    def losses(self):
        """How often its connection was lost."""
        return list(self.states.queue).count(KazooState.SUSPENDED)

    def __enter__(self):
        self.kazoo.start(timeout=20 * SCALE)
        return self.kazoo

    def __exit__(self, *_):
        self.kazoo.stop()
        self.kazoo.close()


def raises(expected, call, *arguments, **named):
    try:
        found = call(*arguments, **named)
    except expected:
        return True
    raise AssertionError("%r instead of %s" % (found, expected.__name__))


def taken(events, what, seconds=20.0):
    try:
        return events.get(timeout=seconds * SCALE)
    except queue.Empty:
        raise AssertionError("%s did not come" % what) from None
