/* SPDX-License-Identifier: Apache-2.0 */
/* What was built: signed by the controller, told twice kept once, verified by whoever has the key. */
#include "center_fixture.h"

#include "common/trust/public_key.h"
#include "common/trust/signature.h"

static struct asked post(struct fixture *fixture, enum api_access role, const char *body)
{
    return (struct asked){ .token = fixture->tokens[role], .method = "POST", .body = body };
}

static void signed_and_read_back(void **state)
{
    struct fixture *fixture = *state;
    const char *body = "{\"rebuild\":\"r1\",\"node\":\"n1\",\"outcome\":\"built\",\"built\":{\"z\":1,\"a\":[2]}}";
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };
    struct answer made, again, read;
    struct public_key key;
    unsigned char signature[SIGNATURE_BYTES];
    struct error err = ERROR_INIT;
    const char *record = NULL, *pem = NULL;

    expect(fixture, "/api/v1/build-records", post(fixture, API_VIEWER, body), 403);
    made = expect(fixture, "/api/v1/build-records", post(fixture, API_OPERATOR, body), 201);
    again = expect(fixture, "/api/v1/build-records", post(fixture, API_OPERATOR, body), 200);
    assert_int_equal(number(again.body, "id"), number(made.body, "id"));
    read = expect(fixture, "/api/v1/build-records/1", viewer, 200);
    record = value_map_text(read.body, "record");
    pem = value_map_text(read.body, "signing_key");
    assert_non_null(strstr(record, "\"built\":{\"a\":[2],\"z\":1},\"by\":\"operator\",\"format\":1,\"node\":\"n1\""));
    must(public_key_read_pem(pem, strlen(pem), &key, &err), &err);
    must(signature_read(value_map_text(read.body, "signature"), signature, &err), &err);
    must(signature_verify(&key, &(struct signed_message){ BUILD_RECORD_DOMAIN, record, strlen(record) }, signature,
                          &err),
         &err);
    assert_false(
        signature_verify(&key, &(struct signed_message){ "roost-bundle-v1", record, strlen(record) }, signature, &err));
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/build-records?node=n1", viewer, 200).body, "items")), 1);
    assert_int_equal(
        value_count(value_map_get(expect(fixture, "/api/v1/build-records?node=n2", viewer, 200).body, "items")), 0);
    assert_non_null(strstr(expect(fixture, "/api/v1/events", viewer, 200).text, "rebuild.done"));
}

static void refused(void **state)
{
    struct fixture *fixture = *state;
    struct asked viewer = { .token = fixture->tokens[API_VIEWER] };

    expect(fixture, "/api/v1/build-records",
           post(fixture, API_OPERATOR, "{\"rebuild\":\"\",\"outcome\":\"built\",\"built\":{}}"), 400);
    expect(fixture, "/api/v1/build-records",
           post(fixture, API_OPERATOR, "{\"rebuild\":\"r\",\"outcome\":\"good\",\"built\":{}}"), 400);
    expect_code(fixture, "/api/v1/build-records/9", viewer, 404, "record_unknown");
    expect_code(fixture, "/api/v1/build-records/x", viewer, 404, "record_unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(signed_and_read_back, setup, teardown),
        cmocka_unit_test_setup_teardown(refused, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
