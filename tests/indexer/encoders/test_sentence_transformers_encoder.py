"""Any sentence-transformers model: its prompts and fingerprint, from a folder or the hub's cache; what can go wrong."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from indexer.encoders.fingerprint import Prompts
from indexer.encoders.loading import load_encoder
from indexer.encoders.sentence_transformers_encoder import SentenceTransformersEncoder
from indexer.errors import EncoderError

HIDDEN = 16
WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    *["query", ":", "passage", "le", "certificat", "est", "valable", "trois", "ans", "où", "quand"],
]


def make_model(folder: Path, *, prompts: dict[str, str] | None = None, seed: int = 0) -> Path:
    """Write a BERT of one layer with random weights, max_seq_length 12, in the form of sentence-transformers."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(WORDS), HIDDEN),
        "embeddings.position_embeddings.weight": (32, HIDDEN),
        "embeddings.token_type_embeddings.weight": (2, HIDDEN),
        "embeddings.LayerNorm.weight": (HIDDEN,),
        "embeddings.LayerNorm.bias": (HIDDEN,),
        "pooler.dense.weight": (HIDDEN, HIDDEN),
        "pooler.dense.bias": (HIDDEN,),
    }
    for name in (*(f"attention.self.{part}" for part in ("query", "key", "value")), "attention.output.dense"):
        shapes |= {f"encoder.layer.0.{name}.weight": (HIDDEN, HIDDEN), f"encoder.layer.0.{name}.bias": (HIDDEN,)}
    for name, rows, columns in (("intermediate.dense", 32, HIDDEN), ("output.dense", HIDDEN, 32)):
        shapes |= {f"encoder.layer.0.{name}.weight": (rows, columns), f"encoder.layer.0.{name}.bias": (rows,)}
    for name in ("attention.output.LayerNorm", "output.LayerNorm"):
        shapes |= {f"encoder.layer.0.{name}.{part}": (HIDDEN,) for part in ("weight", "bias")}
    tensors = {name: generator.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})

    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(folder / "tokenizer.json"))
    configurations: dict[str, object] = {
        "config.json": {
            "architectures": ["BertModel"],
            "model_type": "bert",
            "hidden_size": HIDDEN,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "intermediate_size": 32,
            "vocab_size": len(WORDS),
            "max_position_embeddings": 32,
        },
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "pad_token": "[PAD]",
            "unk_token": "[UNK]",
            "cls_token": "[CLS]",
            "sep_token": "[SEP]",
        },
        "modules.json": [
            {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},
            {"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
        ],
        "1_Pooling/config.json": {"word_embedding_dimension": HIDDEN, "pooling_mode_mean_tokens": True},
        "sentence_bert_config.json": {"max_seq_length": 12, "do_lower_case": False},
        "config_sentence_transformers.json": {"prompts": prompts or {}, "default_prompt_name": None},
    }
    for name, configuration in configurations.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(json.dumps(configuration))
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model that declares no prompts."""
    return make_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="module")
def encoder(folder: Path) -> SentenceTransformersEncoder:
    """That model, loaded."""
    return SentenceTransformersEncoder(str(folder), device="cpu", batch_size=2)


pytestmark = pytest.mark.slow


def test_it_describes_itself(encoder: SentenceTransformersEncoder) -> None:
    """The folder's name, and the dimension and limit of the model."""
    assert (encoder.name, encoder.dimension, encoder.max_tokens) == ("tiny", HIDDEN, 12)
    assert encoder.prompts == Prompts("", "")


def test_vectors_are_unit_and_do_not_depend_on_the_batch(encoder: SentenceTransformersEncoder) -> None:
    """The contract of every encoder, for a model that does not normalise by itself."""
    texts = ["le certificat est valable trois ans", "où", "quand est valable le certificat", "\0 où \ud800", "ans"]
    vectors = encoder.encode_passages(texts)
    assert vectors.shape == (5, HIDDEN)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = np.concatenate([encoder.encode_passages([text]) for text in texts])
    np.testing.assert_allclose(vectors, alone, atol=1e-5)
    assert encoder.encode_questions([]).shape == (0, HIDDEN)
    with pytest.raises(ValueError, match="text 1 of 2 is blank"):
        encoder.encode_questions(["où", " "])


def test_tokens_are_counted_with_all_that_is_added(tmp_path: Path, encoder: SentenceTransformersEncoder) -> None:
    """Nothing is cut when counting, and the prompt of a passage counts."""
    assert encoder.count_tokens(["le certificat", "ans " * 40]) == [4, 42]
    prompted = load_encoder(str(make_model(tmp_path / "m", prompts={"document": "passage : "})))
    assert prompted.count_tokens(["le certificat"]) == [6]
    assert prompted.count_tokens([]) == []


def test_a_model_has_its_own_prompts(tmp_path: Path, encoder: SentenceTransformersEncoder) -> None:
    """What it declares is put before the texts, and belongs to the fingerprint."""
    prompts = {"query": "query : ", "document": "passage : "}
    prompted = SentenceTransformersEncoder(str(make_model(tmp_path / "prompted", prompts=prompts)))
    assert prompted.prompts == Prompts("query : ", "passage : ")
    np.testing.assert_allclose(prompted.encode_questions(["où"]), encoder.encode_questions(["query : où"]), atol=1e-5)
    np.testing.assert_allclose(prompted.encode_passages(["où"]), encoder.encode_passages(["passage : où"]), atol=1e-5)
    assert prompted.fingerprint != encoder.fingerprint


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("multilingual-e5-large", Prompts("query: ", "passage: ")),
        ("e5-base-v2", Prompts("query: ", "passage: ")),
        ("multilingual-e5-large-instruct", Prompts("", "")),
        ("core5-small", Prompts("", "")),
    ],
)
def test_an_e5_model_without_declared_prompts_gets_those_of_e5(
    folder: Path, tmp_path: Path, name: str, expected: Prompts
) -> None:
    """Most E5 models need them and declare none; their name tells."""
    shutil.copytree(folder, tmp_path / name)
    assert SentenceTransformersEncoder(str(tmp_path / name)).prompts == expected


def test_the_fingerprint_is_of_the_model_alone(
    folder: Path, tmp_path: Path, encoder: SentenceTransformersEncoder
) -> None:
    """A copy elsewhere has the same; other weights, pooling or tokenizer have another; a read-me changes nothing."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    (copy / "README.md").write_text("bonjour")
    (copy / "openvino").mkdir()
    (copy / "openvino" / "config.json").write_text("{}")
    assert load_encoder(str(copy)).fingerprint == encoder.fingerprint
    found = {encoder.fingerprint, load_encoder(str(make_model(tmp_path / "other", seed=1))).fingerprint}
    pooling = copy / "1_Pooling" / "config.json"
    pooling.write_text(pooling.read_text().replace("pooling_mode_mean_tokens", "pooling_mode_cls_token"))
    found.add(load_encoder(str(copy)).fingerprint)
    tokenizer = copy / "tokenizer.json"
    tokenizer.write_text(tokenizer.read_text().replace("trois", "quatre"))
    found.add(load_encoder(str(copy)).fingerprint)
    assert len(found) == 4


def test_a_missing_folder_is_said() -> None:
    """A path that does not exist is not taken for a name on the hub."""
    with pytest.raises(EncoderError, match=r"There is no model folder \./nowhere"):
        load_encoder("./nowhere")


@pytest.mark.parametrize(
    "damage", ["config.json", "model.safetensors", "tokenizer.json", "1_Pooling/config.json", "all"]
)
def test_a_broken_folder_is_said(folder: Path, tmp_path: Path, damage: str) -> None:
    """Whichever file is cut short, or all are missing: the error names the folder and what to do."""
    broken = tmp_path / "broken"
    shutil.copytree(folder, broken)
    if damage == "all":
        shutil.rmtree(broken)
        broken.mkdir()
    else:
        (broken / damage).write_bytes((broken / damage).read_bytes()[:20])
    with pytest.raises(EncoderError, match="cannot be loaded") as caught:
        load_encoder(str(broken))
    assert str(broken) in str(caught.value)
    assert "--encoder" in str(caught.value)


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without sentence-transformers: what to install, and that the bundled encoder needs nothing."""
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(EncoderError, match=r"souffleur-faq\[sentence-transformers\].*--encoder bundled"):
        load_encoder("BAAI/bge-m3")


LOAD = """
import sys
from indexer.encoders.loading import load_encoder
from indexer.errors import EncoderError
try:
    encoder = load_encoder(sys.argv[1])
    print(encoder.name, encoder.fingerprint)
except EncoderError as error:
    sys.exit(f"EncoderError: {error}")
"""


def load_with_hub(home: Path, name: str) -> "subprocess.CompletedProcess[str]":
    """Load a hub name in a process of its own whose hub cache is *home* and that has no network."""
    environment = {**os.environ, "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, "-c", LOAD, name]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_hub_model_in_the_cache_needs_no_network(
    folder: Path, tmp_path: Path, encoder: SentenceTransformersEncoder
) -> None:
    """A name on the hub is found in the hub's cache, with the fingerprint of the same files in a folder."""
    repository = tmp_path / "hub" / "models--maison--tiny"
    shutil.copytree(folder, repository / "snapshots" / "0123456789abcdef0123456789abcdef01234567")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("0123456789abcdef0123456789abcdef01234567")
    result = load_with_hub(tmp_path, "maison/tiny")
    assert result.stdout.split() == ["maison/tiny", encoder.fingerprint], result.stderr


def test_a_hub_model_that_cannot_be_fetched_is_said(tmp_path: Path) -> None:
    """No such model and no network: a sentence, no traceback."""
    result = load_with_hub(tmp_path, "maison/absente")
    assert result.returncode == 1
    assert "EncoderError: The model maison/absente is not on this machine and cannot be downloaded" in result.stderr
    assert "Traceback" not in result.stderr


def test_loading_is_silent(folder: Path, tmp_path: Path) -> None:
    """No progress bar is drawn where nobody looks."""
    result = load_with_hub(tmp_path, str(folder))
    assert (result.returncode, result.stderr) == (0, "")
