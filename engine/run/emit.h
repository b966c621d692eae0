/* SPDX-License-Identifier: Apache-2.0 */
/* Telling the sink what happens. Values are masked here; nothing secret leaves the engine. */
#pragma once

#include "engine/run/run_state.h"

void emit(struct run *run, struct event *event);
void emit_message(struct run *run, enum event_kind kind, const char *message);
/* The same for text that others made: it is not shown if a text out of a vault is in it. */
void emit_said(struct run *run, struct arena *arena, enum event_kind kind, const char *message);
void emit_named(struct run *run, enum event_kind kind, const char *name);
void emit_warnings(struct run *run);
/* What was noted at -vv and more; emit_warnings does it too. */
void emit_notes(struct run *run);
/* The event's fields that describe a task. */
struct event emit_task_event(enum event_kind kind, const struct node *task, const struct run_host *host);
/* A result as sinks may show it: internal keys gone, secrets masked, or only the notice that it is hidden. */
const struct value *emit_result_value(struct arena *arena, const struct value *result, bool no_log);
