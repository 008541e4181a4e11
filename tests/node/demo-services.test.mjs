// The demo feed as it sets every service in motion: within 5 s of the banner, at every endpoint.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { SERVICE as AUTOTRADER, SESSIONS, assertMessage, assertSession, trades } from './lib/autotrader.mjs';
import { SOON_MS, Watched, busySession, left } from './lib/demo.mjs';
import { sockets } from './lib/endpoints.mjs';
import { Hub } from './lib/hub.mjs';
import { assertMessage as assertRanking, assertRanked, folded } from './lib/leaderboard.mjs';
import { NativePeer } from './lib/native.mjs';
import { Peer, closed } from './lib/peer.mjs';
import { read } from './lib/rest.mjs';
import { assertAlerts, assertCards, assertDlq, assertStages, assertSystemMetrics } from './lib/rttm.mjs';
import { assertTelemetry } from './lib/rttm.mjs';
import { waitFor } from './lib/wait.mjs';

const GATEWAY = 'gateway';
const GOING_AWAY = { code: 1001, reason: 'Going away' };

/** What a socket of RTTM sends, and when it is alive. */
const RTTM = {
  '/ws/metrics': [assertSystemMetrics, () => true],
  '/ws/rttm/metrics': [assertCards, ([, peak, latency]) => peak.value > 0 && latency.value > 0],
  pipeline: [assertStages, (stages) => stages.every(({ count }) => count > 0)],
  dlq: [assertDlq, ({ byStage, lastErrorTime }) => Object.keys(byStage).length > 1 && lastErrorTime],
  telemetry: [assertTelemetry, ({ type, data }) => type === 'KAFKA_LAG' && data.length > 0],
  alerts: [assertAlerts, () => true],
};

/** The paths of what it is about: the two of `metrics` differ, the others are the same under both prefixes. */
const RTTM_PATHS = Object.entries(RTTM).flatMap(([name, alive]) =>
  (name.startsWith('/') ? [name] : [`/ws/${name}`, `/ws/rttm/${name}`]).map((path) => [path, ...alive]),
);

describe('within 5 s of the banner', () => {
  let hub;
  const watched = new Map();
  before(async () => {
    hub = await Hub.start({ args: ['--demo'] });
    const paths = [
      ['leaderboard', '/ws/updates'],
      ['leaderboard', '/ws/top'],
      ...RTTM_PATHS.map(([path]) => ['rttm', path]),
      [AUTOTRADER, '/ws/auto-trader'],
    ];
    for (const [service, path] of paths) {
      for (const at of [service, GATEWAY]) watched.set(`${at} ${path}`, await Watched.open(hub, at, path));
    }
  });
  after(async () => {
    await Promise.all([...watched.values()].map(({ peer }) => peer.close()));
    await hub?.stop();
  });

  it('every REST path answers with something, on its own port and at the gateway', async () => {
    const some = (list) => list.length > 0;
    const [{ portfolioId }] = await waitFor(
      async () => {
        const rows = await read(hub, '/api/leaderboard/portfolios', 'leaderboard');
        return some(rows) && rows;
      },
      'a ranking',
      left(hub),
    );
    const { sessionId } = await busySession(hub);
    const calls = [
      ['analytics', '/api/analysis/all', some],
      ['leaderboard', '/api/leaderboard/top', ({ count, top }) => count === 50 && top.length === 50],
      ['leaderboard', `/api/leaderboard/around?portfolioId=${portfolioId}`, ({ top }) => some(top)],
      ['leaderboard', '/api/leaderboard/portfolios', some],
      ['rttm', '/api/rttm/metrics', ([, peak]) => peak.value > 0],
      ['rttm', '/api/rttm/pipeline', (stages) => stages.every(({ count }) => count > 0)],
      ['rttm', '/api/rttm/dlq', ({ total }) => total > 0],
      [
        'rttm',
        '/api/rttm/telemetry-snapshot',
        ({ tpsTrend, kafkaLag }) => tpsTrend.at(-1) > 0 && some(kafkaLag),
      ],
      ['rttm', '/api/rttm/alerts', Array.isArray],
      ['rttm', `/api/rttm/track-trade?tradeId=${randomUUID()}`, Array.isArray],
      ['rttm', '/api/rttm/queues', some],
      ['rttm', '/api/rttm/dead-letters', ({ deadLetters }) => some(deadLetters)],
      [AUTOTRADER, SESSIONS, some],
      [AUTOTRADER, `${SESSIONS}/${sessionId}`, ({ openTrades }) => openTrades > 0],
      [AUTOTRADER, `${SESSIONS}/${sessionId}/trades`, some],
    ];
    for (const [service, path, alive] of calls) {
      for (const at of [service, GATEWAY]) {
        await waitFor(async () => alive(await read(hub, path, at)), `${path} of ${at}`, left(hub));
      }
    }
  });

  for (const at of ['leaderboard', GATEWAY]) {
    it(`/ws/updates of ${at} sends a snapshot first, then updates that move ranks`, async () => {
      const socket = watched.get(`${at} /ws/updates`);
      await socket.soon('a snapshot', ({ type }) => type === 'snapshot');
      await socket.soon('an update', ({ type }) => type === 'update');
      const { messages } = socket.peer;
      assert.equal(messages[0].type, 'snapshot');
      const moves = () => {
        const ranks = new Map();
        return messages.some(({ data }) =>
          data.entries.some(({ portfolioId, rank }) => {
            const moved = ranks.has(portfolioId) && ranks.get(portfolioId) !== rank;
            ranks.set(portfolioId, rank);
            return moved;
          }),
        );
      };
      await waitFor(moves, 'a rank that moves');
      messages.forEach(assertRanking);
      assertRanked(folded(messages));
    });

    it(`/ws/top of ${at} sends the best, and again`, async () => {
      const socket = watched.get(`${at} /ws/top`);
      await socket.soon('ten rows', ({ data }) => data.length === 10);
      await waitFor(() => socket.peer.messages.length >= 3, 'changes');
      for (const { data } of socket.peer.messages) assertRanked(data);
    });
  }

  for (const [path, check, alive] of RTTM_PATHS) {
    for (const at of ['rttm', GATEWAY]) {
      it(`${path} of ${at} sends its payload, and something is in it`, async () => {
        const socket = watched.get(`${at} ${path}`);
        await socket.soon('a payload', alive);
        socket.peer.messages.forEach(check);
      });
    }
  }

  for (const at of [AUTOTRADER, GATEWAY]) {
    it(`/ws/auto-trader of ${at} answers ping, and streams a session with its open trade's P&L`, async () => {
      const { peer } = watched.get(`${at} /ws/auto-trader`);
      await peer.pinged();
      const session = (await read(hub, SESSIONS, at)).find(({ openTrades }) => openTrades > 0);
      assert.ok(session, 'there is always an open trade');
      assertSession(session);
      const [{ symbol }] = await trades(hub, session);
      peer.send({ type: 'subscribe_session', sessionId: session.sessionId });
      peer.send({ type: 'subscribe_prices', symbols: [symbol], priceInterval: 100 });
      for (const type of ['session_update', 'pnl_update', 'price_update']) {
        await waitFor(() => peer.of(type).length >= 2, `two of ${type}`, SOON_MS);
      }
      for (const { data } of peer.of('pnl_update')) assert.equal(data.sessionId, session.sessionId);
      peer.messages.forEach(assertMessage);
    });
  }

  it('a session always holds an open trade, also after some of its trades closed', async () => {
    const { sessionId, closedTrades } = await waitFor(
      async () => {
        const sessions = await read(hub, SESSIONS, AUTOTRADER);
        return sessions.find(({ openTrades, closedTrades }) => openTrades > 0 && closedTrades > 0);
      },
      'a session with an open trade and a closed one',
      60_000,
    );
    const all = await read(hub, `${SESSIONS}/${sessionId}/trades`, AUTOTRADER);
    assert.ok(all.filter(({ status }) => status === 'CLOSED').length >= closedTrades);
  });
});

it('SIGTERM during the demo closes every socket of every service with 1001, and exits with 0', async (t) => {
  const hub = await Hub.start({ args: ['--demo'] });
  t.after(() => hub.stop());
  const { sessionId } = await busySession(hub);
  const natives = [...sockets({ sessionId }), ['rttm', '/ws/metrics', 1]];
  const peers = [];
  for (const [service, path, , commands = []] of natives) {
    for (const at of [service, GATEWAY]) {
      const peer = await NativePeer.connect(hub.ws(path, at));
      commands.forEach((command) => peer.send(command));
      peers.push(peer);
    }
  }
  for (const at of ['analytics', GATEWAY]) {
    for (const url of [hub.base('/ws', at), hub.ws('/ws', at)]) {
      const peer = await Peer.connect(url);
      const messages = await peer.subscribe('/topic/position-update');
      await waitFor(() => messages.length > 0, 'positions');
      peers.push(peer);
    }
  }
  const natively = peers.filter((peer) => peer instanceof NativePeer);
  await waitFor(
    () => natively.every(({ messages }) => messages.length > 0),
    'a message on every native socket',
  );
  hub.signalTerminate();
  const closes = await closed(peers);
  assert.deepEqual(closes, Array(peers.length).fill(GOING_AWAY));
  await hub.exitedCleanly();
});
