#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Slack's Web API: one thread for each bulletin, whose first message shows how things stand; nothing comes twice."""
from harness import alert, run, wait_until
from slack_workspace import answers, identity, prepare, shown, wait_sent


def one_thread(scene):
    """New, raised, acknowledged, updated, lowered: replies to the first message, which is edited each time."""
    workspace = prepare(scene)
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.deliver(alert("MS08-001", severity="moderate", urgency="consider"))
    wait_sent(scene, 1)
    head, = workspace.messages()
    assert "3(警告)" in shown(head) and "NEW" in shown(head) and not head["edits"], shown(head)

    scene.deliver(alert("MS08-001", severity="critical", urgency="consider", updated="2008-01-16"))
    wait_sent(scene, 2)
    head, raised = workspace.messages()
    assert raised["thread_ts"] == head["ts"] and raised["subtype"] == "thread_broadcast", raised
    assert "深刻度: 3(警告) → 1(緊急)" in shown(raised), shown(raised)
    assert len(head["edits"]) == 1 and "*RAISED*" in shown(head) and "[緊急]" in head["blocks"][0]["text"]["text"], shown(head)

    scene.run("hotfixctl", "-c", scene.config_file, "ack", "MS08-001", "--by", "sato", "--comment", "*done* <!channel> & gone")
    wait_sent(scene, 3)
    head, _, acknowledged = workspace.messages()
    assert "*ACKNOWLEDGED*" in shown(head) and "sato" in shown(head), shown(head)
    assert "subtype" not in acknowledged and "<!channel>" not in shown(acknowledged) + shown(head)

    scene.deliver(alert("MS08-001", severity="critical", urgency="early", updated="2008-01-17", text="改版。"))
    wait_until(lambda: len(workspace.messages()) == 4 and len(workspace.messages()[0]["edits"]) == 3, "the update")
    head, *_, updated = workspace.messages()
    raises = "*RAISED*" in shown(updated)  # the urgency rose
    assert ("*ACKNOWLEDGED*" in shown(head)) != raises, (shown(head), shown(updated))

    scene.deliver(alert("MS08-001", severity="low", urgency="wait", updated="2008-02-01"))
    wait_until(lambda: len(workspace.messages()) == 5 and len(workspace.messages()[0]["edits"]) == 4, "the end")
    head, *replies = workspace.messages()
    assert "*LOWERED*" in shown(head) and "4(注意)" in shown(head), shown(head)
    assert all(reply["thread_ts"] == head["ts"] for reply in replies)
    assert len({identity(m) for m in (head, *replies)}) == 5
    daemon.stop()


def killed_after_it_was_taken(scene):
    """The message is there, and nobody here knows: the next process finds it, in the channel and in a thread, and does what
    is left to do."""
    workspace = prepare(scene, ["chat.postMessage done-hang", "chat.postMessage done-hang", "chat.update ok", "chat.update hang"])
    revisions = ((alert("MS08-002", severity="moderate", urgency="consider"), "chat.postMessage", 1),
                 (alert("MS08-002", severity="critical", urgency="consider", updated="2008-01-16"), "chat.postMessage", 2),
                 (alert("MS08-002", severity="low", urgency="wait", updated="2008-01-17"), "chat.update", 2))
    for sent, (mail, method, calls) in enumerate(revisions, 1):
        scene.deliver(mail)
        daemon = scene.daemon()
        workspace.wait_calls(method, calls)
        daemon.kill()
        daemon = scene.daemon()
        wait_sent(scene, sent)
        daemon.stop()
    head, *replies = workspace.messages(restarted=True)
    assert len(replies) == 2 and all(r["thread_ts"] == head["ts"] for r in replies), replies
    assert len({identity(m) for m in (head, *replies)}) == 3 and "*LOWERED*" in shown(head), shown(head)
    for attempts in answers(scene, "MS08-002"):
        assert attempts[-1].endswith("it was there already"), attempts
    assert [call["method"] for call in workspace.calls()] == [
        "chat.postMessage", "conversations.history",
        "chat.postMessage", "conversations.replies", "chat.update",
        "chat.postMessage", "chat.update", "conversations.replies", "chat.update"]


def refused_for_good(scene):
    """A token that was revoked: on record with what to do about it, and not tried again and again."""
    workspace = prepare(scene, ["chat.postMessage error token_revoked"])
    scene.deliver(alert("MS08-005"))
    scene.once(expect=1)
    assert answers(scene, "MS08-005") == [["token_revoked: the token was revoked"]], answers(scene, "MS08-005")
    assert scene.status()["deliveries"]["dead"] == 1
    scene.once()
    assert len(workspace.calls()) == 1
    assert "xoxb" not in str(scene.dump("attempt", "outbox"))


def simpler_where_blocks_are_refused(scene):
    """Whatever Slack has against the form: the message arrives."""
    workspace = prepare(scene, ["chat.postMessage error msg_blocks_too_long"], channel="#ops")
    scene.deliver(alert("MS08-006"))
    scene.once()
    message = workspace.state()["messages"]["C0OPS"][-1]
    assert "blocks" not in message and "MS08-006" in message["text"] and "1(緊急)" in message["text"], message


run(one_thread, killed_after_it_was_taken, refused_for_good, simpler_where_blocks_are_refused)
