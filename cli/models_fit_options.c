/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `roost models fit`. What it does not know goes to the connection when a node is asked, else it is an error. */
#include <string.h>

#include "cli/models_fit.h"
#include "common/base/text.h"
#include "common/model/model_settings.h"

struct fit_option {
    const char *name;
    bool takes_value;
    bool (*set)(struct fit_options *options, const char *value, struct error *err);
};

static bool count_parse(const char *value, uint64_t most, uint64_t *out, struct error *err)
{
    int64_t number = 0;

    if (!text_to_int(value, &number) || number < 1 || (uint64_t)number > most)
        return error_set_kind(err, ERROR_OPTIONS, "'%s' is no number from 1 to %llu", value, (unsigned long long)most);
    *out = (uint64_t)number;
    return true;
}

static bool small_parse(const char *value, uint64_t most, uint32_t *out, struct error *err)
{
    uint64_t number = 0;

    if (!count_parse(value, most, &number, err))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool set_context(struct fit_options *options, const char *value, struct error *err)
{
    return count_parse(value, MEMORY_CONTEXT_MAX, &options->request.context, err);
}

static bool set_slots(struct fit_options *options, const char *value, struct error *err)
{
    return small_parse(value, MEMORY_SLOTS_MAX, &options->request.slots, err);
}

static bool set_batch(struct fit_options *options, const char *value, struct error *err)
{
    return small_parse(value, MEMORY_BATCH_MAX, &options->request.batch, err);
}

static bool set_ubatch(struct fit_options *options, const char *value, struct error *err)
{
    return small_parse(value, MEMORY_BATCH_MAX, &options->request.ubatch, err);
}

static bool set_keys(struct fit_options *options, const char *value, struct error *err)
{
    return memory_cache_type(value, &options->request.key_type, err);
}

static bool set_values(struct fit_options *options, const char *value, struct error *err)
{
    return memory_cache_type(value, &options->request.value_type, err);
}

static bool set_cache(struct fit_options *options, const char *value, struct error *err)
{
    return set_keys(options, value, err) && set_values(options, value, err);
}

static bool set_flash(struct fit_options *options, const char *value, struct error *err)
{
    if (strcmp(value, "auto") == 0) /* llama.cpp finds that it can */
        value = "on";
    return text_to_bool(value, &options->request.flash_attention) ||
           error_set_kind(err, ERROR_OPTIONS, "'%s' is neither on, off nor auto", value);
}

static bool set_unified(struct fit_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    return options->request.is_unified = true;
}

static bool set_window_full(struct fit_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    return options->request.window_full = true;
}

static bool set_cpu(struct fit_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    return options->request.on_cpu = true;
}

static bool set_json(struct fit_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    return options->json = true;
}

static bool set_help(struct fit_options *options, const char *value, struct error *err)
{
    (void)value, (void)err;
    return options->help = true;
}

static bool set_projector(struct fit_options *options, const char *value, struct error *err)
{
    (void)err;
    options->projector = value;
    return true;
}

static bool set_store(struct fit_options *options, const char *value, struct error *err)
{
    (void)err;
    options->store = value;
    return true;
}

static bool set_node(struct fit_options *options, const char *value, struct error *err)
{
    (void)err;
    options->node = value;
    return true;
}

/* No memory at all would be taken for "not given". */
static bool limit_parse(const char *value, uint64_t *out, struct error *err)
{
    uint64_t bytes = 0;

    if (!memory_size_parse(value, &bytes, err))
        return false;
    if (bytes == 0)
        return error_set_kind(err, ERROR_OPTIONS,
                              "'%s' is no limit: leave the option out where nothing is to be checked", value);
    *out = bytes;
    return true;
}

static bool set_gtt(struct fit_options *options, const char *value, struct error *err)
{
    options->has_gtt = true;
    options->limits.gpu_name = "GTT";
    options->limits.is_unified = true;
    return limit_parse(value, &options->limits.gpu, err);
}

static bool set_vram(struct fit_options *options, const char *value, struct error *err)
{
    options->has_vram = true;
    options->limits.gpu_name = "VRAM";
    options->limits.is_unified = false;
    return limit_parse(value, &options->limits.gpu, err);
}

static bool set_ram(struct fit_options *options, const char *value, struct error *err)
{
    return limit_parse(value, &options->limits.ram, err);
}

static bool set_margin(struct fit_options *options, const char *value, struct error *err)
{
    options->has_margin = true;
    return memory_size_parse(value, &options->limits.margin, err);
}

static bool set_reserve(struct fit_options *options, const char *value, struct error *err)
{
    options->has_reserve = true;
    return memory_size_parse(value, &options->limits.reserve, err);
}

static const struct fit_option fit_option_table[] = {
    { "--ctx", true, set_context },
    { "--slots", true, set_slots },
    { "--kv", true, set_cache },
    { "--kv-k", true, set_keys },
    { "--kv-v", true, set_values },
    { "--batch", true, set_batch },
    { "--ubatch", true, set_ubatch },
    { "--flash-attn", true, set_flash },
    { "--kv-unified", false, set_unified },
    { "--swa-full", false, set_window_full },
    { "--mmproj", true, set_projector },
    { "--cpu", false, set_cpu },
    { "--gtt", true, set_gtt },
    { "--vram", true, set_vram },
    { "--ram", true, set_ram },
    { "--margin", true, set_margin },
    { "--reserve", true, set_reserve },
    { "--node", true, set_node },
    { "--store", true, set_store },
    { "--json", false, set_json },
    { "--help", false, set_help },
    { "-h", false, set_help },
};

const char *fit_options_help(void)
{
    return "usage: roost models fit MODEL [OPTIONS]\n\n" MODELS_FIT_SUMMARY
           ". MODEL is a GGUF file, any shard of one,\n"
           "or a model of the store: its source (hf://ORG/REPO/FILE) or the name it was given.\n\n"
           "  --ctx N            tokens of context, of all slots together (default: the model's own)\n"
           "  --slots N          requests served at once (default 1); they share the context out\n"
           "  --kv TYPE          type of the cache: f16 (default), bf16, f32, q8_0, q5_1, q5_0, q4_1, q4_0, iq4_nl\n"
           "  --kv-k, --kv-v TYPE  the same for keys and values apart\n"
           "  --batch N, --ubatch N  tokens worked on at once (default 2048, 512)\n"
           "  --flash-attn on|off  (default on)\n"
           "  --kv-unified       all slots share one cache\n"
           "  --swa-full         sliding windows are cached in full\n"
           "  --mmproj FILE      a projector loaded beside the model\n"
           "  --cpu              nothing is on a GPU\n\n"
           "Against what:\n"
           "  --gtt SIZE         GPU memory that is host memory (112GiB)\n"
           "  --vram SIZE        memory of the GPU's own\n"
           "  --ram SIZE         memory of the host\n"
           "  --node PATTERN     the limits of these hosts, by their facts; takes -i and the other options of `roost facts`\n"
           "  --margin SIZE      GPU memory to stay free (default 1GiB, as llama.cpp)\n"
           "  --reserve SIZE     host memory for everything else (default 4GiB)\n\n"
           "  --store DIR        root of the store (ROOST_MODELS_STORE; else " MODEL_STORE_DEFAULT ")\n"
           "  --json             the terms of the sum and the verdict as JSON\n\n"
           "Exit code: 0 fits (or no limit was given), 1 fits if, 2 does not fit, 3 a file or node could not be read.\n";
}

static const struct fit_option *option_find(const char *word, const char **value_out)
{
    for (size_t i = 0; i < sizeof(fit_option_table) / sizeof(fit_option_table[0]); i++) {
        size_t length = strlen(fit_option_table[i].name);
        if (strncmp(word, fit_option_table[i].name, length) != 0)
            continue;
        *value_out = word[length] == '=' ? word + length + 1 : NULL;
        if (word[length] == '\0' || (*value_out && fit_option_table[i].takes_value))
            return &fit_option_table[i];
    }
    return NULL;
}

static bool word_take(struct fit_options *options, int argc, char **argv, int *at, struct error *err)
{
    const char *value = NULL, *word = argv[*at];
    const struct fit_option *option = option_find(word, &value);

    if (!option && word[0] != '-' && !options->model && options->rest_count == 2) {
        options->model = word;
        return true;
    }
    if (!option) {
        options->rest[options->rest_count++] = argv[*at];
        return true;
    }
    if (option->takes_value && !value) {
        if (*at + 1 >= argc)
            return error_set_kind(err, ERROR_OPTIONS, "%s needs a value", option->name);
        value = argv[++*at];
    }
    return option->set(options, value, err) || error_prefix(err, "%s", option->name);
}

static const char *option_nearest(const char *word)
{
    const char *names[sizeof(fit_option_table) / sizeof(fit_option_table[0])];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        names[i] = fit_option_table[i].name;
    return text_nearest(word, names, sizeof(names) / sizeof(names[0]));
}

static bool check_words(const struct fit_options *options, struct error *err)
{
    bool is_ours = options->node || options->rest_count == 2;

    if (!options->model && is_ours)
        return error_set_kind(err, ERROR_OPTIONS, "which model? Name a GGUF file");
    if (is_ours)
        return true;
    const char *nearest = option_nearest(options->rest[2]);
    return error_set_kind(err, ERROR_OPTIONS, "'%s' is not known here%s%s%s", options->rest[2],
                          nearest ? ", did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* What would be overruled or compared with nothing. */
static bool check_limits(const struct fit_options *options, struct error *err)
{
    bool has_gpu = options->has_gtt || options->has_vram;

    if (options->has_gtt && options->has_vram)
        return error_set_kind(err, ERROR_OPTIONS, "--gtt and --vram are two answers to one question: name one of them");
    if (options->request.on_cpu && (has_gpu || options->has_margin))
        return error_set_kind(err, ERROR_OPTIONS, "with --cpu nothing is on a GPU: %s has no meaning",
                              options->has_gtt    ? "--gtt"
                              : options->has_vram ? "--vram"
                                                  : "--margin");
    if (options->has_margin && !has_gpu && !options->node)
        return error_set_kind(err, ERROR_OPTIONS,
                              "--margin is kept of a GPU's memory: name --gtt, --vram or --node too");
    if (options->has_reserve && options->limits.ram == 0 && !options->node)
        return error_set_kind(err, ERROR_OPTIONS, "--reserve is kept of the host's memory: name --ram or --node too");
    return true;
}

bool fit_options_parse(struct arena *arena, int argc, char **argv, struct fit_options *out, struct error *err)
{
    struct fit_options options = { .arena = arena,
                                   .request = memory_request_default(),
                                   .limits = { .gpu_name = "GTT",
                                               .is_unified = true,
                                               .margin = MEMORY_MARGIN_DEFAULT,
                                               .reserve = MEMORY_RESERVE_DEFAULT } };

    options.rest = arena_new_array(arena, char *, (size_t)argc + 3);
    options.rest_count = 2; /* the name, and the place of the pattern */
    for (int i = 1; i < argc; i++) {
        if (!word_take(&options, argc, argv, &i, err))
            return false;
    }
    options.rest[0] = argv[0];
    options.rest[1] = arena_copy(arena, options.node ? options.node : "");
    if (!options.help && (!check_words(&options, err) || !check_limits(&options, err)))
        return false;
    *out = options;
    return true;
}
