# SPDX-License-Identifier: MIT
"""Real IMAP servers on 127.0.0.1 and other clients of them: what the tests that run against more than one server use.

Dovecot, Cyrus and Courier have the same methods here. Folders are named in UTF-8 with "/" between the levels, whatever separator
and prefix the server uses; mails are bytes with CRLF, and come back from the server as they went in.
"""
import base64
import contextlib
import functools
import hashlib
import imaplib
import os
import re
import signal
import socket
import ssl
import subprocess
import threading

from harness import PASSWORD, PEERS, PYTHON, USER, alert, wait_until


def encode_folder(name):
    """As IMAP wants it: modified UTF-7 (RFC 3501 section 5.1.3) in quotes."""
    def shift(match):
        encoded = base64.b64encode(match[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return "&" + encoded.decode() + "-"
    name = re.sub(r"[^\x20-\x7e]+", shift, name.replace("&", "&-"))
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def digest(mail):
    return hashlib.sha256(mail).hexdigest()


def quiet(number):
    """A bulletin nobody is told of; number 7 is MS08-007."""
    return alert(f"MS08-{number:03}", "low", "wait")


def critical(number):
    """One that is told."""
    return alert(f"MS08-{number:03}")


def ok(answer):
    """What a command of imaplib gave, if it was OK."""
    assert answer[0] == "OK", answer
    return answer[1]


class Server:
    """A server in scene.path(name). options: lines of its own configuration; separator and prefix: of its folders."""
    separator, prefix = "/", ""
    interpreter = "sh"
    has_modseq = True

    def __init__(self, scene, name=None, options="", separator=None, prefix=None):
        self.scene, self.name = scene, name or self.kind
        self.directory = scene.path(self.name)
        self.separator = separator or self.separator
        self.prefix = self.prefix if prefix is None else prefix
        os.mkdir(self.directory, 0o755)
        self.set_options(options)
        scene.servers.append(self)
        self.control("start", PASSWORD)
        self.connection = None

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8", errors="replace") as f:
            return f.read()

    def set_options(self, options):
        """For the next start."""
        with open(self.path("options"), "w", encoding="utf-8") as out:
            out.write(options)

    def control(self, action, *arguments):
        # Not into a pipe: the server keeps what it inherits open.
        with open(self.path("peer.out"), "ab") as out:
            result = subprocess.run([self.interpreter, os.path.join(PEERS, self.kind), action, self.directory, *arguments],
                                    check=False, env=self.scene.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        assert result.returncode == 0, f"{self.kind} {action}: {self.read('peer.out')}"

    def start(self):
        self.control("start", PASSWORD)

    def stop(self):
        self.drop()
        self.control("stop")

    def kill(self):
        """At once, not in good order, with all that it has started."""
        self.drop()
        with contextlib.suppress(OSError, ValueError):
            master = int(self.read(self.pid_file))
            os.kill(master, signal.SIGSTOP)  # it shall not start others meanwhile
            children = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True, check=False).stdout.split()
            for pid in (*map(int, children), master):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            os.remove(self.path(self.pid_file))

    @property
    def port(self):
        return int(self.read("port"))

    @property
    def port_tls(self):
        return int(self.read("port-tls"))

    @property
    def certificate(self):
        return self.path("tls", "cert.pem")

    # --- for hotfixd ---------------------------------------------------------------------------------------------------

    def real_name(self, folder):
        """The folder as this server names it."""
        if folder.upper() == "INBOX":
            return folder
        return self.prefix + folder.replace("/", self.separator)

    def url_folder(self, folder):
        return "".join(c if c.isalnum() and c.isascii() else "".join(f"%{b:02X}" for b in c.encode())
                       for c in self.real_name(folder))

    def mailbox(self, folder="INBOX", user=USER, how="imaps", port=None, **keys):
        """The keys of a [mailbox] section. how: "imaps", "starttls" or "plain"; port: of a proxy before it."""
        section = {"user": user, "password-file": self.scene.write("password", PASSWORD + "\n")}
        if how == "plain":
            section.update({"url": f"imap://127.0.0.1:{port or self.port}/", "insecure": "yes"})
        else:
            section["url"] = f"imaps://localhost:{port or self.port_tls}/" if how == "imaps" else \
                f"imap://localhost:{port or self.port}/"
            section["tls-ca-file"] = self.certificate
        section["url"] += self.url_folder(folder)
        section.update({key.replace("_", "-"): value for key, value in keys.items()})
        return section

    # --- another client ------------------------------------------------------------------------------------------------

    def connect(self, user=USER):
        """A logged-in connection of the test's own."""
        context = ssl.create_default_context(cafile=self.certificate)
        connection = imaplib.IMAP4_SSL("127.0.0.1", self.port_tls, ssl_context=context, timeout=30)
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # it sends a mail in three pieces
        connection.login(user, PASSWORD)
        connection.user = user
        return connection

    def drop(self):
        if self.connection:
            with contextlib.suppress(OSError, imaplib.IMAP4.error):
                self.connection.shutdown()
            self.connection = None

    def client(self, user=USER):
        """The one connection that the methods below share. It has no folder open when they are done."""
        if self.connection is None or self.connection.user != user:
            self.drop()
            self.connection = self.connect(user)
        return self.connection

    @contextlib.contextmanager
    def opened(self, folder="INBOX", user=USER, readonly=False):
        client = self.client(user)
        name = encode_folder(self.real_name(folder))
        ok(client.select(name, readonly))
        try:
            yield client
        finally:
            if "UNSELECT" in client.capabilities:
                client.unselect()
            else:
                ok(client.select(name, readonly=True))  # else CLOSE would expunge
                client.close()

    def create(self, *folders, user=USER):
        for folder in folders:
            ok(self.client(user).create(encode_folder(self.real_name(folder))))

    def delete(self, folder, user=USER):
        ok(self.client(user).delete(encode_folder(self.real_name(folder))))

    def rename(self, folder, other, user=USER):
        ok(self.client(user).rename(encode_folder(self.real_name(folder)), encode_folder(self.real_name(other))))

    def try_append(self, mail, folder="INBOX", user=USER, flags=None):
        return self.client(user).append(encode_folder(self.real_name(folder)), flags, None, mail)

    def append(self, *mails, folder="INBOX", user=USER, flags=None):
        """By an IMAP client, into any folder."""
        for mail in mails:
            ok(self.try_append(mail, folder, user, flags))

    def transfer(self, command, uids, source, target, user=USER):
        """command: "MOVE" or "COPY"."""
        with self.opened(source, user) as client:
            if command == "MOVE":
                imaplib.Commands.setdefault("MOVE", ("SELECTED",))
            ok(client.uid(command, uids, encode_folder(self.real_name(target))))

    def flag(self, uids, flags, folder="INBOX", user=USER):
        with self.opened(folder, user) as client:
            ok(client.uid("STORE", uids, "+FLAGS.SILENT", flags))

    def expunge(self, uids, folder="INBOX", user=USER):
        with self.opened(folder, user) as client:
            ok(client.uid("STORE", uids, "+FLAGS.SILENT", r"(\Deleted)"))
            ok(client.uid("EXPUNGE", uids))

    def status(self, folder="INBOX", user=USER):
        """{"MESSAGES": 3, …}"""
        items = "(MESSAGES UIDNEXT UIDVALIDITY UNSEEN" + (" HIGHESTMODSEQ)" if self.has_modseq else ")")
        line = ok(self.client(user).status(encode_folder(self.real_name(folder)), items))[0].decode("latin-1")
        words = line[line.rindex("(") + 1:].rstrip(")").split()
        return dict(zip(words[::2], map(int, words[1::2])))

    def listing(self, folder="INBOX", user=USER):
        """{uid: (flags, modseq, or 0 where there is none)} without \\Recent, which is nobody's doing."""
        listed = {}
        with self.opened(folder, user, readonly=True) as client:
            for line in ok(client.uid("FETCH", "1:*", "(UID FLAGS MODSEQ)" if self.has_modseq else "(UID FLAGS)")):
                text = line.decode("latin-1") if line else ""
                if "UID" in text:
                    flags = re.search(r"FLAGS \(([^)]*)\)", text)[1].split()
                    modseq = re.search(r"MODSEQ \((\d+)\)", text)
                    listed[int(re.search(r"UID (\d+)", text)[1])] = (sorted(set(flags) - {"\\Recent"}),
                                                                     int(modseq[1]) if modseq else 0)
        return listed

    def flags(self, folder="INBOX", user=USER):
        return {uid: flags for uid, (flags, _) in self.listing(folder, user).items()}

    def contents(self, folder="INBOX", user=USER):
        """The digests of the mails there, in the order of their UIDs."""
        found = {}
        with self.opened(folder, user, readonly=True) as client:
            for answer in ok(client.uid("FETCH", "1:*", "(UID BODY.PEEK[])")):
                if isinstance(answer, tuple):
                    found[int(re.search(rb"UID (\d+)", answer[0])[1])] = digest(answer[1])
        return [found[uid] for uid in sorted(found)]


class Dovecot(Server):
    kind, pid_file = "dovecot", os.path.join("run", "master.pid")

    def __init__(self, scene, name=None, options="", separator=None, prefix=None, user=USER):
        if separator or prefix:
            options += (f"namespace inbox {{\n  separator = {separator or self.separator}\n"
                        f"  prefix = {prefix or self.prefix}\n}}\n")
        super().__init__(scene, name, options, separator, prefix)
        self.add_user(user)

    def add_user(self, user):
        self.scene.make_maildir(user, self.name)

    def deliver(self, *mails, user=USER):
        """As a mail server does."""
        self.scene.deliver(*mails, user=user, name=self.name)

    def mail_file(self, mail, folder="INBOX", user=USER):
        """The file this mail lies in."""
        maildir = self.path("mail", user, "" if folder == "INBOX" else "." + folder)
        return find_file([os.path.join(maildir, "new"), os.path.join(maildir, "cur")], mail)


class Cyrus(Server):
    kind, pid_file = "cyrus", "master.pid"

    def __init__(self, scene, name=None, options="", separator=None, prefix=None, user=USER):
        if separator == ".":
            options += "unixhierarchysep: no\n"
        if prefix:
            options += "altnamespace: no\n"
        super().__init__(scene, name, options, separator, prefix)
        self.add_user(user)

    def add_user(self, user):
        self.control("user", user, PASSWORD)
        self.connect(user).logout()  # which makes the mailbox

    def deliver(self, *mails, user=USER):
        self.append(*mails, user=user)

    def mail_file(self, mail, folder="INBOX", user=USER):
        return find_file([d for d, _, _ in os.walk(self.path("spool"))], mail)


class Courier(Server):
    """An old-fashioned one: no UIDNEXT at SELECT, no MOVE, no CONDSTORE, no flags of one's own; it never announces by itself,
    as there is no Gamin."""
    kind, pid_file, interpreter = "courier", "master.pid", PYTHON
    separator, prefix, has_modseq = ".", "INBOX.", False

    def __init__(self, scene, name=None, options=""):
        super().__init__(scene, name, options)

    def mailbox(self, *arguments, **keys):
        return super().mailbox(*arguments, **{"idle": "no", "poll_interval": "5s", **keys})

    def add_user(self, user):
        self.connect(user).logout()

    def deliver(self, *mails, user=USER):
        self.append(*mails, user=user)

    def mail_file(self, mail, folder="INBOX", user=USER):
        return find_file([d for d, _, _ in os.walk(self.path("mail", user))], mail)


SERVERS = (Dovecot, Cyrus)


def find_file(directories, mail):
    """The ends of lines may be others there."""
    wanted = mail.replace(b"\r\n", b"\n")
    for directory in directories:
        for path in (os.path.join(directory, name) for name in os.listdir(directory)):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    if f.read().replace(b"\r\n", b"\n") == wanted:
                        return path
    raise AssertionError("no such mail on the disk")


def on_both(test, servers=SERVERS):
    """The test with Dovecot and with Cyrus: test(scene, start), where start(name, …) starts a server of the kind start.kind."""
    def one(cls):
        def run_with(scene):
            start = functools.partial(cls, scene)
            start.kind = cls.kind
            test(scene, start)
        run_with.__name__ = f"{test.__name__}_{cls.kind}"
        return run_with
    return [one(cls) for cls in servers]


def on_all(test):
    return on_both(test, (*SERVERS, Courier))


class Proxy:
    """Between hotfixd and a server's plain port, line by line, with a say in what passes.

    before(command, connection): called with each line of the client (bytes) before the server gets it.
    after(line, connection): with each answer of the server, what is in literals left out, before the client gets it; the
    commands that the client has given so far are in connection.commands.
    Either may do something first, call connection.cut(), or return False to keep the line back.
    """

    def __init__(self, scene, server, before=None, after=None):
        self.server, self.before, self.after = server, before, after
        self.connections = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scene.listeners.append(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.socket.accept()
                connection = ProxyConnection(self, client)
                self.connections.append(connection)
                connection.start()

    @property
    def commands(self):
        """What was sent, on all connections, without the tags."""
        return [command for connection in self.connections for command in connection.commands]

    def close(self):
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for connection in self.connections:
            connection.cut()


class ProxyConnection:
    def __init__(self, proxy, client):
        self.proxy, self.client = proxy, client
        self.upstream = socket.create_connection(("127.0.0.1", proxy.server.port))
        self.commands = []

    def start(self):
        for pump in (self.pump_commands, self.pump_answers):
            threading.Thread(target=self.run, args=(pump,), daemon=True).start()

    def run(self, pump):
        with contextlib.suppress(OSError, ValueError):
            pump()
        self.cut()

    def cut(self):
        """Both ways, at once, for both sides."""
        for s in (self.client, self.upstream):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)

    def pump_commands(self):
        stream = self.client.makefile("rb")
        while line := stream.readline():
            command = line.decode("latin-1").strip().partition(" ")[2]
            if command:
                self.commands.append(command)
            if self.proxy.before and self.proxy.before(command, self) is False:
                continue
            self.upstream.sendall(line)

    def pump_answers(self):
        stream = self.upstream.makefile("rb")
        while line := stream.readline():
            parts = [line]
            while literal := re.search(rb"\{(\d+)\}\r\n$", parts[-1]):
                parts += [stream.read(int(literal[1])), stream.readline()]
            words = b"".join(parts[::2]).decode("latin-1")
            if not self.proxy.after or self.proxy.after(words, self) is not False:
                self.client.sendall(b"".join(parts))


def watch(scene, start, *folders, watched="INBOX", options="", **keys):
    """The usual scene: a Slack sink, a server with these folders, a mailbox section, and the first contact behind it."""
    slack, server = scene.start_slack(), start(options=options)
    server.create(*folders)
    scene.configure(slack, imap=None)
    scene.sections["mailbox main"] = server.mailbox(watched, **keys)
    scene.write_config()
    scene.once()
    return slack, server


def insist(server, mail, folder):
    """Dovecot stumbles over its index where a session still has the deleted folder open, and then again in that connection."""
    def taken():
        if server.try_append(mail, folder)[0] == "OK":
            return True
        server.drop()
        return False
    wait_until(taken, "the server to take a mail")


def recreate(server, folder, *mails):
    """Deleted and made anew, with these mails; returns the new UIDVALIDITY."""
    old = new = server.status(folder)["UIDVALIDITY"]
    while new == old:  # some servers take the clock's second
        server.delete(folder)
        server.create(folder)
        new = server.status(folder)["UIDVALIDITY"]
    for mail in mails:
        insist(server, mail, folder)
    return new


def wait_stored(scene, count, daemon=None, timeout=60):
    """Until that many mails are on record."""
    def stored():
        assert daemon is None or daemon.is_running(), daemon.log()
        status = scene.status()
        return status and sum(status["mails"].values()) >= count
    wait_until(stored, f"{count} mails on record", timeout)


def check_stored(scene, mails, sightings=1):
    """Exactly these mails are stored, byte for byte, each seen that many times."""
    stored = scene.stored_mails()
    wanted = {digest(mail): sightings for mail in mails}
    assert stored == wanted, {"missing": sorted(set(wanted) - set(stored)), "surplus": sorted(set(stored) - set(wanted)),
                              "sightings": sorted(stored.values())}


def wait_told(slack, *numbers):
    """Until these bulletins were told of, in any order; none twice, and no other. Summaries name none."""
    def told():
        return sorted(number for r in slack.requests() for number in re.findall(r"MS\d\d-\d+", r["text"])[:1])
    wait_until(lambda: len(told()) >= len(numbers), f"{len(numbers)} notifications")
    assert told() == sorted(numbers), (told(), sorted(numbers))
