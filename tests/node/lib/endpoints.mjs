// Everything that the hub shows: a state that every endpoint has something of, and all endpoints.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

import { SERVICE as AUTOTRADER, closeTrade, createSession, openTrade, stopSession } from './autotrader.mjs';
import { portfolio, score } from './leaderboard.mjs';
import { NativePeer } from './native.mjs';
import { ingest, ingestOk, read } from './rest.mjs';
import { STAGES, dlqEvent, errorEvent, halfAMinuteAgo, queueMetric, report, tradeEvent } from './rttm.mjs';
import { purchase, quote, sale, trade } from './trades.mjs';
import { waitFor } from './wait.mjs';

/** A native socket of each port. */
export const NATIVE = {
  analytics: '/ws/positions',
  leaderboard: '/ws/updates',
  rttm: '/ws/alerts',
  'auto-trader': '/ws/auto-trader',
  gateway: '/ws/rttm/alerts',
};

/** A portfolio with a rank, a name, positions and P&L. */
const PORTFOLIO = portfolio('b');

/** Gives a fresh hub something to show everywhere, and waits until it is shown. */
export async function fill(hub) {
  await ingestOk(hub, 'portfolios', [{ portfolioId: PORTFOLIO, name: 'Growth' }]);
  await trade(hub, purchase(PORTFOLIO, 'AAPL', { quantity: 4, price: 10 }), purchase(PORTFOLIO, 'MSFT'));
  await trade(hub, sale(PORTFOLIO, 'AAPL', { quantity: 1, price: 12.5 }));
  await quote(hub, { AAPL: 11.25, MSFT: 9 });
  await score(hub, 'a30 b20 c10 d10');
  const { tradeId } = await reportAll(hub);
  const { letterId } = await rejectOne(hub);
  const { sessionId } = await tradeSome(hub);
  await waitFor(async () => {
    const alerts = await read(hub, '/api/rttm/alerts', 'rttm');
    assert.equal(alerts.length, 3, 'those of dead letters, errors and lag');
    const shown = await firstMessages(hub, ['rttm', '/ws/alerts', 1]);
    assert.equal(shown[0].length, 3);
    const [ranking] = await firstMessages(hub, ['leaderboard', '/ws/updates', 1]);
    assert.equal(ranking.data.total, 4);
    return true;
  }, 'everything to be shown');
  return { tradeId, letterId, sessionId };
}

async function reportAll(hub) {
  const begin = halfAMinuteAgo();
  const [tradeId, other] = [randomUUID(), randomUUID()];
  const way = STAGES.map((stage, index) => tradeEvent(tradeId, stage, begin + index * 10));
  await report(hub, 'trade-events', [...way, tradeEvent(other, 'RECEIVED', begin)]);
  await report(hub, 'error-events', Array(5).fill(errorEvent('ENRICHED', { eventTime: begin })));
  await report(hub, 'dlq-events', Array(10).fill(dlqEvent('VALIDATED', { reason: 'x', eventTime: begin })));
  await report(hub, 'invalid-trades', [{ tradeId: other, timestamp: begin, validationErrors: 'y' }]);
  await report(hub, 'queue-metrics', [queueMetric(1500)]);
  return { tradeId };
}

async function rejectOne(hub) {
  const { body } = await ingest(hub, 'prices', [{ symbol: 'AAPL', price: 'much' }]);
  return { letterId: body.results[0].position.split('-').at(-1) };
}

async function tradeSome(hub) {
  const session = await createSession(hub, { name: 'Morning' });
  await closeTrade(hub, await openTrade(hub, session, { symbol: 'MSFT', quantity: 2 }), 9.5);
  await openTrade(hub, session, { symbol: 'AAPL', quantity: 5, stopLoss: 10, target: 20 });
  await quote(hub, { AAPL: 11.5 });
  await stopSession(hub, await createSession(hub));
  return session;
}

/** `[service, path]` of GETs of every service, those that fail among them. */
export function calls({ tradeId, letterId, sessionId }) {
  const of = (service, base, paths) => paths.map((path) => [service, base + path]);
  return [
    ['analytics', '/api/analysis/all'],
    ...of('leaderboard', '/api/leaderboard/', [
      'top',
      'top?top=2',
      'top?top=0',
      `around?portfolioId=${PORTFOLIO}&range=1`,
      `around?portfolioId=${portfolio('f')}`,
      'portfolios',
    ]),
    ...of('leaderboard', '/pms/api/leaderboard/', ['top?top=2', `around?portfolioId=${PORTFOLIO}`, 'portfolios']),
    ...of('rttm', '/api/rttm/', [
      'metrics',
      'pipeline',
      'dlq',
      'telemetry-snapshot',
      'alerts',
      'alerts?status=ALL&limit=2',
      `track-trade?tradeId=${tradeId}`,
      'track-trade',
      'queues',
      'dead-letters',
      `dead-letters/${letterId}`,
    ]),
    ...of(AUTOTRADER, '/api/auto-trader/sessions', ['', `/${sessionId}`, `/${sessionId}/trades`, '/99']),
  ];
}

/** `[service, path, count, commands]` of every native socket: how many messages are its state, and who asks. */
export function sockets({ sessionId }) {
  const both = (service, prefix, paths) =>
    paths.flatMap(([path, count]) => ['/ws', prefix].map((base) => [service, `${base}/${path}`, count]));
  return [
    ['analytics', '/ws/positions?batch=true', 2],
    ...both('leaderboard', '/ws/leaderboard', [
      ['updates', 1],
      ['updates?dialect=pms', 1],
      ['top?n=2', 1],
      [`around?portfolioId=${PORTFOLIO}&range=1`, 1],
    ]),
    ['leaderboard', '/pms/ws/updates', 1],
    ['leaderboard', '/pms/ws/leaderboard/updates', 1],
    ['leaderboard', '/pms/ws/top?n=2', 1],
    ['leaderboard', `/pms/ws/around?portfolioId=${PORTFOLIO}&range=1`, 1],
    ...both('rttm', '/ws/rttm', [
      ['alerts', 1],
      ['pipeline', 1],
      ['dlq', 1],
      ['telemetry', 3],
    ]),
    ['rttm', '/ws/rttm/metrics', 1],
    [
      AUTOTRADER,
      '/ws/auto-trader',
      4,
      [
        { type: 'subscribe_session', sessionId },
        { type: 'subscribe_prices', symbols: ['AAPL', 'MSFT'] },
      ],
    ],
  ];
}

/** The first messages of a new socket, at the service's own port or at that of `at`, with these options. */
export async function firstMessages(hub, [service, path, count, commands = []], at = service, options) {
  const peer = await NativePeer.connect(hub.ws(path, at), options);
  commands.forEach((command) => peer.send(command));
  await waitFor(() => peer.messages.length >= count, `${count} messages at ${path}`);
  await peer.close();
  return peer.messages.slice(0, count);
}

/** Numbers of trades by the hour: which hours, depends on when one looks. */
const TRENDS = ['tpsTrend', 'TPS_TREND'];

/** What was said, without when: ages, and times of the moment of saying it. */
export function timeless(value, name) {
  if (Array.isArray(value)) {
    return (TRENDS.includes(name) ? value.filter((count) => count > 0) : value).map((item) => timeless(item));
  }
  if (value === null || typeof value !== 'object') return value;
  const members = Object.entries(value).filter(([name]) => !isOfTheMoment(name, value));
  return Object.fromEntries(members.map(([name, member]) => [name, timeless(member, value.type ?? name)]));
}

/** Alerts and prices say when they were raised and quoted, anything else when it was sent. */
function isOfTheMoment(name, object) {
  if (name === 'timestamp') return !('severity' in object || 'price' in object);
  return ['generatedAt', 'timeAgo', 'resume'].includes(name);
}
