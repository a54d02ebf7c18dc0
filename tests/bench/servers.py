"""Servers to measure: coord, or ZooKeeper from Debian's package, from one and the same configuration file.

    with Ensemble("coord", 3, directory, program) as e:
        e.wait_serving()

Both run with the defaults that their users get: no setting is tuned for a figure. Data lies in `directory`, which should be on a
real disk. Whatever happens, no process and no file is left behind.
"""
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from wire import Lost, Writer

KINDS = ("coord", "zookeeper")
# Debian's launcher and its heap; zookeeper.jar names the other jars that it needs. A logger that is silent costs least.
ZOOKEEPER = ["java", "-Xmx1000m", "-Dzookeeper.admin.enableServer=false", "-cp",
             "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-nop.jar",
             "org.apache.zookeeper.server.quorum.QuorumPeerMain"]
START_SECONDS = 60
PROBE_SECONDS = 2.0  # ZooKeeper leaves the first request of a connection unanswered that comes while it starts


def free_ports(count):
    """Ports below the range of outgoing connections, so that nobody takes one while its server is down."""
    found = []
    while len(found) < count:
        port = random.randrange(10000, 32000)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Server:
    def __init__(self, kind, program, root, number, port, peers, java):
        self.kind, self.number, self.port, self.process = kind, number, port, None
        self.data = os.path.join(root, str(number))
        self.config = os.path.join(root, "%d.cfg" % number)
        self.log = os.path.join(root, "%d.log" % number)
        self.command = [program, self.config] if kind == "coord" else ZOOKEEPER[:1] + list(java) + ZOOKEEPER[1:] + [self.config]
        os.makedirs(self.data)
        with open(os.path.join(self.data, "myid"), "w", encoding="ascii") as f:
            f.write("%d\n" % number)
        with open(self.config, "w", encoding="ascii") as f:
            f.write("tickTime=2000\ninitLimit=10\nsyncLimit=5\nmaxClientCnxns=0\ndataDir=%s\nclientPort=%d\n"
                    "clientPortAddress=127.0.0.1\n" % (self.data, port))
            f.writelines(line + "\n" for line in peers)

    def start(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=os.path.dirname(self.data))

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        """SIGKILL and collected; nothing when it does not run."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    @property
    def pid(self):
        return self.process.pid

    def rss_kib(self):
        with open("/proc/%d/status" % self.pid, encoding="ascii") as f:
            return next(int(line.split()[1]) for line in f if line.startswith("VmRSS:"))

    def cpu_s(self):
        """User and system time so far."""
        with open("/proc/%d/stat" % self.pid, encoding="ascii") as f:
            fields = f.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def mode(self):
        """leader, follower or standalone as srvr says; None when it does not."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as s:
                s.sendall(b"srvr")
                answer = b""
                while part := s.recv(65536):
                    answer += part
        except OSError:
            return None
        modes = [line.split()[1] for line in answer.decode("utf-8", "replace").splitlines() if line.startswith("Mode:")]
        return modes[0] if modes else None

    def check(self):
        code = None if self.process is None else self.process.poll()
        if code is not None:
            raise SystemExit("%s server %d exited with code %s:\n%s" % (self.kind, self.number, code, self.log_tail()))

    def log_tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return "".join(f.readlines()[-10:])


class Ensemble:
    """`count` started servers, numbered from 1. One is a standalone server. `java`: more options for ZooKeeper's Java, `lines`: more
    lines for the configuration files."""

    def __init__(self, kind, count, directory, program, java=(), lines=()):
        self.root = tempfile.mkdtemp(prefix="coord-bench-", dir=os.path.abspath(directory))
        ports = free_ports(3 * count)
        peers = ["server.%d=127.0.0.1:%d:%d" % (i + 1, ports[count + i], ports[2 * count + i])
                 for i in range(count)] if count > 1 else []
        self.servers = [Server(kind, program, self.root, i + 1, ports[i], peers + list(lines), java) for i in range(count)]

    def __enter__(self):
        try:
            for server in self.servers:
                server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.root, ignore_errors=True)

    def wait_serving(self):
        """Every server gives sessions and answers."""
        deadline = time.monotonic() + START_SECONDS
        for server in self.servers:
            while True:
                server.check()
                try:
                    Writer(server.port, PROBE_SECONDS).close()
                    break
                except (Lost, OSError):
                    if time.monotonic() > deadline:
                        raise SystemExit("server %d does not serve within %d s" % (server.number, START_SECONDS)) from None
                    time.sleep(0.01)

    def leader_and_followers(self):
        """Waits until one leads and all others follow."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            modes = [server.mode() for server in self.servers]
            if modes.count("leader") == 1 and modes.count("follower") == len(modes) - 1:
                leader = self.servers[modes.index("leader")]
                return leader, [server for server in self.servers if server is not leader]
            for server in self.servers:
                server.check()
            time.sleep(0.02)
        raise SystemExit("no leader with all others following within %d s: %s" % (START_SECONDS, modes))

    def addresses(self):
        return ",".join("127.0.0.1:%d" % server.port for server in self.servers)

    def pids(self):
        return ",".join(str(server.pid) for server in self.servers)


def stop_signal(name):
    """("kill" or "stop") to the signal."""
    return {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}[name]
