// The real binary as a child process, with a configuration and a data directory of its own.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { child, isRunning } from './children.mjs';
import { waitFor } from './wait.mjs';

/** `PMS_HUB_BIN`, or this checkout's debug build. */
const BINARY =
  process.env.PMS_HUB_BIN ?? fileURLToPath(new URL('../../../target/debug/pms-hub', import.meta.url));

/** The log's file in the data directory; SQLite puts others beside it that begin with its name. */
const LOG = 'hub.db';

/** What listens, by its name in the banner. */
export const SERVICES = ['analytics', 'leaderboard', 'rttm', 'auto-trader', 'gateway'];

/** Lines of output kept for error messages. */
const OUTPUT_LINES = 100;

/** `  analytics    http://localhost:8086`: a service of the banner; a note may follow. */
const SERVICE = /^\s*(?<name>[a-z-]+)\s+https?:\/\/(?<address>[^\s/]+)(?: +\(.*\))?$/;

/** The section of the configuration that a service has. */
const sectionOf = (service) => service.replace('-', '');

/** A hub: one data directory, and the process that serves it now. */
export class Hub {
  #directory;
  #args;
  #environment;
  #child;
  #exited;
  #killed;
  #output;
  #addresses;

  /** `performance.now()` when the banner was complete. */
  readyAt;

  /**
   * Starts a hub on free ports and waits until it is ready.
   *
   * @param {object} [options]
   * @param {string[]} [options.args] arguments after `serve --config FILE`
   * @param {Record<string, string>} [options.settings] as in `{ 'relay.client_send': 'true' }`
   */
  static async start({ args = [], settings = {} } = {}) {
    const hub = new Hub();
    hub.#directory = await mkdtemp(join(tmpdir(), 'pms-hub-node-'));
    hub.#args = args;
    hub.#environment = environment(settings);
    const binds = SERVICES.map((service) => `[${sectionOf(service)}]\nbind = "127.0.0.1:0"\n`);
    await writeFile(hub.#config, `${binds.join('')}[log]\npath = "${LOG}"\n`);
    await hub.#serve();
    return hub;
  }

  get #config() {
    return join(this.#directory, 'hub.toml');
  }

  /** @returns {string} `http://127.0.0.1:<port><path>` */
  http(path = '', service = 'analytics') {
    return `http://${this.#address(service)}${path}`;
  }

  /** @returns {string} `ws://127.0.0.1:<port><path>` */
  ws(path = '/ws', service = 'analytics') {
    return `ws://${this.#address(service)}${path}`;
  }

  /** @returns {string} `http://localhost:<port><path>`: what the frontend's `baseWs` names, for SockJS */
  base(path = '', service = 'analytics') {
    return `http://localhost:${this.port(service)}${path}`;
  }

  /** @returns {string} the port of a service */
  port(service) {
    return this.#address(service).split(':').at(-1);
  }

  #address(service) {
    const address = this.#addresses.get(service);
    assert.ok(address, `the banner names ${service} and its address, but says:\n${this.#printed}`);
    return address;
  }

  get #printed() {
    return this.#output.join('\n');
  }

  /** How much memory the process has had at most, in bytes: Linux tells. */
  async peakBytes() {
    const status = await readFile(`/proc/${this.#child.pid}/status`, 'utf8');
    return 1024 * Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)[1]);
  }

  /** SIGTERM; returns at once. */
  signalTerminate() {
    this.#child.kill('SIGTERM');
  }

  /** Waits for the end that SIGTERM asked for: exit code 0 and nothing amiss in the log, or an AssertionError. */
  async exitedCleanly() {
    const [code, signal] = await waitFor(this.#exited, 'the hub to stop after SIGTERM');
    assert.deepEqual({ code, signal }, { code: 0, signal: null }, `the hub had printed:\n${this.#printed}`);
    assert.doesNotMatch(this.#printed, /\bERROR\b|panicked/);
  }

  /** SIGKILL, and waits until the process is gone: a crash. */
  async kill9() {
    this.#killed = true;
    this.#child.kill('SIGKILL');
    await waitFor(this.#exited, 'the hub to be gone after SIGKILL');
  }

  /** Serves the same data again, on the ports it had. */
  async restart() {
    for (const service of SERVICES) {
      const key = `PMS_HUB__${sectionOf(service).toUpperCase()}__BIND`;
      const address = this.#address(service);
      this.#environment[key] = address;
      await waitFor(() => isFree(address), `${address} to be free again`);
    }
    await this.#serve();
  }

  /** Deletes the log of a hub that is gone: what it serves next is another log. */
  async loseLog() {
    assert.ok(!isRunning(this.#child), 'the hub is gone');
    const files = (await readdir(this.#directory)).filter((name) => name.startsWith(LOG));
    await Promise.all(files.map((name) => rm(join(this.#directory, name))));
  }

  /**
   * SIGTERM, a clean end, and the data directory is gone. One that ended by itself is found out here; of one
   * that was killed there is only the directory.
   */
  async stop() {
    try {
      if (isRunning(this.#child)) this.signalTerminate();
      if (!this.#killed) await this.exitedCleanly();
    } finally {
      this.#child.kill('SIGKILL');
      await rm(this.#directory, { recursive: true, force: true });
    }
  }

  async #serve() {
    this.#killed = false;
    this.#output = [];
    this.#addresses = new Map();
    this.#child = child(BINARY, ['serve', '--config', this.#config, ...this.#args], {
      cwd: this.#directory,
      env: this.#environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#exited = once(this.#child, 'close');
    const ready = this.#readBanner();
    const failed = this.#exited.then(([code]) => assert.fail(`exit code ${code} before ready`));
    try {
      await waitFor(Promise.race([ready, failed]), 'the hub to be ready');
    } catch (error) {
      await this.stop().catch(() => {});
      throw new Error(`${BINARY} did not start; it had printed:\n${this.#printed}`, { cause: error });
    }
  }

  /** Reads the output for as long as there is any; resolves at the line `ready`. */
  #readBanner() {
    const { stdout, stderr } = this.#child;
    createInterface({ input: stderr }).on('line', (line) => this.#keep(line));
    return new Promise((resolve) => {
      createInterface({ input: stdout }).on('line', (line) => {
        this.#keep(line);
        const service = SERVICE.exec(line)?.groups;
        if (service) this.#addresses.set(service.name, service.address);
        if (line === 'ready') {
          this.readyAt = performance.now();
          resolve();
        }
      });
    });
  }

  #keep(line) {
    this.#output.push(line);
    if (this.#output.length > OUTPUT_LINES) this.#output.shift();
  }
}

/** The caller's environment without what configures a hub, and with these settings. */
function environment(settings) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('PMS_HUB__'));
  const set = Object.entries(settings).map(([key, value]) => [
    `PMS_HUB__${key.toUpperCase().replaceAll('.', '__')}`,
    value,
  ]);
  return Object.fromEntries([...own, ...set, ['NO_COLOR', '1']]);
}

/** Whether a port can be listened at: while a hub is gone, a connection of another test may have been given it. */
async function isFree(address) {
  const [host, port] = [address.slice(0, address.lastIndexOf(':')), address.slice(address.lastIndexOf(':') + 1)];
  const server = createServer();
  const listening = new Promise((resolve) => {
    server.once('listening', () => resolve(true)).once('error', () => resolve(false));
  });
  server.listen({ host: host.replace(/^\[|\]$/g, ''), port: Number(port) });
  const free = await listening;
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}
