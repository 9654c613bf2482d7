#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Puts TLS before a plain server on 127.0.0.1: decrypts what comes in on its own port and passes it to --to PORT.

Prints "port N" when it listens; ends at SIGTERM.
"""
import argparse
import asyncio
import os
import signal
import ssl


async def pump(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except (OSError, ssl.SSLError):
        pass
    writer.close()


async def serve(arguments):
    async def connected(reader, writer):
        try:
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", arguments.to)
        except OSError:
            writer.close()
            return
        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer))

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.certificate, arguments.key)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *unused: None)  # clients that refuse the certificate are part of the game
    server = await asyncio.start_server(connected, "127.0.0.1", arguments.port, ssl=context)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()


def main():
    parser = argparse.ArgumentParser(description="TLS before a plain server on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--to", type=int, required=True, help="port of the plain server")
    parser.add_argument("--certificate", required=True, help="PEM file")
    parser.add_argument("--key", required=True, help="PEM file of the certificate's key")
    asyncio.run(serve(parser.parse_args()))
    os._exit(0)  # open connections must not hold the exit up


if __name__ == "__main__":
    main()
