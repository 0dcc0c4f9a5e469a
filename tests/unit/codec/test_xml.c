/*
 * Goal: S3's and STS's XML is read, and hostile XML is refused before it costs anything. Method: a
 * small document traced event by event; rows of attacks; every cut of a good document.
 */
#include "codec/xml.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void trace_enter(void *const context, const int depth, const struct ps_str name)
{
    ps_buf_add_format(context, "<%d%.*s ", depth, PS_STR_ARGS(name));
}

static void trace_leave(void *const context, const int depth, const struct ps_str name,
                        const struct ps_str text)
{
    ps_buf_add_format(context, ">%d%.*s='%.*s' ", depth, PS_STR_ARGS(name), PS_STR_ARGS(text));
}

static const struct ps_xml_visitor tracer = {trace_enter, trace_leave};

static enum ps_status read_traced(const struct ps_str xml, struct ps_buf *const trace,
                                  struct ps_error *const err)
{
    ps_buf_init(trace, 100000);
    return ps_xml_read(xml, &tracer, trace, err);
}

static void visits_elements_with_their_own_text(void **state)
{
    (void)state;
    struct ps_error err;
    struct ps_buf trace PS_CLEANUP(ps_buf_release);
    assert_int_equal(
        read_traced(
            PS_STR("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                   "<a xmlns=\"urn:x\" y='1'>1<x:b xmlns:x=\"urn:y\">&lt;&#65;<![CDATA[<&]]>"
                   "</x:b>2<c/>3</a>"),
            &trace, &err),
        PS_OK);
    assert_string_equal(ps_buf_text(&trace), "<0a <1b >1b='<A<&' <1c >1c='' >0a='123' ");
}

static void hostile_documents_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *xml;
        const char *part; /* of the message */
    } rows[] = {
        {"", ""},
        {"hello", ""},
        {"<a>", ""},
        {"<a></b>", ""},
        {"<a/><b/>", ""},
        {"<a>&nbsp;</a>", ""},
        {"<!DOCTYPE a><a/>", "DOCTYPE"},
        {"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>", "DOCTYPE"},
        {"<!DOCTYPE a SYSTEM \"file:///etc/passwd\"><a/>", "DOCTYPE"},
        {"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>", "DOCTYPE"},
        {"<a>\x01</a>", ""},
        {"<a>\xff\xfe</a>", ""},
        {"<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/>", "too long"},
        {"<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>"
         "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>",
         "too deep"},
    };
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        struct ps_error err;
        struct ps_buf trace PS_CLEANUP(ps_buf_release);
        assert_int_equal(read_traced(ps_str_of(rows[row].xml), &trace, &err), PS_E_CORRUPT);
        assert_non_null(strstr(err.message, rows[row].part));
        assert_null(strstr(ps_buf_text(&trace), "root:"));
    }
}

static void sixteen_levels_are_enough_and_allowed(void **state)
{
    (void)state;
    struct ps_error err;
    struct ps_buf trace PS_CLEANUP(ps_buf_release);
    assert_int_equal(
        read_traced(PS_STR("<a><a><a><a><a><a><a><a><a><a><a><a><a><a><a><a>x"
                           "</a></a></a></a></a></a></a></a></a></a></a></a></a></a></a></a>"),
                    &trace, &err),
        PS_OK);
    assert_non_null(strstr(ps_buf_text(&trace), ">15a='x'"));
}

static void every_cut_of_a_document_is_noticed(void **state)
{
    (void)state;
    const struct ps_str xml = PS_STR("<R><IsTruncated>false</IsTruncated><K>x</K></R>");
    for (size_t size = 0; size < xml.size; size++) {
        struct ps_error err;
        struct ps_buf trace PS_CLEANUP(ps_buf_release);
        assert_int_equal(read_traced(ps_str_part(xml, 0, size), &trace, &err), PS_E_CORRUPT);
    }
}

static void finds_the_first_of_a_name(void **state)
{
    (void)state;
    struct ps_error err;
    struct ps_buf text PS_CLEANUP(ps_buf_release);
    ps_buf_init(&text, 8);
    const struct ps_str xml =
        PS_STR("<a><b><Id>one</Id></b><Id>two</Id><long>123456789</long></a>");
    assert_int_equal(ps_xml_find(xml, "Id", &text, &err), PS_OK);
    assert_string_equal(ps_buf_text(&text), "one");
    assert_int_equal(ps_xml_find(xml, "None", &text, &err), PS_E_NOT_FOUND);
    assert_int_equal(ps_xml_find(xml, "long", &text, &err), PS_E_TOO_LARGE);
    assert_int_equal(ps_xml_find(PS_STR("<a"), "Id", &text, &err), PS_E_CORRUPT);
}

static void escapes_what_would_end_the_text(void **state)
{
    (void)state;
    struct ps_buf buf PS_CLEANUP(ps_buf_release);
    ps_buf_init(&buf, 60);
    assert_true(ps_xml_escape(PS_STR("\"a\" <&> \x01\n"), &buf));
    assert_string_equal(ps_buf_text(&buf), "&quot;a&quot; &lt;&amp;&gt; ?\n");
    const size_t size = buf.size;
    assert_false(ps_xml_escape(PS_STR("&&&&&&&&&&&&"), &buf));
    assert_int_equal(buf.size, size);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(visits_elements_with_their_own_text),
        cmocka_unit_test(hostile_documents_are_refused),
        cmocka_unit_test(sixteen_levels_are_enough_and_allowed),
        cmocka_unit_test(every_cut_of_a_document_is_noticed),
        cmocka_unit_test(finds_the_first_of_a_name),
        cmocka_unit_test(escapes_what_would_end_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
