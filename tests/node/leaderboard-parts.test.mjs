// The leaderboard beside `/ws/updates`: `/ws/top`, `/ws/around`, REST, and the frontend's own service.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, describe, it } from 'node:test';

import { Hub } from './lib/hub.mjs';
import { assertRanked, portfolio, score, scores } from './lib/leaderboard.mjs';
import { LeaderboardWsService } from './lib/leaderboard-ws-service.mjs';
import { NativePeer } from './lib/native.mjs';
import { assertProblem, get, ingestOk, read } from './lib/rest.mjs';
import { waitFor } from './lib/wait.mjs';

const SERVICE = 'leaderboard';
const [B, F] = ['b', 'f'].map(portfolio);

/** `t`'s own hub, in which these scores were reached one after the other. */
async function start(t, ranked) {
  const hub = await Hub.start();
  t.after(() => hub.stop());
  await score(hub, ranked);
  return hub;
}

/** `t`'s own socket. */
async function connect(t, hub, path) {
  const peer = await NativePeer.connect(hub.ws(path, SERVICE));
  t.after(() => peer.close());
  return peer;
}

/** Waits until the newest message's rows are these. */
function shows(peer, expected) {
  return waitFor(() => {
    const newest = peer.messages.findLast(({ data }) => data);
    assert.equal(newest && scores(newest.data), expected);
    return newest;
  }, 'the rows');
}

describe('/ws/top', () => {
  it('sends the best on connect and when they change', async (t) => {
    const hub = await start(t, 'a30 b20 c10');
    const [all, two] = [await connect(t, hub, '/ws/top'), await connect(t, hub, '/ws/top?n=2')];
    await shows(all, 'a30 b20 c10');
    await shows(two, 'a30 b20');
    await score(hub, 'd5');
    const { data, ...rest } = await shows(all, 'a30 b20 c10 d5');
    assert.deepEqual(rest, { type: 'top-performers' });
    assertRanked(data);
    assert.equal(scores((await two.pinged(0)).at(-1).data), 'a30 b20');
    const seen = two.messages.length;
    await score(hub, 'c40');
    await shows(two, 'c40 a30');
    assert.equal(two.messages.length, seen + 1, 'what is below the top is not told');
  });

  it('has ten rows where nothing else is asked for', async (t) => {
    const hub = await start(t, '');
    const items = Array.from({ length: 12 }, (_, index) => ({
      portfolioId: randomUUID(),
      avgRateOfReturn: 0,
      sharpeRatio: 12 - index,
      sortinoRatio: 0,
    }));
    await ingestOk(hub, 'risk', items);
    const peer = await connect(t, hub, '/ws/top');
    await waitFor(() => peer.messages.at(-1)?.data.at(-1)?.sharpe === 3, 'the tenth');
    const best = items.slice(0, 10).map(({ portfolioId }) => portfolioId);
    assert.deepEqual(
      peer.messages.at(-1).data.map(({ portfolioId }) => portfolioId),
      best,
    );
  });
});

describe('/ws/around', () => {
  it('sends a portfolio between its neighbours, on connect and when any of them changes', async (t) => {
    const hub = await start(t, 'a30 b20 c10 d5 e1');
    const peer = await connect(t, hub, `/ws/around?portfolioId=${B}&range=1`);
    const { data, ...rest } = await shows(peer, 'a30 b20 c10');
    assert.deepEqual(rest, { type: 'around', centerRank: 2 });
    assertRanked(data);
    await score(hub, 'b7');
    assert.equal((await shows(peer, 'c10 b7 d5')).centerRank, 3);
    await score(hub, 'd6');
    await shows(peer, 'c10 b7 d6');
    const wide = await connect(t, hub, `/ws/around?portfolioId=${B.toUpperCase()}`);
    assert.equal((await shows(wide, 'a30 c10 b7 d6 e1')).centerRank, 3);
  });

  it('shows a portfolio that is not ranked yet as soon as it is', async (t) => {
    const hub = await start(t, 'a30');
    const peer = await connect(t, hub, `/ws/around?portfolioId=${F}&range=0`);
    await waitFor(() => peer.messages.length > 0, 'an answer');
    assert.deepEqual(peer.messages[0], { type: 'around', centerRank: null, data: [] });
    await score(hub, 'f40');
    assert.equal((await shows(peer, 'f40')).centerRank, 1);
  });

  it('follows another portfolio on request, and nothing after unsubscribe', async (t) => {
    const hub = await start(t, 'a30 b20');
    const peer = await connect(t, hub, `/ws/around?portfolioId=${B}&range=0`);
    await shows(peer, 'b20');
    peer.send({ type: 'subscribe', portfolioId: portfolio('a'), range: 0 });
    assert.equal((await shows(peer, 'a30')).centerRank, 1);
    peer.send({ type: 'unsubscribe' });
    await peer.pinged();
    const witness = await connect(t, hub, '/ws/top');
    await score(hub, 'a31');
    await shows(witness, 'a31 b20');
    assert.deepEqual(await peer.pinged(), []);
  });
});

describe('the sockets of the leaderboard', { concurrency: true }, () => {
  let hub;
  before(async () => {
    hub = await Hub.start();
    await score(hub, 'a30 b20 c10');
  });
  after(() => hub?.stop());

  for (const path of ['updates', 'updates?limit=1', 'top?n=2', `around?portfolioId=${B}&range=1`]) {
    it(`are the same at /ws/leaderboard/${path}`, async (t) => {
      const [short, long] = [
        await connect(t, hub, `/ws/${path}`),
        await connect(t, hub, `/ws/leaderboard/${path}`),
      ];
      await waitFor(() => {
        assert.ok(short.messages.length > 0 && long.messages.length > 0, 'a message of each');
        const [one, other] = [short, long].map(({ messages }) => structuredClone(messages.at(-1)));
        for (const message of [one, other]) {
          delete message.resume;
          delete message.data.generatedAt;
          assert.ok(JSON.stringify(message).includes('"rank":1'), 'rows');
        }
        assert.deepEqual(other, one);
        return true;
      }, 'the same');
    });
  }

  const updates = { limit: 3, dialect: 'native' };
  const around = { portfolioId: B, range: 5 };
  for (const [path, names, right] of [
    ['/ws/updates?limit=0', /^limit: /, updates],
    ['/ws/updates?limit=many', /^limit: /, updates],
    ['/ws/updates?dialect=klingon', /^dialect: /, updates],
    ['/ws/updates?resume=yesterday', /^resume: /, updates],
    ['/ws/updates?dialect=pms&top=5', /^top: .* limit, resume and dialect$/, updates],
    ['/ws/top?n=-1', /^n: /, { n: 3 }],
    ['/ws/top?n=3&n=4', /^n: /, { n: 3 }],
    ['/ws/around', /^portfolioId: /, around],
    ['/ws/around?portfolioId=42', /^portfolioId: /, around],
    [`/ws/around?portfolioId=${B}&range=x`, /^range: /, around],
  ]) {
    it(`say what is wrong with ${path}, and stay`, async (t) => {
      const peer = await connect(t, hub, path);
      const came = await peer.pinged(0);
      assert.deepEqual(
        came.map(({ type }) => type),
        ['error'],
      );
      assert.match(came[0].message, names);
      peer.send({ type: 'subscribe', ...right });
      await waitFor(() => peer.messages.some(({ data }) => data), 'what is asked for then');
    });
  }

  it('answer what is no command with an error, and stay', async (t) => {
    const peer = await connect(t, hub, '/ws/top');
    for (const message of ['nonsense', [], { type: 'wish' }, { type: 'subscribe', n: 0 }]) {
      const seen = peer.of('error').length;
      peer.send(message);
      await peer.pinged();
      assert.equal(peer.of('error').length, seen + 1, JSON.stringify(message));
    }
  });
});

describe('REST of the leaderboard', { concurrency: true }, () => {
  let hub;
  before(async () => {
    hub = await Hub.start();
    await score(hub, 'c10 a30 e1 b20 d5');
    await ingestOk(hub, 'portfolios', [{ portfolioId: B, name: 'Income' }]);
  });
  after(() => hub?.stop());

  it('top: rows in order, as many as are asked for', async () => {
    const { event, timestamp, count, top, ...rest } = await read(hub, '/api/leaderboard/top', SERVICE);
    assert.deepEqual([event, count, rest], ['leaderboardTop', 5, {}]);
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `milliseconds: ${timestamp}`);
    assertRanked(top);
    assert.deepEqual([scores(top), top[1].portfolioName], ['a30 b20 c10 d5 e1', 'Income']);
    const two = await read(hub, '/api/leaderboard/top?top=2', SERVICE);
    assert.deepEqual([two.count, scores(two.top)], [2, 'a30 b20']);
    assert.equal((await read(hub, '/api/leaderboard/top?top=5000', SERVICE)).count, 5);
  });

  it('around: a portfolio between its neighbours, numbers as numbers', async () => {
    const around = (query) => read(hub, `/api/leaderboard/around?portfolioId=${B}${query}`, SERVICE);
    const { event, timestamp, centerRank, top, ...rest } = await around('&range=1');
    assert.deepEqual([event, centerRank, rest], ['leaderboardAround', 2, {}]);
    assert.ok(Math.abs(timestamp - Date.now()) < 60_000, `milliseconds: ${timestamp}`);
    assertRanked(top);
    assert.equal(scores(top), 'a30 b20 c10');
    assert.equal(scores((await around('')).top), 'a30 b20 c10 d5 e1');
    assert.equal(scores((await around('&range=0')).top), 'b20');
  });

  it('portfolios: all that are ranked, page by page', async () => {
    const page = (query) => read(hub, `/api/leaderboard/portfolios${query}`, SERVICE);
    const all = await page('');
    assertRanked(all);
    assert.equal(scores(all), 'a30 b20 c10 d5 e1');
    assert.equal(scores(await page('?limit=2')), 'a30 b20');
    assert.equal(scores(await page('?limit=2&offset=4')), 'e1');
    assert.deepEqual(await page('?offset=5'), []);
  });

  for (const [path, status, detail] of [
    ['top?top=0', 400, /^top: /],
    ['top?top=-1', 400, /^top: /],
    ['top?top=ten', 400, /^top: /],
    ['around', 400, /^portfolioId: is required/],
    ['around?portfolioId=42', 400, /^portfolioId: must be a UUID/],
    [`around?portfolioId=${F}`, 404, new RegExp(F)],
    [`around?portfolioId=${B}&range=-1`, 400, /^range: /],
    ['portfolios?limit=0', 400, /^limit: /],
    ['portfolios?offset=x', 400, /^offset: /],
  ]) {
    it(`${path} is ${status}`, async () => {
      assertProblem(await get(hub, `/api/leaderboard/${path}`, SERVICE), status, detail);
    });
  }
});

describe("the frontend's LeaderboardWsService", () => {
  it('shows a ranking that moves, and finds the hub again after kill -9 and a restart', async (t) => {
    const hub = await start(t, 'a30 b20');
    const service = new LeaderboardWsService(hub.ws('', SERVICE), { reconnectDelay: 1000 });
    t.after(() => service.disconnect());
    const shows = (expected) =>
      waitFor(() => {
        const snapshot = service.snapshots$.value;
        assert.equal(snapshot && scores(snapshot.entries), expected);
        return true;
      }, 'the ranking on the page');
    service.connect();
    await shows('a30 b20');
    await score(hub, 'c25');
    await shows('a30 c25 b20');
    await score(hub, 'b35');
    await shows('b35 a30 c25');
    await hub.kill9();
    await waitFor(() => !service.connected$.value, 'the service to notice');
    await hub.restart();
    await score(hub, 'd100');
    await shows('d100 b35 a30 c25');
    assert.deepEqual([service.connected$.value, service.errors], [true, []]);
  });

  it('shows top performers', async (t) => {
    const hub = await start(t, 'a30 b20');
    const service = new LeaderboardWsService(hub.ws('', SERVICE), { path: '/ws/top' });
    t.after(() => service.disconnect());
    service.connect();
    await score(hub, 'b40');
    await waitFor(() => {
      const top = service.topPerformers$.value;
      assert.equal(top && scores(top), 'b40 a30');
      return true;
    }, 'the best, as they are now');
    assert.deepEqual(service.errors, []);
  });
});
