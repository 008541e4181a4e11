// The package ws on Node: a fan-out server that does what the hub's relay topics do.
//
// A WebSocket to /?topics=a,b follows these topics; POST /publish/a sends the body to all who follow a, as it is. It
// prints the port that it listens at.

import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

// As many bytes as the hub keeps for one socket before its peer counts as slow, and what happens then is the same.
const BACKPRESSURE_BYTES = 256 * 1024;

const followers = new Map();

const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const body = Buffer.concat(parts);
    for (const socket of followers.get(request.url.slice('/publish/'.length)) ?? []) {
      if (socket.bufferedAmount > BACKPRESSURE_BYTES) socket.terminate();
      else socket.send(body, { binary: false });
    }
    response.setHeader('Content-Length', 2);
    response.end('{}');
  });
});
server.keepAliveTimeout = 0;

new WebSocketServer({ server, perMessageDeflate: false }).on('connection', (socket, request) => {
  const topics = new URL(request.url, 'http://localhost').searchParams.get('topics').split(',');
  for (const topic of topics) {
    if (!followers.has(topic)) followers.set(topic, new Set());
    followers.get(topic).add(socket);
  }
  socket.on('close', () => topics.forEach((topic) => followers.get(topic).delete(socket)));
  socket.on('error', () => {});
});

server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => console.log(server.address().port));
