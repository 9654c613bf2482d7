#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The archive is made from the database: again the same, byte for byte, and in whatever order the mails came."""
import os
import shutil

from harness import run, sample

NUMBERS = ("01", "02", "03", "04", "05", "06", "07", "08", "09")


def archive_of(scene, numbers, state):
    scene.state = scene.path(state)
    scene.configure(imap=None)
    scene.ctl("import", *(scene.write(f"mails/{n}.eml", sample(n)) for n in numbers))
    return scene.archive()


def rebuilt(scene):
    tree = archive_of(scene, NUMBERS, "state")
    assert "alert/2007/ms07-904.html" in tree and "index.html" in tree, sorted(tree)
    root = os.path.join(scene.state, "archive")
    shutil.rmtree(os.path.join(root, "alert"))
    scene.ctl("archive", "rebuild")
    assert scene.archive() == tree
    shutil.rmtree(root)
    scene.ctl("archive", "rebuild")
    assert scene.archive() == tree
    scene.write("state/archive/alert/2007/stray.html", "not of the archive")
    with open(os.path.join(root, "alert/2007/ms07-901.json"), "a", encoding="utf-8") as f:
        f.write("damage")
    answer = scene.ctl("archive", "rebuild")
    assert answer["removed"] == 1, answer
    assert scene.archive() == tree


def any_order(scene):
    tree = archive_of(scene, NUMBERS, "forwards")
    assert archive_of(scene, tuple(reversed(NUMBERS)), "backwards") == tree


run(rebuilt, any_order)
