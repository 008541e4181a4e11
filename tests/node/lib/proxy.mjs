// What stands between a client and the hub: a proxy that knows no WebSockets, a network that stops or is gone,
// somebody who listens.

import { once } from 'node:events';
import { connect, createServer } from 'node:net';

import { dissect } from './frames.mjs';

/** The head of a request for a SockJS WebSocket. */
const WEBSOCKET = /^GET \S+\/websocket HTTP\//;

export class Proxy {
  #server;
  #links = new Set();
  #held = false;
  #record = false;

  /** What passed on each connection, if it is recorded: chunks `{ sent, received }` as the client has it. */
  records = [];

  /** How many WebSockets were asked for and refused. */
  refused = 0;

  /**
   * Stands before a port of this machine.
   *
   * @param {object} [options]
   * @param {boolean} [options.webSockets] whether they are let through
   * @param {boolean} [options.record] whether what passes is kept
   */
  static async before(port, { webSockets = true, record = false } = {}) {
    const proxy = new Proxy();
    proxy.#record = record;
    proxy.#server = createServer((client) => proxy.#link(client, port, webSockets));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  /** @returns {number} the port at which it stands */
  get port() {
    return this.#server.address().port;
  }

  /** @returns {string} `http://localhost:<port><path>` */
  base(path = '') {
    return `http://localhost:${this.port}${path}`;
  }

  /** @returns {string} `ws://127.0.0.1:<port><path>` */
  ws(path = '') {
    return `ws://127.0.0.1:${this.port}${path}`;
  }

  /** What the hub has sent on a connection, by the order of their opening, dissected. */
  received(index = 0) {
    return dissect(Buffer.concat(this.records[index].received));
  }

  /** What the client has sent there. */
  sent(index = 0) {
    return dissect(Buffer.concat(this.records[index].sent));
  }

  /** Nothing that the hub sends is passed on, nor taken, until {@link release}. */
  hold() {
    this.#held = true;
    for (const { hub } of this.#links) hub.pause();
  }

  release() {
    this.#held = false;
    for (const { hub } of this.#links) hub.resume();
  }

  /** Ends all connections, without a word. */
  cut() {
    for (const { client, hub } of this.#links) {
      client.destroy();
      hub.destroy();
    }
  }

  async stop() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #link(client, port, webSockets) {
    const hub = connect(port, '127.0.0.1');
    const link = { client, hub };
    this.#links.add(link);
    if (this.#record) this.#keep(link);
    client.on('data', (bytes) => {
      if (webSockets || !WEBSOCKET.test(bytes.toString('latin1'))) return hub.write(bytes);
      this.refused++;
      client.end('HTTP/1.1 501 Not Implemented\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    });
    hub.on('data', (bytes) => client.write(bytes));
    if (this.#held) hub.pause();
    for (const [one, other] of [
      [client, hub],
      [hub, client],
    ]) {
      one.on('error', () => other.destroy());
      one.on('end', () => other.end());
      one.on('close', () => other.destroyed && this.#links.delete(link));
    }
  }

  #keep({ client, hub }) {
    const record = { sent: [], received: [] };
    this.records.push(record);
    client.on('data', (bytes) => record.sent.push(bytes));
    hub.on('data', (bytes) => record.received.push(bytes));
  }
}
