"""What the recommender's verbs show a person: answers with their reasons, and how good earlier ones would have been."""

from __future__ import annotations

from regulars.cli.present import Screen
from regulars.cli.terminal import Column
from regulars.kit.i18n import Phrase, mark
from regulars.kit.unknown import Unknown
from regulars.numeric.ranking import Interval
from regulars.recommend import Answer, Evaluation, Reranker
from regulars.recommend.answers import sentence
from regulars.recommend.carts import TITLES as CART_TITLES
from regulars.recommend.evaluation import TITLES, Look
from regulars.recommend.rerank import Learnt
from regulars.recommend.session_evaluation import TITLES as SESSION_TITLES
from regulars.recommend.session_evaluation import SessionEvaluation, SessionLook
from regulars.report.model import Sentence
from regulars.report.speech import Speech

SLOTS = {
    "for_you": mark("For you"),
    "next_basket": mark("In the next order"),
    "buy_again": mark("Buy again"),
    "discover": mark("New to them"),
    "similar": mark("Similar"),
    "because_viewed": mark("After what was viewed"),
    "session": mark("Next in this session"),
    "bought_together": mark("Bought together"),
    "cart": mark("To complete the cart"),
    "cross_sell": mark("From other categories"),
    "up_sell": mark("A step up"),
    "trending": mark("Popular right now"),
    "new_arrivals": mark("New in the shop"),
}
KINDS = {"all": mark("all"), "new": mark("new to them"), "repeat": mark("bought before")}


def answer(screen: Screen, found: Answer, titles: dict[str, str | None]) -> None:
    """Print one list with the reason of each place."""
    speech = screen.speech
    screen.heading(SLOTS[found.slot])
    for told in (*([] if found.fallback is None else [found.fallback]), *found.notes):
        screen.line(told)
    columns = (
        Column(mark("Place")),
        Column(mark("Product"), numeric=False),
        Column(mark("Title"), numeric=False, spare=2),
        Column(mark("Why"), numeric=False, spare=1),
    )
    rows = [
        (speech.count(place), pick.product_id, pick.title or "", sentence(pick, titles, speech.t))
        for place, pick in enumerate(found.picks, start=1)
    ]
    screen.table(columns, rows)


def reranker(screen: Screen, found: Reranker | Unknown | None) -> None:
    """Print what a re-ranker proved, or why there is none; nothing where it was not asked for."""
    if isinstance(found, Unknown):
        screen.line(found)
    elif found is not None:
        _proof(screen, found.told)


def _learnt(screen: Screen, found: Learnt | Unknown | None) -> None:
    """Print what a re-ranker proved and what it goes by, or why there is none."""
    if isinstance(found, Unknown):
        screen.line(found)
    elif found is not None:
        _proof(screen, found)
        speech = screen.speech
        rows = [(speech.t(theme.title), speech.share(theme.share)) for theme in found.themes]
        screen.table((Column(mark("What the re-ranker goes by"), numeric=False), Column(mark("Share"))), rows)


def _proof(screen: Screen, found: Learnt) -> None:
    if found.proof is None:
        return
    speech, gain, new = screen.speech, found.proof.gain, found.proof.new
    said = mark(
        "The re-ranker learnt from {learnt} windows. On the last {judged} of them, knowing only those before, it had gained "
        "{gain} NDCG@10 ({low}–{high}, 80% interval) over For you; {new} among what was new to people."
    )
    told = Phrase.of(
        said,
        learnt=speech.count(found.windows),
        judged=speech.count(found.proof.windows),
        gain=speech.number(gain.mean, 3),
        low=speech.number(gain.low, 3),
        high=speech.number(gain.high, 3),
        new=speech.number(new.mean, 3),
    )
    screen.write(speech.t(told.message, **dict(told.values)), "")


def evaluation(screen: Screen, found: Evaluation | Unknown) -> None:
    """Print every look back, the baselines always beside."""
    if isinstance(found, Unknown):
        screen.line(found)
        return
    for look in found.looks:
        _look(screen, look)
        _learnt(screen, look.reranker)
        _carts(screen, look)


def _look(screen: Screen, look: Look) -> None:
    speech = screen.speech
    said = mark("What was known before {cutoff}, held against the {days} from then on")
    screen.heading(Sentence.of(said, cutoff=speech.day(look.cutoff), days=speech.days(look.days)))
    who = mark(
        "{people} came back; {items} products were ranked. Of those who bought, {cold} had never bought before; "
        "{unseen} of the purchases were of products with too few buyers to rank."
    )
    told = Phrase.of(
        who,
        people=speech.count(look.people),
        items=speech.count(look.items),
        cold=speech.share(look.cold_people),
        unseen=speech.share(look.cold_items),
    )
    screen.write(speech.t(told.message, **dict(told.values)), "")
    columns = (
        Column(mark("Recommended"), numeric=False),
        Column(mark("Products"), numeric=False),
        Column("NDCG@10"),
        Column(mark("95% interval"), spare=1),
        Column("Recall@20", spare=2),
        Column("MRR@10", spare=3),
        Column(mark("Hit@10"), spare=4),
        Column(mark("Coverage"), spare=5),
    )
    rows = [
        (
            speech.t(TITLES[score.name]),
            speech.t(KINDS[score.kind]),
            speech.number(score.ndcg.mean, 3),
            _reach(score.ndcg, speech),
            speech.number(score.recall, 3),
            speech.number(score.mrr, 3),
            speech.number(score.hit, 3),
            speech.share(score.coverage),
        )
        for score in look.scores
    ]
    screen.table(columns, rows)


def _carts(screen: Screen, look: Look) -> None:
    speech = screen.speech
    if not look.carts:
        return
    hidden = mark("One product hidden in each of {carts} orders")
    screen.heading(Sentence.of(hidden, carts=speech.count(look.carts[0].carts)))
    columns = (
        Column(mark("Recommended"), numeric=False),
        Column(mark("Hit@10")),
        Column(mark("95% interval"), spare=1),
        Column("MRR@20", spare=2),
    )
    rows = [
        (
            speech.t(CART_TITLES[score.name]),
            speech.number(score.hit.mean, 3),
            _reach(score.hit, speech),
            speech.number(score.mrr, 3),
        )
        for score in look.carts
    ]
    screen.table(columns, rows)


def sessions(screen: Screen, found: SessionEvaluation | Unknown) -> None:
    """Print what would have been shown in running sessions, the baselines always beside."""
    if isinstance(found, Unknown):
        screen.line(found)
        return
    for look in found.looks:
        _sessions(screen, look)


def _sessions(screen: Screen, look: SessionLook) -> None:
    speech = screen.speech
    said = mark("Sessions from {cutoff} on, by what was known before")
    screen.heading(Sentence.of(said, cutoff=speech.day(look.cutoff)))
    steps = mark(
        "In {sessions} sessions of {days} there were {steps} steps to another product; {cold} of them led to one that nobody had "
        "viewed or bought before."
    )
    told = Phrase.of(
        steps,
        sessions=speech.count(look.sessions),
        days=speech.days(look.days),
        steps=speech.count(look.steps),
        cold=speech.share(look.cold_items),
    )
    screen.write(speech.t(told.message, **dict(told.values)), "")
    columns = (
        Column(mark("Recommended"), numeric=False),
        Column("MRR@20"),
        Column(mark("95% interval"), spare=1),
        Column(mark("Hit@20")),
        Column(mark("95% interval"), spare=2),
    )
    rows = [
        (
            speech.t(SESSION_TITLES[score.name]),
            speech.number(score.mrr.mean, 3),
            _reach(score.mrr, speech),
            speech.number(score.hit.mean, 3),
            _reach(score.hit, speech),
        )
        for score in look.scores
    ]
    screen.table(columns, rows)


def _reach(interval: Interval, speech: Speech) -> str:
    return f"{speech.number(interval.low, 3)}–{speech.number(interval.high, 3)}"
