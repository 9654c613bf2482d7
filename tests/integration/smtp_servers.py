# SPDX-License-Identifier: MIT
"""A real mail server (Postfix) with TLS, logins, and recipients that it knows, refuses, or puts off. (The OpenSMTPD of Debian
12, which test_smtp.py uses, cannot do TLS with its OpenSSL.)"""
import contextlib
import os
import shutil
import socket
import ssl
import subprocess

from harness import ADDRESS, MailSink, free_port, wait_until

PLACE = "/usr/local/lib/hotfixd-tests/postfix"  # where scripts/deps unpacks it: it cannot be installed beside OpenSMTPD
LOGIN = ("alerts", "correct-horse-8")
NAME = ADDRESS.split("@", maxsplit=1)[0]
QUEUES = ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "pid", "private", "public",
          "saved", "trace")
MASTER = """
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
postlog unix-dgram n - n - 1 postlogd
"""


def make_certificate(scene, name="smtp"):
    """A self-signed certificate for localhost: (certificate, key)."""
    certificate, key = scene.path(f"{name}.pem"), scene.path(f"{name}.key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                    "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
                   check=True, capture_output=True)
    return certificate, key


class Postfix:
    """One Maildir for each recipient.

    known: local parts of recipients at example.com; others get a 550. later: addresses that get a 451.
    tls: None, "starttls" (demanded) or "smtps"; login: demand LOGIN; size: the largest mail in bytes."""

    def __init__(self, scene, known, tls=None, login=False, size=10000000):
        assert os.getuid() == 0, "Postfix runs only as root"
        self.scene, self.known, self.tls, self.login, self.size, self.later = scene, known, tls, login, size, ()
        self.port, self.top = free_port(), scene.path("postfix")
        self.process = None
        self.environment = dict(scene.environment, LD_LIBRARY_PATH=f"{PLACE}/usr/lib/postfix")
        self.certificate, self.key = make_certificate(scene) if tls else (None, None)
        self.make_folders()
        self.start()

    def make_folders(self):
        for name in ("conf/sasl", *(f"queue/{queue}" for queue in QUEUES)):
            os.makedirs(os.path.join(self.top, name))
        for name in ("data", "boxes", *(f"queue/{queue}" for queue in QUEUES if queue != "pid")):
            os.makedirs(os.path.join(self.top, name), exist_ok=True)
            shutil.chown(os.path.join(self.top, name), "nobody", "nogroup")
        if self.login:
            users = f"{self.top}/conf/sasl/users"
            subprocess.run(["saslpasswd2", "-p", "-c", "-f", users, "-u", "example.com", LOGIN[0]], check=True,
                           input=LOGIN[1].encode(), env=self.environment)
            plugin = self.scene.write("postfix/conf/sasl/smtpd.conf", "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n"
                                                                      f"mech_list: PLAIN LOGIN\nsasldb_path: {users}\n")
            for path in (users, plugin):
                os.chmod(path, 0o644)

    def configuration(self):
        boxes = ", ".join(f"{{{name}@example.com = {name}/}}" for name in self.known)
        later = ", ".join(f"{{{address} = 451 4.7.1 come back later}}" for address in self.later)
        keys = {
            "compatibility_level": "3.6", "myhostname": "localhost", "mydestination": "", "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "mynetworks": "", "alias_maps": "", "alias_database": "",
            "queue_directory": f"{self.top}/queue", "data_directory": f"{self.top}/data",
            "daemon_directory": f"{PLACE}/usr/lib/postfix/sbin", "command_directory": f"{PLACE}/usr/sbin",
            "mail_owner": "nobody", "setgid_group": "mail", "default_privs": "daemon",
            "import_environment": "LD_LIBRARY_PATH MAIL_CONFIG MAIL_LOGTAG TZ",
            "maillog_file": self.scene.path("postfix.out"), "maillog_file_prefixes": self.scene.directory,
            "virtual_mailbox_domains": "example.com", "virtual_mailbox_base": f"{self.top}/boxes",
            "virtual_mailbox_maps": f"inline:{{{boxes}}}", "virtual_uid_maps": "static:65534", "virtual_gid_maps": "static:65534",
            # as strict as servers get without asking the DNS
            "smtpd_helo_required": "yes", "strict_rfc821_envelopes": "yes",
            "smtpd_helo_restrictions": "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname",
            "message_size_limit": self.size, "virtual_mailbox_limit": 0,
            "smtpd_recipient_restrictions": (f"check_recipient_access inline:{{{later}}}, " if later else "") +
                                            "reject_unauth_destination",
        }
        if self.tls:
            keys.update(smtpd_tls_security_level="encrypt", smtpd_tls_cert_file=self.certificate, smtpd_tls_key_file=self.key,
                        smtpd_tls_received_header="yes")
        if self.tls == "smtps":
            keys.update(smtpd_tls_wrappermode="yes")
        if self.login:
            keys.update(smtpd_sasl_auth_enable="yes", smtpd_tls_auth_only="yes", smtpd_sasl_type="cyrus",
                        smtpd_sasl_local_domain="example.com",
                        smtpd_sasl_authenticated_header="yes", smtpd_sender_restrictions="permit_sasl_authenticated, reject")
        return "".join(f"{name} = {value}\n" for name, value in keys.items())

    def start(self):
        self.scene.write("postfix/conf/main.cf", self.configuration())
        self.scene.write("postfix/conf/master.cf", f"127.0.0.1:{self.port} inet n - n - - smtpd{MASTER}")
        for name in ("main.cf", "master.cf"):
            os.chmod(f"{self.top}/conf/{name}", 0o644)
        self.process = self.scene.spawn([f"{PLACE}/usr/lib/postfix/sbin/master", "-d", "-c", f"{self.top}/conf"], "postfix.log",
                                        environment=self.environment)
        wait_until(self.answers, "Postfix to answer")

    def answers(self):
        assert self.process.is_running(), f"Postfix did not start:\n{self.process.log()}"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.settimeout(5)
            if self.tls == "smtps":
                context = ssl.create_default_context(cafile=self.certificate)
                connection = context.wrap_socket(connection, server_hostname="localhost")
            return connection.recv(4) == b"220 "

    def restart(self, later=()):
        self.process.kill()
        self.later = later
        self.start()

    def box(self, name):
        return MailSink(os.path.join(self.top, "boxes", name), self.port)

    def bytes(self, name):
        """All that this one has got, as it lies there."""
        folder = os.path.join(self.top, "boxes", name, "new")
        data = b""
        for file in sorted(os.listdir(folder)):
            with open(os.path.join(folder, file), "rb") as mail:
                data += mail.read()
        return data

    def count(self):
        """{local part: how many mails have come}"""
        return {name: len(self.box(name).mails()) for name in self.known}

    def channel(self, *to, **keys):
        """The section of a channel that sends to these local parts."""
        section = {"type": "email", "from": "hotfixd <hotfixd@example.com>",
                   "smtp-url": f"{'smtps' if self.tls == 'smtps' else 'smtp'}://localhost:{self.port}",
                   "to": ", ".join(f"{name}@example.com" for name in to)}
        if not self.tls:
            section["insecure"] = "yes"
        else:
            section["tls-ca-file"] = self.certificate
        if self.login:
            section["user"] = f"{LOGIN[0]}@example.com"
            section["password-file"] = self.scene.write("smtp-password", LOGIN[1] + "\n")
        section.update((name.replace("_", "-"), value) for name, value in keys.items())
        return section


# --- what the tests of email share ---------------------------------------------------------------------------------------

def prepare(scene, channel):
    """First contact with an empty mailbox; the route "urgent" leads to the channel "mail"."""
    scene.start_dovecot()
    scene.configure()
    configure(scene, channel)
    scene.once()


def configure(scene, channel):
    scene.sections.pop("channel journal", None)
    scene.sections["channel mail"] = channel
    scene.sections["route urgent"]["channels"] = "mail"
    scene.write_config()


def delivery(scene, what="MS07-901"):
    return scene.ctl("trace", what)["decisions"][0]["deliveries"][0]


def answer(scene):
    return delivery(scene)["attempts"][-1]["answer"]


def due_now(scene):
    """As if the time until the next try were over."""
    number, = scene.rows("SELECT id FROM outbox WHERE state = 0 ORDER BY id DESC LIMIT 1")[0]
    scene.ctl("queue", "retry", str(number))
