/* SPDX-License-Identifier: MIT */
/*
 * An accounting of characters: each line of a bulletin's source is covered, from its first to its last character, by
 * what the rules made of it or by words that the format consists of; and what they made is all used up by the lines of the
 * source. So a line that a rule drops, a row that is lost, and a text that stands twice are all found.
 *
 * Words of the format are known by the rules' own tables, or by their place: what stands above the edition's title and
 * from the footer on, and the explanation of 危険性. Lines are compared in key form.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/hotfix_p.h"
#include "ingest/reader.h"
#include "tests/hotfix_pages.h"
#include "tests/support.h"

#define STEPS_MAX 20000u /* for one line; it is not covered if no way is found by then */
#define WRAPPED_LINES_MAX 4u
#define WHOLE_ALERTS_MIN 12u

/* Something that the bulletin holds. */
struct item {
        char *key;
        size_t used;   /* bytes of the key that lines of the source have covered */
        bool may_stay; /* stands in the bulletin more often than in the source, or elsewhere than in its lines */
};

struct account {
        GArray *items;     /* struct item */
        GString *problems; /* one a line */
        guint steps;
};

static void item_clear(gpointer data)
{
        g_free(((struct item *) data)->key);
}

static char *make_key(const char *text)
{
        g_autofree char *normal = text_normalize(text);
        return hotfix_key(normal);
}

static void add_item(struct account *account, const char *text, bool may_stay)
{
        struct item item = { .key = make_key(text ? text : ""), .may_stay = may_stay };
        if (*item.key)
                g_array_append_val(account->items, item);
        else
                item_clear(&item);
}

static void add_date(struct account *account, const char *date)
{
        if (!*date)
                return;
        g_autofree char *slashes = g_strdelimit(g_strdup(date), "-", '/');
        add_item(account, slashes, false);
}

static void add_size(struct account *account, gint64 size)
{
        if (size < 0)
                return;
        g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, size);
        GString *grouped = g_string_new(NULL);
        for (size_t i = 0, length = strlen(digits); i < length; i++)
                g_string_append_printf(grouped, "%s%c", i > 0 && (length - i) % 3 == 0 ? "," : "", digits[i]);
        add_item(account, grouped->str, false);
        g_string_free(grouped, TRUE);
}

static void add_minutes(struct account *account, gint64 minutes)
{
        if (minutes < 0)
                return;
        GString *text = g_string_new(NULL);
        if (minutes >= 60)
                g_string_append_printf(text, "%d時間", (int) (minutes / 60));
        if (minutes % 60 || minutes == 0)
                g_string_append_printf(text, "%d分", (int) (minutes % 60));
        add_item(account, text->str, false);
        g_string_free(text, TRUE);
}

static void add_choice(struct account *account, const struct choice *choice)
{
        g_auto(GStrv) lines = g_strsplit(choice->text ? choice->text : "", "\n", -1);
        for (char **line = lines; *line; line++)
                add_item(account, *line, choice->basis == BASIS_INFERRED); /* from another field */
}

static void add_identity(struct account *account, const struct bulletin *b)
{
        GString *identifier = g_string_new(b->id);
        for (guint i = 0; i < b->kbs->len; i++)
                g_string_append_printf(identifier, "/%s", (const char *) g_ptr_array_index(b->kbs, i));
        add_item(account, identifier->str, false);
        g_string_free(identifier, TRUE);
        add_date(account, b->edition);
        add_date(account, b->registered);
        add_date(account, b->updated);
        add_item(account, b->title, false);
        add_item(account, b->vendor_title, false);
        for (guint i = 0; i < b->supersedes->len; i++)
                add_item(account, g_ptr_array_index(b->supersedes, i), false);
        for (guint i = 0; i < b->cves->len; i++)
                add_item(account, g_ptr_array_index(b->cves, i), false);
        for (int i = 0; i < FIELD_MAX; i++)
                add_choice(account, &b->fields[i]);
}

static void add_file(struct account *account, const struct package_file *file)
{
        if (!file)
                return;
        add_item(account, file->name, false);
        add_date(account, file->date ? file->date : "");
        add_item(account, file->version, false);
        add_size(account, file->size);
        add_item(account, file->description, false);
        add_item(account, file->folder, true);
}

static void add_tables(struct account *account, const struct bulletin *b)
{
        for (guint i = 0; i < b->affected->len; i++) {
                const struct affected *affected = g_ptr_array_index(b->affected, i);
                add_item(account, affected->software, false);
                add_item(account, affected->platforms, false);
        }
        for (guint i = 0; i < b->tests->len; i++) {
                const struct lab_test *test = g_ptr_array_index(b->tests, i);
                add_item(account, test->platform, false);
                add_choice(account, &test->result);
        }
        for (guint i = 0; i < b->downloads->len; i++) {
                const struct download *download = g_ptr_array_index(b->downloads, i);
                add_item(account, download->platform, false);
                add_item(account, download->center, false);
                add_item(account, download->catalog, false);
        }
        for (guint i = 0; i < b->packages->len; i++) {
                const struct package *package = g_ptr_array_index(b->packages, i);
                add_item(account, package->product, false);
                add_file(account, package->file);
                for (guint n = 0; n < package->files->len; n++)
                        add_file(account, g_ptr_array_index(package->files, n));
        }
}

static void add_rest(struct account *account, const struct bulletin *b)
{
        for (guint i = 0; i < b->deployments->len; i++) {
                const struct deployment *deployment = g_ptr_array_index(b->deployments, i);
                add_item(account, deployment->package, false);
                add_item(account, deployment->product, false);
                for (int n = 0; n < 4; n++)
                        add_minutes(account, deployment->minutes[n]);
        }
        for (guint i = 0; i < b->update_expert->len; i++) {
                const struct update_expert *entry = g_ptr_array_index(b->update_expert, i);
                add_item(account, entry->product, false);
                add_item(account, entry->text, false);
        }
        for (guint i = 0; i < b->sections->len; i++) {
                const struct section *section = g_ptr_array_index(b->sections, i);
                /* A known head is a word of the format, wherever it stands. */
                g_autofree char *key = make_key(section->heading ? section->heading : "");
                add_item(account, section->heading, hotfix_is_known_head(key));
                add_item(account, section->text, false);
        }
}

static void account_open(struct account *account, const struct bulletin *b)
{
        *account = (struct account){ .items = g_array_new(FALSE, TRUE, sizeof(struct item)),
                                     .problems = g_string_new(NULL) };
        g_array_set_clear_func(account->items, item_clear);
        add_identity(account, b);
        add_tables(account, b);
        add_rest(account, b);
}

static void account_close(struct account *account)
{
        g_array_unref(account->items);
        g_string_free(account->problems, TRUE);
}

/* Words of the format that are in no table of the rules: heads of tables, marks, and what parts values. */
static const char *const words[] = {
        "プラットフォーム", "適用テスト結果", "影響を受けるソフトウェア", "対象プラットフォーム", "ダウンロード・センター",
        "ファイル名", "日付", "バージョン", "サイズ", "機能", "展開フォルダ", "修正プログラム名", "50台", "100台", "250台", "500台",
        "攻撃手法", "脆弱性の影響", "HotFixAlert", "登録日", "更新日", "日版", "版", "HFRBBS会議室", "詳細", "なし", "SP待ち",
        "早期適用", "緊急適用", "【", "】", "(", ")", "[", "]", ":", "|", "・", "→", "-", ".", "*", "=", "_", ",",
        "、", "―",
};

/* Bytes of the longest word of the format that the key starts with, but only shorter than limit; 0 for none. */
static size_t match_word(const char *key, size_t limit)
{
        size_t best = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
                if (g_str_has_prefix(key, words[i]) && strlen(words[i]) < limit)
                        best = MAX(best, strlen(words[i]));
        static const struct hotfix_word *const tables[] = { hotfix_words_severity, hotfix_words_environment,
                                                            hotfix_words_attack };
        for (size_t i = 0; i < G_N_ELEMENTS(tables); i++)
                for (const struct hotfix_word *word = tables[i]; word->key; word++)
                        if (g_str_has_prefix(key, word->key) && strlen(word->key) < limit)
                                best = MAX(best, strlen(word->key));
        for (int label = LABEL_SEVERITY; label <= LABEL_ATTACKS; label++) {
                const char *word = hotfix_label_text((enum hotfix_label) label);
                if (*word && g_str_has_prefix(key, word) && strlen(word) < limit)
                        best = MAX(best, strlen(word));
        }
        return best;
}

static size_t common_prefix(const char *a, const char *b)
{
        size_t size = 0;
        while (a[size] && a[size] == b[size])
                size++;
        return size;
}

static bool cover(struct account *account, const char *key);

/* Tries what is left of the item for the start of the key: all of it, or all of the key. */
static bool cover_by_item(struct account *account, guint i, const char *key)
{
        struct item *item = &g_array_index(account->items, struct item, i);
        const char *left = item->key + item->used;
        size_t size = common_prefix(left, key);
        if (size == 0 || (left[size] && key[size]))
                return false;
        item->used += size;
        if (cover(account, key + size))
                return true;
        g_array_index(account->items, struct item, i).used -= size;
        return false;
}

/* Whole items before those that the line leaves unfinished, and begun ones before new ones; copies of others last. */
static bool cover_by_items(struct account *account, const char *key)
{
        for (int pass = 0; pass < 8; pass++)
                for (guint i = 0; i < account->items->len; i++) {
                        const struct item *item = &g_array_index(account->items, struct item, i);
                        bool begun = item->used > 0, whole = g_str_has_prefix(key, item->key + item->used);
                        int own_pass = (item->may_stay ? 4 : 0) + (whole ? 0 : 2) + (begun ? 0 : 1);
                        if (item->key[item->used] && own_pass == pass && cover_by_item(account, i, key))
                                return true;
                }
        return false;
}

/* Whether the key can be put together from what is left of the items and from words. What is used stays used only
 * where it can. */
static bool cover(struct account *account, const char *key)
{
        if (!*key)
                return true;
        if (++account->steps > STEPS_MAX)
                return false;
        if (cover_by_items(account, key))
                return true;
        size_t limit = strlen(key) + 1;
        for (size_t size; (size = match_word(key, limit)) > 0; limit = size)
                if (cover(account, key + size))
                        return true;
        return false;
}

static bool has_known_head(const char *key)
{
        return hotfix_is_known_head(key) || key[strspn(key, ".")] == '\0';
}

/* "WU/MU/SUS/WSUSの表示": which catalogues there were changed over the years. */
static bool is_catalogue_head(const char *key)
{
        const char *word = "の表示";
        const char *end = key + strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ/");
        return end > key && g_str_equal(end, word);
}

static bool is_explanation(const char *key)
{
        return strstr(key, "「緊急適用」") && strstr(key, "「SP待ち」");
}

/* "MS07-028(日本)": the text of a link to the vendor's page, which the bulletin's number names. */
static bool is_link_to_vendor(const char *key)
{
        size_t size = hotfix_match_id(key, NULL);
        return size > 0 && (g_str_equal(key + size, "(日本)") || g_str_equal(key + size, "(US)"));
}

static bool is_legend(const char *key)
{
        return g_str_has_prefix(key, "○は");
}

/* Where the bulletin's own lines begin: below its edition's title, or at the start of an excerpt. */
static guint find_start(char *const *keys)
{
        for (guint i = 0; keys[i]; i++)
                if (g_str_has_prefix(keys[i], "HotFixAlert"))
                        return i;
        return 0;
}

static bool is_covered(struct account *account, const char *key)
{
        account->steps = 0;
        if (!*key || has_known_head(key) || is_explanation(key) || is_legend(key) || is_link_to_vendor(key) ||
            cover(account, key))
                return true;
        const char *catalogue = g_strrstr(key, "WU");
        if (!catalogue || !is_catalogue_head(catalogue))
                return false;
        g_autofree char *before = g_strndup(key, (gsize) (catalogue - key));
        return cover(account, before);
}

static void copy_used(const struct account *account, size_t *used)
{
        for (guint i = 0; i < account->items->len; i++)
                used[i] = g_array_index(account->items, struct item, i).used;
}

/* Where two lines together begin like one item, and the first alone like another, only both show which it is: the line
 * before is taken back, and both are covered as one. */
static bool are_covered(struct account *account, const size_t *used_before, const char *before, const char *key)
{
        g_autofree size_t *used = g_new(size_t, account->items->len);
        copy_used(account, used);
        for (guint i = 0; i < account->items->len; i++)
                g_array_index(account->items, struct item, i).used = used_before[i];
        g_autofree char *joined = g_strconcat(before, key, NULL);
        if (is_covered(account, joined))
                return true;
        for (guint i = 0; i < account->items->len; i++)
                g_array_index(account->items, struct item, i).used = used[i];
        return false;
}

/* The lines in key form, without the pipes that end cells. */
static char **read_keys(char *const *lines)
{
        GPtrArray *keys = g_ptr_array_new();
        for (char *const *line = lines; *line; line++) {
                g_autofree char *bare = g_strdup(*line);
                g_strchomp(bare);
                if (g_str_has_suffix(bare, "|"))
                        bare[strlen(bare) - 1] = '\0';
                g_ptr_array_add(keys, make_key(bare));
        }
        g_ptr_array_add(keys, NULL);
        return (char **) g_ptr_array_free(keys, FALSE);
}

/* The explanation of 危険性 where the mail's wrapping has parted it from here on: its last line, or at. */
static guint find_explanation_end(char *const *keys, guint at)
{
        g_autoptr(GString) joined = g_string_new(NULL);
        for (guint i = at; keys[i] && i < at + WRAPPED_LINES_MAX; i++) {
                g_string_append(joined, keys[i]);
                if (strstr(keys[at], "「緊急") && is_explanation(joined->str) && g_str_has_suffix(keys[i], "。"))
                        return i;
        }
        return at;
}

#define UNCOVERED G_MAXUINT

/* The last of the lines from at on that are covered as one, or UNCOVERED. */
static guint cover_lines(struct account *account, char *const *keys, guint at, const size_t *used_before,
                         const char *before)
{
        guint explained = find_explanation_end(keys, at);
        if (explained > at || is_covered(account, keys[at]) || are_covered(account, used_before, before, keys[at]))
                return explained;
        g_autofree char *with_next = g_strconcat(keys[at], keys[at + 1], NULL); /* a word of the format was wrapped */
        return keys[at + 1] && is_covered(account, with_next) ? at + 1 : UNCOVERED;
}

static void cover_source(struct account *account, const char *source)
{
        g_auto(GStrv) lines = g_strsplit(source, "\n", -1);
        g_auto(GStrv) keys = read_keys(lines);
        g_autofree size_t *used_before = g_new0(size_t, account->items->len + 1);
        const char *before = "";
        for (guint i = find_start(keys); keys[i] && !hotfix_is_footer(keys[i]); i++) {
                g_autofree size_t *used = g_new0(size_t, account->items->len + 1);
                copy_used(account, used);
                guint last = cover_lines(account, keys, i, used_before, before);
                if (last == UNCOVERED)
                        g_string_append_printf(account->problems, "not accounted for: %s\n", lines[i]);
                else
                        i = last;
                memcpy(used_before, used, account->items->len * sizeof(size_t));
                before = keys[i];
        }
}

/* Nothing is in the bulletin that is not in the source, and nothing twice. */
static void check_used(struct account *account, const char *source)
{
        g_auto(GStrv) lines = g_strsplit(source, "\n", -1);
        g_auto(GStrv) keys = read_keys(lines);
        g_autofree char *whole = g_strjoinv("", keys);
        for (guint i = 0; i < account->items->len; i++) {
                const struct item *item = &g_array_index(account->items, struct item, i);
                if (item->may_stay ? !strstr(whole, item->key) : item->key[item->used])
                        g_string_append_printf(account->problems, "not in the source: %s\n", item->key + item->used);
        }
}

/* What is wrong, one a line; "" if all is accounted for. Newly allocated. */
static char *balance(const struct bulletin *b, const char *source)
{
        struct account account;
        account_open(&account, b);
        cover_source(&account, source);
        check_used(&account, source);
        char *problems = g_strdup(account.problems->str);
        account_close(&account);
        return problems;
}

static void check_balance(const struct bulletin *b, const char *source, const char *name)
{
        g_autofree char *problems = balance(b, source);
        ck_assert_msg(!*problems, "%s:\n%s", name, problems);
}

START_TEST(test_the_publishers_own_bulletins)
{
        g_autofree char *directory = support_seeds_directory();
        if (!directory)
                return; /* they are not part of this repository */
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        guint count = 0;
        for (const char *name; (name = g_dir_read_name(dir)); count++) {
                g_autofree char *path = g_build_filename(directory, name, NULL);
                g_autofree char *text = support_read_file(path, NULL);
                struct bulletin *b = extract_text(text);
                check_balance(b, text, name);
                bulletin_free(b);
        }
        g_dir_close(dir);
        ck_assert_uint_ge(count, 3);
}
END_TEST

static const char *const directories[] = { "mail/samples", "mail/eras", "mail/renderings" };

/* Reads a mail; true if it is a whole alert, from its title to its identifier. */
static bool read_alert(const char *path, struct reader_result *ret_result)
{
        size_t size;
        g_autofree char *data = support_read_file(path, &size);
        reader_read(data, size, READER_MAIL, ret_result);
        const struct bulletin *b = ret_result->bulletin;
        return ret_result->outcome == READER_RECOGNISED && b->kind == BULLETIN_ALERT && b->id && b->edition[0];
}

static void check_directory(const char *relative, guint *count)
{
        g_autofree char *directory = support_source_path(relative);
        GDir *dir = g_dir_open(directory, 0, NULL);
        ck_assert_ptr_nonnull(dir);
        for (const char *name; (name = g_dir_read_name(dir));) {
                if (!g_str_has_suffix(name, ".eml"))
                        continue;
                g_autofree char *path = g_build_filename(directory, name, NULL);
                struct reader_result result;
                if (read_alert(path, &result)) {
                        check_balance(result.bulletin, result.text, name);
                        ++*count;
                }
                reader_result_clear(&result);
        }
        g_dir_close(dir);
}

START_TEST(test_our_own_alerts)
{
        guint count = 0;
        reader_prepare();
        for (size_t i = 0; i < G_N_ELEMENTS(directories); i++)
                check_directory(directories[i], &count);
        ck_assert_uint_ge(count, WHOLE_ALERTS_MIN);
}
END_TEST

static void parse(const char *relative, struct reader_result *ret_result)
{
        g_autofree char *path = support_source_path(relative);
        ck_assert(read_alert(path, ret_result));
}

/* A bulletin from which something was lost is not in balance. */
static void check_lost(const struct reader_result *result, const char *what)
{
        g_autofree char *problems = balance(result->bulletin, result->text);
        ck_assert_msg(*problems, "without %s nothing is missing", what);
}

/* Each member of the list in turn is lost. */
static void check_list_lost(const struct reader_result *result, GPtrArray *list, const char *what)
{
        ck_assert_msg(list->len > 0, "the sample has no %s", what);
        for (guint i = 0; i < list->len; i++) {
                gpointer member = g_ptr_array_steal_index(list, i);
                check_lost(result, what);
                g_ptr_array_insert(list, (gint) i, member);
        }
}

#define SAMPLE \
        "HotFix Alert:2007/09/12版\n【登録日】2007/09/12\n【更新日】2007/09/13\n\n深刻度\n  1(緊急)\n2(重要)\n  3(警告)\n  4(注意)\n" \
        "対策\n早期適用\n再起動の必要性\n必要(止めてあれば不要)\nアンインストール\n対象環境\n  サーバ\nクライアント\n" \
        "セキュリティ情報\nMS07-901(日本)\nサポート技術情報\n含まれる過去の修正\nMS06-903\n脆弱性識別番号\nCVE-2007-90101\n" \
        "MS07-901/990101/990102\n帳票サーバの欠陥\n(帳票サーバの脆弱性)\n\n対応の緊急性:早期適用 [攻撃コード未公開][攻撃事例なし]\n\n" \
        "危険性\nSP待ち\n早期適用\n緊急適用\n\n 帳票が止まる。\n\n概要\n\n 長さを見ない。\n 古い版も同じ。\n\n対象プラットフォーム\n\n" \
        "影響を受けるソフトウェア 対象プラットフォーム\n帳票サーバ 3 帳票サーバ 3 SP1\n帳票サーバ 4 帳票サーバ 4\n\n■適用テストの結果\n 確かめた。\n\n" \
        "プラットフォーム\n適用テスト結果\nWindows 2000 SP4 ○\nWindows XP SP2 △\n○は異常なし\n\n■受付が止まる\n 二分ほど。\n\n" \
        "‥‥‥ 修正プログラムのダウンロード先 ‥‥‥\nプラットフォーム ダウンロード・センター WU/WSUSの表示\n帳票サーバ 3 帳票の更新 (KB990101)\n\n" \
        "‥‥‥ 適用されるファイル情報 ‥‥‥\n 入れ替わる。\n\n帳票サーバ 3:\nファイル名 日付 バージョン サイズ\nForms3.exe 2007/09/01 3.0.1.2\n" \
        "1,383,376\n\nファイル名 日付 バージョン サイズ 機能\n展開フォルダ\n%ProgramFiles%\\Forms\\\nforms.dll 2007/08/30 3.0.1.3\n511,328\n" \
        "帳票の部品\nmenu.dll 2007/08/31 3.0.1.4\n1,024\n一覧\n\n予想適用時間\n\n修正プログラム名 50台 100台 250台 500台\nForms3.exe\n(帳票サーバ 3)\n" \
        "12分 2時間 46分 1時間28分\n目安である。\n\nUpdateEXPERT上の表示\n\n・帳票サーバ 3:\n対象外\n\nCopyright (C) Example\n宛先は別紙\n"

static void read_sample(struct reader_result *ret_result)
{
        reader_read(SAMPLE, strlen(SAMPLE), READER_TEXT, ret_result);
        ck_assert_int_eq(ret_result->outcome, READER_RECOGNISED);
        check_balance(ret_result->bulletin, ret_result->text, "sample");
}

START_TEST(test_what_is_lost_is_missed)
{
        struct reader_result result;
        reader_prepare();
        read_sample(&result);
        struct bulletin *b = result.bulletin;
        check_list_lost(&result, b->sections, "section");
        check_list_lost(&result, b->affected, "affected product");
        check_list_lost(&result, b->tests, "test");
        check_list_lost(&result, b->downloads, "download");
        check_list_lost(&result, b->packages, "package");
        check_list_lost(&result, ((struct package *) g_ptr_array_index(b->packages, 0))->files, "file");
        check_list_lost(&result, b->deployments, "deployment");
        check_list_lost(&result, b->update_expert, "entry of UpdateEXPERT");
        check_list_lost(&result, b->supersedes, "superseded bulletin");
        check_list_lost(&result, b->cves, "CVE");
        check_list_lost(&result, b->kbs, "KB");
        char **const texts[] = { &b->title, &b->vendor_title, &b->fields[FIELD_RESTART].text };
        for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
                char *text = *texts[i];
                *texts[i] = NULL;
                check_lost(&result, text);
                *texts[i] = text;
        }
        check_balance(b, result.text, "sample made whole again");
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_what_is_cut_or_changed_is_missed)
{
        struct reader_result result;
        reader_prepare();
        read_sample(&result);
        struct package *package = g_ptr_array_index(result.bulletin->packages, 0);
        struct package_file *file = g_ptr_array_index(package->files, 0);
        file->size++;
        check_lost(&result, "the right size");
        file->size--;
        struct deployment *deployment = g_ptr_array_index(result.bulletin->deployments, 0);
        deployment->minutes[3]--;
        check_lost(&result, "the right minutes");
        deployment->minutes[3]++;
        struct section *section = g_ptr_array_index(result.bulletin->sections, 1);
        char *line = strchr(section->text, '\n');
        ck_assert_ptr_nonnull(line);
        *line = '\0';
        check_lost(&result, "the second line of a section");
        *line = '\n';
        check_balance(result.bulletin, result.text, "sample made whole again");
        reader_result_clear(&result);
}
END_TEST

START_TEST(test_what_is_not_in_the_source_is_noticed)
{
        struct reader_result result;
        reader_prepare();
        read_sample(&result);
        GPtrArray *sections = result.bulletin->sections;
        g_ptr_array_add(sections, section_new(NULL, "書いていない文。"));
        check_lost(&result, "a text that was made up");
        g_ptr_array_remove_index(sections, sections->len - 1);
        g_ptr_array_add(sections, section_new(NULL, "帳票サーバ 4 帳票サーバ 4")); /* a row that is in its table, too */
        check_lost(&result, "a text that stands twice");
        g_ptr_array_remove_index(sections, sections->len - 1);
        check_balance(result.bulletin, result.text, "sample made whole again");
        reader_result_clear(&result);
        parse("mail/samples/04-moderate-pipes.eml", &result);
        check_list_lost(&result, result.bulletin->sections, "section");
        check_list_lost(&result, result.bulletin->downloads, "download");
        reader_result_clear(&result);
}
END_TEST

static Suite *suite(void)
{
        Suite *suite = suite_create("accounting");
        TCase *tcase = tcase_create("accounting");
        tcase_add_test(tcase, test_the_publishers_own_bulletins);
        tcase_add_test(tcase, test_our_own_alerts);
        tcase_add_test(tcase, test_what_is_lost_is_missed);
        tcase_add_test(tcase, test_what_is_cut_or_changed_is_missed);
        tcase_add_test(tcase, test_what_is_not_in_the_source_is_noticed);
        suite_add_tcase(suite, tcase);
        return suite;
}

int main(void)
{
        return support_run(suite());
}
