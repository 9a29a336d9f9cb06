"""The definitions of the design once more, as slow loops over Python rows; shares no code with what it checks."""

from __future__ import annotations

import calendar
from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, pairwise
from zoneinfo import ZoneInfo

import pyarrow.parquet as pq

ZERO = Decimal(0)


class Shop:
    """A shop's rows up to a day, by customer, as a person with a notebook would keep them."""

    def __init__(self, orders, as_of=None, days=365):
        read = pq.read_table(orders.folder / "orders.parquet").to_pylist()
        self.as_of = as_of or max(row["ordered_on"] for row in read)
        self.rows = [row for row in read if row["valid"] and row["ordered_on"] <= self.as_of]
        first = [row["ordered_on"] for row in read if row["valid"]]
        self.first_on = min(first) if first else self.as_of
        self.start = self.as_of - timedelta(days=days - 1)
        self.days = days
        self.lines = [
            row
            for row in pq.read_table(orders.folder / "lines.parquet").to_pylist()
            if row["valid"] and row["ordered_on"] <= self.as_of and row["product_key"] is not None
        ]
        self.products = {
            row["product_key"]: row for row in pq.read_table(orders.folder / "products.parquet").to_pylist()
        }
        self.people = defaultdict(list)
        for row in self.rows:
            if row["kind"] == "order" and row["customer_key"] is not None:
                self.people[row["customer_key"]].append(row)
        for history in self.people.values():
            history.sort(key=lambda row: (row["ordered_on"], row["ordered_at"], row["order_key"]))

    # windows

    def inside(self, start, end):
        return [row for row in self.rows if start <= row["ordered_on"] <= end]

    def window(self, start, end):
        rows = self.inside(start, end)
        bought = [row for row in rows if row["kind"] == "order"]
        known = [row for row in bought if row["customer_key"] is not None]
        buyers = {row["customer_key"] for row in known}
        new = {key for key, history in self.people.items() if start <= history[0]["ordered_on"] <= end}
        old = {key for key in buyers if any(row["ordered_on"] < start for row in self.people[key])}

        def total(name, among=rows):
            return sum((row[name] for row in among), ZERO)

        net, refunded = total("net"), total("refunded")
        return {
            "net": net,
            "gross": total("gross"),
            "discount": total("discount"),
            "refunded": refunded,
            "orders": len(bought),
            "units": total("units", bought),
            "customers": len(buyers),
            "new_customers": len(new),
            "aov": net / len(bought) if bought else None,
            "purchase_frequency": len(known) / len(buyers) if buyers else None,
            "returning_rate": len(old) / len(buyers) if buyers else None,
            "discounted_orders_share": sum(row["discount"] > 0 for row in bought) / len(bought)
            if bought
            else None,
            "discount_share": float(total("discount") / total("gross")) if total("gross") > 0 else None,
            "refund_share": float(refunded / (net + refunded)) if net + refunded > 0 else None,
            "unattributed_share": float(
                total("net", [row for row in rows if row["customer_key"] is None]) / net
            )
            if net > 0
            else None,
        }

    def recent(self):
        found = self.window(self.start, self.as_of)
        return found if self.first_on < self.start else found | {"returning_rate": None}

    def previous(self):
        before = self.start - timedelta(days=self.days)
        if self.first_on > before:
            return None
        found = self.window(before, self.start - timedelta(days=1))
        if self.first_on > before - timedelta(days=self.days):  # everybody looks new to a shop without a past
            found |= {"new_customers": None, "returning_rate": None}
        return found

    def overall(self):
        return self.window(date.min, self.as_of)

    # coming back

    def repeat_rate(self, days):
        old = [h for h in self.people.values() if (self.as_of - h[0]["ordered_on"]).days >= days]
        again = [h for h in old if len(h) > 1 and (h[1]["ordered_on"] - h[0]["ordered_on"]).days <= days]
        return len(again) / len(old) if old else None

    def one_time_share(self):
        return sum(len(h) == 1 for h in self.people.values()) / len(self.people) if self.people else None

    def gaps(self):
        found = []
        for history in self.people.values():
            visited = sorted({row["ordered_on"] for row in history})
            found += [(later - earlier).days for earlier, later in pairwise(visited)]
        return sorted(found)

    def gap_quantile(self, percent):
        found = self.gaps()
        if len(found) < 10:
            return None
        return next(
            g for g in found if Fraction(sum(x <= g for x in found), len(found)) >= Fraction(percent, 100)
        )

    def kaplan_meier(self):
        watched = []
        for history in self.people.values():
            end = history[1]["ordered_on"] if len(history) > 1 else self.as_of
            watched.append(((end - history[0]["ordered_on"]).days, len(history) > 1))
        curve, alive = [], Fraction(1)
        for day in sorted({days for days, came in watched if came}):
            at_risk = sum(days >= day for days, _ in watched)
            came = sum(days == day and came for days, came in watched)
            alive *= 1 - Fraction(came, at_risk)
            curve.append((day, float(1 - alive), at_risk))
        return curve

    def churn(self):
        gap = self.gap_quantile(80)
        before = self.start - timedelta(days=1)
        if gap is None or self.first_on >= self.start:
            return None

        def active(day):
            return {
                key
                for key, history in self.people.items()
                if any(day - timedelta(days=gap) < row["ordered_on"] <= day for row in history)
            }

        then, now = active(before), active(self.as_of)
        return len(then - now) / len(then) if then else None

    # cohorts

    def cohorts(self):
        found = defaultdict(list)
        for key, history in self.people.items():
            found[history[0]["ordered_on"].replace(day=1)].append(key)
        return dict(sorted(found.items()))

    def months_after(self, cohort):
        month, index = cohort, 0
        while month <= self.as_of:
            last = month.replace(day=calendar.monthrange(month.year, month.month)[1])
            yield index, month, last
            month, index = last + timedelta(days=1), index + 1

    def retention(self):
        cells = {}
        for cohort, keys in self.cohorts().items():
            for index, first, last in self.months_after(cohort):
                came = sum(
                    any(first <= row["ordered_on"] <= last for row in self.people[key]) for key in keys
                )
                cells[cohort, index] = (came, len(keys), last > self.as_of)
        return cells

    def cohort_value(self):
        cells = {}
        for cohort, keys in self.cohorts().items():
            for index, _, last in self.months_after(cohort):
                cells[cohort, index] = sum(
                    (
                        row["net"]
                        for row in self.rows
                        if row["customer_key"] in keys and row["ordered_on"] <= last
                    ),
                    ZERO,
                )
        return cells

    def months(self):
        start = {key: history[0]["ordered_on"] for key, history in self.people.items()}
        found = []
        first = min(self.first_on, self.as_of).replace(day=1)
        for _, month, last in self.months_after(first):
            rows = self.inside(month, last)
            new = returning = ZERO
            for row in rows:
                began = start.get(row["customer_key"])
                if began is not None and month <= began <= last:
                    new += row["net"]
                elif began is not None and began < month:
                    returning += row["net"]
            net = sum((row["net"] for row in rows), ZERO)
            bought = [row for row in rows if row["kind"] == "order"]
            found.append(
                {
                    "month": month,
                    "net": net,
                    "net_new": new,
                    "net_returning": returning,
                    "net_unknown": net - new - returning,
                    "orders": len(bought),
                    "customers": len({row["customer_key"] for row in bought} - {None}),
                    "new_customers": sum(month <= day <= last for day in start.values()),
                    "unfinished": last > self.as_of,
                }
            )
        return found

    # value

    def ltv(self, days):
        old = {
            key: h[0]["ordered_on"]
            for key, h in self.people.items()
            if h[0]["ordered_on"] + timedelta(days=days) <= self.as_of
        }
        if not old:
            return None
        net = sum(
            (
                row["net"]
                for row in self.rows
                if row["customer_key"] in old and (row["ordered_on"] - old[row["customer_key"]]).days <= days
            ),
            ZERO,
        )
        return net / len(old)

    def to_date(self):
        return sum((row["net"] for row in self.rows if row["customer_key"] in self.people), ZERO)

    def channels(self, start, end):
        """By first-touch channel: all customers and their net; those won from start to end, their net by age."""
        found = {}
        for key, history in self.people.items():
            name = (history[0]["channel"] or "").strip().lower() or None
            entry = found.setdefault(name, {"customers": 0, "net": ZERO, "won": 0, "ages": []})
            began = history[0]["ordered_on"]
            mine = [row for row in self.rows if row["customer_key"] == key]
            entry["customers"] += 1
            entry["net"] += sum((row["net"] for row in mine), ZERO)
            if start <= began <= end:
                entry["won"] += 1
                entry["ages"] += [((row["ordered_on"] - began).days, row["net"]) for row in mine]
        return found

    # what, where and when

    def hours(self, time_zone):
        found = defaultdict(int)
        for row in self.rows:
            if row["kind"] == "order":
                local = row["ordered_at"].astimezone(ZoneInfo(time_zone))
                found[local.isoweekday(), local.hour] += 1
        return dict(found)

    def by_product(self):
        found = defaultdict(lambda: [ZERO, ZERO, set(), defaultdict(set)])
        for line in self.lines:
            entry = found[line["product_key"]]
            entry[1] += line["net"]
            if line["kind"] == "order":
                entry[0] += line["quantity"]
                if line["customer_key"] is not None:
                    entry[3][line["customer_key"]].add(line["order_key"])
        return {
            self.products[key]["product_id"]: (
                units,
                net,
                len(buyers),
                sum(len(orders) > 1 for orders in buyers.values()),
            )
            for key, (units, net, _, buyers) in found.items()
        }

    def pairs(self, of="product_id"):
        baskets = defaultdict(set)
        for line in self.lines:
            if line["kind"] == "order" and line["ordered_on"] >= self.start:
                baskets[line["order_key"]].add(self.products[line["product_key"]][of])
        single, both = defaultdict(int), defaultdict(int)
        for items in baskets.values():
            for item in items:
                single[item] += 1
            for pair in combinations(sorted(items - {None}), 2):
                both[frozenset(pair)] += 1
        return len(baskets), dict(single), {pair: count for pair, count in both.items() if count >= 10}

    def first_baskets(self, of):
        found = defaultdict(lambda: [0, 0, ZERO])
        for key, history in self.people.items():
            first = history[0]["order_key"]
            items = {
                self.products[line["product_key"]][of] for line in self.lines if line["order_key"] == first
            }
            net = sum((row["net"] for row in self.rows if row["customer_key"] == key), ZERO)
            for item in items:
                found[item][0] += 1
                found[item][1] += len(history) > 1
                found[item][2] += net
        return {item: tuple(entry) for item, entry in found.items()}
