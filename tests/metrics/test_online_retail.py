"""Two years of a real shop: the figures equal SQL written by hand on the file itself."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pytest

import regulars
from regulars import metrics

pytestmark = pytest.mark.real_data

INVOICES = """
create view invoices as
select order_id, any_value(customer_id) as customer, min(ordered_at)::date as day,
  -- C… are credit notes and A… corrections of bad debt; what sold nothing is not an order either
  regexp_matches(order_id, '^[0-9]') and max(quantity) > 0 as sale,
  sum((quantity * unit_price)::decimal(18, 4)) as net
from raw group by order_id;
create view sales as select * from invoices where sale and customer is not null;
create view buyers as
select customer, min(day) as began, count(*) as orders, list_sort(list(day))[2] as second_day from sales group by all;
create view history as select invoices.*, began from invoices join buyers using (customer);
create view visits as
select customer, day, day - lag(day) over (partition by customer order by day) as gap
from (select distinct customer, day from sales);
"""
END = "date '2011-12-09'"


@pytest.fixture(scope="module")
def figures(real_data):
    with regulars.read_orders(real_data / "online_retail_ii" / "transactions.parquet") as orders:
        yield metrics.compute(orders)


@pytest.fixture(scope="module")
def ask(real_data):
    path = real_data / "online_retail_ii" / "transactions.parquet"
    with duckdb.connect() as database:
        database.execute(f"create view raw as select * from '{path}'")
        database.execute(INVOICES)
        yield lambda sql: database.execute(sql.replace("{end}", END)).fetchall()


def test_published_counts(figures):
    """The README of the data set: 53,628 invoices of 5,942 customers; of them these bought something."""
    assert figures.as_of == date(2011, 12, 9)
    assert figures["net_overall"].value == Decimal("19287250.568")
    assert figures["customers_overall"].value == 5_881
    assert figures["orders_overall"].value == 41_937


@pytest.mark.parametrize(
    ("suffix", "within"),
    [("", "day between {end} - 364 and {end}"), ("_overall", "true")],
)
def test_totals(figures, ask, suffix, within):
    [(net, orders, known, buyers, unknown)] = ask(
        f"select sum(net), count(*) filter (sale), count(*) filter (sale and customer is not null),"
        f" count(distinct customer) filter (sale), sum(net) filter (customer is null) from invoices where {within}"
    )
    assert figures[f"net{suffix}"].value == net
    assert figures[f"orders{suffix}"].value == orders
    assert figures[f"customers{suffix}"].value == buyers
    assert figures[f"aov{suffix}"].value == (net / orders).quantize(Decimal("0.0001"))
    assert figures[f"purchase_frequency{suffix}"].value == pytest.approx(known / buyers)
    assert figures[f"unattributed_share{suffix}"].value == pytest.approx(float(unknown / net))


def test_coming_back(figures, ask):
    for days in (30, 60, 90, 180, 365):
        [(rate,)] = ask(
            f"select avg(coalesce(second_day - began <= {days}, false)::int) from buyers where began <= {{end}} - {days}"
        )
        assert figures[f"repeat_rate_{days}"].value == pytest.approx(rate), days
    [(once,)] = ask("select avg((orders = 1)::int) from buyers")
    assert figures["one_time_share"].value == pytest.approx(once)
    [(median, p80, p90)] = ask(
        "select quantile_disc(gap, .5), quantile_disc(gap, .8), quantile_disc(gap, .9) from visits where gap is not null"
    )
    assert [figures[name].value for name in ("gap_median", "gap_p80", "gap_p90")] == [median, p80, p90]
    [(churn,)] = ask(
        f"""
        with seen as (
          select customer, bool_or(day > {{end}} - 365 - {p80} and day <= {{end}} - 365) as early,
            bool_or(day > {{end}} - {p80}) as late
          from sales group by all)
        select avg((not late)::int) from seen where early"""
    )
    assert figures["churn_rate"].value == pytest.approx(churn)


def test_retention_and_its_months(figures, ask):
    expected = {
        (cohort, index): customers
        for cohort, index, customers in ask(
            "select date_trunc('month', began)::date, date_diff('month', began, day), count(distinct customer)"
            " from history where sale group by all"
        )
    }
    cells = {
        (row["cohort"], row["month_index"]): row["customers"] for row in figures.tables["retention"].records()
    }
    assert {key: customers for key, customers in cells.items() if customers} == expected
    months = {
        month: row
        for month, *row in ask(
            """
            select date_trunc('month', day)::date, sum(net), count(*) filter (sale),
              coalesce(sum(net) filter (date_trunc('month', began) = date_trunc('month', day)), 0),
              coalesce(sum(net) filter (date_trunc('month', began) < date_trunc('month', day)), 0)
            from (select invoices.*, began from invoices left join buyers using (customer)) group by all"""
        )
    }
    found = {
        row["month"]: [row["net"], row["orders"], row["net_new"], row["net_returning"]]
        for row in figures.tables["months"].records()
    }
    assert found == months


def test_value(figures, ask):
    [(total, customers)] = ask("select sum(net), count(distinct customer) from history")
    assert figures["clv_historical_total"].value == total
    assert figures["clv_historical"].value == (total / customers).quantize(Decimal("0.0001"))
    for days in (30, 60, 90, 180, 360, 720):
        [(net, size)] = ask(
            f"select sum(net) filter (day - began <= {days}), count(distinct customer) from history"
            f" where began <= {{end}} - {days}"
        )
        assert figures[f"ltv_{days}"].value == (net / size).quantize(Decimal("0.0001")), days


def test_time_to_the_second_order(figures, ask):
    """Kaplan and Meier by a window over the risk set, in SQL."""
    curve = ask(
        """
        with watched as (
          select coalesce(second_day, {end}) - began as days, second_day is not null as came from buyers),
        steps as (
          select days, count(*) filter (came) as came,
            sum(count(*)) over (order by days desc rows unbounded preceding) as at_risk
          from watched group by days)
        select days, 1 - product(1 - came / at_risk) over (order by days) from steps where came > 0 order by days"""
    )
    found = [(row["day"], pytest.approx(row["share"])) for row in figures.tables["second_order"].records()]
    assert found == curve


def test_products_bought_together(figures, ask):
    rows = figures.tables["product_pairs"].records()
    assert len(rows) == 100
    titles = {row["product_id"]: row for row in figures.tables["top_products"].records()}
    [(units, net)] = ask(
        "select sum(quantity) filter (sale), sum((quantity * unit_price)::decimal(18, 4))"
        " from raw join invoices using (order_id) where product_id = '22423'"
    )
    assert titles["22423"]["units"] == units
    assert titles["22423"]["net"] == net
    for row in rows[:5]:
        [(both, left, right)] = ask(
            f"""
            with baskets as (
              select order_id, bool_or(product_id = '{row["left_id"]}') as l, bool_or(product_id = '{row["right_id"]}') as r
              from raw join invoices using (order_id) where sale and day > {{end}} - 365 group by all)
            select count(*) filter (l and r), count(*) filter (l), count(*) filter (r) from baskets"""
        )
        assert row["orders"] == both
        assert row["confidence"] == pytest.approx(both / left)
        assert row["confidence_back"] == pytest.approx(both / right)
