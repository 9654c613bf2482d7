#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers, and those between, that misbehave up to the login: no password in clear text, none twice where once was refused, each
failure said clearly and without the password."""
import re

from harness import PASSWORD, USER, run
from hostile import Mailbox, assert_secret, assert_stored, check_log_line, mail, stored, start
from scripted_imap import credentials

MAIL = {1: mail(1, "one")}


def new_box():
    return Mailbox(MAIL.values())


def run_logins(scene, cases):
    """cases: name, pattern of the log line or None for success, serve, options of start."""
    scene.configure(imap=None)
    peers = {name: start(scene, name, serve, **options) for name, _, serve, options in cases}
    scene.write_config()
    result = scene.once(expect=1 if any(pattern for _, pattern, _, _ in cases) else 0)
    for name, pattern, _, _ in cases:
        peers[name].check()
        if pattern:
            check_log_line(name, result.stderr, pattern)
            assert not stored(scene, name), name
        else:
            assert_stored(scene, name, MAIL)
    assert_secret(scene, result.stdout, result.stderr)
    return peers


def has_secret(data):
    """Name or password in any form in which a login sends them."""
    upper = data.upper()
    return PASSWORD.encode() in data or credentials().encode() in data or b"AUTHENTICATE" in upper or b" LOGIN " in upper


ENCRYPTED = {"certificate": True}
IMPLICIT = {"tls": True}
NO_LOGIN = r"BYE full|does not encrypt|unusable|reply|answer|TLS|closed|STARTTLS|wrong version|handshake|connection|PREAUTH|login"


def starttls(*, greeting="* OK ready", capabilities="IMAP4rev1 STARTTLS AUTH=PLAIN SASL-IR", answer="A002 OK begin\r\n",
             injected=b""):
    """Up to STARTTLS; what is injected comes in the same segment as its answer."""
    def serve(c):
        c.say(greeting)
        c.expect("A001 CAPABILITY")
        c.say(f"* CAPABILITY {capabilities}", "A001 OK done")
        c.expect("A002 STARTTLS")
        c.send(answer.encode() + injected)
        c.start_tls()
        c.login(capabilities="IMAP4rev1 AUTH=PLAIN SASL-IR", first=3)
        c.serve(new_box())
    return serve


def stripped(*lines):
    """A server without STARTTLS: nothing but the end may follow."""
    def serve(c):
        c.say(lines[0] if lines else "* OK ready")
        while True:
            line = c.read_line()
            tag, _, command = line.partition(" ")
            if command == "CAPABILITY":
                c.say("* CAPABILITY IMAP4rev1 AUTH=PLAIN LOGIN SASL-IR", f"{tag} OK done")
            else:
                c.say(*(line.replace("TAG", tag) for line in lines[1:] or ("TAG BAD unknown",)))
    return serve


def nothing_in_clear(scene):
    """STARTTLS left out, refused, or with words in front of the encryption; a greeting that says all is well already."""
    injected = b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nA003 OK done\r\nA004 OK logged in\r\n"
    peers = run_logins(scene, [
        ("honest", None, starttls(), ENCRYPTED),
        ("stripped", "does not encrypt", stripped(), ENCRYPTED),
        ("refused", NO_LOGIN, starttls(answer="A002 NO not today\r\n"), ENCRYPTED),
        ("unknown", NO_LOGIN, starttls(answer="A002 BAD unknown\r\n"), ENCRYPTED),
        ("injected", NO_LOGIN, starttls(injected=injected), ENCRYPTED),
        ("injected-one", NO_LOGIN, starttls(injected=b"*"), ENCRYPTED),
        ("preauth", NO_LOGIN, stripped("* PREAUTH welcome"), ENCRYPTED),
        ("preauth-starttls", NO_LOGIN, starttls(greeting="* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] welcome"), ENCRYPTED),
        ("bye", NO_LOGIN, lambda c: c.say("* BYE full"), ENCRYPTED),
    ])
    for name, peer in peers.items():
        assert not has_secret(peer.said_in_clear()), f"{name}: {peer.said_in_clear()}"
        assert name == "honest" or not has_secret(peer.said()), f"{name}: {peer.said()}"
        assert len(peer.connections) == 1, f"{name}: {len(peer.connections)} connections"


def plain_where_tls_is_asked(scene):
    """imaps:// against a server that begins in clear text."""
    def serve(c):
        c.say("* PREAUTH welcome")
        c.stall_raw = c.socket.recv(65536)
    scene.configure(imap=None)
    peer = start(scene, "main", serve, certificate=True)
    scene.sections["mailbox main"]["url"] = f"imaps://localhost:{peer.port}/INBOX"
    scene.write_config()
    result = scene.once(expect=1)
    check_log_line("main", result.stderr, "no TLS|wrong version|TLS|SSL")
    assert not has_secret(peer.connections[0].stall_raw)


def preauth(box):
    """A server that wants no login: behind TLS, or on loopback."""
    def serve(c):
        c.say("* PREAUTH welcome")
        c.expect("A001 CAPABILITY")
        c.say("* CAPABILITY IMAP4rev1", "A001 OK done")
        c.serve(box)
    return serve


def refused(answer, capabilities="IMAP4rev1 SASL-IR AUTH=PLAIN"):
    """The login is answered like this, and must not be tried again on this connection or another."""
    def serve(c):
        c.say("* OK ready")
        c.expect("A001 CAPABILITY")
        c.say(f"* CAPABILITY {capabilities}", "A001 OK done")
        c.expect_like("A002 AUTHENTICATE PLAIN .*")
        c.say(*answer)
        c.expect_end()
    return serve


def said(lines, end="close"):
    def serve(c):
        c.send(lines)
        while end == "stall":
            c.expect_like(r"A\d+ (CAPABILITY|LOGOUT)")
    return serve


def logins(scene):
    peers = run_logins(scene, [
        ("preauth-imaps", None, preauth(new_box()), IMPLICIT),
        ("preauth-loopback", None, preauth(new_box()), {}),
        ("no", "no entry", refused(["A002 NO [AUTHENTICATIONFAILED] no entry"]), IMPLICIT),
        ("referral", "login|Login", refused(["* OK [REFERRAL imap://evil.example/INBOX] there",
                                             "A002 NO [REFERRAL imap://evil.example/] elsewhere"]), IMPLICIT),
        ("echo", "login|Login", refused([f"A002 NO the password {PASSWORD} of {USER} ({credentials()}) is wrong"]), IMPLICIT),
        ("controls", "login|Login", refused(["A002 NO \x1b[2J\x07 wrong \x08\x7f" + "y" * 3000]), IMPLICIT),
        ("bye", "localhost:[0-9]+: ", said("* BYE full\r\n"), IMPLICIT),
        ("silent", "localhost:[0-9]+: ", said("", end="stall"), IMPLICIT),
        ("closed", "localhost:[0-9]+: ", said(""), IMPLICIT),
        ("half", "localhost:[0-9]+: ", said("* OK rea"), IMPLICIT),
        ("http", "localhost:[0-9]+: ", said("HTTP/1.1 400 Bad Request\r\n\r\n"), IMPLICIT),
        ("binary", "localhost:[0-9]+: ", said(bytes(range(256))), IMPLICIT),
        ("endless", "localhost:[0-9]+: ", said("* OK " + "x" * 3000000, end="stall"), IMPLICIT),
        ("endless-lines", "localhost:[0-9]+: ", said("* OK x\r\n" * 300000, end="stall"), IMPLICIT),
    ])
    for name, peer in peers.items():
        assert len(peer.connections) == 1, f"{name}: {len(peer.connections)} connections"
        assert not has_secret(peer.said_in_clear()), name


def behind_the_login(scene):
    """What comes in the same segment as the login's answer, capabilities that change, a second greeting."""
    def serve(box, text, capabilities):
        box.capabilities = capabilities

        def really(c):
            c.say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN IDLE] ready")
            c.expect("A001 CAPABILITY")
            c.say("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN MOVE UIDPLUS IDLE", "A001 OK done")
            c.expect(f"A002 AUTHENTICATE PLAIN {credentials()}")
            c.send(f"A002 OK [CAPABILITY IMAP4rev1 MOVE] in\r\n{text}")
            c.serve(box)
        return really
    boxes = {}
    cases = []
    for name, text in (("forged", "h1 OK done\r\n* CAPABILITY IMAP4rev1 MOVE\r\nh2 OK done\r\n"), ("half", "* OK [ALE"),
                       ("greeting", "* OK hello again\r\n* PREAUTH hello\r\n"), ("fetch", "* 1 FETCH (UID 1 BODY[] {5}\r\nabc"),
                       ("idle", "+ idling\r\n")):
        boxes[name] = new_box()
        cases.append((name, None, serve(boxes[name], text, "IMAP4rev1 UIDPLUS"), {"after_ingest": "move:Done", **IMPLICIT}))
    scene.configure(imap=None)
    peers = {name: start(scene, name, really, **options) for name, _, really, options in cases}
    scene.write_config()
    result = scene.run("hotfixd", "-c", scene.config_file, "--once", "--foreground")
    for name, peer in peers.items():
        # A server that answers commands before they are sent is left; what is stored is right in any case.
        failed = f"mailbox {name}: " in result.stderr and not stored(scene, name)
        assert failed or stored(scene, name).keys() == {1}, f"{name}: {result.stderr}"
        # The last word on capabilities counts: MOVE, which is gone, is not used.
        assert not any("MOVE" in command for command in peer.commands()), (name, peer.commands())
        assert not peer.failures, peer.failures
    assert not re.search("forged.*stored", result.stderr)


run(nothing_in_clear, plain_where_tls_is_asked, logins, behind_the_login)
