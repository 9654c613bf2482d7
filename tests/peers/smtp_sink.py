#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mail server on 127.0.0.1 that keeps what is sent to it.

Prints "port N" when it listens; ends at SIGTERM. Each accepted mail becomes a file in DIR/new of the --maildir DIR,
with X-Envelope-From and X-Envelope-To before its own header; it is in place before the client hears "250".

--reject decides about the first mails, one item each: "mail:421", "rcpt:550", "data:451" answer that command with that
code, "a@example.com:550" that recipient, "data:hang" never answers, "data:close" closes the connection after the data,
"a@example.com:close" does so at the recipient, "a@example.com:450+b@example.com:550+data:451" does all that, "-" accepts.
"""
import argparse
import asyncio
import logging
import os
import signal
import ssl
import sys
import time
from datetime import datetime
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult


class Handler:
    def __init__(self, arguments):
        self.arguments = arguments
        self.decisions = [item.strip() for item in (arguments.reject or "").split(",") if item.strip()]
        self.count = 0
        self.current = {}
        if arguments.maildir:
            for name in ("tmp", "new", "cur"):
                os.makedirs(os.path.join(arguments.maildir, name), exist_ok=True)

    def decide(self, stage):
        """What to do with the mail at hand at this stage."""
        return self.current.get(stage)

    async def handle_MAIL(self, server, session, envelope, address, options):
        item = self.decisions.pop(0) if self.decisions else "-"
        self.current = dict(part.rpartition(":")[::2] for part in item.split("+"))
        action = self.decide("mail")
        if action:
            return f"{action} mail refused as asked"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        action = self.decide("rcpt") or self.decide(address)
        if action == "close":
            server.transport.abort()
        if action:
            return f"{action} recipient refused as asked"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        action = self.decide("data")
        if action == "hang":
            await asyncio.Event().wait()
        if action == "close":
            server.transport.abort()
            return "421 closed as asked"
        if action:
            return f"{action} data refused as asked"
        self.keep(envelope)
        return "250 kept"

    def keep(self, envelope):
        self.count += 1
        if self.arguments.maildir:
            name = f"{time.time_ns()}.{os.getpid()}.{self.count}"
            header = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
            temporary = os.path.join(self.arguments.maildir, "tmp", name)
            with open(temporary, "wb") as out:
                out.write(header.encode() + envelope.original_content)
            os.rename(temporary, os.path.join(self.arguments.maildir, "new", name))
        if self.arguments.show:
            print(summary(envelope), flush=True)


def summary(envelope):
    subject = message_from_bytes(envelope.original_content, policy=policy.default).get("Subject", "")
    return f"{datetime.now():%H:%M:%S} mail to {', '.join(envelope.rcpt_tos)}: {' '.join(str(subject).split())[:160]}"


def make_authenticator(expected):
    def authenticate(server, session, envelope, mechanism, data):
        given = b":".join((data.login, data.password))
        return AuthResult(success=given == expected.encode(), handled=False)
    return authenticate


def smtp_options(arguments, context):
    options = {"enable_SMTPUTF8": False, "hostname": "localhost", "ident": "sink"}
    if context and not arguments.implicit:
        options.update(tls_context=context, require_starttls=True)
    if arguments.auth:
        options.update(authenticator=make_authenticator(arguments.auth), auth_required=True,
                       auth_require_tls=context is not None and not arguments.implicit)
    return options


async def serve(arguments):
    context = None
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
    handler = Handler(arguments)
    options = smtp_options(arguments, context)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda *unused: None)
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", arguments.port,
                                      ssl=context if arguments.implicit else None)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    print(f"port {server.sockets[0].getsockname()[1]}", flush=True)
    await stop.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser(description="Keeps the mails that are sent to a port of 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--maildir", help="folder that gets the mails")
    parser.add_argument("--reject", help="decisions about the first mails: STAGE:CODE,…")
    parser.add_argument("--certificate", help="PEM file; demands STARTTLS")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    parser.add_argument("--implicit", action="store_true", help="TLS from the first byte (smtps) instead of STARTTLS")
    parser.add_argument("--auth", metavar="USER:PASSWORD", help="demand this login")
    parser.add_argument("--show", action="store_true", help="print a line per mail")
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)  # clients that refuse the certificate or break off are part of the game
    asyncio.run(serve(arguments))
    sys.stdout.flush()
    os._exit(0)  # connections that hang as asked must not hold the exit up


if __name__ == "__main__":
    main()
