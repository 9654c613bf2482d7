#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A full disk: hotfixd says so, keeps running, and goes on where it was once there is room."""
import ctypes
import os
import signal

from harness import BUILD, alert, run, wait_until

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


def on_a_small_disk(scene, test):
    assert os.getuid() == 0, "this test mounts a small file system, which only root can"
    os.mkdir(scene.state)
    own_tmpfs(scene.state)
    try:
        test(scene)
    finally:
        ctypes.CDLL(None).umount2(scene.state.encode(), MNT_DETACH)  # else the scene's folder could not be removed


def fills_up_and_recovers(scene):
    on_a_small_disk(scene, fill_and_free)


def import_and_stop(scene):
    scene.configure(imap=None)
    scene.sections["mailbox main"] = {"url": "imaps://localhost:1/INBOX", "user": "x", "password-file": scene.write("pw", "x\n")}
    scene.write_config()
    scene.ctl("import", scene.write("one.eml", alert("MS07-999")))
    ballast = os.path.join(scene.state, "ballast")
    with open(ballast, "wb") as out:
        free = os.statvfs(scene.state)
        out.write(b"x" * max(0, free.f_bavail * free.f_frsize - 64 * 1024))
    for i in range(COUNT):
        scene.write(f"mails/{i:03}.eml", alert(f"MS08-{i + 1:03}", text=os.urandom(9000).hex()))
    process = scene.spawn([os.path.join(BUILD, "hotfixctl"), "-c", scene.config_file, "--json", "import", scene.path("mails")],
                          "import.log")
    process.wait_log("error store: .*(full|space)")
    process.signal(signal.SIGTERM)
    assert process.wait(10) == 1, process.log()
    assert '"known":0' in process.log() and "not everything could be stored" in process.log(), process.log()
    os.remove(ballast)
    totals = scene.ctl("import", scene.path("mails"))
    assert totals["mails"] == COUNT == totals["first"] + totals["known"], totals
    assert scene.status()["mails"] == {"bulletin": COUNT + 1, "unrecognised": 0, "quarantined": 0}


def an_import_can_be_stopped(scene):
    """It waits for room, but not for longer than anybody wants it to; and it does not take for known what is nowhere."""
    on_a_small_disk(scene, import_and_stop)


run(fills_up_and_recovers, an_import_can_be_stopped)
