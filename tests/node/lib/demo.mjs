// Everything that the demo feed must set in motion, watched from the banner on.

import assert from 'node:assert/strict';

import { SERVICE as AUTOTRADER, SESSIONS } from './autotrader.mjs';
import { NativePeer } from './native.mjs';
import { read } from './rest.mjs';
import { waitFor } from './wait.mjs';

/** From the banner to a hub that is visibly alive: 5 s, and as much again for each time a machine is loaded. */
export const SOON_MS = 4 * 5000;

/** How much of that is left. */
export function left(hub) {
  return Math.max(0, hub.readyAt + SOON_MS - performance.now());
}

/** A socket that is open since the banner. */
export class Watched {
  #hub;
  #service;
  #path;

  /** The native peer. */
  peer;

  static async open(hub, service, path) {
    const watched = new Watched();
    watched.#hub = hub;
    watched.#service = service;
    watched.#path = path;
    watched.peer = await NativePeer.connect(hub.ws(path, service));
    return watched;
  }

  /** Waits for a message of which `check` holds, and asserts that it came soon after the banner. */
  async soon(what, check) {
    const index = await waitFor(() => {
      const found = this.peer.messages.findIndex((message) => check(message));
      assert.ok(found >= 0, `${this.peer.messages.length} others, as ${this.#newest}`);
      return { found };
    }, `${what} at ${this.#path} of ${this.#service}`);
    const ms = this.peer.arrivals[index.found] - this.#hub.readyAt;
    assert.ok(ms <= SOON_MS, `${what} came ${Math.round(ms)} ms after the banner`);
    return this.peer.messages[index.found];
  }

  get #newest() {
    return JSON.stringify(this.peer.messages.at(-1))?.slice(0, 300);
  }
}

/** Waits for an active session that has an open trade. */
export function busySession(hub) {
  return waitFor(
    async () => {
      const sessions = await read(hub, SESSIONS, AUTOTRADER);
      const busy = sessions.find(({ status, openTrades }) => status === 'ACTIVE' && openTrades > 0);
      assert.ok(busy, `an open trade in one of ${sessions.length} sessions`);
      return busy;
    },
    'a session with an open trade',
    left(hub),
  );
}
