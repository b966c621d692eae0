# SPDX-License-Identifier: Apache-2.0
# Registries are generated: one file NAME.c that ends in SOMETHING_DEFINE(NAME) = one entry in a plain C array; files
# without it are parts of the others. Adding a file touches nothing else.

# roost_registry(folder glob prefix struct table header): writes generated/<table>.c with
#   const struct <struct> *const <table>[] = { &<prefix><file name>, ..., NULL };   and   const size_t <table>_count
function(roost_registry)
  cmake_parse_arguments(R "" "FOLDER;PREFIX;STRUCT;TABLE;HEADER" "" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS RELATIVE "${CMAKE_SOURCE_DIR}" "${CMAKE_SOURCE_DIR}/${R_FOLDER}/*.c")
  list(SORT sources)
  set(externs "")
  set(entries "")
  foreach(source IN LISTS sources)
    get_filename_component(name "${source}" NAME_WE)
    file(STRINGS "${CMAKE_SOURCE_DIR}/${source}" definition REGEX "^[A-Z_]+_DEFINE\\(${name}\\)")
    if(definition)
      string(APPEND externs "extern const struct ${R_STRUCT} ${R_PREFIX}${name};\n")
      string(APPEND entries "    &${R_PREFIX}${name},\n")
    endif()
  endforeach()
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${R_TABLE}.c" @ONLY CONTENT
"/* Generated from ${R_FOLDER}/ by cmake/registry.cmake. */
#include <stddef.h>
#include \"${R_HEADER}\"
${externs}
extern const struct ${R_STRUCT} *const ${R_TABLE}[];
extern const size_t ${R_TABLE}_count;
const struct ${R_STRUCT} *const ${R_TABLE}[] = {
${entries}    NULL,
};
const size_t ${R_TABLE}_count = sizeof(${R_TABLE}) / sizeof(${R_TABLE}[0]) - 1;
")
endfunction()
