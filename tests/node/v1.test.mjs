// Vector V1 from the door to the dashboard: exact, once, and durable.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { plainWebSocket } from './lib/analytics-service.mjs';
import { Dashboard, asShown } from './lib/dashboard.mjs';
import { Hub } from './lib/hub.mjs';
import { ingest, positions } from './lib/rest.mjs';
import { assertPosition } from './lib/shapes.mjs';
import { BEFORE_OVERSELL, PRICE, numbers, vector } from './lib/v1.mjs';
import { waitFor } from './lib/wait.mjs';

const SYMBOL = 'AAPL';

/** How a dashboard gets at the hub. */
const TRANSPORTS = {
  SockJS: (hub, options) => new Dashboard(hub.base('/ws'), options),
  'a plain WebSocket': (hub, options) => new Dashboard(hub.ws(), { openSocket: plainWebSocket, ...options }),
};

for (const [transport, dashboardOf] of Object.entries(TRANSPORTS)) {
  // In the order of the file: each test goes on where the one before it ended.
  describe(`vector V1, watched over ${transport}`, () => {
    // One portfolio goes through the whole vector; the other stops before the sell of 31.
    const WHOLE = randomUUID();
    const HALF = randomUUID();
    const steps = vector(WHOLE, SYMBOL);
    const half = vector(HALF, SYMBOL).slice(0, BEFORE_OVERSELL);

    let hub;
    let dashboard;
    before(async () => {
      hub = await Hub.start();
      dashboard = dashboardOf(hub, { reconnectDelay: 100 });
      await dashboard.open();
    });
    after(async () => {
      await dashboard?.close();
      await hub?.stop();
    });

    /** The dashboard shows these numbers, and REST says the same as the dashboard. */
    async function shows(portfolioId, expected) {
      const shown = await waitFor(() => {
        const position = dashboard.position(portfolioId, SYMBOL);
        assert.deepEqual(position && numbers(position), expected);
        return position;
      }, `the position of ${portfolioId} on the dashboard`);
      const listed = (await positions(hub)).filter(({ id }) => id.portfolioId === portfolioId);
      assert.deepEqual(listed.map((position) => asShown(position, shown)), [shown]);
      assertPosition(listed[0]);
    }

    /** The dashboard shows this unrealised P&L. */
    function gains(portfolioId, amount) {
      const expected = {
        symbol: { [SYMBOL]: amount },
        overallUnrealised_Pnl: amount,
        portfolio_id: portfolioId,
      };
      return waitFor(() => {
        assert.deepEqual(dashboard.unrealised.get(portfolioId), expected);
        return true;
      }, `an unrealised P&L of ${amount} for ${portfolioId} on the dashboard`);
    }

    /**
     * Whatever was on its way to the dashboard has arrived: what the second newcomer is part of was published
     * after all that the first one may have shared a flush with.
     */
    async function settled() {
      for (const newcomer of [randomUUID(), randomUUID()]) {
        const [{ transaction, after }] = vector(newcomer, SYMBOL);
        await ingest(hub, 'transactions', [transaction]);
        await shows(newcomer, after);
      }
    }

    it('arrives exactly, one transaction at a time', async () => {
      for (const [index, { transaction, after }] of steps.entries()) {
        const { status, body } = await ingest(hub, 'transactions', [transaction]);
        const oversold = index === BEFORE_OVERSELL;
        assert.deepEqual([status, body.results[0].status], oversold ? [422, 'rejected'] : [200, 'accepted']);
        if (oversold) assert.equal(body.results[0].field, 'quantity');
        await shows(transaction.portfolioId, after);
      }
    });

    it('arrives exactly, all at once', async () => {
      const { status, body } = await ingest(
        hub,
        'transactions',
        half.map(({ transaction }) => transaction),
      );
      assert.deepEqual([status, body.accepted], [200, BEFORE_OVERSELL]);
      await shows(HALF, half.at(-1).after);
    });

    it('has no unrealised P&L before there is a price, and exactly 120 after', async () => {
      await settled();
      assert.deepEqual(
        [...dashboard.unrealised.keys()],
        [WHOLE],
        'only what is closed has a value without a price: 0',
      );
      const { status } = await ingest(hub, 'prices', [{ symbol: SYMBOL, price: PRICE }]);
      assert.equal(status, 200);
      await gains(HALF, 120);
      await gains(WHOLE, 0);
    });

    it('changes nothing when it is posted again', async () => {
      await settled();
      const before = await positions(hub);
      const shown = dashboard.history.length;
      const again = [...steps, ...half].map(({ transaction }) => transaction);
      const { status, body } = await ingest(hub, 'transactions', again);
      assert.deepEqual(
        [status, body.accepted, body.duplicates, body.rejected],
        [207, 0, again.length - 1, 1],
      );
      assert.deepEqual(await positions(hub), before);
      await settled();
      const ours = dashboard.history.slice(shown).filter((value) => {
        return [WHOLE, HALF].includes(value.id?.portfolioId ?? value.portfolio_id);
      });
      assert.deepEqual(ours, []);
    });

    it('is the same for a dashboard that reconnects by itself after kill -9 and restart', async () => {
      assert.deepEqual(dashboard.service.errors, []);
      const before = await positions(hub);
      await hub.kill9();
      await waitFor(() => !dashboard.service.connected$.value, 'the service to notice that the hub is gone');
      await hub.restart();
      await dashboard.connected();
      await shows(WHOLE, steps.at(-1).after);
      await shows(HALF, half.at(-1).after);
      await gains(WHOLE, 0);
      await gains(HALF, 120);
      assert.deepEqual(await positions(hub), before);
    });

    it('is still a duplicate after the restart', async () => {
      const { body } = await ingest(hub, 'transactions', [steps[0].transaction]);
      assert.deepEqual([body.accepted, body.duplicates], [0, 1]);
      await settled();
      await shows(WHOLE, steps.at(-1).after);
    });
  });
}
