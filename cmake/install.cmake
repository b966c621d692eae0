# SPDX-License-Identifier: Apache-2.0
# What `cmake --install` puts where, in two components: `agent` (a node) and `desk` (the operator's machine, the controller).
# cmake/packages.cmake makes packages of them.
include(GNUInstallDirs)
set(UNITS packaging/systemd)
set(SHARED "${CMAKE_INSTALL_DATADIR}/roost")

# install_text(COMPONENT FILE FOLDER NAME): a text that names the programs, with the prefix that is installed to.
function(install_text component file folder name)
  install(CODE "
    set(bin \"\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}\")
    file(READ \"${CMAKE_SOURCE_DIR}/${file}\" text)
    string(REPLACE \"/usr/bin/roost\" \"\${bin}/roost\" text \"\${text}\")
    file(WRITE \"${CMAKE_BINARY_DIR}/installed/${name}\" \"\${text}\")
    file(INSTALL DESTINATION \"\${CMAKE_INSTALL_PREFIX}/${folder}\" TYPE FILE FILES \"${CMAKE_BINARY_DIR}/installed/${name}\"
         PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  " COMPONENT ${component})
endfunction()

# install_settings(COMPONENT FILE FOLDER): for packages, which keep what was changed. An installation elsewhere leaves /etc alone.
function(install_settings component file folder)
  install(CODE "
    if(\"\${CMAKE_INSTALL_PREFIX}\" STREQUAL \"/usr\")
      file(INSTALL DESTINATION \"/etc/${folder}\" TYPE FILE FILES \"${CMAKE_SOURCE_DIR}/packaging/etc/${file}\"
           PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
    endif()
  " COMPONENT ${component})
endfunction()

install(TARGETS roost-agent RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT agent)
install_text(agent ${UNITS}/roost-agent.service lib/systemd/system roost-agent.service)
install_text(agent packaging/roost-agent.tmpfiles lib/tmpfiles.d roost-agent.conf)
install_settings(agent agent.yml roost)
install(FILES docs/daemon.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/roost-agent" COMPONENT agent)

install(TARGETS roost RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT desk)
install_text(desk ${UNITS}/roost-controller.service lib/systemd/system roost-controller.service)
install_text(desk packaging/roost.sysusers lib/sysusers.d roost.conf)
install_settings(desk roost-controller default)
# The unit in a role is a link in the sources; what a role installs lies in /usr/bin.
install(DIRECTORY roles playbooks DESTINATION "${SHARED}" COMPONENT desk PATTERN "*.service" EXCLUDE)
install(FILES ${UNITS}/roost-agent.service DESTINATION "${SHARED}/roles/roost_agent/files" COMPONENT desk)
install(FILES ${UNITS}/roost-controller.service DESTINATION "${SHARED}/roles/roost_controller/files" COMPONENT desk)
install(DIRECTORY docs/ DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/roost" COMPONENT desk)
install(FILES CHANGELOG.md DESTINATION "${CMAKE_INSTALL_DATADIR}/doc/roost" COMPONENT desk)

include(packages)
