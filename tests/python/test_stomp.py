"""stomp.py, its command line and its library, against the real hub over TCP, in every version of STOMP."""

import json
import queue
import re
import subprocess
import sys
import threading
import unittest
import urllib.request
import uuid
from pathlib import Path

import stomp

from hub import PATIENCE_S, Hub

CONNECTIONS = {"1.0": stomp.Connection10, "1.1": stomp.Connection11, "1.2": stomp.Connection12}

#: The command that the package installs.
STOMP = str(Path(sys.executable).with_name("stomp"))

hub = None


def setUpModule():
    global hub
    hub = Hub()


def tearDownModule():
    hub.stop()


class CommandLine:
    """`stomp -H localhost -P <port>`, typed at and read."""

    def __init__(self, version, *args):
        self._process = subprocess.Popen(
            [STOMP, "-H", "localhost", "-P", str(hub.port), "-S", version, *args],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._output = ""
        self._grown = threading.Condition()
        self._ended = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def type(self, line):
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()

    def expect(self, pattern):
        """Waits until the output goes on with this; what was before it is read. The match."""

        def found():
            # The prompt may come between any two lines.
            self._output = self._output.replace("> ", "")
            match = re.search(pattern, self._output, re.DOTALL)
            return match or self._ended or None

        with self._grown:
            match = self._grown.wait_for(found, PATIENCE_S)
            if not isinstance(match, re.Match):
                raise AssertionError(f"{pattern!r} did not come, but: {self._output!r}")
            self._output = self._output[match.end() :]
            return match

    def quit(self):
        """Ends it by its own command; what it had printed and was not read."""
        self.type("quit")
        code = self._process.wait(PATIENCE_S)
        if code != 0:
            raise AssertionError(f"exit code {code}: {self._output!r}")
        return self.close()

    def close(self):
        self._process.kill()
        self._process.wait()
        self._reader.join(PATIENCE_S)
        self._process.stdin.close()
        self._process.stdout.close()
        return self._output

    def _read(self):
        while character := self._process.stdout.read(1):
            with self._grown:
                self._output += character
                self._grown.notify_all()
        with self._grown:
            self._ended = True
            self._grown.notify_all()


class Listener(stomp.ConnectionListener):
    """Keeps what comes, in order."""

    def __init__(self):
        self._frames = queue.Queue()

    def on_connected(self, frame):
        self._frames.put(("CONNECTED", frame))

    def on_message(self, frame):
        self._frames.put(("MESSAGE", frame))

    def on_receipt(self, frame):
        self._frames.put(("RECEIPT", frame))

    def on_error(self, frame):
        self._frames.put(("ERROR", frame))

    def on_disconnected(self):
        self._frames.put(("the end", None))

    def next(self, wanted):
        command, frame = self._frames.get(timeout=PATIENCE_S)
        if command != wanted:
            raise AssertionError(f"{wanted} was awaited, {command} came: {frame}")
        return frame


class CommandLineTests:
    version = None

    def start(self, version, *args):
        line = CommandLine(version, *args)
        self.addCleanup(line.close)
        return line

    def subscribed(self, line, destination, ack="auto"):
        """Subscribes, and waits until the hub has done so: what is sent afterwards is answered later."""
        line.type(f"subscribe {destination} {ack}")
        line.expect("Subscribing to")
        mark = f"/queue/relay/{uuid.uuid4()}"
        line.type(f"subscribe {mark}")
        line.type(f"send {mark} subscribed")
        line.expect("\nsubscribed\n")

    def test_what_is_sent_comes_to_who_has_subscribed(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        for name in (destination, destination.replace("queue", "topic")):
            receiver, sender = self.start(version), self.start(version)
            self.subscribed(receiver, name)
            sender.type(f"send {name} hello: wide\\world")
            receiver.expect(r"message-id: \S+\n.*\nhello: wide\\world\n")
            self.assertNotIn("ERROR", sender.quit())
            receiver.type(f"unsubscribe {name}")
            receiver.expect("Unsubscribing")
            self.assertNotIn("lost connection", receiver.quit())

    def test_a_receipt_comes_for_what_asked_for_one(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        line = self.start(version, "-V")
        line.expect(rf"CONNECTED\n([^\n]+\n)*version: {version}\n")
        line.type(f"sendrec {destination} x")
        line.expect(r"RECEIPT\nreceipt-id: \S+\n")
        line.quit()

    def test_what_is_not_acknowledged_goes_to_another(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        first = self.start(version, "-V")
        self.subscribed(first, destination, "client-individual")
        keys = {}
        for body in ("one", "two"):
            first.type(f"send {destination} {body}")
            head = first.expect(rf"MESSAGE\n((?:[^\n]+: [^\n]*\n)+)\n{body}\n")[1]
            keys[body] = dict(line.split(": ", 1) for line in head.splitlines())
        self.assertNotIn("redelivered", keys["two"])
        message = keys["one"]
        ids = {
            "1.0": message["message-id"],
            "1.1": f"{message['message-id']} {message['subscription']}",
            "1.2": message.get("ack"),
        }
        first.type(f"ack {ids[version]}")
        first.quit()
        second = self.start(version, "-V")
        second.type(f"subscribe {destination}")
        second.expect(r"MESSAGE\n(?:[^\n]+: [^\n]*\n)*redelivered: true\n(?:[^\n]+: [^\n]*\n)*\ntwo\n")
        second.type(f"send {destination} three")
        rest = second.expect(r"\nthree\n")
        self.assertNotIn("\none\n", rest.string[: rest.end()])
        second.quit()

    def test_a_transaction_happens_when_it_is_committed_and_not_when_it_is_aborted(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        receiver, sender = self.start(version), self.start(version)
        self.subscribed(receiver, destination)
        sender.type("begin")
        sender.expect(r"Transaction id: \S+")
        sender.type(f"send {destination} never")
        sender.type("abort")
        sender.expect("Aborted transaction")
        sender.type("begin")
        sender.expect(r"Transaction id: \S+")
        sender.type(f"send {destination} first")
        sender.type(f"send {destination} second")
        sender.type("commit")
        sender.expect("Committing")
        before = receiver.expect(r"\nfirst\n(.*)\nsecond\n")
        self.assertNotIn("never", before.string[: before.end()])
        self.assertNotIn("ERROR", sender.quit())
        self.assertNotIn("never", receiver.quit())

    def test_listening_from_the_start(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        listener, sender = self.start(version, "-L", destination), self.start(version)
        sender.type(f"send {destination} heard")
        listener.expect(r"\nheard\n")
        sender.quit()

    def test_an_error_is_shown_with_its_cause(self):
        version = self.version
        line = self.start(version, "-V")
        line.type("send /topic/nowhere x")
        line.expect(r"ERROR\n.*message: message refused\n.*there is no destination /topic/nowhere")
        line.expect("lost connection")


class LibraryTests:
    version = None

    def connect(self, version, **settings):
        connection, listener = CONNECTIONS[version]([("localhost", hub.port)], **settings), Listener()
        connection.set_listener("", listener)
        connection.connect(wait=True)
        listener.next("CONNECTED")
        self.addCleanup(lambda: connection.is_connected() and connection.disconnect())
        return connection, listener

    @staticmethod
    def settle(version, settle, frame, **headers):
        """ACK or NACK, as the version has it."""
        if version == "1.2":
            settle(frame.headers["ack"], **headers)
        elif version == "1.1":
            settle(frame.headers["message-id"], frame.headers["subscription"], **headers)
        else:
            settle(frame.headers["message-id"], **headers)

    def test_headers_and_text_come_as_they_were_sent(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        connection, listener = self.connect(version)
        connection.subscribe(destination, id="1")
        colour = "blue" if version == "1.0" else "a:b\\c\nd"
        connection.send(destination, "\u00e9 \U0001f4c8\n", content_type="text/x", colour=colour)
        frame = listener.next("MESSAGE")
        self.assertEqual(frame.body, "\u00e9 \U0001f4c8\n")
        self.assertEqual(frame.headers["colour"], colour)
        self.assertEqual(frame.headers["destination"], destination)
        self.assertEqual(frame.headers["subscription"], "1")

    def test_what_one_leaves_unacknowledged_the_next_gets_again(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        connection, listener = self.connect(version)
        connection.subscribe(destination, id="1", ack="client-individual")
        for body in ("one", "two", "three"):
            connection.send(destination, body)
        frames = [listener.next("MESSAGE") for _ in range(3)]
        self.settle(version, connection.ack, frames[1])
        connection.disconnect()
        other, others = self.connect(version)
        other.subscribe(destination, id="1")
        for body in ("one", "three"):
            frame = others.next("MESSAGE")
            self.assertEqual((frame.body, frame.headers.get("redelivered")), (body, "true"))
        other.send(destination, "last")
        self.assertEqual(others.next("MESSAGE").body, "last")

    def test_an_ack_in_a_transaction_counts_from_its_commit(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        connection, listener = self.connect(version)
        connection.subscribe(destination, id="1", ack="client-individual")
        connection.send(destination, "kept")
        connection.send(destination, "returned")
        kept, returned = listener.next("MESSAGE"), listener.next("MESSAGE")
        committed, aborted = connection.begin(), connection.begin()
        self.settle(version, connection.ack, kept, transaction=committed)
        self.settle(version, connection.ack, returned, transaction=aborted)
        connection.commit(committed)
        connection.abort(aborted)
        connection.disconnect()
        other, others = self.connect(version)
        other.subscribe(destination, id="1")
        self.assertEqual(others.next("MESSAGE").body, "returned")
        other.send(destination, "last")
        self.assertEqual(others.next("MESSAGE").body, "last")

    def test_facts_are_applied_when_their_receipt_comes(self):
        version = self.version
        connection, listener = self.connect(version)
        portfolio = str(uuid.uuid4())
        item = {
            "transactionId": str(uuid.uuid4()),
            "portfolioId": portfolio,
            "symbol": "ACME",
            "side": "BUY",
            "quantity": 1,
            "buyPrice": 10,
        }
        connection.send("/app/transactions", json.dumps(item), "application/json", receipt="r")
        self.assertEqual(listener.next("RECEIPT").headers["receipt-id"], "r")
        url = f"http://localhost:{hub.port}/api/analysis/all"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as answer:
            rows = json.load(answer)
        self.assertIn(portfolio, [row["id"]["portfolioId"] for row in rows])

    def test_an_error_ends_the_connection(self):
        version = self.version
        connection, listener = self.connect(version)
        connection.send("/topic/nowhere", "x", receipt="r")
        frame = listener.next("ERROR")
        self.assertEqual(frame.headers["message"], "message refused")
        self.assertEqual(frame.headers["receipt-id"], "r")
        self.assertIn("there is no destination /topic/nowhere", frame.body)
        listener.next("the end")


class LibraryTestsSince11(LibraryTests):
    """Of what 1.0 does not have."""

    def test_a_nack_brings_a_message_again(self):
        version, destination = self.version, f"/queue/relay/{uuid.uuid4()}"
        connection, listener = self.connect(version)
        connection.subscribe(destination, id="1", ack="client-individual")
        connection.send(destination, "x")
        self.settle(version, connection.nack, listener.next("MESSAGE"))
        frame = listener.next("MESSAGE")
        self.assertEqual((frame.body, frame.headers["redelivered"]), ("x", "true"))

    def test_heart_beats_are_agreed_upon(self):
        version = self.version
        connection, listener = CONNECTIONS[version]([("localhost", hub.port)], heartbeats=(5000, 5000)), Listener()
        connection.set_listener("", listener)
        connection.connect(wait=True)
        frame = listener.next("CONNECTED")
        self.assertEqual(frame.headers["version"], version)
        self.assertRegex(frame.headers["heart-beat"], r"^[1-9]\d*,[1-9]\d*$")
        connection.disconnect()


class TestCommandLine10(CommandLineTests, unittest.TestCase):
    version = "1.0"


class TestCommandLine11(CommandLineTests, unittest.TestCase):
    version = "1.1"


class TestCommandLine12(CommandLineTests, unittest.TestCase):
    version = "1.2"


class TestLibrary10(LibraryTests, unittest.TestCase):
    version = "1.0"


class TestLibrary11(LibraryTestsSince11, unittest.TestCase):
    version = "1.1"


class TestLibrary12(LibraryTestsSince11, unittest.TestCase):
    version = "1.2"


if __name__ == "__main__":
    unittest.main()
