# SPDX-License-Identifier: MIT
"""A Slack workspace of the test's own: tests/peers/slack_api.py, with the configuration of a channel that posts there."""
import json
import os
import urllib.request

from harness import PEERS, PYTHON, wait_until

TOKEN = "xoxb-17-the-bots-token"


class Workspace:
    def __init__(self, scene, script=(), name="workspace", channel="C0OPS"):
        self.scene, self.name, self.channel = scene, name, channel
        self.out = scene.path(f"{name}.jsonl")
        self.port = 0
        self.start(script)

    def start(self, script=()):
        file = self.scene.write(f"{self.name}.script", "".join(f"{line}\n" for line in script))
        self.process = self.scene.spawn([PYTHON, os.path.join(PEERS, "slack_api.py"), "--out", self.out, "--script", file,
                                         "--token", TOKEN, "--port", str(self.port)], f"{self.name}.log")
        self.port = int(self.process.wait_log(r"port (\d+)")[1])

    def section(self):
        """The keys of its channel in the configuration."""
        return {"type": "slack", "token-file": self.scene.write("token", TOKEN + "\n"), "slack-channel": self.channel,
                "api-url": f"http://127.0.0.1:{self.port}/api", "insecure": "yes"}

    def calls(self, method=None):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="utf-8") as out:
            lines = out.read().split("\n")[:-1]
        return [call for call in map(json.loads, lines) if method in (None, call["method"])]

    def wait_calls(self, method, count):
        wait_until(lambda: len(self.calls(method)) >= count, f"{count} calls of {method}")
        return self.calls(method)

    def state(self):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/state", timeout=10) as answer:
            return json.load(answer)

    def messages(self, restarted=False):
        """All messages of the channel, replies too, in order; Slack must have had nothing to object to. restarted: but for
        the pace, which no process knows of another."""
        state = self.state()
        problems = [p for p in state["problems"] if not (restarted and p.endswith("s apart"))]
        assert problems == [], problems
        return state["messages"]["C0OPS"]


def shown(message):
    """Everything that a person sees of a message."""
    texts = []
    for block in message["blocks"]:
        objects = [block.get("text"), *block.get("fields", ()), *block.get("elements", ())]
        texts += [o["text"] for o in objects if o]
    return "\n".join(texts)


def identity(message):
    return message["metadata"]["event_payload"]["identity"]


def prepare(scene, script=(), **keys):
    """A workspace, and a route that leads there from moderate on."""
    workspace = Workspace(scene, script, **keys)
    scene.start_dovecot()
    scene.configure()
    del scene.sections["channel journal"]
    scene.sections["channel ops"] = workspace.section()
    scene.sections["route urgent"].update({"severity": "moderate", "urgency": "immediate", "updates": "yes", "channels": "ops"})
    scene.write_config()
    scene.once()
    return workspace


def wait_sent(scene, count):
    wait_until(lambda: scene.status()["deliveries"]["sent"] == count, f"{count} deliveries to be sent")


def answers(scene, bulletin):
    return [[a["answer"] for a in d["attempts"]] for decision in scene.ctl("trace", bulletin)["decisions"]
            for d in decision["deliveries"]]
