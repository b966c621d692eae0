/* SPDX-License-Identifier: Apache-2.0 */
/* Lookups of files on the control side. */
#include <glob.h>
#include <string.h>

#include "common/base/fd.h"
#include "common/base/path.h"
#include "common/base/text.h"
#include "engine/template/file_vars.h"
#include "engine/template/lookup.h"
#include "engine/template/render.h"
#include "engine/template/strings.h"
#include "engine/vault/vault.h"

static const char *must_find(struct eval *eval, const char *message, const char *subfolder, const struct value *term)
{
    const char *name = lookup_term(eval, term), *path = name == NULL ? NULL : lookup_find_file(eval, subfolder, name);

    if (name != NULL && path == NULL)
        eval_fail(eval, "%s: %s", message, name);
    return path;
}

static bool read_whole(struct eval *eval, const char *path, struct vault_content *out)
{
    const struct vault_door door = { eval->call->decrypt, eval->call->decrypt_context };

    return vault_read_file(&door, eval->arena, path, LIMIT_SOURCE_FILE, out, eval->err);
}

/* What was in a vault stays a secret. */
static const struct value *from_file(struct eval *eval, const struct vault_content *content, const struct value *made)
{
    return made != NULL && content->was_encrypted ? value_mark(eval->arena, made, VALUE_SECRET, 0) : made;
}

static const struct value *lookup_file(struct eval *eval, const struct value *terms, const struct value *options)
{
    bool left = lookup_flag(options, "lstrip", false), right = lookup_flag(options, "rstrip", true);
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *path = must_find(eval, "could not locate file in lookup", "files", terms->as.list.items[i]);
        struct vault_content content = { 0 };

        if (path == NULL || !read_whole(eval, path, &content))
            return NULL;
        value_list_add(
            eval->arena, list,
            from_file(eval, &content,
                      strings_strip(eval, eval_string(eval, content.data, content.length), NULL, left, right)));
    }
    return list;
}

static const struct value *lookup_unvault(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *name = lookup_term(eval, terms->as.list.items[i]);
        const char *path = name == NULL ? NULL : lookup_find_file(eval, "files", name);
        struct vault_content content = { 0 };

        if (path == NULL)
            return name == NULL ? NULL : eval_fail(eval, "Unable to find file matching \"%s\" ", name);
        if (!read_whole(eval, path, &content))
            return NULL;
        value_list_add(eval->arena, list, from_file(eval, &content, eval_string(eval, content.data, content.length)));
    }
    return list;
}

/* Names of this rendering alone: template_vars, then what the file sees of itself. */
struct extra_vars {
    struct template_call *call;
    const struct value *extra;
    struct template_file file;
    const struct value *own; /* made when it is asked for */
};

static bool is_own_name(const char *name, size_t length)
{
    return (length > 9 && memcmp(name, "template_", 9) == 0) ||
           (length == 15 && memcmp(name, "ansible_managed", 15) == 0);
}

static bool extra_get(void *context, struct arena *arena, const char *name, size_t length, const struct value **out,
                      struct error *err)
{
    struct extra_vars *self = context;
    const struct template_vars *outer = self->call->vars;

    *out = value_map_get_n(self->extra, name, length);
    if (*out == NULL && is_own_name(name, length)) {
        if (self->own == NULL && !template_file_vars(self->call, &self->file, &self->own, err))
            return false;
        *out = value_map_get_n(self->own, name, length);
    }
    return *out != NULL || outer == NULL || outer->get(outer->context, arena, name, length, out, err);
}

static const struct value *extra_names(void *context, struct arena *arena)
{
    struct extra_vars *self = context;
    const struct template_vars *outer = self->call->vars;

    return outer == NULL ? value_list(arena) : outer->names(outer->context, arena);
}

/* Is there anything to render? What is no template is text, even where it reads like a list or a dict. */
static bool is_template(const struct vault_content *content, const struct template_file_options *file)
{
    if (file->variable_start != NULL && strstr(content->data, file->variable_start) != NULL)
        return true;
    return value_text_is_template(content->data, content->length);
}

static const struct value *render_file(struct eval *eval, const char *name, const char *path,
                                       const struct value *options)
{
    struct extra_vars extra = { eval->call, value_map_get(options, "template_vars"), { name, path, NULL }, NULL };
    struct template_vars vars = { &extra, extra_get, extra_names };
    struct template_call call = *eval->call;
    struct template_file_options file = TEMPLATE_FILE_OPTIONS;
    const struct value *made = NULL;
    struct vault_content content = { 0 };
    bool is_private;

    if (!read_whole(eval, path, &content) || !eval_enter(eval))
        return NULL;
    call.vars = &vars;
    call.depth += 1;
    file.path = arena_copy(eval->env->arena, path); /* the parsed tree keeps it */
    file.plain_text = !lookup_flag(options, "convert_data", true);
    file.not_native = eval->env->native == NATIVE_LITERALS && !lookup_flag(options, "jinja2_native", false);
    file.trim_blocks = lookup_flag(options, "trim_blocks", true);
    file.lstrip_blocks = lookup_flag(options, "lstrip_blocks", false);
    file.variable_start = lookup_option(options, "variable_start_string", NULL);
    file.variable_end = lookup_option(options, "variable_end_string", NULL);
    file.comment_start = lookup_option(options, "comment_start_string", NULL);
    file.comment_end = lookup_option(options, "comment_end_string", NULL);
    is_private = file.plain_text || file.not_native;
    file.plain_text |= !is_template(&content, &file);
    if (!template_text(&call, content.data, content.length, &file, &made, eval->err))
        made = NULL;
    eval->calls--;
    if (made != NULL && is_private && made->kind == VALUE_STRING)
        made = value_mark(eval->arena, made, VALUE_PRIVATE, 0); /* never read as a literal */
    return from_file(eval, &content, made);
}

static const char *find_template(struct eval *eval, const char *name)
{
    const char *path = name == NULL ? NULL : lookup_find_file(eval, "templates", name);

    if (path == NULL && name != NULL)
        eval_fail(eval, "the template file %s could not be found for the lookup", name);
    return path;
}

static const struct value *lookup_template(struct eval *eval, const struct value *terms, const struct value *options)
{
    struct value *list = eval_list(eval);

    for (size_t i = 0; i < terms->as.list.count; i++) {
        const char *name = lookup_term(eval, terms->as.list.items[i]), *path = find_template(eval, name);
        const struct value *made = path == NULL ? NULL : render_file(eval, name, path, options);

        if (made == NULL)
            return NULL;
        value_list_add(eval->arena, list, made);
    }
    return list;
}

/* --- fileglob --- */

static bool add_glob(struct eval *eval, const char *pattern, struct value *list)
{
    glob_t found = { 0 };
    size_t before = list->as.list.count;

    if (glob(pattern, 0, NULL, &found) == 0)
        for (size_t i = 0; i < found.gl_pathc; i++)
            if (path_is_file(found.gl_pathv[i]))
                value_list_add(eval->arena, list, eval_text(eval, found.gl_pathv[i]));
    globfree(&found);
    return list->as.list.count > before;
}

/* The folder part is searched in the search folders, each with files/ first; the first folder that has it counts. */
static const struct value *lookup_fileglob(struct eval *eval, const struct value *terms, const struct value *options)
{
    const char *const *folders = eval->call->search_folders;
    struct value *list = eval_list(eval);

    (void)options;
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *item = terms->as.list.items[i];
        const char *term = value_text(item);
        bool done = false;

        if (item->kind == VALUE_UNDEFINED)
            return eval_fail_undefined(eval, item);
        if (term == NULL)
            return eval_fail_type(eval, "expected str, bytes or os.PathLike object, not %s", eval_type(item));
        if (*term == '/')
            done = add_glob(eval, term, list) || true;
        for (size_t k = 0; !done && folders != NULL && folders[k] != NULL; k++)
            done = add_glob(eval, path_join(eval->arena, path_join(eval->arena, folders[k], "files"), term), list) ||
                   add_glob(eval, path_join(eval->arena, folders[k], term), list);
    }
    return list;
}

/* --- first_found --- */

/* "a,b;c" or a list, into words. */
static void add_words(struct eval *eval, const struct value *value, const char *separators, struct value *out)
{
    for (size_t i = 0; value_is(value, VALUE_LIST) && i < value->as.list.count; i++)
        add_words(eval, value->as.list.items[i], separators, out);
    if (!value_is(value, VALUE_STRING))
        return;
    for (const char *at = value->as.string.data; *at != '\0';) {
        size_t length = strcspn(at, separators);

        if (length > 0)
            value_list_add(eval->arena, out, eval_string(eval, at, length));
        at += length + (at[length] != '\0');
    }
}

struct search {
    struct value *names;
    bool skip;
};

static void add_structure(struct eval *eval, const struct value *options, struct search *search)
{
    struct value *files = eval_list(eval), *paths = eval_list(eval);

    add_words(eval, value_map_get(options, "files"), ",;", files);
    add_words(eval, value_map_get(options, "paths"), ",:;", paths);
    search->skip = lookup_flag(options, "skip", false);
    for (size_t p = 0; p < paths->as.list.count; p++)
        for (size_t f = 0; f < files->as.list.count; f++)
            value_list_add(eval->arena, search->names,
                           eval_text(eval, path_join(eval->arena, value_text(paths->as.list.items[p]),
                                                     value_text(files->as.list.items[f]))));
    for (size_t f = 0; paths->as.list.count == 0 && f < files->as.list.count; f++)
        value_list_add(eval->arena, search->names, files->as.list.items[f]);
}

static bool add_terms(struct eval *eval, const struct value *terms, const struct value *options, struct search *search)
{
    for (size_t i = 0; i < terms->as.list.count; i++) {
        const struct value *term = terms->as.list.items[i];

        if (term->kind == VALUE_MAP)
            add_structure(eval, term, search);
        else if (term->kind == VALUE_STRING)
            value_list_add(eval->arena, search->names, term);
        else if (term->kind == VALUE_UNDEFINED)
            continue; /* a name made of a variable that this host does not have */
        else if (term->kind != VALUE_LIST || !add_terms(eval, term, options, search))
            return eval_fail(eval, "Invalid term supplied, can handle string, mapping or list of strings but got: %s",
                             eval_type(term)) != NULL;
    }
    return true;
}

static const struct value *lookup_first_found(struct eval *eval, const struct value *terms, const struct value *options)
{
    const char *folder = eval->call->loop_folder != NULL ? eval->call->loop_folder : "files";
    struct search search = { eval_list(eval), lookup_flag(options, "skip", false) };
    struct value *list = eval_list(eval);

    if (value_map_get(options, "files") != NULL)
        add_structure(eval, options, &search);
    if (!add_terms(eval, terms, options, &search))
        return NULL;
    for (size_t i = 0; i < search.names->as.list.count; i++) {
        const char *path = lookup_find_file(eval, folder, value_text(search.names->as.list.items[i]));

        if (path == NULL)
            continue;
        value_list_add(eval->arena, list, eval_text(eval, path));
        return list;
    }
    return search.skip ? list : eval_fail(eval, "No file was found when using first_found.");
}

const struct lookup lookups_file[] = {
    { "file", lookup_file },         { "unvault", lookup_unvault },         { "template", lookup_template },
    { "fileglob", lookup_fileglob }, { "first_found", lookup_first_found }, { .name = NULL },
};
