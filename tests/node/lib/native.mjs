// A page without STOMP: a plain WebSocket with JSON text or MessagePack, and what came on it.

import assert from 'node:assert/strict';

import { decode, encode } from '@msgpack/msgpack';
import { WebSocket } from 'ws';

import { waitFor } from './wait.mjs';

/** The subprotocol of MessagePack. */
export const MSGPACK = 'hub.msgpack';

export class NativePeer {
  /** What came, parsed. */
  messages = [];

  /** When each of them came: `performance.now()`. */
  arrivals = [];

  /** `{ code, reason }` of each close. */
  closes = [];

  /** The `Sec-WebSocket-Extensions` of the answer. */
  extensions;

  #socket;
  #packed;

  /**
   * @param {object} [options] of the `ws` client; and
   * @param {boolean} [options.packed] whether it speaks MessagePack
   */
  static async connect(url, { packed = false, ...options } = {}) {
    const peer = new NativePeer();
    peer.#packed = packed;
    peer.#socket = new WebSocket(url, packed ? [MSGPACK] : [], options);
    peer.#socket.once('upgrade', ({ headers }) => (peer.extensions = headers['sec-websocket-extensions']));
    const opened = new Promise((resolve, reject) => {
      peer.#socket.once('open', resolve);
      peer.#socket.once('error', reject);
    });
    peer.#socket.on('message', (data, isBinary) => {
      assert.equal(isBinary, packed, 'JSON comes as text, MessagePack in binary');
      peer.messages.push(packed ? decode(data) : JSON.parse(data));
      peer.arrivals.push(performance.now());
    });
    peer.#socket.on('close', (code, reason) => peer.closes.push({ code, reason: String(reason) }));
    await waitFor(opened, `the WebSocket at ${url} to open`);
    return peer;
  }

  /** The subprotocol that was agreed on, or none. */
  get protocol() {
    return this.#socket.protocol;
  }

  /** Sends text or octets as they are, and anything else as JSON or MessagePack. */
  send(message) {
    const raw = typeof message === 'string' || message instanceof Uint8Array;
    if (raw) this.#socket.send(message);
    else this.#socket.send(this.#packed ? encode(message) : JSON.stringify(message));
  }

  /** Takes nothing more from its socket, until {@link resume}. */
  pause() {
    this.#socket.pause();
  }

  resume() {
    this.#socket.resume();
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

/** How a page from elsewhere is closed. */
export const notAllowed = (origin) => ({
  code: 1008,
  reason: `Origin not allowed: ${origin} is not in server.allowed_origins`,
});
