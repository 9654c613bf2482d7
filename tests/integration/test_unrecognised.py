#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A mail that is no bulletin is kept, listed, and nobody is told."""
import os

from harness import SAMPLES, run, sample


def newsletter(scene):
    slack = scene.start_slack()
    scene.start_dovecot()
    scene.configure(slack)
    scene.once()
    scene.deliver(sample("08"), sample("01"))
    result = scene.once()
    assert "not recognised as a bulletin" in result.stderr, result.stderr
    assert [b["id"] for b in scene.ctl("list")] == ["MS07-901"]
    row, = scene.ctl("list", "--unrecognised")
    assert row["outcome"] == "unrecognised" and row["reason"], row
    trace = scene.ctl("trace", str(row["mail"]))
    assert trace["mails"][0]["sha256"] == row["sha256"] and trace["decisions"] == [], trace
    assert ["MS07-901" in r["text"] for r in slack.requests()] == [True]
    assert scene.status()["mails"] == {"bulletin": 1, "unrecognised": 1, "quarantined": 0}


def parse_says_so(scene):
    path = os.path.join(SAMPLES, "08-newsletter.eml")
    result = scene.run("hotfixctl", "--json", "parse", path)
    assert result.returncode == 3 and "not recognised" in result.stderr, result
    assert '"kind":"unknown"' in result.stdout.replace(" ", ""), result.stdout


run(newsletter, parse_says_so)
