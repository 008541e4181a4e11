// The Angular dashboard's `LeaderboardWsService`, as the frontend's guide prints it, in JavaScript.
//
// Three things differ: what went wrong is kept in `errors` instead of going to the console; the guide leaves
// `handleIncrementalUpdate` out, so here it does what an `update` means; and there is a `disconnect`.

import { WebSocket } from 'ws';

import { BehaviorSubject } from './behavior-subject.mjs';

export class LeaderboardWsService {
  #wsUrl;
  #ws;
  #reconnectAttempts = 0;
  #maxReconnectAttempts = 5;
  #reconnectDelay;
  #connected = new BehaviorSubject(false);
  #snapshots = new BehaviorSubject(null);
  #topPerformers = new BehaviorSubject(null);

  connected$ = this.#connected;
  snapshots$ = this.#snapshots;
  topPerformers$ = this.#topPerformers;

  /** Messages that could not be read or are not known. */
  errors = [];

  /** @param {string} path one of the three that the guide lists */
  constructor(baseWs, { path = '/ws/updates', reconnectDelay = 5000 } = {}) {
    this.#wsUrl = `${baseWs}${path}`;
    this.#reconnectDelay = reconnectDelay;
  }

  connect() {
    if (this.#connected.value) return;

    this.#ws = new WebSocket(this.#wsUrl);

    this.#ws.onopen = () => {
      this.#connected.next(true);
      this.#reconnectAttempts = 0;
    };

    this.#ws.onmessage = (event) => {
      this.#handleMessage(event.data);
    };

    this.#ws.onclose = () => {
      this.#connected.next(false);
      this.#attemptReconnect();
    };

    // A close follows.
    this.#ws.onerror = () => {};
  }

  #handleMessage(data) {
    try {
      const message = JSON.parse(data);

      switch (message.type) {
        case 'snapshot':
          this.#snapshots.next(message.data);
          break;
        case 'top-performers':
          this.#topPerformers.next(message.data);
          break;
        case 'update':
          this.#handleIncrementalUpdate(message.data);
          break;
        default:
          this.errors.push(message);
      }
    } catch (e) {
      this.errors.push(e);
    }
  }

  #handleIncrementalUpdate({ generatedAt, entries, removed }) {
    const replaced = new Set([...removed, ...entries.map(({ portfolioId }) => portfolioId)]);
    const kept = this.#snapshots.value.entries.filter(({ portfolioId }) => !replaced.has(portfolioId));
    const all = [...kept, ...entries].sort((a, b) => a.rank - b.rank);
    this.#snapshots.next({ ...this.#snapshots.value, generatedAt, entries: all });
  }

  #attemptReconnect() {
    if (this.#reconnectAttempts >= this.#maxReconnectAttempts) {
      this.errors.push(new Error('Max reconnection attempts reached'));
      return;
    }

    this.#reconnectAttempts++;

    setTimeout(() => {
      this.connect();
    }, this.#reconnectDelay);
  }

  disconnect() {
    this.#ws.onclose = () => {};
    this.#ws.close();
    this.#connected.next(false);
  }
}
