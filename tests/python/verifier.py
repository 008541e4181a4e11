"""A base for tests that work out again what the hub says, without floats: numbers to the last digit."""

import http.client
import json
import unittest
from decimal import Context, Decimal, Inexact, setcontext

from hub import PATIENCE_S, Hub


def exact():
    """No rounding: an amount that does not fit is an error."""
    setcontext(Context(prec=80, traps=[Inexact]))


def offset(position):
    return int(position.rsplit("-", 1)[1])


def count(value):
    """Values in it."""
    if isinstance(value, dict):
        return sum(map(count, value.values()))
    return sum(map(count, value)) if isinstance(value, (list, tuple)) else 1


class Verifier(unittest.TestCase):
    """A test that compares values and counts them, with a hub of its own."""

    maxDiff = 2000

    @classmethod
    def setUpClass(cls):
        exact()
        cls.hub = Hub()
        cls.addClassCleanup(cls.hub.stop)

    def setUp(self):
        self.client = self.connect("analytics")
        self.values = 0

    def connect(self, service):
        client = Client(self.hub.ports[service])
        self.addCleanup(client.close)
        return client

    def equal(self, found, expected, where):
        self.values += count(expected)
        if found != expected:
            self.fail(f"{found} is not {expected}: {where}")


class Client:
    """Requests on one connection."""

    def __init__(self, port):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)

    def get(self, path, status=200):
        self._connection.request("GET", path)
        response = self._connection.getresponse()
        body = response.read()
        if response.status != status:
            raise AssertionError(f"{path}: {response.status} {body[:500]}")
        read = json.loads(body, parse_float=Decimal, parse_int=Decimal)
        return read, response.headers

    def post(self, path, items):
        self._connection.request("POST", path, json.dumps(items), {"Content-Type": "application/json"})
        response = self._connection.getresponse()
        report = json.loads(response.read())
        if response.status not in (200, 207, 422):
            raise AssertionError(f"{path}: {response.status} {report}")
        return report["results"]

    def close(self):
        self._connection.close()
