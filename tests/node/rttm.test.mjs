// RTTM: what the pipeline's services report, as its sockets and REST calls show it.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { cpus, totalmem } from 'node:os';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { NativePeer } from './lib/native.mjs';
import { assertProblem, get, read } from './lib/rest.mjs';
import { STAGES, assertAlerts, assertCards, assertDlq, assertStages } from './lib/rttm.mjs';
import { assertSystemMetrics, assertTelemetry, values } from './lib/rttm.mjs';
import { dlqEvent, errorEvent, halfAMinuteAgo, queueMetric, report, tradeEvent } from './lib/rttm.mjs';
import { waitFor } from './lib/wait.mjs';

const SERVICE = 'rttm';
const PREFIXES = ['/ws', '/ws/rttm'];

/** An ISO-8601 time. */
const iso = (millis) => new Date(millis).toISOString();

async function connect(t, hub, path) {
  const peer = await NativePeer.connect(hub.ws(path, SERVICE));
  t.after(() => peer.close());
  return peer;
}

describe('a pipeline that is reported', { concurrency: true }, () => {
  const begin = halfAMinuteAgo();
  const [quick, slow, failed, invalid] = Array.from({ length: 4 }, () => randomUUID());

  /** Two trades come through, in 60 and 100 ms; a third is given up; a fourth is not valid. */
  const trades = [
    [slow, [0, 10, 40, 100]],
    [quick, [500, 505, 525, 560]],
    [failed, [0]],
  ].flatMap(([id, times]) =>
    times.map((ms, stage) => tradeEvent(id, STAGES[stage], begin + ms, { message: `was ${STAGES[stage]}` })),
  );
  const lost = { tradeId: failed, reason: 'account 17 is closed', eventTime: begin + 200 };

  const CARD_VALUES = [0, 3, 80, 1, 1];
  const PIPELINE = [
    { name: 'RECEIVED', count: 3, latencyMs: 0, successRate: 100 },
    { name: 'VALIDATED', count: 2, latencyMs: 7.5, successRate: 66.67 },
    { name: 'ENRICHED', count: 2, latencyMs: 25, successRate: 100 },
    { name: 'COMMITTED', count: 2, latencyMs: 47.5, successRate: 100 },
  ];
  const DLQ = {
    total: 1,
    byStage: { VALIDATED: 1 },
    lastErrorTime: iso(begin + 200),
    classes: [
      {
        stage: 'VALIDATED',
        service: 'pipeline',
        errorType: 'TIMEOUT',
        reason: 'account <n> is closed',
        originalTopic: 'trades',
        count: 1,
        firstSeen: iso(begin + 200),
        lastSeen: iso(begin + 200),
      },
    ],
  };
  // 60 and 100 ms, between which percentiles are interpolated.
  const LATENCIES = [
    { label: 'Avg', value: 80 },
    { label: 'P95', value: 98 },
    { label: 'P99', value: 99.6 },
  ];
  const LAG = [{ partition: 'P0', lag: 7, topic: 'trades', consumerGroup: 'validators' }];

  let hub;
  before(async () => {
    hub = await Hub.start();
    // However late an event comes, it counts where it belongs; one that comes again counts once.
    await report(hub, 'trade-events', trades.toReversed());
    await report(hub, 'trade-events', trades);
    await report(hub, 'error-events', [errorEvent('VALIDATED', { tradeId: failed, eventTime: begin + 100 })]);
    for (let time = 0; time < 2; time++) await report(hub, 'dlq-events', [dlqEvent('VALIDATED', lost)]);
    await report(hub, 'invalid-trades', [
      { tradeId: invalid, timestamp: begin + 300, validationErrors: ['unknown symbol', 'no price'] },
    ]);
    await report(hub, 'queue-metrics', [queueMetric(7, { snapshotTime: begin })]);
  });
  after(() => hub?.stop());

  /** Its trades per hour, of which we know how many there are. */
  function assertTrend(trend) {
    assert.deepEqual(
      trend.slice(-2).reduce((sum, count) => sum + count),
      3,
      `${trend}`,
    );
    assert.ok(trend.length === 24 && trend.slice(0, -2).every((count) => count === 0), `${trend}`);
  }

  /** What each round of messages of a socket says. */
  const SAYS = {
    pipeline: [3000, ([stages]) => (assertStages(stages), assert.deepEqual(stages, PIPELINE))],
    dlq: [3000, ([dlq]) => (assertDlq(dlq), assert.deepEqual(dlq, DLQ))],
    alerts: [3000, ([alerts]) => assert.deepEqual(alerts, [])],
    telemetry: [
      3000,
      (messages) => {
        messages.forEach(assertTelemetry);
        const [trend, latencies, lag] = messages;
        assertTrend(trend.data);
        assert.deepEqual([latencies.data, lag.data], [LATENCIES, LAG]);
        const types = messages.map(({ type }) => type);
        assert.deepEqual(types, ['TPS_TREND', 'LATENCY_METRICS', 'KAFKA_LAG']);
      },
    ],
  };

  /** Waits for two rounds of `size` messages, which come by `period`, and checks both. */
  async function twoRounds(t, path, size, period, check) {
    const peer = await connect(t, hub, path);
    await waitFor(() => peer.messages.length >= 3 * size, 'three rounds');
    check(peer.messages.slice(0, size));
    check(peer.messages.slice(size, 2 * size));
    // From the second on they come in step with everybody's. Half a period: on a loaded machine the first of
    // the two may come late.
    const ms = peer.arrivals[2 * size] - peer.arrivals[size];
    assert.ok(ms >= period / 2, `again after ${ms} ms`);
    return peer;
  }

  for (const [name, [period, check]] of Object.entries(SAYS)) {
    for (const prefix of PREFIXES) {
      it(`is shown on ${prefix}/${name}, at once and every ${period / 1000} s`, async (t) => {
        await twoRounds(t, `${prefix}/${name}`, name === 'telemetry' ? 3 : 1, period, check);
      });
    }
  }

  it('is shown on /ws/rttm/metrics as five cards, at once and every 2 s', async (t) => {
    await twoRounds(t, '/ws/rttm/metrics', 1, 2000, ([cards]) => {
      assertCards(cards);
      assert.deepEqual(values(cards), CARD_VALUES);
      for (const { status } of cards) assert.equal(status, 'healthy');
    });
  });

  it('runs on a host that /ws/metrics measures', async (t) => {
    const { messages } = await twoRounds(t, '/ws/metrics', 1, 2000, ([metrics]) => {
      assertSystemMetrics(metrics);
      assert.equal(metrics.cpu.cores, cpus().length);
      assert.ok(Math.abs(metrics.memory.total / totalmem() - 1) < 0.01, `${metrics.memory.total} bytes`);
      assert.ok(Math.abs(Date.parse(metrics.timestamp) - Date.now()) < 60_000, metrics.timestamp);
    });
    const [first, second] = messages;
    assert.ok(first.timestamp < second.timestamp, 'another sample');
    for (const name of ['bytesIn', 'bytesOut']) assert.ok(first.network[name] <= second.network[name]);
  });

  it('is answered over REST as on the sockets', async () => {
    const cards = await read(hub, '/api/rttm/metrics', SERVICE);
    assertCards(cards);
    assert.deepEqual(values(cards), CARD_VALUES);
    assert.deepEqual(await read(hub, '/api/rttm/pipeline', SERVICE), PIPELINE);
    assert.deepEqual(await read(hub, '/api/rttm/dlq', SERVICE), DLQ);
    assert.deepEqual(await read(hub, '/api/rttm/alerts', SERVICE), []);
    const { tpsTrend, ...rest } = await read(hub, '/api/rttm/telemetry-snapshot', SERVICE);
    assertTrend(tpsTrend);
    assert.deepEqual(rest, { latencyMetrics: LATENCIES, kafkaLag: LAG });
    const [queue] = await read(hub, '/api/rttm/queues', SERVICE);
    assert.deepEqual([queue.lag, queue.snapshotTime], [7, iso(begin)]);
  });

  /** A row of `track-trade`, but for its id. */
  const row = (tradeId, serviceName, eventStage, ms, message, sourceTable) => {
    return { tradeId, serviceName, eventStage, eventTime: iso(begin + ms), message, sourceTable };
  };

  for (const [what, tradeId, expected] of [
    [
      'came through',
      quick,
      [500, 505, 525, 560].map((ms, stage) => {
        return row(quick, 'pipeline', STAGES[stage], ms, `was ${STAGES[stage]}`, 'TRADE_EVENT');
      }),
    ],
    [
      'failed',
      failed,
      [
        row(failed, 'pipeline', 'RECEIVED', 0, 'was RECEIVED', 'TRADE_EVENT'),
        row(failed, 'pipeline', 'VALIDATED', 100, 'no answer', 'ERROR'),
        row(failed, 'pipeline', 'VALIDATED', 200, 'account 17 is closed', 'DLQ'),
      ],
    ],
    [
      'is not valid',
      invalid,
      [row(invalid, 'VALIDATION', 'VALIDATED', 300, 'unknown symbol; no price', 'INVALID')],
    ],
    ['nobody knows', randomUUID(), []],
  ]) {
    it(`tells the way of a trade that ${what}`, async () => {
      const way = await read(hub, `/api/rttm/track-trade?tradeId=${tradeId.toUpperCase()}`, SERVICE);
      assert.deepEqual(
        way.map(({ id, ...event }) => event),
        expected,
      );
      for (const { id } of way) assert.ok(Number.isSafeInteger(id));
    });
  }

  for (const query of ['', '?tradeId=', '?tradeId=42']) {
    it(`track-trade${query} is 400`, async () => {
      assertProblem(await get(hub, `/api/rttm/track-trade${query}`, SERVICE), 400, /tradeId/);
    });
  }

  for (const prefix of PREFIXES) {
    for (const name of ['alerts', 'metrics', 'pipeline', 'telemetry', 'dlq']) {
      it(`${prefix}/${name} answers ping, and what is no command with an error`, async (t) => {
        const peer = await connect(t, hub, `${prefix}/${name}`);
        for (const message of ['nonsense', { type: 'wish' }]) peer.send(message);
        await peer.pinged();
        assert.equal(peer.of('error').length, 2);
        assert.match(peer.of('error')[1].message, /wish/);
        assert.deepEqual(peer.closes, []);
      });
    }
  }
});
