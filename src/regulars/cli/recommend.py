"""``regulars recommend``: what to show a customer, beside a product or with a cart; and how good that would have been."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from regulars.cli import options
from regulars.cli.options import Reading
from regulars.cli.speaking import Verb, t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from regulars.cli.present import Screen
    from regulars.recommend import Answer, Rules
    from regulars.recommend.request import Asked
    from regulars.recommend.sessions import Sessions
    from regulars.recommend.slots import Lists, Slots

EVALUATE = "evaluate"
NOTHING_MORE: Mapping[str, Any] = MappingProxyType({})
_rerank = click.option(
    "--rerank",
    is_flag=True,
    help="Order for you by trees that learn from earlier weeks, where they prove themselves there; takes minutes, and needs regulars[rank].",
)


class WithEvaluation(Verb):
    """A verb whose first word may be ``evaluate``; a file of that name is written ``./evaluate``."""

    @property
    def further(self) -> tuple[click.Command, ...]:
        """Commands behind a first word, for whoever lists all there is."""
        return (evaluate,)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Hand over to the evaluation if that is asked for."""
        if args and args[0] == EVALUATE:
            return evaluate.make_context(f"{info_name} {EVALUATE}", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command(cls=WithEvaluation)
@options.maybe_orders
@click.option("--customer", metavar="ID", help="For whom: the shop's own id of a customer.")
@click.option("--product", metavar="ID", help="Beside which product.")
@click.option("--cart", metavar="ID,ID", help="With which products in the cart.")
@click.option(
    "--session", metavar="ID,ID", help="After which products, viewed in this order; the latest last."
)
@click.option(
    "--slot", metavar="NAME", help="Ask this slot, such as up_sell; a name that there is not lists them all."
)
@click.option(
    "--rules",
    "rule_file",
    metavar="FILE.json",
    help="What the shop wants: stock, exclusions, pins, boosts, price band, limits a category and a brand.",
)
@click.option(
    "--catalogue",
    metavar="FILE",
    help="What the shop sells: a table with product_id and perhaps title, category, brand, price, cost, available, attributes.",
)
@options.events
@click.option("--all", "everyone", is_flag=True, help="For every customer; needs --out.")
@click.option(
    "-k", "number", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many products."
)
@click.option(
    "--index",
    "home",
    type=options.Folder(),
    help="With ORDERS: write an index here that answers at once, and switch to it. Without ORDERS: answer from it.",
)
@options.as_of
@click.option(
    "--no-tuning", is_flag=True, help="Keep the ready-made parameters: quicker, and a little worse."
)
@_rerank
@click.option(
    "--out", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write --all to this Parquet file."
)
@options.language
@options.as_json
@options.reading
def recommend(
    origin: str | None,
    customer: str | None,
    product: str | None,
    cart: str | None,
    session: str | None,
    slot: str | None,
    rule_file: str | None,
    catalogue: str | None,
    events: str | None,
    everyone: bool,
    number: int,
    home: Path | None,
    as_of: date | None,
    no_tuning: bool,
    rerank: bool,
    file: Path | None,
    language: str,
    as_json: bool,
    reading: Reading,
) -> None:
    """Say what to show a customer, beside a product or with a cart, and why; without any of them, what is popular.

    regulars recommend evaluate ORDERS says how good that would have been on earlier days, beside plain baselines.
    """
    from regulars.cli import present_recommendations as present
    from regulars.cli.present import Screen
    from regulars.kit.files import ensure_writable
    from regulars.recommend import fit, read_rules
    from regulars.recommend.index import build, open_index

    chosen = (customer is not None, product is not None, cart is not None, session is not None, everyone)
    if slot is None and sum(chosen) > 1:
        raise click.UsageError(
            t("Give one of --customer, --product, --cart, --session and --all; with --slot, several.")
        )
    if slot is not None and everyone:
        raise click.UsageError(t("--all is for you of everybody; leave out --slot."))
    if everyone != (file is not None):
        raise click.UsageError(t("--all and --out go together."))
    if origin is None and home is None:
        raise click.UsageError(f"{t('Missing argument')} 'ORDERS'.")
    fitted = as_of is not None or no_tuning or rerank or catalogue is not None or events is not None
    if origin is None and fitted:
        raise click.UsageError(
            t(
                "--as-of, --no-tuning, --rerank, --catalogue and --events need ORDERS: an index is answered from as it is."
            )
        )
    rules = None if rule_file is None else read_rules(rule_file)
    asked = partial(
        _answers,
        slot=slot,
        customer=customer,
        product=product,
        cart=cart,
        session=session,
        number=number,
        rules=rules,
    )
    tell = partial(_tell, asked=asked, number=number, rules=rules, file=file, as_json=as_json)
    if origin is None and home is not None:
        tell(open_index(home), screen=Screen(language))
        return
    from regulars.runtime.reading import read_orders
    from regulars.runtime.written import dumps, reranking

    if home is not None:
        ensure_writable(home)
    with read_orders(origin, **reading.settings()) as orders:
        found = fit(
            orders, as_of=as_of, tune=not no_tuning, catalogue=catalogue, events=events, rerank=rerank
        )
        screen = Screen(language, orders.shop.currency)
        if not as_json:
            _events(screen, found.data.sessions)
            present.reranker(screen, found.reranked)
        if home is not None:
            written = home / build(found, home).version
            if slot is None and not any(chosen):
                if as_json:
                    click.echo(dumps({"index": str(written), **reranking(found.reranked)}))
                else:
                    screen.files((written,))
                return
        tell(found, screen=screen, more=reranking(found.reranked))


def _tell(
    found: Lists,
    *,
    asked: Callable[[Slots], list[Answer]],
    number: int,
    rules: Rules | None,
    file: Path | None,
    screen: Screen,
    as_json: bool,
    more: Mapping[str, Any] = NOTHING_MORE,
) -> None:
    """Print answers, or write everybody's to a file."""
    from regulars.cli import present_recommendations as present
    from regulars.runtime.written import dumps, write_parts

    if file is not None:
        screen.files((write_parts(found.parts(number, rules=rules), file),))
        return
    answers = asked(found)
    if as_json:
        click.echo(dumps({"answers": [answer.to_json() for answer in answers], **more}))
        return
    titles = dict(zip(found.catalogue.product_ids, found.catalogue.titles, strict=True))
    for answer in answers:
        present.answer(screen, answer, titles)


def _answers(
    found: Slots,
    slot: str | None,
    customer: str | None,
    product: str | None,
    cart: str | None,
    session: str | None,
    number: int,
    rules: Rules | None,
) -> list[Answer]:
    from regulars.recommend import SLOTS, ask

    in_cart, viewed = _ids(cart), _ids(session)
    beside = [] if product is None else [product]
    usual = ["trending"]
    if customer is not None:
        usual = ["for_you"]
    elif product is not None:
        usual = ["similar", "bought_together"]
    elif cart is not None:
        usual = ["cart"]
    elif session is not None:
        usual = ["session"]
    answers = []
    for name in [slot] if slot is not None else usual:
        products = (
            viewed or in_cart or beside if SLOTS.get(name) == "products" else beside or in_cart or viewed
        )
        asked: Asked = {"customer": customer, "cart": in_cart, "rules": rules}
        answers.append(ask(found, name, number, products=products, **asked))
    return answers


def _ids(told: str | None) -> list[str]:
    return [name.strip() for name in (told or "").split(",") if name.strip()]


@options.verb()
@options.orders
@click.option(
    "--cutoff",
    "cutoffs",
    type=options.Day(),
    multiple=True,
    metavar="DATE",
    help="The first day not to know about; repeat as needed. [default: the last two windows]",
)
@click.option(
    "--days",
    type=click.IntRange(1, 365),
    default=28,
    show_default=True,
    help="How long to look at what came.",
)
@_rerank
@options.events
@click.option("--out", "folder", type=options.Folder(), help="Write evaluation.json here.")
@options.language
@options.as_json
@options.reading
def evaluate(
    origin: str,
    cutoffs: tuple[date, ...],
    days: int,
    rerank: bool,
    events: str | None,
    folder: Path | None,
    language: str,
    as_json: bool,
    reading: Reading,
) -> None:
    """Hold recommendations made on earlier days against what people bought after them, beside plain baselines."""
    from regulars.cli import present_recommendations as present
    from regulars.cli.present import Screen
    from regulars.kit.files import ensure_writable
    from regulars.recommend import evaluate as evaluated
    from regulars.recommend import evaluate_sessions
    from regulars.recommend.recommender import purchases
    from regulars.runtime.reading import read_orders
    from regulars.runtime.written import dumps, told, write_json

    if folder is not None:
        ensure_writable(folder)
    with read_orders(origin, **reading.settings()) as orders:
        data = purchases(orders, events=events)
        found = evaluated(data, cutoffs, days=days, reranked=rerank)
        everything = told(found)
        if events is not None:
            of_sessions = evaluate_sessions(data, cutoffs, days=days)
            everything |= {"sessions": told(of_sessions)}
        written = () if folder is None else (write_json(everything, folder, "evaluation.json"),)
        if as_json:
            click.echo(dumps(everything | {"files": [str(path) for path in written]}))
            return
        screen = Screen(language, orders.shop.currency)
        _events(screen, data.sessions)
        present.evaluation(screen, found)
        if events is not None:
            present.sessions(screen, of_sessions)
        screen.files(written)


def _events(screen: Screen, sessions: Sessions | None) -> None:
    if sessions is not None:
        screen.events(sessions.counts, sessions.aside)
