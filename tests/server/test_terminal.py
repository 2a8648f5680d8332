"""What `ask` prints for a person."""

from indexer.records import Answer, Excerpt, Hit, IndexInfo, Reply, Status
from server.terminal import render_reply

NO_BREAK = "\u00a0"


def a_hit(name: str, text: str, *, rank: int = 1, near: str | None = None) -> Hit:
    """A hit on an answer of two lines, whose first matched."""
    return Hit(
        Answer(name, f"{text}\nLa suite."),
        rank=rank,
        score=1.0,
        confidence=0.984,
        is_shown=True,
        passage=Excerpt(text, 0, len(text)),
        matched_question=near,
        dense=0.9,
        lexical=9.0,
        weighed=(),
    )


def a_reply(status: Status, *hits: Hit, **more: object) -> Reply:
    """A reply of a small index."""
    return Reply("1" * 32, status, hits[0].confidence, hits, {}, IndexInfo("i", "e", 2), 1.0, **more)  # type: ignore[arg-type]  # fields of Reply


def test_a_question_has_its_answer_whole_and_others_by_a_sentence() -> None:
    """The percentage is written as French does."""
    reply = a_reply(Status.ANSWERED, a_hit("un", "Trois ans."), a_hit("deux", "Deux ans.", rank=2))
    assert render_reply(reply, width=80).replace(NO_BREAK, " ").split("\n") == [
        "Réponse très probable (confiance 98 %)",
        "",
        "1. un  ·  confiance 98 %",
        "   Trois ans.",
        "   La suite.",
        "",
        "2. deux  ·  confiance 98 %",
        "   Deux ans.",
    ]


def test_each_of_several_questions_has_its_answer() -> None:
    """The best of each stands whole under the question; one that is refused has the sentence that comes nearest."""
    others = (
        a_reply(Status.UNCERTAIN, a_hit("deux", "Au guichet."), a_hit("trois", "Au port.", rank=2)),
        a_reply(Status.NO_ANSWER, a_hit("trois", "Au port.")),
    )
    reply = a_reply(
        Status.ANSWERED,
        a_hit("un", "Trois ans."),
        a_hit("quatre", "Rien.", rank=2),
        asked="Combien de temps ?",
        also_asked=("Où aller ?", "Quel bateau prendre ?"),
        also_found=others,
    )
    assert render_reply(reply, width=80).replace(NO_BREAK, " ").split("\n") == [
        "Vous demandez : Combien de temps ?",
        "Réponse très probable (confiance 98 %)",
        "",
        "1. un  ·  confiance 98 %",
        "   Trois ans.",
        "   La suite.",
        "",
        "Vous demandez aussi : Où aller ?",
        "À vérifier (confiance 98 %)",
        "",
        "1. deux  ·  confiance 98 %",
        "   Au guichet.",
        "   La suite.",
        "",
        "Vous demandez aussi : Quel bateau prendre ?",
        "Je n'ai pas trouvé de réponse sûre ; voici ce qui s'en approche le plus",
        "(confiance 98 %)",
        "",
        "1. trois  ·  confiance 98 %",
        "   Au port.",
    ]


def test_no_line_begins_with_a_sign() -> None:
    """« ? » and « : » stay with the word before them, whatever the width."""
    for width in range(20, 80):
        reply = a_reply(Status.ANSWERED, a_hit("un", "Dit-on « oui » : tout va bien.", near="Combien de jours ?"))
        lines = render_reply(reply, width=width).split("\n")
        assert not [line for line in lines if line.lstrip(" ")[:1] in ("?", ":", "»")], width


def test_an_answer_cannot_command_the_terminal() -> None:
    """Escapes are shown as what they are not."""
    assert "\x1b" not in render_reply(a_reply(Status.ANSWERED, a_hit("un", "\x1b[2J")), width=80)
