#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Logins with an access token at a real server (Dovecot, which asks the endpoint about each token): both flows, both
mechanisms, tokens that end, are revoked or refused; and nowhere a token where it has no place."""
import json
import os
import re
import signal
import stat
import subprocess
import time
import urllib.request

from harness import PEERS, PYTHON, USER, run, sample, wait_until

CLIENT, SECRET = "hotfixd-client", "client-secret+with/signs=and&more"
REFRESH = "first-refresh-token-" + "r" * 200


class Endpoint:
    def __init__(self, scene, *options):
        self.certificate, key = scene.path("endpoint.pem"), scene.path("endpoint.key")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key,
                        "-out", self.certificate], check=True, capture_output=True)
        process = scene.spawn([PYTHON, os.path.join(PEERS, "token_endpoint.py"), "--user", USER, "--client", CLIENT,
                               "--certificate", self.certificate, "--key", key, *options], "endpoint.log")
        found = process.wait_log(r"ports (\d+) (\d+)")
        self.port, self.port_tls = int(found[1]), int(found[2])

    def ask(self, path, data=None):
        body = json.dumps(data).encode() if data is not None else None
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", body, timeout=20) as answer:
            return json.load(answer)

    def control(self, **change):
        self.ask("/control", change)

    @property
    def requests(self):
        return self.ask("/state")["requests"]


def prepare(scene, mechanism, flow, *options):
    """Dovecot with tokens, the endpoint, and a mailbox that uses them."""
    endpoint = Endpoint(scene, *options)
    scene.write("imap/oauth2.conf", f"introspection_mode = post\nintrospection_url = http://127.0.0.1:{endpoint.port}/introspect\n"
                                    "force_introspection = yes\nusername_attribute = email\nactive_attribute = active\n"
                                    "active_value = true\n")
    scene.write("imap/options", f"""
auth_mechanisms = plain login xoauth2 oauthbearer
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {scene.path("imap", "oauth2.conf")}
}}
""")
    scene.start_dovecot()
    scene.configure()
    box = scene.sections["mailbox main"]
    del box["password-file"]
    box.update({"auth": mechanism, "oauth2-flow": flow, "oauth2-token-url": f"https://localhost:{endpoint.port_tls}/token",
                "oauth2-client-id": CLIENT, "oauth2-tls-ca-file": endpoint.certificate,
                "oauth2-scope": "https://mail.example.org/.default offline_access"})
    if "--secret" in options:
        box["oauth2-client-secret-file"] = scene.write("secrets/client", SECRET + "\n")
    if flow == "refresh-token":
        box["oauth2-refresh-token-file"] = scene.write("secrets/refresh", REFRESH + "\n")
    scene.sections["daemon"]["log-level"] = "debug"
    scene.write_config()
    return endpoint


def no_token_anywhere(scene, endpoint):
    """Not in a log, not in the database, not in what is shown; only in the file that is there for it."""
    state = endpoint.ask("/state")
    secrets = state["access_tokens"] + state["refresh_tokens"] + [SECRET, REFRESH]
    # A piece would do as much harm as the whole.
    pieces = {piece.encode() for s in secrets for piece in (s[:24], s[-24:], s[len(s) // 2:][:24])}
    allowed = (scene.path("secrets"), os.path.join(scene.state, "oauth2"))
    looked_at = 0
    for folder, _, names in os.walk(scene.directory):
        for name in names:
            path = os.path.join(folder, name)
            if folder in allowed or not os.path.isfile(path):
                continue
            with open(path, "rb") as f:
                data = f.read()
            looked_at += 1
            assert not any(piece in data for piece in pieces), f"a token is in {path}"
    assert looked_at > 5 and os.path.exists(os.path.join(scene.state, "hotfixd.db"))
    shown = json.dumps(scene.status())
    assert not any(piece.decode() in shown for piece in pieces)


def logins(scene, mechanism):
    return len(re.findall(rf"Login: user=<{USER}>, method={mechanism}", scene.dovecot_log()))


def client_credentials(scene):
    """As Microsoft 365 has it for applications."""
    endpoint = prepare(scene, "xoauth2", "client-credentials", "--secret", SECRET, "--shape", "microsoft")
    scene.once()
    scene.deliver(sample("01"))
    scene.once()
    assert scene.rows("SELECT count(*) FROM mail") == [(1,)]
    wait_until(lambda: logins(scene, "XOAUTH2") == 2, "the logins in Dovecot's log")
    assert [r["grant_type"] for r in endpoint.requests] == ["client_credentials"] * 2
    assert endpoint.requests[0]["scope"] == "https://mail.example.org/.default offline_access"
    no_token_anywhere(scene, endpoint)


def rotated_refresh_tokens(scene):
    """Each use ends a refresh token and gives another, which outlives the process; a newly configured one wins."""
    endpoint = prepare(scene, "oauthbearer", "refresh-token", "--refresh-token", REFRESH, "--rotate", "--shape", "microsoft")
    for _ in range(3):
        scene.once()
    wait_until(lambda: logins(scene, "OAUTHBEARER") == 3, "the logins in Dovecot's log")
    given = endpoint.ask("/state")["refresh_tokens"]
    assert [r["refresh_token"] for r in endpoint.requests] == given[:3] and given[0] == REFRESH
    name, = os.listdir(os.path.join(scene.state, "oauth2"))
    file = os.path.join(scene.state, "oauth2", name)
    assert stat.S_IMODE(os.stat(file).st_mode) == 0o600 and stat.S_IMODE(os.stat(os.path.dirname(file)).st_mode) == 0o700
    with open(file, encoding="utf-8") as f:
        assert json.load(f)["refresh_token"] == given[3]
    endpoint.control(refresh_tokens=["second-configured-token"])
    scene.write("secrets/refresh", "second-configured-token\n")
    scene.once()
    assert endpoint.requests[-1]["refresh_token"] == "second-configured-token"
    no_token_anywhere(scene, endpoint)


def reconnect(scene, daemon, count):
    """The server dies and comes back, and the daemon logs in again."""
    scene.kill_dovecot()
    scene.run_dovecot("start")
    wait_until(lambda: logins(scene, "XOAUTH2") >= count, f"login {count} in Dovecot's log")
    daemon.wait_idle()


def ended_kept_revoked(scene):
    """As Gmail has it. A token is used until it ends; one that the server refuses is replaced at once, without a pause."""
    endpoint = prepare(scene, "xoauth2", "refresh-token", "--refresh-token", REFRESH, "--secret", SECRET, "--shape", "google",
                       "--expires-in", "0")
    daemon = scene.daemon()
    daemon.wait_idle()
    assert (len(endpoint.requests), endpoint.ask("/state")["introspected"]) == (1, 1)
    endpoint.control(expires_in=3599)
    reconnect(scene, daemon, 2)
    assert (len(endpoint.requests), endpoint.ask("/state")["introspected"]) == (2, 2)  # ended: another is asked for
    endpoint.control(revoke=True)
    reconnect(scene, daemon, 3)
    # The one that was kept is refused, and one other is asked for.
    assert (len(endpoint.requests), endpoint.ask("/state")["introspected"]) == (3, 4)
    assert "refuses the login" not in daemon.log()
    scene.deliver(sample("01"))
    wait_until(lambda: scene.rows("SELECT count(*) FROM mail") == [(1,)], "the mail on record")
    daemon.stop()
    no_token_anywhere(scene, endpoint)


def refused_refresh(scene):
    """Said clearly, shown in the status, and not tried again and again; the IMAP server never hears of it."""
    endpoint = prepare(scene, "xoauth2", "refresh-token", "--refresh-token", REFRESH, "--shape", "microsoft")
    scene.write("secrets/refresh", "a-refresh-token-that-was-revoked\n")
    daemon = scene.daemon()
    daemon.wait_log("mailbox main: .*gives no access token .status 400, invalid_grant, .AADSTS70000: Provided grant is invalid or "
                    "malformed.*get a new one")
    box, = wait_until(scene.status, "a status")["mailboxes"]
    assert box["state"] == "waiting to retry" and "get a new one" in box["error"], box
    assert "that-was-revoked" not in str(box) and "Trace" not in str(box)
    (wait_ms,), = scene.rows("SELECT retry_ms - changed_ms FROM mailbox_state")
    assert wait_ms >= 40 * 1000, wait_ms
    end = time.monotonic() + 2  # nothing can be waited for: that nothing happens
    while time.monotonic() < end:
        assert len(endpoint.requests) == 1 and daemon.is_running()
        time.sleep(0.2)
    assert f"user=<{USER}>" not in scene.dovecot_log()
    daemon.stop()
    assert "that-was-revoked" not in daemon.log()
    no_token_anywhere(scene, endpoint)


def refused_login(scene):
    """A fresh token that the server does not take, with either mechanism: one login, and the server's reason."""
    endpoint = prepare(scene, "xoauth2", "client-credentials", "--secret", SECRET)
    for count, mechanism in enumerate(("xoauth2", "oauthbearer"), 1):
        scene.sections["mailbox main"]["auth"] = mechanism
        scene.write_config()
        endpoint.control(answers=[[200, {}, {"access_token": "a-token-of-nobody", "token_type": "Bearer", "expires_in": 3600}]])
        result = scene.once(expect=1)
        assert re.search(f"mailbox main: .*the server refuses the login of {USER}.*status (400|401|invalid_token).*the access token is "
                         "a fresh one", result.stderr), result.stderr
        assert "of-nobody" not in result.stderr + json.dumps(scene.status())
        assert (len(endpoint.requests), endpoint.ask("/state")["introspected"]) == (count, count)
    no_token_anywhere(scene, endpoint)


def endpoint_in_trouble(scene):
    """What passes by itself is tried again soon, but not before the time that was asked for."""
    endpoint = prepare(scene, "xoauth2", "client-credentials", "--secret", SECRET)
    endpoint.control(answers=[[503, {"Retry-After": "2"}, "<html>down</html>"]])
    daemon = scene.daemon()
    daemon.wait_log("mailbox main: .*in trouble or busy .status 503")
    daemon.wait_idle()
    first, second = endpoint.ask("/state")["times"]
    assert second - first >= 2, second - first
    daemon.stop()
    no_token_anywhere(scene, endpoint)


def one_account_twice_and_reloaded(scene):
    """Two mailboxes of one account that connect at once spend a refresh token once; a reload takes other keys."""
    endpoint = prepare(scene, "xoauth2", "refresh-token", "--refresh-token", REFRESH, "--secret", SECRET, "--rotate")
    scene.imap().create("Feed")
    box = scene.sections["mailbox main"]
    scene.sections["mailbox feed"] = dict(box, url=box["url"].replace("/INBOX", "/Feed"))
    scene.write_config()
    daemon = scene.daemon()
    daemon.wait_idle()
    wait_until(lambda: logins(scene, "XOAUTH2") == 2, "both logins in Dovecot's log")
    assert [r["refresh_token"] for r in endpoint.requests] == [REFRESH]
    for name in ("mailbox main", "mailbox feed"):
        scene.sections[name].update({"oauth2-flow": "client-credentials", "auth": "oauthbearer"})
        del scene.sections[name]["oauth2-refresh-token-file"]
    scene.write_config()
    daemon.signal(signal.SIGHUP)
    daemon.wait_log("configuration reloaded")
    wait_until(lambda: logins(scene, "OAUTHBEARER") == 2, "both logins with the other mechanism")
    daemon.wait_idle()
    assert [r["grant_type"] for r in endpoint.requests] == ["refresh_token", "client_credentials"]
    daemon.stop()
    no_token_anywhere(scene, endpoint)


run(client_credentials, rotated_refresh_tokens, ended_kept_revoked, refused_refresh, refused_login, endpoint_in_trouble,
    one_account_twice_and_reloaded)
