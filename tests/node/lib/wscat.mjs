// wscat at a terminal, as somebody has it who types: without one it keeps to itself how a connection ended.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { child, isRunning } from './children.mjs';
import { waitFor } from './wait.mjs';

const WSCAT = fileURLToPath(new URL('../node_modules/wscat/bin/wscat', import.meta.url));

/** Where wscat puts the cursor before it prints; what is printed comes behind. */
const CLEARED = '\u001b[3D';

/** Colours and movements of the cursor. */
const CONTROL = /\u001b\[[0-9;]*[A-Za-z]/g;

const INCOMING = '< ';

const DISCONNECTED = /^Disconnected \(code: (\d+), reason: "(.*)"\)$/;

/** As a shell takes it for one word. */
const quoted = (word) => `'${word.replaceAll("'", "'\\''")}'`;

export class Wscat {
  /** Its exit code, once it has ended. */
  exitCode;

  #terminal;
  #output = '';

  /** `wscat -c <url> <options>`, without waiting for anything. */
  static run(url, ...options) {
    const wscat = new Wscat();
    const command = [process.execPath, WSCAT, '-c', url, ...options].map(quoted).join(' ');
    // util-linux's: a pseudo-terminal, and what is printed there.
    wscat.#terminal = child('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'inherit'] });
    wscat.#terminal.stdout.setEncoding('utf8').on('data', (text) => (wscat.#output += text));
    wscat.#terminal.once('close', (code) => (wscat.exitCode = code));
    return wscat;
  }

  /** One that is connected. */
  static async connect(url, ...options) {
    const wscat = Wscat.run(url, ...options);
    await waitFor(() => {
      assert.deepEqual(wscat.errors, []);
      return wscat.printed.includes('Connected (press CTRL+C to quit)');
    }, `wscat to connect to ${url}`);
    return wscat;
  }

  /** Complete lines that it has printed, without what was typed. */
  get printed() {
    const lines = this.#output.split('\n').slice(0, -1);
    return lines
      .filter((line) => line.includes(CLEARED))
      .map((line) => line.split(CLEARED).at(-1).replace(CONTROL, '').trimEnd());
  }

  /** What came, as it is. */
  get incoming() {
    return this.printed
      .filter((line) => line.startsWith(INCOMING))
      .map((line) => line.slice(INCOMING.length));
  }

  /** What came, parsed. */
  get messages() {
    return this.incoming.map((text) => JSON.parse(text));
  }

  /** What it calls errors. */
  get errors() {
    return this.printed.filter((line) => line.startsWith('error: '));
  }

  /** `{ code, reason }` of the close, once it has printed it. */
  get close() {
    const [, code, reason] = this.printed.map((line) => DISCONNECTED.exec(line)).find(Boolean) ?? [];
    return code && { code: Number(code), reason };
  }

  /** Types a line. */
  type(line) {
    this.#terminal.stdin.write(`${line}\r`);
  }

  /** Waits for so many messages, and returns them parsed. */
  async received(count) {
    await waitFor(() => {
      assert.deepEqual([this.errors, this.close], [[], undefined]);
      return this.incoming.length >= count;
    }, `${count} messages in wscat`);
    return this.messages;
  }

  /** Waits until it has ended by itself. */
  async ended() {
    await waitFor(() => this.exitCode !== undefined, 'wscat to end');
  }

  /** Ctrl+C, if it is still there. */
  async quit() {
    if (!isRunning(this.#terminal)) return;
    const closed = once(this.#terminal, 'close');
    this.#terminal.stdin.write('\u0003');
    await waitFor(closed, 'wscat to quit');
  }
}
