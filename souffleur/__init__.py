"""Semantic search for a French FAQ, as a library: a question in, the right answer first, and honest about it.

    import souffleur

    souffleur.build_index(souffleur.open_corpus("faq.csv"), "index")
    faq = souffleur.open("index")
    reply = faq.answer("combien de temps un certificat est-il valable")
    print(reply.status, reply.confidence, reply.hits[0].answer.text)

Importing it does nothing but that: what reads, encodes or searches is loaded by the first call that needs it. A
`Souffleur` may be used from several threads; in asyncio, ask with `await asyncio.to_thread(faq.answer, question)`. It
holds threads and open files, so that it cannot be pickled, nor asked in a process that was forked since: open the index
in each process, and in none that others are forked from.

The package brings others beside it: indexer, server, evaluation and training. A program whose own module is called
`server` or `indexer`, as that of a web application often is, hides the one here, and importing this says so.

Products of matrices use numpy's threads, which compete with the encoder's for the cores; a program that mostly answers
gains by `souffleur.keep_products_on_one_thread()`, once, at its start. The command lines do that.
"""

from collections.abc import Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from indexer.corpus.answer_list import AnswerList
    from indexer.corpus.corpus import Corpus
    from indexer.dense.blas import keep_products_on_one_thread
    from indexer.encoders import Encoder
    from indexer.encoders.loading import load_encoder
    from indexer.errors import (
        CorpusError,
        EncoderError,
        IndexFolderError,
        QuestionError,
        SettingsError,
        SouffleurError,
        StoreError,
    )
    from indexer.index.build import BuildSummary
    from indexer.index.index import Index
    from indexer.records import Acronym, Answer, AnswerSource, Excerpt, Facet, Hit, Problem, Progress, Reply, Status
    from server.answering.answering import Answering as Souffleur

    __version__: str

__all__ = [
    "Acronym",
    "Answer",
    "CorpusError",
    "EncoderError",
    "Excerpt",
    "Facet",
    "Hit",
    "Index",
    "IndexFolderError",
    "Problem",
    "QuestionError",
    "Reply",
    "SettingsError",
    "Souffleur",
    "SouffleurError",
    "Status",
    "StoreError",
    "__version__",
    "build_index",
    "check_corpus",
    "keep_products_on_one_thread",
    "load_encoder",
    "open",
    "open_corpus",
    "open_in_memory",
]

_HOMES = {
    "Souffleur": ("server.answering.answering", "Answering"),
    "Index": ("indexer.index.index", "Index"),
    "load_encoder": ("indexer.encoders.loading", "load_encoder"),
    "keep_products_on_one_thread": ("indexer.dense.blas", "keep_products_on_one_thread"),
    **dict.fromkeys(
        ("Acronym", "Answer", "Excerpt", "Facet", "Hit", "Problem", "Reply", "Status"), ("indexer.records",)
    ),
    **dict.fromkeys(
        (
            *("CorpusError", "EncoderError", "IndexFolderError", "QuestionError", "SettingsError", "SouffleurError"),
            "StoreError",
        ),
        ("indexer.errors",),
    ),
}
"""Where the names live that are loaded when they are first used: numpy alone takes a tenth of a second."""


def _require_own_packages() -> None:
    """ImportError where a module of the program that imports this stands in front of a package that belongs here."""
    for name in ("indexer", "server"):
        spec = find_spec(name)
        found = None if spec is None else spec.origin
        if found is None or Path(found).parents[1] != Path(__file__).parents[1]:
            raise ImportError(
                f"souffleur needs the package {name!r} that is installed with it, and Python finds "
                f"{found or 'another, or none'}. Give that module of yours another name, or take its folder off "
                "sys.path."
            )


_require_own_packages()


def open_corpus(
    source: "str | Path | Iterable[Answer]",
    *,
    facets: "Sequence[Facet]" = (),
    acronyms: "Sequence[Acronym]" = (),
    off_topic: Sequence[str] = (),
) -> "Corpus | AnswerList":
    """Return the corpus at *source*: a folder of Markdown files, a .jsonl or .csv file, a BEIR folder, or answers.

    facets, acronyms, off_topic (questions known to have no answer): only for a list of answers; a folder has its own.
    CorpusError where nothing is there; ValueError where two answers of a list have one id, or one has no text.
    Answers of files are read when the corpus is used, one at a time.
    """
    if isinstance(source, str | Path):
        if facets or acronyms or off_topic:
            raise ValueError("facets, acronyms and off_topic are read beside the answers of a folder, not given here")
        from indexer.corpus.corpus import open_corpus as open_files

        return open_files(Path(source))
    from indexer.corpus.answer_list import AnswerList

    return AnswerList.of(source, facets=facets, acronyms=acronyms, off_topic=off_topic)


def check_corpus(path: str | Path) -> "list[Problem]":
    """Return every problem of the corpus at *path*, in French, by file and line; none where all is well."""
    from indexer.corpus.check import check_corpus as check

    return check(Path(path))


def build_index(
    corpus: "AnswerSource",
    path: str | Path,
    *,
    encoder: "Encoder | str" = "bundled",
    risk: float = 0.05,
    keep: int = 3,
    memory_megabytes: int | None = None,
    progress: "Progress | None" = None,
) -> "BuildSummary":
    """Build an index of *corpus* in the folder *path*, put it into service, and return what was done.

    Only texts that no index of the folder has yet are encoded. What is served from the folder is not interrupted.
    encoder: one from `load_encoder`, or its name; "bundled" is as it was taught for the index in service there, if it
    was; "bundled-base" is what nobody taught anything.
    risk: accepted share of wrong answers among those given as answered.
    keep: how many indexes stay on disk. memory_megabytes: most that the vectors may take while serving, any if None.
    progress: called with the number of texts encoded so far, and in all.
    CorpusError with every problem at once; EncoderError; IndexFolderError where the folder cannot be written.
    ValueError for the address of a Milvus, where `souffleur build --store` copies an index to; and for other bounds.
    """
    from indexer.index.build import build_index as build
    from indexer.index.place import is_store
    from indexer.records import no_progress

    if is_store(path):
        raise ValueError(f"an index is built in a folder, and {path!r} is the address of a Milvus")
    return build(
        corpus,
        Path(path),
        encoder=_encoder(encoder, taught_in=Path(path)),
        risk=risk,
        keep=keep,
        memory_bytes=None if memory_megabytes is None else memory_megabytes * 1_000_000,
        progress=progress or no_progress,
    )


def open(  # noqa: A001  # souffleur.open reads as gzip.open does
    path: str | Path, *, encoder: "Encoder | str" = "bundled", store_token: str | None = None
) -> "Souffleur":
    """Return what answers questions from the index in service in the folder *path*.

    path: or the address of a Milvus, such as "milvus://host:19530". encoder: the one that built it, from
    `load_encoder`, or its name; "bundled" is as it was taught for the index in service in the folder. Of a Milvus that
    is not known: give `load_encoder(adapter=…)`. store_token: user:password or key of the Milvus.
    IndexFolderError where there is no index, it is damaged, or another encoder built it; EncoderError. StoreError where
    a Milvus refuses, or does not answer, also later.
    """
    from indexer.index.folder import IndexFolder
    from indexer.index.place import place_named
    from server.answering.answering import Answering

    place = place_named(path, store_token=store_token)
    folder = place.path if isinstance(place, IndexFolder) else None
    return Answering.open(place, encoder=_encoder(encoder, taught_in=folder))


def open_in_memory(corpus: "AnswerSource | Iterable[Answer]", *, encoder: "Encoder | str" = "bundled") -> "Souffleur":
    """Return what answers questions on *corpus*, or a list of answers, without a folder that stays.

    Everything is encoded anew at each call: for scripts, notebooks and tests of some hundred answers.
    Errors as `build_index`.
    """
    import tempfile

    source = open_corpus(corpus) if isinstance(corpus, Iterable) else corpus
    loaded = _encoder(encoder)
    with tempfile.TemporaryDirectory(prefix="souffleur-") as folder:
        build_index(source, folder, encoder=loaded, keep=1)
        # Mapped and open files outlive their names.
        return open(folder, encoder=loaded)


def _encoder(encoder: "Encoder | str", *, taught_in: Path | None = None) -> "Encoder":
    """Return the encoder that is given or named. taught_in: an index folder, where "bundled" may have been taught."""
    if not isinstance(encoder, str):
        return encoder
    from indexer.encoders.loading import load_encoder as load
    from indexer.index.encoder import adapter_for

    return load(encoder, adapter=adapter_for(encoder, taught_in) if taught_in else None)


if not TYPE_CHECKING:  # a checker of types takes any name for one of a module with this function

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version("souffleur-faq")
        if name not in _HOMES:
            raise AttributeError(f"module 'souffleur' has no attribute {name!r}")
        from importlib import import_module

        module, *inside = _HOMES[name]
        found = getattr(import_module(module), *inside or (name,))
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted(__all__)
