"""Receipts, recomputed from the records that they cite, by code that shares nothing with the hub.

Thousands of random transactions and prices go in. At several positions of the log the receipts of all portfolios are
fetched and worked out again: lots first in, first out by the time of their purchase, what each sale took of them, what is
realised, invested and unrealised. All of it has to be equal to the last digit, and to what `/api/analysis/all`,
`/api/unrealized` and `/api/transactions` say at the same position, and what is cited has to be what was sent.

``RECEIPTS_TRANSACTIONS`` and ``RECEIPTS_ROUNDS`` make it longer, ``RECEIPTS_SEED`` makes it another one.
"""

import datetime
import os
import random
import time
import unittest
import uuid
from decimal import Decimal

from hub import PATIENCE_S
from verifier import Verifier, offset

TRANSACTIONS = int(os.environ.get("RECEIPTS_TRANSACTIONS", "6000"))
ROUNDS = int(os.environ.get("RECEIPTS_ROUNDS", "8"))
SEED = int(os.environ.get("RECEIPTS_SEED", "17"))

#: Values that have to be compared, so that a hub which shows nothing is no hub that is right.
VALUES_MIN = 20 * TRANSACTIONS

PORTFOLIOS = 8
#: Prices of these say when they were quoted, in any order.
DATED = ("AAPL", "MSFT", "BRK.B", "A/B")
#: Prices of these do not, so the last one counts.
UNDATED = ("XOM", "GLD")
#: Nobody quotes these.
UNPRICED = ("PRIV",)
SYMBOLS = DATED + UNDATED + UNPRICED

#: Before the first record; what is sent claims to be of the minutes after it.
BEGAN = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)


def stamp(micros):
    return (BEGAN + datetime.timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Market:
    """Random transactions and prices; what the log took of them."""

    def __init__(self, hub):
        self.random = random.Random(SEED)
        self.hub = hub
        self.portfolios = [str(uuid.UUID(int=self.random.getrandbits(128), version=4)) for _ in range(PORTFOLIOS)]
        #: Applied transactions by portfolio and symbol, each with its offset, in order.
        self.applied = {}
        #: Prices by symbol: offset, time claimed, price.
        self.quoted = {symbol: [] for symbol in SYMBOLS}
        self.sent = []
        self.statuses = {}

    def decimal(self, low, high, places):
        return str(Decimal(self.random.randint(low * 10**places, high * 10**places)).scaleb(-places).normalize())

    def transaction(self):
        draw = self.random
        if self.sent and draw.random() < 0.04:
            return draw.choice(self.sent)
        item = {
            "transactionId": str(uuid.UUID(int=draw.getrandbits(128), version=4)),
            "portfolioId": draw.choice(self.portfolios),
            "symbol": draw.choice(SYMBOLS),
            "side": "BUY" if draw.random() < 0.55 else "SELL",
            "quantity": self.decimal(1, 40, draw.choice((0, 2, 6))),
            "price": self.decimal(1, 30, draw.choice((0, 0, 0, 1, 8))),
        }
        if draw.random() < 0.6:
            item["timestamp"] = stamp(draw.randint(0, 200) * 1_000_000 + draw.choice((0, 0, 1, 999_999)))
        if item["side"] == "SELL":
            item["price"] = self.decimal(1, 60, 4)
            # At a price at which somebody bought, mostly.
            if draw.random() < 0.4:
                bought = [it["price"] for it in self.sent[-400:] if it["side"] == "BUY" and it["symbol"] == item["symbol"]]
                item["lotPrice"] = draw.choice(bought or ["7"])
        self.sent.append(item)
        return item

    def price(self):
        draw = self.random
        item = {"symbol": draw.choice(DATED + UNDATED), "price": self.decimal(1, 50, 4)}
        if item["symbol"] in DATED:
            item["timestamp"] = stamp(draw.randint(0, 400) * 1_000_000)
        return item

    def trade(self, count):
        """So many transactions, and prices among them. The offset of the last record."""
        while count > 0:
            batch = [self.transaction() for _ in range(min(count, self.random.randint(1, 60)))]
            count -= len(batch)
            for item, result in zip(batch, self.hub.post("/api/ingest/transactions", batch)):
                self.statuses[result["status"]] = self.statuses.get(result["status"], 0) + 1
                if result["status"] == "accepted":
                    key = (item["portfolioId"], item["symbol"])
                    self.applied.setdefault(key, []).append((offset(result["position"]), item))
            prices = [self.price() for _ in range(self.random.randint(1, 20))]
            for item, result in zip(prices, self.hub.post("/api/ingest/prices", prices)):
                self.statuses[result["status"]] = self.statuses.get(result["status"], 0) + 1
                last = offset(result["position"])
                self.quoted[item["symbol"]].append((last, item.get("timestamp", ""), item["price"]))
        return last

    def tick(self, symbol, until):
        """The newest quote up to an offset: the one of the latest time, and of those of one time the last."""
        quoted = [quote for quote in self.quoted[symbol] if quote[0] <= until]
        return max(quoted, key=lambda quote: (quote[1], quote[0]), default=None)


class Recomputed:
    """A position, worked out of the transactions that a receipt cites."""

    def __init__(self, verifier, transactions):
        self.verifier = verifier
        self.lots = []
        self.realized = Decimal(0)
        for transaction in transactions:
            if transaction["side"] == "BUY":
                self.buy(transaction)
            else:
                self.sell(transaction)

    def buy(self, it):
        lot = {key: it[key] for key in ("transactionId", "position", "price", "quantity")}
        self.lots.append(lot | {"boughtAt": it["timestamp"], "bought": it["quantity"]})
        # Texts of one length are in the order of their times.
        self.lots.sort(key=lambda lot: (lot["boughtAt"], offset(lot["position"])))
        self.verifier.equal(it["realizedPnl"], 0, it)

    def sell(self, it):
        owed, took, gained = it["quantity"], [], Decimal(0)
        for lot in self.lots:
            if owed and it.get("lotPrice", lot["price"]) == lot["price"]:
                taken = min(owed, lot["quantity"])
                owed -= taken
                lot["quantity"] -= taken
                gain = (it["price"] - lot["price"]) * taken
                gained += gain
                part = {key: lot[key] for key in ("transactionId", "position", "price")}
                took.append(part | {"quantity": taken, "cost": lot["price"] * taken, "gain": gain})
        self.verifier.equal(owed, 0, it)
        self.lots = [lot for lot in self.lots if lot["quantity"]]
        self.realized += gained
        self.verifier.equal(it["lots"], took, it)
        self.verifier.equal(it["realizedPnl"], gained, it)

    def holdings(self):
        return sum((lot["quantity"] for lot in self.lots), Decimal(0))

    def invested(self):
        return sum((lot["quantity"] * lot["price"] for lot in self.lots), Decimal(0))


class Receipts(Verifier):
    def test_every_number_is_what_its_records_make(self):
        market = Market(self.client)
        flushes = []
        for _ in range(ROUNDS):
            last = market.trade(TRANSACTIONS // ROUNDS)
            flush = self.flush(last)
            flushes.append((flush, self.receipts(market, flush)))
            rows, _ = self.client.get(f"/api/analysis/all?at={flush}")
            marks, _ = self.client.get(f"/api/unrealized?at={flush}")
            self.agree(flushes[-1][1], rows, marks)
        self.assertEqual(set(market.statuses), {"accepted", "duplicate", "stale", "rejected"})
        # Of the past the same is told, and of what was never a flush, too.
        for flush, receipts in flushes:
            for portfolio, receipt in receipts.items():
                again, _ = self.client.get(f"/api/explain/pnl/{portfolio}?at={flush}")
                self.equal(again, receipt, flush)
        epoch, newest = flushes[-1][0].rsplit("-", 1)
        for _ in range(ROUNDS):
            self.receipts(market, f"{epoch}-{market.random.randint(2, int(newest))}")
        self.lists(market, flushes[-1][0])
        self.assertGreater(self.values, VALUES_MIN)
        print(f"{self.values} values of {TRANSACTIONS} transactions are what their records make: {market.statuses}")

    def flush(self, last):
        """The position of a flush that has the record at an offset."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            _, headers = self.client.get("/api/sectors/sector-catalog?at=flush")
            if offset(headers["X-Position"]) >= last:
                return headers["X-Position"]
        self.fail(f"there was no flush after {last}")

    def receipts(self, market, position):
        """The receipts of all portfolios at a position, each of which is right."""
        receipts = {}
        for portfolio in market.portfolios:
            held = {symbol for (of, symbol), trades in market.applied.items() if of == portfolio and trades[0][0] <= offset(position)}
            path = f"/api/explain/pnl/{portfolio}?at={position}"
            if not held:
                self.client.get(path, 404)
                continue
            receipt, headers = self.client.get(path)
            self.assertEqual(headers["X-Position"], position)
            self.equal([it["symbol"] for it in receipt["positions"]], sorted(held), path)
            self.verify(market, receipt, path)
            receipts[portfolio] = receipt
            single = market.random.choice(receipt["positions"])
            symbol = single["symbol"].replace("/", "%2F")
            alone, _ = self.client.get(f"/api/explain/position/{portfolio}/{symbol}?at={position}")
            self.equal(alone, single, path)
        return receipts

    def verify(self, market, receipt, where):
        realized, unrealized, unpriced = Decimal(0), Decimal(0), []
        for position in receipt["positions"]:
            self.equal([position[key] for key in ("portfolioId", "position", "at")], [receipt[key] for key in ("portfolioId", "position", "at")], where)
            self.cited(market, position, where)
            made = Recomputed(self, position["transactions"])
            self.equal(position["lots"], made.lots, where)
            figures = (made.holdings(), made.invested(), made.realized)
            self.equal(tuple(position[key] for key in ("holdings", "totalInvested", "realizedPnl")), figures, where)
            price = position["tick"] and position["tick"]["price"]
            self.equal(position["price"], price, where)
            value = Decimal(0)
            if made.holdings():
                value = None if price is None else price * made.holdings() - made.invested()
            self.equal(position["unrealizedPnl"], value, where)
            realized += made.realized
            if value is None:
                unpriced.append(position["symbol"])
            else:
                unrealized += value
        is_valued = len(unpriced) < len(receipt["positions"])
        self.equal(receipt["unpriced"], unpriced, where)
        self.equal((receipt["realizedPnl"], receipt["unrealizedPnl"]), (realized, unrealized if is_valued else None), where)
        held = [it for it in receipt["positions"] if it["holdings"]]
        is_known = not held or any(it["price"] is not None for it in held)
        self.equal(receipt["totalPnl"], realized + unrealized if is_known else None, where)

    def cited(self, market, position, where):
        """What is cited is what was sent, all of it, and nothing else."""
        until = offset(position["position"])
        sent = [it for it in market.applied[position["portfolioId"], position["symbol"]] if it[0] <= until]
        cited = position["transactions"]
        self.equal([offset(it["position"]) for it in cited], [at for at, _ in sent], where)
        for it, (_, item) in zip(cited, sent):
            self.equal([it["transactionId"], it["portfolioId"], it["symbol"], it["side"]], [item["transactionId"], item["portfolioId"], item["symbol"], item["side"]], where)
            self.equal([it["quantity"], it["price"]], [Decimal(item["quantity"]), Decimal(item["price"])], where)
            self.equal(it.get("lotPrice"), item.get("lotPrice") and Decimal(item["lotPrice"]), where)
            self.equal(it["timestamp"], item.get("timestamp", it["at"]), where)
        tick, newest = position["tick"], market.tick(position["symbol"], until)
        if newest is None:
            return self.equal(tick, None, where)
        self.equal((offset(tick["position"]), tick["price"]), (newest[0], Decimal(newest[2])), where)
        self.equal(tick["timestamp"], newest[1] or tick["at"], where)

    def agree(self, receipts, rows, marks):
        """Receipts say what the lists say."""
        figures = ("holdings", "totalInvested", "realizedPnl")
        told = {
            (portfolio, it["symbol"]): [it[key] for key in figures]
            for portfolio, receipt in receipts.items()
            for it in receipt["positions"]
        }
        self.equal({(row["id"]["portfolioId"], row["id"]["symbol"]): [row[key] for key in figures] for row in rows}, told, "rows")
        for mark in marks:
            receipt = receipts[mark["portfolio_id"]]
            self.equal((mark["overallUnrealised_Pnl"], mark.get("unpriced", [])), (receipt["unrealizedPnl"], receipt["unpriced"]), mark)
            values = {it["symbol"]: it["unrealizedPnl"] for it in receipt["positions"] if it["unrealizedPnl"] is not None}
            # Of what was closed a mark lists what was closed lately, and all of it was.
            self.equal(mark["symbol"], values, mark)
        with_value = [portfolio for portfolio, receipt in receipts.items() if receipt["unrealizedPnl"] is not None]
        self.equal(sorted(mark["portfolio_id"] for mark in marks), sorted(with_value), "marks")

    def lists(self, market, position):
        """`/api/transactions` has the same, the newest first, in pages."""
        for portfolio, symbol in sorted(market.applied):
            path, told = f"/api/transactions?portfolioId={portfolio}&symbol={symbol.replace('/', '%2F')}&at={position}&limit=7", []
            while path:
                page, headers = self.client.get(path)
                told += page
                path = headers["Link"] and headers["Link"].removeprefix("<").removesuffix('>; rel="next"')
            until = offset(position)
            sent = [(at, it["transactionId"]) for at, it in market.applied[portfolio, symbol] if at <= until]
            self.equal([(offset(it["position"]), it["transactionId"]) for it in told], sent[::-1], path)


if __name__ == "__main__":
    unittest.main()
