#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A token endpoint (OAuth2, RFC 6749) on 127.0.0.1, and the introspection (RFC 7662) that an IMAP server asks.

Prints "ports PLAIN TLS" when it listens; ends at SIGTERM. All state is in memory:

    POST /token         a token for --client and --secret: by refresh token, or in the client's own name
    POST /introspect    whether a token is good, and that it is --user's
    POST /control       JSON; what is there is set: "answers" (a list of [status, headers, body] that the next requests for
                        a token get), "expires_in", "rotate", "refresh_tokens" (the good ones), "revoke": true (no access
                        token is good any more)
    GET  /state         JSON: "requests" (the forms that came to /token), "times" (of these, in s), "access_tokens",
                        "refresh_tokens", "introspected"

With --shape microsoft or google the answers have the further members that theirs have.
"""
import argparse
import http.server
import json
import secrets
import signal
import ssl
import sys
import threading
import time
import urllib.parse

MAX_BODY = 1024 * 1024
EXTRA = {"microsoft": {"ext_expires_in": 3599, "id_token": "eyJ0eXAiOiJKV1QifQ.e30.c2ln"},
         "google": {"refresh_token_expires_in": 604799}}
FAILED = {"microsoft": {"error_description": "AADSTS70000: Provided grant is invalid or malformed.\r\nTrace ID: 8a1c", "trace_id": "8a1c",
                        "error_codes": [70000], "timestamp": "2026-11-22 05:00:00Z", "correlation_id": "5f0b",
                        "error_uri": "https://login.microsoftonline.com/error?code=70000"},
          "google": {"error_description": "Token has been expired or revoked."}}


class Endpoint:
    def __init__(self, arguments):
        self.arguments, self.lock = arguments, threading.Lock()
        self.answers, self.requests, self.times, self.introspected = [], [], [], 0
        self.expires_in, self.rotate = arguments.expires_in, arguments.rotate
        self.refresh_tokens = [arguments.refresh_token] if arguments.refresh_token else []
        self.good, self.access_tokens, self.all_refresh_tokens = set(), [], list(self.refresh_tokens)

    def failure(self, status, error):
        return status, {}, dict({"error": error}, **FAILED.get(self.arguments.shape, {}))

    def token(self, form):
        self.requests.append(form)
        self.times.append(time.monotonic())
        if self.answers:
            return self.answers.pop(0)
        if form.get("client_id") != self.arguments.client or form.get("client_secret", "") != self.arguments.secret:
            return self.failure(401, "invalid_client")
        answer = dict({"token_type": "Bearer", "expires_in": self.expires_in, "scope": form.get("scope", "")},
                      **EXTRA.get(self.arguments.shape, {}))
        if form.get("grant_type") == "refresh_token":
            old = form.get("refresh_token")
            if old not in self.refresh_tokens:
                return self.failure(400, "invalid_grant")
            if self.rotate:
                answer["refresh_token"] = "refresh-" + secrets.token_urlsafe(300)
                self.refresh_tokens.remove(old)
                self.refresh_tokens.append(answer["refresh_token"])
                self.all_refresh_tokens.append(answer["refresh_token"])
        elif form.get("grant_type") != "client_credentials":
            return self.failure(400, "unsupported_grant_type")
        answer["access_token"] = "access-" + secrets.token_urlsafe(900)
        self.good.add(answer["access_token"])
        self.access_tokens.append(answer["access_token"])
        return 200, {}, answer

    def introspect(self, form):
        self.introspected += 1
        good = form.get("token") in self.good
        return 200, {}, {"active": True, "email": self.arguments.user, "username": self.arguments.user} if good else {"active": False}

    def control(self, change):
        if change.pop("revoke", False):
            self.good.clear()
        for name, value in change.items():
            setattr(self, name, value)
        self.all_refresh_tokens.extend(change.get("refresh_tokens", []))
        return 200, {}, {}

    def state(self):
        return 200, {}, {"requests": self.requests, "times": self.times, "access_tokens": self.access_tokens, "introspected": self.introspected,
                         "refresh_tokens": self.all_refresh_tokens}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, headers, body):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict({"Content-Type": "application/json", "Cache-Control": "no-store"}, **headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        endpoint = self.server.endpoint
        with endpoint.lock:
            self.reply(*(endpoint.state() if self.path == "/state" else (404, {}, {})))

    def do_POST(self):
        endpoint = self.server.endpoint
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MAX_BODY)).decode("utf-8", "replace")
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        with endpoint.lock:
            if self.path == "/token":
                answer = endpoint.token(form)
            elif self.path == "/introspect":
                answer = endpoint.introspect(form)
            elif self.path == "/control":
                answer = endpoint.control(json.loads(body))
            else:
                answer = (404, {}, {})
        self.reply(*answer)

    def log_message(self, *unused):
        pass


def listen(endpoint, context=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.endpoint = True, endpoint
    server.handle_error = lambda *unused: None  # clients that refuse the certificate are part of the game
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_address[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--user", required=True)
    parser.add_argument("--client", required=True)
    parser.add_argument("--secret", default="")
    parser.add_argument("--refresh-token")
    parser.add_argument("--rotate", action="store_true", help="each use of a refresh token gives a new one and ends the old one")
    parser.add_argument("--expires-in", type=int, default=3599)
    parser.add_argument("--shape", choices=["plain", "microsoft", "google"], default="plain")
    parser.add_argument("--certificate", required=True)
    parser.add_argument("--key", required=True)
    arguments = parser.parse_args()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.certificate, arguments.key)
    endpoint = Endpoint(arguments)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *unused: stop.set())
    print(f"ports {listen(endpoint)} {listen(endpoint, context)}", flush=True)
    stop.wait()


if __name__ == "__main__":
    sys.exit(main())
