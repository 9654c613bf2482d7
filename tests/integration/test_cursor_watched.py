#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The folder that the daemon watches is deleted and made anew under its eyes: it finds out, and goes on with the new one."""
import functools

from harness import run
from imap_servers import Cyrus, Dovecot, check_stored, critical, digest, insist, quiet, recreate, wait_stored, wait_told, watch

FOLDER = "お知らせ/Feed"


def recreated_and_told(scene):
    """Cyrus ends the session of a client whose folder it really deletes."""
    _, server = watch(scene, functools.partial(Cyrus, scene), FOLDER, watched=FOLDER)
    daemon = scene.daemon()
    daemon.wait_idle()
    recreate(server, FOLDER, quiet(1))
    wait_stored(scene, 1, daemon)
    daemon.wait_idle()
    daemon.stop()
    check_stored(scene, [quiet(1)])


def recreated_while_watched(scene):
    """Under the eyes of the daemon. Neither server says so, nor shows it with any command but SELECT: Dovecot goes on with files
    that are gone, Cyrus with the folder under the name it keeps deleted ones by."""
    slack = scene.start_slack()
    servers = {Dovecot(scene): 10, Cyrus(scene, options="delete_mode: delayed\n"): 20}
    scene.configure(slack, imap=None)
    mails = {}
    for server, number in servers.items():
        server.create(FOLDER)
        scene.sections[f"mailbox {server.kind}"] = server.mailbox(FOLDER, idle="no", poll_interval="5s")
        mails[server] = [critical(number), quiet(number + 1), critical(number + 2), quiet(number + 3)]
    scene.write_config()
    scene.once()
    for server in servers:
        server.append(*mails[server][:2], folder=FOLDER)
    daemon = scene.daemon()
    wait_stored(scene, 4, daemon)
    daemon.wait_idle()
    for server in servers:
        recreate(server, FOLDER, mails[server][1], mails[server][2])
    wait_stored(scene, 6, daemon)
    for server in servers:
        insist(server, mails[server][3], FOLDER)
    wait_stored(scene, 8, daemon)
    daemon.stop()
    wait_told(slack, "MS08-010", "MS08-012", "MS08-020", "MS08-022")
    stored = scene.stored_mails()
    assert set(stored) == {digest(mail) for server in servers for mail in mails[server]}
    assert all(stored[digest(mails[server][1])] >= 2 for server in servers), stored


run(recreated_while_watched, recreated_and_told)
