#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Parser workers that are killed, stopped, starved or spoiled while mails come in: nothing is lost, nothing stalls, and the
next mail is read."""
import hashlib
import os
import random
import resource
import signal
import sqlite3
import threading

from harness import alert, run, wait_until

MAILS = 60
BATCH = 12
HISTORY = 160


def numbered(i):
    return alert(f"MS08-{i:03}", severity="moderate", urgency="consider")


def spoil(pid, dice):
    """Writes over what the process can write: its heap, its stacks, its libraries' variables."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as f:
        ranges = [line.split() for line in f]
    spots = [tuple(int(x, 16) for x in fields[0].split("-")) for fields in ranges if fields[1].startswith("rw")]
    spots = [(start, end) for start, end in spots if end - start < 1 << 30]
    with open(f"/proc/{pid}/mem", "wb", buffering=0) as memory:
        for _ in range(200):
            start, end = dice.choice(spots)
            memory.seek(dice.randrange(start, end - 8))
            memory.write(dice.randbytes(8))


def starve(pid, unused_dice):
    resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))


def stop(pid, unused_dice):
    os.kill(pid, signal.SIGSTOP)


def kill(pid, dice):
    os.kill(pid, dice.choice([signal.SIGKILL, signal.SIGSEGV, signal.SIGABRT, signal.SIGTERM]))


def attack(daemon, attacks, dice, end):
    """Until told to end; a worker that is gone before it is hit does not count."""
    attack.hits = 0
    while not end.wait(0.01):
        for pid in daemon.workers():
            if dice.random() < 0.5:
                try:
                    dice.choice(attacks)(pid, dice)
                    attack.hits += 1
                except (OSError, ValueError, IndexError):
                    pass


def count_mails(scene):
    try:
        return scene.rows("SELECT count(*) FROM mail")[0][0]
    except sqlite3.OperationalError:  # the database is still being made
        return 0


def under_attack(scene, attacks, history=0):
    scene.start_dovecot()
    scene.configure()
    scene.sections["daemon"].update({"workers": "2", "parser-timeout": "1s"})
    scene.write_config()
    mails = [numbered(i) for i in range(1, history + 1)]
    scene.deliver(*mails)
    daemon = scene.daemon()
    if not history:
        daemon.wait_idle()
    end, dice = threading.Event(), random.Random(5)
    attacker = threading.Thread(target=attack, args=(daemon, attacks, dice, end))
    attacker.start()
    try:
        # How often the attacker strikes while these are read depends on the machine: go on until it was often enough.
        while len(mails) < history + MAILS or (attack.hits <= 10 and len(mails) < history + 10 * MAILS):
            batch = [numbered(len(mails) + i) for i in range(1, BATCH + 1)]
            mails += batch
            scene.deliver(*batch)
            wait_until(lambda: count_mails(scene) >= len(mails), f"{len(mails)} mails on record", timeout=100)
    finally:
        end.set()
        attacker.join()
    assert attack.hits > 10, attack.hits

    # Every mail is on record, as a bulletin or in quarantine with a reason, and its bytes are kept.
    wanted = {hashlib.sha256(mail).hexdigest() for mail in mails}
    assert {row[0] for row in scene.rows("SELECT sha256 FROM mail")} == wanted
    assert scene.rows("SELECT count(*) FROM mail_data")[0][0] == len(mails)
    for row in scene.rows("SELECT reason FROM quarantine"): # none, if each was read at the second try
        assert row[0], row

    # What comes next is read as if nothing had been: a stopped worker costs its time, and no mail.
    scene.deliver(numbered(900))
    wait_until(lambda: scene.rows("SELECT count(*) FROM mail")[0][0] == len(mails) + 1, "the next mail on record")
    shown = scene.ctl("show", "MS08-900")
    assert shown["severity"]["value"] == "moderate", shown
    # Not daemon.stop(): sanitizers in a spoiled worker report what was done to it. In the daemon they would change its status.
    daemon.signal(signal.SIGTERM)
    status = daemon.wait()
    assert status == 0, f"hotfixd ended with {status}"


def killed(scene):
    under_attack(scene, [kill])


def killed_in_a_history(scene):
    """Whose mails are read several at a time: what happens to one of them is no other's fault."""
    under_attack(scene, [kill], history=HISTORY)


def stopped(scene):
    under_attack(scene, [stop, kill])


def starved(scene):
    under_attack(scene, [starve, kill])


def spoiled(scene):
    """The memory of a worker that is not dumpable is root's alone; without that, the signals of what follows from it."""
    under_attack(scene, [spoil if os.geteuid() == 0 else kill])


run(killed, killed_in_a_history, stopped, starved, spoiled)
