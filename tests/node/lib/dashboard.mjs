// What a page makes of the service's streams: the newest value of each key.

import { AnalyticsStompService } from './analytics-service.mjs';
import { waitFor } from './wait.mjs';

export class Dashboard {
  /** The service that feeds it. */
  service;

  /** `portfolioId symbol` to position, as of this connection. */
  positions = new Map();

  /** portfolioId to unrealised P&L, as of this connection. */
  unrealised = new Map();

  /** Everything that came, in its order. */
  history = [];

  /** Watches the hub at `baseWs` through a service with these options. */
  constructor(baseWs, options) {
    this.service = new AnalyticsStompService(baseWs, options);
    this.service.connected$.subscribe((connected) => connected || this.#forget());
    this.service.positionUpdate$.subscribe((position) => position && this.#keepPosition(position));
    this.service.unrealised$.subscribe((pnl) => pnl && this.#keepUnrealised(pnl));
  }

  /** Opens the connection, as the page does on load. */
  async open() {
    this.service.connect();
    await this.connected();
  }

  /** Waits until there is a connection, be it one that the service opened again by itself. */
  async connected() {
    await waitFor(() => this.service.connected$.value, 'the analytics service to be connected');
  }

  position(portfolioId, symbol) {
    return this.positions.get(`${portfolioId} ${symbol}`);
  }

  close() {
    return waitFor(this.service.disconnect(), "the analytics service's WebSocket to close");
  }

  #keepPosition(position) {
    this.positions.set(`${position.id.portfolioId} ${position.id.symbol}`, position);
    this.history.push(position);
  }

  #keepUnrealised(pnl) {
    this.unrealised.set(pnl.portfolio_id, pnl);
    this.history.push(pnl);
  }

  /** What a lost connection showed is not taken for what the next one says. */
  #forget() {
    this.positions.clear();
    this.unrealised.clear();
  }
}

/** A position of REST as a dashboard shows it that has `shown`: without the members it does not know. */
export function asShown(position, shown) {
  return Object.fromEntries(Object.keys(shown ?? {}).map((name) => [name, position[name]]));
}
