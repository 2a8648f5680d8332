"""How fast suggestions are at 100,000 questions: python -m benchmarks.suggestions [--questions 100000] [--json]

Questions are generated from French templates and words; typed is every beginning of some of them, and words from
within. The target is a 95th percentile under 5 ms. Memory is what the tables take beyond the questions themselves.
"""

import argparse
import json
import random
import time
import tracemalloc

import numpy as np

from server.answering.suggestions import Suggester

OPENINGS = (
    "Comment", "Pourquoi", "Quand faut-il", "Où puis-je", "Est-il possible de", "Qui doit", "Combien coûte de",
    "Que faire pour", "Dans quel délai peut-on", "Mon éditeur peut-il", "Quelle est la procédure pour",
)  # fmt: skip
VERBS = (
    "renouveler", "commander", "révoquer", "installer", "déléguer", "vérifier", "transmettre", "alimenter", "qualifier",
    "référencer", "financer", "exporter", "supprimer", "déclarer", "télécharger", "homologuer", "créer", "modifier",
)  # fmt: skip
OBJECTS = (
    "le certificat", "l'annuaire santé", "la boîte aux lettres", "l'identité nationale de santé", "le dossier médical",
    "la carte CPS", "l'ordonnance numérique", "le logiciel", "la messagerie", "le formulaire", "l'habilitation",
    "le compte rendu", "la preuve", "l'exigence", "le référencement", "la subvention", "l'attestation", "le document",
)  # fmt: skip
PLACES = ("hôpital", "officine", "laboratoire", "cabinet", "EHPAD", "maison de santé", "centre d'imagerie", "structure")
SYLLABLES = ("ba", "cé", "di", "fo", "gu", "la", "mé", "ni", "po", "ré", "sa", "té", "vi", "zo", "chan", "tion", "eur")


def main() -> None:
    """Measure, and print one line a figure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--questions", type=int, default=100_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    draw = random.Random(1)
    names = ["".join(draw.choices(SYLLABLES, k=draw.randint(2, 4))) for _ in range(20_000)]
    questions = [(make_question(draw, names), f"answer-{row % 5000}") for row in range(options.questions)]

    began = time.perf_counter()
    suggester = Suggester(questions)
    suggester.suggest("c")
    start_seconds = time.perf_counter() - began
    tracemalloc.start()
    traced = Suggester(questions)
    traced.suggest("c")
    memory_bytes = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()

    took_ms = []
    for typed in keystrokes(draw, questions):
        began = time.perf_counter()
        suggester.suggest(typed)
        took_ms.append(1000 * (time.perf_counter() - began))
    p50, p95, p99 = np.percentile(took_ms, [50, 95, 99])
    figures = {
        "questions": options.questions,
        "keystrokes": len(took_ms),
        "start_seconds": round(start_seconds, 2),
        "memory_mb": round(memory_bytes / 1e6, 1),
        "p50_ms": round(p50, 3),
        "p95_ms": round(p95, 3),
        "p99_ms": round(p99, 3),
        "max_ms": round(max(took_ms), 3),
    }
    print(
        json.dumps(figures) if options.json else "\n".join(f"{name:14}{value:>10}" for name, value in figures.items())
    )


def make_question(draw: random.Random, names: list[str]) -> str:
    """Return a question of some ten words, one in twenty thousand of them its own."""
    words = f"{draw.choice(OPENINGS)} {draw.choice(VERBS)} {draw.choice(OBJECTS)} {draw.choice(names)}"
    return f"{words} dans mon {draw.choice(PLACES)} avec {draw.choice(OBJECTS)} {draw.choice(names)} ?"


def keystrokes(draw: random.Random, questions: list[tuple[str, str]]) -> list[str]:
    """Return what is in the box after each key, for questions typed from the start and for words from within."""
    typed = []
    for _ in range(60):
        text = draw.choice(questions)[0]
        typed += [text[:length] for length in range(1, len(text))]
        words = " ".join(draw.sample(text.split(), 3))
        typed += [words[:length] for length in range(1, len(words) + 1)]
    return typed


if __name__ == "__main__":
    main()
