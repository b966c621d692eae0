/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which layers of which architecture have a sliding window or a recurrent state: as llama.cpp of August 2026 does it
 * (llama-hparams, llama-arch, models). Architectures of plain attention are listed too: only then is the sum called exact.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "common/model/model_shape_rules.h"

static const struct model_rule rules[] = {
    /* sliding windows */
    { "afmoe", 0, 4, 0, false, 0 },
    { "cohere2", 0, 4, 0, false, 0 },
    { "cohere2moe", RULE_DENSE_FIRST | RULE_WINDOW_LIST, 4, 0, false, 0 },
    { "exaone4", RULE_WINDOW_64 | RULE_WINDOW_ALWAYS, 4, 4096, false, 0 },
    { "exaone-moe", RULE_WINDOW_ALWAYS, 4, 128, false, 0 },
    { "gemma2", RULE_WINDOW_ALWAYS, 2, 4096, false, 0 },
    { "gemma3", 0, 6, 0, false, 0 },
    { "gemma3n", RULE_SHARED_20, 5, 0, false, 0 },
    { "gemma4", RULE_WINDOW_LIST, 0, 0, false, 0 },
    { "gpt-oss", 0, 2, 0, false, 0 },
    { "laguna", RULE_DENSE_FIRST, 4, 0, false, 0 },
    { "llama4", RULE_WINDOW_ALWAYS, 4, 8192, true, 0 },
    { "mellum", RULE_WINDOW_LIST, 4, 0, false, 0 },
    { "mimo2", RULE_WINDOW_LIST | RULE_NO_EXTRA, 0, 0, false, 0 },
    { "muse-glimmer", RULE_WINDOW_LIST, 4, 0, false, 0 },
    { "olmo2", 0, 4, 0, false, 0 },
    { "plamo3", 0, 8, 0, false, 0 },
    { "smallthinker", RULE_DENSE_FIRST, 4, 4096, true, 0 },
    { "step35", RULE_WINDOW_LIST | RULE_NO_EXTRA, 0, 0, false, 0 },
    /* recurrent, and both kinds together */
    { "mamba", RULE_RECURRENT, 0, 0, false, 0 },
    { "mamba2", RULE_RECURRENT, 0, 0, false, 0 },
    { "rwkv6", RULE_RECURRENT, 0, 0, false, 0 },
    { "rwkv6qwen2", RULE_RECURRENT, 0, 0, false, 0 },
    { "rwkv7", RULE_RECURRENT, 0, 0, false, 0 },
    { "arwkv7", RULE_RECURRENT, 0, 0, false, 0 },
    { "jamba", RULE_RECURRENT_HEADS, 0, 0, false, 0 },
    { "granitehybrid", RULE_RECURRENT_HEADS, 0, 0, false, 0 },
    { "plamo2", RULE_RECURRENT_HEADS, 0, 0, false, 0 },
    { "lfm2", RULE_RECURRENT_HEADS | RULE_WINDOW_REST, 0, 0, false, 0 },
    { "lfm2moe", RULE_RECURRENT_HEADS, 0, 0, false, 0 },
    { "kimi-linear", RULE_RECURRENT_HEADS | RULE_DELTA, 0, 0, false, 0 },
    { "bailingmoe3", RULE_RECURRENT_HEADS | RULE_DELTA, 0, 0, false, 0 },
    { "falcon-h1", RULE_RECURRENT_BOTH, 0, 0, false, 0 },
    { "nemotron_h", RULE_RECURRENT_BARE, 0, 0, false, 0 },
    { "nemotron_h_moe", RULE_RECURRENT_BARE, 0, 0, false, 0 },
    { "qwen3next", RULE_RECURRENT_EVERY | RULE_NO_EXTRA | RULE_DELTA, 0, 0, false, 4 },
    { "qwen35", RULE_RECURRENT_EVERY | RULE_NO_EXTRA | RULE_DELTA, 0, 0, false, 4 },
    { "qwen35moe", RULE_RECURRENT_EVERY | RULE_NO_EXTRA | RULE_DELTA, 0, 0, false, 4 },
    { "minimax-01", RULE_RECURRENT_EVERY | RULE_NO_EXTRA | RULE_DELTA, 0, 0, false, 8 },
    /* sparse attention */
    { "deepseek32", RULE_INDEX | RULE_NO_EXTRA, 0, 0, false, 0 },
    { "glm-dsa", RULE_INDEX | RULE_NO_EXTRA, 0, 0, false, 0 },
    { "minimax-m3", RULE_INDEX, 0, 0, false, 0 },
    { "deepseek4", RULE_UNSURE, 0, 0, false, 0 },
    { "kimi-k3", RULE_RECURRENT_HEADS | RULE_DELTA | RULE_UNSURE, 0, 0, false, 0 },
    /* without a cache */
    { "bert", RULE_ENCODER, 0, 0, false, 0 },
    { "jina-bert-v2", RULE_ENCODER, 0, 0, false, 0 },
    { "jina-bert-v3", RULE_ENCODER, 0, 0, false, 0 },
    { "nomic-bert", RULE_ENCODER, 0, 0, false, 0 },
    { "nomic-bert-moe", RULE_ENCODER, 0, 0, false, 0 },
    { "neo-bert", RULE_ENCODER, 0, 0, false, 0 },
    { "eurobert", RULE_ENCODER, 0, 0, false, 0 },
    { "modern-bert", RULE_ENCODER, 0, 0, false, 0 },
    { "gemma-embedding", RULE_ENCODER, 0, 0, false, 0 },
    { "wavtokenizer-dec", RULE_ENCODER, 0, 0, false, 0 },
    { "dream", RULE_ENCODER, 0, 0, false, 0 },
    { "llada", RULE_ENCODER, 0, 0, false, 0 },
    { "llada-moe", RULE_ENCODER, 0, 0, false, 0 },
    { "rnd1", RULE_ENCODER, 0, 0, false, 0 },
    /* MTP layers that stay idle */
    { "hy_v3", RULE_NO_EXTRA, 0, 0, false, 0 },
};

/* Plain attention in every layer. phi3 names a window that llama.cpp does not use. */
static const char *const plain[] = {
    "llama",          "llama-embed", "deci",       "falcon",       "grok",        "gpt2",          "gptj",
    "gptneox",        "mpt",         "baichuan",   "starcoder",    "starcoder2",  "refact",        "bloom",
    "stablelm",       "qwen",        "qwen2",      "qwen2moe",     "qwen2vl",     "qwen3",         "qwen3moe",
    "qwen3vl",        "qwen3vlmoe",  "phi2",       "phi3",         "phimoe",      "plamo",         "codeshell",
    "orion",          "internlm2",   "minicpm",    "minicpm3",     "gemma",       "command-r",     "dbrx",
    "olmo",           "olmoe",       "openelm",    "arctic",       "deepseek",    "deepseek2",     "deepseek2-ocr",
    "chatglm",        "glm4",        "glm4moe",    "bitnet",       "jais",        "jais2",         "nemotron",
    "exaone",         "granite",     "granitemoe", "chameleon",    "cogvlm",      "bailingmoe",    "bailingmoe2",
    "dots1",          "arcee",       "ernie4_5",   "ernie4_5-moe", "hunyuan-moe", "hunyuan-dense", "hunyuan_vl",
    "smollm3",        "seed_oss",    "grovemoe",   "apertus",      "minimax-m2",  "mistral3",      "mistral4",
    "pangu-embedded", "maincoder",   "paddleocr",  "xverse",       "plm",         "nanbeige",      "talkie",
};

const struct model_rule *model_rule_find(const char *architecture)
{
    static const struct model_rule attention = { "", 0, 0, 0, false, 0 };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcmp(rules[i].architecture, architecture) == 0)
            return &rules[i];
    }
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        if (strcmp(plain[i], architecture) == 0)
            return &attention;
    }
    return NULL;
}
