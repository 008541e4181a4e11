// A stompjs client that comes back where it was: it keeps the newest `resume` of each subscription and asks
// for what changed since when it subscribes again.

import { Peer } from './peer.mjs';

export class Resuming {
  /** The peer below, which reconnects by itself. */
  peer;

  #watches = [];

  /** @param {object} [options] as of a {@link Peer} */
  constructor(url, options) {
    this.peer = new Peer(url, { reconnectDelay: 100, ...options });
    const { onConnect } = this.peer.client;
    this.peer.client.onConnect = (frame) => {
      onConnect(frame);
      this.#watches.forEach((watch) => this.#subscribe(watch));
    };
  }

  /**
   * Subscribes on each connection, from the next on.
   *
   * @returns what came: `{ messages, resume }`
   */
  watch(destination, headers = {}) {
    const watch = { destination, headers, messages: [], resume: undefined };
    this.#watches.push(watch);
    return watch;
  }

  connect() {
    this.peer.client.activate();
  }

  /** Keeps the next connections from being opened, until the function that it returns is called. */
  hold() {
    let letGo;
    const held = new Promise((resolve) => (letGo = resolve));
    this.peer.client.beforeConnect = () => held;
    return letGo;
  }

  #subscribe(watch) {
    const headers = { ...watch.headers, ...(watch.resume && { resume: watch.resume }) };
    const keep = (message) => {
      watch.messages.push(message);
      watch.resume = message.headers.resume ?? watch.resume;
    };
    this.peer.client.subscribe(watch.destination, keep, headers);
  }
}
