"""ZkCalls.java, compiled."""
import os
import shutil
import subprocess

import suite

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "ZkCalls.java")
JARS = ("/usr/share/java/zookeeper.jar", "/usr/share/java/zookeeper-jute.jar", "/usr/share/java/slf4j-nop.jar")
JAVAC_OPTIONS = ("-proc:none", "-implicit:none", "--release", "17")
ECJ_OPTIONS = ("-17", "-proc:none")


def compiler_command():
    """None: there is none. On Debian the program javac may be ecj, which knows other options and says so of itself."""
    name = next(filter(shutil.which, ("javac", "ecj")), None)
    if name is None:
        return None
    version = subprocess.run([name, "-version"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout
    return (name, *(ECJ_OPTIONS if "Eclipse" in version else JAVAC_OPTIONS))


def compiled(directory):
    """Its classes, in the directory; the command that runs it."""
    compiler = compiler_command()
    if compiler is None or not shutil.which("java") or not all(map(os.path.exists, JARS)):
        print("no Java compiler, no java or none of %s: scripts/deps --test installs them" % " ".join(JARS))
        suite.finish(0, 1)
    subprocess.run([*compiler, "-cp", ":".join(JARS), "-d", directory, SOURCE], check=True)
    return ["java", "-Xmx200m", "-XX:TieredStopAtLevel=1", "-cp", ":".join((directory, *JARS)), "ZkCalls"]
