// A stompjs client over `ws` that records what happens to it.

import assert from 'node:assert/strict';

import { Client } from '@stomp/stompjs';
import { WebSocket } from 'ws';

import { waitFor } from './wait.mjs';

export class Peer {
  /** The stompjs client. */
  client;

  /** CONNECTED frames. */
  connections = [];

  /** ERROR frames. */
  errors = [];

  /** `{ code, reason }` of each close. */
  closes = [];

  /** Messages of failed WebSockets. */
  failures = [];

  /** Head of each frame, as `>>> CONNECT...` and `<<< CONNECTED...`. */
  transcript = [];

  #receipts = 0;

  /**
   * @param {string} url
   * @param {object} [options] settings of the stompjs client; and
   * @param {string[]} [options.protocols] WebSocket subprotocols to offer
   * @param {object} [options.socket] options of the `ws` client
   */
  constructor(url, { protocols = [], socket = {}, ...settings } = {}) {
    this.client = new Client({
      webSocketFactory: () => new WebSocket(url, protocols, socket),
      reconnectDelay: 0,
      debug: (line) => /^(>>>|<<<) [A-Z]/.test(line) && this.transcript.push(line),
      onConnect: (frame) => this.connections.push(frame),
      onStompError: (frame) => this.errors.push({ ...frame.headers, body: frame.body }),
      onWebSocketClose: ({ code, reason }) => this.closes.push({ code, reason }),
      onWebSocketError: (event) => this.failures.push(event.message),
      ...settings,
    });
  }

  /** A connected one. */
  static async connect(url, options) {
    const peer = new Peer(url, options);
    peer.client.activate();
    await peer.#untroubled(() => peer.client.connected, `CONNECTED from ${url}`);
    return peer;
  }

  /**
   * Subscribes, and waits until the hub has confirmed it.
   *
   * @returns {Promise<import('@stomp/stompjs').IMessage[]>} the messages, as they come
   */
  async subscribe(destination, headers = {}) {
    const messages = [];
    await this.#confirmed(`SUBSCRIBE to ${destination}`, (receipt) => {
      this.client.subscribe(destination, (message) => messages.push(message), { ...headers, receipt });
    });
    return messages;
  }

  /** Publishes, and waits until the hub has confirmed it. */
  async send(destination, { headers = {}, ...body }) {
    await this.#confirmed(`SEND to ${destination}`, (receipt) => {
      this.client.publish({ destination, headers: { ...headers, receipt }, ...body });
    });
  }

  /** Disconnects the way stompjs does, and waits until the socket is closed. */
  async close() {
    await waitFor(this.client.deactivate(), 'the WebSocket to close after DISCONNECT');
  }

  async #confirmed(what, act) {
    const receipt = `receipt-${this.#receipts++}`;
    let confirmed = false;
    this.client.watchForReceipt(receipt, () => (confirmed = true));
    act(receipt);
    await this.#untroubled(() => confirmed, `the RECEIPT of ${what}`);
  }

  /** Waits for something that an ERROR or a close would make impossible. */
  #untroubled(condition, what) {
    return waitFor(() => {
      const { errors, closes, failures } = this;
      assert.deepEqual({ errors, closes, failures }, { errors: [], closes: [], failures: [] });
      return condition();
    }, what);
  }
}

/** Waits until all of `peers` are closed, and returns how each was. */
export function closed(peers, ms) {
  const all = () => {
    const open = peers.filter((peer) => peer.closes.length === 0);
    assert.equal(open.length, 0, `${open.length} of ${peers.length} are still open`);
    return peers.map((peer) => peer.closes[0]);
  };
  return waitFor(all, `${peers.length} closes`, ms);
}
