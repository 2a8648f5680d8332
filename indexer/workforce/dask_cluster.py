"""The workers of a Dask cluster as a workforce. Owns the only import of `distributed`, an optional extra.

What it sends are the calls that this process would make, so that vectors have the same bits; each worker is made sure
of before it encodes. Dask gives the calls of a lost worker to another. Addresses are the operator's: nothing is reached
that was not named, and a cluster of this machine listens on loopback alone. TLS is a matter of Dask's own
configuration, which this leaves as it is.
"""

import contextlib
import logging
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING, Any

from indexer.encoders import Encoder
from indexer.errors import ClusterError, SouffleurError
from indexer.records import Vectors
from indexer.workforce import EncoderCall
from indexer.workforce.likeness import DISTRIBUTION, Likeness
from indexer.workforce.place import Place
from indexer.workforce.worker import Orders, encode, make_ready

if TYPE_CHECKING:
    from distributed import Client, Future

_CONNECTING_SECONDS = 10
"""How long a scheduler is waited for, to connect and to say who its workers are."""
_PATIENCE_SECONDS = 60.0
"""How long a cluster without a worker is waited for: one that was lost may be started again by what looks after it."""
_LOOK_SECONDS = 1.0
_STUCK_SECONDS = 1800.0
"""How long the next of some calls may take: each is seconds of work, minutes of a large model on a slow machine."""
_CALLS_A_THREAD = 2
"""Calls at a worker or on the way for each of its threads: while one is encoded, the next is there."""
_MUST_BE_SAME = ("python", "distributed", "dask", DISTRIBUTION)
_GO_ON = "What was encoded is kept; run the same command to go on."
_INSTALL = "pip install 'souffleur-faq[dask]'"


@contextmanager
def open_cluster(
    place: Place, *, encoder: Encoder, load: Callable[[], Encoder], patience_seconds: float = _PATIENCE_SECONDS
) -> "Iterator[DaskCluster]":
    """Give the workforce at *place*, each worker of which has been made sure of, until the end of the block.

    encoder: what the workers are compared with. load: gives their own, in their processes; it is sent there.
    patience_seconds: how long a cluster without workers is waited for.
    ClusterError where it cannot be reached, or where a worker does not make the vectors of *encoder*.
    """
    distributed = _import()
    with contextlib.ExitStack() as stack:
        # It says in many lines what is said here in one sentence; the log of a scheduler or a worker has them all.
        for name in _loggers_of("distributed", "tornado", "asyncio"):
            stack.enter_context(_quiet(logging.getLogger(name)))
        address: Any = place.address
        if address is None:
            with _interrupts_put_off():
                address = stack.enter_context(
                    distributed.LocalCluster(
                        n_workers=place.workers,
                        threads_per_worker=1,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",  # it cannot be without: a port of its own, here alone
                        worker_dashboard_address="127.0.0.1:0",
                        memory_limit=0,  # the encoder takes what it takes: ended for it, a worker is started again
                        silence_logs=logging.CRITICAL,
                    )
                )
        try:
            client = stack.enter_context(_client_class()(address, timeout=_CONNECTING_SECONDS, set_as_default=False))
        except (OSError, TimeoutError, ValueError, TypeError) as error:
            raise ClusterError(
                f"There is no Dask scheduler at {place} that this machine can speak with ({_first_line(error)}). "
                "Correct --dask, or start one with `dask scheduler`; for tls:// see Dask's own configuration."
            ) from error
        cluster = DaskCluster(client, Orders(load, Likeness.of(encoder)), str(place), patience_seconds=patience_seconds)
        cluster.make_sure()
        yield cluster


class DaskCluster:
    """Runs calls on the workers of a cluster. A worker that is lost, or comes later, needs nothing from here."""

    def __init__(self, client: "Client", orders: Orders, place: str, *, patience_seconds: float) -> None:
        self._client = client
        self._orders = orders
        self._place = place
        self._patience_seconds = patience_seconds
        self._seen_at = self._done_at = time.monotonic()
        self._threads = 0
        self._looked_at = 0.0

    def __str__(self) -> str:
        workers = len(self._workers())
        return f"{workers} worker{'s' if workers > 1 else ''}"

    def make_sure(self) -> None:
        """Have every worker that is there load its encoder. ClusterError if there is none, or one does not fit."""
        while not self._count_threads():
            time.sleep(_LOOK_SECONDS / 10)
        self._compare_installed()
        # One that is lost meanwhile need not be made sure of: what takes its place is, by its first call.
        ready = {
            self._client.submit(make_ready, self._orders, pure=False, workers=[worker], allow_other_workers=True)
            for worker in self._workers()
        }
        while ready:
            for future in self._done(ready):
                self._result(future)
                ready.remove(future)

    def expect(self, texts: int) -> None:
        """Do nothing: all workers have the arithmetic that they were made sure to have."""

    def run(self, calls: Iterable[EncoderCall]) -> Iterator[tuple[int, Sequence[Vectors]]]:
        """Yield the number and the vectors of each call, each once, as they are done. ClusterError as `Workforce`."""
        self._seen_at = self._done_at = time.monotonic()
        numbered = enumerate(calls)
        under_way: dict[Future[Sequence[Vectors]], int] = {}
        has_more = True
        while has_more or under_way:
            while has_more and len(under_way) < max(1, _CALLS_A_THREAD * self._count_threads()):
                if (following := next(numbered, None)) is None:
                    has_more = False
                    break
                number, call = following
                with self._explained():
                    under_way[self._client.submit(encode, call, self._orders, pure=False)] = number
            for future in self._done(under_way):
                vectors = self._result(future)
                yield under_way.pop(future), vectors

    def _workers(self) -> dict[str, int]:
        """Return the address of each worker, and how many threads it has."""
        with self._explained():
            # As `Client.nthreads`, which would wait for ever for a scheduler that stands still.
            client: Any = self._client
            return dict(client.sync(client.scheduler.ncores, callback_timeout=_CONNECTING_SECONDS))

    def _result(self, future: "Future[Any]") -> Any:
        """Return what a worker made. ClusterError where none could, or EncoderError as there."""
        from distributed import KilledWorker

        with self._explained():
            if future.status != "error":
                return future.result(timeout=_PATIENCE_SECONDS)
            error = future.exception()  # type: ignore[no-untyped-call]  # Dask's
            if isinstance(error, SouffleurError | ModuleNotFoundError | KilledWorker):
                raise error
        raise ClusterError(
            f"A Dask worker of {self._place} failed at its work: {type(error).__name__}: {_first_line(error)}. Look at "
            f"its log. {_GO_ON}"
        ) from error

    def _done(self, futures: "Collection[Future[Any]]") -> "list[Future[Any]]":
        """Return those that are done, or cannot be done any more, after waiting a moment for the first."""
        from distributed import wait

        with contextlib.suppress(TimeoutError, CancelledError), self._client.as_current():
            if futures:
                wait(futures, timeout=_LOOK_SECONDS, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]  # Dask's
        self._count_threads()
        done = [future for future in futures if future.done()]  # type: ignore[no-untyped-call]  # Dask's
        if done or not futures:
            self._done_at = time.monotonic()
        elif time.monotonic() > self._done_at + _STUCK_SECONDS:
            raise ClusterError(
                f"No worker of the Dask scheduler at {self._place} has finished anything for {_STUCK_SECONDS:.0f} s. "
                f"Look at their logs. {_GO_ON}"
            )
        return done

    def _count_threads(self) -> int:
        """Return how many threads all workers have, as of a second ago. ClusterError where they are gone for long."""
        now = time.monotonic()
        if self._threads and now < self._looked_at + _LOOK_SECONDS:
            return self._threads
        with self._explained():
            if self._client.status != "running":
                raise CancelledError
        self._threads, self._looked_at = sum(self._workers().values()), now
        if self._threads:
            self._seen_at = now
        elif now > self._seen_at + self._patience_seconds:
            raise ClusterError(
                f"The Dask scheduler at {self._place} has had no worker for {self._patience_seconds:.0f} s. Start "
                f"some, such as `dask worker {self._place}`. {_GO_ON}"
            )
        return self._threads

    def _compare_installed(self) -> None:
        """ClusterError where a worker, or the scheduler, has another Python, Dask or Souffleur than this process."""
        with self._explained():
            found: Any = self._client.get_versions(packages=[DISTRIBUTION])
        here = found["client"]["packages"]
        others = {f"scheduler at {self._place}": found["scheduler"]} | {
            f"worker {address}": worker for address, worker in found["workers"].items()
        }
        for who, other in others.items():
            for name in _MUST_BE_SAME:
                there = other["packages"].get(name)
                # A Python that differs in its last number reads what this one writes.
                if _major(name, there) == _major(name, here.get(name)):
                    continue
                if there is None:
                    raise ClusterError(
                        f"The Dask {who} has no {name}. Install there what is here: "
                        f"pip install '{DISTRIBUTION}[dask]=={here[DISTRIBUTION]}', and start it again."
                    )
                raise ClusterError(
                    f"The Dask {who} has {name} {there}, and this machine {here.get(name)}. Install the same on both, "
                    "and start it again."
                )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what Dask raises within the block into a ClusterError that says what to do next."""
        from distributed import KilledWorker

        try:
            yield
        except ModuleNotFoundError as error:
            raise ClusterError(
                f"A Dask worker of {self._place} has no module {error.name}. Install there what is here: "
                f"pip install '{DISTRIBUTION}[dask]', and start it again. {_GO_ON}"
            ) from error
        except KilledWorker as error:
            raise ClusterError(
                f"The same texts ended several Dask workers of {self._place}, one after the other. Look at their logs: "
                f"each may have too little memory for the encoder. {_GO_ON}"
            ) from error
        except (OSError, CancelledError, TimeoutError) as error:
            raise ClusterError(
                f"The connection to the Dask scheduler at {self._place} is lost. See whether it runs. {_GO_ON}"
            ) from error


def _major(name: str, version: str | None) -> str | None:
    return ".".join(version.split(".")[:2]) if name == "python" and version else version


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]


def _import() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(f"--dask needs Dask, which is not installed here: {_INSTALL}") from error
    return distributed


def _client_class() -> "type[Client]":
    """Return a client of Dask that ends itself where it cannot begin: nobody else has it then, to end it.

    Dask would leave that to the garbage collector, in whatever thread it runs: in the one that the next client begins,
    it waits for a lock that this client's own beginning holds, and both give up.
    """
    from distributed import Client

    class SelfEnding(Client):
        def start(self, **options: Any) -> None:
            try:
                super().start(**options)  # type: ignore[no-untyped-call]  # Dask's
            except BaseException:
                self.close()  # type: ignore[no-untyped-call]  # Dask's
                self._loop_runner.stop()  # type: ignore[no-untyped-call]  # Dask's `close` does not if it was refused
                raise

    return SelfEnding


@contextmanager
def _interrupts_put_off() -> Iterator[None]:
    """Hold an interrupt at the terminal back for the time of the block.

    Processes begun in it, or by a thread begun in it, never hear of one: they end with this process, without a word.
    """
    resource_tracker.ensure_running()  # begun by the first of these processes, it would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _loggers_of(*libraries: str) -> list[str]:
    """Return the names of all loggers of some libraries: Dask gives single ones a level of their own."""
    names = [name for name in logging.root.manager.loggerDict if name.partition(".")[0] in libraries]
    return sorted({*libraries, *names})


@contextmanager
def _quiet(logger: logging.Logger) -> Iterator[None]:
    before = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(before)
