# SPDX-License-Identifier: Apache-2.0
# A file of data inside the program: roost_embed(FILE engine/doctor/rules.yml NAME doctor_builtin_rules HEADER x.h) writes
# generated/<name>.c with the bytes as NAME[] (a NUL behind them) and their number as NAME_length.
function(roost_embed)
  cmake_parse_arguments(E "" "FILE;NAME;HEADER" "" ${ARGN})
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${E_FILE}")
  file(READ "${CMAKE_SOURCE_DIR}/${E_FILE}" bytes HEX)
  string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/${E_NAME}.c" @ONLY CONTENT
"/* Generated from ${E_FILE} by cmake/embed.cmake. */
#include \"${E_HEADER}\"
const unsigned char ${E_NAME}[] = {
${bytes}0x00
};
const size_t ${E_NAME}_length = sizeof(${E_NAME}) - 1;
")
endfunction()
