#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A watched folder is deleted and made anew, or renamed away and back: what was known stays known, what is new is told."""
from harness import run
from imap_servers import check_stored, critical, digest, on_all, on_both, quiet, recreate, wait_stored, wait_told, watch

FOLDER = "お知らせ/Feed"


def recreated_while_down(scene, start):
    """Deleted and made anew, with other mails, with the same ones, and with none."""
    slack, server = watch(scene, start, FOLDER, "Other", watched=FOLDER)
    mails = [critical(1), quiet(2), quiet(3), critical(4), quiet(5)]
    server.append(*mails[:3], folder=FOLDER)
    scene.once()
    validity = recreate(server, FOLDER, mails[1], mails[3])
    result = scene.once()
    assert f"renumbered the mailbox (UIDVALIDITY {validity})" in result.stderr, result.stderr
    recreate(server, FOLDER, mails[3], mails[1])
    scene.once()
    recreate(server, FOLDER)
    scene.once()
    server.append(mails[4], folder=FOLDER)
    scene.once()
    wait_told(slack, "MS08-001", "MS08-004")
    stored = scene.stored_mails()
    assert stored == dict(zip(map(digest, mails), (1, 3, 1, 2, 1))), stored
    before = scene.dump("mail", "sighting", "decision", "outbox")
    scene.once()
    assert scene.dump("mail", "sighting", "decision", "outbox") == before


def folder_is_away_for_a_while(scene, start):
    """Renamed away and back: while nobody looks, with another folder in its place meanwhile, and under watch."""
    slack, server = watch(scene, start, FOLDER, "Other", watched=FOLDER)
    mails = [quiet(i) for i in range(1, 7)]
    server.append(mails[0], folder=FOLDER)
    scene.once()
    server.rename(FOLDER, "Elsewhere")
    assert "folder" in scene.once(expect=1).stderr
    server.append(mails[1], folder="Elsewhere")
    server.rename("Elsewhere", FOLDER)
    scene.once()
    check_stored(scene, mails[:2])

    server.rename(FOLDER, "Elsewhere")
    server.create(FOLDER)
    server.append(mails[2], folder=FOLDER)
    scene.once()
    server.rename(FOLDER, "Third")
    server.append(mails[3], folder="Elsewhere")
    server.rename("Elsewhere", FOLDER)
    scene.once()
    assert set(scene.stored_mails()) == set(map(digest, mails[:4]))

    daemon = scene.daemon()
    daemon.wait_idle()
    server.rename(FOLDER, "Elsewhere")
    server.append(mails[4], folder="Elsewhere")
    server.rename("Elsewhere", FOLDER)
    server.append(mails[5], folder=FOLDER)
    wait_stored(scene, 6, daemon)
    daemon.wait_idle()
    daemon.stop()
    assert set(scene.stored_mails()) == set(map(digest, mails))
    wait_told(slack)


run(*on_all(recreated_while_down), *on_both(folder_is_away_for_a_while))
