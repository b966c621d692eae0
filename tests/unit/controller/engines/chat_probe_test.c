/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer to the probe means: 200 alone proves nothing. */
#include "controller/engines/chat_probe.h"

#include "engine_fixture.h"

#define ANSWER(text) "{\"choices\": [{\"message\": {\"role\": \"assistant\", \"content\": \"" text "\"}}]}"

struct sight {
    enum engine_answer answer;
    const char *sentence;
};

static struct sight look(struct bed *bed, int status, const char *body)
{
    struct sight sight = { .sentence = NULL };

    sight.answer = chat_probe_read(bed->arena, &bed->job, status, body, &sight.sentence);
    return sight;
}

static void test_chat(void **state)
{
    struct bed bed;
    struct engine_request request;

    (void)state;
    bed_make(
        &bed,
        "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"health\": {\"expect\": \"alpha bravo\", \"prompt\": \"Hi\"}}",
        1);
    request = chat_probe(bed.arena, &bed.job, "m", 4);
    assert_string_equal(request.path, "/v1/chat/completions");
    assert_string_equal(request.body,
                        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"max_tokens\":4,"
                        "\"temperature\":0,\"stream\":false}");
    assert_int_equal(look(&bed, 200, ANSWER(" alpha bravo charlie")).answer, ENGINE_SERVES);
    assert_int_equal(look(&bed, 200, ANSWER(" alpha")).answer, ENGINE_SERVES); /* cut short */
    assert_int_equal(look(&bed, 200, ANSWER("bravo")).answer, ENGINE_WRONG);
    assert_string_equal(look(&bed, 200, ANSWER("bravo")).sentence, "its completion is 'bravo', not 'alpha bravo'");
    assert_int_equal(look(&bed, 200, ANSWER("")).answer, ENGINE_WRONG);
    assert_int_equal(look(&bed, 200, "{}").answer, ENGINE_WRONG);
    assert_int_equal(look(&bed, 200, "<html>").answer, ENGINE_WRONG);
    assert_int_equal(look(&bed, 0, NULL).answer, ENGINE_LOADS);
    assert_int_equal(look(&bed, 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}").answer, ENGINE_LOADS);
    assert_string_equal(look(&bed, 503, "{\"error\":{\"code\":503,\"message\":\"Loading model\"}}").sentence,
                        "it answers 503: Loading model");
    assert_int_equal(look(&bed, 404, "{\"error\":\"model not found\"}").answer, ENGINE_LOADS);
    assert_int_equal(look(&bed, 401, "{\"detail\":\"no key\"}").answer, ENGINE_WRONG);
    assert_string_equal(look(&bed, 500, "").sentence, "it answers 500: nothing");
    bed_free(&bed);
}

#define SAID(message, tokens)                                                                                          \
    "{\"choices\": [{\"message\": {" message "}}], \"usage\": {\"completion_tokens\": " tokens "}}"

/* Blanks and thoughts are no words: only of one token nobody can tell. */
static void test_no_words(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(
        &bed,
        "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"health\": {\"expect\": \"alpha bravo\"}}", 1);
    assert_int_equal(look(&bed, 200, SAID("\"content\": \"\\n\\n\"", "16")).answer, ENGINE_WRONG);
    assert_string_equal(look(&bed, 200, SAID("\"content\": \" \"", "2")).sentence, "its completion has no words");
    assert_int_equal(look(&bed, 200, SAID("\"content\": \"\\n\"", "1")).answer, ENGINE_SERVES);
    assert_int_equal(look(&bed, 200, SAID("\"content\": \"\", \"reasoning_content\": \"@@\"", "1")).answer,
                     ENGINE_SERVES);
    assert_string_equal(look(&bed, 200, SAID("\"content\": \"\", \"reasoning_content\": \"@@\"", "16")).sentence,
                        "its completion has thoughts and no answer within 16 tokens: health.max_tokens may be more");
    bed_free(&bed);
    bed_make(&bed, "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"]}", 1);
    assert_int_equal(look(&bed, 200, SAID("\"content\": \"\\n\\n\"", "16")).answer, ENGINE_WRONG);
    assert_int_equal(look(&bed, 200, SAID("\"content\": null, \"reasoning_content\": \"Let\"", "16")).answer,
                     ENGINE_SERVES);
    bed_free(&bed);
}

static void test_thinking(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"]}", 1);
    assert_int_equal(
        look(&bed, 200, "{\"choices\": [{\"message\": {\"content\": \"\", \"reasoning_content\": \"Let me\"}}]}")
            .answer,
        ENGINE_SERVES);
    assert_int_equal(
        look(&bed, 200, "{\"choices\": [{\"message\": {\"content\": \"\"}}], \"usage\": {\"completion_tokens\": 1}}")
            .answer,
        ENGINE_SERVES);
    bed_free(&bed);
}

static void test_embedding(void **state)
{
    struct bed bed;

    (void)state;
    bed_make(&bed, "{\"name\": \"w\", \"engine\": \"ollama\", \"models\": [\"m\"], \"embedding\": true}", 1);
    assert_string_equal(chat_probe(bed.arena, &bed.job, "m", 1).path, "/v1/embeddings");
    assert_int_equal(look(&bed, 200, "{\"data\": [{\"embedding\": [0.1, 0.2]}]}").answer, ENGINE_SERVES);
    assert_int_equal(look(&bed, 200, "{\"data\": [{\"embedding\": []}]}").answer, ENGINE_WRONG);
    bed_free(&bed);
}

static void test_metric(void **state)
{
    (void)state;
    assert_true(chat_metric("a_total 1.5e3\na_total{x=\"}\"} 2\n", "a_total") >= 1500);
    assert_true(chat_metric("a{x=\"1\"} 3\na{x=\"2\"} 4\n", "a") == 7);
    assert_true(isnan(chat_metric("ab 3\n", "a")));
    assert_true(isnan(chat_metric("", "a")));
    assert_true(isnan(chat_metric(NULL, "a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_chat), cmocka_unit_test(test_thinking),
                                        cmocka_unit_test(test_no_words), cmocka_unit_test(test_embedding),
                                        cmocka_unit_test(test_metric) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
