# SPDX-License-Identifier: Apache-2.0
# Warnings, hardening and sanitizers: one interface target that everything links.
add_library(roost_flags INTERFACE)
target_compile_definitions(roost_flags INTERFACE _GNU_SOURCE ROOST_VERSION="${PROJECT_VERSION}")
target_include_directories(roost_flags INTERFACE "${CMAKE_SOURCE_DIR}" "${CMAKE_BINARY_DIR}/generated")
target_compile_options(roost_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wstrict-prototypes
  -Wmissing-prototypes -Wwrite-strings -Wundef -Wvla -Wformat=2 -Wnull-dereference -Wdouble-promotion
  -Wimplicit-fallthrough
  $<$<C_COMPILER_ID:GNU>:-Wlogical-op -Wduplicated-cond -Wduplicated-branches>
  $<$<C_COMPILER_ID:Clang>:-Wno-gnu-zero-variadic-macro-arguments>)
target_compile_options(roost_flags INTERFACE -fstack-protector-strong -fPIE -ffunction-sections -fdata-sections)
target_link_options(roost_flags INTERFACE -pie -Wl,-z,relro -Wl,-z,now -Wl,--gc-sections)
# Relative relocations packed (DT_RELR): an eighth of the agent's size. Needs binutils 2.38 and glibc 2.36, so it is tried.
include(CheckCSourceRuns)
set(CMAKE_REQUIRED_FLAGS -fPIE)
set(CMAKE_REQUIRED_LINK_OPTIONS -pie -Wl,-z,pack-relative-relocs)
check_c_source_runs("static int x; static int *const volatile p[] = { &x, &x }; int main(void) { return *p[1]; }" ROOST_HAS_RELR)
unset(CMAKE_REQUIRED_FLAGS)
unset(CMAKE_REQUIRED_LINK_OPTIONS)
if(ROOST_HAS_RELR AND NOT ROOST_SANITIZE) # older lld, below, does not know it
  target_link_options(roost_flags INTERFACE -Wl,-z,pack-relative-relocs)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Release" OR CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(roost_flags INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
if(ROOST_SANITIZE)
  target_compile_options(roost_flags INTERFACE -fsanitize=${ROOST_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(roost_flags INTERFACE -fsanitize=${ROOST_SANITIZE})
  find_program(ROOST_LLD ld.lld) # some hundred programs with the sanitizers' libraries: in a third of the time
  if(ROOST_LLD)
    target_link_options(roost_flags INTERFACE -fuse-ld=lld)
  endif()
endif()
# The sanitized build is not optimised, which takes a quarter of the time to compile; but digests of whole models are.
if(ROOST_SANITIZE)
  set_source_files_properties(common/base/hash.c common/model/digest_blocks.c PROPERTIES COMPILE_OPTIONS -O2)
endif()
if(ROOST_FUZZ)
  target_compile_options(roost_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ROOST_COVERAGE)
  target_compile_options(roost_flags INTERFACE --coverage)
  target_link_options(roost_flags INTERFACE --coverage)
endif()
