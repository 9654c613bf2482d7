# SPDX-License-Identifier: MIT
"""Mails that are made to be too much for a parser, up to the size that the daemon takes. Each is named, and comes with what has
to become of it:

    BULLETIN     a bulletin is in it, in a part that can be read: it has to be found
    OTHER        readable, and no bulletin
    REFUSED      beyond a limit, which the reason has to name
    ANY          any of these, but the limits on time and memory hold and a refusal has a reason
"""
import base64
import collections
import os
import random

MAX_BYTES = 25 * 1024 * 1024
ROOM = MAX_BYTES - 64 * 1024  # for heads and boundaries

BULLETIN, OTHER, REFUSED, ANY = "bulletin", "other", "refused", "any"

Heavy = collections.namedtuple("Heavy", "name outcome make")
MAILS = []


def write(mail, path):
    """Makes a mail and writes it, in a process of its own: a program that is started counts the memory of its parent as its own
    peak. Returns the size."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            with open(path, "wb") as f:
                f.write(mail.make())
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(pid, 0)[1] == 0, f"the mail {mail.name} could not be made"
    return os.path.getsize(path)


def heavy(outcome, name=None):
    def add(make):
        MAILS.append(Heavy(name or make.__name__, outcome, make))
        return make
    return add


def head(content_type="text/plain; charset=utf-8", encoding="8bit", extra=b""):
    return (b"From: HotFix Report <report@hotfix.example>\r\nSubject: HotFix Alert\r\nMessage-ID: <heavy@test.example>\r\n"
            b"Date: Fri, 11 May 2007 10:00:00 +0900\r\nMIME-Version: 1.0\r\n" + extra +
            f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode())


def text(body, charset="utf-8"):
    return head(f"text/plain; charset={charset}") + (body if isinstance(body, bytes) else body.encode())


def html(body):
    return head("text/html; charset=utf-8") + (body if isinstance(body, bytes) else body.encode())


def fill(piece, size=ROOM):
    piece = piece if isinstance(piece, bytes) else piece.encode()
    return piece * (size // len(piece))


def mixed(*parts, kind="mixed"):
    """Each part with its own head."""
    body = b"".join(b"--heavy\r\n" + part + b"\r\n" for part in parts)
    return head(f'multipart/{kind}; boundary="heavy"') + body + b"--heavy--\r\n"


def part(body, content_type="text/plain; charset=utf-8", extra=""):
    return f"Content-Type: {content_type}\r\n{extra}\r\n".encode() + (body if isinstance(body, bytes) else body.encode())


TOP = """HotFix Alert:2007/05/11版
【登録日】2007/05/11
【更新日】2007/05/11
深刻度
1(緊急)
  2(重要)
  3(警告)
  4(注意)
攻撃コードの有無
なし
対策
至急適用
再起動の必要性
必要
アンインストール
可能
対象環境
サーバ
クライアント
"""
IDS = "セキュリティ情報\nMS07-901(日本)\nサポート技術情報\n990901\n"
MIDDLE = "MS07-901/990901\n検査用の部品に穴がある\n(検査用の部品の脆弱性 (990901))\n対応の緊急性:至急適用\n"
END = "概要\n検査のために作られた文である。\n"
PAGE = TOP + IDS + MIDDLE + END


def page(top="", ids="", middle="", end=""):
    """The bulletin with more lines at the end of each of its regions."""
    return TOP + top + IDS + ids + MIDDLE + middle + END + end


# --- much of everything ------------------------------------------------------------------------------------------------

@heavy(REFUSED)
def japanese_text():
    return text(fill("日本語の文が続く。\r\n"))


@heavy(REFUSED)
def japanese_text_in_one_line():
    return text(fill("日本語"))


@heavy(BULLETIN)
def bulletin_beside_a_large_text():
    return mixed(part(fill("日本語の文が続く。\r\n", ROOM // 2)), part(PAGE))


@heavy(BULLETIN)
def bulletin_beside_a_large_page():
    return mixed(part(fill("<p>x", ROOM // 2), "text/html"), part(PAGE), kind="alternative")


@heavy(BULLETIN)
def bulletin_with_a_large_attachment():
    data = base64.encodebytes(random.Random(1).randbytes(17 * 1024 * 1024))
    return mixed(part(PAGE), part(data, "application/octet-stream", "Content-Transfer-Encoding: base64\r\n"))


@heavy(BULLETIN)
def bulletin_with_a_large_text_attachment():
    return mixed(part(PAGE), part(fill("0123456789abcdef\r\n", 20 << 20), "text/plain",
                                  "Content-Disposition: attachment; filename=log.txt\r\n"))


@heavy(BULLETIN)
def longest_text_that_is_read():
    return text(PAGE + "■検査\n" + fill("長い説明の文が続いている。" * 2 + "\n", (2 << 20) - 4096).decode())


@heavy(BULLETIN)
def longest_text_in_one_line():
    return text(PAGE + "■検査\n" + fill("長い説明の文が続いている。", (2 << 20) - 4096).decode())


@heavy(ANY)
def base64_in_tiny_lines():
    data = base64.b64encode(fill(PAGE, 4 << 20))
    return head("text/plain; charset=utf-8", "base64") + b"\r\n".join(data[i:i + 1] for i in range(0, len(data), 1))


@heavy(ANY)
def base64_with_much_junk():
    data = base64.b64encode(PAGE.encode())
    return head("text/plain; charset=utf-8", "base64") + b"".join(b"%c" % c + b"!*~\r\n" * 900 for c in data)[:ROOM]


@heavy(REFUSED)
def quoted_printable():
    return head(encoding="quoted-printable") + fill("=E3=81=82=\r\n")


@heavy(ANY)
def quoted_printable_soft_breaks():
    return head(encoding="quoted-printable") + fill("=\r\n")


@heavy(REFUSED)
def uuencode():
    return head(encoding="x-uuencode") + b"begin 644 x\r\n" + fill("M" + "8&%B" * 15 + "\r\n") + b"end\r\n"


# --- charsets ------------------------------------------------------------------------------------------------------------

@heavy(ANY)
def escape_before_each_character():
    return text(fill(b"\x1b$B$\"\x1b(B", 2 << 20), "iso-2022-jp")


@heavy(REFUSED)
def escapes_only():
    return text(fill(b"\x1b$B\x1b(B\x1b(J\x1b(I"), "iso-2022-jp")


@heavy(REFUSED)
def bytes_that_are_no_text():
    return text(fill(bytes(range(128, 256))), "shift_jis")


@heavy(ANY)
def wrong_charset():
    return text(fill("髙①㈱".encode("cp932"), 2 << 20), "iso-2022-jp")


@heavy(ANY)
def no_charset():
    return head("text/plain") + fill("日本語①".encode("cp932"), 2 << 20)


@heavy(ANY)
def utf_7():
    return text(fill("+ZeVnLIqe-", 2 << 20), "utf-7")


@heavy(ANY)
def long_normal_form():
    """One character that becomes eighteen under NFKC."""
    return text(PAGE + "■\n" + "\ufdfa" * 650000)


@heavy(ANY)
def long_normal_form_in_lines():
    return text(PAGE + "■\n" + ("\ufdfa" * 30 + "\n") * 20000)


@heavy(ANY)
def combining_marks():
    return text(PAGE + "■\n" + "a" + "\u0301\u0323" * 500000)


@heavy(ANY)
def combining_marks_in_lines():
    return text(PAGE + "■\n" + ("a" + "\u0323\u0301" * 1000 + "\n") * 480)


# --- heads -----------------------------------------------------------------------------------------------------------------

@heavy(REFUSED)
def headers():
    return head(extra=fill("X-Y: z\r\n", 800000)) + PAGE.encode()


@heavy(REFUSED)
def header_of_25_mb():
    return head(extra=b"X-Y: " + fill("z") + b"\r\n") + b"x"


@heavy(REFUSED)
def folded_header():
    return head(extra=b"X-Y: z\r\n" + fill(" z\r\n")) + b"x"


@heavy(REFUSED)
def addresses():
    return b"To: " + b",\r\n ".join(b"a%d@example.com" % i for i in range(100000)) + b"\r\n" + text(PAGE)


@heavy(ANY)
def sender_of_many_addresses():
    return b"From: " + b",\r\n ".join(b"a@b" for i in range(30000)) + b"\r\n" + head()[47:] + PAGE.encode()


@heavy(ANY)
def nested_comments():
    return b"From: " + b"(" * 100000 + b"a@b\r\n" + head()[47:] + PAGE.encode()


@heavy(ANY)
def nested_groups():
    return b"From: " + b"a:" * 60000 + b"a@b\r\n" + head()[47:] + PAGE.encode()


@heavy(REFUSED)
def encoded_words():
    return b"Subject: " + fill("=?iso-2022-jp?B?GyRCJCIbKEI=?=\r\n ") + b"\r\n" + text(PAGE)


@heavy(ANY)
def encoded_words_within_the_limit():
    return b"Subject: " + fill("=?iso-2022-jp?B?GyRCJCIbKEI=?=\r\n ", 200000) + b"\r\n" + text(PAGE)


@heavy(ANY)
def encoded_words_of_one_letter():
    return b"Subject: " + fill("=?u?q?a?= ", 200000) + b"\r\n" + text(PAGE)


@heavy(ANY)
def parameters():
    return head("text/plain" + "".join(f"; a{i}=b" for i in range(20000))) + PAGE.encode()


@heavy(ANY)
def parameter_segments():
    return head("text/plain" + "".join(f"; name*{i}=b" for i in range(18000))) + PAGE.encode()


@heavy(ANY)
def long_parameter_name():
    """GMime 3.2.13 never comes back from writing such a one (its issue 165)."""
    return head("multipart/mixed; " + "n" * 72 + "=\"\u3042\"; boundary=heavy") + b"--heavy\r\n\r\n" + PAGE.encode() + b"\r\n--heavy--\r\n"


# --- parts -----------------------------------------------------------------------------------------------------------------

@heavy(REFUSED)
def ten_thousand_parts():
    return mixed(*[part("x")] * 10000)


@heavy(ANY)
def as_many_parts_as_are_read():
    return mixed(*[part(fill("x" * 60 + "\r\n", 24000))] * 990)


@heavy(ANY)
def a_hundred_bulletins():
    return mixed(*[part(PAGE.replace("901", f"{i:03}")) for i in range(100, 200)])


@heavy(ANY)
def parts_of_nothing():
    return head('multipart/mixed; boundary="heavy"') + fill("--heavy\r\n")


@heavy(ANY)
def delimiters_that_are_none():
    return head('multipart/mixed; boundary="heavy"') + fill("--heav\r\n") + b"--heavy--\r\n"


@heavy(REFUSED)
def nested_multiparts():
    mail = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (i, i) for i in range(1000))
    return b"Subject: x\r\n" + mail + b"\r\nx\r\n"


@heavy(REFUSED)
def nested_mails():
    return b"Subject: x\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1000 + PAGE.encode()


@heavy(REFUSED)
def nested_base64():
    mail = text(PAGE)
    while len(mail) < 8 << 20 and mail.count(b"\n") < 10 ** 7:
        mail = (b"Subject: x\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                base64.b64encode(mail))
    for _ in range(40):
        mail = b"Subject: x\r\nContent-Type: message/rfc822\r\n\r\n" + mail
    return mail


@heavy(ANY)
def base64_in_base64():
    mail = text(PAGE)
    for _ in range(28):
        mail = (b"Subject: x\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" +
                base64.b64encode(mail))
    return mail


@heavy(BULLETIN)
def forwarded_in_a_mail_of_25_mb():
    return mixed(part(b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + PAGE.encode(), "message/rfc822"),
                 part(fill("x" * 60 + "\r\n"), "application/octet-stream"))


# --- pages -----------------------------------------------------------------------------------------------------------------

NEAR = (2 << 20) - 4096  # the longest page that is read


def pages(name, outcome, start, piece, end="", size=NEAR):
    @heavy(outcome, name)
    def make():
        return html(start.encode() + fill(piece, size) + end.encode())
    return make


pages("nested_tables", REFUSED, "", "<table><tr><td>")
pages("nested_tables_closed", ANY, "", "<table><tr><td>" * 50 + "x" + "</table>" * 50)
pages("cells", REFUSED, "<table><tr>", "<td>x")
pages("rows", REFUSED, "<table>", "<tr><td>")
pages("columns_of_rowspan", ANY, "<table>", "<tr><td rowspan=60000 colspan=1000>")
pages("colspan", ANY, "<table><tr>", "<td colspan=999999>x", size=900000)
pages("unclosed_fonts", REFUSED, "", "<font>x")
pages("unclosed_divs", REFUSED, "", "<div>x")
pages("unclosed_bold", ANY, "", "<b>x<i>y")
pages("paragraphs", REFUSED, "", "<p>x")
pages("breaks", ANY, "", "<br>")
pages("entities", ANY, "", "&amp;&lt;&nbsp;&#x3042;&eacute")
pages("numbers", ANY, "", "&#1234567890;&#x110000;&#0;")
pages("ampersands", ANY, "", "&")
pages("less_than", ANY, "", "<")
pages("less_than_space", ANY, "", "< ")
pages("open_tags", ANY, "", "<a ")
pages("end_tags", ANY, "", "</p></b></td></table>")
pages("end_tags_in_depth", ANY, "<b>" * 1 + "<table><tr><td>" * 60, "</i></b></h1>")
pages("comments", ANY, "", "<!-- x -->y")
pages("comment_that_never_ends", ANY, "x<!--", "-- > ")
pages("scripts", ANY, "", "<script>x</script>y")
pages("script_that_never_ends", ANY, "x<script>", "</ script <")
pages("styles", ANY, "", "<p style='display : none'>x</p>")
pages("one_attribute", ANY, "<p title='", "attribute ", "'>x")
pages("attributes", REFUSED, "<p", " a=b", ">x")
pages("attribute_quotes", ANY, "<p ", "\"'", ">x")
pages("links", ANY, "", "<a href=http://a.example/>b</a> ")
pages("links_one_a_line", ANY, "", "<a href=http://a.example/>b</a><br>")
pages("long_links", ANY, "", "<a href='http://a.example/" + "x" * 8000 + "'>b</a><br>")
pages("one_link_on_many_lines", ANY, "<a href='http://a.example/" + "x" * 8000 + "'>", "b<br>", size=200000)
pages("images", ANY, "", "<img src=x>")
pages("images_in_cells", ANY, "<table>", "<tr><td><img alt=y src=x><td>x", size=500000)
pages("doctypes", ANY, "", "<!DOCTYPE x [ <!ENTITY a 'b'> ]>")
pages("processing_instructions", ANY, "", "<?x y?>")
pages("preformatted", ANY, "<pre>", "x \t\n")
pages("white_space", ANY, "", " \n\t")
pages("wide_spaces", ANY, "", "\u3000&nbsp;")
pages("lists", ANY, "", "<ul><li>x</ul>")
pages("nested_lists", REFUSED, "", "<ul><li>x")
pages("nul_bytes", ANY, "", "a\0b")


# --- bulletins that never end --------------------------------------------------------------------------------------------------

def regions(name, piece, lines=40000, **places):
    """The bulletin with many lines of one kind, in each of its regions."""
    for place in places or ("top", "ids", "middle", "end"):
        def make(place=place):
            body = "".join(piece(i) + "\n" for i in range(lines))
            return text(page(**{place: body}).encode()[:NEAR + 2048])
        heavy(ANY, f"{name}_in_{place}")(make)


regions("severities", lambda i: "深刻度\n1(緊急)\n  2(重要)", 16000)
regions("options", lambda i: f"{i % 4 + 1}(緊急)")
regions("labels", lambda i: ("再起動の必要性", "対策", "アンインストール", "対象環境", "脆弱性識別番号")[i % 5])
regions("unknown_labels", lambda i: f"未知の項目{i}:値")
regions("titles", lambda i: "HotFix Alert:2007/05/11版")
regions("identifiers", lambda i: "MS07-901/" + "/".join(str(900000 + j) for j in range(6)), 20000)
regions("identifier_lists", lambda i: " ".join(f"MS07-{j:03}" for j in range(100)), 2000)
regions("long_identifier", lambda i: "MS07-901" + "/990901" * 100000, 1)
regions("cve_names", lambda i: f"CVE-2007-{i:05}")
regions("kb_numbers", lambda i: f"サポート技術情報\n{100000 + i}", 20000)
regions("dates", lambda i: "【登録日】2007/05/11\n【更新日】\n2007", 12000)
regions("split_dates", lambda i: "2007\n/05\n/11", 12000)
regions("headings", lambda i: f"■見出し{i}\n文", 20000)
regions("dotted_headings", lambda i: "‥‥‥ 概要 ‥‥‥\n文", 20000)
regions("affected", lambda i: "影響を受けるソフトウェア\n対象プラットフォーム\nA\nB", 10000)
regions("affected_rows", lambda i: "|A|Windows|" if i else "対象プラットフォーム\n|影響を受けるソフトウェア|対象プラットフォーム|", 16000)
regions("test_rows", lambda i: "|Windows|○|" if i else "■適用テストの結果\n|プラットフォーム|適用テスト結果|", 16000)
regions("tests", lambda i: "■適用テストの結果\nプラットフォーム\n適用テスト結果\nWindows\n○", 10000)
regions("downloads", lambda i: "プラットフォーム\nダウンロード・センター\nWU/MU/SUS/WSUSの表示\nA\nB\nC", 8000)
regions("packages", lambda i: "ファイル名\n日付\nバージョン\nサイズ\na.dll\n2007/05/11\n1.0\n1,234", 6000)
regions("package_rows", lambda i: "|a.dll|2007/05/11|1.0|1,234|" if i else "適用されるファイル情報\n|ファイル名|日付|バージョン|サイズ|", 10000)
regions("files", lambda i: "a.dll\n2007/05/11\n1.0\n1,234" if i else "ファイル名\n日付\nバージョン\nサイズ", 12000)
regions("folders", lambda i: "展開フォルダ\nC:\\a", 20000)
regions("deployments", lambda i: "修正プログラム名\n50台\n100台\n250台\n500台\nA\n1分\n2分\n3分\n4分", 5000)
regions("deployment_rows", lambda i: "A\n1分\n2分\n3分\n1時間4分" if i else "予想適用時間\n修正プログラム名\n50台\n100台\n250台\n500台", 10000)
regions("update_expert", lambda i: "UpdateEXPERT上の表示\nA\n[展開ビュー]−[Media]タブに「名前:B」で登録", 16000)
regions("attacks", lambda i: "可能性のある攻撃\nリモート攻撃\nウイルス/ワーム\n○\n○", 8000)
regions("attack_marks", lambda i: "○" if i else "可能性のある攻撃\n攻撃手法\n脆弱性の影響\nリモート攻撃")
regions("risks", lambda i: "危険性\nSP待ち\n早期適用\n緊急適用", 10000)
regions("urgencies", lambda i: "対応の緊急性:至急適用[攻撃コード公開][攻撃事例あり]", 20000)
regions("brackets", lambda i: "[" * 40, 40000)
regions("open_bracket", lambda i: "(" * 400000, 1)
regions("pipes", lambda i: "|" * 20 + "x", 2000)
regions("pipe_lines", lambda i: "x |")
regions("addresses_in_text", lambda i: f"http://www.example.com/{i}")
regions("address_over_lines", lambda i: "http://www.example.com/\nabc" if i == 0 else "def")
regions("quotes", lambda i: ">" * 30 + " x")
regions("deep_quotes", lambda i: ">" * 500000 + " x", 3)
regions("wrapped", lambda i: "検査の文がここで折り返されて次の行に続くようになっているので長い段落")
regions("blank_lines", lambda i: "")
regions("one_letter_lines", lambda i: "x")
regions("line_of_labels", lambda i: "深刻度対策" * 100000, 1)
regions("line_of_spaces", lambda i: " \u3000" * 300000 + "x", 1)
regions("line_of_digits", lambda i: "9" * 1000000, 1)


@heavy(ANY)
def weekly():
    return text("HotFix Weekly:2007/05/30日版\n情報の種類\nセキュリティ番号\nタイトル\n" +
                "".join(f"新規\nMS07-{i % 100:03}/{900000 + i}\n題名{i}\n" for i in range(16000)))


@heavy(ANY)
def news():
    return text("[不具合情報]\n題名\nセキュリティ番号:MS07-901\n" + "サポート技術情報:990901\n更新日:2003/11/05\n" * 20000)


@heavy(ANY)
def tips():
    return text("HotFix Report\n/UpdateEXPERT TIPS/\n" + "■題名\n文\n" * 24000)


@heavy(ANY)
def notices():
    return text("HotFix Alert:2007/05/11 事前通知版\n" * 40000)


@heavy(ANY)
def severities_in_a_page():
    return html("<table>" + "<tr><td>深刻度<td><table><tr><td><img src=a><td>1(緊急)<tr><td><td>2(重要)</table>" * 5000)


@heavy(ANY)
def whole_bulletins_in_a_page():
    row = "".join(f"<tr><td>{line}</td></tr>" for line in PAGE.splitlines())
    return html(("<table>" + row + "</table>") * (NEAR // len(row.encode()) - 1))


@heavy(ANY)
def flowed():
    return head("text/plain; charset=utf-8; format=flowed") + PAGE.encode() + fill("word \r\n", NEAR)


@heavy(ANY)
def delsp():
    return head("text/plain; charset=utf-8; format=flowed; delsp=yes") + PAGE.encode() + fill(">> word \r\n", NEAR)


@heavy(ANY)
def random_bytes():
    return random.Random(2).randbytes(MAX_BYTES)
