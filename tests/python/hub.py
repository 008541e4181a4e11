"""The real binary as a child process, with a configuration and a data directory of its own."""

import os
import re
import subprocess
import tempfile
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

#: ``PMS_HUB_BIN``, or this checkout's debug build.
BINARY = os.environ.get("PMS_HUB_BIN", str(ROOT / "target" / "debug" / "pms-hub"))

#: How long anything that is not immediate is awaited on a busy machine.
PATIENCE_S = 30

SECTIONS = ("analytics", "autotrader", "leaderboard", "rttm", "gateway")
SERVICE = re.compile(r"^\s*(\w[\w-]*)\s+http://(?:127\.0\.0\.1|localhost):(\d+)$")


class Hub:
    """A hub on free ports where clients may SEND, until it is stopped."""

    def __init__(self):
        self._directory = tempfile.TemporaryDirectory(prefix="pms-hub-python-")
        config = Path(self._directory.name, "hub.toml")
        binds = "".join(f'[{section}]\nbind = "127.0.0.1:0"\n' for section in SECTIONS)
        config.write_text(f'{binds}[log]\npath = "hub.db"\n[relay]\nclient_send = true\n')
        own = {name: value for name, value in os.environ.items() if not name.startswith("PMS_HUB__")}
        self._process = subprocess.Popen(
            [BINARY, "serve", "--config", str(config)],
            cwd=self._directory.name,
            env=own | {"NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._printed = []
        self._ready = threading.Event()
        #: Ports by the names of services.
        self.ports = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(PATIENCE_S) or "analytics" not in self.ports:
            self._process.kill()
            raise AssertionError(f"{BINARY} did not start; it had printed:\n{''.join(self._printed)}")

    @property
    def port(self):
        """That of analytics."""
        return self.ports["analytics"]

    def stop(self):
        """SIGTERM; it has to end in order."""
        try:
            self._process.terminate()
            code = self._process.wait(PATIENCE_S)
            self._reader.join(PATIENCE_S)
            if code != 0:
                raise AssertionError(f"exit code {code} after SIGTERM:\n{''.join(self._printed)}")
        finally:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
            self._directory.cleanup()

    def _read(self):
        for line in self._process.stdout:
            self._printed.append(line)
            found = SERVICE.match(line.rstrip())
            if found:
                self.ports[found[1]] = int(found[2])
            if line == "ready\n":
                self._ready.set()
        self._ready.set()
