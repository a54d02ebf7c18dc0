"""One server process: its directory, its configuration file, its life and death.

The program is coordd of a build (the default), or with E2E_SERVER=zookeeper Debian's ZooKeeper, which serves to compare and to
check the tests themselves. A server dies with the test, however that ends.
"""
import os
import shutil
import signal
import socket
import subprocess
import time

from zkwire import SCALE

ZOOKEEPER = os.environ.get("E2E_SERVER") == "zookeeper"
EXIT_SECONDS = 20.0
SANITIZER_MARKS = ("AddressSanitizer", "LeakSanitizer", "runtime error:", "ThreadSanitizer", "assertion")


def base_options():
    """Times scaled; in one place for all tests."""
    def ms(value):
        return int(value * SCALE)
    options = {"tickTime": ms(200), "initLimit": 100, "syncLimit": 50, "minSessionTimeout": ms(400),
               "maxSessionTimeout": ms(60000), "maxClientCnxns": 0, "4lw.commands.whitelist": "*"}
    if ZOOKEEPER:
        options.update({"admin.enableServer": "false", "standaloneEnabled": "true"})
    elif SCALE != 1:
        options.update({"heartbeatMs": ms(50), "electionMinMs": ms(300), "electionMaxMs": ms(600)})
    return options


class Server:
    """`lines` are the server.N lines, the same for all; none makes a lone server."""

    def __init__(self, binary, root, number, client_port, lines, options):
        self.binary, self.number, self.client_port = binary, number, client_port
        self.root = os.path.join(root, str(number))
        self.data = os.path.join(self.root, "data")
        self.log_path = os.path.join(self.root, "log")
        self.process, self.may_exit, self.stopped = None, True, False
        self.starts = 0
        self.troubles = []
        os.makedirs(self.data)
        merged = {**base_options(), **options, "dataDir": self.data, "clientPort": client_port,
                  "clientPortAddress": "127.0.0.1"}
        with open(os.path.join(self.root, "zoo.cfg"), "w", encoding="ascii") as f:
            f.writelines("%s=%s\n" % item for item in merged.items())
            f.writelines(line + "\n" for line in lines)
        self._write_myid()

    def __str__(self):
        return "server %d" % self.number

    def _write_myid(self):
        with open(os.path.join(self.data, "myid"), "w", encoding="ascii") as f:
            f.write("%d\n" % self.number)

    # Life.

    def start(self):
        assert self.process is None
        config = os.path.join(self.root, "zoo.cfg")
        command = [self.binary, config]
        if ZOOKEEPER:
            command = ["java", "-Xmx256m", "-cp", "/usr/share/java/*", "-Dzookeeper.4lw.commands.whitelist=*",
                       "-Dzookeeper.extendedTypesEnabled=true", "org.apache.zookeeper.server.quorum.QuorumPeerMain", config]
        with open(self.log_path, "ab") as log:
            log.write(b"--- start %d\n" % self.starts)
            # setpriv: ends with its parent, also when that is killed.
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.root)
        self.starts += 1
        self.may_exit = self.stopped = False

    def _signal(self, number):
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)

    def _reap(self, seconds):
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self.process = None
        return code

    def kill(self):
        """SIGKILL; gone when it returns."""
        self.may_exit = True
        self._signal(signal.SIGKILL)
        if self.process is not None:
            self._reap(EXIT_SECONDS)

    def terminate(self):
        """SIGTERM; the exit code, None when it had to be killed."""
        self.may_exit = True
        self.resume()
        self._signal(signal.SIGTERM)
        return self._reap(EXIT_SECONDS * SCALE)

    def pause(self):
        self._signal(signal.SIGSTOP)
        self.stopped = True

    def resume(self):
        self._signal(signal.SIGCONT)
        self.stopped = False

    def wipe(self):
        """Its disk is lost; the configuration is not."""
        assert self.process is None
        shutil.rmtree(self.data)
        os.makedirs(self.data)
        self._write_myid()

    @property
    def running(self):
        return self.process is not None and self.process.poll() is None

    def trouble(self):
        """What is wrong with it that no test asked for: it exited, or a sanitizer spoke. None when nothing."""
        if self.process is not None and not self.may_exit and self.process.poll() is not None:
            return "%s exited by itself, code %s" % (self, self.process.returncode)
        if not ZOOKEEPER:
            log = self.log()
            for mark in SANITIZER_MARKS:
                if mark in log:
                    return "%s: its log has '%s':\n%s" % (self, mark, "\n".join(log[log.index(mark):].splitlines()[:60]))
        return None

    # What it says.

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def word(self, word, seconds=5.0):
        """The answer to a four-letter word; "" when nobody answers."""
        try:
            with socket.create_connection(("127.0.0.1", self.client_port), timeout=seconds * SCALE) as s:
                s.sendall(word.encode("ascii"))
                parts = []
                while True:
                    part = s.recv(65536)
                    if not part:
                        return b"".join(parts).decode("utf-8", "replace")
                    parts.append(part)
        except OSError:
            return ""

    def mode(self):
        """leader, follower or standalone; None while it does not serve."""
        if not self.running or self.stopped:
            return None
        for line in self.word("srvr").splitlines():
            if line.startswith("Mode:"):
                mode = line.split()[1]
                return mode if mode in ("leader", "follower", "standalone") else None
        return None

    def monitor(self):
        """The keys of mntr."""
        pairs = (line.split("\t", 1) for line in self.word("mntr").splitlines())
        return {pair[0]: pair[1] for pair in pairs if len(pair) == 2}

    def wait_serving(self, seconds=30.0):
        deadline = time.monotonic() + seconds * SCALE
        while self.mode() is None:
            if not self.running:
                raise AssertionError("%s exited while it should come up" % self)
            if time.monotonic() > deadline:
                raise AssertionError("%s does not serve after %.0f s; srvr says %r" % (
                    self, seconds * SCALE, self.word("srvr")))
            time.sleep(0.01)
