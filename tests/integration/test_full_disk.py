#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A full disk: hotfixd says so, keeps running, and goes on where it was once there is room."""
import ctypes
import os

from harness import alert, run, wait_until

COUNT = 60
SIZE = 16 * 1024 * 1024
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 0x40000, 2


def own_tmpfs(path):
    """For this process and those it starts only: the mount is gone when they are."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    for arguments in ((b"none", b"/", None, MS_REC | MS_PRIVATE, None), (b"tmpfs", path.encode(), b"tmpfs", 0, b"size=%d" % SIZE)):
        if libc.mount(*(ctypes.c_char_p(a) if isinstance(a, (bytes, type(None))) else ctypes.c_ulong(a) for a in arguments)) != 0:
            raise OSError(ctypes.get_errno(), "mount")


def fill_and_free(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()
    ballast = os.path.join(scene.state, "ballast")
    with open(ballast, "wb") as out:
        free = os.statvfs(scene.state)
        out.write(b"x" * max(0, free.f_bavail * free.f_frsize - 64 * 1024))
    noise = [os.urandom(9000).hex() for _ in range(COUNT)]
    scene.deliver(alert("MS08-001", text=noise[0]))
    scene.deliver(*(alert(f"MS08-{i + 1:03}", "low", "wait", text=noise[i]) for i in range(1, COUNT)))
    daemon.wait_log("error store: .*(full|space)")
    assert daemon.is_running()
    os.remove(ballast)
    wait_until(lambda: (scene.status() or {"bulletins": 0})["bulletins"] == COUNT, "all bulletins to be stored", 60)
    daemon.wait_log("mails are stored again")
    slack.wait_requests(1)
    daemon.wait_idle()
    daemon.stop()
    scene.once()
    tree = scene.archive()
    assert all(f"alert/2008/ms08-{i + 1:03}.json" in tree for i in range(COUNT))
    assert scene.status()["mails"] == {"bulletin": COUNT, "unrecognised": 0, "quarantined": 0}
    assert len(slack.requests()) == 1, [r["text"] for r in slack.requests()]


def fills_up_and_recovers(scene):
    assert os.getuid() == 0, "this test mounts a small file system, which only root can"
    os.mkdir(scene.state)
    own_tmpfs(scene.state)
    try:
        fill_and_free(scene)
    finally:
        ctypes.CDLL(None).umount2(scene.state.encode(), MNT_DETACH)  # else the scene's folder could not be removed


run(fills_up_and_recovers)
