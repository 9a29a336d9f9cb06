"""``regulars recommend``: lists with their reasons, for one and for all, and the evaluation behind its first word."""

from __future__ import annotations

import csv
import json
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from regulars.cli import main
from regulars.recommend import evaluation, recommender
from regulars.recommend.rerank import Effort, learn


@pytest.fixture(scope="module")
def file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("shop") / "orders.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(["order_id", "customer_id", "date", "product_id", "title", "quantity", "price"])
        for number in range(400):
            person, day = number % 12, date(2024, 1, 1) + timedelta(days=number // 3)
            for item in {person % 6, (person + number) % 6, 6 + number % 2}:
                out.writerow([number, f"c{person}", day, f"p{item}", f"Thing {item}", 1, "4.50"])
    return path


def run(capsys, *words) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    said = capsys.readouterr()
    return end.value.code or 0, said.out, said.err


def test_one_customer_and_why(capsys, file):
    code, out, _ = run(capsys, "recommend", file, "--customer", "c3", "-k", 3)
    assert code == 0
    assert "You bought this before" in out
    assert len([line for line in out.splitlines() if "Thing" in line]) == 3


def test_json_in_one_document(capsys, file):
    _, out, _ = run(capsys, "recommend", file, "--product", "p1", "-k", 2, "--json", "--no-tuning")
    told = json.loads(out)["answers"]
    assert [answer["slot"] for answer in told] == ["similar", "bought_together"]
    assert all(len(answer["picks"]) == 2 for answer in told)
    _, out, _ = run(capsys, "recommend", file, "--cart", "p1, p2", "-k", 2, "--json", "--no-tuning")
    assert not {"p1", "p2"} & {pick["product_id"] for pick in json.loads(out)["answers"][0]["picks"]}


def test_somebody_unknown_is_told_so(capsys, file):
    _, out, _ = run(capsys, "recommend", file, "--customer", "nobody", "--no-tuning", "--lang", "pl")
    assert "O tym kliencie nic nie wiadomo" in out


def test_everybody_goes_to_a_file(capsys, file, tmp_path):
    out = tmp_path / "lists.parquet"
    code, said, _ = run(capsys, "recommend", file, "--all", "-k", 4, "--out", out, "--no-tuning")
    assert code == 0
    assert str(out) in said
    assert pq.read_table(out).num_rows == 12 * 4


def test_an_index_is_built_and_answers_the_same(capsys, file, tmp_path):
    home, plain = tmp_path / "index", ["--no-tuning", "--json"]
    code, said, _ = run(capsys, "recommend", file, "--index", home, "--no-tuning")
    assert code == 0
    assert Path(said.strip()).parent == home
    rules = tmp_path / "rules.json"
    rules.write_text('{"pin": {"2": "p7"}, "exclude": ["p2"]}', encoding="utf-8")
    by_rules = ["--rules", rules, "--slot", "discover"]
    for question in (["--customer", "c3"], ["--product", "p1"], ["--cart", "p1,p2"], []):
        for more in ([], by_rules if question[:1] == ["--customer"] else by_rules[:2]):
            _, fresh, _ = run(capsys, "recommend", file, *question, *more, *plain)
            _, read, _ = run(capsys, "recommend", "--index", home, *question, *more, "--json")
            told = [json.loads(said)["answers"] for said in (fresh, read)]
            assert len({answer.pop("answer_id") for answers in told for answer in answers}) == 2 * len(
                told[0]
            )
            assert told[0] == told[1]
    _, out, _ = run(capsys, "recommend", "--index", home, "--customer", "c3", "-k", 3)
    assert "You bought this before" in out
    tables = []
    for more in ([], ["--rules", rules]):
        for origin in (["--index", home], [file, "--no-tuning"]):
            run(capsys, "recommend", *origin, *more, "--all", "-k", 4, "--out", tmp_path / "lists.parquet")
            tables.append(pq.read_table(tmp_path / "lists.parquet"))
    assert tables[0] == tables[1] != tables[2] == tables[3]
    _, out, _ = run(capsys, "recommend", file, "--index", home, *plain)
    assert Path(json.loads(out)["index"]).exists()


def test_an_index_that_is_not_there_is_an_error_with_a_hint(capsys, tmp_path):
    code, _, error = run(capsys, "recommend", "--index", tmp_path / "none", "--json")
    assert code != 0
    assert json.loads(error)["code"] == "recommend.index_missing"
    for words in ([], ["--index", tmp_path, "--no-tuning"], ["--index", tmp_path, "--catalogue", "x.csv"]):
        assert run(capsys, "recommend", *words)[0] == 2


def test_rules_and_catalogue_from_files(capsys, file, tmp_path):
    rules, catalogue = tmp_path / "rules.json", tmp_path / "catalogue.csv"
    rules.write_text('{"pin": {"1": "p9"}, "exclude": ["p1"], "most_per_brand": 1}', encoding="utf-8")
    catalogue.write_text(
        "product_id,title,brand\np9,Never sold,Acme\np2,Thing 2,Acme\np3,Thing 3,Leaf\n", encoding="utf-8"
    )
    more = ["--rules", rules, "--catalogue", catalogue, "--no-tuning"]
    code, out, _ = run(capsys, "recommend", file, "--customer", "c3", "-k", 3, *more, "--json")
    (answer,) = json.loads(out)["answers"]
    assert code == 0
    shown = [pick["product_id"] for pick in answer["picks"]]
    assert shown[0] == "p9"
    assert not {"p1", "p2"} & set(shown)
    assert len(answer["answer_id"]) == 32
    _, out, _ = run(capsys, "recommend", file, "-k", 9, *more, "--lang", "pl")
    assert "Wybrane przez sklep" in out
    assert "w granicach na kategorię i markę" in out
    out = tmp_path / "lists.parquet"
    run(capsys, "recommend", file, "--all", "-k", 2, *more, "--out", out)
    told = pq.read_table(out).to_pylist()
    assert all((row["product_id"] == "p9") == (row["place"] == 1) for row in told)


def test_any_slot_by_name(capsys, file):
    words = ["recommend", file, "--no-tuning", "-k", 2, "--json", "--slot"]
    for slot, more in (
        ("discover", ["--customer", "c3"]),
        ("because_viewed", ["--cart", "p1,p2", "--customer", "c3"]),
        ("similar", ["--product", "p1", "--cart", "p2"]),
        ("new_arrivals", []),
    ):
        told = json.loads(run(capsys, *words, slot, *more)[1])["answers"]
        assert [answer["slot"] for answer in told] == [slot]
        assert not {"p1", "p2"} & {pick["product_id"] for pick in told[0]["picks"]} or not more[2:]
    code, _, error = run(capsys, *words, "front_page")
    assert code != 0
    assert "for_you, next_basket, buy_again" in error
    code, _, error = run(capsys, *words, "up_sell")
    assert code != 0
    assert "starts from a product" in error


def test_rules_that_cannot_be_read(capsys, file, tmp_path):
    path = tmp_path / "rules.json"
    assert "cannot be read" in run(capsys, "recommend", file, "--rules", path)[2]
    path.write_text("{\n oops", encoding="utf-8")
    assert "line 2" in run(capsys, "recommend", file, "--rules", path)[2]
    path.write_text('{"pins": {}}', encoding="utf-8")
    assert "Did you mean pin?" in run(capsys, "recommend", file, "--rules", path)[2]


def test_what_contradicts_itself_is_refused(capsys, file, tmp_path):
    for words in (["--customer", "a", "--product", "b"], ["--all"], ["--out", tmp_path / "x.parquet"]):
        code, _, error = run(capsys, "recommend", file, *words)
        assert code == 2
        assert "--" in error


def test_evaluation_prints_its_baselines(capsys, file, tmp_path):
    code, out, _ = run(capsys, "recommend", "evaluate", file, "--days", 14, "--out", tmp_path)
    assert code == 0
    for title in ("For you", "What sold most in the last 14 days", "What each bought most often", "NDCG@10"):
        assert title in out
    told = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert len(told["looks"]) == 2
    _, out, _ = run(capsys, "recommend", "evaluate", file, "--cutoff", "2024-01-01", "--json")
    assert json.loads(out)["unknown"]["code"] == "recommend.nobody_returned"


@pytest.fixture(scope="module")
def due(tmp_path_factory) -> Path:
    """People who use up what they buy at a pace of their own: what the blend cannot say, and trees learn."""
    rng = np.random.default_rng(0)
    path = tmp_path_factory.mktemp("shop") / "due.csv"
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(["order_id", "customer_id", "date", "product_id", "quantity", "price"])
        for person in range(250):
            for item in rng.choice(30, 3, replace=False):
                gap = int(rng.integers(49, 71))
                for day in range(int(rng.integers(gap)), 420, gap):
                    when = date(2024, 1, 1) + timedelta(days=day)
                    out.writerow([f"{person}-{day}", f"c{person}", when, f"p{item}", 1, "4.50"])
            for day, item in zip(rng.integers(420, size=8), rng.integers(30, size=8), strict=True):
                out.writerow(
                    [
                        f"{person}-{day}",
                        f"c{person}",
                        date(2024, 1, 1) + timedelta(days=int(day)),
                        f"p{item}",
                        1,
                        "4.50",
                    ]
                )
    return path


@pytest.fixture
def quick(monkeypatch):
    """Fewer trees: what is learnt is the same."""
    hurried = partial(learn, effort=Effort(windows=4, rounds=60))
    monkeypatch.setattr(recommender, "learn", hurried)
    monkeypatch.setattr(evaluation, "learn", hurried)


@pytest.mark.usefixtures("quick")
def test_re_ranked_lists_for_one_for_all_and_from_an_index(capsys, due, tmp_path):
    home, plain = tmp_path / "index", ["--no-tuning", "--json"]
    _, out, _ = run(capsys, "recommend", due, "--customer", "c3", "--rerank", "--index", home, *plain)
    told = json.loads(out)
    assert told["reranker"]["proof"]["gain"][1] > 0
    assert sum(theme["share"] for theme in told["reranker"]["themes"]) == pytest.approx(1.0)
    _, read, _ = run(capsys, "recommend", "--index", home, "--customer", "c3", "--json")
    assert json.loads(read)["answers"][0]["picks"] == told["answers"][0]["picks"]
    _, blend, _ = run(capsys, "recommend", due, "--customer", "c3", *plain)
    assert "reranker" not in json.loads(blend)
    assert json.loads(blend)["answers"][0]["picks"] != told["answers"][0]["picks"]
    out = tmp_path / "lists.parquet"
    run(capsys, "recommend", "--index", home, "--all", "-k", 10, "--out", out)
    listed = [row["product_id"] for row in pq.read_table(out).to_pylist() if row["customer_id"] == "c3"]
    assert listed == [pick["product_id"] for pick in told["answers"][0]["picks"]]


@pytest.mark.usefixtures("quick")
def test_an_evaluation_shows_the_re_ranker_beside_the_blend(capsys, due, tmp_path):
    words = ["recommend", "evaluate", due, "--cutoff", "2025-01-27", "--rerank", "--out", tmp_path]
    code, out, _ = run(capsys, *words)
    assert code == 0
    for said in ("For you, re-ranked", "For you", "The re-ranker learnt from 4 windows", "goes by"):
        assert said in out
    (look,) = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))["looks"]
    ndcg = {score["name"]: score["ndcg"][0] for score in look["scores"] if score["kind"] == "all"}
    assert ndcg["reranked"] > ndcg["for_you"] + 0.05
    assert look["reranker"]["proof"]["windows"] == 3


def test_why_there_is_no_re_ranker_is_said(capsys, file, tmp_path):
    words = ["recommend", file, "--customer", "c3", "--rerank", "--no-tuning"]
    _, out, _ = run(capsys, *words)
    assert "There are fewer than 3 windows of 28 days" in out
    _, out, _ = run(capsys, *words, "--json")
    assert json.loads(out)["reranker"]["unknown"]["code"] == "recommend.too_few_windows"
    _, out, _ = run(capsys, "recommend", "evaluate", file, "--rerank", "--days", 14, "--out", tmp_path)
    assert "There are fewer than 3 windows of 14 days" in out
    told = json.loads((tmp_path / "evaluation.json").read_text(encoding="utf-8"))
    assert told["looks"][0]["reranker"]["unknown"]["code"] == "recommend.too_few_windows"
    assert run(capsys, "recommend", "--index", tmp_path, "--rerank")[0] == 2


def test_help_tells_of_the_evaluation(capsys):
    assert "recommend evaluate" in run(capsys, "recommend", "--help")[1]
    assert "--cutoff" in run(capsys, "recommend", "evaluate", "--help")[1]


@pytest.fixture(scope="module")
def events(file) -> Path:
    path = file.with_name("events.csv")
    with path.open("w", newline="", encoding="utf-8") as handle:
        out = csv.writer(handle)
        out.writerow(["event_id", "visitor_id", "type", "occurred_at", "product_id"])
        for number in range(1200):
            day = date(2024, 1, 1) + timedelta(days=number // 9)
            for step in range(3):
                at = f"{day} 10:{step:02}:00"
                out.writerow([f"{number}-{step}", f"v{number}", "view", at, f"p{(number + 2 * step) % 8}"])
        out.writerow(["last", "v1", "view", "soon", "p1"])
        out.writerow(["other", "v1", "view", "2024-01-02 10:00", "not ours"])
    return path


def test_what_follows_in_a_session(capsys, file, events):
    _, out, _ = run(
        capsys, "recommend", file, "--events", events, "--session", "p1,p3", "-k", 2, "--json", "--no-tuning"
    )
    (answer,) = json.loads(out)["answers"]
    assert answer["slot"] == "session"
    assert {pick["product_id"] for pick in answer["picks"]} == {"p5", "p7"}
    assert {pick["reason"] for pick in answer["picks"]} == {"because_viewed"}
    _, out, _ = run(capsys, "recommend", file, "--events", events, "--session", "p1", "-k", 2, "--no-tuning")
    assert "Next in this session" in out
    assert (
        "Events set aside: 1; the first: row 3,602: 'soon' in occurred_at is no moment that can be read."
        in out
    )
    assert "Events of products that the shop neither sold nor lists: 1" in out


def test_what_the_next_order_holds(capsys, file):
    _, out, _ = run(
        capsys, "recommend", file, "--customer", "c3", "--slot", "next_basket", "-k", 2, "--no-tuning"
    )
    assert "In the next order" in out


def test_sessions_are_evaluated(capsys, file, events, tmp_path):
    code, out, _ = run(
        capsys, "recommend", "evaluate", file, "--events", events, "--cutoff", "2024-04-15", "--out", tmp_path
    )
    assert code == 0
    assert "Sessions from Apr 15, 2024 on" in out
    for name in (
        "Similar past sessions",
        "Neighbours of the last product",
        "What was viewed most in the last 14 days",
    ):
        assert name in out
    (look,) = json.loads((tmp_path / "evaluation.json").read_text())["sessions"]["looks"]
    scores = {score["name"]: score for score in look["scores"]}
    assert scores["session"]["mrr"][0] > scores["popularity"]["mrr"][0]
    assert look["cutoff"] == "2024-04-15"


def test_an_index_needs_no_events_to_answer(capsys, file, events, tmp_path):
    run(capsys, "recommend", file, "--events", events, "--index", tmp_path, "--no-tuning")
    _, out, _ = run(capsys, "recommend", "--index", tmp_path, "--session", "p1,p3", "-k", 2, "--json")
    assert {pick["product_id"] for pick in json.loads(out)["answers"][0]["picks"]} == {"p5", "p7"}
    code, _, err = run(capsys, "recommend", "--index", tmp_path, "--events", events, "--session", "p1")
    assert code == 2
    assert "--events need ORDERS" in err
