# SPDX-License-Identifier: MIT
"""What the runs against scripted IMAP servers share: several mailboxes of one hotfixd, each with a server of its own that does
what its case says."""
import hashlib
import os
import re
import subprocess
import sys

from harness import BUILD, PASSWORD, PEERS, USER

sys.path.insert(0, PEERS)
from scripted_imap import Mailbox, Peer  # noqa: E402  (the path comes first)

SHORT = "2s"  # the time that a silent server is given in these tests


def mail(number, body="text", subject="a mail"):
    """No bulletin; bytes that nothing but exact counting keeps whole. body: text with LF, or bytes as they are to be sent."""
    head = (f"From: somebody@example.net\r\nSubject: {subject} {number}\r\nMessage-ID: <{number}@hostile.example>\r\n"
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n").encode()
    return head + (body if isinstance(body, bytes) else body.replace("\n", "\r\n").encode())


def digest(data):
    return hashlib.sha256(data).hexdigest()


def add_mailbox(scene, name, peer, **keys):
    """A mailbox section for this server."""
    tls = peer.context is not None
    scene.sections[f"mailbox {name}"] = {
        "url": f"imap{'s' if peer.tls else ''}://{'localhost' if tls else '127.0.0.1'}:{peer.port}/INBOX", "user": USER,
        "password-file": scene.write("password", PASSWORD + "\n"), "timeout": SHORT,
        **({"tls-ca-file": scene.path("cert.pem")} if tls else {"insecure": "yes"}),
        **{key.replace("_", "-"): value for key, value in keys.items()}}


def start(scene, name, serve, tls=False, certificate=False, **keys):
    """A server with its mailbox section. certificate: it can do STARTTLS; tls: it speaks TLS from the first byte."""
    if (tls or certificate) and not os.path.exists(scene.path("cert.pem")):
        make_certificate(scene)
    files = (scene.path("cert.pem"), scene.path("key.pem")) if tls or certificate else (None, None)
    peer = Peer(serve, tls, *files)
    scene.listeners.append(peer)
    add_mailbox(scene, name, peer, **keys)
    return peer


def make_certificate(scene):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "3",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
                    "-keyout", scene.path("key.pem"), "-out", scene.path("cert.pem")], check=True, capture_output=True)


def start_mailbox(scene, name, mailbox, **keys):
    """A server that is honest but for what mailbox.instead says."""
    def serve(connection):
        connection.greet()
        connection.serve(mailbox)
    return start(scene, name, serve, **keys)


def stored(scene, name):
    """UID: SHA-256 of what is on record of this mailbox. A UID with two different mails fails."""
    found = {}
    for uid, sha in scene.rows("SELECT s.uid, m.sha256 FROM sighting s JOIN mail m ON m.id = s.mail_id WHERE s.source = ?",
                               f"imap:{name}"):
        assert found.setdefault(uid, sha) == sha, f"{name}: two mails for UID {uid}"
    return found


def assert_stored(scene, name, messages):
    """Exactly these messages (UID: bytes) are on record, to the byte."""
    found = stored(scene, name)
    expected = {uid: digest(data) for uid, data in messages.items()}
    assert found == expected, f"{name}: on record are the UIDs {sorted(found)}, right of them " \
                              f"{sorted(uid for uid in found if found[uid] == expected.get(uid))}, expected {sorted(expected)}"


def assert_secret(scene, *texts):
    """The password is in none of these, nor in anything that hotfixd has written."""
    paths = [os.path.join(scene.directory, name) for name in os.listdir(scene.directory) if name.endswith(".log")]
    for path in paths:
        with open(path, encoding="utf-8", errors="replace") as f:
            texts += (f.read(),)
    for text in texts:
        assert PASSWORD not in text, text


def check_log_line(name, text, pattern):
    """The mailbox has one clear line for its failure: printable, of bounded length, and with this in it."""
    lines = [line for line in text.split("\n") if f"mailbox {name}: " in line]
    line = next((line for line in lines if re.search(pattern, line)), None)
    assert line, f"{name}: no line with {pattern!r} in\n" + "\n".join(lines)
    assert line.isprintable() and len(line) < 700, f"{name}: {line!r}"


def is_sanitized():
    with open(os.path.join(BUILD, "hotfixd"), "rb") as f:
        return b"__asan_init" in f.read()


def peak_mib(pid):
    """The most memory this process ever had resident."""
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return int(re.search(r"VmHWM:\s+(\d+) kB", f.read())[1]) / 1024


class Case:
    """A mailbox with three mails whose server misbehaves once, on its first connection."""

    def __init__(self, name, pattern, instead=None, **keys):
        self.name, self.pattern, self.keys = name, pattern, keys
        self.mailbox = Mailbox([mail(f"{name}-{n}", f"{name} {n}\n" * n) for n in (1, 2, 3)])
        self.mailbox.instead = instead or {}


def run_cases(scene, cases):
    """One run in which each server misbehaves, and a second in which all are honest: nothing forged is ever on record, each
    failure is said, and in the end everything is there."""
    scene.configure(imap=None)
    peers = {case.name: start_mailbox(scene, case.name, case.mailbox, **case.keys) for case in cases}
    scene.write_config()
    result = scene.once(expect=1)
    for case in cases:
        check_log_line(case.name, result.stderr, case.pattern)
        assert set(stored(scene, case.name).items()) <= \
            {(uid, digest(data)) for uid, data in case.mailbox.messages.items()}, case.name
        assert len(peers[case.name].connections) == 1, f"{case.name}: {len(peers[case.name].connections)} connections"
        case.mailbox.instead = {}
    assert_secret(scene, result.stdout, result.stderr)
    scene.once()
    for case in cases:
        peers[case.name].check()
        assert_stored(scene, case.name, case.mailbox.messages)
    return peers
