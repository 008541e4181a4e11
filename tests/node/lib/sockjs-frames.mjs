// SockJS's frames on a plain WebSocket, by hand: sockjs-client lets nobody choose what its WebSocket offers.

import { randomUUID } from 'node:crypto';

import { WebSocket } from 'ws';

/** What stompjs takes for a WebSocket. */
export class SockJsFrames {
  onopen;
  onmessage;
  onclose;
  onerror;

  #socket;

  /**
   * @param {string} mount the WebSocket URL of a SockJS service
   * @param {object} [options] of the `ws` client
   */
  constructor(mount, options) {
    this.#socket = new WebSocket(`${mount}/000/${randomUUID()}/websocket`, options);
    this.#socket.onmessage = ({ data }) => this.#take(data[0], data.slice(1));
    this.#socket.onclose = (event) => this.onclose?.(event);
    this.#socket.onerror = (event) => this.onerror?.(event);
  }

  get readyState() {
    return this.#socket.readyState;
  }

  get protocol() {
    return '';
  }

  send(message) {
    this.#socket.send(JSON.stringify([message]));
  }

  close(code, reason) {
    this.#socket.close(code, reason);
  }

  #take(kind, content) {
    if (kind === 'o') this.onopen?.();
    if (kind === 'a') for (const data of JSON.parse(content)) this.onmessage?.({ data });
  }
}
