#!/usr/bin/env python3
"""Runs the tests of the workspace, and other suites beside them, and closes with what each runner counted.

Cargo runs one test binary after another. Most of ours wait for a deadline of the hub's while the processor idles, so
here several run at once. Each is started as cargo would start it: from its package's folder, all of its tests, with
as many threads as it likes.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CARGO = os.environ.get("CARGO", "cargo")

#: Run before all others and by itself: it floods the hub and gives it a time to cope.
ALONE = ("hostile_peers",)

#: Begun first of the others, so that nobody waits for one of them at the end.
LONG = ("bounded", "sockjs", "malformed_input", "market", "options", "crash_recovery")

#: The lines in which cargo's, Node's and Python's runners say what they counted.
COUNT = re.compile(r"^(test result: |ℹ (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) |Ran \d+ tests? in |(OK|FAILED)\b)")

#: Where cargo's, Node's and Python's runners begin to say what failed, and so many lines of it are enough.
FAILURES = re.compile(r"^(failures:|✖ failing tests:|={70})$")
SHOWN = 80

#: What a test binary of the workspace is built with. One set of features for all steps: see docs/testing.md.
BUILD = [CARGO, "test", "--workspace", "--locked", "--no-run", "--message-format=json-render-diagnostics"]


def main():
    options = arguments()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    built = binaries(options)
    alone = [job for job in built if is_one_of(ALONE, job)]
    jobs = [(command, ["sh", "-c", command], ROOT) for command in options.beside]
    jobs += [job for job in built if job not in alone]
    if not options.without:
        jobs.append(("documentation", [CARGO, "test", "--workspace", "--locked", "--doc"], ROOT))
    results = [run(*job) for job in alone]
    with ThreadPoolExecutor(options.jobs) as pool:
        running = [pool.submit(run, *job) for job in jobs]
        results += [finished.result() for finished in as_completed(running)]
    print("\nWhat the runners counted:\n")
    for name, _, counted, _ in sorted(results):
        print(f"     Ran {name}", *counted, sep="\n")
    failed = sorted((name, why(said)) for name, succeeded, _, said in results if not succeeded)
    for name, said in failed:
        print(f"\nFAILED: {name}", *said, sep="\n")
    return 1 if failed else 0


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--jobs", type=int, default=1 + (os.cpu_count() or 1), help="binaries and suites at once")
    parser.add_argument("--without", action="append", default=[], metavar="PACKAGE", help="neither built nor run")
    parser.add_argument("--but", action="append", default=[], metavar="PACKAGE:TARGET", help="built and run all the same")
    parser.add_argument("--beside", action="append", default=[], metavar="COMMAND", help="a suite of another runner")
    return parser.parse_args()


def is_chosen(options, package, target):
    return package not in options.without or f"{package}:{target}" in options.but


def binaries(options):
    """Builds the test binaries; name, command and folder of each, the long ones first."""
    command = BUILD + (targets(options) if options.without else [])
    found = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as build:
        for line in build.stdout:
            message = json.loads(line) if line.startswith("{") else {}
            if message.get("executable") and message["profile"]["test"]:
                folder = Path(message["manifest_path"]).parent
                name = message["target"]["name"]
                if is_chosen(options, package(message["package_id"]), name):
                    found.append((f"{folder.relative_to(ROOT)} {name}", message["executable"], folder))
    if build.returncode:
        sys.exit(build.returncode)
    # As cargo sets it, and for these alone: build scripts look at it, and would be run anew.
    jobs = [(name, ["env", f"CARGO_MANIFEST_DIR={folder}", executable], folder) for name, executable, folder in found]
    return sorted(jobs, key=lambda job: not is_one_of(LONG, job))


def is_one_of(names, job):
    return job[0].split()[-1] in names


def targets(options):
    """Options of cargo that choose the tests that are left."""
    command = [CARGO, "metadata", "--locked", "--no-deps", "--format-version=1"]
    packages = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout)["packages"]
    tests = [(each["name"], target["name"]) for each in packages for target in each["targets"] if "test" in target["kind"]]
    names = sorted({name for package, name in tests if is_chosen(options, package, name)})
    return ["--lib", *(word for name in names for word in ("--test", name))]


def package(package_id):
    """The name in `path+file:///x/crates/ws#hub-ws@0.1.0`; a folder of that name leaves it out."""
    path, _, name = package_id.rpartition("#")
    return name.split("@")[0] if "@" in name else path.rpartition("/")[2]


PRINTING = threading.Lock()


def run(name, command, folder):
    """Runs `command` and prints its output, less its counts, when it ends: name, success, counts, that output."""
    began = time.monotonic()
    process = subprocess.run(
        command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    lines = process.stdout.decode(errors="replace").splitlines()
    counted = [line for line in lines if COUNT.match(line)]
    said = [line for line in lines if not COUNT.match(line)]
    with PRINTING:
        print(f"\n     Running {name} ({time.monotonic() - began:.1f} s)")
        print(*said, sep="\n", flush=True)
    return name, process.returncode == 0 and bool(counted), counted, said


def why(said):
    """What a runner says of its failures, which it does last: once more, where whoever reads only the end sees it."""
    begins = [number for number, line in enumerate(said) if FAILURES.match(line)]
    return said[begins[0] if begins else -SHOWN :][:SHOWN]


if __name__ == "__main__":
    sys.exit(main())
