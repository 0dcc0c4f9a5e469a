#include "app/event_text.h"

#include "base/assert.h"
#include "base/limits.h"
#include "base/time.h"
#include "codec/json_doc.h"
#include "codec/shown.h"
#include "codec/units.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------ moments */

static struct tm parts_of(const int64_t at_ms)
{
    struct tm parts = {0};
    const time_t seconds = (time_t)(at_ms / PS_SECOND_MS);
    (void)localtime_r(&seconds, &parts);
    return parts;
}

void ps_event_add_moment(struct ps_buf *const buf, const int64_t at_ms)
{
    char text[64] = "";
    const struct tm parts = parts_of(at_ms);
    (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &parts);
    ps_buf_add_text(buf, text);
}

void ps_event_add_short_moment(struct ps_buf *const buf, const int64_t at_ms, const int64_t now_ms)
{
    char text[64] = "";
    const struct tm parts = parts_of(at_ms);
    const struct tm today = parts_of(now_ms);
    if (parts.tm_year == today.tm_year && parts.tm_yday == today.tm_yday) {
        (void)strftime(text, sizeof(text), "%H:%M", &parts);
    } else {
        (void)strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &parts);
    }
    ps_buf_add_text(buf, text);
}

static void add_utc(struct ps_buf *const buf, const int64_t at_ms)
{
    char text[64] = "";
    struct tm parts = {0};
    const time_t seconds = (time_t)(at_ms / PS_SECOND_MS);
    (void)gmtime_r(&seconds, &parts);
    (void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts);
    ps_buf_add_text(buf, text);
}

/* ------------------------------------------------ words */

struct template
{
    const struct ps_event *event;
    bool is_empty; /* something that was named is 0 or "" */
};

static void add_number(struct ps_buf *const buf, const struct ps_str name, const int64_t number,
                       const int64_t now_ms)
{
    const int64_t shown = number > 0 ? number : 0;
    if (ps_str_ends_with(name, PS_STR("_at_ms"))) {
        ps_event_add_short_moment(buf, shown, now_ms);
    } else if (ps_str_ends_with(name, PS_STR("_ms"))) {
        ps_units_add_time(buf, shown);
    } else if (ps_str_ends_with(name, PS_STR("tokens")) || ps_str_equals_text(name, "tpd")) {
        ps_units_add_short(buf, shown);
    } else {
        ps_units_add_count(buf, shown);
    }
}

/* "{name}" or "{name?word}", without the braces. */
static void add_place(struct ps_buf *const buf, struct template *const template,
                      const struct ps_str place)
{
    const struct ps_event *const event = template->event;
    const size_t question = ps_str_find(place, '?');
    const struct ps_str name = ps_str_part(place, 0, question);
    if (ps_str_equals_text(name, "text")) {
        template->is_empty = template->is_empty || event->text[0] == '\0';
        ps_shown_add(buf, ps_str_of(event->text), sizeof(event->text));
        return;
    }
    if (ps_str_equals_text(name, "job")) {
        ps_buf_add_format(buf, "%lld", (long long)event->job);
        return;
    }
    const int64_t number_place = ps_event_number_place(event->kind, name);
    PS_ASSERT(number_place >= 0);
    const int64_t number = event->numbers[number_place];
    if (question < place.size) {
        ps_buf_add(buf, number == 1 ? PS_STR("") : ps_str_part(place, question + 1, place.size));
        return;
    }
    template->is_empty = template->is_empty || number <= 0;
    add_number(buf, name, number, event->at_ms);
}

/* Up to the end of the words, or of the part in brackets. Returns how far it came. */
static size_t add_part(struct ps_buf *const buf, struct template *const template,
                       const struct ps_str words)
{
    size_t at = 0;
    while (at < words.size && words.data[at] != ']') {
        const struct ps_str rest = ps_str_part(words, at, words.size);
        if (rest.data[0] == '{') {
            const size_t end = ps_str_find(rest, '}');
            add_place(buf, template, ps_str_part(rest, 1, end - 1));
            at += end + 1;
        } else if (rest.data[0] == '[') {
            struct ps_buf part PS_CLEANUP(ps_buf_release);
            struct template inner = {template->event, false};
            ps_buf_init(&part, PS_TEXT_BYTES_MAX);
            at += 2 + add_part(&part, &inner, ps_str_part(rest, 1, rest.size));
            ps_buf_add(buf, inner.is_empty ? PS_STR("") : ps_buf_str(&part));
        } else {
            ps_buf_add(buf, ps_str_part(rest, 0, 1));
            at++;
        }
    }
    return at;
}

void ps_event_add_words(struct ps_buf *const buf, const struct ps_event *const event)
{
    struct template template = {event, false};
    (void)add_part(buf, &template, ps_str_of(ps_event_row(event->kind)->words));
    if (event->times > 1) {
        ps_buf_add_text(buf, " (");
        ps_units_add_count(buf, event->times);
        ps_buf_add_text(buf, " times)");
    }
}

void ps_event_add_line(struct ps_buf *const buf, const struct ps_seen_event *const event)
{
    ps_event_add_moment(buf, event->event.at_ms);
    ps_buf_add_text(buf, "  ");
    if (event->lane[0] != '\0') {
        ps_shown_add(buf, ps_str_of(event->lane), sizeof(event->lane));
        ps_buf_add_text(buf, ": ");
    }
    ps_event_add_words(buf, &event->event);
}

/* ------------------------------------------------ JSON */

static void add_text(yyjson_mut_doc *const document, yyjson_mut_val *const root,
                     const char *const name, const char *const text)
{
    struct ps_buf shown PS_CLEANUP(ps_buf_release);
    ps_buf_init(&shown, PS_EVENT_ROW_BYTES_MAX);
    if (ps_utf8_is_valid(ps_str_of(text))) {
        ps_buf_add_text(&shown, text);
    } else {
        ps_shown_add(&shown, ps_str_of(text), PS_EVENT_TEXT_BYTES);
    }
    PS_ASSERT(yyjson_mut_obj_add_strcpy(document, root, name, ps_buf_text(&shown)));
}

/* The object of a row; `words` NULL: as the file has it. */
static void add_object(struct ps_buf *const buf, const int64_t number,
                       const struct ps_event *const event, const char *const lane,
                       const char *const words)
{
    yyjson_mut_doc *const document = yyjson_mut_doc_new(NULL);
    PS_ASSERT(document != NULL);
    yyjson_mut_val *const root = yyjson_mut_obj(document);
    yyjson_mut_doc_set_root(document, root);
    PS_ASSERT(yyjson_mut_obj_add_int(document, root, "number", number));
    PS_ASSERT(yyjson_mut_obj_add_int(document, root, "at_ms", event->at_ms));
    if (words != NULL) {
        struct ps_buf at PS_CLEANUP(ps_buf_release);
        ps_buf_init(&at, PS_EVENT_ROW_BYTES_MAX);
        add_utc(&at, event->at_ms);
        add_text(document, root, "at", ps_buf_text(&at));
    }
    add_text(document, root, "event", ps_event_row(event->kind)->name);
    if (lane[0] != '\0') {
        add_text(document, root, "lane", lane);
    }
    if (event->job >= 0) {
        PS_ASSERT(yyjson_mut_obj_add_int(document, root, "job", event->job));
    }
    PS_ASSERT(yyjson_mut_obj_add_int(document, root, "times", event->times));
    for (int64_t place = 0; place < PS_EVENT_NUMBERS_MAX; place++) {
        const struct ps_str name = ps_event_number_name(event->kind, place);
        if (name.size > 0) {
            yyjson_mut_val *const key = yyjson_mut_strncpy(document, name.data, name.size);
            PS_ASSERT(
                yyjson_mut_obj_add(root, key, yyjson_mut_sint(document, event->numbers[place])));
        }
    }
    if (event->text[0] != '\0') {
        add_text(document, root, "text", event->text);
    }
    if (words != NULL) {
        add_text(document, root, "words", words);
    }
    char *const text = yyjson_mut_write(document, 0, NULL);
    yyjson_mut_doc_free(document);
    PS_ASSERT(text != NULL);
    ps_buf_add_text(buf, text);
    ps_buf_add_text(buf, "\n");
    free(text);
}

void ps_event_add_row(struct ps_buf *const buf, const int64_t number,
                      const struct ps_event *const event, const char *const lane)
{
    add_object(buf, number, event, lane, NULL);
}

void ps_event_add_json(struct ps_buf *const buf, const struct ps_seen_event *const event)
{
    struct ps_buf words PS_CLEANUP(ps_buf_release);
    ps_buf_init(&words, PS_TEXT_BYTES_MAX);
    ps_event_add_words(&words, &event->event);
    add_object(buf, event->number, &event->event, event->lane, ps_buf_text(&words));
}

static void copy_text(char *const room, const size_t room_size, yyjson_val *const root,
                      const char *const name)
{
    const char *const text = yyjson_get_str(yyjson_obj_get(root, name));
    const size_t size = text == NULL ? 0 : strlen(text);
    const size_t copied = size < room_size ? size : room_size - 1;
    memcpy(room, text == NULL ? "" : text, copied);
    room[copied] = '\0';
}

bool ps_event_read_row(const struct ps_str row, struct ps_seen_event *const ret_event)
{
    yyjson_doc *const document = yyjson_read(row.data, row.size, 0);
    yyjson_val *const root = yyjson_doc_get_root(document);
    const char *const name = yyjson_get_str(yyjson_obj_get(root, "event"));
    struct ps_seen_event read = {.event = {.lane = -1, .job = -1}};
    const bool is_known = name != NULL && ps_event_kind_of(ps_str_of(name), &read.event.kind);
    if (is_known) {
        yyjson_val *const job = yyjson_obj_get(root, "job");
        read.number = yyjson_get_sint(yyjson_obj_get(root, "number"));
        read.event.at_ms = yyjson_get_sint(yyjson_obj_get(root, "at_ms"));
        read.event.times = yyjson_get_sint(yyjson_obj_get(root, "times"));
        read.event.job = yyjson_is_int(job) ? yyjson_get_sint(job) : -1;
        copy_text(read.lane, sizeof(read.lane), root, "lane");
        copy_text(read.event.text, sizeof(read.event.text), root, "text");
        for (int64_t place = 0; place < PS_EVENT_NUMBERS_MAX; place++) {
            const struct ps_str number = ps_event_number_name(read.event.kind, place);
            read.event.numbers[place] =
                number.size == 0 ? 0
                                 : yyjson_get_sint(yyjson_obj_getn(root, number.data, number.size));
        }
        *ret_event = read;
    }
    yyjson_doc_free(document);
    return is_known;
}
