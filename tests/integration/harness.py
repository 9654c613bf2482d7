# SPDX-License-Identifier: MIT
"""What the integration runs share: a scene with real servers on 127.0.0.1, hotfixd and hotfixctl as processes, and ways to
wait for something real. Nothing of a scene outlives it, whether its test passes or fails.

A test is a function of one Scene; run(test, …) at the end of its file runs each in a scene of its own.
"""
import contextlib
import ctypes
import email
import email.policy
import hashlib
import imaplib
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in what a shell runs in the background, and passed on so

SOURCE = os.path.abspath(os.environ.get("srcdir", "."))
BUILD = os.path.abspath(os.environ.get("builddir", SOURCE))
PEERS = os.path.join(SOURCE, "tests", "peers")
SAMPLES = os.path.join(SOURCE, "tests", "mail", "samples")
PYTHON = "/usr/bin/python3"
USER = "hotfix"
PASSWORD = "correct-horse-7"
ADDRESS = "admins@example.com"
SANITIZER_REPORTS = ("ERROR: AddressSanitizer", "runtime error", "LeakSanitizer", "ThreadSanitizer")
DEADLINE = 30.0
TEST_SECONDS = 170


def wait_until(condition, what, timeout=DEADLINE):
    """Asks again and again until the condition gives something true, which is returned."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() >= end:
            raise AssertionError(f"waited {timeout:g} s in vain for {what}")
        time.sleep(0.02)


def check_log(text):
    for report in SANITIZER_REPORTS:
        assert report not in text, f"a sanitizer reports:\n{text[text.index(report):][:4000]}"


def sample(number):
    """The bytes of the sample mail whose name starts with this number."""
    name = next(n for n in sorted(os.listdir(SAMPLES)) if n.startswith(number) and n.endswith(".eml"))
    with open(os.path.join(SAMPLES, name), "rb") as mail:
        return mail.read()


def free_port():
    """Below the ports that the kernel gives to clients: another test's connection must not take it."""
    while True:
        with socket.socket() as s:
            port = random.SystemRandom().randrange(10000, 32768)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def decompress(frame):
    """One zstd frame; Python has no module for it."""
    zstd = ctypes.CDLL("libzstd.so.1")
    for name in ("ZSTD_getFrameContentSize", "ZSTD_decompress"):
        getattr(zstd, name).restype = ctypes.c_ulonglong
    size = zstd.ZSTD_getFrameContentSize(frame, ctypes.c_size_t(len(frame)))
    assert size < 1 << 40, "no zstd frame with its size"
    out = ctypes.create_string_buffer(max(size, 1))
    assert zstd.ZSTD_decompress(out, ctypes.c_size_t(size), frame, ctypes.c_size_t(len(frame))) == size, "damaged zstd frame"
    return out.raw[:size]


def compress(data):
    """The other way round."""
    zstd = ctypes.CDLL("libzstd.so.1")
    zstd.ZSTD_compressBound.restype = zstd.ZSTD_compress.restype = ctypes.c_size_t
    out = ctypes.create_string_buffer(zstd.ZSTD_compressBound(ctypes.c_size_t(len(data))))
    size = zstd.ZSTD_compress(out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)), 1)
    return out.raw[:size]


SEVERITIES = {"critical": "1(緊急)", "important": "2(重要)", "moderate": "3(警告)", "low": "4(注意)"}
URGENCIES = {"immediate": "至急適用", "early": "早期適用", "consider": "適用の検討", "wait": "SP待ち"}


def alert(number, severity="critical", urgency="immediate", registered="2008-01-15", updated=None, title=None, text="中身。",
          sent="Tue, 15 Jan 2008 09:00:00 +0900", message_id=None):
    """A small alert as a mail: UTF-8 text, in the rendering L of the feed. number is "MS08-001"."""
    updated = updated or registered
    title = title or f"{number} の部品の欠陥により、動作が止まる危険性"
    marks = "\n".join(("" if name == severity else "  ") + label for name, label in SEVERITIES.items())
    kb = "98" + re.sub(r"\D", "", number)[-4:]
    body = f"""HotFix Alert:{updated.replace("-", "/")}版

【登録日】{registered.replace("-", "/")}
【更新日】{updated.replace("-", "/")}

深刻度
{marks}
攻撃コードの有無
なし
対策
{URGENCIES[urgency]}
再起動の必要性
なし
アンインストール
可能
対象環境
サーバ
  クライアント
セキュリティ情報
{number}(日本)
{number}(US)
サポート技術情報
含まれる過去の修正
なし
脆弱性識別番号
{number}/{kb}
{title}
({number} の脆弱性)

対応の緊急性:{URGENCIES[urgency]} [攻撃コード未公開][攻撃事例なし]

‥‥‥ 概要 ‥‥‥

 {text}
"""
    message_id = message_id or f"{number}.{updated}@hotfix.example".lower()
    head = (f"From: HotFix Report <report@hotfix.example>\r\nTo: admin@company.example\r\nSubject: HotFix Alert {number}\r\n"
            f"Date: {sent}\r\nMessage-ID: <{message_id}>\r\nMIME-Version: 1.0\r\n"
            "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n")
    return (head + body.replace("\n", "\r\n")).encode()


class Process:
    """A process with its output in files, killed at the latest at the end of the scene."""

    def __init__(self, arguments, log, environment=None, preamble=None):
        self.log_file = log
        self.started = time.monotonic()
        with open(log, "ab") as out:
            self.offset = out.tell()
            self.popen = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment,
                                          start_new_session=True, preexec_fn=preamble)

    @property
    def pid(self):
        return self.popen.pid

    def log(self):
        with open(self.log_file, "rb") as f:
            f.seek(self.offset)
            return f.read().decode("utf-8", "replace")

    def is_running(self):
        return self.popen.poll() is None

    def wait_log(self, pattern, timeout=DEADLINE, count=1):
        """Waits until the pattern stands in what this process has logged, count times; returns the last match."""
        def found():
            matches = list(re.finditer(pattern, self.log()))
            if len(matches) < count and not self.is_running():
                raise AssertionError(f"ended with {self.popen.returncode} before it logged {pattern!r}:\n{self.log()}")
            return matches[count - 1] if len(matches) >= count else None
        return wait_until(found, f"{pattern!r} in the log", timeout)

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, timeout=DEADLINE):
        try:
            return self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"process {self.pid} did not end within {timeout:g} s:\n{self.log()}") from None

    def kill(self):
        """At once, with everything it has started."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.popen.wait()


class Daemon(Process):
    def wait_idle(self, timeout=DEADLINE):
        """Until every mailbox is in step with its server."""
        def idle():
            if not self.is_running():
                raise AssertionError(f"hotfixd ended with {self.popen.returncode}:\n{self.log()}")
            status = self.scene.status()
            return status and status["running"] and all(m["state"] == "idle" for m in status["mailboxes"])
        wait_until(idle, "the mailboxes to be idle", timeout)

    def stop(self, number=signal.SIGTERM, timeout=10.0):
        """Asks it to stop, and demands a clean exit. Returns how long that took."""
        start = time.monotonic()
        self.signal(number)
        status = self.wait(timeout)
        took = time.monotonic() - start
        assert status == 0, f"hotfixd ended with {status}:\n{self.log()}"
        check_log(self.log())
        return took

    def workers(self):
        """The process ids of its parser workers."""
        out = subprocess.run(["pgrep", "-P", str(self.pid), "-f", "--", "--parser-worker"], capture_output=True, text=True)
        return [int(pid) for pid in out.stdout.split()]


class SlackSink:
    """tests/peers/http_sink.py: what is posted, in order."""

    def __init__(self, scene, name="slack", answers=(), port=0):
        self.scene, self.name = scene, name
        self.out = scene.path(f"{name}.jsonl")
        self.port = port
        self.start(answers)

    def start(self, answers=()):
        script = self.scene.write(f"{self.name}.script", "".join(f"{a}\n" for a in answers))
        self.process = self.scene.spawn([PYTHON, os.path.join(PEERS, "http_sink.py"), "--out", self.out, "--script", script,
                                         "--port", str(self.port)], f"{self.name}.log")
        self.port = int(self.process.wait_log(r"port (\d+)")[1])

    def stop(self):
        self.process.kill()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}/services/T0/B0/{self.name}"

    def requests(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="utf-8") as out:
            lines = out.read().split("\n")[:-1]
        requests = [json.loads(line) for line in lines]
        for request in requests:
            request["json"] = json.loads(request["body"])
            request["text"] = request["json"]["text"]
            request["key"] = request["headers"]["idempotency-key"]
        return requests

    def wait_requests(self, count, timeout=DEADLINE):
        wait_until(lambda: len(self.requests()) >= count, f"{count} messages at the Slack sink", timeout)
        return self.requests()


class Listener:
    """A server of the test's own: serve(connection) runs for each connection, in a thread; returning closes it."""

    def __init__(self, scene, serve):
        self.serve, self.accepted, self.connections = serve, 0, []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        scene.listeners.append(self)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                self.accepted += 1
                self.connections.append(connection)
                threading.Thread(target=self.run, args=(connection,), daemon=True).start()

    def run(self, connection):
        with contextlib.suppress(OSError), connection:
            self.serve(connection)

    def close(self):
        for s in (self.socket, *self.connections):
            with contextlib.suppress(OSError):
                s.shutdown(socket.SHUT_RDWR)
            s.close()


def say_nothing(connection):
    """Takes what comes and never answers."""
    while connection.recv(4096):
        pass


class MailSink:
    """A Maildir that some SMTP server delivers to."""

    def __init__(self, maildir, port):
        self.maildir, self.port = maildir, port

    def mails(self):
        """The mails in the order in which they came."""
        folder = os.path.join(self.maildir, "new")
        names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
        mails = []
        for name in names:
            with open(os.path.join(folder, name), "rb") as mail:
                mails.append(email.message_from_bytes(mail.read(), policy=email.policy.default))
        return mails

    def wait_mails(self, count, timeout=DEADLINE):
        wait_until(lambda: len(self.mails()) >= count, f"{count} mails at the SMTP server", timeout)
        return self.mails()


def kill_dovecot(directory):
    """At once, not in good order."""
    with contextlib.suppress(OSError, ValueError):
        with open(os.path.join(directory, "run", "master.pid"), encoding="ascii") as f:
            master = int(f.read())
        os.kill(master, signal.SIGSTOP)  # it shall not start others meanwhile
        children = subprocess.run(["pgrep", "-P", str(master)], capture_output=True, text=True, check=False).stdout.split()
        for pid in (*map(int, children), master):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        os.remove(os.path.join(directory, "run", "master.pid"))


class Scene:
    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="hotfixd-run-")
        os.chmod(self.directory, 0o755)  # Dovecot runs as somebody else
        self.processes = []
        self.dovecots = []
        self.servers = []  # of imap_servers.py
        self.listeners = []
        self.delivered = 0
        self.environment = dict(os.environ, LC_ALL="C.UTF-8", PYTHONDONTWRITEBYTECODE="1", G_SLICE="always-malloc")
        self.environment.setdefault("ASAN_OPTIONS", "detect_leaks=1")
        self.environment.setdefault("UBSAN_OPTIONS", "print_stacktrace=1")
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM", "CREDENTIALS_DIRECTORY"):
            self.environment.pop(name, None)
        self.config_file = self.path("hotfixd.conf")
        self.state = self.path("state")
        self.sections = {}

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, content):
        path = self.path(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(content if isinstance(content, bytes) else content.encode())
        os.chmod(path, 0o600)
        return path

    def spawn(self, arguments, log, cls=Process, environment=None, preamble=None):
        process = cls(arguments, self.path(log), environment or self.environment, preamble)
        process.scene = self
        self.processes.append(process)
        return process

    def close(self):
        for process in reversed(self.processes):
            process.kill()
        for listener in self.listeners:
            listener.close()
        for directory in self.dovecots:
            kill_dovecot(directory)
        for server in self.servers:
            server.kill()
        shutil.rmtree(self.directory, ignore_errors=True)

    # --- servers -----------------------------------------------------------------------------------------------------

    def run_dovecot(self, action, name="imap"):
        # Not into a pipe: the server keeps what it inherits open.
        with open(self.path("dovecot.out"), "ab") as out:
            result = subprocess.run(["sh", os.path.join(PEERS, "dovecot"), action, self.path(name), PASSWORD], check=False,
                                    env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        with open(self.path("dovecot.out"), encoding="utf-8", errors="replace") as out:
            assert result.returncode == 0, f"dovecot {action}: {out.read()}"

    def start_dovecot(self, name="imap"):
        directory = self.path(name)
        self.dovecots.append(directory)
        self.run_dovecot("start", name)
        self.make_maildir(USER, name)

    def kill_dovecot(self, name="imap"):
        kill_dovecot(self.path(name))

    def make_maildir(self, user=USER, name="imap", folder=""):
        """A mailbox with nothing in it; folder: ".Name" in the manner of Maildir++."""
        top = self.path(name, "mail", user)
        for part in ("", folder, *(os.path.join(folder, leaf) for leaf in ("tmp", "new", "cur"))):
            path = os.path.join(top, part)
            if not os.path.isdir(path):
                os.mkdir(path, 0o755)
                if os.getuid() == 0:
                    shutil.chown(path, "nobody", "nogroup")

    def port_tls(self, name="imap"):
        with open(self.path(name, "port-tls"), encoding="ascii") as f:
            return int(f.read())

    def port_plain(self, name="imap"):
        with open(self.path(name, "port"), encoding="ascii") as f:
            return int(f.read())

    def dovecot_log(self, name="imap"):
        with open(self.path(name, "log"), encoding="utf-8", errors="replace") as f:
            return f.read()

    def deliver(self, *mails, user=USER, name="imap"):
        """As a mail server does: written beside, then moved into new/. The names make the order of the UIDs certain."""
        maildir = self.path(name, "mail", user)
        for mail in mails:
            self.delivered += 1
            file = f"{1200000000 + self.delivered}.M{self.delivered}P1.test"
            temporary = os.path.join(maildir, "tmp", file)
            with open(temporary, "wb") as out:
                out.write(mail)
            os.chmod(temporary, 0o644)
            if os.getuid() == 0:
                shutil.chown(temporary, "nobody", "nogroup")
            os.rename(temporary, os.path.join(maildir, "new", file))

    def renumber_dovecot(self):
        """The same mails under another UIDVALIDITY, as after a restore from a backup. Returns that."""
        def validity():
            with self.imap() as imap:
                imap.select()
                return int(imap.response("UIDVALIDITY")[1][0])
        before = validity()
        while (after := validity()) == before:  # Dovecot takes the clock's second
            self.run_dovecot("stop")
            maildir = self.path("imap", "mail", USER)
            for name in os.listdir(maildir):
                if name.startswith("dovecot"):
                    os.remove(os.path.join(maildir, name))
            self.run_dovecot("start")
        return after

    def imap(self, user=USER, name="imap"):
        """A logged-in connection of the test's own."""
        context = ssl.create_default_context(cafile=self.path(name, "tls", "cert.pem"))
        connection = imaplib.IMAP4_SSL("127.0.0.1", self.port_tls(name), ssl_context=context)
        connection.login(user, PASSWORD)
        return connection

    def start_slack(self, answers=(), name="slack"):
        return SlackSink(self, name, answers)

    def start_smtp(self, *options, name="smtp"):
        maildir = self.path(f"{name}.box")
        process = self.spawn([PYTHON, os.path.join(PEERS, "smtp_sink.py"), "--maildir", maildir, *options], f"{name}.log")
        return MailSink(maildir, int(process.wait_log(r"port (\d+)")[1]))

    def start_opensmtpd(self):
        """A real mail server. It insists on root and on its own places, so it gets a private view of them."""
        assert os.getuid() == 0, "OpenSMTPD runs only as root"
        port = free_port()
        top = self.path("smtpd")
        os.mkdir(top)
        os.chmod(top, 0o777)
        config = self.write("smtpd/smtpd.conf", f"""
table everyone {{ "@" = "nobody" }}
listen on 127.0.0.1 port {port} hostname localhost
action "keep" maildir "{top}/box" virtual <everyone>
match from any for any action "keep"
""")
        script = ("set -e; mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /var/spool; mkdir -m 711 /var/spool/smtpd; "
                  f"exec /usr/sbin/smtpd -d -f {config}")
        process = self.spawn(["unshare", "--mount", "--propagation", "private", "sh", "-c", script], "smtpd.log")

        def answers():
            assert process.is_running(), f"OpenSMTPD did not start:\n{process.log()}"
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as s:
                s.settimeout(1)
                return s.recv(4) == b"220 "
        wait_until(answers, "OpenSMTPD to answer")
        return MailSink(os.path.join(top, "box"), port)

    # --- configuration -----------------------------------------------------------------------------------------------

    def configure(self, slack=None, mail=None, imap="imap", **sections):
        """The usual configuration: a mailbox, the channels given, and a route "urgent" (critical or immediate) to them.
        Then write_config() as often as self.sections was changed."""
        self.sections = {"daemon": {"state-dir": self.state}}
        if imap:
            self.sections["mailbox main"] = {
                "url": f"imaps://localhost:{self.port_tls(imap)}/INBOX", "user": USER,
                "password-file": self.write("password", PASSWORD + "\n"),
                "tls-ca-file": self.path(imap, "tls", "cert.pem")}
        channels = []
        if slack:
            self.sections["channel slack"] = {"type": "slack", "url-file": self.write("webhook", slack.url + "\n"),
                                              "insecure": "yes"}
            channels.append("slack")
        if mail:
            self.sections["channel mail"] = {"type": "email", "smtp-url": f"smtp://127.0.0.1:{mail.port}", "insecure": "yes",
                                             "from": "hotfixd <hotfixd@example.com>", "to": ADDRESS}
            channels.append("mail")
        if not channels:
            self.sections["channel journal"] = {"type": "log"}
            channels.append("journal")
        self.sections["route urgent"] = {"severity": "critical", "urgency": "immediate", "channels": ", ".join(channels)}
        self.write_config()

    def write_config(self):
        if "route health" in self.sections:  # how full this machine's disk is, is no test's business
            self.sections["route health"].setdefault("disk-free", "0")
        text = ""
        for name, keys in self.sections.items():
            text += f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items()) + "\n"
        self.write("hotfixd.conf", text)

    # --- programs ------------------------------------------------------------------------------------------------------

    def run(self, program, *arguments, timeout=120, stdin=None):
        """Runs hotfixd or hotfixctl to its end: a CompletedProcess with texts, checked for sanitizer reports."""
        result = subprocess.run([os.path.join(BUILD, program), *arguments], capture_output=True, text=True, timeout=timeout,
                                env=self.environment, **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}))
        check_log(result.stderr)
        return result

    def once(self, expect=0):
        result = self.run("hotfixd", "-c", self.config_file, "--once", "--foreground")
        assert result.returncode == expect, f"hotfixd --once gave {result.returncode}, not {expect}:\n{result.stderr}"
        return result

    def daemon(self, environment=None, log="hotfixd.log", preamble=None, arguments=("--foreground",)):
        return self.spawn([os.path.join(BUILD, "hotfixd"), "-c", self.config_file, *arguments], log, Daemon,
                          dict(self.environment, **(environment or {})), preamble)

    def ctl(self, *arguments, expect=0):
        """hotfixctl --json: what it printed, decoded. expect: its exit code, None for any."""
        result = self.run("hotfixctl", "-c", self.config_file, "--json", *arguments)
        assert expect is None or result.returncode == expect, \
            f"hotfixctl {' '.join(arguments)} gave {result.returncode}, not {expect}:\n{result.stderr}"
        return json.loads(result.stdout) if result.stdout.strip() else None

    def status(self):
        """None as long as there is no database."""
        result = self.run("hotfixctl", "-c", self.config_file, "--json", "status")
        return json.loads(result.stdout) if result.returncode == 0 else None

    def decisions(self, what):
        """(route, action, reason) of every decision on a bulletin or mail."""
        return [(d["route"], d["action"], d["reason"]) for d in self.ctl("trace", what)["decisions"]]

    # --- what is on record ---------------------------------------------------------------------------------------------

    def rows(self, sql, *parameters):
        connection = sqlite3.connect(f"file:{self.state}/hotfixd.db?mode=ro", uri=True, timeout=30)
        try:
            return connection.execute(sql, parameters).fetchall()
        finally:
            connection.close()

    def change(self, *statements):
        """In the database: as if time had passed, for instance."""
        connection = sqlite3.connect(f"{self.state}/hotfixd.db", timeout=30)
        try:
            with connection:
                for statement in statements:
                    assert connection.execute(statement).rowcount > 0, statement
        finally:
            connection.close()

    def dump(self, *tables):
        """Every row of these tables."""
        return {table: self.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables}

    def stored_mails(self):
        """{SHA-256: how often} of the bytes that are stored, taken from these bytes and compared with what is on record."""
        stored = {}
        for sha256, frame in self.rows("SELECT sha256, data FROM mail LEFT JOIN mail_data ON mail_id = mail.id"):
            assert frame is not None, f"the bytes of {sha256} are not there"
            assert hashlib.sha256(decompress(frame)).hexdigest() == sha256, "the stored bytes are others"
            stored[sha256] = self.rows("SELECT count(*) FROM sighting JOIN mail ON mail.id = mail_id WHERE sha256 = ?", sha256)[0][0]
        return stored

    def archive(self, root=None):
        """Path to SHA-256 of every file in the archive. What a running daemon renames or removes meanwhile is not there."""
        root = root or os.path.join(self.state, "archive")
        tree = {}
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                with contextlib.suppress(FileNotFoundError), open(path, "rb") as f:
                    tree[os.path.relpath(path, root)] = hashlib.sha256(f.read()).hexdigest()
        return tree


def run_one(test):
    start = time.monotonic()
    scene = Scene()
    signal.alarm(TEST_SECONDS)
    try:
        test(scene)
        print(f"ok {test.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        return True
    except Exception:
        print(f"FAILED {test.__name__}", flush=True)
        traceback.print_exc()
        for process in scene.processes:
            print(f"--- {os.path.basename(process.log_file)}\n{process.log()[-8000:]}", file=sys.stderr)
        for server in scene.servers:
            for name in ("peer.out", "log"):
                with contextlib.suppress(OSError):
                    print(f"--- {server.name}/{name}\n{server.read(name)[-3000:]}", file=sys.stderr)
        return False
    finally:
        signal.alarm(0)
        scene.close()


def too_long(*unused):
    raise AssertionError(f"the test takes longer than {TEST_SECONDS} s")


def run(*tests):
    """Runs each test in a scene of its own; does not come back."""
    signal.signal(signal.SIGTERM, lambda *unused: sys.exit(1))
    signal.signal(signal.SIGALRM, too_long)
    wanted = sys.argv[1:]
    results = [run_one(test) for test in tests if not wanted or test.__name__ in wanted]
    sys.exit(0 if results and all(results) else 1)
