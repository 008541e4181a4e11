"""Scores, recomputed from the records that their receipts cite, by code that shares nothing with the hub.

Portfolios with random values of days, with holdings whose prices go on moving, some without a price, some whose risk a
service upstream says. While their turns come round, the ranking is read again and again. For every portfolio in each of
these readings the receipt is fetched: the values that it cites have to be those that were sent, and what was held at the
prices of its turn; the metrics have to be theirs to the last digit (AN-RISK), the score that of the metrics (LB-SCORE),
and both those of the ranking.

``SCORES_PORTFOLIOS`` and ``SCORES_READINGS`` make it longer, ``SCORES_SEED`` makes it another one.
"""

import datetime
import os
import random
import time
import unittest
import uuid
from decimal import ROUND_HALF_UP, Context, Decimal

from hub import PATIENCE_S
from verifier import Verifier, offset

PORTFOLIOS = int(os.environ.get("SCORES_PORTFOLIOS", "40"))
READINGS = int(os.environ.get("SCORES_READINGS", "6"))
SEED = int(os.environ.get("SCORES_SEED", "17"))

#: Two rounds of turns, and time for a busy machine.
TURNS_S = 60 + PATIENCE_S

SERIES = 30
SYMBOLS = ("AAPL", "MSFT", "XOM")
#: Nobody quotes this.
UNPRICED = "PRIV"
#: This is quoted once.
STILL = "GLD"
STILL_PRICE = "20"

RETURN = Decimal("1e-8")
RATIO = Decimal("1e-18")
#: For squares, variances and deviations.
TEN_DIGITS = Context(prec=10, rounding=ROUND_HALF_UP)
WIDE = Context(prec=60, rounding=ROUND_HALF_UP)


def places(part, whole, unit):
    return WIDE.divide(part, whole).quantize(unit, ROUND_HALF_UP, WIDE)


def deviation(sizes, by):
    squares = sum((TEN_DIGITS.multiply(size, size) for size in sizes), Decimal(0))
    return TEN_DIGITS.sqrt(TEN_DIGITS.divide(squares, Decimal(by)))


def ratio(rate, by):
    return places(rate, by, RATIO) if by else Decimal(0)


def risk(values):
    """Average return, Sharpe and Sortino of values, the oldest first (AN-RISK)."""
    returns = [places(after - before, before, RETURN) for before, after in zip(values, values[1:])]
    average = places(sum(returns), Decimal(len(returns)), RETURN)
    spread = deviation([rate - average for rate in returns], len(returns) - 1)
    losses = [rate for rate in returns if rate < 0]
    downside = deviation(losses, len(losses)) if losses else spread
    return average, ratio(average, spread), ratio(average, downside)


class History:
    """Random days, holdings and prices; what the log took of them, by offset."""

    def __init__(self, client):
        self.client = client
        self.random = random.Random(SEED)
        self.today = datetime.datetime.now(datetime.timezone.utc).date()
        self.portfolios = [str(uuid.UUID(int=self.random.getrandbits(128), version=4)) for _ in range(PORTFOLIOS)]
        #: By portfolio and date, as a text: offset and value.
        self.days = {portfolio: {} for portfolio in self.portfolios}
        #: By portfolio: offset, symbol, signed quantity.
        self.trades = {portfolio: [] for portfolio in self.portfolios}
        #: By symbol: offset and price.
        self.quoted = {}
        #: By portfolio: offset and what upstream says of it.
        self.said = {}
        self.still = set()

    def post(self, kind, items):
        """Ingests items that are all accepted. Gives each with its offset."""
        results = self.client.post(f"/api/ingest/{kind}", items)
        for item, result in zip(items, results):
            if result["status"] != "accepted":
                raise AssertionError(f"{item}: {result}")
        return [(offset(result["position"]), item) for item, result in zip(items, results)]

    def begin(self):
        draw = self.random
        for symbol in SYMBOLS:
            self.quote(symbol)
        self.quote(STILL, STILL_PRICE)
        for number, portfolio in enumerate(self.portfolios):
            self.value_days(number, portfolio)
            if number % 8 == 2:
                self.still.add(portfolio)
                self.trade(portfolio, STILL, "10")
                continue
            for symbol in draw.sample(SYMBOLS, draw.randint(1, 3)):
                self.trade(portfolio, symbol, str(draw.randint(1, 30)))
            if number % 10 == 5:
                self.trade(portfolio, UNPRICED, "1")
            if number % 10 == 7:
                self.say_risk(portfolio)

    def value_days(self, number, portfolio):
        """Days up to yesterday, in any order; some are said again with another value."""
        draw = self.random
        value, step, items = Decimal(draw.randint(50, 5000)), draw.choice((0, 1, 40)), []
        for ago in range(draw.choice((20, 29, 30, 31, 37, 45)), 0, -1):
            # A line that only rises, and one that moves both ways.
            low = 0 if number % 4 == 0 else -step
            value += Decimal(draw.randint(low * 1000, step * 1000)).scaleb(-3) if value > 50 else Decimal(step)
            date = str(self.today - datetime.timedelta(days=ago))
            items.append({"portfolioId": portfolio, "date": date, "portfolioValue": str(value)})
        again = [it | {"portfolioValue": str(Decimal(it["portfolioValue"]) + 1)} for it in draw.sample(items, 3)]
        if number % 8 == 2:
            # What it holds is worth as much; of some it rose to that, and never fell.
            held = Decimal(STILL_PRICE) * 10
            items[-1]["portfolioValue"] = str(held)
            again = [it for it in again if it["date"] != items[-1]["date"]]
            if number % 16 == 2:
                again = []
                for ago, item in enumerate(reversed(items)):
                    item["portfolioValue"] = str(held - Decimal(ago * ago).scaleb(-2))
        draw.shuffle(items)
        for at, item in self.post("valuations", items + again):
            self.days[portfolio][item["date"]] = at, Decimal(item["portfolioValue"])

    def trade(self, portfolio, symbol, quantity):
        item = {
            "transactionId": str(uuid.UUID(int=self.random.getrandbits(128), version=4)),
            "portfolioId": portfolio,
            "symbol": symbol,
            "side": "BUY",
            "quantity": quantity,
            "price": "7",
        }
        [(at, _)] = self.post("transactions", [item])
        self.trades[portfolio].append((at, symbol, Decimal(quantity)))

    def quote(self, symbol, price=None):
        price = price or str(Decimal(self.random.randint(500, 9000)).scaleb(-2))
        [(at, _)] = self.post("prices", [{"symbol": symbol, "price": price}])
        self.quoted.setdefault(symbol, []).append((at, Decimal(price)))

    def say_risk(self, portfolio):
        figures = ("avgRateOfReturn", "sharpeRatio", "sortinoRatio")
        item = {"portfolioId": portfolio} | {name: str(Decimal(self.random.randint(1, 4000)).scaleb(-3)) for name in figures}
        [(at, _)] = self.post("risk", [item])
        self.said[portfolio] = at, [Decimal(item[name]) for name in figures]

    def go_on(self):
        """Prices move, and a few change what they hold."""
        for symbol in SYMBOLS:
            self.quote(symbol)
        self.trade(self.random.choice([it for it in self.portfolios if it not in self.still]), self.random.choice(SYMBOLS), "2")

    def worth(self, portfolio, until):
        """`price * holdings` of all that is held up to an offset; None where something has no price."""
        total = Decimal(0)
        for at, symbol, quantity in self.trades[portfolio]:
            prices = [price for at_quote, price in self.quoted.get(symbol, []) if at_quote <= until]
            if at <= until:
                if not prices:
                    return None
                total += prices[-1] * quantity
        return total


class Scores(Verifier):
    def setUp(self):
        super().setUp()
        self.ranks = self.connect("leaderboard")
        self.seen = {}

    def saw(self, what):
        self.seen[what] = self.seen.get(what, 0) + 1

    def test_every_score_is_what_its_records_make(self):
        history = History(self.client)
        history.begin()
        ranked = sum(portfolio in history.said or self.has_risk(history, portfolio) for portfolio in history.portfolios)
        until, readings = time.monotonic() + TURNS_S, []
        while len(readings) < READINGS or len(readings[-1][1]) < ranked:
            self.assertLess(time.monotonic(), until, f"not all {ranked} portfolios are ranked")
            history.go_on()
            rows, headers = self.ranks.get("/api/leaderboard/portfolios")
            rows = {row["portfolioId"]: row for row in rows}
            if not readings or rows.keys() != readings[-1][1].keys() or len(readings) < READINGS:
                readings.append((headers["X-Position"], rows))
        # The first ones, the last one, and some between.
        for position, rows in readings[:: max(1, len(readings) // READINGS)] + readings[-1:]:
            for portfolio in history.portfolios:
                self.check(history, portfolio, position, rows.get(portfolio))
        for portfolio in history.portfolios:
            listed, _ = self.client.get(f"/api/portfolio_value/history/{portfolio}?limit=400")
            days = [(date, value) for date, (_, value) in sorted(history.days[portfolio].items(), reverse=True)]
            # A day may have ended meanwhile.
            told = [(it["date"], it["portfolioValue"]) for it in listed if it["date"] < str(history.today)]
            self.equal(told, days, portfolio)
        for what in ("derived", "ingested", "unranked", "days", "worth", "no loss"):
            self.assertIn(what, self.seen)
        self.assertGreater(self.values, 30 * PORTFOLIOS)
        print(f"{self.values} values of {PORTFOLIOS} portfolios are what their records make: {self.seen}")

    def has_risk(self, history, portfolio):
        return len(history.days[portfolio]) >= SERIES - 1 and all(symbol != UNPRICED for _, symbol, _ in history.trades[portfolio])

    def check(self, history, portfolio, position, row):
        """The receipt of a portfolio's score, beside its row in the ranking."""
        where = f"/api/explain/score/{portfolio}?at={position}"
        receipt, headers = self.client.get(where)
        self.assertEqual(headers["X-Position"], position)
        self.equal((receipt["portfolioId"], receipt["position"]), (portfolio, position), where)
        figures = ("avgReturn", "sharpe", "sortino")
        metrics = [receipt[name] for name in figures]
        if row is None:
            self.saw("unranked")
            return self.equal((receipt["source"], receipt["compositeScore"], metrics), (None, None, [None] * 3), where)
        self.saw(receipt["source"])
        if receipt["source"] == "ingested":
            at, said = history.said[portfolio]
            self.equal((offset(receipt["record"]["position"]), receipt["values"]), (at, []), where)
        else:
            self.assertNotIn(portfolio, history.said)
            said = list(risk(self.cited(history, portfolio, receipt, where)))
        self.equal(metrics, said, where)
        average, sharpe, sortino = said
        if sharpe == sortino:
            self.saw("no loss")
        score = 50 * average + 30 * sharpe + 20 * sortino
        self.equal((receipt["compositeScore"], row["compositeScore"]), (score, score), where)
        self.equal([row[name] for name in figures], said, where)

    def cited(self, history, portfolio, receipt, where):
        """The values that a receipt cites: those that there were at its turn, and no others."""
        turn = receipt["turn"]
        until = offset(turn["position"])
        worth = history.worth(portfolio, until)
        self.equal(turn["worth"], worth, where)
        ended = turn["at"][:10]
        days = {date: it for date, it in history.days[portfolio].items() if it[0] <= until and date < ended}
        for it in receipt["values"]:
            if it["source"] == "close":
                days[it["date"]] = offset(it["position"]), history.worth(portfolio, offset(it["position"]))
        expected = [(date, value, at) for date, (at, value) in sorted(days.items())]
        if len(expected) >= SERIES and expected[-1][1] == worth:
            self.saw("days")
            expected = expected[-SERIES:]
        else:
            self.saw("worth")
            expected = expected[1 - SERIES :] + [(None, worth, until)]
        told = [(it["date"], it["value"], offset(it["position"])) for it in receipt["values"]]
        self.equal(told, expected, where)
        return [value for _, value, _ in expected]


if __name__ == "__main__":
    unittest.main()
