"""Threads and worker processes for grading, on this machine or on many.

Place    Engine. Used by `engine.grade` and `engine.stream`; a person passes any `concurrent.futures.Executor`.
In       A function that needs nothing but its arguments, and arguments that can be pickled.
Out      Answers in the order of the questions; each question answered exactly once.
Knows    A worker may die. `WorkerProcesses` and a Dask cluster ask the lost questions again; a plain `ProcessPoolExecutor`
         cannot, and GRADE-002 says so. The answers are pure, so that asking again gives the same.
Does not Keep more than `IN_FLIGHT` questions waiting (on threads of this process: one more than there are threads), so that
         memory does not grow with the cohort.
Checked  tests/acceptance/executors
"""

from __future__ import annotations

import os
import pickle
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
)
from functools import lru_cache, partial
from multiprocessing import get_context, parent_process
from threading import Lock
from typing import Any, Final, TypeVar

from vein2vein.errors import GradingError
from vein2vein.knowledge.schema import RuleSet

Question = TypeVar("Question")
Answer = TypeVar("Answer")

IN_FLIGHT: Final = 16
ATTEMPTS: Final = 3
_GIVEN_UP: Final = ("KilledWorker",)  # how Dask says that a call has killed several workers


def usable_cores() -> int:
    """How many cores this process may use (CPU affinity counts); 1 in a worker process, whose siblings use the others."""
    if parent_process() is not None:
        return 1
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def threaded(threads: int, function: Callable[[Question], Answer], questions: Iterable[Question]) -> Iterator[Answer]:
    """Answers in order, worked out on threads of this process; at most `threads` + 1 questions are in memory.

    NumPy and Polars let other threads run while they work, so that threads share the cohort and still use every core.
    """
    if threads <= 1:
        yield from map(function, questions)
        return
    with ThreadPoolExecutor(threads, thread_name_prefix="vein2vein") as pool:
        yield from answers(pool, function, questions, in_flight=threads + 1)


def answers(
    executor: Executor,
    function: Callable[[Question], Answer],
    questions: Iterable[Question],
    *,
    in_flight: int = IN_FLIGHT,
) -> Iterator[Answer]:
    """Answers in order, worked out by an executor, a few ahead of the reader.

    Raises:
        GradingError: GRADE-002 when a worker died and its question was not asked again.
    """
    waiting: deque[Future[Answer]] = deque()
    done = 0
    try:
        for question in questions:
            waiting.append(executor.submit(function, question))
            if len(waiting) == in_flight:
                yield waiting.popleft().result()
                done += 1
        while waiting:
            yield waiting.popleft().result()
            done += 1
    except (BrokenExecutor, CancelledError) as error:
        raise _lost(done, error) from error
    except Exception as error:
        if type(error).__name__ in _GIVEN_UP:
            raise _lost(done, error) from error
        raise
    finally:
        for future in waiting:
            future.cancel()


def _lost(done: int, error: BaseException) -> GradingError:
    return GradingError(
        "GRADE-002",
        saw=f"a worker process ended before it answered ({type(error).__name__}), after {done} partitions were complete",
        expected="workers that live until the cohort is graded",
        fix="give workers more memory or take fewer of them; `WorkerProcesses` and a Dask cluster grade lost partitions again",
        effect="no tables were handed back, so that nothing is lost or counted twice unnoticed",
    )


class WorkerProcesses(Executor):
    """Processes on this machine; when one dies, a fresh pool takes over what was lost.

    Processes are spawned, because Polars keeps threads and a forked child of a threaded process may hang.

    Args:
        workers: How many processes.
        attempts: How often one call is tried when processes die during it; then its future raises `BrokenExecutor`.
    """

    def __init__(self, workers: int, *, attempts: int = ATTEMPTS) -> None:
        self._workers = workers
        self._attempts = attempts
        self._lock = Lock()
        self._is_open = True
        self._pool = self._fresh()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a call in a worker."""
        outer: Future[Any] = Future()
        self._send(outer, partial(fn, *args, **kwargs), 1)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  (as `Executor` has it)
        """End the processes."""
        with self._lock:
            self._is_open = False
            pool = self._pool
        pool.shutdown(wait, cancel_futures=cancel_futures)

    def _fresh(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(self._workers, mp_context=get_context("spawn"))

    def _send(self, outer: Future[Any], call: Callable[[], Any], attempt: int) -> None:
        pool = self._pool
        try:
            inner = pool.submit(call)
        except BrokenExecutor as error:
            self._again(pool, outer, call, attempt=attempt, error=error)
            return
        inner.add_done_callback(lambda future: self._settle(pool, outer, call, attempt=attempt, inner=future))

    def _settle(
        self,
        pool: ProcessPoolExecutor,
        outer: Future[Any],
        call: Callable[[], Any],
        *,
        attempt: int,
        inner: Future[Any],
    ) -> None:
        if inner.cancelled():
            outer.cancel()
            outer.set_running_or_notify_cancel()
            return
        error = inner.exception()
        if isinstance(error, BrokenExecutor):
            self._again(pool, outer, call, attempt=attempt, error=error)
        elif outer.set_running_or_notify_cancel():
            if error is None:
                outer.set_result(inner.result())
            else:
                outer.set_exception(error)

    def _again(
        self,
        broken: ProcessPoolExecutor,
        outer: Future[Any],
        call: Callable[[], Any],
        *,
        attempt: int,
        error: BaseException,
    ) -> None:
        with self._lock:
            if self._pool is broken and self._is_open:
                self._pool = self._fresh()
            may_go_on = self._is_open and attempt < self._attempts
        if may_go_on:
            self._send(outer, call, attempt + 1)
        elif outer.set_running_or_notify_cancel():
            outer.set_exception(error)


def packed(rules: tuple[RuleSet, ...]) -> bytes:
    """Rule sets as few bytes, sent with every partition."""
    return zlib.compress(pickle.dumps(rules))


@lru_cache(maxsize=8)
def unpacked(rules: bytes) -> tuple[RuleSet, ...]:
    """The rule sets of `packed`; a worker takes them apart once and keeps them."""
    found: tuple[RuleSet, ...] = pickle.loads(zlib.decompress(rules))  # noqa: S301  (packed by this library)
    return found
