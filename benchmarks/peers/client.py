"""The clients of a server, in a process of their own: each asks its next question once it has the reply before.

    python -m benchmarks.peers.client

{"host": …, "port": …, "path": "/search?query=", "texts": […], "start": 0, "clients": 32, "seconds": 5} gives
{"seconds": […], "statuses": {…}, "took": …, "asked": …}; seconds are those of the replies with status 200. No question
is asked twice: each has its number after it, counted from *start*. With "embed": {…} it is posted as the input of an
embedding, as OpenAI's interface has it, beside what is in there.
"""

import http.client
import itertools
import json
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import quote

from benchmarks.peers.engines import QUERY


def main() -> None:
    """Serve until standard input ends."""
    for line in sys.stdin:
        print(json.dumps(load(json.loads(line))), flush=True)


def load(order: dict[str, Any]) -> dict[str, Any]:
    """Return what the clients saw, together."""
    seconds: list[float] = []
    statuses: Counter[str] = Counter()
    numbers = itertools.count(order["start"])
    began = time.perf_counter()
    end = began + order["seconds"]

    def ask() -> None:
        connection = http.client.HTTPConnection(order["host"], order["port"], timeout=60)
        while (asked := time.perf_counter()) < end:
            number = next(numbers)
            question = f"{order['texts'][number % len(order['texts'])]} {number}"
            try:
                if "embed" in order:
                    body = json.dumps({**order["embed"], "input": [QUERY + question]})
                    connection.request("POST", order["path"], body, {"Content-Type": "application/json"})
                else:
                    connection.request("GET", f"{order['path']}{quote(question)}&limit=3")
                reply = connection.getresponse()
                reply.read()
            except OSError as error:
                statuses[type(error).__name__] += 1
                connection.close()
                continue
            statuses[str(reply.status)] += 1
            if reply.status == 200:
                seconds.append(time.perf_counter() - asked)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(order["clients"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    return {"seconds": seconds, "statuses": dict(statuses), "took": took, "asked": next(numbers) - order["start"]}


if __name__ == "__main__":
    main()
