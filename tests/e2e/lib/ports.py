"""Free ports of 127.0.0.1 that stay ours for the life of the process.

They come from below the range from which the kernel draws the ports of outgoing connections, so that no client's socket takes
one while its server is down; a locked file per port keeps runners apart that run at the same time.
"""
import fcntl
import os
import random
import socket
import tempfile

_locks = []


def _first_outgoing():
    try:
        with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
            return int(f.read().split()[0])
    except OSError:
        return 32768


def _is_free(port):
    with socket.socket() as s:
        try:
            s.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _lock(port):
    directory = os.path.join(tempfile.gettempdir(), "coord-test-ports-%d" % os.getuid())
    os.makedirs(directory, exist_ok=True)
    lock = open(os.path.join(directory, str(port)), "w", encoding="ascii")  # pylint: disable=consider-using-with
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    _locks.append(lock)
    return True


def take_ports(count):
    """So many ports that nobody uses."""
    found = []
    top = max(_first_outgoing(), 12000)
    for _ in range(20000):
        if len(found) == count:
            return found
        port = random.randrange(10000, top)
        if _lock(port) and _is_free(port):
            found.append(port)
    raise RuntimeError("no free ports between 10000 and %d" % top)
