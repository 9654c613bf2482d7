#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Killed at any point of a delivery: nothing is lost, and at most that one is repeated, with the same identity and body. What
was sent is known also to a database that is older than that."""
import collections
import os
import shutil
import signal
import sqlite3
import time

from harness import Listener, alert, run, wait_until

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

# Where the receiver kills the sender, and whether the sender can know by then that the message has arrived.
POINTS = ["connected", "head", "body", "half an answer", "answered", 0.0005, 0.002, 0.005, 0.02, "journal", "record"]
CERTAIN = {"journal", "record"}


class Receiver:
    """Takes what is posted; kills the daemon at the next of these points."""

    def __init__(self, scene, points=()):
        self.scene, self.points, self.daemon = scene, list(points), None
        self.received, self.killed_at = [], []  # (identity, body), (identity, point)
        self.listener = Listener(scene, self.serve)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.listener.port}/events/t0p5ecretpart"

    def start(self):
        self.daemon = self.scene.daemon()
        return self.daemon

    def kill(self, point, key=None):
        os.kill(self.daemon.pid, signal.SIGKILL)
        self.killed_at.append((key, point))

    def serve(self, connection):
        if self.points and self.points[0] == "connected":
            return self.kill(self.points.pop(0))
        stream = connection.makefile("rb")
        while self.serve_one(connection, stream):
            pass

    def serve_one(self, connection, stream):
        if not stream.readline():
            return False
        headers = dict(line.decode().rstrip("\r\n").lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
        point = self.points.pop(0) if self.points else None
        if point == "head":
            self.kill(point)
            return False
        body = stream.read(int(headers["content-length"]))
        key = headers["idempotency-key"]
        self.received.append((key, body))
        if point == "body":
            self.kill(point, key)
            return False
        connection.sendall(ANSWER[:20] if point == "half an answer" else ANSWER)
        if point is not None:
            self.kill_after(point, key)
            return False
        return True

    def kill_after(self, point, key):
        if isinstance(point, float):
            time.sleep(point)  # the moment is the point
        elif point == "journal":
            wait_until(lambda: key in self.read_journal(), "a line in the journal")
        elif point == "record":
            wait_until(lambda: self.scene.rows("SELECT 1 FROM outbox WHERE identity = ? AND state = 1", key), "the record")
        self.kill(point, key)

    def read_journal(self):
        with open(os.path.join(self.scene.state, "sent"), encoding="ascii") as journal:
            return journal.read()


def prepare(scene, points=()):
    receiver = Receiver(scene, points)
    scene.start_dovecot()
    scene.configure()
    scene.sections["channel hook"] = {"type": "webhook", "url-file": scene.write("hook", receiver.url + "\n"), "insecure": "yes"}
    scene.sections["route urgent"]["channels"] = "hook"
    scene.write_config()
    scene.once()
    return receiver


def all_sent(scene, count):
    status = scene.status()
    return status and status["deliveries"]["sent"] == count and status["deliveries"]["pending"] == 0


def killed_at_every_point(scene):
    receiver = prepare(scene, POINTS)
    count = len(POINTS) + 2
    scene.deliver(*(alert(f"MS08-{i:03}") for i in range(count)))
    for number in range(len(POINTS)):
        daemon = receiver.start()
        assert daemon.wait() == -signal.SIGKILL, daemon.log()
        assert len(receiver.points) == len(POINTS) - number - 1
    daemon = receiver.start()
    wait_until(lambda: all_sent(scene, count), "everything to be sent")
    daemon.stop()
    times = collections.Counter(key for key, _ in receiver.received)
    assert set(times) == {row[0] for row in scene.rows("SELECT identity FROM outbox")} and len(times) == count
    for key, number in times.items():
        bodies = {body for k, body in receiver.received if k == key}
        kills = [point for k, point in receiver.killed_at if k == key]
        assert len(bodies) == 1, "a repeat says something else"
        assert number <= 1 + sum(point not in CERTAIN for point in kills), (kills, number)  # each repeats one at most
    # "body" is before the answer: that one must have come again, or nothing was tested.
    repeated, = (key for key, point in receiver.killed_at if point == "body")
    assert times[repeated] >= 2


def killed_between_journal_and_record(scene):
    """The one moment at which only the journal knows."""
    receiver = prepare(scene)
    scene.deliver(alert("MS08-001"))
    daemon = receiver.start()
    wait_until(lambda: all_sent(scene, 1), "the delivery")
    daemon.stop()
    with sqlite3.connect(os.path.join(scene.state, "hotfixd.db")) as connection:  # as if the record had not been reached
        connection.execute("UPDATE outbox SET state = 0, tries = 1, sent_ms = 0, attempts = 0, owner = 'gone', expires_ms = 1")
        connection.execute("DELETE FROM attempt")
    connection.close()
    scene.once()
    assert len(receiver.received) == 1
    shown = scene.ctl("queue", "show", "1")
    assert shown["state"] == "sent" and shown["answer"] == "sent before hotfixd ended without recording it", shown


def restored_backup(scene):
    """The database of before, and the journal as it is: nothing is told twice, and what is new is told."""
    receiver = prepare(scene)
    shutil.copytree(scene.state, scene.path("backup"))
    scene.deliver(alert("MS08-001"), alert("MS08-002", "moderate", "consider"), alert("MS08-003"))
    scene.deliver(alert("MS08-002", updated="2008-02-20", message_id="raised@example.com"))
    daemon = receiver.start()
    wait_until(lambda: all_sent(scene, 3), "everything to be sent")
    daemon.stop()
    before = dict(scene.rows("SELECT identity, sent_ms FROM outbox"))
    assert all(key in receiver.read_journal() for key in before)
    for name in ("hotfixd.db", "hotfixd.db-wal", "hotfixd.db-shm"):
        if os.path.exists(os.path.join(scene.state, name)):
            os.remove(os.path.join(scene.state, name))
    shutil.copy(scene.path("backup", "hotfixd.db"), scene.state)
    scene.deliver(alert("MS08-004"))
    daemon = receiver.start()
    wait_until(lambda: all_sent(scene, 4), "the mails to be read again")
    daemon.stop()
    times = collections.Counter(key for key, _ in receiver.received)
    assert len(times) == 4 and set(times.values()) == {1}, times
    after = dict(scene.rows("SELECT identity, sent_ms FROM outbox"))
    assert all(after[key] == sent_ms for key, sent_ms in before.items()), "the times of sending are those of then"
    answers = [row[0] for row in scene.rows("SELECT answer FROM outbox ORDER BY id")]
    assert answers.count("sent before (the database is older than that)") == 3, answers


def without_the_journal(scene):
    """A file that cannot be written is said, and keeps nothing from being sent."""
    receiver = prepare(scene)
    os.rename(os.path.join(scene.state, "sent"), os.path.join(scene.state, "sent.old"))
    os.mkdir(os.path.join(scene.state, "sent"))
    scene.deliver(alert("MS08-001"), alert("MS08-002"))
    daemon = receiver.start()
    wait_until(lambda: all_sent(scene, 2), "everything to be sent")
    daemon.stop()
    assert len(receiver.received) == 2
    assert "warning channel hook: " in daemon.log() and "/sent" in daemon.log(), daemon.log()


run(killed_at_every_point, killed_between_journal_and_record, restored_backup, without_the_journal)
