"""Processes that run side by side as one program: started together, started again when one ends, stopped together.

Where forking is safe (Linux) a process shares what is loaded already, and is there at once; elsewhere it loads its own.
"""

import gc
import logging
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from types import FrameType

STOP_WITHIN_SECONDS = 8.0  # what is in hand has so long to be finished; whoever stops us waits ten (Docker)
_RESTART_AFTER_SECONDS = 2.0
_LOOK_EVERY_SECONDS = 0.1
_ENDING = (signal.SIGTERM, signal.SIGINT)
_HANGUP: signal.Signals | None = getattr(signal, "SIGHUP", None)  # Windows has none

_log = logging.getLogger("engrenages")
_Process = multiprocessing.get_context("fork").Process if sys.platform == "linux" else multiprocessing.Process


@dataclass(frozen=True)
class Part:
    """What one process does: `run` until told to stop, then `leave`, whatever happened."""

    name: str
    run: Callable[[], None]
    leave: Callable[[], None]


@dataclass
class _Running:
    part: Part
    process: BaseProcess | None = None
    start_at: float = field(default_factory=time.monotonic)

    def keep_alive(self) -> None:
        """Start it where it is not running; again only after a while, so that a broken one does not spin."""
        if self.process is not None and not self.process.is_alive():
            _log.error("%s ended with status %s; starting it again", self.part.name, self.process.exitcode)
            self.process, self.start_at = None, time.monotonic() + _RESTART_AFTER_SECONDS
        if self.process is None and time.monotonic() >= self.start_at:
            self.process = _Process(target=_live, args=(self.part, os.getpid()), name=self.part.name)
            with _signals_held_back():
                self.process.start()


@contextmanager
def loading() -> Iterator[None]:
    """Load code for good: it is looked through for garbage neither now, which takes a fifth of the time, nor later."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def run_together(parts: Sequence[Part], tick: Callable[[], None]) -> None:
    """Keep the parts running, each in a process of its own, until TERM, INT or HUP; then end them all.

    `tick` is called between looks, ten times a second; it must not take long. This process stays without threads,
    so that it may fork at any time.
    """
    told: list[int] = []  # appending is safe in a handler, which may come between any two steps
    _handle_signals(lambda number, _frame: told.append(number))
    running = [_Running(part) for part in parts]
    try:
        while not told:
            for one in running:
                one.keep_alive()
            tick()
            time.sleep(_LOOK_EVERY_SECONDS)
    finally:
        _stop([one.process for one in running if one.process is not None])


def end_on_signals() -> None:
    """Let TERM, INT and HUP end this process in order (`SystemExit`), until something else handles them."""
    _handle_signals(_end)


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)


def _handle_signals(handler: Callable[[int, FrameType | None], None]) -> None:
    for number in _ENDING:
        signal.signal(number, handler)
    # Whoever was started by `nohup` goes on when the terminal goes.
    if _HANGUP is not None and signal.getsignal(_HANGUP) is not signal.SIG_IGN:
        signal.signal(_HANGUP, lambda _number, _frame: os.kill(os.getpid(), signal.SIGTERM))


@contextmanager
def signals_deferred() -> Iterator[None]:
    """TERM and INT, and HUP that becomes TERM, take effect at the end: what is begun inside is not left half done."""
    if threading.current_thread() is not threading.main_thread():  # no other thread is interrupted by signals
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _frame: came.append(number)) for number in _ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """A signal that comes while a process is made waits until the new one handles it: none is lost."""
    if sys.platform == "win32":
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _live(part: Part, parent: int) -> None:
    """The life of one process."""
    end_on_signals()
    threading.Thread(target=_follow, args=(part, parent), name="parent-watch", daemon=True).start()
    if sys.platform != "win32":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
    try:
        part.run()
    finally:
        for number in _ENDING:
            signal.signal(number, signal.SIG_IGN)
        part.leave()


def _follow(part: Part, parent: int) -> None:
    """End this process when the one that started it is no more, which could not say so."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_SECONDS * 5)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_WITHIN_SECONDS)
    part.leave()
    os._exit(1)


def _stop(processes: Sequence[BaseProcess]) -> None:
    """Tell all to end, wait for them, and kill what is left when the time is over."""
    for process in processes:
        process.terminate()
    until = time.monotonic() + STOP_WITHIN_SECONDS
    for process in processes:
        process.join(max(until - time.monotonic(), 0))
        if process.is_alive():
            _log.error("%s did not end in %s s and is killed", process.name, STOP_WITHIN_SECONDS)
            process.kill()
            process.join()
