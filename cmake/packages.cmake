# SPDX-License-Identifier: Apache-2.0
# Packages by CPack: `roost-agent` for nodes, `roost` for the desk and the controller (it needs the agent: that is what it sends
# to nodes). scripts/package builds them. Libraries that are linked are found by dpkg-shlibdeps and by rpm itself; those that are
# loaded at first use (GnuTLS, nettle's libhogweed, GMP, libcurl) are named here.
set(ROOST_MAINTAINER "The Roost authors <packages@roost.invalid>" CACHE STRING "who answers for packages built here")
set(PACKAGING "${CMAKE_SOURCE_DIR}/packaging")

# Debian wants its changelog and the licence beside the documentation.
string(TIMESTAMP PACKAGED "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/packaging/changelog" @ONLY CONTENT
"roost (@PROJECT_VERSION@) unstable; urgency=medium

  * Changes are told in CHANGELOG.md.

 -- @ROOST_MAINTAINER@  @PACKAGED@
")
execute_process(COMMAND gzip -9nkf "${CMAKE_BINARY_DIR}/packaging/changelog" COMMAND_ERROR_IS_FATAL ANY)
foreach(pair "agent;roost-agent" "desk;roost")
  list(GET pair 0 component)
  list(GET pair 1 package)
  install(FILES "${CMAKE_BINARY_DIR}/packaging/changelog.gz" packaging/copyright
          DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/${package}" COMPONENT ${component})
  install(FILES "packaging/lintian/${package}" DESTINATION "${CMAKE_INSTALL_DATADIR}/lintian/overrides" COMPONENT ${component})
endforeach()
foreach(triple "agent;roost-agent;8" "desk;roost;1")
  list(GET triple 0 component)
  list(GET triple 1 package)
  list(GET triple 2 section)
  execute_process(COMMAND gzip -9nc "${PACKAGING}/man/${package}.${section}"
                  OUTPUT_FILE "${CMAKE_BINARY_DIR}/packaging/${package}.${section}.gz" COMMAND_ERROR_IS_FATAL ANY)
  install(FILES "${CMAKE_BINARY_DIR}/packaging/${package}.${section}.gz"
          DESTINATION "${CMAKE_INSTALL_MANDIR}/man${section}" COMPONENT ${component})
endforeach()

set(CPACK_PACKAGE_NAME roost)
set(CPACK_PACKAGE_VENDOR "The Roost authors")
set(CPACK_PACKAGE_CONTACT "${ROOST_MAINTAINER}")
set(CPACK_PACKAGE_DIRECTORY "${CMAKE_BINARY_DIR}/packages")
set(CPACK_RESOURCE_FILE_LICENSE "${CMAKE_SOURCE_DIR}/LICENSE")
set(CPACK_VERBATIM_VARIABLES ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL agent desk)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
# With a staging folder in front of everything, /etc is /etc.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_SOURCE_DIR}/cmake/packages_config.cmake")

set(AGENT_SUMMARY "Agent of Roost: applies playbooks on its node, reports to a controller")
set(AGENT_TEXT "Applies Ansible's playbooks and roles to its own machine, without Python. As a
daemon, once it has joined a controller, it looks for drift, repairs as its
owner's policy allows, and reports; all connections go out from the node.")
set(DESK_SUMMARY "Provision and run small clusters of AI boxes, in Ansible's language")
set(DESK_TEXT "Applies Ansible's playbooks and roles to many machines over ssh; the agent
travels along. Holds the controller too: a daemon that nodes join and report
to, which knows how they are and where they are not as declared.")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(LOADED "libgnutls30 | libgnutls30t64, libhogweed6 | libhogweed6t64, libgmp10, libcurl3-gnutls | libcurl3t64-gnutls")
set(CPACK_DEBIAN_AGENT_PACKAGE_NAME roost-agent)
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_AGENT_DESCRIPTION "${AGENT_SUMMARY}\n${AGENT_TEXT}")
set(CPACK_DEBIAN_AGENT_PACKAGE_DEPENDS "systemd, ${LOADED}")
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS "nftables") # ports of workloads are closed by it; without it those are refused
set(CPACK_DEBIAN_DESK_PACKAGE_NAME roost)
set(CPACK_DEBIAN_DESK_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_DESK_DESCRIPTION "${DESK_SUMMARY}\n${DESK_TEXT}")
set(CPACK_DEBIAN_DESK_LOADED "openssh-client, ${LOADED}")
foreach(pair "AGENT;roost-agent" "DESK;roost")
  list(GET pair 0 component)
  list(GET pair 1 package)
  set(scripts "${PACKAGING}/deb/${package}")
  set(CPACK_DEBIAN_${component}_PACKAGE_CONTROL_EXTRA
      "${scripts}/postinst;${scripts}/prerm;${scripts}/postrm;${scripts}/conffiles")
endforeach()

set(CPACK_RPM_COMPONENT_INSTALL ON)
set(CPACK_RPM_FILE_NAME RPM-DEFAULT)
set(CPACK_RPM_PACKAGE_LICENSE Apache-2.0)
set(CPACK_RPM_PACKAGE_GROUP "System Environment/Base")
set(CPACK_RPM_PACKAGE_RELEASE 1)
set(CPACK_RPM_EXCLUDE_FROM_AUTO_FILELIST_ADDITION
    /etc /etc/default /usr/lib/systemd /usr/lib/systemd/system /usr/lib/sysusers.d /usr/lib/tmpfiles.d)
set(RPM_LOADED "libgnutls.so.30()(64bit), libhogweed.so.6()(64bit), libgmp.so.10()(64bit), libcurl.so.4()(64bit)")
set(CPACK_RPM_AGENT_PACKAGE_NAME roost-agent)
set(CPACK_RPM_AGENT_PACKAGE_SUMMARY "${AGENT_SUMMARY}")
set(CPACK_RPM_AGENT_PACKAGE_DESCRIPTION "${AGENT_TEXT}")
set(CPACK_RPM_AGENT_PACKAGE_REQUIRES "systemd, ${RPM_LOADED}")
set(CPACK_RPM_AGENT_USER_FILELIST "%config(noreplace) /etc/roost/agent.yml")
set(CPACK_RPM_DESK_PACKAGE_NAME roost)
set(CPACK_RPM_DESK_PACKAGE_SUMMARY "${DESK_SUMMARY}")
set(CPACK_RPM_DESK_PACKAGE_DESCRIPTION "${DESK_TEXT}")
set(CPACK_RPM_DESK_LOADED "openssh-clients, ${RPM_LOADED}")
set(CPACK_RPM_DESK_USER_FILELIST "%config(noreplace) /etc/default/roost-controller")
foreach(pair "AGENT;roost-agent" "DESK;roost")
  list(GET pair 0 component)
  list(GET pair 1 package)
  set(CPACK_RPM_${component}_POST_INSTALL_SCRIPT_FILE "${PACKAGING}/rpm/${package}/post")
  set(CPACK_RPM_${component}_PRE_UNINSTALL_SCRIPT_FILE "${PACKAGING}/rpm/${package}/preun")
  set(CPACK_RPM_${component}_POST_UNINSTALL_SCRIPT_FILE "${PACKAGING}/rpm/${package}/postun")
endforeach()

include(CPack)
