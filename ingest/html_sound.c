/* SPDX-License-Identifier: MIT */
/*
 * The tags of a sound page, as nearly every program writes them, found without libxml2, which takes several times as
 * long. What it would do is done here as well: elements that are implied, and those that another one closes. At the first
 * thing that is not plainly sound the page is given up, and libxml2 reads it from its start. Of a process one thread at a
 * time may read here: what libxml2 was asked is kept.
 */
#include <string.h>

#include "common/text.h"
#include "ingest/html_elements.h"
#include "ingest/html_p.h"

#define OPEN_MAX 200u      /* elements, one in another */
#define UNKNOWN_MAX 32u    /* names that HTML 4 does not have */
#define NAME_MAX_BYTES 31u
#define ATTRIBUTES_MAX 100u
#define PIECE_BYTES 1000u  /* libxml2 hands out text in pieces of this size */

/* All that libxml2 has rules for. */
static const char *const names[] = {
        "a", "abbr", "acronym", "address", "applet", "area", "b", "base", "basefont", "bdo", "big", "blockquote", "body",
        "br", "button", "caption", "center", "cite", "code", "col", "colgroup", "dd", "del", "dfn", "dir", "div", "dl",
        "dt", "em", "embed", "fieldset", "font", "form", "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head",
        "hr", "html", "i", "iframe", "img", "input", "ins", "isindex", "kbd", "label", "legend", "li", "link", "listing",
        "map", "menu", "meta", "multicol", "noframes", "noscript", "object", "ol", "optgroup", "option", "p", "param",
        "plaintext", "pre", "q", "s", "samp", "script", "select", "small", "span", "strike", "strong", "style", "sub",
        "sup", "table", "tbody", "td", "textarea", "tfoot", "th", "thead", "title", "tr", "tt", "u", "ul", "var", "xmp",
};
#define KNOWN G_N_ELEMENTS(names)
#define HASH_BITS 9u

struct tag {
        char name[NAME_MAX_BYTES + 1];
        size_t size;
        guint64 key;    /* see key_of */
        unsigned place; /* among the known ones; KNOWN for all others */
        unsigned flags;
        unsigned priority; /* an end tag closes no open element of a higher one */
        bool is_empty, is_raw, in_head, is_frame;
};

static struct {
        struct tag tags[KNOWN];
        guint8 by_hash[1u << HASH_BITS]; /* index into tags plus 1 */
        guint8 closes[KNOWN + 1][KNOWN + 1]; /* [new][open], by their places: 0 not asked yet, 1 no, 2 yes */
        const struct tag *html, *head, *body, *p;
} known;

/* The first bytes of a name that has zeros behind it, which are all of most: names are compared as numbers. */
static guint64 key_of(const char name[NAME_MAX_BYTES + 1])
{
        guint64 key;
        memcpy(&key, name, sizeof key);
        return key;
}

static unsigned hash_of(guint64 key)
{
        return (unsigned) (key * G_GUINT64_CONSTANT(0x9E3779B97F4A7C15) >> (64 - HASH_BITS));
}

static bool is_tag(const struct tag *tag, const char *name, size_t size, guint64 key)
{
        return tag->key == key && (size < sizeof key || strcmp(tag->name, name) == 0);
}

static const struct tag *find_known(const char name[NAME_MAX_BYTES + 1], size_t size)
{
        guint64 key = key_of(name);
        for (unsigned at = hash_of(key); known.by_hash[at]; at = (at + 1) % (1u << HASH_BITS))
                if (is_tag(&known.tags[known.by_hash[at] - 1], name, size, key))
                        return &known.tags[known.by_hash[at] - 1];
        return NULL;
}

static bool is_one_of(const char *name, const char *const *list)
{
        while (*list && strcmp(*list, name) != 0)
                list++;
        return *list != NULL;
}

static unsigned priority_of(const char *name)
{
        static const struct { const char *name; unsigned priority; } priorities[] = {
                { "div", 150 },   { "td", 160 },    { "th", 160 },    { "tr", 170 },   { "thead", 180 }, { "tbody", 180 },
                { "tfoot", 180 }, { "table", 190 }, { "head", 200 },  { "body", 200 }, { "html", 220 },
        };
        for (size_t i = 0; i < G_N_ELEMENTS(priorities); i++)
                if (strcmp(name, priorities[i].name) == 0)
                        return priorities[i].priority;
        return 100;
}

static void fill_tag(struct tag *tag, const char *name, size_t size, unsigned place)
{
        static const char *const raw[] = { "script", "style", NULL },
                          *const head[] = { "script", "style", "meta", "link", "title", "base", NULL },
                          *const frame[] = { "frame", "frameset", "noframes", "plaintext", NULL };
        *tag = (struct tag){ .size = size, .place = place };
        memcpy(tag->name, name, size);
        tag->key = key_of(tag->name);
        tag->flags = html_element_flags(tag->name);
        tag->priority = priority_of(tag->name);
        tag->is_empty = html_tag_is_empty(tag->name);
        tag->is_raw = is_one_of(tag->name, raw);
        tag->in_head = is_one_of(tag->name, head);
        tag->is_frame = is_one_of(tag->name, frame);
}

/* What a character of a name is in lower case; 0 for those that end it. */
static guint8 name_chars[256];

static void fill_name_chars(void)
{
        for (int c = 0; c < 256; c++)
                if (c < 0x80 && (g_ascii_isalnum(c) || strchr(":-_.", c)) && c)
                        name_chars[c] = (guint8) g_ascii_tolower((char) c);
}

static const struct tag *get_known(const char *name)
{
        const struct tag *tag = known.tags;
        while (strcmp(tag->name, name) != 0)
                tag++;
        return tag;
}

void html_sound_prepare(void)
{
        fill_name_chars();
        memset(known.by_hash, 0, sizeof known.by_hash);
        for (unsigned i = 0; i < KNOWN; i++) {
                fill_tag(&known.tags[i], names[i], strlen(names[i]), i);
                unsigned at = hash_of(known.tags[i].key);
                while (known.by_hash[at])
                        at = (at + 1) % (1u << HASH_BITS);
                known.by_hash[at] = (guint8) (i + 1);
                known.closes[i][KNOWN] = known.closes[KNOWN][i] = 1;
        }
        known.closes[KNOWN][KNOWN] = 1;
        known.html = get_known("html");
        known.head = get_known("head");
        known.body = get_known("body");
        known.p = get_known("p");
}

/* --- a page --- */

struct page {
        struct html_reader *reader;
        const char *text, *end;
        const char *next_newline; /* the first that is not counted in line, or the end */
        const char *next_tag, *next_reference; /* see find_next */
        unsigned line;
        const struct tag *open[OPEN_MAX];
        unsigned open_count;
        struct tag unknown[UNKNOWN_MAX];
        unsigned unknown_count;
        struct { const char *start; size_t size; } idle[KNOWN + 1]; /* see match_idle */
        bool seen_head, seen_body;
        bool gives_up;
        GString *values; /* of the tag's attributes */
};

static bool give_up(struct page *page)
{
        page->gives_up = true;
        return false;
}

static const char *find_newline(const struct page *page, const char *p)
{
        const char *newline = memchr(p, '\n', (size_t) (page->end - p));
        return newline ? newline : page->end;
}

static unsigned line_at(struct page *page, const char *at)
{
        for (; page->next_newline < at; page->line++)
                page->next_newline = find_newline(page, page->next_newline + 1);
        return page->line;
}

static const struct tag *top(const struct page *page)
{
        return page->open_count > 0 ? page->open[page->open_count - 1] : NULL;
}

static bool closes(const struct tag *tag, const struct tag *open)
{
        guint8 *answer = &known.closes[tag->place][open->place];
        if (*answer == 0)
                *answer = html_tag_closes(tag->name, open->name) ? 2 : 1;
        return *answer == 2;
}

/* An element that means nothing needs no line. */
static unsigned line_of(struct page *page, const struct tag *tag, const char *at)
{
        return tag->flags ? line_at(page, at) : 0;
}

static void close_top(struct page *page, const char *at)
{
        const struct tag *tag = page->open[--page->open_count];
        html_end_element(page->reader, tag->flags, line_of(page, tag, at));
}

static void open_tag(struct page *page, const struct tag *tag, const char *const *attributes, const char *at)
{
        if (page->open_count == OPEN_MAX) {
                give_up(page);
                return;
        }
        page->seen_head = page->seen_head || tag == known.head || tag == known.body;
        page->seen_body = page->seen_body || tag == known.body;
        page->open[page->open_count++] = tag;
        html_start_element(page->reader, tag->flags, attributes, line_of(page, tag, at));
}

static bool is_in(const struct page *page, const struct tag *tag)
{
        for (unsigned i = 0; i < page->open_count; i++)
                if (page->open[i] == tag)
                        return true;
        return false;
}

/* What the tag ends, and what it implies. */
static void make_place(struct page *page, const struct tag *tag, const char *at)
{
        while (page->open_count > 0 && closes(tag, top(page)))
                close_top(page, at);
        if (tag == known.html)
                return;
        if (page->open_count == 0)
                open_tag(page, known.html, NULL, at);
        if (tag == known.head || tag == known.body)
                return;
        if (page->open_count <= 1 && tag->in_head) {
                if (!page->seen_head)
                        open_tag(page, known.head, NULL, at);
        } else if (!page->seen_body && !is_in(page, known.body) && !is_in(page, known.head)) {
                open_tag(page, known.body, NULL, at);
        }
}

/* Text stands in a paragraph, if nothing else is around it. */
static void make_paragraph(struct page *page, const char *at)
{
        const struct tag *around = top(page);
        if (around && around != known.html && around != known.head)
                return;
        make_place(page, known.p, at);
        open_tag(page, known.p, NULL, at);
}

static bool is_blank(char c)
{
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *p, const char *end)
{
        while (p < end && is_blank(*p))
                p++;
        return p;
}

static const char *skip_utf8(const char *p, const char *end)
{
        while (p < end && ((unsigned char) *p & 0xC0) == 0x80)
                p++;
        return p;
}

/* --- text --- */

static bool is_all_blank(const char *p, const char *end)
{
        return skip_blanks(p, end) == end;
}

/* [p, stop) without "<" and "&". */
static void read_run(struct page *page, const char *p, const char *stop)
{
        while (p < stop && !page->gives_up) {
                const char *piece = stop, *last = stop; /* where the piece ends, and the line is counted */
                if ((size_t) (stop - p) >= PIECE_BYTES) {
                        piece = skip_utf8(p + PIECE_BYTES, stop);
                        last = text_last_character(p, piece);
                }
                bool at_tag = piece == stop && last == stop && (stop == page->end || *stop == '<');
                if (!at_tag || !is_all_blank(p, piece))
                        make_paragraph(page, last);
                html_add_clean_text(page->reader, p, (size_t) (piece - p), line_at(page, last));
                p = piece;
        }
}

/* The character that "&…;" at p stands for, and where it ends; *ret_behind == p where it is only text. */
static gunichar read_entity(const char *p, const char *end, const char **ret_behind)
{
        char name[16];
        size_t size = 0;
        const char *at = p + 1;
        for (; at < end && g_ascii_isalnum(*at) && size < sizeof name - 1; at++)
                name[size++] = *at;
        name[size] = '\0';
        *ret_behind = p;
        if (size == 0 || at == end || *at != ';')
                return 0;
        unsigned value = html_entity_value(name);
        if (value > 0)
                *ret_behind = at + 1;
        return value;
}

static gunichar read_number(const char *p, const char *end, const char **ret_behind)
{
        const char *at = p + 2, *digits;
        bool is_hex = at < end && (*at == 'x' || *at == 'X');
        gunichar c = 0;
        digits = at += is_hex;
        for (; at < end && at - digits < 7 && (is_hex ? g_ascii_isxdigit(*at) : g_ascii_isdigit(*at)); at++)
                c = c * (is_hex ? 16 : 10) + (gunichar) g_ascii_xdigit_value(*at);
        bool is_text = (c >= 0x20 && c < 0x7F) || c == '\n' || c == '\t' || (c >= 0xA0 && c < 0xD800) ||
                       (c >= 0xE000 && c < 0xFFFE);
        bool is_sound = at > digits && at < end && *at == ';' && is_text;
        *ret_behind = is_sound ? at + 1 : p;
        return is_sound ? c : 0;
}

/* p is at "&". Returns behind it, or NULL where it asks for care. */
static const char *read_reference(struct page *page, const char *p)
{
        const char *behind;
        bool is_number = page->end - p >= 2 && p[1] == '#';
        gunichar c = is_number ? read_number(p, page->end, &behind) : read_entity(p, page->end, &behind);
        if (is_number && behind == p) {
                give_up(page);
                return NULL;
        }
        char utf8[6] = "&";
        int size = behind > p ? g_unichar_to_utf8(c, utf8) : 1;
        behind = behind > p ? behind : p + 1;
        make_paragraph(page, behind);
        html_add_clean_text(page->reader, utf8, (size_t) size, line_at(page, behind));
        return behind;
}

/* --- tags --- */

static bool is_name_start(char c)
{
        return g_ascii_isalpha(c) || c == '_' || c == ':' || c == '.';
}

/* Reads a name in lower case, as key_of wants it; 0 for none or one that is too long. */
static size_t read_name(const char **p, const char *end, char ret_name[NAME_MAX_BYTES + 1])
{
        size_t size = 0;
        const char *at = *p;
        memset(ret_name, 0, sizeof(guint64));
        for (; at < end && name_chars[(unsigned char) *at]; at++) {
                if (size == NAME_MAX_BYTES)
                        return 0;
                ret_name[size++] = (char) name_chars[(unsigned char) *at];
        }
        ret_name[size] = '\0';
        *p = at;
        return size;
}

/* NULL where there are too many that are not known. */
static const struct tag *find_tag(struct page *page, const char *name, size_t size)
{
        const struct tag *tag = find_known(name, size);
        for (unsigned i = 0; !tag && i < page->unknown_count; i++)
                if (is_tag(&page->unknown[i], name, size, key_of(name)))
                        tag = &page->unknown[i];
        if (tag || page->unknown_count == UNKNOWN_MAX)
                return tag;
        fill_tag(&page->unknown[page->unknown_count], name, size, KNOWN);
        return &page->unknown[page->unknown_count++];
}

/* Those that are looked at, by the sizes of their names. */
static const char *const used_attributes[] = {
        "alt", "src", "href", "type", "style", "width", "height", "hidden", "checked", "colspan", "rowspan",
};
#define USED_SIZE_MAX 7u
static const guint8 used_by_size[USED_SIZE_MAX + 2] = { 0, 0, 0, 0, 2, 4, 6, 8, 11 }; /* the first one of each size */

struct attributes {
        size_t offsets[G_N_ELEMENTS(used_attributes)]; /* of the value in page->values, plus 1; 0: not there */
        bool has_value[G_N_ELEMENTS(used_attributes)];
        bool any;
};

static int find_used(const char *name, size_t size)
{
        if (size > USED_SIZE_MAX)
                return -1;
        for (unsigned i = used_by_size[size]; i < used_by_size[size + 1]; i++)
                if (memcmp(used_attributes[i], name, size) == 0)
                        return (int) i;
        return -1;
}

static bool append_value(struct page *page, const char *p, const char *end)
{
        while (p < end) {
                const char *reference = memchr(p, '&', (size_t) (end - p)), *stop = reference ? reference : end, *behind;
                g_string_append_len(page->values, p, stop - p);
                p = stop;
                if (p == end)
                        break;
                bool is_number = end - p >= 2 && p[1] == '#';
                gunichar c = is_number ? read_number(p, end, &behind) : read_entity(p, end, &behind);
                if (is_number && behind == p)
                        return give_up(page);
                if (behind > p)
                        g_string_append_unichar(page->values, c);
                else
                        g_string_append_c(page->values, '&');
                p = behind > p ? behind : p + 1;
        }
        g_string_append_c(page->values, '\0');
        return true;
}

/* The value behind "=". */
static bool read_value(struct page *page, const char **p, const char **ret_start, const char **ret_end)
{
        const char *at = skip_blanks(*p + 1, page->end);
        if (at == page->end)
                return give_up(page);
        if (*at == '"' || *at == '\'') {
                const char *quote = at + 1; /* values are short */
                while (quote < page->end && *quote != *at && *quote != '<')
                        quote++;
                if (quote == page->end || *quote == '<')
                        return give_up(page);
                *ret_start = at + 1;
                *ret_end = quote;
                *p = quote + 1;
                return true;
        }
        *ret_start = at;
        while (at < page->end && !is_blank(*at) && *at != '>') {
                if (*at == '<' || *at == '"' || *at == '\'')
                        return give_up(page);
                at++;
        }
        *ret_end = *p = at;
        return at < page->end ? true : give_up(page);
}

static bool read_attribute(struct page *page, const char **p, struct attributes *attributes)
{
        char name[NAME_MAX_BYTES + 1];
        const char *start = NULL, *end = NULL;
        size_t size = is_name_start(**p) ? read_name(p, page->end, name) : 0;
        if (size == 0)
                return give_up(page);
        const char *at = skip_blanks(*p, page->end);
        if (at < page->end && *at == '=') {
                *p = at;
                if (!read_value(page, p, &start, &end))
                        return false;
        }
        int used = find_used(name, size);
        if (used < 0 || attributes->offsets[used])
                return true; /* of several of one name the first counts */
        attributes->any = true;
        attributes->offsets[used] = page->values->len + 1;
        attributes->has_value[used] = start != NULL;
        return start ? append_value(page, start, end) : true;
}

/* Up to the end of the tag; false where it asks for care. */
static bool read_attributes(struct page *page, const char **p, struct attributes *ret_attributes)
{
        *ret_attributes = (struct attributes){ .any = false };
        g_string_truncate(page->values, 0);
        for (unsigned count = 0;; count++) {
                *p = skip_blanks(*p, page->end);
                if (*p == page->end || count > ATTRIBUTES_MAX)
                        return give_up(page);
                if (**p == '>' || (**p == '/' && page->end - *p >= 2 && (*p)[1] == '>'))
                        return true;
                if (!read_attribute(page, p, ret_attributes))
                        return false;
        }
}

static void list_attributes(const struct page *page, const struct attributes *attributes,
                            const char *ret_list[2 * G_N_ELEMENTS(used_attributes) + 1])
{
        size_t count = 0;
        for (size_t i = 0; i < G_N_ELEMENTS(used_attributes); i++) {
                if (!attributes->offsets[i])
                        continue;
                ret_list[count++] = used_attributes[i];
                ret_list[count++] = attributes->has_value[i] ? page->values->str + attributes->offsets[i] - 1 : NULL;
        }
        ret_list[count] = NULL;
}

/* Behind the content of a script or a style, at its end tag. At its very start libxml2 takes any tag for one. */
static const char *skip_raw(struct page *page, const char *p, const struct tag *tag)
{
        const char *start = p;
        while ((p = memmem(p, (size_t) (page->end - p), "</", 2))) {
                if ((size_t) (page->end - p) > tag->size + 2 && g_ascii_strncasecmp(p + 2, tag->name, tag->size) == 0)
                        break;
                p += 2;
        }
        if (p == start || (p && (*start != '<' || start[1] == '!')))
                return p;
        give_up(page);
        return NULL;
}

/* A second one of these is left out, and counted. */
static bool is_surplus(const struct page *page, const struct tag *tag)
{
        return (tag == known.html && page->open_count > 0) || (tag == known.head && page->open_count != 1) ||
               (tag == known.body && is_in(page, tag));
}

/* The tags of a table's cells are the same all over, and most have no attribute that is looked at. Whether what follows
 * the name is what followed the last one of this name that had none; then its size up to ">". */
static size_t match_idle(const struct page *page, const struct tag *tag, const char *p)
{
        size_t size = page->idle[tag->place].size;
        bool is_same = size > 0 && (size_t) (page->end - p) > size && p[size] == '>' &&
                       memcmp(p, page->idle[tag->place].start, size) == 0;
        return is_same ? size : 0;
}

static void note_idle(struct page *page, const struct tag *tag, const char *start, const char *end)
{
        if (*end != '>')
                return;
        page->idle[tag->place].start = start;
        page->idle[tag->place].size = (size_t) (end - start);
}

/* p is behind "<". */
static const char *read_start_tag(struct page *page, const char *p)
{
        char name[NAME_MAX_BYTES + 1];
        const char *list[2 * G_N_ELEMENTS(used_attributes) + 1];
        struct attributes attributes;
        size_t size = read_name(&p, page->end, name);
        const struct tag *tag = size > 0 ? find_tag(page, name, size) : NULL;
        if (!tag || tag->is_frame) {
                give_up(page);
                return NULL;
        }
        make_place(page, tag, p);
        size_t idle = match_idle(page, tag, p);
        const char *start = p;
        p += idle;
        if (is_surplus(page, tag) || page->gives_up || (idle == 0 && !read_attributes(page, &p, &attributes))) {
                give_up(page);
                return NULL;
        }
        if (idle > 0)
                attributes.any = false;
        else if (attributes.any)
                list_attributes(page, &attributes, list);
        else
                note_idle(page, tag, start, p);
        open_tag(page, tag, attributes.any ? list : NULL, p);
        bool is_closed = *p == '/';
        p += is_closed ? 2 : 1;
        if (is_closed && tag->is_raw) {
                give_up(page);
                return NULL;
        }
        if (page->open_count > 0 && (is_closed || tag->is_empty))
                close_top(page, p);
        return tag->is_raw ? skip_raw(page, p, tag) : p;
}

/* Of nearly all end tags: that of the innermost element, in lower case. p is behind "</"; returns behind ">" or NULL. */
static const char *match_top(const struct page *page, const char *p)
{
        const struct tag *tag = top(page);
        bool is_same = tag && (size_t) (page->end - p) > tag->size && p[tag->size] == '>' &&
                       memcmp(p, tag->name, tag->size) == 0;
        return is_same ? p + tag->size + 1 : NULL;
}

/* p is behind "</". */
static const char *read_end_tag(struct page *page, const char *p)
{
        const char *behind = match_top(page, p);
        if (behind) {
                close_top(page, behind);
                return behind;
        }
        char name[NAME_MAX_BYTES + 1];
        size_t size = p < page->end && is_name_start(*p) ? read_name(&p, page->end, name) : 0;
        const struct tag *tag = size > 0 ? find_tag(page, name, size) : NULL;
        p = skip_blanks(p, page->end);
        if (!tag || p == page->end || *p != '>' || !is_in(page, tag)) {
                give_up(page);
                return NULL;
        }
        p++;
        for (unsigned i = page->open_count; page->open[i - 1] != tag; i--)
                if (page->open[i - 1]->priority > tag->priority)
                        return p; /* it stands in the wrong place */
        while (top(page) != tag)
                close_top(page, p);
        close_top(page, p);
        return p;
}

/* p is at "<!--". */
static const char *skip_comment(struct page *page, const char *p)
{
        const char *text = p + 4, *end = memmem(text, (size_t) (page->end - text), "--", 2);
        if (!end || *text == '>' || end == text || page->end - end < 3 || end[2] != '>') {
                give_up(page);
                return NULL;
        }
        return end + 3;
}

static bool begins_with(const char *p, const char *end, const char *word)
{
        return (size_t) (end - p) >= strlen(word) && g_ascii_strncasecmp(p, word, strlen(word)) == 0;
}

/* What stands before the page: a declaration of XML, the document type. */
static const char *skip_prologue(struct page *page, const char *p)
{
        p = skip_blanks(p, page->end);
        if (begins_with(p, page->end, "<?xml ") || begins_with(p, page->end, "<!doctype ")) {
                const char *close = memchr(p, '>', (size_t) (page->end - p));
                unsigned quotes = 0;
                for (const char *at = p; close && at < close; at++) {
                        quotes += *at == '"';
                        if (*at == '\'' || (*at == '<' && at > p))
                                close = NULL;
                }
                if (!close || quotes % 2) {
                        give_up(page);
                        return NULL;
                }
                const char *next = skip_blanks(close + 1, page->end);
                bool is_xml = p[1] == '?';
                return is_xml && begins_with(next, page->end, "<!doctype ") ? skip_prologue(page, next) : next;
        }
        return p;
}

static const char *read_markup(struct page *page, const char *p)
{
        if (page->end - p >= 4 && memcmp(p, "<!--", 4) == 0)
                return skip_comment(page, p);
        if (page->end - p >= 3 && p[1] == '/')
                return read_end_tag(page, p + 2);
        if (page->end - p >= 3 && g_ascii_isalpha(p[1]))
                return read_start_tag(page, p + 1);
        give_up(page);
        return NULL;
}

/* The next of these bytes, or the end; *known_at is where the last one was found. */
static const char *find_next(const char *p, const char *end, char byte, const char **known_at)
{
        if (*p == byte)
                return *known_at = p;
        if (!*known_at || *known_at < p) {
                *known_at = memchr(p, byte, (size_t) (end - p));
                *known_at = *known_at ? *known_at : end;
        }
        return *known_at;
}

static const char *find_markup(struct page *page, const char *p)
{
        const char *tag = find_next(p, page->end, '<', &page->next_tag);
        const char *reference = find_next(p, page->end, '&', &page->next_reference);
        return MIN(tag, reference);
}

bool html_read_sound(struct html_reader *reader, const char *text, size_t size, bool is_clean)
{
        if (size == 0 || !known.p || (!is_clean && !text_is_clean(text, size)))
                return false;
        struct page page = { .reader = reader, .text = text, .end = text + size, .line = 1,
                             .values = g_string_sized_new(256) };
        page.next_newline = find_newline(&page, text);
        const char *p = skip_prologue(&page, text);
        while (p && p < page.end && !page.gives_up && !reader->limit) {
                const char *stop = find_markup(&page, p);
                if (stop > p)
                        read_run(&page, p, stop);
                if (stop == page.end || page.gives_up) {
                        p = stop;
                        break;
                }
                p = *stop == '&' ? read_reference(&page, stop) : read_markup(&page, stop);
        }
        while (!page.gives_up && page.open_count > 0)
                close_top(&page, page.end);
        if (!page.gives_up)
                html_finish(reader);
        g_string_free(page.values, TRUE);
        return !page.gives_up;
}
