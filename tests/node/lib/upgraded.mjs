// WebSocket upgrades whose headers no client would send, or whose answer no client would take.

import { request } from 'node:http';

import { waitFor } from './wait.mjs';

/**
 * Asks for a WebSocket with these headers, and lets it be.
 *
 * @returns {Promise<{ headers: object } | { status: number, type: string, body: any }>} the headers of the
 * upgrade, or how it was refused
 */
export function upgraded(url, headers) {
  const own = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const asked = request(url.replace(/^ws/, 'http'), { headers: { ...own, ...headers } });
  const answer = new Promise((resolve, reject) => {
    asked.on('error', reject);
    asked.on('upgrade', ({ headers }, socket) => {
      socket.destroy();
      resolve({ headers });
    });
    asked.on('response', (response) => read(response).then(resolve, reject));
  });
  asked.end();
  return waitFor(answer, `an answer to ${JSON.stringify(headers)}`);
}

async function read(response) {
  const text = (await response.setEncoding('utf8').toArray()).join('');
  return { status: response.statusCode, type: response.headers['content-type'], body: JSON.parse(text) };
}
