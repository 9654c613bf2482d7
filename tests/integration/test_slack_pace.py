#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Slack's Web API when it does not answer, or wants us to be slower: every message comes once, and none too soon."""
from harness import alert, run
from slack_workspace import Workspace, identity, prepare, wait_sent


def lost_answers(scene):
    """What was done and not answered is looked for and not done again; what was answered slowly is no problem."""
    words = ("done-close", "done-status 500", "done-slow 2")
    scene.start_dovecot()
    scene.configure()
    workspaces = [Workspace(scene, [f"chat.postMessage {word}"], name=f"space{i}") for i, word in enumerate(words)]
    for workspace in workspaces:
        scene.sections[f"channel {workspace.name}"] = workspace.section()
    scene.sections["route urgent"]["channels"] = ", ".join(w.name for w in workspaces)
    scene.write_config()
    scene.once()
    scene.deliver(alert("MS08-004"))
    daemon = scene.daemon()
    wait_sent(scene, len(words))
    daemon.stop()
    for workspace in workspaces:
        assert len(workspace.messages()) == 1
    assert [len(w.calls("conversations.history")) for w in workspaces] == [1, 1, 0]


def not_too_fast(scene):
    """Five alerts at once: a second apart at least, and as long as Slack asks where it asks."""
    workspace = prepare(scene, ["chat.postMessage ok", "chat.postMessage wait 3"])
    scene.deliver(*(alert(f"MS08-01{i}") for i in range(5)))
    daemon = scene.daemon()
    daemon.wait_log(r"429")
    wait_sent(scene, 5)
    daemon.stop()
    messages = workspace.messages()  # that checks the pace
    assert len(messages) == len({identity(m) for m in messages}) == 5
    (early_ms, sent_ms), = scene.rows("SELECT min(at_ms), max(at_ms) FROM attempt WHERE delivery_id ="
                                      " (SELECT delivery_id FROM attempt WHERE result = 'retry')")
    assert sent_ms - early_ms >= 3000, (early_ms, sent_ms)


run(lost_answers, not_too_fast)
