# SPDX-License-Identifier: MIT
"""An IMAP server on 127.0.0.1 that does what a test tells it, to the byte. Two ways to tell it, and both can be mixed:

- an exact transcript (Connection.play): what the client must send, what it gets, cut where the test says, stalls, ends;
- a small honest mailbox (Mailbox), some of whose commands a test answers in its own way.

A client that sends anything else than expected fails the test: what() is noted in Peer.failures, and check() raises it. All
bytes the client sent, in clear text or not, are kept.
"""
import base64
import contextlib
import re
import socket
import ssl
import struct
import threading
import time

USER = "hotfix"
PASSWORD = "correct-horse-7"
PATIENCE = 160.0  # above what a test may take


class Unexpected(Exception):
    """The client said something that is not in the transcript."""


class Gone(Exception):
    """The client has closed the connection."""


class Connection:
    """One client. Used in the thread that serves it."""

    def __init__(self, peer, plain, number):
        self.peer, self.socket, self.number = peer, plain, number
        self.raw = plain          # below TLS, if there is any
        self.received = b""       # everything the client said, decrypted
        self.in_clear = b""       # what it said before TLS
        self.pending = b""
        self.encrypted = False
        self.logged_in = False
        self.began = time.monotonic()
        self.commands = []        # the client's lines, without their ends
        plain.settimeout(PATIENCE)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    # --- bytes -----------------------------------------------------------------------------------------------------------

    def start_tls(self):
        try:
            self.socket = self.peer.context.wrap_socket(self.socket, server_side=True)
        except (ssl.SSLError, ConnectionError) as error:
            raise Gone from error
        self.socket.settimeout(PATIENCE)
        self.encrypted = True

    def send(self, data, cuts=(), pause=0.005):
        """Sends the bytes; with cuts, in pieces that end at these places, with a moment between them."""
        data = data if isinstance(data, bytes) else data.encode()
        start = 0
        try:
            for cut in (*sorted(cuts), len(data)):
                self.socket.sendall(data[start:cut])
                if start < cut < len(data):
                    time.sleep(pause)
                start = cut
        except OSError as error:
            raise Gone from error

    def say(self, *lines):
        self.send("".join(line + "\r\n" for line in lines))

    def read_line(self):
        """What the client sends, up to CRLF and without it."""
        while b"\n" not in self.pending:
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                raise Unexpected(f"nothing came for {PATIENCE:g} s") from None
            except OSError as error:
                raise Gone from error
            if not data:
                if self.pending:
                    raise Unexpected(f"half a line: {self.pending!r}")
                raise Gone
            self.received += data
            if not self.encrypted:
                self.in_clear += data
            self.pending += data
        line, _, self.pending = self.pending.partition(b"\n")
        if not line.endswith(b"\r"):
            raise Unexpected(f"a line without CRLF: {line!r}")
        text = line[:-1].decode("utf-8")
        self.commands.append(text)
        return text

    def expect(self, line):
        got = self.read_line()
        if got != line:
            raise Unexpected(f"expected {line!r}, got {got!r}")

    def expect_like(self, pattern):
        got = self.read_line()
        match = re.fullmatch(pattern, got)
        if not match:
            raise Unexpected(f"expected something like {pattern!r}, got {got!r}")
        return match

    def expect_end(self):
        """The client must close without another word, but for a LOGOUT."""
        with contextlib.suppress(Gone):
            while True:
                line = self.read_line()
                if not re.fullmatch(r"h\d+ LOGOUT|DONE", line):
                    raise Unexpected(f"expected the end, got {line!r}")

    def stall(self):
        """Says nothing any more; comes back when the client has closed."""
        self.expect_end()

    def close(self):
        """FIN, and with TLS no close_notify."""
        with contextlib.suppress(OSError):
            self.raw.shutdown(socket.SHUT_RDWR)

    def reset(self):
        """RST."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.socket.close()

    # --- transcripts -----------------------------------------------------------------------------------------------------

    def play(self, transcript):
        """Lines "C: exactly this", "C~ like this", "S: this and CRLF", "S. this and nothing" (with escapes such as \\r and \\x00
        in the last)."""
        for line in transcript.strip("\n").split("\n"):
            line = line.strip(" ") if not line.strip() else line.lstrip(" ")
            kind, text = line[:2], line[3:]
            if kind == "C:":
                self.expect(text)
            elif kind == "C~":
                self.expect_like(text)
            elif kind == "S:":
                self.say(text)
            elif kind == "S.":
                self.send(text.encode().decode("unicode_escape").encode("latin-1"))
            elif line:
                raise ValueError(f"no line of a transcript: {line!r}")

    def greet(self, capabilities="IMAP4rev1 SASL-IR AUTH=PLAIN", greeting="* OK ready"):
        """Greeting and login, as libcurl does them, up to the point where the client's own commands begin."""
        self.say(greeting)
        self.login(capabilities)

    def login(self, capabilities="IMAP4rev1 SASL-IR AUTH=PLAIN", first=1):
        self.expect(f"A{first:03} CAPABILITY")
        self.say(f"* CAPABILITY {capabilities}", f"A{first:03} OK done")
        self.expect_like(f"A{first + 1:03} AUTHENTICATE PLAIN " + re.escape(credentials()))
        self.logged_in = True
        self.say(f"A{first + 1:03} OK logged in")

    def serve(self, mailbox):
        """An honest server from here on, but for what the mailbox is told to do otherwise."""
        while True:
            line = self.read_line()
            if not mailbox.answer(self, line):
                return


def credentials(user=USER, password=PASSWORD):
    return base64.b64encode(f"\0{user}\0{password}".encode()).decode()


class Peer:
    """The listening socket. serve(connection) is called for each client, in a thread; what it leaves open is closed."""

    def __init__(self, serve, tls=False, certificate=None, key=None):
        self.serve, self.tls = serve, tls
        self.connections, self.failures, self.closed = [], [], False
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate, key)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.socket.accept()
                connection = Connection(self, plain, len(self.connections) + 1)
                self.connections.append(connection)
                threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        try:
            if self.tls:
                connection.start_tls()
            self.serve(connection)
        except Gone:
            pass
        except Unexpected as failure:
            self.fail(connection, str(failure))
        except OSError as error:
            if not self.closed:
                self.fail(connection, f"{error!r}")
        except Exception as error:  # a fault of the test itself must not look like a server that closes
            self.fail(connection, f"{error!r}")
        connection.close()

    def fail(self, connection, what):
        said = "\n".join(connection.commands[-6:])
        self.failures.append(f"connection {connection.number}: {what}\nthe client's last lines:\n{said}")

    def check(self):
        """No client has left its transcript, and none has shown its password in clear text."""
        assert not self.failures, "\n".join(self.failures)

    def said(self):
        return b"".join(connection.received for connection in self.connections)

    def said_in_clear(self):
        return b"".join(connection.in_clear for connection in self.connections)

    def commands(self):
        """Every line of every client, without its tag."""
        return [line.partition(" ")[2] or line for connection in self.connections for line in connection.commands]

    def close(self):
        self.closed = True
        for s in (self.socket, *(connection.raw for connection in self.connections)):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                s.close()


def members(text, highest):
    """The numbers in "1:3,7,9:*"."""
    numbers = set()
    for part in text.split(","):
        low, _, high = part.partition(":")
        low, high = (highest if end == "*" else int(end) for end in (low, high or low))
        numbers.update(range(min(low, high), max(low, high) + 1))
    return numbers


class Mailbox:
    """A mailbox with messages that do not change by themselves. instead["UID FETCH"] = f: f(connection, tag, rest, honest) answers
    these commands, and honest() does what the mailbox would have done."""

    CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS MOVE"

    def __init__(self, messages=(), first_uid=1, capabilities=CAPABILITIES):
        self.lock = threading.RLock()
        self.capabilities = capabilities
        self.uid_validity = 1179000001
        self.permanent_flags = r"\Answered \Seen \Deleted \*"
        self.messages = {}    # UID: bytes
        self.flags = {}       # UID: set
        self.folders = {}     # name: messages that were copied or moved there
        self.expunged = []
        self.next_uid = first_uid
        self.instead = {}
        self.idling = []      # connections
        self.seconds = 0.02   # between two looks at what the client says while it idles
        for message in messages:
            self.add(message)

    def add(self, message):
        with self.lock:
            uid = self.next_uid
            self.messages[uid], self.flags[uid] = message, set()
            self.next_uid += 1
            for connection in self.idling:
                connection.say(f"* {len(self.messages)} EXISTS")
        return uid

    def answer(self, c, line):
        """Answers one line of the client. False at its end."""
        match = re.fullmatch(r"(h\d+) (UID [A-Z]+|[A-Z]+)(?: (.*))?", line)
        if not match:
            raise Unexpected(f"no command: {line!r}")
        tag, name, rest = match[1], match[2], match[3] or ""
        method = getattr(self, "do_" + name.lower().replace(" ", "_"), None)
        if not method:
            raise Unexpected(f"{line!r}")
        ours = self.instead.get(name)
        result = ours(c, tag, rest, lambda: method(c, tag, rest)) if ours else method(c, tag, rest)
        return result is not False

    def uids(self, text):
        with self.lock:
            highest = max(self.messages, default=0)
            wanted = members(text, highest)
            return [uid for uid in sorted(self.messages) if uid in wanted]

    def do_noop(self, c, tag, _):
        c.say(f"{tag} OK done")

    def do_capability(self, c, tag, _):
        c.say(f"* CAPABILITY {self.capabilities}", f"{tag} OK done")

    def do_logout(self, c, tag, _):
        c.say("* BYE so long", f"{tag} OK done")
        return False

    def do_select(self, c, tag, _, mode="READ-WRITE"):
        with self.lock:
            c.say(f"* {len(self.messages)} EXISTS", f"* OK [UIDVALIDITY {self.uid_validity}] valid",
                  f"* OK [UIDNEXT {self.next_uid}] next", f"* OK [PERMANENTFLAGS ({self.permanent_flags})] flags",
                  f"{tag} OK [{mode}] done")

    def do_examine(self, c, tag, rest):
        self.do_select(c, tag, rest, "READ-ONLY")

    def do_uid_search(self, c, tag, rest):
        match = re.fullmatch(r"UID ([0-9:,*]+)( UNSEEN)?( UNDELETED)?( DELETED)?(?: KEYWORD (\$HotfixdMoved))?", rest)
        if not match:
            raise Unexpected(f"UID SEARCH {rest}")
        found = [uid for uid in self.uids(match[1]) if not (match[2] and "\\Seen" in self.flags[uid])
                 and not (match[3] and "\\Deleted" in self.flags[uid]) and not (match[4] and "\\Deleted" not in self.flags[uid])
                 and not (match[5] and match[5] not in self.flags[uid])]
        c.say("* SEARCH" + "".join(f" {uid}" for uid in found), f"{tag} OK done")

    def fetched(self, uid, items):
        """The response for one message."""
        number = sorted(self.messages).index(uid) + 1
        message = self.messages[uid]
        words = [f"UID {uid}"]
        if "INTERNALDATE" in items:
            words.append('INTERNALDATE "11-May-2007 12:34:56 +0900"')
        if "RFC822.SIZE" in items:
            words.append(f"RFC822.SIZE {len(message)}")
        data = f"* {number} FETCH ({' '.join(words)}".encode()
        body = re.search(r"BODY\.PEEK\[\](?:<0\.(\d+)>)?", items)
        if body:
            part = message[:int(body[1])] if body[1] else message
            data += f" BODY[]{'<0>' if body[1] else ''} {{{len(part)}}}\r\n".encode() + part
        return data + b")\r\n"

    def do_uid_fetch(self, c, tag, rest):
        uids, _, items = rest.partition(" ")
        if not re.fullmatch(r"\((UID|INTERNALDATE|RFC822\.SIZE|BODY\.PEEK\[\](<0\.\d+>)?| )*\)", items):
            raise Unexpected(f"UID FETCH {rest}")
        for uid in self.uids(uids):
            c.send(self.fetched(uid, items))
        c.say(f"{tag} OK done")

    def do_uid_store(self, c, tag, rest):
        match = re.fullmatch(r"([0-9:,]+) \+FLAGS\.SILENT \((\\Seen|\\Deleted|\\Deleted \$HotfixdMoved)\)", rest)
        if not match or ("$" in rest and "\\*" not in self.permanent_flags):
            raise Unexpected(f"UID STORE {rest}")
        for uid in self.uids(match[1]):
            self.flags[uid].update(match[2].split())
        c.say(f"{tag} OK done")

    def take_copies(self, rest):
        match = re.fullmatch(r'([0-9:,]+) "([^"]+)"', rest)
        if not match:
            raise Unexpected(f"UID COPY or MOVE {rest}")
        uids = self.uids(match[1])
        self.folders.setdefault(match[2], []).extend(self.messages[uid] for uid in uids)
        return uids

    def expunge(self, c, uids):
        for uid in uids:
            c.say(f"* {sorted(self.messages).index(uid) + 1} EXPUNGE")
            self.expunged.append(uid)
            del self.messages[uid], self.flags[uid]

    def do_uid_copy(self, c, tag, rest):
        uids = self.take_copies(rest)
        code = f"[COPYUID 1 {','.join(map(str, uids))} 1:{len(uids)}] " if uids and "UIDPLUS" in self.capabilities else ""
        c.say(f"{tag} OK {code}done")

    def do_uid_move(self, c, tag, rest):
        if "MOVE" not in self.capabilities.split():
            raise Unexpected("UID MOVE where there is none")
        with self.lock:
            self.expunge(c, self.take_copies(rest))
        c.say(f"{tag} OK done")

    def do_uid_expunge(self, c, tag, rest):
        if "UIDPLUS" not in self.capabilities.split():
            raise Unexpected("UID EXPUNGE where there is none")
        with self.lock:
            self.expunge(c, [uid for uid in self.uids(rest) if "\\Deleted" in self.flags[uid]])
        c.say(f"{tag} OK done")

    def do_idle(self, c, tag, _):
        with self.lock:
            c.say("+ idling")
            self.idling.append(c)
        try:
            c.expect("DONE")
        finally:
            with self.lock:
                self.idling.remove(c)
        c.say(f"{tag} OK done")
