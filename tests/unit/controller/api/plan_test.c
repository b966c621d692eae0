/* SPDX-License-Identifier: Apache-2.0 */
/* Plans over the API: where workloads would go by what nodes have told, and the map of their memory. */
#include "center_fixture.h"

#include "controller/store/store_model.h"
#include "controller/store/store_piece.h"

#define CHAT                                                                                                           \
    "{\"workloads\": [{\"name\": \"chat\", \"engine\": \"llama_cpp\", \"model\": \"m\", \"context\": 4096},"           \
    " {\"name\": \"big\", \"engine\": \"llama_cpp\", \"model\": \"large\"}]}"

/* A node with 64 GiB, llama.cpp and two models whose headers are not known. */
static bool node_told(struct store_connection *writer, void *data, struct error *err)
{
    const struct store_model models[] = {
        { .name = "m", .state = "complete", .digest = "d", .bytes = 5000000000 },
        { .name = "large", .state = "complete", .digest = "e", .bytes = 90000000000 }
    };
    const struct store_engine engine = { .name = "llama_cpp", .build = "b1", .path = "/usr/bin/llama-server" };
    struct store_enrollment enrollment = { .name = "ai-1", .expires_us = INT64_MAX, .now_us = clock_wall_us() };
    struct store_memory memory = { .at_us = 1,
                                   .body = "{\"memory_total\": 68719476736, \"memory_available\": 60000000000}" };
    enum store_enroll outcome;
    int64_t generation = 0;

    (void)data;
    enrollment.fingerprint = "0000000000000000000000000000000000000000000000000000000000000001";
    return store_node_enroll(writer, &enrollment, &outcome, &memory.node_id, &generation, err) &&
           store_model_replace(writer, memory.node_id, models, 2, 1, err) &&
           store_engine_replace(writer, memory.node_id, &engine, 1, err) && store_memory_set(writer, &memory, err);
}

static void test_plan(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_VIEWER], .body = CHAT, .method = "POST" };
    const struct value *places, *node;
    struct error err = ERROR_INIT;
    struct answer answer;

    must(store_write_wait(fixture->center.store, node_told, NULL, &err), &err);
    answer = expect(fixture, "/api/v1/plan", asked, 200);
    places = value_map_get(answer.body, "places");
    assert_int_equal(value_count(places), 2);
    assert_string_equal(value_map_text(value_item(places, 0), "workload"), "big");
    assert_string_equal(value_map_text(value_item(places, 0), "code"), "no_memory");
    assert_non_null(strstr(value_map_text(value_item(places, 0), "sentence"), "ai-1 has "));
    assert_true(value_map_true(value_item(places, 1), "placed"));
    node = value_item(value_map_get(answer.body, "nodes"), 0);
    assert_string_equal(value_map_text(node, "node"), "ai-1");
    assert_string_equal(value_map_text(value_item(value_map_get(node, "items"), 0), "workload"), "chat");
    asked = (struct asked){ .token = fixture->tokens[API_VIEWER] };
    answer = expect(fixture, "/api/v1/plan", asked, 200);
    assert_int_equal(value_count(value_map_get(answer.body, "places")), 0);
    assert_int_equal(value_count(value_map_get(answer.body, "nodes")), 1);
    assert_null(value_map_text(
        value_item(value_map_get(value_item(value_map_get(answer.body, "nodes"), 0), "items"), 0), "workload"));
}

static void test_refused(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_VIEWER], .method = "POST" };

    asked.body = "{\"workloads\": [{\"name\": \"a\", \"engine\": \"llama_cp\", \"model\": \"m\"}]}";
    expect_code(fixture, "/api/v1/plan", asked, 400, "bad_workload");
    asked.body = "{\"workloads\": [7]}";
    expect_code(fixture, "/api/v1/plan", asked, 400, "bad_workload");
    asked.body = "{\"workloads\": [{\"name\": \"a\", \"engine\": \"llama_cpp\", \"model\": \"m\"}, {\"name\": \"a\","
                 " \"engine\": \"llama_cpp\", \"model\": \"m\"}]}";
    expect_code(fixture, "/api/v1/plan", asked, 400, "bad_workload");
    asked.token = NULL;
    expect(fixture, "/api/v1/plan", asked, 401);
}

#define UNKNOWN                                                                                                        \
    "{\"workloads\": [{\"name\": \"a\", \"engine\": \"llama_cpp\", \"model\": \"hf://acme/x/x.gguf\"},"                \
    " {\"name\": \"b\", \"engine\": \"llama_cpp\", \"model\": \"nowhere\"}]}"

static const char *sentence(const struct answer *answer, size_t index)
{
    const struct value *place = value_item(value_map_get(answer->body, "places"), index);

    assert_string_equal(value_map_text(place, "code"), "no_model");
    return value_map_text(place, "sentence");
}

/* A model that nobody has: a node is asked to read its header, by who may have nodes do something. */
static void test_nobody_has_it(void **state)
{
    struct fixture *fixture = *state;
    struct asked asked = { .token = fixture->tokens[API_VIEWER], .body = UNKNOWN, .method = "POST" };
    struct error err = ERROR_INIT;
    struct answer answer;

    must(store_write_wait(fixture->center.store, node_told, NULL, &err), &err);
    answer = expect(fixture, "/api/v1/plan", asked, 200);
    assert_false(value_map_true(answer.body, "looking"));
    assert_non_null(strstr(sentence(&answer, 0), "an operator's `roost plan` has a node read its header"));
    assert_non_null(strstr(sentence(&answer, 1), "`roost models fetch SOURCE --nodes NODE --name nowhere`"));
    asked.token = fixture->tokens[API_OPERATOR];
    answer = expect(fixture, "/api/v1/plan", asked, 200);
    assert_true(value_map_true(answer.body, "looking"));
    assert_non_null(strstr(sentence(&answer, 0), "ai-1 reads the header of hf://acme/x/x.gguf"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plan, setup, teardown),
        cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nobody_has_it, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
