# SPDX-License-Identifier: MIT
"""A small IMAP server of the test's own, for what real servers do only once in a while: UIDs that appear late, EXISTS that
disagrees with what is listed, refusals and goodbyes at any place."""
import re
import threading

from harness import Listener, PASSWORD, USER, alert

CAPABILITIES = "IMAP4rev1 IDLE UIDPLUS MOVE SASL-IR AUTH=PLAIN"


class SmallImap:
    """mails: {uid: bytes}, what it lists and sends; the rest may be changed at any time.

    rules: [(regular expression, answer)]; the first that matches the start of a command answers it. answer: lines, with {tag}
    for the command's tag, an end by hanging up where it begins with "* BYE"; or a function of (connection, tag, command),
    which may return None to let the usual answer follow.
    """

    def __init__(self, scene, mails=None, rules=(), greeting="* OK hello", capabilities=CAPABILITIES):
        self.mails, self.rules, self.greeting, self.capabilities = dict(mails or {}), list(rules), greeting, capabilities
        self.flags = {}         # {uid: set of flags}
        self.moved = {}         # {uid: folder}
        self.uid_validity, self.tells_uid_next = 7, True
        self.listed = None      # UIDs that SEARCH finds; None: all
        self.exists = None      # what SELECT announces; None: how many there are
        self.withheld = set()   # listed, and never sent
        self.commands = []      # without the tags
        self.lock = threading.RLock()
        self.connections = []
        self.listener = Listener(scene, self.serve)

    @property
    def port(self):
        return self.listener.port

    def section(self, **keys):
        """The keys of a [mailbox] section, but for the password."""
        return {"url": f"imap://127.0.0.1:{self.port}/INBOX", "user": USER, "insecure": "yes", "timeout": "5s",
                **{key.replace("_", "-"): value for key, value in keys.items()}}

    def logins(self):
        return sum(c.startswith(("AUTHENTICATE", "LOGIN")) for c in self.commands)

    def add(self, uid, mail, announce=True):
        with self.lock:
            self.mails[uid] = mail
            for connection in self.connections if announce else ():
                if connection.idling:
                    connection.send(f"* {len(self.mails)} EXISTS")

    def say(self, text):
        """To all connections."""
        for connection in list(self.connections):
            connection.send(text)

    def hang_up(self):
        for connection in list(self.connections):
            connection.cut()

    def serve(self, socket):
        connection = Connection(self, socket)
        self.connections.append(connection)
        try:
            connection.run()
        finally:
            self.connections.remove(connection)

    # --- what it knows ---------------------------------------------------------------------------------------------------

    def uids(self, sequence_set):
        last = max(self.mails, default=1)
        found = set()
        for part in sequence_set.split(","):
            low, _, high = part.partition(":")
            bounds = sorted(last if bound == "*" else int(bound) for bound in (low, high or low))
            found.update(uid for uid in self.mails if bounds[0] <= uid <= bounds[1])
        return sorted(found)

    def search(self, arguments):
        found = self.uids(re.search(r"UID (\S+)", arguments)[1])
        if self.listed is not None:
            found = [uid for uid in found if uid in self.listed]
        for word, flag, wanted in (("UNSEEN", "\\Seen", False), ("UNDELETED", "\\Deleted", False), ("DELETED", "\\Deleted", True)):
            if word in arguments.split():
                found = [uid for uid in found if (flag in self.flags.get(uid, ())) == wanted]
        return found

    def fetch(self, uid, items):
        mail = self.mails[uid]
        number = sorted(self.mails).index(uid) + 1
        answer = b"* %d FETCH (UID %d RFC822.SIZE %d" % (number, uid, len(mail))
        if "BODY.PEEK[]" in items:
            part = re.search(r"BODY\.PEEK\[\]<0\.(\d+)>", items)
            name, data = (b"BODY[]<0>", mail[:int(part[1])]) if part else (b"BODY[]", mail)
            answer += b' INTERNALDATE "11-May-2007 03:04:05 +0000" %s {%d}\r\n%s' % (name, len(data), data)
        return answer + b")\r\n"


class Connection:
    def __init__(self, server, socket):
        self.server, self.socket, self.idling = server, socket, False
        self.input = socket.makefile("rb")

    def send(self, text):
        with self.server.lock:
            self.socket.sendall(text if isinstance(text, bytes) else text.encode() + b"\r\n")

    def cut(self):
        self.socket.shutdown(2)

    def run(self):
        self.send(self.server.greeting)
        if self.server.greeting.startswith("* BYE"):
            return
        while line := self.input.readline():
            tag, _, command = line.decode("latin-1").strip().partition(" ")
            self.server.commands.append(command)
            if self.answer(tag, command) is False:
                return

    def answer(self, tag, command):
        """False: that was the end."""
        for pattern, answer in list(self.server.rules):
            if re.match(pattern, command):
                said = answer(self, tag, command) if callable(answer) else answer
                if said is None:
                    break
                said = said.replace("{tag}", tag)
                self.send(said)
                return not said.startswith("* BYE")
        name = command.split(" ")[0].upper()
        if name == "UID":
            name = "UID_" + command.split(" ")[1].upper()
        with self.server.lock:
            done = getattr(self, name.lower(), lambda tag, command: None)(tag, command)
        if done is None:
            self.send(f"{tag} OK done")
        return done

    # --- commands: None for OK -------------------------------------------------------------------------------------------

    def capability(self, tag, command):
        self.send(f"* CAPABILITY {self.server.capabilities}")

    def select(self, tag, command):
        server = self.server
        self.send(f"* {len(server.mails) if server.exists is None else server.exists} EXISTS")
        self.send(f"* OK [UIDVALIDITY {server.uid_validity}] valid")
        if server.tells_uid_next:
            self.send(f"* OK [UIDNEXT {max(server.mails, default=0) + 1}] next")

    examine = select

    def uid_search(self, tag, command):
        self.send(" ".join(["* SEARCH", *map(str, self.server.search(command.partition("SEARCH ")[2]))]))

    def uid_fetch(self, tag, command):
        _, _, uids, items = command.split(" ", 3)
        for uid in self.server.uids(uids):
            if uid not in self.server.withheld or "BODY" not in items:
                self.send(self.server.fetch(uid, items))

    def uid_store(self, tag, command):
        _, _, uids, _, flags = command.split(" ", 4)
        for uid in self.server.uids(uids):
            self.server.flags.setdefault(uid, set()).update(flags.strip("()").split())

    def uid_move(self, tag, command):
        _, _, uids, folder = command.split(" ", 3)
        for uid in self.server.uids(uids):
            number = sorted(self.server.mails).index(uid) + 1
            del self.server.mails[uid]
            self.server.moved[uid] = folder
            self.send(f"* {number} EXPUNGE")

    def idle(self, tag, command):
        self.idling = True
        self.send("+ idling")
        self.server.lock.release()
        try:
            line = self.input.readline()
        finally:
            self.server.lock.acquire()
        self.idling = False
        self.server.commands.append(line.decode("latin-1").strip())
        return None if line else False

    def logout(self, tag, command):
        self.send("* BYE see you")
        self.send(f"{tag} OK done")
        return False


def configure(scene, slack=None, **mailboxes):
    """mailboxes: the keys of each section."""
    scene.configure(slack, imap=None)
    password = scene.write("password", PASSWORD + "\n")
    for name, keys in mailboxes.items():
        scene.sections[f"mailbox {name}"] = {**keys, "password-file": password}
    scene.write_config()


def critical(number):
    return alert(f"MS08-{number:03}")


def told(slack):
    return sorted(re.search(r"MS08-\d+", r["text"])[0] for r in slack.requests() if "MS08-" in r["text"])


def uids_on_record(scene):
    return [uid for uid, in scene.rows("SELECT uid FROM sighting ORDER BY uid")]
