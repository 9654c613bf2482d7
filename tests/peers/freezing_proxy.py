#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Passes TCP connections on to --to PORT on 127.0.0.1, and at some point freezes one: from then on nothing is passed in
either direction, and neither side is told, as when a router drops a connection or a machine is gone. New connections work.

The first connection freezes
    --at-once           before the server's first byte,
    --on TEXT           when the client sends a line with this in it (which is not passed on any more),
    --after TEXT N      when the server has answered N bytes since the client sent such a line.
SIGUSR1 freezes all connections that there are. Prints "port N" when it listens, "accepted K" for the K-th connection, and
"frozen K"; ends at SIGTERM.
"""
import argparse
import asyncio
import os
import signal


class Connection:
    def __init__(self, number, rule):
        self.number, self.rule = number, rule
        self.frozen = asyncio.Event()
        self.left = None  # bytes of the server that are still passed on

    def freeze(self):
        if not self.frozen.is_set():
            self.frozen.set()
            print(f"frozen {self.number}", flush=True)

    def sent_by_client(self, data):
        """Returns whether to pass it on."""
        if self.rule.on and self.rule.on.encode() in data:
            self.freeze()
        if self.rule.after and self.left is None and self.rule.after[0].encode() in data:
            self.left = int(self.rule.after[1])
        return not self.frozen.is_set()

    def sent_by_server(self, data):
        """Returns what to pass on."""
        if self.left is not None:
            data, self.left = data[:self.left], self.left - len(data)
            if self.left <= 0:
                asyncio.get_running_loop().call_soon(self.freeze)
        return data


class NoRule:
    at_once, on, after = False, None, None


async def pump(connection, reader, writer, passes):
    """Until the end, or until the connection is frozen: then it waits for ever, with both sides open."""
    frozen = asyncio.ensure_future(connection.frozen.wait())
    try:
        while True:
            reading = asyncio.ensure_future(reader.read(65536))
            await asyncio.wait((reading, frozen), return_when=asyncio.FIRST_COMPLETED)
            if connection.frozen.is_set():
                await asyncio.Event().wait()
            data = passes(reading.result())
            if connection.frozen.is_set():
                continue
            if not data:
                break
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    frozen.cancel()
    writer.close()


async def serve(arguments):
    connections = []

    async def accepted(reader, writer):
        connection = Connection(len(connections) + 1, NoRule if connections else arguments)
        connections.append(connection)
        print(f"accepted {connection.number}", flush=True)
        if connection.rule.at_once:
            connection.freeze()
            await asyncio.Event().wait()
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", arguments.to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(connection, reader, inner_writer, lambda data: data if connection.sent_by_client(data) else b""),
                             pump(connection, inner_reader, writer, connection.sent_by_server))

    def freeze_all():
        for connection in connections:
            connection.freeze()

    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *unused: None)
    server = await asyncio.start_server(accepted, "127.0.0.1", arguments.port)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, freeze_all)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()


def main():
    parser = argparse.ArgumentParser(description="A TCP proxy on 127.0.0.1 whose connections freeze.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--to", type=int, required=True, help="port of the server")
    parser.add_argument("--at-once", action="store_true", help="freeze the first connection before the greeting")
    parser.add_argument("--on", metavar="TEXT", help="freeze the first connection when the client sends this")
    parser.add_argument("--after", nargs=2, metavar=("TEXT", "BYTES"), help="freeze it so many bytes of answer later")
    asyncio.run(serve(parser.parse_args()))
    os._exit(0)  # frozen connections must not hold the exit up


if __name__ == "__main__":
    main()
