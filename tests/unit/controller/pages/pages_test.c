/* SPDX-License-Identifier: Apache-2.0 */
/* The templates with data that tries to be HTML in every field: nothing of it may reach a page as markup. */
#include "controller/pages/pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"
#include "common/json/json.h"
#include "controller/pages/pages_file.h"

/* As text, as an attribute in either kind of quotes, and as something that a template would run. */
#define HOSTILE "</script></title><script>evil()</script>\\\"'><img src=x onerror=evil()>&{{ 7 * 191 }}{% raw %}"

static const struct value *read_data(struct arena *arena, const char *json)
{
    const struct value *out = NULL;
    struct error err = ERROR_INIT;

    if (!json_read(arena, json, strlen(json), NULL, &out, &err))
        fail_msg("%s", err.text);
    return out;
}

/* Every "@" is the hostile text, "T" a time, "D" a row of drift. */
static const char *filled(struct arena *arena, const char *json)
{
    struct text out = text_new(arena);

    for (; *json != '\0'; json++) {
        if (*json == '@')
            text_add(&out, "\"" HOSTILE "\"");
        else if (*json == 'T')
            text_add(&out, "{\"iso\":\"" HOSTILE "\",\"text\":\"" HOSTILE "\"}");
        else
            text_add_char(&out, *json);
    }
    return out.data;
}

#define COMMON                                                                                                         \
    "\"title\":@,\"now\":T,\"wall\":false,\"live\":true,\"version\":@,"                                                \
    "\"user\":{\"name\":@,\"role\":@,\"operates\":true,\"rules\":true},"
#define DRIFT                                                                                                          \
    "{\"id\":@,\"node\":@,\"url\":@,\"resource\":@,\"cause\":@,\"reason\":@,\"count\":@,\"first\":T,\"last\":T,"       \
    "\"from\":T,\"to\":T,\"resolved\":T,\"diff\":[{\"kind\":@,\"text\":@}]}"
#define BAR "{\"total\":@,\"free\":@,\"segments\":[{\"class\":@,\"what\":@,\"size\":@,\"at\":@,\"width\":@}]}"
#define RUN                                                                                                            \
    "{\"id\":@,\"url\":@,\"kind\":@,\"title\":@,\"actor\":@,\"reason\":@,\"class\":@,\"word\":@,\"events\":1,"         \
    "\"open\":true,\"central\":true,\"paused\":true,\"started\":T,\"ended\":T,\"took\":@}"

static const struct {
    const char *page, *data;
} cases[] = {
    { "rack",
      "{" COMMON "\"page\":\"rack\",\"match\":@,\"verdict\":@,\"filtered\":true,\"next\":@,\"sums\":{\"nodes\":1,"
      "\"drift\":1,\"drifting\":1,\"watts\":@,\"watts_nodes\":1,\"watts_oldest\":T,\"counts\":[{\"word\":@,\"class\":@,"
      "\"url\":@,\"nodes\":1,\"chosen\":true}]},\"tiles\":[{\"name\":@,\"url\":@,\"class\":@,\"word\":@,\"last_word\":@,"
      "\"reason\":@,\"drift\":1,\"seen\":T,\"sampled\":T,\"stale\":true,\"memory\":{\"name\":@,\"used\":@,\"total\":@,"
      "\"percent\":@,\"full\":true},\"watts\":@,\"celsius\":@,\"models\":[{\"name\":@,\"state\":@}],\"more_models\":1}]}" },
    { "node",
      "{" COMMON
      "\"page\":\"node\",\"sampled\":T,\"bundle\":{\"playbook\":@,\"by\":@,\"taken\":true,\"at\":T,\"taken_at\":T},\"node\":{\"name\":@,\"url\":@,\"class\":@,\"word\":@,\"sentence\":@,"
      "\"active\":true,\"generation\":@,\"agent\":@,\"key\":@,\"seen\":T,\"told\":T,\"facts_at\":T},\"drift\":[" DRIFT
      "],\"mended\":[" DRIFT "],\"runs\":[" RUN "],\"models\":[{\"name\":@,\"state\":@,\"size\":@,\"seen\":T}],"
      "\"sparks\":[{\"title\":@,\"segments\":[@],\"low\":@,\"high\":@}],\"kernel\":{\"release\":@,\"differing\":1,"
      "\"words\":[{\"text\":@,\"differs\":true},{\"text\":@,\"differs\":false}],\"rows\":[{\"name\":@,\"declared\":@,"
      "\"where\":@,\"next\":@,\"running\":@,\"effective\":@,\"note\":@}]},\"facts\":[{\"key\":@,\"text\":@}]}" },
    { "runs", "{" COMMON "\"page\":\"runs\",\"next\":@,\"rows\":[" RUN "]}" },
    { "run",
      "{" COMMON "\"page\":\"run\",\"run\":" RUN ",\"last\":1,\"fallback\":@,\"cut\":true,\"left_out\":3,\"lanes\":[{"
      "\"host\":@,\"url\":@,\"recap\":{\"class\":@,\"word\":@,\"ok\":@,\"changed\":@,\"failed\":@,\"skipped\":@,"
      "\"unreachable\":@},\"blocks\":[{\"class\":@,\"task\":@,\"sequence\":1}]}],\"lines\":[{\"sequence\":1,\"at\":T,"
      "\"class\":@,\"text\":@}]}" },
    { "drift",
      "{" COMMON "\"page\":\"drift\",\"node\":@,\"cause\":@,\"resolved\":true,\"every_url\":@,\"toggle_url\":@,"
      "\"next\":@,\"causes\":[{\"name\":@,\"url\":@,\"chosen\":true}],\"rows\":[" DRIFT "]}" },
    { "trust",
      "{" COMMON
      "\"page\":\"trust\",\"joins\":[{\"id\":@,\"name\":@,\"fingerprint\":@,\"peer\":@,\"agent\":@,\"asked\":T}],"
      "\"strings\":[{\"id\":@,\"pattern\":@,\"approval\":true,\"by\":@,\"ends\":T}],\"own\":[],\"certificates\":[{"
      "\"name\":@,\"key\":@,\"class\":@,\"word\":@,\"ends\":T}],\"more_certificates\":true,\"tokens\":[{\"name\":@,"
      "\"role\":@,\"by\":@,\"class\":@,\"word\":@,\"used\":T,\"ends\":T}],\"audit\":[{\"id\":@,\"actor\":@,\"action\":@,"
      "\"object\":@,\"detail\":@,\"peer\":@,\"at\":T}]}" },
    { "workloads",
      "{" COMMON
      "\"page\":\"workloads\",\"more\":1,\"counts\":[{\"class\":@,\"word\":@,\"count\":1}],\"rows\":[{\"name\":@,"
      "\"url\":@,\"engine\":@,\"kind\":@,\"class\":@,\"word\":@,\"sentence\":@,\"since\":T,\"nodes\":[{\"node\":@,\"url\":@}],"
      "\"more_nodes\":1,\"stale\":true,\"queue_stale\":true,\"prefill\":@,\"decode\":@,\"running\":@,\"slots\":@,\"waiting\":@,"
      "\"watts\":@,"
      "\"per_token\":@,\"restarts\":1,\"probed\":T,\"probe_stale\":true,\"probe_ms\":@,\"sampled\":T}]}" },
    { "workload",
      "{" COMMON
      "\"page\":\"workload\",\"load\":{\"class\":@,\"word\":@,\"sentence\":@,\"engine\":@,\"build\":@,\"since\":T,"
      "\"wanted\":true,\"context\":@,\"slots\":@,\"kv\":@,\"models\":[@],\"by\":@,\"changed\":T,\"version\":1,\"url\":@},"
      "\"replicas\":[{\"number\":1,\"class\":@,\"word\":@,\"sentence\":@,\"since\":T,\"restarts\":1,\"probed\":T,"
      "\"probe_stale\":true,\"probe_ms\":@,\"load_s\":@,\"parts\":[{\"node\":@,\"url\":@,\"role\":@,\"percent\":@,\"at\":@,"
      "\"layers\":@,\"gpu\":@,\"host\":@}],\"log\":[@],\"live\":true,\"last\":7,\"lines\":[{\"piece\":@,\"text\":@,\"at\":T}]}],\"sparks\":[{\"title\":@,\"segments\":[@],\"low\":@,\"high\":@}],"
      "\"energy\":{\"tokens_in\":@,\"tokens_out\":@,\"active\":@,\"idle\":@,\"per_token\":@,\"per_thousand\":@,\"grams\":@,"
      "\"why\":@}}" },
    { "models",
      "{" COMMON
      "\"page\":\"models\",\"match\":@,\"left_out\":1,\"nodes\":[{\"name\":@,\"url\":@}],\"rows\":[{\"name\":@,"
      "\"nodes\":2,\"size\":@,\"cells\":[{\"class\":@,\"word\":@,\"seen\":T},null]}]}" },
    { "memory",
      "{" COMMON
      "\"page\":\"memory\",\"too_many\":0,\"legend\":[{\"class\":@,\"name\":@}],\"rows\":[{\"name\":@,\"url\":@,"
      "\"usable\":false,\"why_not\":@,\"orphan\":@,\"told\":T,\"gpu_name\":@,\"gpu\":" BAR ",\"host\":" BAR "}]}" },
    { "bench",
      "{" COMMON
      "\"page\":\"bench\",\"chosen\":{\"kind\":@,\"subject\":@,\"nodes\":@},\"choices\":[{\"url\":@,\"text\":@,"
      "\"chosen\":true}],\"plots\":[{\"name\":@,\"last\":@,\"low\":@,\"high\":@,\"line\":@,\"first_at\":T,\"last_at\":T,\"dots\":[{"
      "\"x\":@,\"y\":@,\"worse\":true,\"text\":@}]}],\"rows\":[{\"id\":@,\"class\":@,\"word\":@,\"kind\":@,\"subject\":@,"
      "\"nodes\":@,\"measures\":[@],\"sentence\":@,\"watts\":@,\"change\":@,\"change_class\":@,\"causes\":[@],\"at\":T}],"
      "\"links\":[{\"node\":@,\"cells\":[{\"kind\":@,\"text\":@,\"at\":T}]}],\"links_middle\":@,\"links_left_out\":1}" },
    { "playground",
      "{" COMMON
      "\"page\":\"playground\",\"gateway\":true,\"models\":[{\"name\":@,\"text\":@,\"chosen\":true}],\"max_tokens\":@,"
      "\"prompt\":@,\"trouble\":@,\"answer\":{\"text\":@,\"tokens_in\":@,\"tokens_out\":@,\"seconds\":@,\"rate\":@}}" },
    { "login", "{" COMMON "\"page\":\"login\",\"message\":@,\"next\":@}" },
    { "problem", "{" COMMON "\"page\":\"problem\",\"message\":@}" },
};

static void check_tame(const char *page, const char *html)
{
    static const char *const signs[] = { "<script>", "</script></title>", "<img", "onerror=evil()>&{", "1337", "\"'>" };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const char *found = strstr(html, signs[i]);

        if (found != NULL)
            fail_msg("page %s lets '%s' through: ...%.120s", page, signs[i], found);
    }
    assert_non_null(strstr(html, "&lt;script&gt;evil()"));
}

static void hostile_data_stays_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ARENA_SCOPED arena = arena_new();
        struct error err = ERROR_INIT;
        const char *html = NULL;
        size_t length = 0;

        if (!pages_render(arena, cases[i].page, read_data(arena, filled(arena, cases[i].data)), &html, &length, &err))
            fail_msg("%s", err.text);
        assert_int_equal(strlen(html), length);
        check_tame(cases[i].page, html);
    }
}

/* A new page must be in the cases above. */
static void every_template_is_tried(void **state)
{
    (void)state;
    for (size_t i = 0; i < pages_file_table_count; i++) {
        const char *name = pages_file_table[i].name;
        bool tried = !text_ends(name, ".html") || text_starts(name, "layout_");

        for (size_t j = 0; !tried && j < sizeof(cases) / sizeof(cases[0]); j++)
            tried = strlen(name) == strlen(cases[j].page) + 5 && text_starts(name, cases[j].page);
        if (!tried)
            fail_msg("%s is in no case of this test", name);
    }
}

/* The policy that is sent with each page forbids both: they would do nothing, silently. */
static void nothing_is_inline(void **state)
{
    static const char *const forbidden[] = { "style=",      "<style", "onclick=", "onload=",
                                             "javascript:", "| safe", "http:",    "https:" };

    (void)state;
    for (size_t i = 0; i < pages_file_table_count; i++) {
        const char *bytes = (const char *)pages_file_table[i].bytes;

        if (!text_ends(pages_file_table[i].name, ".html"))
            continue;
        for (size_t j = 0; j < sizeof(forbidden) / sizeof(forbidden[0]); j++) {
            if (strstr(bytes, forbidden[j]) != NULL)
                fail_msg("%s holds '%s'", pages_file_table[i].name, forbidden[j]);
        }
    }
}

static void keys_are_escaped_too(void **state)
{
    ARENA_SCOPED arena = arena_new();
    const struct value *data =
        pages_escaped(arena, read_data(arena, "{\"<b>\": [\"a<\", 1, null, true, {\"x\": \"'\"}]}"));

    (void)state;
    assert_string_equal(json_text(arena, data, JSON_COMPACT),
                        "{\"&lt;b&gt;\":[\"a&lt;\",1,null,true,{\"x\":\"&#39;\"}]}");
}

static void assets_are_what_they_are(void **state)
{
    struct pages_asset asset;

    (void)state;
    assert_true(pages_asset_find("roost.css", &asset));
    assert_string_equal(asset.content_type, "text/css; charset=utf-8");
    assert_int_equal(strlen(asset.hash), 64);
    assert_int_equal(strlen(asset.bytes), asset.length);
    assert_true(pages_asset_find("live.js", &asset));
    assert_string_equal(asset.content_type, "text/javascript; charset=utf-8");
    assert_false(pages_asset_find("rack.html", &asset)); /* a template is nobody's to fetch */
    assert_false(pages_asset_find("../roost.css", &asset));
}

static void what_is_not_there_is_said(void **state)
{
    ARENA_SCOPED arena = arena_new();
    struct error err = ERROR_INIT;
    const char *html = NULL;
    size_t length = 0;

    (void)state;
    assert_false(pages_render(arena, "shelf", value_map(arena), &html, &length, &err));
    assert_string_equal(err.text, "there is no page 'shelf'");
    error_clear(&err);
    assert_false(pages_render(arena, "login", value_map(arena), &html, &length, &err));
    assert_non_null(strstr(err.text, "undefined"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_data_stays_text),  cmocka_unit_test(every_template_is_tried),
        cmocka_unit_test(nothing_is_inline),        cmocka_unit_test(keys_are_escaped_too),
        cmocka_unit_test(assets_are_what_they_are), cmocka_unit_test(what_is_not_there_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
