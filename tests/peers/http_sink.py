#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A web server on 127.0.0.1 that keeps what is posted to it, as a stand-in for Slack.

Prints "port N" when it listens; ends at SIGTERM. Each request becomes one line of JSON in the --out file, with the
client's port (one for each connection), written before the answer is sent. The first requests get the answers of the
--script file, one line each, all others "200 ok":

    429 2     this status, with Retry-After: 2
    302       this status; a redirection leads to /elsewhere on this server
    hang      no answer, until the client goes away
    close     the connection is closed without an answer
    drop      200, and then the connection is closed, which the answer does not announce
    408       likewise, but before it is closed comes an answer that nobody has asked for
    endless   status 200 and a body that never ends
"""
import argparse
import http.server
import json
import signal
import ssl
import sys
import threading
from datetime import datetime

MAX_BODY = 16 * 1024 * 1024


class Sink(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, arguments):
        super().__init__(("127.0.0.1", arguments.port), Handler)
        self.arguments = arguments
        self.lock = threading.Lock()
        self.script = read_script(arguments.script)

    def next_answer(self):
        with self.lock:
            return self.script.pop(0) if self.script else ["200"]

    def record(self, item):
        with self.lock:
            if self.arguments.out:
                with open(self.arguments.out, "a", encoding="utf-8") as out:
                    out.write(json.dumps(item, ensure_ascii=False) + "\n")
            if self.arguments.show:
                print(summary(item), flush=True)

    def handle_error(self, request, client_address):
        pass  # clients that break off are part of the game


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers.get("Content-Length", "0"))
        body = self.rfile.read(min(size, MAX_BODY))
        if len(body) < min(size, MAX_BODY):  # the client has gone in the middle of it: that is no message
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.record({"path": self.path, "port": self.client_address[1], "headers": headers,
                            "body": body.decode("utf-8", "replace")})
        self.answer(*self.server.next_answer())

    def answer(self, word, retry_after=None):
        if word == "hang":
            self.rfile.read(1)
        if word in ("hang", "close"):
            self.close_connection = True
            return
        if word == "endless":
            self.endless()
            return
        status = 200 if word in ("drop", "408") else int(word)
        self.close_connection |= word in ("drop", "408")
        body = b"ok" if status == 200 else f"status {status}".encode()
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        if 300 <= status < 400:
            self.send_header("Location", "/elsewhere")
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        if word == "408":
            self.wfile.write(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")

    def endless(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Connection", "close")
        self.end_headers()
        while True:
            self.wfile.write(b"x" * 8192)

    def log_message(self, *unused):
        pass


def summary(item):
    """One line for a person: the text of a Slack message, else the start of the body."""
    text = item["body"]
    try:
        text = json.loads(text).get("text", text)
    except (ValueError, AttributeError):
        pass
    text = " ".join(str(text).split())
    return f"{datetime.now():%H:%M:%S} POST {item['path']} {text[:160]}"


def read_script(path):
    if not path:
        return []
    with open(path, encoding="utf-8") as script:
        return [line.split() for line in script if line.strip()]


def main():
    parser = argparse.ArgumentParser(description="Keeps what is posted to a port of 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--out", help="file that gets one JSON object per request")
    parser.add_argument("--script", help="answers for the first requests")
    parser.add_argument("--certificate", help="PEM file; makes this an https server")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    parser.add_argument("--show", action="store_true", help="print a line per request")
    arguments = parser.parse_args()

    server = Sink(arguments)
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(0))
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
