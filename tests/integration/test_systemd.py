#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What hotfixd tells systemd: ready, its status, reloading, stopping, and that it is alive."""
import os
import signal
import socket

from harness import run, sample, wait_until


class NotifySocket:
    def __init__(self, scene):
        self.path = scene.path("notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.setblocking(False)
        self.messages = []

    def lines(self):
        while True:
            try:
                self.messages += self.socket.recv(65536).decode().splitlines()
            except BlockingIOError:
                return self.messages

    def wait(self, start, count=1):
        wait_until(lambda: sum(line.startswith(start) for line in self.lines()) >= count, f"{start} at the notify socket")


def told(scene):
    scene.start_dovecot()
    scene.configure()
    notify = NotifySocket(scene)
    daemon = scene.daemon({"NOTIFY_SOCKET": notify.path, "WATCHDOG_USEC": "1000000"})
    notify.wait("READY=1")
    daemon.wait_idle()
    notify.wait("STATUS=1 of 1 mailbox watched")
    notify.wait("WATCHDOG=1", 3)
    daemon.signal(signal.SIGHUP)
    notify.wait("RELOADING=1")
    notify.wait("MONOTONIC_USEC=")
    notify.wait("READY=1", 2)
    assert "STOPPING=1" not in notify.lines()
    daemon.stop()
    notify.wait("STOPPING=1")
    keys = [line.partition("=")[0] for line in notify.lines()]
    assert keys.index("EXTEND_TIMEOUT_USEC") < keys.index("READY")  # an upgrade may have to convert a large database
    assert keys.index("READY") < keys.index("RELOADING") < keys.index("STOPPING")


def credentials(scene):
    """Secrets as systemd hands them over, with the log as the journal wants it."""
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    folder = scene.path("credentials")
    scene.write("credentials/imap", open(scene.path("password"), encoding="ascii").read())
    scene.write("credentials/hook", slack.url)
    for section, key, name in (("mailbox main", "password", "imap"), ("channel slack", "url", "hook")):
        del scene.sections[section][f"{key}-file"]
        scene.sections[section][f"{key}-credential"] = name
    scene.write_config()
    result = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
    assert result.returncode == 1 and "password-credential" in result.stderr, result  # no folder of credentials
    daemon = scene.daemon({"CREDENTIALS_DIRECTORY": folder})
    daemon.wait_idle()
    scene.deliver(sample("01"))
    slack.wait_requests(1)
    daemon.stop()
    assert os.path.basename(slack.url) not in daemon.log().replace("channel slack", "")


run(told, credentials)
