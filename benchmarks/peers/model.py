"""The model as each peer loads it. Its forms are made once, by the libraries' own means.

    python -m benchmarks.peers.model FORM MODEL_FOLDER WORK_FOLDER DATA_FOLDER

makes a form of the model, "onnx" or "openvino", by the interpreter that has that backend of sentence-transformers: in
float32 and with products of bytes, as its documentation advises for processors. The data folder is of BEIR; the scales
of OpenVINO's bytes are settled by its answers. Imported by several interpreters: nothing of the project, and no heavy
library, at module level.
"""

import json
import shutil
import sys
from pathlib import Path

from benchmarks.peers.texts import read_answers

FORMS = {"onnx": "common", "openvino": "newest"}
"""The environment that makes each."""
ONNX_INT8 = "model_qint8_avx512_vnni.onnx"
OPENVINO_INT8 = "openvino_model_qint8_quantized.xml"
_CALIBRATED_ON = 100


def model_folder() -> Path:
    """Return the bundled model as a folder of sentence-transformers: what all peers start from."""
    from indexer.encoders.bundled.unpack import unpack_for_other_engines

    return unpack_for_other_engines().folder


def onnx_folder(model: Path, work: Path) -> Path:
    """Return where the ONNX forms of a model are."""
    return work / f"{model.name}-onnx"


def openvino_folder(model: Path, work: Path) -> Path:
    """Return where the OpenVINO forms of a model are."""
    return work / f"{model.name}-openvino"


def infinity_folder(model: Path, work: Path) -> Path:
    """Return a folder with the graph in float32 alone: Infinity writes its own beside it, and takes any it finds."""
    return work / f"{model.name}-infinity"


def _export_onnx(model: Path, work: Path, _: Path) -> None:
    from sentence_transformers import SentenceTransformer, export_dynamic_quantized_onnx_model

    folder, for_infinity = onnx_folder(model, work), infinity_folder(model, work)
    if not (folder / "onnx" / ONNX_INT8).exists():
        exported = SentenceTransformer(str(model), backend="onnx", device="cpu")
        exported.save_pretrained(str(folder))
        export_dynamic_quantized_onnx_model(exported, "avx512_vnni", str(folder))  # type: ignore[arg-type]  # it takes these
    if not (for_infinity / "onnx" / "model.onnx").exists():
        shutil.copytree(folder, for_infinity, dirs_exist_ok=True, ignore=shutil.ignore_patterns(ONNX_INT8))


def _export_openvino(model: Path, work: Path, data: Path) -> None:
    from sentence_transformers import SentenceTransformer, export_static_quantized_openvino_model

    folder, examples = openvino_folder(model, work), work / "examples"
    source = folder if (folder / "openvino" / "openvino_model.xml").exists() else model
    if (folder / "openvino" / OPENVINO_INT8).exists():
        return
    exported = SentenceTransformer(str(source), backend="openvino", device="cpu")
    if source == model:
        exported.save_pretrained(str(folder))
    if not (data / "corpus.jsonl").is_file():
        return
    from optimum.intel import OVQuantizationConfig  # type: ignore[import-not-found]  # in its own environment

    examples.mkdir(exist_ok=True)
    rows = [json.dumps({"text": f"passage: {text}"}) for text in read_answers(data).values()]
    (examples / "train.jsonl").write_text("\n".join(rows), encoding="utf-8")
    export_static_quantized_openvino_model(
        exported,
        OVQuantizationConfig(num_samples=min(_CALIBRATED_ON, len(rows))),
        str(folder),
        dataset_name=str(examples.resolve()),
        dataset_config_name="default",
        dataset_split="train",
        column_name="text",
    )


if __name__ == "__main__":
    {"onnx": _export_onnx, "openvino": _export_openvino}[sys.argv[1]](*map(Path, sys.argv[2:]))
