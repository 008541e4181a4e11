// What the Angular service does, for real: connect, receive, lose the hub, come back after its 5 s, receive on.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { Dashboard, asShown } from './lib/dashboard.mjs';
import { Hub } from './lib/hub.mjs';
import { positions } from './lib/rest.mjs';
import { key, newest, purchase, quote, sale, trade } from './lib/trades.mjs';
import { numbers } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

/** The guide's `reconnectDelay`. */
const RECONNECT_MS = 5000;

/** Time for three attempts, should the first ones find the hub not ready yet. */
const RECONNECTED_MS = 30_000;

/** Timers of Node may fire this much early, for they count whole milliseconds. */
const TIMER_MS = 2;

describe('the Angular service, its baseWs', { concurrency: true }, () => {
  for (const path of ['', '/ws']) {
    it(`http://localhost:<port>${path}: comes back after kill -9, and misses nothing`, async (t) => {
      const [first, second] = [randomUUID(), randomUUID()];
      const hub = await Hub.start();
      t.after(() => hub.stop());
      const dashboard = new Dashboard(hub.base(path));
      t.after(() => dashboard.close());
      const turns = [];
      dashboard.service.connected$.subscribe((connected) => {
        if (connected !== turns.at(-1)?.connected) turns.push({ connected, at: performance.now() });
      });

      await trade(
        hub,
        purchase(first, 'AAPL', { quantity: 100, price: 10 }),
        purchase(first, 'MSFT', { quantity: 50, price: 12 }),
        purchase(second, 'AAPL', { quantity: 8, price: 11.25 }),
      );
      await quote(hub, { AAPL: 11, MSFT: 13 });
      await dashboard.open();
      await shows(dashboard, {
        [`${first} AAPL`]: [100, 1000, 0],
        [`${first} MSFT`]: [50, 600, 0],
        [`${second} AAPL`]: [8, 90, 0],
      });
      await gains(dashboard, { [first]: { AAPL: 100, MSFT: 50 }, [second]: { AAPL: -2 } });

      await trade(hub, sale(first, 'AAPL', { quantity: 40, price: 15 }));
      await shows(dashboard, {
        [`${first} AAPL`]: [60, 600, 200],
        [`${first} MSFT`]: [50, 600, 0],
        [`${second} AAPL`]: [8, 90, 0],
      });
      await gains(dashboard, { [first]: { AAPL: 60, MSFT: 50 }, [second]: { AAPL: -2 } });
      assert.deepEqual(dashboard.service.errors, []);

      await hub.kill9();
      await waitFor(() => !dashboard.service.connected$.value, 'the service to notice that the hub is gone');
      assert.equal(dashboard.positions.size, 0);
      await hub.restart();
      // While the service waits for its 5 s to pass, the world goes on.
      await trade(hub, purchase(second, 'MSFT', { quantity: 2, price: 14 }));
      await quote(hub, { AAPL: 12.5 });

      await waitFor(() => dashboard.service.connected$.value, 'the service to come back', RECONNECTED_MS);
      assert.deepEqual(
        turns.map(({ connected }) => connected),
        [false, true, false, true],
      );
      const ms = turns[3].at - turns[2].at;
      assert.ok(ms >= RECONNECT_MS - TIMER_MS, `back after ${ms} ms`);
      await shows(dashboard, {
        [`${first} AAPL`]: [60, 600, 200],
        [`${first} MSFT`]: [50, 600, 0],
        [`${second} AAPL`]: [8, 90, 0],
        [`${second} MSFT`]: [2, 28, 0],
      });
      await gains(dashboard, { [first]: { AAPL: 150, MSFT: 50 }, [second]: { AAPL: 10, MSFT: -2 } });
      await equalsRest(hub, dashboard);

      await trade(hub, sale(second, 'AAPL', { quantity: 8, price: 20 }));
      await quote(hub, { MSFT: 16 });
      await shows(dashboard, {
        [`${first} AAPL`]: [60, 600, 200],
        [`${first} MSFT`]: [50, 600, 0],
        [`${second} AAPL`]: [0, 0, 70],
        [`${second} MSFT`]: [2, 28, 0],
      });
      await gains(dashboard, { [first]: { AAPL: 150, MSFT: 200 }, [second]: { AAPL: 0, MSFT: 4 } });
      await equalsRest(hub, dashboard);
    });
  }
});

/** Waits until the dashboard shows exactly these: `portfolioId symbol` to holdings, invested, realised. */
function shows(dashboard, expected) {
  return waitFor(() => {
    const shown = Object.fromEntries(
      [...dashboard.positions].map(([name, position]) => [name, Object.values(numbers(position))]),
    );
    assert.deepEqual(shown, expected);
    return true;
  }, 'the positions on the dashboard');
}

/** Waits until the dashboard shows exactly these: portfolioId to symbol to unrealised P&L. */
function gains(dashboard, expected) {
  return waitFor(() => {
    const shown = Object.fromEntries(
      [...dashboard.unrealised].map(([portfolioId, { symbol }]) => [portfolioId, symbol]),
    );
    assert.deepEqual(shown, expected);
    for (const { symbol, overallUnrealised_Pnl } of dashboard.unrealised.values()) {
      const sum = Object.values(symbol).reduce((total, amount) => total + amount, 0);
      assert.equal(overallUnrealised_Pnl, sum);
    }
    return true;
  }, 'the unrealised P&L on the dashboard');
}

/** The dashboard has what REST lists, times included. */
async function equalsRest(hub, dashboard) {
  const listed = await positions(hub);
  const shown = listed.map((position) => asShown(position, dashboard.positions.get(key(position))));
  assert.deepEqual(dashboard.positions, newest(shown, key));
  assert.equal(listed.length, dashboard.positions.size);
}
