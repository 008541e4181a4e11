"""uWebSockets by way of socketify: a fan-out server that does what the hub's relay topics do.

A WebSocket to /?topics=a,b follows these topics; POST /publish/a sends the body to all who follow a, as it is. It prints
the port that it listens at.
"""

import socket

from socketify import App, CompressOptions, OpCode

# As many bytes as the hub keeps for one socket before its peer counts as slow, and what happens then is the same.
BACKPRESSURE_BYTES = 256 * 1024


# Topics of the socket that is being opened, which happens within upgrade(): what socketify keeps as a socket's data would
# count as memory of an idle connection.
following = []


def upgrade(res, req, context):
    following[:] = (req.get_query("topics") or "").split(",")
    res.upgrade(req.get_header("sec-websocket-key"), "", "", context)


def opened(ws):
    for topic in following:
        ws.subscribe(topic)


def publish(res, req):
    topic, parts = req.get_parameter(0), []

    def on_data(res, chunk, is_last, *_):
        if chunk:
            parts.append(chunk)
        if is_last:
            app.publish(topic, b"".join(parts), OpCode.TEXT)
            res.end("{}")

    res.on_aborted(lambda *_: None)
    res.on_data(on_data)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


app = App()
app.ws("/*", {
    "compression": CompressOptions.DISABLED,
    "max_payload_length": 1024 * 1024,
    "max_backpressure": BACKPRESSURE_BYTES,
    "close_on_backpressure_limit": True,
    "idle_timeout": 0,
    "upgrade": upgrade,
    "open": opened,
})
app.post("/publish/:topic", publish)
port = free_port()
app.listen({"port": port, "host": "127.0.0.1"}, lambda _: print(port, flush=True))
# app.run() would poll the loop without a pause, for asyncio's sake: its CPU time would say nothing.
app.loop.uv_loop.run()
