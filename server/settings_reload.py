"""Settings read again while the server runs, on SIGHUP: what can change does, and what needs a restart is told.

Options and variables of a process stay as they are; what changes is the file. A file with a mistake changes nothing.
"""

import dataclasses
import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from indexer.errors import SettingsError
from server.settings import ServedSettings

logger = logging.getLogger(__name__)

CHANGEABLE = ("limit", "admin_token", "editor_token", "most_requests", "client_rate", "base_path", "trusted_proxy")
"""The settings of the server that change while it runs, beside all of the site. The others are of what is opened once:
the port, the index, the feedback."""


class SettingsReload:
    """Reads the settings when asked to, and has what changed applied."""

    def __init__(self, read: Callable[[], ServedSettings], in_force: ServedSettings) -> None:
        """read: raises SettingsError. in_force: what the server was started with."""
        self._read = read
        self._in_force = in_force
        self._asked = threading.Event()
        self._ended = False

    def on_signal(self) -> None:
        """Read again on SIGHUP, which would end the process otherwise; from the main thread alone."""
        signal.signal(signal.SIGHUP, lambda *_: self._asked.set())

    @contextmanager
    def applying(self, apply: Callable[[ServedSettings], None]) -> Iterator[None]:
        """Until the end of the block, call *apply* with the settings in force after each change, in a thread."""

        def wait() -> None:
            while self._asked.wait() and not self._ended:
                self._asked.clear()
                try:
                    self.reload(apply)
                except Exception:
                    logger.exception("Reading the settings again failed; those of before go on.")

        thread = threading.Thread(target=wait, name="settings", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended = True
            self._asked.set()
            thread.join(timeout=5)

    def reload(self, apply: Callable[[ServedSettings], None]) -> None:
        """Read once, apply what can change, and log what changed and what waits for a restart."""
        try:
            self._take(self._read(), apply)
        except SettingsError as error:
            logger.error("The settings were not taken, and those of before go on: %s", error)

    def _take(self, read: ServedSettings, apply: Callable[[ServedSettings], None]) -> None:
        taken = ServedSettings(
            index=self._in_force.index,
            server=dataclasses.replace(
                self._in_force.server, **{name: getattr(read.server, name) for name in CHANGEABLE}
            ),
            site=read.site,
        )
        changed = _differences(self._in_force, taken)
        waiting = _differences(taken, read)
        if changed:
            apply(taken)
            self._in_force = taken
        logger.info(
            "The settings were read again. %s", f"Changed: {', '.join(changed)}." if changed else "None changed."
        )
        if waiting:
            logger.warning("These settings need a restart: %s.", ", ".join(waiting))


def _differences(before: ServedSettings, after: ServedSettings) -> list[str]:
    """Return each setting that differs, with both values; secrets by name alone."""
    return [
        field.name if field.metadata["secret"] else f"{field.name} from {_shown(old)} to {_shown(new)}"
        for one, other in ((before.index, after.index), (before.server, after.server), (before.site, after.site))
        for field in dataclasses.fields(one)
        if (old := getattr(one, field.name)) != (new := getattr(other, field.name))
    ]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
