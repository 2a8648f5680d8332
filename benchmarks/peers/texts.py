"""The texts of a BEIR folder. Read by both interpreters: the standard library alone."""

import json
from pathlib import Path


def read_answers(folder: Path) -> dict[str, str]:
    """Return the answers by id, each with its title before it where it has one."""
    return {
        row["_id"]: f"{row.get('title') or ''} {row['text']}".strip()
        for row in _rows(folder / "corpus.jsonl")
        if row["text"].strip()
    }


def read_questions(folder: Path) -> dict[str, str]:
    """Return the questions by id."""
    return {row["_id"]: row["text"] for row in _rows(folder / "queries.jsonl")}


def read_right_answers(folder: Path) -> dict[str, set[str]]:
    """Return the ids of the right answers to each question."""
    right: dict[str, set[str]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        question, answer, score = line.split("\t")
        if int(score) > 0:
            right.setdefault(question, set()).add(answer)
    return right


def _rows(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
