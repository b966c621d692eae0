# SPDX-License-Identifier: Apache-2.0
# Read by cpack itself, which may have been given another version (-R): the desk sends its own agent, so both go together.
set(CPACK_DEBIAN_DESK_PACKAGE_DEPENDS "roost-agent (= ${CPACK_PACKAGE_VERSION}), ${CPACK_DEBIAN_DESK_LOADED}")
set(CPACK_RPM_DESK_PACKAGE_REQUIRES "roost-agent = ${CPACK_PACKAGE_VERSION}, ${CPACK_RPM_DESK_LOADED}")
