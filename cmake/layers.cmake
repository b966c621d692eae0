# SPDX-License-Identifier: Apache-2.0
# One folder = one static library; what a folder may link is what it may include (scripts/check-layers proves it).
include(embed)

# roost_layer(name folder LIBS ...): library roost_<name> from <folder> and what lies below; an empty folder gives an empty
# library.
function(roost_layer name folder)
  cmake_parse_arguments(L "" "" "LIBS;GENERATED;EXCLUDE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*.c")
  foreach(excluded IN LISTS L_EXCLUDE)
    list(REMOVE_ITEM sources "${CMAKE_SOURCE_DIR}/${folder}/${excluded}")
  endforeach()
  if(sources OR L_GENERATED)
    add_library(roost_${name} STATIC ${sources} ${L_GENERATED})
    target_compile_options(roost_${name} PRIVATE $<$<BOOL:${ROOST_WERROR}>:-Werror>) # the product; tests may warn
    target_link_libraries(roost_${name} PUBLIC roost_flags ${L_LIBS})
  else()
    add_library(roost_${name} INTERFACE)
    target_link_libraries(roost_${name} INTERFACE roost_flags ${L_LIBS})
  endif()
endfunction()

# common
roost_layer(base common/base LIBS PkgConfig::NETTLE m)
roost_layer(value common/value LIBS roost_base)
roost_layer(regex common/regex LIBS roost_value PkgConfig::PCRE2)
roost_layer(json common/json LIBS roost_value)
roost_layer(yaml common/yaml LIBS roost_value PkgConfig::YAML)
roost_layer(jmespath common/jmespath LIBS roost_json roost_integer)
roost_layer(toml common/toml LIBS roost_value)
roost_layer(spec common/spec LIBS roost_value roost_json)
roost_layer(event common/event LIBS roost_value)
roost_layer(protocol common/protocol LIBS roost_value roost_json)
roost_layer(http common/http LIBS roost_base ${CMAKE_DL_LIBS})
roost_layer(trust common/trust LIBS roost_value roost_json ${CMAKE_DL_LIBS})
roost_layer(model common/model LIBS roost_value roost_json roost_http)
roost_layer(placement common/placement LIBS roost_value roost_json roost_spec)
roost_layer(integer common/integer LIBS roost_value roost_trust)
target_include_directories(roost_flags SYSTEM INTERFACE ${CURL_INCLUDE_DIRS} ${GNUTLS_INCLUDE_DIRS} ${GMP_INCLUDE_DIRS})
set(COMMON roost_base roost_value roost_json roost_yaml roost_toml roost_spec roost_event roost_protocol roost_http roost_model roost_trust
           roost_placement)

# engine
roost_layer(vault engine/vault LIBS roost_trust roost_json roost_yaml)
roost_layer(template engine/template LIBS roost_value roost_json roost_yaml roost_http roost_regex roost_jmespath roost_integer roost_vault ${CRYPT_LIBRARY})
roost_layer(foreign engine/foreign LIBS roost_value roost_json roost_regex)
roost_layer(playbook engine/playbook LIBS ${COMMON} roost_template roost_foreign)
roost_layer(inventory engine/inventory LIBS ${COMMON} roost_regex roost_template)
roost_layer(vars engine/vars LIBS roost_playbook roost_inventory)
roost_registry(FOLDER engine/actions PREFIX action_ STRUCT action TABLE action_table HEADER engine/run/action.h)
roost_layer(run engine/run LIBS roost_vars)
roost_embed(FILE engine/doctor/rules.yml NAME doctor_builtin_rules HEADER engine/doctor/doctor_builtin.h)
roost_layer(doctor engine/doctor LIBS roost_template GENERATED "${CMAKE_BINARY_DIR}/generated/doctor_builtin_rules.c")
roost_layer(actions engine/actions LIBS roost_run roost_doctor GENERATED "${CMAKE_BINARY_DIR}/generated/action_table.c")
roost_layer(report engine/report LIBS ${COMMON})
roost_layer(channel engine/channel LIBS roost_run)
roost_embed_table(FOLDERS engine/python PATTERN "*.py" TABLE python_sources STRUCT python_source HEADER engine/python/python.h)
roost_layer(python engine/python LIBS roost_channel roost_foreign GENERATED ${python_sources_sources})
roost_layer(command engine/command LIBS roost_python roost_actions roost_run roost_report)
set(ENGINE roost_command roost_python roost_channel roost_actions roost_run roost_vars roost_inventory roost_playbook roost_template roost_report ${COMMON})

# agent
roost_layer(system agent/system LIBS ${COMMON} ${ARCHIVE_LINK} PkgConfig::SYSTEMD ${ACL_LIBRARY} roost_regex)
roost_layer(task agent/task LIBS roost_system)
roost_registry(FOLDER agent/facts PREFIX fact_group_ STRUCT fact_group TABLE fact_group_table HEADER agent/facts/fact_group.h)
roost_layer(facts agent/facts LIBS roost_task GENERATED "${CMAKE_BINARY_DIR}/generated/fact_group_table.c")
roost_registry(FOLDER agent/modules PREFIX module_ STRUCT module TABLE module_table HEADER agent/task/module.h)
roost_layer(modules agent/modules LIBS roost_task roost_facts GENERATED "${CMAKE_BINARY_DIR}/generated/module_table.c")
roost_layer(session agent/session LIBS roost_modules)
roost_layer(pieces agent/pieces LIBS roost_system roost_placement)
roost_layer(share agent/share LIBS roost_system roost_model roost_trust)
roost_layer(daemon agent/daemon LIBS roost_system roost_report roost_channel roost_model roost_pieces roost_share)

# controller
roost_layer(transport controller/transport LIBS roost_channel)
roost_layer(authority controller/authority LIBS roost_trust)
roost_embed(FILE controller/store/schema_1.sql NAME store_schema_1 HEADER controller/store/migration.h)
roost_embed(FILE controller/store/schema_2.sql NAME store_schema_2 HEADER controller/store/migration.h)
roost_embed(FILE controller/store/schema_3.sql NAME store_schema_3 HEADER controller/store/migration.h)
roost_layer(store controller/store LIBS roost_base PkgConfig::SQLITE
    GENERATED "${CMAKE_BINARY_DIR}/generated/store_schema_1.c" "${CMAKE_BINARY_DIR}/generated/store_schema_2.c"
              "${CMAKE_BINARY_DIR}/generated/store_schema_3.c")
roost_layer(files controller/files LIBS roost_base)
roost_layer(runs controller/runs LIBS ${COMMON} roost_store roost_files)
roost_embed_table(FOLDERS controller/pages/templates controller/pages/assets TABLE pages_file_table STRUCT pages_file
                  HEADER controller/pages/pages_file.h)
roost_layer(pages controller/pages LIBS roost_template GENERATED ${pages_file_table_sources})
roost_layer(workload controller/workload LIBS ${COMMON})
roost_layer(planner controller/planner LIBS roost_workload)
roost_registry(FOLDER controller/engines PREFIX engine_ STRUCT engine TABLE engine_table HEADER controller/engines/engine.h)
roost_layer(engines controller/engines LIBS roost_planner GENERATED "${CMAKE_BINARY_DIR}/generated/engine_table.c")
roost_layer(launcher controller/launcher LIBS roost_engines roost_store roost_files)
roost_layer(bench controller/bench LIBS roost_launcher)
roost_layer(energy controller/energy LIBS roost_base)
roost_registry(FOLDER controller/api PREFIX api_resource_ STRUCT api_resource TABLE api_resource_table HEADER controller/api/center.h)
roost_layer(api controller/api LIBS ${COMMON} roost_store roost_authority roost_files roost_runs roost_pages roost_launcher roost_bench roost_energy PkgConfig::MICROHTTPD
            GENERATED "${CMAKE_BINARY_DIR}/generated/api_resource_table.c")
roost_layer(gateway controller/gateway LIBS roost_api)
roost_layer(service controller/service LIBS roost_gateway)

# The catalogue: what every module declares, printed as C by a program that links them all (tools at build time only).
if(EXISTS "${CMAKE_SOURCE_DIR}/cmake/catalogue_writer.c")
  add_executable(roost-catalogue-writer cmake/catalogue_writer.c)
  target_link_libraries(roost-catalogue-writer PRIVATE roost_modules)
  add_custom_command(OUTPUT "${CMAKE_BINARY_DIR}/generated/module_catalogue.c"
    COMMAND roost-catalogue-writer "${CMAKE_BINARY_DIR}/generated/module_catalogue.c"
    DEPENDS roost-catalogue-writer VERBATIM)
  add_library(roost_catalogue STATIC "${CMAKE_BINARY_DIR}/generated/module_catalogue.c")
  target_link_libraries(roost_catalogue PUBLIC roost_flags roost_spec)
endif()

# programs
if(EXISTS "${CMAKE_SOURCE_DIR}/cli/main.c")
  roost_registry(FOLDER cli PREFIX verb_ STRUCT verb TABLE verb_table HEADER cli/verb.h)
  roost_embed(FILE cli/enroll.yml NAME enroll_play HEADER cli/enroll_play.h)
  roost_layer(cli cli LIBS roost_transport roost_service ${ENGINE} roost_catalogue EXCLUDE main.c
              GENERATED "${CMAKE_BINARY_DIR}/generated/verb_table.c" "${CMAKE_BINARY_DIR}/generated/enroll_play.c")
  add_executable(roost cli/main.c)
  target_link_libraries(roost PRIVATE roost_cli)
endif()
if(EXISTS "${CMAKE_SOURCE_DIR}/agent/main.c")
  roost_registry(FOLDER agent/verbs PREFIX agent_verb_ STRUCT agent_verb TABLE agent_verb_table HEADER agent/verbs/verb.h)
  roost_layer(agent_verbs agent/verbs LIBS roost_session roost_daemon ${ENGINE} roost_catalogue GENERATED "${CMAKE_BINARY_DIR}/generated/agent_verb_table.c")
  add_executable(roost-agent agent/main.c)
  target_link_libraries(roost-agent PRIVATE roost_agent_verbs)
endif()
