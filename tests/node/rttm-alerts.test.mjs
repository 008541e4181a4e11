// RTTM's alerts: one per condition, raised once, told at once, cleared once.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { assertProblem, get, read } from './lib/rest.mjs';
import { assertAlerts, dlqEvent, errorEvent, queueMetric, report, tradeEvent } from './lib/rttm.mjs';
import { RttmWsAlertsService } from './lib/rttm-ws-alerts-service.mjs';
import { waitFor } from './lib/wait.mjs';

const SERVICE = 'rttm';
const PREFIXES = ['/ws', '/ws/rttm'];

/** A condition has to be over for a minute; what is due then is seen with the next second. */
const CLEAR_AFTER_MS = 60_000;

async function start(t, settings) {
  const hub = await Hub.start({ settings });
  t.after(() => hub.stop());
  return hub;
}

async function connect(t, hub, path) {
  const peer = await NativePeer.connect(hub.ws(path, SERVICE));
  t.after(() => peer.close());
  return peer;
}

/** `count` of what `make` makes. */
function times(count, make) {
  return Array.from({ length: count }, make);
}

/** `HIGH DLQ_COUNT: 10.00 vs 10.00` of each. */
function told(alerts) {
  return alerts.map(({ severity, message }) => `${severity} ${message}`);
}

/** Waits until REST lists these alerts, in any order. */
function active(hub, expected) {
  return waitFor(async () => {
    const alerts = await read(hub, '/api/rttm/alerts', SERVICE);
    assertAlerts(alerts);
    assert.deepEqual(told(alerts).sort(), [...expected].sort());
    return alerts;
  }, 'the alerts');
}

/** Waits until the newest message of a socket is these alerts. */
function shows(peer, expected) {
  return waitFor(() => {
    assert.deepEqual(told(peer.messages.at(-1) ?? []), expected);
    return peer.messages.at(-1);
  }, 'the alerts on the socket');
}

describe("RTTM's alerts", { concurrency: true }, () => {
  it('are raised once, at the threshold, rise as one, and are told at once (V8)', async (t) => {
    const hub = await start(t);
    const peers = [];
    for (const prefix of PREFIXES) peers.push(await connect(t, hub, `${prefix}/alerts`));
    for (const peer of peers) await waitFor(() => peer.messages.length > 0, 'what is active');
    await report(
      hub,
      'dlq-events',
      times(9, () => dlqEvent('ENRICHED')),
    );
    await report(
      hub,
      'error-events',
      times(4, () => errorEvent('ENRICHED')),
    );
    await waitFor(() => peers.every(({ messages }) => messages.length >= 2), 'another round');
    for (const { messages } of peers) assert.deepEqual(messages.flat(), [], 'below the thresholds');

    await report(hub, 'dlq-events', [dlqEvent('COMMITTED')]);
    const [alert] = await shows(peers[0], ['HIGH DLQ_COUNT: 10.00 vs 10.00']);
    await shows(peers[1], ['HIGH DLQ_COUNT: 10.00 vs 10.00']);
    assert.deepEqual([alert.source, alert.resolved], ['pipeline', false]);
    assert.ok(Math.abs(Date.parse(alert.timestamp) - Date.now()) < 60_000, alert.timestamp);

    await report(
      hub,
      'dlq-events',
      times(40, () => dlqEvent('VALIDATED')),
    );
    for (const peer of peers) {
      const [critical] = await shows(peer, ['CRITICAL DLQ_COUNT: 50.00 vs 50.00']);
      assert.deepEqual([critical.id, critical.timestamp], [alert.id, alert.timestamp]);
    }
    for (const { messages } of peers) {
      messages.forEach(assertAlerts);
      assert.deepEqual(new Set(messages.flat().map(({ id }) => id)), new Set([alert.id]), 'one alert');
    }
    const [listed] = await active(hub, ['CRITICAL DLQ_COUNT: 50.00 vs 50.00']);
    assert.equal(listed.id, alert.id);
  });

  it('are of every condition, with the thresholds that are configured', async (t) => {
    const hub = await start(t, {
      'rttm.latency_warning_ms': '100',
      'rttm.latency_critical_ms': '120',
      'rttm.tps_warning': '3',
      'rttm.tps_critical': '20',
      'rttm.errors_critical': '6',
    });
    const now = Math.floor(Date.now() / 1000) * 1000;
    const ids = times(4, randomUUID);
    await report(
      hub,
      'trade-events',
      ids.map((id) => tradeEvent(id, 'RECEIVED', now - 5000)),
    );
    await report(
      hub,
      'trade-events',
      ids.map((id) => tradeEvent(id, 'VALIDATED', now - 4950)),
    );
    await report(
      hub,
      'trade-events',
      ids.map((id) => tradeEvent(id, 'ENRICHED', now - 4850)),
    );
    await report(
      hub,
      'trade-events',
      ids.map((id) => tradeEvent(id, 'COMMITTED', now - 4725)),
    );
    await report(
      hub,
      'error-events',
      times(6, () => errorEvent('ENRICHED')),
    );
    await report(hub, 'queue-metrics', [queueMetric(999), queueMetric(1000, { partitionId: 1 })]);
    const alerts = await active(hub, [
      'HIGH LATENCY_P95 ENRICHED: 100.00 vs 100.00',
      'HIGH LATENCY_P99 ENRICHED: 100.00 vs 100.00',
      'CRITICAL LATENCY_P95 COMMITTED: 125.00 vs 120.00',
      'CRITICAL LATENCY_P99 COMMITTED: 125.00 vs 120.00',
      'MEDIUM TPS: 4.00 vs 3.00',
      'CRITICAL ERROR_RATE: 6.00 vs 6.00',
      'HIGH QUEUE_LAG: 1000.00 vs 1000.00',
    ]);
    const sources = alerts.map(({ source }) => source).sort();
    assert.deepEqual(sources, [
      ...times(2, () => 'COMMITTED'),
      ...times(2, () => 'ENRICHED'),
      ...times(3, () => 'pipeline'),
    ]);
    // That of the newest comes first, and no more than are asked for.
    await report(
      hub,
      'dlq-events',
      times(10, () => dlqEvent('ENRICHED')),
    );
    await waitFor(async () => (await read(hub, '/api/rttm/alerts', SERVICE)).length === 8, 'another');
    const all = await read(hub, '/api/rttm/alerts', SERVICE);
    assert.match(all[0].message, /^DLQ_COUNT: /);
    const ids3 = all.slice(0, 3).map(({ id }) => id);
    const three = await read(hub, '/api/rttm/alerts?limit=3', SERVICE);
    assert.deepEqual(
      three.map(({ id }) => id),
      ids3,
    );
    for (const prefix of PREFIXES) {
      const peer = await connect(t, hub, `${prefix}/alerts?limit=3`);
      await waitFor(() => peer.messages[0]?.length === 3, 'three');
      assertAlerts(peer.messages[0]);
      assert.deepEqual(
        peer.messages[0].map(({ id }) => id),
        ids3,
      );
    }
  });

  it('that cleared appear once more, resolved, also in the frontend’s RttmWsAlertsService', async (t) => {
    const hub = await start(t);
    const service = new RttmWsAlertsService(hub.ws('', SERVICE));
    t.after(() => service.disconnect());
    const shown = [];
    service.alerts$.subscribe((alerts) => alerts && shown.push(...alerts));
    service.connect();
    await waitFor(() => service.connected$.value && service.alerts$.value, 'what is active');
    assert.deepEqual(service.alerts$.value, []);
    const peers = [];
    for (const prefix of PREFIXES) peers.push(await connect(t, hub, `${prefix}/alerts`));

    await report(hub, 'queue-metrics', [queueMetric(5000)]);
    await waitFor(() => service.alerts$.value.length > 0, 'the alert on the page');
    const [{ id, severity, message }] = service.alerts$.value;
    assert.deepEqual([severity, message], ['CRITICAL', 'QUEUE_LAG: 5000.00 vs 5000.00']);
    for (const peer of peers) await shows(peer, ['CRITICAL QUEUE_LAG: 5000.00 vs 5000.00']);
    await report(hub, 'queue-metrics', [queueMetric(0)]);
    const since = performance.now();
    const cleared = () => shown.some(({ resolved }) => resolved);
    await waitFor(cleared, 'the alert to be resolved on the page', CLEAR_AFTER_MS + 15_000);
    const ms = performance.now() - since;
    assert.ok(ms >= CLEAR_AFTER_MS - 2000, `not before it stayed below for a minute: after ${ms} ms`);
    await waitFor(() => service.alerts$.value.length === 0, 'a page without alerts');
    for (const { messages } of peers) {
      await waitFor(() => messages.at(-1).length === 0, 'a round without alerts');
      messages.forEach(assertAlerts);
      const resolved = messages.flat().filter(({ resolved }) => resolved);
      assert.deepEqual(
        resolved.map((alert) => alert.id),
        [id],
        'once',
      );
    }
    assert.deepEqual(
      shown.filter(({ resolved }) => resolved).map((alert) => alert.id),
      [id],
    );
    assert.deepEqual(new Set(shown.map((alert) => alert.id)), new Set([id]));
    const [active, resolved, all] = await Promise.all(
      ['ACTIVE', 'RESOLVED', 'ALL'].map((status) => read(hub, `/api/rttm/alerts?status=${status}`, SERVICE)),
    );
    assert.deepEqual(active, []);
    assert.deepEqual([resolved, resolved[0].id, resolved[0].resolved], [all, id, true]);
  });

  it('are not asked for by nonsense', async (t) => {
    const hub = await start(t);
    for (const query of ['limit=x', 'status=OLD']) {
      assertProblem(
        await get(hub, `/api/rttm/alerts?${query}`, SERVICE),
        400,
        new RegExp(query.split('=')[0]),
      );
    }
    for (const prefix of PREFIXES) {
      const peer = await connect(t, hub, `${prefix}/alerts?limit=x`);
      const [error] = await peer.pinged(0);
      assert.equal(error.type, 'error');
      assert.match(error.message, /limit/);
    }
  });
});
