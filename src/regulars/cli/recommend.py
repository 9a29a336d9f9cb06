"""``regulars recommend``: what to show a customer, beside a product or with a cart; and how good that would have been."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from regulars.cli import options
from regulars.cli.options import Reading
from regulars.cli.speaking import Verb, t

if TYPE_CHECKING:
    from regulars.recommend import Answer, Recommender

EVALUATE = "evaluate"


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
@options.orders
@click.option("--customer", metavar="ID", help="For whom: the shop's own id of a customer.")
@click.option("--product", metavar="ID", help="Beside which product.")
@click.option("--cart", metavar="ID,ID", help="With which products in the cart.")
@click.option("--all", "everyone", is_flag=True, help="For every customer; needs --out.")
@click.option(
    "-k", "number", type=click.IntRange(1, 1000), default=10, show_default=True, help="How many products."
)
@options.as_of
@click.option(
    "--no-tuning", is_flag=True, help="Keep the ready-made parameters: quicker, and a little worse."
)
@click.option(
    "--out", "file", type=click.Path(path_type=Path, dir_okay=False), help="Write --all to this Parquet file."
)
@options.language
@options.as_json
@options.reading
def recommend(
    origin: str,
    customer: str | None,
    product: str | None,
    cart: str | None,
    everyone: bool,
    number: int,
    as_of: date | None,
    no_tuning: bool,
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
    from regulars.recommend import fit
    from regulars.runtime.journey import dumps, read_orders, write_table

    if sum((customer is not None, product is not None, cart is not None, everyone)) > 1:
        raise click.UsageError(t("Give one of --customer, --product, --cart and --all."))
    if everyone != (file is not None):
        raise click.UsageError(t("--all and --out go together."))
    with read_orders(origin, **reading.settings()) as orders:
        found = fit(orders, as_of=as_of, tune=not no_tuning)
        screen = Screen(language, orders.shop.currency)
        if file is not None:
            screen.files((write_table(found.everyone(number), file),))
            return
        answers = _answers(found, customer, product, cart, number)
        if as_json:
            click.echo(dumps({"answers": [answer.to_json() for answer in answers]}))
            return
        catalogue = found.data.catalogue
        titles = dict(zip(catalogue.product_ids, catalogue.titles, strict=True))
        for answer in answers:
            present.answer(screen, answer, titles)


def _answers(
    found: Recommender, customer: str | None, product: str | None, cart: str | None, number: int
) -> list[Answer]:
    if customer is not None:
        return [found.for_customer(customer, number)]
    if product is not None:
        return [found.similar(product, number), found.bought_together(product, number)]
    if cart is not None:
        return [found.for_cart([name.strip() for name in cart.split(",")], number)]
    return [found.trending(number)]


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
@click.option("--out", "folder", type=options.Folder(), help="Write evaluation.json here.")
@options.language
@options.as_json
@options.reading
def evaluate(
    origin: str,
    cutoffs: tuple[date, ...],
    days: int,
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
    from regulars.recommend.recommender import purchases
    from regulars.runtime.journey import dumps, read_orders, told, write_json

    if folder is not None:
        ensure_writable(folder)
    with read_orders(origin, **reading.settings()) as orders:
        found = evaluated(purchases(orders), cutoffs, days=days)
        written = () if folder is None else (write_json(told(found), folder, "evaluation.json"),)
        if as_json:
            click.echo(dumps(told(found) | {"files": [str(path) for path in written]}))
            return
        screen = Screen(language, orders.shop.currency)
        present.evaluation(screen, found)
        screen.files(written)
