/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of requests: what is taken, what is refused by name, what an engine is sent. */
#include "controller/gateway/ask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/base/text.h"

#define CHAT "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static struct arena *arena;
static struct ask ask;
static struct ask_refusal why;

static bool read_as(enum ask_kind kind, const char *body)
{
    return ask_read(arena, kind, body, strlen(body), &ask, &why);
}

static void is_sent(enum ask_kind kind, const char *body, const char *expected)
{
    size_t length = 0;
    const char *sent = NULL;

    if (!read_as(kind, body))
        fail_msg("%s: %s", body, why.message);
    sent = ask_body(arena, &ask, "engine", &length);
    assert_string_equal(sent, expected);
    assert_int_equal(length, strlen(expected));
}

static void is_refused(enum ask_kind kind, const char *body, const char *param, const char *message)
{
    if (read_as(kind, body))
        fail_msg("%s was taken", body);
    if (strstr(why.message, message) == NULL)
        fail_msg("'%s' does not say '%s'", why.message, message);
    if (!text_equal(why.param, param))
        fail_msg("%s: the parameter is '%s', not '%s'", body, why.param == NULL ? "none" : why.param, param);
}

static void chats(void **state)
{
    (void)state;
    is_sent(ASK_CHAT, "{\"model\":\"m\"," CHAT "}", "{\"model\":\"engine\"," CHAT "}");
    assert_string_equal(ask.model, "m");
    assert_false(ask.is_stream);
    is_sent(ASK_CHAT, "{" CHAT ",\"model\":\"m\",\"stream\":true,\"stop\":null,\"user\":\"u\",\"store\":false}",
            "{\"model\":\"engine\"," CHAT ",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");
    assert_true(ask.is_stream);
    assert_false(ask.wants_usage);
    assert_true(
        read_as(ASK_CHAT, "{" CHAT ",\"model\":\"m\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}"));
    assert_true(ask.wants_usage);
    is_sent(ASK_CHAT, "{\"model\":\"m\"," CHAT ",\"max_completion_tokens\":5,\"temperature\":0.5,\"n\":2,\"seed\":7}",
            "{\"model\":\"engine\"," CHAT ",\"temperature\":0.5,\"n\":2,\"seed\":7,\"max_tokens\":5}");
    assert_int_equal(ask.weight, 2);
    /* a member twice: what is sent has it once */
    is_sent(ASK_CHAT, "{\"model\":\"m\"," CHAT ",\"n\":1,\"n\":3}", "{\"model\":\"engine\"," CHAT ",\"n\":3}");
}

static void tools_and_shapes(void **state)
{
    static const char body[] =
        "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"what is it\"},"
        "{\"type\":\"image_url\",\"image_url\":{\"url\":\"data:image/png;base64,AAAA\"}}]},"
        "{\"role\":\"assistant\",\"content\":null,\"tool_calls\":[{\"id\":\"c1\",\"type\":\"function\",\"function\":"
        "{\"name\":\"look\",\"arguments\":\"{}\"}}]},{\"role\":\"tool\",\"tool_call_id\":\"c1\",\"content\":\"x\"}],"
        "\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"look\",\"parameters\":{\"type\":\"object\","
        "\"properties\":{\"at\":{\"type\":\"string\",\"maxLength\":9}}}}}],\"tool_choice\":\"auto\","
        "\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"object\"}}}}";

    (void)state;
    if (!read_as(ASK_CHAT, body))
        fail_msg("%s", why.message);
    assert_non_null(strstr(ask.rest, "\"maxLength\":9"));
}

/* What clients send of their own accord: the bodies of OpenAI's Python package, of Open WebUI, of LibreChat. */
static void what_clients_send(void **state)
{
    static const char *const taken[] = {
        /* passed on */
        ",\"temperature\":1,\"top_p\":1,\"presence_penalty\":0,\"frequency_penalty\":0,\"stop\":[\"a\",\"b\"]",
        ",\"logprobs\":true,\"top_logprobs\":5,\"seed\":42,\"n\":1,\"logit_bias\":{\"50256\":-100}",
        ",\"reasoning_effort\":\"low\",\"chat_template_kwargs\":{\"enable_thinking\":false},\"top_k\":-1",
        ",\"response_format\":{\"type\":\"json_object\"},\"parallel_tool_calls\":false,\"tool_choice\":\"auto\"",
        ",\"tools\":[],\"stop\":[]",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
        is_sent(ASK_CHAT, arena_printf(arena, "{\"model\":\"m\"," CHAT "%s}", taken[i]),
                arena_printf(arena, "{\"model\":\"engine\"," CHAT "%s}", taken[i]));
    /* taken, and not sent */
    is_sent(ASK_CHAT,
            "{\"model\":\"m\"," CHAT ",\"user\":\"u\",\"metadata\":{\"chat_id\":\"c\"},\"store\":false,"
            "\"service_tier\":\"flex\",\"safety_identifier\":\"s\",\"prompt_cache_key\":\"k\","
            "\"prompt_cache_retention\":\"24h\",\"verbosity\":\"low\",\"modalities\":[\"text\"],"
            "\"prediction\":{\"type\":\"content\",\"content\":\"x\"},\"stream\":false,"
            "\"stream_options\":{\"include_usage\":true},\"functions\":null,\"audio\":null}",
            "{\"model\":\"engine\"," CHAT "}");
    is_sent(ASK_CHAT, "{\"model\":\"m\"," CHAT ",\"max_tokens\":5,\"max_completion_tokens\":5}",
            "{\"model\":\"engine\"," CHAT ",\"max_tokens\":5}");
    assert_int_equal(ask.max_tokens, 5);
    /* an answer as the Python package dumps it, sent back */
    is_sent(
        ASK_CHAT,
        "{\"model\":\"m\",\"messages\":[{\"content\":\"a\",\"refusal\":null,\"role\":\"assistant\",\"annotations\":[],"
        "\"audio\":null,\"function_call\":null,\"tool_calls\":null,\"reasoning_content\":\"r\",\"reasoning\":\"r\","
        "\"provider_specific_fields\":{\"a\":1}},{\"role\":\"user\",\"content\":\"b\",\"tool_calls\":[]}]}",
        "{\"model\":\"engine\",\"messages\":[{\"content\":\"a\",\"refusal\":null,\"role\":\"assistant\",\"audio\":null,"
        "\"function_call\":null,\"tool_calls\":null,\"reasoning_content\":\"r\"},"
        "{\"role\":\"user\",\"content\":\"b\",\"tool_calls\":[]}]}");
    is_sent(ASK_EMBEDDINGS, "{\"model\":\"m\",\"input\":[\"a\"],\"encoding_format\":\"base64\",\"user\":\"u\"}",
            "{\"model\":\"engine\",\"input\":[\"a\"],\"encoding_format\":\"base64\"}");
}

/* What a key's tokens are reserved by. */
static void how_much_it_says(void **state)
{
    size_t words = 0;

    (void)state;
    assert_true(read_as(ASK_CHAT, "{\"model\":\"m\"," CHAT "}"));
    words = ask.text_bytes;
    assert_in_range(words, 2, 64);
    assert_int_equal(ask.max_tokens, 0);
    assert_true(read_as(ASK_CHAT, "{\"model\":\"m\",\"max_completion_tokens\":9,\"messages\":[{\"role\":\"user\","
                                  "\"content\":\"hi, and 14 more\"}]}"));
    assert_in_range(ask.text_bytes, words + 13, words + 64);
    assert_int_equal(ask.max_tokens, 9);
    words = ask.text_bytes;
    assert_true(read_as(
        ASK_CHAT, arena_printf(arena,
                               "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\","
                               "\"image_url\":{\"url\":\"data:image/png;base64,%0*d\"}}]}]}",
                               100000, 0)));
    assert_in_range(ask.text_bytes, 2, words + 64); /* pictures are no texts */
}

static void refusals(void **state)
{
    static const struct {
        const char *more, *param, *message;
    } rows[] = {
        { ",\"n_discard\":-1", "n_discard", "'n_discard' is not taken here: engines are not told it by clients" },
        { ",\"cache_prompt\":true", "cache_prompt", "not taken here" },
        { ",\"id_slot\":3", "id_slot", "not taken here" },
        { ",\"grammar\":\"root ::= x\"", "grammar", "use 'response_format'" },
        { ",\"temperatura\":1", "temperatura", "there is no parameter 'temperatura'; did you mean 'temperature'?" },
        { ",\"temperature\":\"hot\"", "temperature", "expected a number, found a string" },
        { ",\"temperature\":2.5", "temperature", "expected 0 to 2, found 2.5" },
        { ",\"temperature\":NaN", NULL, "not finite" },
        { ",\"seed\":1e400", NULL, "not finite" },
        { ",\"max_tokens\":-1", "max_tokens", "expected 1 to 1048576, found -1" },
        { ",\"max_tokens\":1.5", "max_tokens", "expected a whole number" },
        { ",\"max_tokens\":99999999999999999999", "max_tokens", "expected a whole number" },
        { ",\"max_tokens\":1,\"max_completion_tokens\":2", "max_completion_tokens", "give one of them" },
        { ",\"n\":17", "n", "expected 1 to 16" },
        { ",\"n\":0", "n", "expected 1 to 16" },
        { ",\"stream\":1", "stream", "expected true or false" },
        { ",\"stream_options\":{\"usage\":1}", "stream_options.usage", "there is no parameter" },
        { ",\"web_search_options\":{}", "web_search_options", "nothing is searched" },
        { ",\"audio\":{\"voice\":\"x\"}", "audio", "answers are texts" },
        { ",\"stop\":[1]", "stop[0]", "expected a string" },
        { ",\"stop\":\"\"", "stop", "1 to 256 bytes" },
        { ",\"logit_bias\":{\"x\":1}", "logit_bias", "numbers of tokens" },
        { ",\"logit_bias\":{\"-1\":1}", "logit_bias", "numbers of tokens" },
        { ",\"tools\":[{\"type\":\"shell\",\"function\":{\"name\":\"a\"}}]", "tools[0].type", "one of function" },
        { ",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name", "letters" },
        { ",\"response_format\":{\"type\":\"json_schema\"}", "response_format", "'json_schema' is missing" },
        { ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"$ref\":\"http://x/\"}}}",
          "response_format.json_schema.schema", "nothing is fetched" },
        { ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{\"minLength\":99999999}}}",
          "response_format.json_schema.schema", "0 to 10000" },
        { ",\"chat_template_kwargs\":{\"a\":[1]}", "chat_template_kwargs", "short texts" },
        { ",\"store\":true", "store", "not kept" },
        { ",\"prompt\":\"x\"", "prompt", "there is no parameter 'prompt'" },
        { ",\"functions\":[]", "functions", "use 'tools'" },
        { ",\"model\":\"a\\\"b\"", "model", "without quotes" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_refused(ASK_CHAT, arena_printf(arena, "{\"model\":\"m\"," CHAT "%s}", rows[i].more), rows[i].param,
                   rows[i].message);
}

static void messages_refused(void **state)
{
    static const struct {
        const char *messages, *param, *message;
    } rows[] = {
        { "\"hi\"", "messages", "expected a list, found a string" },
        { "[]", "messages", "expected 1 to 4096 items, found 0" },
        { "[\"hi\"]", "messages[0]", "expected an object" },
        { "[{\"role\":\"root\",\"content\":\"x\"}]", "messages[0].role", "one of system" },
        { "[{\"content\":\"x\"}]", "messages[0].role", "'role' is missing" },
        { "[{\"role\":\"user\"}]", "messages[0]", "'content' is missing" },
        { "[{\"role\":\"user\",\"content\":5}]", "messages[0].content", "a string or a list of parts" },
        { "[{\"role\":\"user\",\"content\":\"x\",\"contents\":1}]", "messages[0].contents", "did you mean 'content'?" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"input_audio\"}]}]", "messages[0].content[0]", "input_audio" },
        { "[{\"role\":\"user\",\"content\":[{\"type\":\"image_url\",\"image_url\":{\"url\":\"http://10.0.0.1/\"}}]}]",
          "messages[0].content[0].image_url.url", "nothing is fetched" },
        { "[{\"role\":\"user\",\"content\":\"x\",\"tool_calls\":[{\"function\":{\"name\":\"a\",\"arguments\":\"\"}}]}]",
          "messages[0]", "an assistant's" },
        { "[{\"role\":\"user\",\"content\":\"a\\u0000b\"}]", NULL, "NUL" },
        { "[{\"role\":\"user\",\"content\":\"\\udc80\"}]", NULL, "no UTF-8" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        is_refused(ASK_CHAT, arena_printf(arena, "{\"model\":\"m\",\"messages\":%s}", rows[i].messages), rows[i].param,
                   rows[i].message);
}

static void whole_bodies(void **state)
{
    struct text deep = text_new(arena);

    (void)state;
    is_refused(ASK_CHAT, "{", NULL, "no JSON");
    is_refused(ASK_CHAT, "", NULL, "no JSON");
    is_refused(ASK_CHAT, "[]", NULL, "expected an object");
    is_refused(ASK_CHAT, "{" CHAT "}", "model", "'model' is missing");
    is_refused(ASK_CHAT, "{\"model\":null," CHAT "}", "model", "'model' is missing");
    is_refused(ASK_CHAT, "{\"model\":\"m\"}", "messages", "'messages' is missing");
    text_add(&deep, "{\"model\":\"m\"," CHAT ",\"tools\":");
    for (int i = 0; i < 100; i++)
        text_add(&deep, "[");
    for (int i = 0; i < 100; i++)
        text_add(&deep, "]");
    text_add(&deep, "}");
    is_refused(ASK_CHAT, deep.data, NULL, "more than 32 levels deep");
    text_truncate(&deep, 0);
    text_add(&deep, "{\"model\":\"m\",\"input\":[0");
    for (int i = 0; i < 200000; i++)
        text_add(&deep, ",0");
    text_add(&deep, "]}");
    is_refused(ASK_EMBEDDINGS, deep.data, NULL, "more than 200000 values");
}

static void texts_and_embeddings(void **state)
{
    (void)state;
    is_sent(ASK_TEXT, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"logprobs\":3}",
            "{\"model\":\"engine\",\"prompt\":[\"a\",\"b\"],\"n\":2,\"logprobs\":3}");
    assert_int_equal(ask.weight, 4);
    is_refused(ASK_TEXT, "{\"model\":\"m\",\"prompt\":[1,2]}", "prompt[0]", "lists of tokens are not taken");
    is_refused(ASK_TEXT, "{\"model\":\"m\",\"prompt\":\"a\",\"best_of\":2}", "best_of", "expected 1 to 1");
    is_sent(ASK_EMBEDDINGS, "{\"model\":\"m\",\"input\":\"a\",\"encoding_format\":\"float\"}",
            "{\"model\":\"engine\",\"input\":\"a\",\"encoding_format\":\"float\"}");
    is_refused(ASK_EMBEDDINGS, "{\"model\":\"m\",\"input\":\"a\",\"dimensions\":2}", "dimensions", "model's own size");
    is_refused(ASK_EMBEDDINGS, "{\"model\":\"m\",\"input\":\"a\",\"stream\":true}", "stream", "there is no parameter");
}

static int setup(void **state)
{
    (void)state;
    arena = arena_new();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(chats, setup, teardown),
        cmocka_unit_test_setup_teardown(tools_and_shapes, setup, teardown),
        cmocka_unit_test_setup_teardown(what_clients_send, setup, teardown),
        cmocka_unit_test_setup_teardown(how_much_it_says, setup, teardown),
        cmocka_unit_test_setup_teardown(refusals, setup, teardown),
        cmocka_unit_test_setup_teardown(messages_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(whole_bodies, setup, teardown),
        cmocka_unit_test_setup_teardown(texts_and_embeddings, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
