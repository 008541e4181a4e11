// The Angular dashboard's `AnalyticsStompService`, as the frontend's guide prints it (FE-1), in JavaScript.
//
// One thing differs: what went wrong is kept in `errors` instead of going to the console.

import { Client } from '@stomp/stompjs';
import SockJS from 'sockjs-client';
import { WebSocket } from 'ws';

import { BehaviorSubject } from './behavior-subject.mjs';

/** For those who have no SockJS: an option of the service, whose `baseWs` is then a `ws:` URL. */
export const plainWebSocket = (url) => new WebSocket(url);

export class AnalyticsStompService {
  #baseWs;
  #reconnectDelay;
  #openSocket;
  #client;
  #connected = new BehaviorSubject(false);
  #positionUpdate = new BehaviorSubject(null);
  #unrealised = new BehaviorSubject(null);

  connected$ = this.#connected;
  positionUpdate$ = this.#positionUpdate;
  unrealised$ = this.#unrealised;

  /** Messages that could not be read, ERROR frames, and failed WebSockets. */
  errors = [];

  constructor(baseWs, { reconnectDelay = 5000, openSocket = (url) => new SockJS(url) } = {}) {
    this.#baseWs = baseWs;
    this.#reconnectDelay = reconnectDelay;
    this.#openSocket = openSocket;
  }

  connect() {
    if (this.#connected.value) return;

    this.#client = new Client({
      webSocketFactory: () => this.#openSocket(this.#baseWs),
      reconnectDelay: this.#reconnectDelay,
      heartbeatIncoming: 10000,
      heartbeatOutgoing: 10000,
      onStompError: (frame) => this.errors.push(frame),
      onWebSocketError: (event) => this.errors.push(event),
    });

    this.#client.onConnect = () => {
      this.#connected.next(true);
      this.#subscribeToTopics();
    };

    this.#client.onWebSocketClose = () => {
      this.#connected.next(false);
    };

    this.#client.activate();
  }

  #subscribeToTopics() {
    this.#client?.subscribe('/topic/position-update', (msg) => {
      try {
        const raw = JSON.parse(msg.body);
        if (Array.isArray(raw)) {
          raw.forEach((item) => this.#positionUpdate.next(this.#normalizePosition(item)));
        } else {
          this.#positionUpdate.next(this.#normalizePosition(raw));
        }
      } catch (e) {
        this.errors.push(e);
      }
    });

    this.#client?.subscribe('/topic/unrealized-pnl', (msg) => {
      try {
        const raw = JSON.parse(msg.body);
        this.#unrealised.next(this.#normalizeUnrealised(raw));
      } catch (e) {
        this.errors.push(e);
      }
    });
  }

  #normalizePosition(raw) {
    const portfolioId = raw?.id?.portfolioId ?? raw?.portfolioId ?? raw?.portfolio_id ?? '';
    const symbol = raw?.id?.symbol ?? raw?.symbol ?? '';

    return {
      id: { portfolioId, symbol },
      holdings: Number(raw?.holdings ?? 0),
      totalInvested: Number(raw?.totalInvested ?? raw?.total_invested ?? 0),
      realizedPnl: Number(raw?.realizedPnl ?? raw?.realisedPnl ?? raw?.realized_pnl ?? 0),
      createdAt: raw?.createdAt,
      updatedAt: raw?.updatedAt,
    };
  }

  #normalizeUnrealised(raw) {
    return {
      symbol: raw?.symbol ?? {},
      overallUnrealised_Pnl: Number(raw?.overallUnrealised_Pnl ?? raw?.overallUnrealisedPnl ?? 0),
      portfolio_id: raw?.portfolio_id ?? raw?.portfolioId ?? '',
    };
  }

  /** Resolves when the socket is closed; the original does not wait for it. */
  async disconnect() {
    const deactivated = this.#client?.deactivate();
    this.#connected.next(false);
    this.#positionUpdate.next(null);
    this.#unrealised.next(null);
    await deactivated;
  }
}
