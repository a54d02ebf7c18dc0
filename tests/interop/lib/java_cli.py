"""zkCli.sh, ZooKeeper's own command line (Debian's zookeeper and libzookeeper-java, unmodified)."""
import os
import shutil
import signal
import subprocess
import threading

import suite
from ensemble import wait_until

SCRIPT = "/usr/share/zookeeper/bin/zkCli.sh"
if shutil.which("java") is None or not os.path.exists(SCRIPT):
    print("no java or no %s: scripts/deps --test installs them" % SCRIPT)
    suite.finish(0, 1)


class Cli:
    """An interactive one. What it prints is looked at from where the last look ended."""

    def __init__(self, ports):
        self.hosts = ",".join("127.0.0.1:%d" % port for port in ports)
        environment = {**os.environ, "JVMFLAGS": "-Xmx200m -XX:TieredStopAtLevel=1"}
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", SCRIPT, "-server", self.hosts], env=environment,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        start_new_session=True)
        self.lines, self.at = [], 0
        self.reader = threading.Thread(target=self.read)
        self.reader.start()
        self.marks = 0

    def read(self):
        for line in self.process.stdout:
            self.lines.append(line.strip())

    def say(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()

    def wait(self, text, seconds=60.0):
        """Until a line has this text; what came before it is over. Returns the line."""
        def there():
            for i in range(self.at, len(self.lines)):
                if text in self.lines[i]:
                    return i + 1
            return None
        self.at = wait_until(there, lambda: "%r; it printed %r" % (text, self.lines[self.at:]), seconds)
        return self.lines[self.at - 1]

    def events(self, mark):
        """Types and paths of the events since the last look, up to what this client makes now: they come before its answer."""
        began = self.at
        self.say("create " + mark)
        self.wait("Created " + mark)
        return [line.split("type:")[1].replace(" path:", " ") for line in self.lines[began:self.at]
                if line.startswith("WatchedEvent") and "type:None" not in line]

    def connected(self):
        """Has an answer, whatever it takes."""
        def made():
            self.marks += 1
            path = "/connected-%d" % self.marks
            self.say("create " + path)
            return "ConnectionLoss" not in self.wait(path)
        wait_until(made, "an answer", 90.0)

    def close(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)  # the script's Java too
        self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()
