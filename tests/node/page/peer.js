// What a page does: stompjs over sockjs-client or a WebSocket, a WebSocket alone, and a record of what happens.

/* global MessagePack, SockJS, StompJs */

window.peer = {
    /** The transport that sockjs-client has taken. */
    transport: null,

    /** Bodies of messages by destination, in their order. */
    bodies: {},

    /** The `message` of each ERROR frame. */
    errors: [],

    /** `{ code, reason }` of each close. */
    closes: [],

    /** Resolves when connected, or says how not. */
    connect(url, options = {}) {
        return new Promise((resolve, reject) => {
            this.client = new StompJs.Client({
                webSocketFactory: () =>
                    url.startsWith('ws:') ? new WebSocket(url) : new SockJS(url, null, options),
                reconnectDelay: 0,
                onConnect: () => {
                    this.transport = this.client.webSocket.transport;
                    resolve(this.transport);
                },
                onStompError: ({ headers }) => this.errors.push(headers.message),
                onWebSocketClose: ({ code, reason }) => {
                    this.closes.push({ code, reason });
                    reject(new Error(`closed: ${code} ${reason}`));
                },
            });
            this.client.activate();
        });
    },

    /** Resolves when the hub has confirmed it. */
    subscribe(destination) {
        this.bodies[destination] = [];
        return this.confirmed((receipt) => {
            const keep = ({ body }) => this.bodies[destination].push(body);
            this.client.subscribe(destination, keep, { receipt });
        });
    },

    /** Sends all, and resolves when the hub has confirmed the last. */
    send(destination, bodies) {
        for (const body of bodies.slice(0, -1)) this.client.publish({ destination, body });
        return this.confirmed((receipt) => {
            this.client.publish({ destination, body: bodies.at(-1), headers: { receipt } });
        });
    },

    /** Resolves when the connection is closed. */
    leave() {
        return this.client.deactivate();
    },

    confirmed(act) {
        return new Promise((resolve) => {
            const receipt = `receipt-${Math.random()}`;
            this.client.watchForReceipt(receipt, () => resolve());
            act(receipt);
        });
    },
};

/** A native socket, once it is open: in JSON, or in MessagePack where that is the protocol. */
window.openSocket = (url, protocols) =>
    new Promise((resolve, reject) => {
        const socket = new WebSocket(url, protocols);
        socket.binaryType = 'arraybuffer';
        const peer = {
            /** What came, and whether it was binary. */
            messages: [],
            binary: [],
            agreed: () => ({ extensions: socket.extensions, protocol: socket.protocol }),
            send: (message) =>
                socket.send(protocols.length > 0 ? MessagePack.encode(message) : JSON.stringify(message)),
        };
        socket.onmessage = ({ data }) => {
            const binary = data instanceof ArrayBuffer;
            peer.binary.push(binary);
            peer.messages.push(binary ? MessagePack.decode(new Uint8Array(data)) : JSON.parse(data));
        };
        socket.onopen = () => resolve(peer);
        socket.onclose = ({ code, reason }) => reject(new Error(`closed: ${code} ${reason}`));
    });
