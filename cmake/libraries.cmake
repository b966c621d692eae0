# SPDX-License-Identifier: Apache-2.0
# libcurl is not linked: common/http loads it at the first transfer, so that an agent that downloads nothing starts in
# a few milliseconds. Its headers are needed to compile. Nor are GnuTLS and nettle's libhogweed, which
# common/trust loads, and GMP, which common/integer loads.
find_package(PkgConfig REQUIRED)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(NETTLE REQUIRED IMPORTED_TARGET nettle)
pkg_check_modules(ARCHIVE REQUIRED IMPORTED_TARGET libarchive)
# Linked statically where its archive is installed, so that only the formats in use come in: dynamically it brings libxml2 and
# ICU, half of the agent's memory and most of the bundle.
find_library(ARCHIVE_STATIC libarchive.a)
find_library(ZSTD_LIBRARY zstd)
find_library(LZMA_LIBRARY lzma)
find_library(BZ2_LIBRARY bz2)
find_library(Z_LIBRARY z)
if(ARCHIVE_STATIC AND ZSTD_LIBRARY AND LZMA_LIBRARY AND BZ2_LIBRARY AND Z_LIBRARY)
  set(ARCHIVE_LINK ${ARCHIVE_STATIC} ${ZSTD_LIBRARY} ${LZMA_LIBRARY} ${BZ2_LIBRARY} ${Z_LIBRARY} PkgConfig::NETTLE acl)
else()
  set(ARCHIVE_LINK PkgConfig::ARCHIVE)
endif()
pkg_check_modules(SYSTEMD REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(SQLITE REQUIRED IMPORTED_TARGET sqlite3>=3.37)
pkg_check_modules(PCRE2 REQUIRED IMPORTED_TARGET libpcre2-8)
pkg_check_modules(CURL REQUIRED libcurl)
pkg_check_modules(GNUTLS REQUIRED gnutls)
pkg_check_modules(GMP REQUIRED gmp)
find_library(ACL_LIBRARY acl REQUIRED)
find_library(CRYPT_LIBRARY crypt REQUIRED)
