#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers that cannot be trusted get no password: a wrong certificate, a wrong name, no encryption."""
import re

from harness import Listener, PASSWORD, USER, run, sample


def no_login(scene):
    log = scene.dovecot_log()
    assert USER not in log and "Login:" not in log, log


def unknown_certificate(scene):
    scene.start_dovecot()
    scene.configure()
    del scene.sections["mailbox main"]["tls-ca-file"]
    scene.write_config()
    result = scene.once(expect=1)
    assert re.search("mailbox main: .*certificate", result.stderr), result.stderr
    no_login(scene)


def other_authority(scene):
    """A certificate file that is valid and belongs to somebody else."""
    scene.start_dovecot()
    scene.start_dovecot("other")
    scene.configure()
    scene.sections["mailbox main"]["tls-ca-file"] = scene.path("other", "tls", "cert.pem")
    scene.write_config()
    result = scene.once(expect=1)
    assert "certificate" in result.stderr, result.stderr
    no_login(scene)


def starttls(scene):
    """imap:// goes to TLS before the login."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.sections["mailbox main"]["url"] = f"imap://localhost:{scene.port_plain()}/INBOX"
    scene.write_config()
    scene.once()
    scene.deliver(sample("01"))
    scene.once()
    assert len(slack.requests()) == 1
    assert re.search(f"Login: user=<{USER}>.*(TLS|secured)", scene.dovecot_log()), scene.dovecot_log()
    del scene.sections["mailbox main"]["tls-ca-file"]
    scene.write_config()
    assert "certificate" in scene.once(expect=1).stderr


def stripped_starttls(scene):
    """A server, or somebody between, that does not offer STARTTLS gets neither name nor password."""
    received = []

    def serve(connection):
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] ready\r\n")
        stream = connection.makefile("rb")
        while line := stream.readline():
            received.append(line)
            tag, _, command = line.decode("latin-1").strip().partition(" ")
            if command.upper() == "CAPABILITY":
                connection.sendall(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n")
            if command.upper().startswith("STARTTLS"):
                connection.sendall(f"{tag} BAD unknown\r\n".encode())
            else:
                connection.sendall(f"{tag} OK done\r\n".encode())

    server = Listener(scene, serve)
    scene.start_dovecot()
    scene.configure()
    scene.sections["mailbox main"]["url"] = f"imap://localhost:{server.port}/INBOX"
    scene.write_config()
    result = scene.once(expect=1)
    assert server.accepted == 1 and "mailbox main: " in result.stderr, result.stderr
    said = b"".join(received)
    assert b"LOGIN" not in said.upper() and b"AUTHENTICATE" not in said.upper(), said
    assert PASSWORD.encode() not in said


def insecure_is_for_loopback(scene):
    scene.start_dovecot()
    scene.configure()
    box = scene.sections["mailbox main"]
    del box["tls-ca-file"]
    box["insecure"] = "yes"
    box["url"] = f"imap://127.0.0.1:{scene.port_plain()}/INBOX"
    scene.write_config()
    scene.once()
    for url in ("imap://imap.example.org/INBOX", f"imaps://127.0.0.1:{scene.port_tls()}/INBOX", "imap://127.0.0.1.example.org/"):
        box["url"] = url
        scene.write_config()
        result = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
        assert result.returncode == 1 and "[mailbox main] insecure" in result.stderr, (url, result.stderr)


run(unknown_certificate, other_authority, starttls, stripped_starttls, insecure_is_for_loopback)
