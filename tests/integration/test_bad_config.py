#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A bad configuration is told whole; a running daemon keeps the one it has."""
import signal

from harness import alert, run, sample, wait_until


def all_problems_at_once(scene):
    scene.start_dovecot()
    scene.configure()
    scene.sections["daemon"]["workers"] = "many"
    scene.sections["daemon"]["colour"] = "red"
    scene.sections["mailbox main"]["poll-interval"] = "soon"
    scene.sections["mailbox main"]["password-file"] = scene.path("no-such-file")
    scene.sections["channel wrong"] = {"type": "pigeon"}
    scene.sections["route urgent"]["severity"] = "terrible"
    scene.sections["route urgent"]["channels"] = "journal, nowhere"
    scene.sections["rout typo"] = {"severity": "low"}
    scene.write_config()
    expected = ("[daemon] workers: ", "[daemon] colour: ", "[mailbox main] poll-interval: ", "[mailbox main] password-file: ",
                "[channel wrong] type: ", "[route urgent] severity: ", "[route urgent] channels: ", "[rout typo]")
    checked = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
    started = scene.once(expect=1)
    assert checked.returncode == 1 and not checked.stdout
    for result in (checked, started):
        for what in expected:
            lines = [line for line in result.stderr.splitlines() if what in line]
            assert len(lines) == 1 and scene.config_file in lines[0], (what, result.stderr)
    problems = [line for line in checked.stderr.splitlines() if not line.startswith("warning: ")]
    assert len(problems) == len(expected), checked.stderr
    control = scene.run("hotfixctl", "-c", scene.config_file, "status")
    assert control.returncode == 1, control


def good_one(scene):
    scene.start_dovecot()
    scene.configure()
    result = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
    assert result.returncode == 0 and "valid: 1 mailbox, 1 channel, 1 route" in result.stdout, result
    scene.write("hotfixd.conf.d/10-more.conf", "[route more]\nchannels = journal\n")
    scene.write("hotfixd.conf.d/note.txt", "[nonsense]\n")
    result = scene.run("hotfixd", "-c", scene.config_file, "--check-config")
    assert result.returncode == 0 and "2 routes" in result.stdout, result


def reload(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    daemon = scene.daemon()
    daemon.wait_idle()

    scene.sections["route urgent"]["severity"] = "terrible"
    scene.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("the new configuration was not taken; the old one stays")
    assert "[route urgent] severity: " in daemon.log()
    scene.deliver(sample("01"), sample("05"))
    slack.wait_requests(1)
    wait_until(lambda: scene.rows("SELECT count(*) FROM mail") == [(2,)], "both mails on record")

    scene.sections["route urgent"]["severity"] = "low"
    scene.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("configuration reloaded")
    daemon.wait_idle()
    scene.deliver(alert("MS08-001", severity="low", urgency="wait"))
    requests = slack.wait_requests(2)
    assert "MS08-001" in requests[1]["text"], [r["text"] for r in requests]

    scene.sections["daemon"]["state-dir"] = scene.path("elsewhere")
    scene.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("the new configuration was not taken; the old one stays", count=2)
    assert "[daemon] state-dir: " in daemon.log()
    daemon.stop()
    assert len(slack.requests()) == 2


run(all_problems_at_once, good_one, reload)
