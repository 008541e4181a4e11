// An rx-stomp client, as an Angular page has one, that records what happens to it.

import assert from 'node:assert/strict';

import { RxStomp, RxStompState } from '@stomp/rx-stomp';
import { distinctUntilChanged } from 'rxjs';
import { WebSocket } from 'ws';

import { waitFor } from './wait.mjs';

// What browsers and later Nodes have of themselves, and `brokerURL` needs.
globalThis.WebSocket = WebSocket;

export class RxPeer {
  /** The rx-stomp client. */
  rx = new RxStomp();

  /** The names of `connectionState$`. */
  states = [];

  /** ERROR frames, of `stompErrors$`. */
  errors = [];

  /** `{ code, reason }` of each close. */
  closes = [];

  /** Messages of no subscription, and frames that are none of STOMP's. */
  unhandled = [];

  /** Head of each frame, as `>>> SUBSCRIBE...`. */
  transcript = [];

  #receipts = 0;

  /** @param {import('@stomp/rx-stomp').RxStompConfig} config with `brokerURL` or `webSocketFactory` */
  constructor(config) {
    this.rx.configure({
      reconnectDelay: 100,
      heartbeatIncoming: 10000,
      heartbeatOutgoing: 10000,
      debug: (line) => /^(>>>|<<<) [A-Z]/.test(line) && this.transcript.push(line),
      ...config,
    });
    const states = this.rx.connectionState$.pipe(distinctUntilChanged());
    states.subscribe((state) => this.states.push(RxStompState[state]));
    this.rx.stompErrors$.subscribe(({ headers, body }) => this.errors.push({ ...headers, body }));
    this.rx.unhandledMessage$.subscribe((message) => this.unhandled.push(message));
    this.rx.unhandledFrame$.subscribe((frame) => this.unhandled.push(frame));
  }

  /** A connected one. */
  static async connect(config) {
    const peer = new RxPeer(config);
    await peer.open();
    return peer;
  }

  async open() {
    this.rx.activate();
    await this.connected();
  }

  /** Waits until there is a connection, be it one that rx-stomp opened again by itself. */
  async connected() {
    await waitFor(() => this.rx.connected(), 'rx-stomp to be connected');
  }

  /**
   * Watches a topic.
   *
   * @param {object} [params] of rx-stomp's `watch`
   * @returns `{ messages, failures, unsubscribe }`: what came, and the errors of the observable
   */
  watch(destination, params = {}) {
    const watched = { messages: [], failures: [] };
    const subscription = this.rx.watch({ destination, ...params }).subscribe({
      next: (message) => watched.messages.push(message),
      error: (error) => watched.failures.push(error),
    });
    return { ...watched, unsubscribe: () => subscription.unsubscribe() };
  }

  /** Publishes, and waits until the hub has confirmed it. */
  async publish(destination, body, headers = {}) {
    const receipt = `receipt-${this.#receipts++}`;
    let confirmed = false;
    this.rx.watchForReceipt(receipt, () => (confirmed = true));
    this.rx.publish({ destination, body, headers: { ...headers, receipt } });
    await waitFor(() => {
      assert.deepEqual(this.errors, []);
      return confirmed;
    }, `the RECEIPT of what was published to ${destination}`);
  }

  async close() {
    await waitFor(this.rx.deactivate(), 'rx-stomp to be deactivated');
  }
}
