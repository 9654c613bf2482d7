#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""SIGTERM ends it cleanly and soon, whatever is under way."""
import signal

from harness import Listener, run, sample, say_nothing, wait_until

LIMIT = 3.0


def while_idle(scene):
    scene.start_dovecot()
    scene.configure()
    for number in (signal.SIGTERM, signal.SIGINT):
        daemon = scene.daemon()
        daemon.wait_idle()
        assert daemon.stop(number) < LIMIT
    assert not scene.status()["running"]


def server_says_nothing(scene):
    server = Listener(scene, say_nothing)
    scene.start_dovecot()
    scene.configure()
    for scheme in ("imaps", "imap"):
        scene.sections["mailbox main"]["url"] = f"{scheme}://localhost:{server.port}/INBOX"
        scene.write_config()
        server.accepted = 0
        daemon = scene.daemon()
        wait_until(lambda: server.accepted, "the connection")
        assert daemon.stop() < LIMIT


def server_falls_silent(scene):
    """After the login, in the middle of an answer."""
    def serve(connection):
        connection.sendall(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        for line in connection.makefile("rb"):
            tag, _, command = line.decode("latin-1").strip().partition(" ")
            if command.upper().startswith(("SELECT", "EXAMINE")):
                connection.sendall(b"* 3 EXI")
                silent.append(True)
            elif not silent:
                connection.sendall(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())

    silent = []
    server = Listener(scene, serve)
    scene.start_dovecot()
    scene.configure()
    box = scene.sections["mailbox main"]
    del box["tls-ca-file"]
    box.update({"url": f"imap://127.0.0.1:{server.port}/INBOX", "insecure": "yes"})
    scene.write_config()
    daemon = scene.daemon()
    wait_until(lambda: silent, "the server to fall silent")
    assert daemon.stop() < LIMIT


def receiver_hangs(scene):
    slack, mail = scene.start_slack(["hang"]), scene.start_smtp("--reject", "data:hang")
    scene.start_dovecot()
    scene.configure(slack, mail)
    scene.once()
    scene.deliver(sample("01"))
    daemon = scene.daemon()
    slack.wait_requests(1)
    assert daemon.stop() < LIMIT
    # Not on record as a failure, and not lost: the next one sends it.
    assert scene.status()["deliveries"]["pending"] == 2
    daemon = scene.daemon()
    wait_until(lambda: scene.status()["deliveries"]["sent"] == 2, "the deliveries")
    daemon.stop()
    assert len({r["key"] for r in slack.requests()}) == 1 and len(mail.mails()) == 1


def once_too(scene):
    server = Listener(scene, say_nothing)
    scene.start_dovecot()
    scene.configure()
    scene.sections["mailbox main"]["url"] = f"imaps://localhost:{server.port}/INBOX"
    scene.write_config()
    process = scene.daemon(arguments=("--once",))
    wait_until(lambda: server.accepted, "the connection")
    process.signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 1


def once_while_a_receiver_hangs(scene):
    slack = scene.start_slack(["hang"])
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    scene.deliver(sample("01"))
    process = scene.daemon(arguments=("--once",))
    slack.wait_requests(1)
    process.signal(signal.SIGTERM)
    assert process.wait(LIMIT) == 1
    assert scene.status()["deliveries"]["pending"] == 1


run(while_idle, server_says_nothing, server_falls_silent, receiver_hangs, once_too, once_while_a_receiver_hangs)
