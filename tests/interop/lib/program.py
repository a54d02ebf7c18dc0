"""A program in another language that asks, line by line, for servers to be killed and started: `kill HOST:PORT`, `start HOST:PORT`."""
import subprocess
import tempfile

from zkwire import SCALE


def run(e, command, seconds=60):
    """The command, with the addresses of all servers behind it, the leader's first. Raises unless it exits with 0."""
    leader = e.leader()
    hosts = {"127.0.0.1:%d" % s.client_port: s for s in [leader, *e.followers()]}
    with tempfile.TemporaryFile("w+") as said, \
            subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "timeout", "%d" % (seconds * SCALE), *command, *hosts],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True) as child:
        try:
            for line in child.stdout:
                word, address = line.split()
                if word == "kill":
                    hosts[address].kill()
                    e.leader()
                else:
                    e.restart(hosts[address])
                child.stdin.write("done\n")
                child.stdin.flush()
            code = child.wait()
        except BaseException:
            child.kill()
            raise
        said.seek(0)
        assert code == 0, "%s: exit code %d: %s" % (" ".join(command), code, said.read()[-8000:])
