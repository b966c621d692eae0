# SPDX-License-Identifier: Apache-2.0
# libcurl is not linked: common/http loads it at the first transfer, so that an agent that downloads nothing starts in
# a few milliseconds. Its headers are needed to compile.
find_package(PkgConfig REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(CURL REQUIRED libcurl)
find_library(ACL_LIBRARY acl REQUIRED)
find_library(CRYPT_LIBRARY crypt REQUIRED)
