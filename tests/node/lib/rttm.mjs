// What the pipeline's services report (RT-IN-1..5), and the shapes of what RTTM makes of it.

import assert from 'node:assert/strict';

import { ingestOk } from './rest.mjs';
import { assertKeys, assertNumber, assertTime } from './shapes.mjs';

export const STAGES = ['RECEIVED', 'VALIDATED', 'ENRICHED', 'COMMITTED'];

/** The cards of `/ws/rttm/metrics`, in their order: title and unit. */
const CARDS = [
  ['Current TPS', 'tx/s'],
  ['Peak TPS', 'tx/s'],
  ['Avg Latency', 'ms'],
  ['DLQ Count', 'errors'],
  ['Invalid Trades', 'trades'],
];

/** A trade at a stage. */
export function tradeEvent(tradeId, eventStage, eventTime, more = {}) {
  const eventType = `TRADE_${eventStage}`;
  return { tradeId, serviceName: 'pipeline', eventType, eventStage, eventTime, ...more };
}

/** A message that a stage gave up. */
export function dlqEvent(eventStage, more = {}) {
  return { serviceName: 'pipeline', topicName: 'dead', originalTopic: 'trades', eventStage, ...more };
}

/** An error at a stage. */
export function errorEvent(eventStage, more = {}) {
  return { serviceName: 'pipeline', errorType: 'TIMEOUT', errorMessage: 'no answer', eventStage, ...more };
}

/** How far a consumer of partition 0 of `trades` is behind. */
export function queueMetric(lag, more = {}) {
  const where = { serviceName: 'pipeline', topicName: 'trades', partitionId: 0, consumerGroup: 'validators' };
  return { ...where, producedOffset: 1000 + lag, consumedOffset: 1000, ...more };
}

/** Ingests events of one kind, in requests of a size that is let in. */
export async function report(hub, kind, events) {
  for (let from = 0; from < events.length; from += 2000) {
    await ingestOk(hub, kind, events.slice(from, from + 2000));
  }
}

/** The beginning of the second that was half a minute ago: past every rate of "now", within all other windows. */
export function halfAMinuteAgo() {
  return Math.floor(Date.now() / 1000 - 30) * 1000;
}

/** The five cards. */
export function assertCards(cards) {
  const shown = JSON.stringify(cards);
  assert.deepEqual(
    cards.map(({ title, unit }) => [title, unit]),
    CARDS,
  );
  for (const card of cards) {
    assertKeys(card, ['title', 'value', 'unit', 'status'], shown);
    assertNumber(card.value, shown);
    assert.match(card.status, /^(healthy|warning|critical)$/, shown);
  }
}

/** The values of cards, in their order. */
export function values(cards) {
  return cards.map(({ value }) => value);
}

/** The four stages. */
export function assertStages(stages) {
  const shown = JSON.stringify(stages);
  assert.deepEqual(
    stages.map(({ name }) => name),
    STAGES,
  );
  for (const stage of stages) {
    assertKeys(stage, ['name', 'count', 'latencyMs', 'successRate'], shown);
    for (const name of ['count', 'latencyMs', 'successRate']) assertNumber(stage[name], shown);
  }
}

/** Dead letters by stage; `INGEST` is the hub itself. */
export function assertDlq(dlq) {
  const shown = JSON.stringify(dlq);
  assertKeys(dlq, ['total', 'byStage', 'lastErrorTime', 'classes'], shown);
  for (const stage of Object.keys(dlq.byStage)) assert.ok([...STAGES, 'INGEST'].includes(stage), shown);
  const sum = Object.values(dlq.byStage).reduce((total, count) => total + count, 0);
  assert.equal(dlq.total, sum, shown);
  if (dlq.lastErrorTime !== null) assertTime(dlq.lastErrorTime, shown);
  for (const row of dlq.classes) {
    const names = ['stage', 'service', 'errorType', 'reason', 'originalTopic', 'count'];
    assertKeys(row, [...names, 'firstSeen', 'lastSeen'], shown);
    assert.ok(row.firstSeen <= row.lastSeen, shown);
  }
}

/** One message of `/ws/rttm/telemetry`. */
export function assertTelemetry(message) {
  const shown = JSON.stringify(message);
  const { type, timestamp, data } = message;
  assertKeys(message, ['type', 'timestamp', 'data'], shown);
  assertTime(timestamp, shown);
  if (type === 'TPS_TREND') {
    assert.ok(data.length === 24 && data.every(Number.isSafeInteger), shown);
  } else if (type === 'LATENCY_METRICS') {
    assert.deepEqual(
      data.map(({ label }) => label),
      ['Avg', 'P95', 'P99'],
    );
    for (const { value } of data) assertNumber(value, shown);
  } else {
    assert.equal(type, 'KAFKA_LAG', shown);
    for (const { partition, lag } of data) assert.ok(/^P\d+$/.test(partition) && lag >= 0, shown);
  }
}

/** An array of alerts, newest first. */
export function assertAlerts(alerts) {
  const shown = JSON.stringify(alerts);
  assert.ok(Array.isArray(alerts), shown);
  for (const alert of alerts) {
    const names = ['id', 'severity', 'message', 'timestamp', 'source', 'resolved', 'timeAgo'];
    assertKeys(alert, names, shown);
    for (const name of ['id', 'message', 'source']) assert.ok(alert[name].length > 0, shown);
    assert.match(alert.severity, /^(CRITICAL|HIGH|MEDIUM|LOW)$/, shown);
    assertTime(alert.timestamp, shown);
    assert.equal(typeof alert.resolved, 'boolean', shown);
    assert.match(alert.timeAgo, /^(now|\d+[smhd] ago)$/, shown);
  }
  const times = alerts.filter(({ resolved }) => !resolved).map(({ timestamp }) => timestamp);
  assert.deepEqual(times, [...times].sort().reverse(), shown);
  assert.equal(new Set(alerts.map(({ id }) => id)).size, alerts.length, `no id twice: ${shown}`);
}

/** What the frontend's guide calls `SystemMetrics`. */
export function assertSystemMetrics(metrics) {
  const shown = JSON.stringify(metrics);
  assertKeys(metrics, ['timestamp', 'cpu', 'memory', 'disk', 'network'], shown);
  assertTime(metrics.timestamp, shown);
  const { cpu, memory, disk, network } = metrics;
  assertKeys(cpu, ['usage', 'cores'], shown);
  assert.ok(cpu.usage >= 0 && cpu.usage <= 100, shown);
  assert.ok(Number.isSafeInteger(cpu.cores) && cpu.cores >= 1, shown);
  for (const space of [memory, disk]) {
    assertKeys(space, ['used', 'total', 'percentage'], shown);
    assert.ok(space.used > 0 && space.used <= space.total, shown);
    const percentage = (100 * space.used) / space.total;
    assert.ok(Math.abs(space.percentage - percentage) <= 0.01, shown);
  }
  assertKeys(network, ['bytesIn', 'bytesOut'], shown);
  for (const count of Object.values(network)) assert.ok(Number.isSafeInteger(count) && count >= 0, shown);
}
