# SPDX-License-Identifier: Apache-2.0
# Configures small projects: those with an arrow of cmake/layers.cmake pass, the others are refused.
function(configure name expected)
  set(source ${SCRATCH}/${name})
  file(REMOVE_RECURSE ${source})
  string(JOIN "\n" calls ${ARGN})
  file(WRITE ${source}/empty.cpp "")
  file(WRITE ${source}/CMakeLists.txt
    "cmake_minimum_required(VERSION 3.25)\n"
    "project(Arrow LANGUAGES CXX)\n"
    "set(MITOME_TESTS OFF)\n"
    "include(${ROOT}/cmake/mitome.cmake)\n"
    "${calls}\n")
  execute_process(
    COMMAND ${CMAKE_COMMAND} -G Ninja -S ${source} -B ${source}/build
      -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_WORKS=TRUE
    RESULT_VARIABLE status
    OUTPUT_VARIABLE said
    ERROR_VARIABLE said)
  if(expected STREQUAL "accepted")
    if(NOT status EQUAL 0)
      message(SEND_ERROR "${name}: refused, but the arrow exists\n${said}")
    endif()
    return()
  endif()
  string(REGEX REPLACE "[ \n]+" " " said "${said}")
  if(status EQUAL 0)
    message(SEND_ERROR "${name}: accepted")
  elseif(NOT said MATCHES "${expected}")
    message(SEND_ERROR "${name}: refused without saying '${expected}'\n${said}")
  endif()
endfunction()

set(base "mitome_library(base SOURCES empty.cpp)")
configure(downwards accepted ${base}
  "mitome_library(crypto SOURCES empty.cpp PUBLIC base)"
  "mitome_library(crypto_soft SOURCES empty.cpp ROOM crypto PRIVATE crypto base)"
  "mitome_program(cli SOURCES empty.cpp LINKS base crypto)")
configure(upwards "layers: base may not link crypto"
  "mitome_library(base SOURCES empty.cpp PUBLIC crypto)")
configure(element_to_card "layers: element may not link card"
  "mitome_library(element SOURCES empty.cpp PRIVATE card)")
configure(service_to_holder "layers: authority may not link wallet"
  "mitome_program(authority SOURCES empty.cpp LINKS base wallet)")
configure(service_to_service "layers: status may not link authority"
  "mitome_library(status SOURCES empty.cpp PUBLIC authority)")
configure(unknown_room "layers: room 'attic' has no row" ${base}
  "mitome_library(attic SOURCES empty.cpp PUBLIC base)")
