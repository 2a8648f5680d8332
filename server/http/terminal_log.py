"""The log for a person who started the server at a terminal: a line an event. Machines get JSON: `request_log`."""

import logging
import re
from datetime import datetime

from server.http.request_log import places_of

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_PLACES_SHOWN = 3


class TerminalFormatter(logging.Formatter):
    """Writes a record as one line without control codes, which a terminal would obey."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time of day, level where it is not INFO, and what happened; of an error the last places."""
        time = datetime.fromtimestamp(record.created).astimezone().strftime("%H:%M:%S")
        fields = getattr(record, "fields", None)
        text = f"{fields['method']} {fields['route']} {fields['status']} in {fields['took_ms']} ms" if fields else None
        if record.exc_info and record.exc_info[0]:
            # Not the message of the error: that may hold a question.
            places = " ← ".join(reversed(places_of(record.exc_info[1])[-_PLACES_SHOWN:]))
            text = f"{record.getMessage()}: {record.exc_info[0].__name__} at {places}"
        level = "" if record.levelno == logging.INFO else f"{record.levelname} "
        return _CONTROL.sub("\ufffd", f"{time} {level}{text or record.getMessage()}")
