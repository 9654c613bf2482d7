#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Slack's Web API on 127.0.0.1, as far as a bot that posts, edits and reads needs it, as strict as the documentation says.

Prints "port N" when it listens; ends at SIGTERM. The API is at /api/METHOD. Each call becomes one line of JSON in the --out
file ("method", "arguments", "answer", "problems"), written before the answer is sent. GET /state gives all that is there: the
messages of every channel in order, and all problems: what Slack would refuse, or frowns upon, in any call so far.

A line of the --script file is for the next call of its method; calls without one are answered as Slack does:

    chat.postMessage wait 2        429 ratelimited, with Retry-After: 2; not done
    chat.postMessage error WORD    {"ok": false, "error": "WORD"}; not done
    chat.postMessage status 502    this status; not done
    chat.postMessage done-status 500    it is done, and then this status
    chat.postMessage hang          no answer, until the client goes away; not done
    chat.postMessage done-hang     it is done, and then no answer
    chat.postMessage done-close    it is done, and then the connection is closed without an answer
    chat.postMessage done-slow 3   it is done, and the answer comes in pieces, 3 seconds in all
    chat.postMessage ok
"""
import argparse
import http.server
import json
import signal
import ssl
import sys
import threading
import time
import urllib.parse

MAX_BODY = 16 * 1024 * 1024
BLOCKS_MAX, BLOCKS_CHARS = 50, 13200
HEADER_CHARS, TEXT_CHARS, FIELD_CHARS, FIELDS_MAX, ELEMENTS_MAX, ID_CHARS = 150, 3000, 2000, 10, 10, 255
PLAIN_CHARS, METADATA_BYTES = 40000, 16 * 1024
TOO_FAST_SECONDS = 0.95


def length(text):
    """Slack counts like JavaScript."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


class Refusal(Exception):
    def __init__(self, error, **more):
        super().__init__(error)
        self.answer = {"ok": False, "error": error, **more}


def check_text(item, where, limit, kinds=("plain_text", "mrkdwn")):
    if not isinstance(item, dict) or item.get("type") not in kinds or not isinstance(item.get("text"), str):
        raise Refusal("invalid_blocks", errors=[f"{where}: no text object"])
    if not 1 <= length(item["text"]) <= limit:
        raise Refusal("invalid_blocks", errors=[f"{where}: {length(item['text'])} characters"])
    allowed = {"plain_text": {"type", "text", "emoji"}, "mrkdwn": {"type", "text", "verbatim"}}[item["type"]]
    if set(item) - allowed:
        raise Refusal("invalid_blocks", errors=[f"{where}: {set(item) - allowed}"])


def check_block(block, number):
    where = f"block {number}"
    if not isinstance(block, dict):
        raise Refusal("invalid_blocks_format")
    kind = block.get("type")
    if kind == "header":
        check_text(block.get("text"), where, HEADER_CHARS, ("plain_text",))
    elif kind == "section":
        if "text" not in block and "fields" not in block:
            raise Refusal("invalid_blocks", errors=[f"{where}: empty"])
        if "text" in block:
            check_text(block["text"], where, TEXT_CHARS)
        if "fields" in block:
            if not isinstance(block["fields"], list) or not 1 <= len(block["fields"]) <= FIELDS_MAX:
                raise Refusal("invalid_blocks", errors=[f"{where}: fields"])
            for field in block["fields"]:
                check_text(field, where, FIELD_CHARS)
    elif kind == "context":
        if not isinstance(block.get("elements"), list) or not 1 <= len(block["elements"]) <= ELEMENTS_MAX:
            raise Refusal("invalid_blocks", errors=[f"{where}: elements"])
        for element in block["elements"]:
            check_text(element, where, TEXT_CHARS)
    else:
        raise Refusal("invalid_blocks", errors=[f"{where}: type {kind}"])
    if length(block.get("block_id", "")) > ID_CHARS:
        raise Refusal("invalid_blocks", errors=[f"{where}: block_id"])


def check_message(arguments):
    """What chat.postMessage and chat.update refuse."""
    blocks, text = arguments.get("blocks"), arguments.get("text")
    if blocks is None and not text:
        raise Refusal("no_text")
    if text is not None and (not isinstance(text, str) or length(text) > PLAIN_CHARS):
        raise Refusal("msg_too_long")
    if blocks is not None:
        if not isinstance(blocks, list) or len(blocks) > BLOCKS_MAX:
            raise Refusal("invalid_blocks_format")
        for number, block in enumerate(blocks):
            check_block(block, number)
        ids = [block["block_id"] for block in blocks if "block_id" in block]
        if len(ids) != len(set(ids)):
            raise Refusal("invalid_blocks", errors=["a block_id comes twice"])
        if length(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > BLOCKS_CHARS:
            raise Refusal("msg_blocks_too_long")
    metadata = arguments.get("metadata")
    if metadata is not None:
        if not isinstance(metadata, dict) or set(metadata) != {"event_type", "event_payload"} \
                or not isinstance(metadata["event_payload"], dict):
            raise Refusal("invalid_metadata_format")
        if len(json.dumps(metadata)) > METADATA_BYTES:
            raise Refusal("metadata_too_large")


class Workspace:
    """The channels and what stands in them. An id of a channel is given with its name: "C0OPS=ops"."""

    def __init__(self, channels):
        self.channels = dict(channels)
        self.messages = {channel: [] for channel in self.channels}
        self.problems = []
        self.posted = {}
        self.count = 0

    def find_channel(self, text, by_name):
        if text in self.channels:
            return text
        for channel, name in self.channels.items():
            if by_name and text == f"#{name}":
                return channel
        raise Refusal("channel_not_found")

    def find_message(self, channel, ts):
        return next((m for m in self.messages[channel] if m["ts"] == ts), None)

    def problem(self, text):
        self.problems.append(text)

    def check_pace(self, channel):
        now = time.monotonic()
        if now - self.posted.get(channel, -10) < TOO_FAST_SECONDS:
            self.problem(f"messages to {channel} {now - self.posted[channel]:.2f} s apart")
        self.posted[channel] = now

    def post(self, arguments):
        channel = self.find_channel(arguments.get("channel", ""), by_name=True)
        self.check_pace(channel)
        check_message(arguments)
        self.count += 1
        message = {"type": "message", "ts": f"{int(time.time())}.{self.count:06d}", "bot_id": "B0BOT", "edits": []}
        message.update({key: arguments[key] for key in ("text", "blocks", "metadata") if key in arguments})
        thread = self.find_message(channel, arguments.get("thread_ts", ""))
        if thread:  # without one, Slack puts it into the channel
            message["thread_ts"] = thread.get("thread_ts", thread["ts"])
            if arguments.get("reply_broadcast"):
                message["subtype"] = "thread_broadcast"
        if "thread_ts" in arguments and not thread:
            self.problem(f"no thread {arguments['thread_ts']} in {channel}")
        self.messages[channel].append(message)
        return {"ok": True, "channel": channel, "ts": message["ts"], "message": message}

    def update(self, arguments):
        channel = self.find_channel(arguments.get("channel", ""), by_name=False)
        message = self.find_message(channel, arguments.get("ts", ""))
        if not message:
            raise Refusal("message_not_found")
        if message.get("bot_id") != "B0BOT":
            raise Refusal("cant_update_message")
        check_message(arguments)
        message["edits"].append({key: message.get(key) for key in ("text", "blocks")})
        message.update({key: arguments[key] for key in ("text", "blocks", "metadata") if key in arguments})
        return {"ok": True, "channel": channel, "ts": message["ts"], "text": message.get("text", "")}

    @staticmethod
    def page(found, arguments):
        """A part of a list, and where the next one begins."""
        limit = min(int(arguments.get("limit", "100")), 999)
        start = int(arguments.get("cursor", "0"))
        more = start + limit < len(found)
        return found[start:start + limit], {"has_more": more,
                                            "response_metadata": {"next_cursor": str(start + limit) if more else ""}}

    def show(self, messages, arguments):
        oldest, latest = float(arguments.get("oldest", "0")), float(arguments.get("latest", "1e12"))
        inclusive = arguments.get("inclusive") == "true"
        found = [m for m in messages if (oldest <= float(m["ts"]) <= latest if inclusive else oldest < float(m["ts"]) < latest)]
        if arguments.get("include_all_metadata") != "true":
            found = [{key: value for key, value in m.items() if key != "metadata"} for m in found]
        part, more = self.page(found, arguments)
        return {"ok": True, "messages": part, **more}

    def history(self, arguments):
        channel = self.find_channel(arguments.get("channel", ""), by_name=False)
        top = [m for m in self.messages[channel] if "thread_ts" not in m or m.get("subtype") == "thread_broadcast"]
        return self.show(top[::-1], arguments)

    def replies(self, arguments):
        channel = self.find_channel(arguments.get("channel", ""), by_name=False)
        head = self.find_message(channel, arguments.get("ts", ""))
        if not head:
            raise Refusal("thread_not_found")
        return self.show([m for m in self.messages[channel] if head["ts"] in (m["ts"], m.get("thread_ts"))], arguments)

    def list(self, arguments):
        found = [{"id": channel, "name": name} for channel, name in self.channels.items()]
        part, more = self.page(found, arguments)
        return {"ok": True, "channels": part, **more}


METHODS = {"chat.postMessage": Workspace.post, "chat.update": Workspace.update,
           "conversations.history": Workspace.history, "conversations.replies": Workspace.replies,
           "conversations.list": Workspace.list}


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, arguments):
        super().__init__(("127.0.0.1", arguments.port), Handler)
        self.arguments = arguments
        self.lock = threading.Lock()
        self.script = read_script(arguments.script)
        self.workspace = Workspace(channel.split("=", 1) for channel in arguments.channel or ["C0OPS=ops"])

    def next_word(self, method):
        """What is to happen to this call."""
        queue = self.script.get(method)
        return queue.pop(0) if queue else ["ok"]

    def record(self, item):
        if self.arguments.out:
            with open(self.arguments.out, "a", encoding="utf-8") as out:
                out.write(json.dumps(item, ensure_ascii=False) + "\n")

    def handle_error(self, request, client_address):
        pass  # clients that break off are part of the game


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        with self.server.lock:
            workspace = self.server.workspace
            state = json.dumps({"messages": workspace.messages, "problems": workspace.problems})
        self.reply(200, state.encode())

    def do_POST(self):
        body = self.rfile.read(min(int(self.headers.get("Content-Length", "0")), MAX_BODY))
        method = self.path.removeprefix("/api/")
        with self.server.lock:
            word, *value = self.server.next_word(method)
            done = word == "ok" or word.startswith("done-")
            arguments, answer = self.call(method, body, done)
            if word == "error":
                answer = {"ok": False, "error": value[0]}
            self.server.record({"method": method, "arguments": arguments, "answer": answer, "word": word,
                                "problems": self.server.workspace.problems})
        self.answer(word.removeprefix("done-"), value, json.dumps(answer).encode())

    def read_arguments(self, method, body):
        kind = self.headers.get("Content-Type", "")
        if kind.startswith("application/json"):
            if method.startswith("conversations."):
                raise Refusal("invalid_arguments")  # what reads takes no JSON
            if "charset=utf-8" not in kind:
                self.server.workspace.problem("JSON without a charset")
            try:
                return json.loads(body)
            except ValueError:
                raise Refusal("invalid_json") from None
        if kind.startswith("application/x-www-form-urlencoded"):
            return dict(urllib.parse.parse_qsl(body.decode(), keep_blank_values=True))
        raise Refusal("invalid_post_type")

    def call(self, method, body, done):
        """Does what is asked: (arguments, answer)."""
        arguments = {}
        try:
            if self.headers.get("Authorization") != f"Bearer {self.server.arguments.token}":
                raise Refusal("invalid_auth" if "Authorization" in self.headers else "not_authed")
            if method not in METHODS:
                raise Refusal("unknown_method")
            arguments = self.read_arguments(method, body)
            return arguments, METHODS[method](self.server.workspace, arguments) if done else {"ok": True}
        except Refusal as refusal:
            self.server.workspace.problem(f"{method}: {json.dumps(refusal.answer)}")
            return arguments, refusal.answer

    def answer(self, word, value, body):
        if word == "hang":
            self.rfile.read(1)
        if word in ("hang", "close"):
            self.close_connection = True
        elif word == "wait":
            self.reply(429, b'{"ok":false,"error":"ratelimited"}', value[0])
        elif word == "status":
            self.reply(int(value[0]), f"status {value[0]}".encode())
        elif word == "slow":
            self.reply_slowly(body, float(value[0]))
        else:
            self.reply(200, body)

    def reply(self, status, body, retry_after=None):
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Type", "application/json; charset=utf-8" if status == 200 else "text/plain")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def reply_slowly(self, body, seconds):
        self.send_response(200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for i in range(10):
            self.wfile.write(body[len(body) * i // 10:len(body) * (i + 1) // 10])
            self.wfile.flush()
            time.sleep(seconds / 10)

    def log_message(self, *unused):
        pass


def read_script(path):
    """Method to a list of words."""
    script = {}
    if path:
        with open(path, encoding="utf-8") as lines:
            for line in lines:
                if line.strip():
                    method, *words = line.split()
                    script.setdefault(method, []).append(words)
    return script


def main():
    parser = argparse.ArgumentParser(description="Slack's Web API on a port of 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0, help="0 (the default) takes a free one")
    parser.add_argument("--token", required=True)
    parser.add_argument("--channel", action="append", help="ID=NAME (default C0OPS=ops)")
    parser.add_argument("--out", help="file that gets one JSON object per call")
    parser.add_argument("--script", help="what happens to the first calls")
    parser.add_argument("--certificate", help="PEM file; makes this an https server")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    arguments = parser.parse_args()

    server = Server(arguments)
    if arguments.certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(arguments.certificate, arguments.key)
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(0))
    print(f"port {server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
