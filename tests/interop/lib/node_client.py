"""node-zookeeper-client, installed by npm as tests/interop/node/package-lock.json has it: versions and checksums."""
import filecmp
import os
import shutil
import subprocess

import suite

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "node")
FILES = ("package.json", "package-lock.json")


def installed():
    """The directory of the modules, below the build; made when it is not there or not the same."""
    directory = os.path.join(os.environ.get("COORD_BUILD") or ".", "node-client")
    modules = os.path.join(directory, "node_modules")
    done = os.path.join(directory, "installed-" + FILES[1])
    if os.path.exists(done) and filecmp.cmp(done, os.path.join(SOURCE, FILES[1]), shallow=False):
        return os.path.abspath(modules)
    if not shutil.which("node") or not shutil.which("npm"):
        print("no node or no npm: scripts/deps --test installs them")
        suite.finish(0, 1)
    shutil.rmtree(directory, ignore_errors=True)
    os.makedirs(directory)
    for name in FILES:
        shutil.copy(os.path.join(SOURCE, name), directory)
    made = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=directory, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if made.returncode != 0:
        raise AssertionError("npm ci: %s" % made.stdout)
    shutil.copy(os.path.join(SOURCE, FILES[1]), done)
    return os.path.abspath(modules)
