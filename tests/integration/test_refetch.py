#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mail that was larger than the limit is fetched again, whole, when somebody asks for it."""
import re

from harness import alert, run, wait_until
from small_imap import SmallImap, configure


def critical(number):
    return alert(f"MS08-{number:03}")


def told(slack):
    return sorted(re.search(r"MS08-\d+", r["text"])[0] for r in slack.requests() if "MS08-" in r["text"])


def asked_for_again(scene):
    """Once the limit allows it; else it is said why not."""
    slack = scene.start_slack()
    big = alert("MS08-004", text=("行" * 60 + "\n ") * 1000)
    server = SmallImap(scene, {1: critical(1)})
    configure(scene, slack, main=server.section())
    scene.sections["daemon"]["max-message-size"] = "100K"
    scene.write_config()
    scene.once()
    server.add(4, big)
    scene.once()
    row, = scene.ctl("list", "--quarantined")
    mail = str(scene.rows("SELECT mail_id FROM quarantine")[0][0])
    assert row["reason"].startswith("oversize: "), row

    def ask():
        scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", mail)
        return scene.once().stderr
    said = ask()
    assert "cannot be fetched again: its " in said and "still more than max-message-size" in said, said
    kept = server.mails.pop(4)
    assert "it is gone from the server" in ask()
    server.mails[4] = kept
    scene.sections["daemon"]["max-message-size"] = "1M"
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    scene.run("hotfixctl", "-c", scene.config_file, "quarantine", "retry", mail)
    wait_until(lambda: told(slack) == ["MS08-004"], "the bulletin that was too large")
    daemon.wait_idle()
    daemon.stop()
    assert scene.rows("SELECT max(size_bytes) FROM mail")[0][0] == len(big)
    assert not scene.ctl("list", "--quarantined", expect=3) and not scene.rows("SELECT * FROM refetch")


run(asked_for_again)
