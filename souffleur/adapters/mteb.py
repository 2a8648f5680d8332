"""Souffleur in public benchmarks (MTEB, and BEIR, whose tasks it has): the whole pipeline, or the encoder alone.

The pipeline indexes the corpus of a task as a FAQ whose answers have no questions, and searches it. The encoder is what
an index is made with; MTEB then compares its vectors itself. Neither fetches anything: tasks do, where their data is
not on this machine.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

import souffleur
from indexer.encoders import Encoder
from indexer.errors import QuestionError
from indexer.records import Answer
from server.answering.answering import Answering
from server.answering.questions import MAX_QUESTION_CHARACTERS, read_question
from souffleur.adapters.extras import provided_by

with provided_by("mteb"):
    from mteb.models import ModelMeta
    from mteb.models.abs_encoder import AbsEncoder
    from mteb.models.model_meta import ScoringFunction
    from mteb.types import PromptType

_AT_ONCE = 64


class SouffleurEncoder(AbsEncoder):
    """The encoder of an index as a model of MTEB: passages as answers are encoded, all else as questions are."""

    def __init__(self, encoder: Encoder | str = "bundled") -> None:
        """encoder: one from `souffleur.load_encoder`, or its name. EncoderError where it cannot be loaded."""
        self.model = souffleur.load_encoder(encoder) if isinstance(encoder, str) else encoder
        self.mteb_model_meta = _meta(self.model, "encoder", similarity_fn_name=ScoringFunction.COSINE)

    def encode(
        self, inputs: Iterable[Mapping[str, Any]], *, prompt_type: PromptType | None = None, **_: Any
    ) -> NDArray[np.float32]:
        """Return the vectors, shape (texts, dimension), unit length, in the order of the batches."""
        encode = self.model.encode_passages if prompt_type is PromptType.document else self.model.encode_questions
        return np.concatenate([encode(batch["text"]) for batch in inputs])


class SouffleurPipeline:
    """The whole search as a model of MTEB, for tasks that retrieve."""

    def __init__(self, encoder: Encoder | str = "bundled") -> None:
        """encoder: one from `souffleur.load_encoder`, or its name. EncoderError where it cannot be loaded."""
        self._encoder = souffleur.load_encoder(encoder) if isinstance(encoder, str) else encoder
        self._ids: list[str] = []
        self._faq: Answering | None = None
        self.mteb_model_meta = _meta(self._encoder, "pipeline")

    def index(self, corpus: Iterable[Mapping[str, Any]], **_: Any) -> None:
        """Build an index of the corpus of a task. ValueError where none of its documents has a text.

        Public corpora have some without: they are not found.
        """
        documents = [(str(document["id"]), text) for document in corpus if (text := _text_of(document)).strip()]
        # Their ids are any text, ours are fit for an address.
        self._ids = [name for name, _ in documents]
        answers = [Answer(f"{row:08}", text) for row, (_, text) in enumerate(documents)]
        self._faq = souffleur.open_in_memory(answers, encoder=self._encoder)

    def search(
        self,
        queries: Iterable[Mapping[str, Any]],
        *,
        top_k: int,
        top_ranked: Mapping[str, list[str]] | None = None,
        **_: Any,
    ) -> dict[str, dict[str, float]]:
        """Return, by query id, the scores of at most *top_k* documents; none for a query that cannot be asked.

        ValueError for a task that gives candidates.
        """
        if top_ranked is not None:
            raise ValueError("Souffleur searches the whole corpus: it cannot put given candidates into an order")
        if self._faq is None:
            raise ValueError("there is no corpus yet: call index first")
        texts = {str(query["id"]): str(query["text"])[:MAX_QUESTION_CHARACTERS] for query in queries}
        found: dict[str, dict[str, float]] = {query_id: {} for query_id in texts}
        asked = [(query_id, text) for query_id, text in texts.items() if _can_be_asked(text)]
        for start in range(0, len(asked), _AT_ONCE):
            some = asked[start : start + _AT_ONCE]
            replies = self._faq.answer_many([text for _, text in some], limit=top_k)
            for (query_id, _text), reply in zip(some, replies, strict=True):
                found[query_id] = {self._ids[int(hit.answer.id)]: hit.score for hit in reply.hits}
        return found


def _can_be_asked(text: str) -> bool:
    try:
        read_question(text)
    except QuestionError:
        return False
    return True


def _text_of(document: Mapping[str, Any]) -> str:
    title, text = document.get("title") or "", document.get("text") or document.get("body") or ""
    return f"{title}\n{text}" if title else str(text)


def _meta(encoder: Encoder, part: str, **more: Any) -> ModelMeta:
    """Return what results are filed under: the encoder, and what is measured of it."""
    return ModelMeta.create_empty(
        {
            "name": f"souffleur/{part}-{encoder.name.replace('/', '-')}",
            "revision": encoder.fingerprint[:12],
            "languages": ["fra-Latn"],
            "embed_dim": encoder.dimension,
            **more,
        }
    )
