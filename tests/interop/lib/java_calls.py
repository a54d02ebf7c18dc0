"""ZkCalls.java, compiled."""
import os
import shutil
import subprocess

import suite

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ZkCalls.java")
JARS = ("/usr/share/java/zookeeper.jar", "/usr/share/java/zookeeper-jute.jar", "/usr/share/java/slf4j-nop.jar")
COMPILERS = (("javac", "-proc:none", "-implicit:none", "--release", "17"), ("ecj", "-17", "-proc:none"))


def compiled(directory):
    """Its classes, in the directory; the command that runs it."""
    compiler = next((c for c in COMPILERS if shutil.which(c[0])), None)
    if compiler is None or not shutil.which("java") or not all(map(os.path.exists, JARS)):
        print("no Java compiler, no java or none of %s: scripts/deps --test installs them" % " ".join(JARS))
        suite.finish(0, 1)
    subprocess.run([*compiler, "-cp", ":".join(JARS), "-d", directory, SOURCE], check=True)
    return ["java", "-Xmx200m", "-XX:TieredStopAtLevel=1", "-cp", ":".join((directory, *JARS)), "ZkCalls"]
