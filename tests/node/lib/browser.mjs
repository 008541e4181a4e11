// Chromium, and a page that is served elsewhere than the hub, as a frontend's is.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { DEADLINE_MS, waitFor } from './wait.mjs';

/** Debian's, or another. */
const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';

const ARGS = [
  '--no-sandbox',
  '--disable-quic',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  // A name that is another site, here.
  '--host-resolver-rules=MAP *.example 127.0.0.1',
];

const file = (path) => fileURLToPath(new URL(path, import.meta.url));

/** sockjs-client as pages have it. */
export const SOCKJS = file('../node_modules/sockjs-client/dist/sockjs.min.js');

const MSGPACK = file('../node_modules/@msgpack/msgpack/dist.umd/msgpack.min.js');
const STOMP = file('../node_modules/@stomp/stompjs/bundles/stomp.umd.min.js');
const PEER = file('../page/peer.js');

/** What the page's server has: path to file and type. */
const FILES = {
  '/': [file('../page/index.html'), 'text/html'],
  '/msgpack.min.js': [MSGPACK, 'text/javascript'],
  '/peer.js': [PEER, 'text/javascript'],
  '/sockjs.min.js': [SOCKJS, 'text/javascript'],
  '/stomp.umd.min.js': [STOMP, 'text/javascript'],
};

export class Browser {
  #chromium;
  #server;

  static async start() {
    const browser = new Browser();
    browser.#chromium = await chromium.launch({ executablePath: EXECUTABLE, args: ARGS });
    browser.#server = createServer(serve).listen(0, '127.0.0.1');
    await once(browser.#server, 'listening');
    return browser;
  }

  /** @returns {string} the origin of the page */
  origin(host = 'localhost') {
    return `http://${host}:${this.#server.address().port}`;
  }

  /**
   * A fresh page with nothing in common with another, not even connections: a browser has six to a host.
   *
   * @param {object} [options]
   * @param {string} [options.at] its URL, if not that of the frontend; the scripts are put into it then
   * @param {(page: import('playwright-core').Page) => Promise<void>} [options.prepare] what is done before
   */
  async open({ at, prepare = async () => {} } = {}) {
    const context = await waitFor(this.#chromium.newContext(), "a browser's context");
    context.setDefaultTimeout(DEADLINE_MS);
    const page = await waitFor(context.newPage(), "a browser's page");
    const tab = new Tab(context, page);
    await prepare(page);
    await page.goto(at ?? this.origin());
    if (at) for (const path of [SOCKJS, STOMP, PEER]) await page.addScriptTag({ path });
    return tab;
  }

  async stop() {
    if (this.#chromium) await waitFor(this.#chromium.close(), 'the browser to close');
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A page, and its peer. */
export class Tab {
  #context;

  /** Playwright's page. */
  page;

  /** Errors of scripts, and what the browser itself complains of. */
  complaints = [];

  /** `METHOD name` of each SockJS request, of its frames too: the last segments of their paths. */
  requests = new Set();

  constructor(context, page) {
    this.#context = context;
    this.page = page;
    page.on('pageerror', (error) => this.complaints.push(String(error)));
    page.on('console', (message) => {
      const { url } = message.location();
      // What a browser asks every server for.
      if (message.type() === 'error' && !url.endsWith('/favicon.ico')) this.complaints.push(message.text());
    });
    page.on('request', (request) => {
      this.requests.add(`${request.method()} ${new URL(request.url()).pathname.split('/').at(-1)}`);
    });
  }

  /** @returns {Promise<string>} the transport that it takes */
  connect(url, options = {}) {
    return this.#ask('CONNECTED', (peer, asked) => peer.connect(...asked), [
      url,
      { timeout: DEADLINE_MS, ...options },
    ]);
  }

  subscribe(destination) {
    return this.#ask(`SUBSCRIBE to ${destination}`, (peer, asked) => peer.subscribe(asked), destination);
  }

  send(destination, bodies) {
    return this.#ask(`SEND to ${destination}`, (peer, asked) => peer.send(...asked), [destination, bodies]);
  }

  /** @returns {Promise<string[]>} what came from a destination, once there is this much */
  bodies(destination, count) {
    return waitFor(async () => {
      const bodies = await this.#ask('bodies', (peer, asked) => peer.bodies[asked], destination);
      return bodies.length >= count && bodies;
    }, `${count} messages of ${destination}`);
  }

  /** @returns {Promise<{ code: number, reason: string }[]>} the closes, once there is one */
  closes() {
    return waitFor(async () => {
      const closes = await this.#ask('closes', (peer) => peer.closes);
      return closes.length > 0 && closes;
    }, 'a close');
  }

  errors() {
    return this.#ask('errors', (peer) => peer.errors);
  }

  /** Opens a native socket. */
  async socket(url, protocols = []) {
    const opening = this.page.evaluateHandle((asked) => window.openSocket(...asked), [url, protocols]);
    return new PageSocket(await waitFor(opening, `the page's WebSocket at ${url} to open`));
  }

  /** Disconnects the way stompjs does. */
  leave() {
    return this.#ask('DISCONNECT', (peer) => peer.leave());
  }

  close() {
    return waitFor(this.#context.close(), "a browser's context to close");
  }

  async #ask(what, question, asked) {
    const peer = await waitFor(this.page.evaluateHandle('window.peer'), 'the page to answer');
    return waitFor(peer.evaluate(question, asked), `the page's ${what}`);
  }
}

/** A page's native socket. */
class PageSocket {
  #peer;

  constructor(peer) {
    this.#peer = peer;
  }

  /** @returns {Promise<{ extensions: string, protocol: string }>} */
  agreed() {
    return waitFor(
      this.#peer.evaluate((peer) => peer.agreed()),
      'what was agreed',
    );
  }

  send(message) {
    return waitFor(
      this.#peer.evaluate((peer, message) => peer.send(message), message),
      'the page to send',
    );
  }

  /** @returns {Promise<any[]>} what came, once it is enough; all of it binary, or text */
  messages(enough, what, { binary = false } = {}) {
    return waitFor(async () => {
      const came = await this.#peer.evaluate(({ messages, binary }) => ({ messages, binary }));
      assert.deepEqual(came.binary, Array(came.messages.length).fill(binary));
      return enough(came.messages) && came.messages;
    }, what);
  }
}

async function serve({ url }, response) {
  const [path, type] = FILES[url] ?? [];
  if (!path) return response.writeHead(404).end();
  response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(await readFile(path));
}
