// The Angular dashboard's `RttmWsAlertsService`, as the frontend's guide prints it, in JavaScript.

import { WebSocket } from 'ws';

import { BehaviorSubject } from './behavior-subject.mjs';

export class RttmWsAlertsService {
  #baseWs;
  #ws;
  #connected = new BehaviorSubject(false);
  #alerts = new BehaviorSubject(null);

  connected$ = this.#connected;
  alerts$ = this.#alerts;

  constructor(baseWs) {
    this.#baseWs = baseWs;
  }

  connect() {
    const wsUrl = `${this.#baseWs}/ws/alerts`;

    this.#ws = new WebSocket(wsUrl);

    this.#ws.onopen = () => {
      this.#connected.next(true);
    };

    this.#ws.onmessage = (event) => {
      const alerts = JSON.parse(event.data);
      this.#alerts.next(alerts);
    };

    this.#ws.onclose = () => {
      this.#connected.next(false);
    };
  }

  disconnect() {
    this.#ws?.close();
    this.#connected.next(false);
  }
}
