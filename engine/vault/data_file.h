/* SPDX-License-Identifier: Apache-2.0 */
/* Files of data as Ansible's loader reads them, once they are opened: JSON where they are JSON, else YAML. */
#pragma once

#include "common/yaml/yaml_reader.h"

/* As yaml_read. In JSON 1e30 is a number, tabs may indent, and a key that is there twice is no warning. */
bool data_read(struct arena *arena, const struct yaml_source *source, const struct value **out, struct error *err);
