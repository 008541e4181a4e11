// Those who watch positions over each kind of WebSocket that the hub has, and what they were sent.

import { NativePeer } from './native.mjs';
import { Peer } from './peer.mjs';
import { SockJsFrames } from './sockjs-frames.mjs';
import { key, newest, rows } from './trades.mjs';

const TOPIC = '/topic/position-update';

/**
 * By the kind of WebSocket: opens one at `at` (a `ws:` URL without a path) with these options of `ws`, for some
 * portfolios or for all.
 *
 * @returns {Promise<{ peer: Peer | NativePeer, said: () => any[], positions: () => Map<string, any> }>} what was
 * said, but for ids that only one subscriber's messages have, and for positions, which pass with the time between
 * two subscriptions; and what it comes to
 */
export const SUBSCRIBERS = {
  'STOMP over WebSocket': (at, portfolioIds, socket) => stomp(new Peer(`${at}/ws`, { socket }), portfolioIds),
  'STOMP in SockJS frames': (at, portfolioIds, socket) =>
    stomp(new Peer(at, { webSocketFactory: () => new SockJsFrames(`${at}/ws`, socket) }), portfolioIds),
  'a native socket': async (at, portfolioIds, socket) => {
    const query = new URLSearchParams({ topics: 'position-update', ...only(portfolioIds) });
    const peer = await NativePeer.connect(`${at}/ws/positions?${query}`, socket);
    const positions = () => newest(peer.data('position-update'), key);
    const said = () =>
      peer.messages.map(({ resume, ...message }) => ({ ...message, last: resume !== undefined }));
    return { peer, said, positions };
  },
};

async function stomp(peer, portfolioIds) {
  await peer.open();
  const messages = await peer.subscribe(TOPIC, only(portfolioIds));
  const said = () =>
    messages.map(({ headers: { 'message-id': id, resume, ...headers }, body }) => {
      return { headers, last: resume !== undefined, body: JSON.parse(body) };
    });
  return { peer, said, positions: () => newest(rows(messages), key) };
}

/** The option that leaves other portfolios out. */
function only(portfolioIds) {
  return portfolioIds ? { 'portfolio-ids': portfolioIds.join(',') } : {};
}
