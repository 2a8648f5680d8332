"""The four commands, as an engineer types them: what they print, what they leave, and how they end."""

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from evaluation import commands
from evaluation.cli import main
from evaluation.report.answer_map import project
from indexer.index.index import Index
from indexer.records import Status
from indexer.terminal import DONE, FAILED, FOUND
from tests.corpora import ANSWERS
from tests.fakes import FakeEncoder

HOSTILE = "<script>alert('905 & 413')</script> $x$ certificat ?"


@pytest.fixture(autouse=True)
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder, with the fake encoder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "load_configured_encoder", lambda _: FakeEncoder())
    return tmp_path


def write_set(folder: Path, *, questions: Sequence[tuple[str, str]]) -> Path:
    """Write a BEIR folder; questions: text, and the answer that is expected, empty if none is."""
    (folder / "qrels").mkdir(parents=True)
    with (folder / "queries.jsonl").open("w") as queries, (folder / "qrels" / "test.tsv").open("w") as qrels:
        qrels.write("query-id\tcorpus-id\tscore\n")
        for number, (text, answer) in enumerate(questions):
            metadata = {"style": ("formal", "typos")[number % 2], "kind": "in_scope" if answer else "near_domain"}
            queries.write(json.dumps({"_id": f"q{number}", "text": text, "metadata": metadata}) + "\n")
            if answer:
                qrels.write(f"q{number}\t{answer}\t1\n")
    return folder


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    """A set of which most is answered right, some of it wrong, and one question is hostile."""
    questions = [(question, answer.id) for answer in ANSWERS for question in answer.questions]
    questions += [(answer.text.split(".")[0], answer.id) for answer in ANSWERS]
    questions += [(HOSTILE, "types-de-bal"), ("Quel temps fait-il à Brest ?", ""), ("Où manger une pizza ?", "")]
    return write_set(tmp_path / "faq", questions=questions)


def reverse_rankings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Break the ranking: from now on an index returns its worst answers first."""
    search = Index.search

    def broken(*arguments: object, **named: object) -> object:
        every = search(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came
        return (replace(found, hits=tuple(reversed(found.hits))) for found in every)

    monkeypatch.setattr(Index, "search", broken)


def say_of_all(status: Status, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on an index gives everything as of this status."""
    search = Index.search

    def said(*arguments: object, **named: object) -> object:
        every = search(*arguments, **named)  # type: ignore[arg-type]  # passed on as they came
        return (replace(found, status=status) for found in every)

    monkeypatch.setattr(Index, "search", said)


def test_run_prints_the_table_and_leaves_the_files(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The table has every metric with its interval, and the groups; nothing goes to stderr off a terminal."""
    assert main(["run", str(queries), "--index", str(small_index), "--out", "run"]) == DONE
    printed = capsys.readouterr()
    assert printed.err == ""
    assert re.search(r"^nDCG@10 +0\.\d{3} +0\.\d{3} to [01]\.\d{3} +\d+ ", printed.out, re.MULTILINE)
    assert re.search(r"^typos +\d+ ", printed.out, re.MULTILINE)
    # Questions of a batch are asked together: the percentiles are not of how long one alone takes.
    assert re.search(
        r"^took p50 .* ms a question, as its share of a batch; \d+ questions/s$", printed.out, re.MULTILINE
    )
    assert {file.name for file in Path("run").iterdir()} == {
        *("run.json", "results.jsonl", "results.csv", "run.trec", "summary.json")
    }


def test_run_prints_one_json_document(queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same as summary.json, strict JSON: what does not exist is null."""
    assert main(["run", str(queries), "--index", str(small_index), "--out", "run", "--json"]) == DONE
    printed = capsys.readouterr().out
    assert printed == Path("run/summary.json").read_text()
    summary = json.loads(printed, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert summary["metrics"]["refused"]["count"] == 2
    assert summary["groups"]["thematique"]["Certificats"]["count"] == 3
    assert sum(group["count"] for group in summary["groups"]["style"].values()) == summary["info"]["queries"]


def test_run_of_unjudged_questions_says_what_would_be_answered(
    small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No metric is made up."""
    Path("questions.txt").write_text("Un certificat ?\nBonjour\n")
    assert main(["run", "questions.txt", "--index", str(small_index), "--json"]) == DONE
    said = capsys.readouterr()
    summary = json.loads(said.out)
    assert (summary["unjudged"], summary["metrics"]) == (2, {})
    assert main(["report", said.err.strip(), "--index", str(small_index)]) == DONE


def test_sets_of_one_name_have_runs_of_their_own(
    small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever they lie, the current folder among them; the same set has the same place again, which is printed."""
    for place in ("a", "b"):
        write_set(Path(place, "faq"), questions=[(f"Un certificat {place} ?", "")])
    monkeypatch.chdir("a/faq")
    printed = []
    for path in (".", "../../b/faq", "../faq"):
        assert main(["run", path, "--index", str(small_index)]) == DONE
        printed.append(capsys.readouterr().out.splitlines()[-1])
    assert printed[0] == printed[2] != printed[1]
    assert {Path(folder).parent for folder in printed} == {Path("build/evaluation/runs")}
    assert all(Path(folder).name.startswith("faq-") for folder in printed)
    assert {file.name for file in Path("build/evaluation/runs").iterdir()} == {Path(folder).name for folder in printed}


@pytest.mark.parametrize("out", [".", "notes"])
def test_files_of_the_users_are_not_replaced(out: str, small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A folder that is no run keeps what is in it, the query set above all."""
    Path("results.csv").write_text("id,question\n1,Un certificat ?\n")
    Path("notes").mkdir()
    Path("notes/run.json").write_text('{"of": "mine"}')
    Path("notes/summary.json").write_text("{}")
    before = {file: file.read_bytes() for file in Path().rglob("*") if file.is_file()}
    assert main(["run", "results.csv", "--out", out, "--index", str(small_index)]) == FAILED
    assert "Choose another --out" in capsys.readouterr().err
    assert {file: file.read_bytes() for file in Path().rglob("*") if file.is_file()} == before


def test_a_run_is_not_asked_into_its_own_folder(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Its table of results may be a query set, but not one that replaces itself."""
    Path("questions.txt").write_text("Un certificat ?\n")
    assert main(["run", "questions.txt", "--out", "run", "--index", str(small_index)]) == DONE
    before = Path("run/results.csv").read_bytes()
    assert main(["run", "run/results.csv", "--out", "run", "--index", str(small_index)]) == FAILED
    assert "holds the query set" in capsys.readouterr().err
    assert Path("run/results.csv").read_bytes() == before


def test_a_corpus_beside_the_queries_is_indexed_once(
    queries: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without --index, the answers that came with the queries are what is asked."""
    with (queries / "corpus.jsonl").open("w") as corpus:
        for answer in ANSWERS:
            corpus.write(json.dumps({"_id": answer.id, "title": "", "text": answer.text}) + "\n")
    encoder = FakeEncoder()
    monkeypatch.setattr(commands, "load_configured_encoder", lambda _: encoder)
    targets = []
    for _ in range(2):
        assert main(["run", str(queries), "--json"]) == DONE
        targets.append(json.loads(capsys.readouterr().out)["info"]["target"])
    assert targets[0] == targets[1]
    assert targets[0]["answers"] == len(ANSWERS)
    assert encoder.encoded.count(ANSWERS[3].text) == 1


def test_mistakes_of_a_set_end_the_command_with_2(small_index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """They are listed with file and line, on stderr; so is a set that is not there, or an index."""
    folder = write_set(Path("faux"), questions=[("Un ?", "perdue"), ("Deux ?", "perdue-aussi")])
    assert main(["run", str(folder), "--index", str(small_index)]) == FAILED
    error = capsys.readouterr().err
    assert "faux/qrels/test.tsv:2: there is no answer with the id 'perdue'\n" in error
    assert "faux/qrels/test.tsv:3: there is no answer with the id 'perdue-aussi'\n" in error
    assert "2 to correct" in error
    assert main(["run", "absent"]) == FAILED
    assert main(["run", str(folder)]) == FAILED
    assert "d'index dans build/index" in capsys.readouterr().err


def test_a_shipped_ranking_passes_the_gate_and_a_broken_one_fails(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Accepted, the same thing passes; with the ranking reversed, each broken bound has its line."""
    index = ["--index", str(small_index), "--baseline", "baseline.json"]
    assert main(["gate", queries.name, "--accept", *index]) == DONE
    baseline = json.loads(Path("baseline.json").read_text())["query_sets"]["faq"]
    assert baseline["info"]["target"]["encoder_fingerprint"] == FakeEncoder().fingerprint
    assert len(baseline["info"]["target"]["corpus_hash"]) == len(baseline["info"]["query_set_sha256"]) == 64
    assert Path("baseline.json").stat().st_size < 5000
    assert main(["gate", *index]) == DONE
    capsys.readouterr()
    reverse_rankings(monkeypatch)
    assert main(["gate", *index]) == FOUND
    lines = capsys.readouterr().out.splitlines()
    found = [
        re.match(r"faq: (\S+) is [\d.]+, (below|above) the bound [\d.]+ of the accepted [\d.]+$", line)
        for line in lines
    ]
    broken = {match[1]: match[2] for match in found if match}
    assert {"Success@1": "below", "nDCG@10": "below", "false_answers": "above"}.items() <= broken.items()


def test_an_index_that_answers_nothing_fails_the_gate(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of its answers is wrong, which is no mistake of the measurement, and what it lacks is told."""
    index = ["--index", str(small_index), "--baseline", "baseline.json"]
    assert main(["gate", queries.name, "--accept", *index]) == DONE
    baseline = json.loads(Path("baseline.json").read_text())["query_sets"]["faq"]
    assert baseline["metrics"]["false_answers"]["count"] > 1
    say_of_all(Status.NO_ANSWER, monkeypatch)
    capsys.readouterr()
    assert main(["gate", *index]) == FOUND
    printed = capsys.readouterr().out
    assert "faq: answered is 0.0000, below the bound" in printed
    assert "false_answers" not in printed


def test_runs_of_other_depths_are_not_compared(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Average precision grows with the hits that are looked at: no index is the better for it."""
    index = ["--index", str(small_index)]
    assert main(["run", str(queries), *index, "--out", "a"]) == DONE
    assert main(["run", str(queries), *index, "--out", "b", "--limit", "50"]) == DONE
    assert main(["gate", queries.name, *index, "--baseline", "baseline.json", "--accept"]) == DONE
    capsys.readouterr()
    assert main(["compare", "a", "b"]) == FAILED
    assert "a asked for 10 hits a question and b for 50" in capsys.readouterr().err
    assert main(["gate", *index, "--baseline", "baseline.json", "--limit", "50"]) == FAILED
    assert "give --limit 10, or accept it anew" in capsys.readouterr().err


def test_the_gate_ends_with_2_where_it_cannot_measure(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No baseline, no index, other queries than accepted, or a set that was never accepted: never a silent pass."""
    index = ["--index", str(small_index), "--baseline", "baseline.json"]
    assert main(["gate", *index]) == FAILED
    assert main(["gate", "--accept", *index]) == FAILED
    assert main(["gate", str(queries), "--accept", *index]) == DONE
    assert main(["gate", "--baseline", "baseline.json"]) == FAILED
    assert main(["gate", "other", *index]) == FAILED
    with (queries / "qrels" / "test.tsv").open("a") as qrels:
        qrels.write("q0\tsans-question\t1\n")
    first = write_set(queries.parent / "avant", questions=[("Un certificat ?", "validite-certificat")])
    assert main(["gate", str(first), "--accept", *index]) == DONE
    capsys.readouterr()
    assert main(["gate", *index]) == FAILED
    printed = capsys.readouterr()
    assert "is not the query set that was accepted" in printed.err
    assert printed.out == ""  # told before the first is asked
    Path("baseline.json").write_text("{}")
    assert main(["gate", *index]) == FAILED


def test_compare_pairs_questions(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two equal runs show no difference; against a broken one the losses are counted and the worst questions shown."""
    run = ["run", str(queries), "--index", str(small_index), "--json", "--out"]
    assert main([*run, "a"]) == main([*run, "b"]) == DONE
    reverse_rankings(monkeypatch)
    assert main([*run, "c"]) == DONE
    capsys.readouterr()
    assert main(["compare", "a", "b", "--json"]) == DONE
    same = json.loads(capsys.readouterr().out)
    assert {(one["difference"], one["p"], one["wins"], one["losses"]) for one in same["differences"]} == {(0, 1, 0, 0)}
    assert same["changes"] == []
    assert main(["compare", "a", "c", "--json", "--changes", "2"]) == DONE
    other = json.loads(capsys.readouterr().out)
    lines = (Path(name, "results.jsonl").read_text(encoding="utf-8").splitlines() for name in "ac")
    results = [[json.loads(line)["metrics"].get("nDCG@10") for line in some] for some in lines]
    pairs = [(before, after) for before, after in zip(*results, strict=True) if before is not None]
    ndcg = next(one for one in other["differences"] if one["metric"] == "nDCG@10")
    assert ndcg["difference"] == pytest.approx(np.mean([after - before for before, after in pairs]))
    assert ndcg["losses"] == sum(after < before for before, after in pairs)
    assert ndcg["p"] <= ndcg["p_holm"]
    assert len(other["changes"]) == 2
    assert other["changes"][0]["difference"] == pytest.approx(min(after - before for before, after in pairs))
    assert main(["compare", "a", "c"]) == DONE
    printed = capsys.readouterr().out
    assert re.search(r"^nDCG@10 +[\d.]+ +[\d.]+ +-0\.\d{3} +-0\.\d{3} to ", printed, re.MULTILINE)
    assert "expected: validite-certificat" in printed


def test_runs_of_different_queries_are_not_compared(
    queries: Path, small_index: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It says which is which."""
    other = write_set(Path("autre"), questions=[("Un certificat ?", "validite-certificat")])
    for folder, out in ((queries, "a"), (other, "b")):
        assert main(["run", str(folder), "--index", str(small_index), "--out", out]) == DONE
    assert main(["compare", "a", "b"]) == FAILED
    assert "a is a run of faq" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "value", "needed"),
    [
        ("--limit", "abc", "a whole number from 10 to 50: the metrics look at 10 hits"),
        ("--limit", "9", "a whole number from 10 to 50: the metrics look at 10 hits"),
        ("--limit", "51", "a whole number from 10 to 50: the metrics look at 10 hits"),
        ("--concurrency", "0", "a whole number from 1 up"),
        ("--changes", "0", "a whole number from 1 up"),
        ("--changes", "1.5", "a whole number from 1 up"),
    ],
)
def test_an_option_says_what_it_needs(option: str, value: str, needed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the value that it was given."""
    command = ["compare", "a", "b"] if option == "--changes" else ["run", "faq"]
    with pytest.raises(SystemExit) as ended:
        main([*command, option, value])
    assert ended.value.code == FAILED
    assert f"argument {option}: '{value}' is not {needed}\n" in capsys.readouterr().err


class Page(HTMLParser):
    """What a browser would make of a page: its tags, the addresses it would fetch, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.names: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attributes if name in ("src", "href")]
        self.names += [value or "" for name, value in attributes if name == "id"]
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.slow
def test_the_report_is_one_page_that_stands_alone(queries: Path, small_index: Path) -> None:
    """Well-formed, no script, nothing fetched, users' text as text; figures are images inside; the same each time."""
    assert main(["run", str(queries), "--index", str(small_index), "--out", "run"]) == DONE
    report = ["report", "run", "--index", str(small_index)]
    assert main([*report, "--picture", "images/report.png"]) == DONE
    text = Path("run/report.html").read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert HOSTILE in page.text
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert "@import" not in text
    assert "url(" not in text
    assert all(address.startswith("#") for address in page.addresses)
    assert {f"#{name}" for name in page.names} >= set(page.addresses)
    assert page.tags.count("figure") == 3
    for expected in ("nDCG@10", "false_answers", "AURC", "near_domain", "Certificats", "Pairs that are confused"):
        assert expected in page.text
    assert Path("images/report.png").read_bytes().startswith(b"\x89PNG")
    assert main(report) == DONE
    assert Path("run/report.html").read_text(encoding="utf-8") == text


@pytest.mark.slow
def test_two_runs_have_one_page(queries: Path, small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What got better and worse by question, with the names of answers; nothing fetched, users' text as text."""
    run = ["run", str(queries), "--index", str(small_index), "--json", "--out"]
    assert main([*run, "a"]) == DONE
    reverse_rankings(monkeypatch)
    assert main([*run, "b"]) == DONE
    assert main(["compare", "a", "b", "--out", "seite/compare.html", "--index", str(small_index)]) == DONE
    page = Page(Path("seite/compare.html").read_text(encoding="utf-8"))
    assert page.open == []
    assert "B is worse" in page.text
    assert "The right answer is not first any more" in page.text
    assert "Combien de temps un certificat est-il valable" in page.text
    assert all(address.startswith("#") for address in page.addresses)
    assert main(["compare", "a", "a", "--out", "same.html"]) == DONE
    assert "No question fares otherwise" in Path("same.html").read_text(encoding="utf-8")


@pytest.mark.slow
def test_more_wrong_answers_given_as_sure_are_no_gain(small_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Though more is answered; nor are fewer a loss."""
    write_set(Path("faux"), questions=[(f"Un certificat valable {at} ans ?", "sans-question") for at in range(12)])
    run = ["run", "faux", "--index", str(small_index), "--out"]
    for name, status in (("doubt", Status.UNCERTAIN), ("sure", Status.ANSWERED)):
        say_of_all(status, monkeypatch)
        assert main([*run, name]) == DONE
    for pair, verdict in (
        (("doubt", "sure"), "B is worse: wrong answers not given as sure fell by more than chance"),
        (("sure", "doubt"), "B is better: wrong answers not given as sure rose by more than chance"),
    ):
        assert main(["compare", *pair, "--out", "page.html"]) == DONE
        assert verdict in Page(Path("page.html").read_text(encoding="utf-8")).text


@pytest.mark.slow
def test_a_page_of_two_runs_that_nobody_judged_lets_none_serve(small_index: Path) -> None:
    """Of what is not judged nothing got worse, and nothing better either."""
    Path("questions.txt").write_text("Un certificat ?\nBonjour\n")
    for name in "ab":
        assert main(["run", "questions.txt", "--index", str(small_index), "--out", name]) == DONE
    assert main(["compare", "a", "b", "--out", "page.html"]) == DONE
    text = Page(Path("page.html").read_text(encoding="utf-8")).text
    assert "Say which answers are expected (qrels, or a column expected), and run both again." in text
    assert "may serve" not in text


@pytest.mark.slow
def test_a_report_without_its_index_says_so(queries: Path, small_index: Path) -> None:
    """It has all but the map."""
    assert main(["run", str(queries), "--index", str(small_index), "--out", "run"]) == DONE
    info = json.loads(Path("run/run.json").read_text())
    info["target"]["index_id"] = "20200101-000000-000-00000000"
    Path("run/run.json").write_text(json.dumps(info))
    assert main(["report", "run", "--out", "page.html"]) == DONE
    page = Page(Path("page.html").read_text(encoding="utf-8"))
    assert "was not found, so there is no map" in page.text
    assert page.tags.count("figure") == 2


@pytest.mark.parametrize("counts", [(1, 0), (2, 0), (4, 3), (40, 20)])
def test_a_map_has_a_place_for_everything(counts: tuple[int, int]) -> None:
    """However few there are; the same each time."""
    generator = np.random.default_rng(0)
    answers, questions = (generator.standard_normal((count, 8)).astype(np.float32) for count in counts)
    first, second = project(answers, questions), project(answers, questions)
    for places, again, count in zip(first, second, counts, strict=True):
        assert places.shape == (count, 2)
        assert np.isfinite(places).all()
        assert np.array_equal(places, again)
