"""A change of leader under whatever runs: the leader is killed, another leads, the killed one comes back."""
import contextlib
import threading

from ensemble import wait_until
from zkwire import SCALE


@contextlib.contextmanager
def killed_leader(e):
    """Within the block the leader of before is down and another leads; behind it that one is back. Gives the killed server."""
    leader = e.leader()
    leader.kill()
    e.leader()
    yield leader
    e.restart(leader)


class Worker:
    """Calls step() over and over in a thread of its own; the first exception ends it. `done`: how often."""

    def __init__(self, step):
        self.step, self.done, self.error, self.ending = step, 0, None, False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self):
        try:
            while not self.ending:
                self.step()
                self.done += 1
        except BaseException as error:  # pylint: disable=broad-exception-caught
            self.error = error


def get_on(workers, steps):
    """Each of them takes so many steps more."""
    before = [worker.done for worker in workers]

    def moved():
        for worker in workers:
            if worker.error is not None:
                raise worker.error
        return all(worker.done >= n + steps for worker, n in zip(workers, before))
    wait_until(moved, lambda: "%d steps each: %s after %s" % (steps, [worker.done for worker in workers], before), 40.0)


def end(workers):
    for worker in workers:
        worker.ending = True
    for worker in workers:
        worker.thread.join(40.0 * SCALE)
        if worker.error is not None:
            raise worker.error
        assert not worker.thread.is_alive(), "a worker hangs after %d steps" % worker.done


def through_a_change(e, steps, each=3):
    """Workers, one a step function, that all get on before, during and after a change of leader."""
    workers = [Worker(step) for step in steps]
    get_on(workers, each)
    with killed_leader(e):
        get_on(workers, each)
    get_on(workers, each)
    end(workers)
    return workers
