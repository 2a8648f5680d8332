"""The whole teaching of an encoder, on a model of a few thousand numbers and questions made up here."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from indexer.encoders.bundled.adapter import Adapter
from indexer.encoders.bundled.model_files import wheel_names
from indexer.records import Vectors
from training.cli import main
from training.encoder.batches import Batches
from training.encoder.judging import ReadSet, difference, judge
from training.encoder.network import Network, sentence_spans
from training.encoder.plan import Plan
from training.encoder.questions import join, read_folder
from training.encoder.scales import change_between, changed
from training.encoder.teaching import teach

TOPICS = ("certificat", "carte", "compte", "adresse", "facture", "retard", "colis", "badge", "contrat", "serveur")
ACTS = ("perdre", "renouveler", "payer", "changer", "fermer", "ouvrir")
ANSWERS = ("égaré", "prolongé", "réglé", "modifié", "clos", "créé")
PLAN = (
    *("--steps", "24", "--pairs", "8", "--judge-every", "8", "--rate", "0.1", "--share", "1.0", "--warm-up", "2"),
    *("--from-layer", "0", "--kept-weight", "0", "--restyled", "0.1"),
)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A BEIR folder where each answer says in other words what its question asks."""
    folder = tmp_path_factory.mktemp("sets") / "toy"
    (folder / "qrels").mkdir(parents=True)
    corpus, queries, right = [], [], ["query-id\tcorpus-id\tscore"]
    for topic in TOPICS:
        for act, done in zip(ACTS, ANSWERS, strict=True):
            name, said = f"{topic}-{act}", f"Le {topic} est {done} au guichet."
            corpus.append({"_id": name, "title": "", "text": f"Voici la règle. {said} Le service répond le lundi."})
            about = {"answer": said, "style": "autonome"}
            queries.append({"_id": name, "text": f"Comment {act} mon {topic} ?", "metadata": about})
            right.append(f"{name}\t{name}\t1")
    queries.append({"_id": "unclear", "text": "Et là ?", "metadata": {"style": "contextuelle"}})
    right.append(f"unclear\t{TOPICS[0]}-{ACTS[0]}\t1")
    for name, rows in (("corpus", corpus), ("queries", queries)):
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        (folder / f"{name}.jsonl").write_text("\n".join(lines), encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("\n".join(right), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory, questions: Path) -> Path:
    """A folder with a BERT of two layers and a tokenizer of whole words."""
    folder = tmp_path_factory.mktemp("model")
    read = read_folder(questions)
    texts = [*read.answers, *(question.text for question in read.questions)]
    words = sorted({word for text in texts for word in text.split()} | {"query:", "passage:"})
    vocabulary = {word: at for at, word in enumerate(["<pad>", "<unk>", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    fast = transformers.PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # has no types
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>"
    )
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    configuration = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=32, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64,
        max_position_embeddings=64, pad_token_id=0, initializer_range=0.2,
    )  # fmt: skip
    transformers.BertModel(configuration).save_pretrained(folder)
    return folder


def command(questions: Path, model: Path, out: Path, *more: str) -> list[str]:
    """Return the words of a command whose end is chosen by what it teaches: whether it learns at all."""
    files = ["--out", str(out / "adapter.npz"), "--card", str(out / "card.md"), "--work", str(out / "work")]
    return [
        "encoder",
        *("--data", str(questions)),
        *("--choose-by", str(questions)),
        *files,
        "--model",
        str(model),
        *PLAN,
        *more,
    ]


def test_what_is_taught_is_found_better_and_the_same_again(
    questions: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same command makes the same bytes, and a card that says what was gained without telling folders."""
    for name in ("one", "two"):
        assert main(command(questions, model, tmp_path / name)) == 0
    assert "tells what it gained" in capsys.readouterr().out
    first, second = (tmp_path / name / "adapter.npz" for name in ("one", "two"))
    assert first.read_bytes() == second.read_bytes()
    adapter = Adapter.load(first)
    assert {name.split(".")[0] for name in adapter.scales} == {"l0", "l1"}
    card = (tmp_path / "one" / "card.md").read_text(encoding="utf-8")
    assert "python -m training encoder --data toy --choose-by toy" in card
    assert adapter.sha256 in card
    assert str(tmp_path) not in card
    before, after = next(line for line in card.splitlines() if line.startswith("| toy (chose")).split("|")[2].split("→")
    assert float(after) > float(before) + 0.05


def test_a_teaching_is_taken_up_where_it_was_cut_off(questions: Path, model: Path, tmp_path: Path) -> None:
    """Cut off at any step, the same plan ends at the same numbers; another plan is refused."""
    read = read_folder(questions)
    plan = Plan(steps=12, pairs=8, judge_every=4, rate=0.1, share=1.0, warm_up=2)

    def taught(file: str, *, cut_at: str = "never") -> dict[str, Vectors]:
        def say(line: str) -> None:
            if line.startswith(cut_at):
                raise KeyboardInterrupt

        return teach(Network(model), read, [], [read], plan, state_file=tmp_path / file, say=say).best_change

    whole = taught("whole.pt")
    with pytest.raises(KeyboardInterrupt):
        taught("cut.pt", cut_at="step 7")
    resumed = taught("cut.pt")
    for name, change in whole.items():
        np.testing.assert_array_equal(resumed[name], change)
    plan = Plan(steps=13, pairs=8)
    with pytest.raises(ValueError, match="of another plan"):
        taught("cut.pt")


def test_questions_stay_as_near_to_one_another(questions: Path, model: Path, tmp_path: Path) -> None:
    """Their cosines move less where these are held."""
    read = read_folder(questions)
    texts = [question.text for question in read.questions]
    kept = [[one, other] for one, other in zip(texts[::2], texts[1::2], strict=True)]

    def moved(weight: float) -> float:
        network = Network(model)
        asked = network.read(texts, are_questions=True, most_tokens=64)
        before = network.encode(asked)
        plan = Plan(steps=8, pairs=8, judge_every=8, rate=0.1, share=1.0, warm_up=2, kept_weight=weight)
        progress = teach(network, read, kept, [read], plan, state_file=tmp_path / f"{weight}.pt", say=lambda _: None)
        with network.moved(progress.best_change):
            after = network.encode(asked)
        return float(np.abs(after @ after.T - before @ before.T).mean())

    assert moved(1.0) < moved(0.0) / 2


def test_read_once_or_at_once(questions: Path, model: Path) -> None:
    """The states are those of transformers from end to end, whatever else is in a batch."""
    texts = list(read_folder(questions).answers[:20])
    network = Network(model, from_layer=1)
    vectors = network.encode(network.read(texts, are_questions=False, most_tokens=64))
    whole = transformers.AutoModel.from_pretrained(model).eval()
    tokenizer = transformers.PreTrainedTokenizerFast.from_pretrained(model)
    for text, vector in zip(texts, vectors, strict=True):
        with torch.no_grad():
            states = whole(**tokenizer(f"passage: {text}", return_tensors="pt")).last_hidden_state[0]
        expected = states.mean(0).numpy()
        assert vector @ expected / np.linalg.norm(expected) > 0.999


def test_a_sentence_is_where_its_tokens_are(model: Path) -> None:
    """A sentence has the tokens that stand in it, none of the prompt's."""
    text = "Voici la règle. Le service répond le lundi."
    read = Network(model).read([text], are_questions=False, most_tokens=64)
    assert sentence_spans(read, [text]) == [(0, 1, 4, 0, 15), (0, 4, 9, 16, 43)]


def test_nearest_of_its_questions_is_how_near_an_answer_is(questions: Path, model: Path) -> None:
    """Curated questions stand for their answer: asked word for word, each comes first."""
    read = read_folder(questions)
    texts = [question.text for question in read.questions]
    curated = replace(read, curated=tuple((texts[row - 1] + " ?", text) for row, text in enumerate(texts)))
    judged = judge(Network(model), ReadSet.read(Network(model), curated, most_tokens=64))
    assert judged.first_right.mean() == 1.0
    assert difference(judged.ndcg, judged.ndcg).high == 0.0


def test_a_batch_has_an_answer_once_and_its_neighbours(questions: Path) -> None:
    """Those that search confuses are asked about together."""
    read = read_folder(questions)
    near = np.array([[row ^ 1] for row in range(len(read.answers))])
    batch = next(iter(Batches(read.questions, near, size=8, neighbourhood=2)))
    rows = [row for _, row in batch]
    assert len(set(rows)) == 8
    assert all(row ^ 1 in rows for row in rows)
    assert all(row in question.right for question, row in batch)


def test_what_is_held_out_is_not_taught(questions: Path) -> None:
    """The last answers with their questions; a question without context is in neither; joined, rows are shifted."""
    read = read_folder(questions)
    assert len(read.questions) == len(TOPICS) * len(ACTS)
    taught, held_out = read.split(0.25)
    assert [len(part.answers) for part in (taught, held_out)] == [45, 15]
    assert not {one.text for one in taught.questions} & {one.text for one in held_out.questions}
    thinned = read.thinned(4)
    assert thinned.answers == read.answers[::4]
    assert {read.answers.index(thinned.answers[one.right[0]]) % 4 for one in thinned.questions} == {0}
    joined = join([taught, held_out])
    assert joined.answers == read.answers
    assert [one.right for one in joined.questions] == [one.right for one in read.questions]


def test_an_adapter_scales_the_blocks_and_survives_its_file(tmp_path: Path) -> None:
    """What is read back is the share that was asked for, to the precision of float16; the same numbers, same bytes."""
    long, short = next(iter(wheel_names().items()))
    before = {short: np.full((384, 12), 0.01, np.float16)}
    change = {long: np.random.default_rng(1).normal(0, 0.1, (384, 12)).astype(np.float32)}
    after = changed(before, change, share=0.5)
    for name in ("adapter.npz", "again.npz"):
        Adapter.save(after, tmp_path / name)
    assert (tmp_path / "adapter.npz").read_bytes() == (tmp_path / "again.npz").read_bytes()
    read = Adapter.load(tmp_path / "adapter.npz")
    np.testing.assert_allclose(change_between(before, dict(read.scales))[long], change[long] / 2, atol=1e-3)


@pytest.mark.parametrize("missing", [("--data", "nowhere"), ("--choose-by", "nowhere")])
def test_a_folder_that_is_not_there_is_told(
    missing: Sequence[str], questions: Path, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written."""
    assert main(command(questions, model, tmp_path / "out", *missing)) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out" / "adapter.npz").exists()
