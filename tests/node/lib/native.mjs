// A page without STOMP: a plain WebSocket with JSON text, and what came on it.

import assert from 'node:assert/strict';

import { WebSocket } from 'ws';

import { waitFor } from './wait.mjs';

export class NativePeer {
  /** What came, parsed. */
  messages = [];

  /** When each of them came: `performance.now()`. */
  arrivals = [];

  /** `{ code, reason }` of each close. */
  closes = [];

  #socket;

  /** @param {object} [options] of the `ws` client */
  static async connect(url, options) {
    const peer = new NativePeer();
    peer.#socket = new WebSocket(url, options);
    const opened = new Promise((resolve, reject) => {
      peer.#socket.once('open', resolve);
      peer.#socket.once('error', reject);
    });
    peer.#socket.on('message', (data, isBinary) => {
      assert.ok(!isBinary, 'JSON comes as text');
      peer.messages.push(JSON.parse(data));
      peer.arrivals.push(performance.now());
    });
    peer.#socket.on('close', (code, reason) => peer.closes.push({ code, reason: String(reason) }));
    await waitFor(opened, `the WebSocket at ${url} to open`);
    return peer;
  }

  /** Sends text or octets as they are, and anything else as JSON. */
  send(message) {
    const raw = typeof message === 'string' || message instanceof Uint8Array;
    this.#socket.send(raw ? message : JSON.stringify(message));
  }

  /** Messages of one type. */
  of(type) {
    return this.messages.filter((message) => message.type === type);
  }

  /** Elements of the `data` of one type, be it arrays or one by one. */
  data(type) {
    return this.of(type).flatMap(({ data }) => data);
  }

  /** Sends a ping, waits for its pong, and returns what came before it and after `seen` messages. */
  async pinged(seen = this.messages.length) {
    const pongs = this.of('pong').length;
    this.send({ type: 'ping' });
    await waitFor(() => {
      assert.deepEqual(this.closes, []);
      return this.of('pong').length > pongs;
    }, 'a pong');
    const came = this.messages.slice(seen);
    return came.slice(
      0,
      came.findLastIndex(({ type }) => type === 'pong'),
    );
  }

  async close() {
    this.#socket.close();
    await waitFor(() => this.closes.length > 0, 'the WebSocket to close');
  }
}
