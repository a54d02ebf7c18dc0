"""Runs tests against ensembles and counts: one line a test, `passed N failed M` at the end.

A test is a function with @test; its name is the claim, its argument the ensemble. Tests with the same options share one
ensemble and keep to paths below their own name; `own=True` gets an ensemble for itself, to do harm to. Those with asan=True run
once more with the programs of COORD_BUILD_ASAN, where that is set, and with all times five times as long: in a child, since the
scale is the process's.
"""
import os
import signal
import subprocess
import sys
import time
import traceback

import zkwire
from ensemble import Ensemble
from server import ZOOKEEPER

SECONDS_PER_TEST = 120
LABEL = os.environ.get("E2E_LABEL", "")  # asan or tsan where this process tests such a build

_tests = []


class Late(AssertionError):
    """The test took too long."""


def test(servers=3, own=False, asan=False, zookeeper=True, **options):
    """Registers a test. zookeeper=False: a promise of coord's that ZooKeeper does not keep."""
    def register(function):
        _tests.append((function, servers, own, asan, zookeeper, options))
        return function
    return register


def binary():
    """coordd of the build that this process tests."""
    if ZOOKEEPER:
        return "zookeeper"
    build = os.environ.get("COORD_BUILD")
    path = os.path.join(build or ".", "coordd")
    if not os.access(path, os.X_OK):
        sys.exit("no %s: set COORD_BUILD to a directory with a built coordd" % path)
    return path


def stop_on_signals():
    """SIGTERM and the like unwind the stack, so that every `with` cleans up."""
    def leave(number, _frame):
        sys.exit(128 + number)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, leave)

    def late(_number, _frame):
        raise Late("the test took more than %d s" % (SECONDS_PER_TEST * zkwire.SCALE))
    signal.signal(signal.SIGALRM, late)


class Run:
    """One pass over the tests with one build."""

    def __init__(self, label):
        self.label, self.passed, self.failed, self.shared = label, 0, 0, {}

    def ensemble(self, servers, options):
        key = (servers, tuple(sorted(options.items())))
        if key not in self.shared:
            self.shared[key] = Ensemble(servers, binary(), **options)
        return self.shared[key]

    def one(self, function, servers, own, options):
        name = function.__name__.replace("_", " ")
        started = time.monotonic()
        signal.alarm(int(SECONDS_PER_TEST * zkwire.SCALE))
        e = None
        try:
            if own:
                with Ensemble(servers, binary(), **options) as e:
                    self.guarded(function, e)
            else:
                e = self.ensemble(servers, options)
                self.guarded(function, e)
            self.passed += 1
            verdict = "ok"
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.failed += 1
            verdict = "FAILED"
            print(getattr(error, "coord_report", "") or "".join(traceback.format_exception(error)), flush=True)
            if not own and e is not None:  # the next one gets a fresh ensemble
                self.shared = {k: v for k, v in self.shared.items() if v is not e}
                e._clean()  # pylint: disable=protected-access
        finally:
            signal.alarm(0)
        print("%-8s%-7s%5.1f s  %s" % (self.label, verdict, time.monotonic() - started, name), flush=True)

    @staticmethod
    def guarded(function, e):
        """Keeps the servers' last lines with the error: afterwards they are gone."""
        try:
            function(e)
            e.check()
        except Exception as error:
            error.coord_report = "%s%s" % ("".join(traceback.format_exception(error)), e.logs())
            raise
        finally:
            for client in e.connections:
                client.drop()
            e.connections.clear()

    def close(self):
        for e in self.shared.values():
            try:
                e.close()
            except AssertionError as error:
                print("at the end: %s" % error, flush=True)
                self.failed += 1
        self.shared.clear()


def run_tests(wanted, only_asan, label):
    run = Run(label)
    try:
        for function, servers, own, asan, zookeeper, options in sorted(_tests, key=lambda t: t[2]):
            if ZOOKEEPER and not zookeeper or only_asan and not asan:
                continue
            if wanted and not any(word in function.__name__ for word in wanted):
                continue
            run.one(function, servers, own, options)
    finally:
        run.close()
    return run.passed, run.failed


def run_sanitized(arguments, label):
    """This program again with the build of a sanitizer, `asan` or `tsan`; its lines pass through, its counts come back."""
    build = os.environ.get("COORD_BUILD_" + label.upper())
    if LABEL or ZOOKEEPER or not build:
        return 0, 0
    suppressions = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tsan.supp")
    environment = {**os.environ, "COORD_BUILD": build, "COORD_TIME_SCALE": "5", "E2E_LABEL": label,
                   "E2E_PLAIN_BUILD": os.environ.get("COORD_BUILD", ""), "ASAN_OPTIONS": "detect_leaks=1:exitcode=99",
                   "UBSAN_OPTIONS": "print_stacktrace=1", "TSAN_OPTIONS": "exitcode=99:suppressions=" + suppressions}
    counts = (0, 1)
    with subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.PIPE, text=True) as child:
        try:
            for line in child.stdout:
                if line.startswith("passed "):
                    counts = tuple(int(word) for word in line.split()[1::2])
                else:
                    print(line, end="", flush=True)
        except BaseException:
            child.terminate()
            raise
    return counts


def finish(passed, failed):
    print("passed %d failed %d" % (passed, failed), flush=True)
    sys.exit(1 if failed else 0)


def main():
    """`run-x [WORD...]`: all tests, or those with a WORD in their name."""
    stop_on_signals()
    passed, failed = run_tests(sys.argv[1:], LABEL == "asan", LABEL)
    more = run_sanitized(sys.argv, "asan")
    finish(passed + more[0], failed + more[1])
