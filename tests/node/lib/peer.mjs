// A stompjs client, over SockJS or a plain WebSocket, that records what happens to it.

import assert from 'node:assert/strict';

import { Client } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { WebSocket } from 'ws';

import { DEADLINE_MS, waitFor } from './wait.mjs';

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

  /** How many SockJS heart-beats (`h`) came. */
  sockjsHeartbeats = 0;

  /** Head of each frame, as `>>> CONNECT...` and `<<< CONNECTED...`. */
  transcript = [];

  #receipts = 0;

  /**
   * @param {string} url of a SockJS service (`http:`, `https:`) or of a WebSocket (`ws:`, `wss:`)
   * @param {object} [options] settings of the stompjs client; and
   * @param {string[]} [options.protocols] WebSocket subprotocols to offer
   * @param {object} [options.socket] options of the `ws` client or of sockjs-client
   */
  constructor(url, { protocols = [], socket = {}, ...settings } = {}) {
    const open = /^https?:/.test(url)
      ? () => this.#openSockJs(url, socket)
      : () => new WebSocket(url, protocols, socket);
    this.client = new Client({
      webSocketFactory: open,
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
    await peer.open();
    return peer;
  }

  /** Connects. */
  async open() {
    this.client.activate();
    await this.#untroubled(() => this.client.connected, 'CONNECTED');
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

  /** Ends a subscription, and waits until the hub has confirmed it. */
  async unsubscribe(id) {
    await this.#confirmed(`UNSUBSCRIBE ${id}`, (receipt) => this.client.unsubscribe(id, { receipt }));
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

  /** Patient: sockjs-client by itself gives a transport up after some 600 ms, little on a loaded machine. */
  #openSockJs(url, options) {
    const socket = new SockJS(url, null, { timeout: DEADLINE_MS, ...options });
    // Before it is open: the prelude of xhr-streaming, which is made of h.
    socket.onheartbeat = () => socket.readyState === SockJS.OPEN && this.sockjsHeartbeats++;
    return socket;
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
