// Angular's dev server, as far as its proxy goes: http-proxy-middleware with the contexts of a proxy.conf.json.

import { once } from 'node:events';
import { createServer } from 'node:http';

import { createProxyMiddleware } from 'http-proxy-middleware';

export class DevServer {
  #server;
  #sockets = new Set();

  /** @param {Record<string, object>} conf a proxy.conf.json */
  static async start(conf) {
    const dev = new DevServer();
    const proxies = Object.entries(conf).map(([pathFilter, options]) => ({
      path: pathFilter,
      webSockets: options.ws,
      handle: createProxyMiddleware({ pathFilter, ...options }),
    }));
    dev.#server = createServer((request, response) => {
      const pass = ([first, ...rest]) =>
        first ? first.handle(request, response, () => pass(rest)) : response.writeHead(404).end();
      pass(proxies);
    });
    dev.#server.on('upgrade', (request, socket, head) => {
      const proxy = proxies.find(({ path, webSockets }) => webSockets && request.url.startsWith(path));
      if (proxy) proxy.handle.upgrade(request, socket, head);
      else socket.destroy();
    });
    dev.#server.on('connection', (socket) => {
      dev.#sockets.add(socket);
      socket.on('close', () => dev.#sockets.delete(socket));
    });
    dev.#server.listen(0, 'localhost');
    await once(dev.#server, 'listening');
    return dev;
  }

  /** @returns {string} the origin of its page */
  get origin() {
    return `http://localhost:${this.#server.address().port}`;
  }

  async stop() {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
