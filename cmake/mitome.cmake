# SPDX-License-Identifier: Apache-2.0
# How a room is built. Every function names its sources; nothing is globbed.
#
#   mitome_library(NAME [ROOM room]        static library mitome::NAME, include/ public, src/ private
#     SOURCES …                            by name, relative to the calling folder
#     PUBLIC … PRIVATE …                   rooms it links, checked against cmake/layers.cmake
#     FOREIGN …                            other link targets (OpenSSL::Crypto, PkgConfig::pcsc), private
#     TESTS … TEST_LINKS … TEST_LABELS …   one GoogleTest executable NAME_test
#     FUZZ src/x_fuzz.cpp …)               x_fuzz; replays tests/corpus/x in ctest
#   mitome_program(NAME [ROOM room] [OUTPUT mitome-name]
#     SOURCES … LINKS … FOREIGN … TESTS … TEST_LINKS … TEST_LABELS …)
#   mitome_test(NAME [WHOLE] SOURCES … LINKS … FOREIGN … LABELS …)   any room may meet any other here;
#                                          WHOLE: one ctest test, where the common part takes seconds
#   mitome_bench(NAME SOURCES … LINKS … FOREIGN …)
#
# ROOM is NAME unless given: a second library of a room is called room_something.
# TEST_LINKS, and LINKS of mitome_test and mitome_bench, take rooms and foreign targets, unchecked.
include_guard(GLOBAL)
include(GNUInstallDirs)
include(GoogleTest)
include(${CMAKE_CURRENT_LIST_DIR}/layers.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/flags.cmake)

option(MITOME_TESTS "build the tests" ON)
option(MITOME_BENCH "build the benchmarks" OFF)
set(MITOME_FUZZ_SECONDS 10 CACHE STRING "how long ctest lets each fuzz target search")
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH MITOME_ROOT)

if(MITOME_FUZZ)
  set(MITOME_TESTS OFF)
endif()
if(MITOME_TESTS)
  find_package(GTest REQUIRED)
endif()

# `names` with every room turned into its target.
function(mitome_targets out)
  set(targets)
  foreach(name IN LISTS ARGN)
    string(REGEX REPLACE "_.*$" "" head "${name}")
    if(name IN_LIST MITOME_ROOMS OR (head IN_LIST MITOME_ROOMS AND NOT name MATCHES "::"))
      list(APPEND targets mitome::${name})
    else()
      list(APPEND targets ${name})
    endif()
  endforeach()
  set(${out} ${targets} PARENT_SCOPE)
endfunction()

function(mitome_refuse_unparsed function unparsed missing)
  if(unparsed)
    message(FATAL_ERROR "${function}: what is '${unparsed}'?")
  endif()
  if(missing)
    message(FATAL_ERROR "${function}: nothing follows ${missing}")
  endif()
endfunction()

function(mitome_require_foreign name)
  foreach(target IN LISTS ARGN)
    if(target MATCHES "::" AND NOT TARGET ${target})
      message(FATAL_ERROR "${name} needs ${target}, which was not found. The packages stand in "
        "packaging/build.txt, the targets in cmake/foreign.cmake.")
    endif()
  endforeach()
endfunction()

function(mitome_library name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOM"
    "SOURCES;PUBLIC;PRIVATE;FOREIGN;TESTS;TEST_LINKS;TEST_LABELS;FUZZ")
  mitome_refuse_unparsed(mitome_library "${arg_UNPARSED_ARGUMENTS}" "")
  if(NOT arg_ROOM)
    set(arg_ROOM ${name})
  endif()
  mitome_check_arrows(${arg_ROOM} ${name} ${arg_PUBLIC} ${arg_PRIVATE})
  mitome_require_foreign(${name} ${arg_FOREIGN})
  list(TRANSFORM arg_PUBLIC PREPEND mitome::)
  list(TRANSFORM arg_PRIVATE PREPEND mitome::)

  add_library(mitome_${name} STATIC ${arg_SOURCES})
  add_library(mitome::${name} ALIAS mitome_${name})
  target_include_directories(mitome_${name} PUBLIC include PRIVATE src)
  target_compile_features(mitome_${name} PUBLIC cxx_std_23)
  target_link_libraries(mitome_${name}
    PUBLIC ${arg_PUBLIC}
    PRIVATE ${arg_PRIVATE} ${arg_FOREIGN} mitome_flags)

  if(arg_TESTS)
    mitome_test(${name}
      SOURCES ${arg_TESTS}
      LINKS mitome::${name} ${arg_PRIVATE} ${arg_TEST_LINKS}
      FOREIGN ${arg_FOREIGN}
      LABELS ${arg_TEST_LABELS})
  endif()
  foreach(source IN LISTS arg_FUZZ)
    mitome_fuzz(${source} mitome::${name} ${arg_PRIVATE} ${arg_FOREIGN})
  endforeach()
endfunction()

function(mitome_program name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "ROOM;OUTPUT"
    "SOURCES;LINKS;FOREIGN;TESTS;TEST_LINKS;TEST_LABELS")
  mitome_refuse_unparsed(mitome_program "${arg_UNPARSED_ARGUMENTS}" "")
  if(NOT arg_ROOM)
    set(arg_ROOM ${name})
  endif()
  if(NOT arg_OUTPUT)
    string(REPLACE "_" "-" arg_OUTPUT mitome-${name})
  endif()
  mitome_check_arrows(${arg_ROOM} ${arg_LINKS})
  mitome_require_foreign(${name} ${arg_FOREIGN})
  list(TRANSFORM arg_LINKS PREPEND mitome::)

  add_executable(${arg_OUTPUT} ${arg_SOURCES})
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/src)
    target_include_directories(${arg_OUTPUT} PRIVATE src)
  endif()
  target_link_libraries(${arg_OUTPUT} PRIVATE ${arg_LINKS} ${arg_FOREIGN} mitome_flags)
  if(MITOME_FUZZ)
    set_target_properties(${arg_OUTPUT} PROPERTIES EXCLUDE_FROM_ALL ON)
    return()
  endif()
  install(TARGETS ${arg_OUTPUT} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    COMPONENT ${arg_OUTPUT})

  if(arg_TESTS AND MITOME_TESTS)
    mitome_test(${arg_OUTPUT}
      SOURCES ${arg_TESTS}
      LINKS ${arg_LINKS} ${arg_TEST_LINKS}
      FOREIGN ${arg_FOREIGN}
      LABELS ${arg_TEST_LABELS})
    target_compile_definitions(${arg_OUTPUT}_test PRIVATE
      MITOME_PROGRAM="$<TARGET_FILE:${arg_OUTPUT}>")
    add_dependencies(${arg_OUTPUT}_test ${arg_OUTPUT})
  endif()
endfunction()

function(mitome_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "WHOLE" "" "SOURCES;LINKS;FOREIGN;LABELS")
  mitome_refuse_unparsed(mitome_test "${arg_UNPARSED_ARGUMENTS}" "")
  if(NOT MITOME_TESTS)
    return()
  endif()
  mitome_targets(links ${arg_LINKS})

  add_executable(${name}_test ${arg_SOURCES})
  set_target_properties(${name}_test PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  target_compile_definitions(${name}_test PRIVATE
    MITOME_SOURCE_DIR="${MITOME_ROOT}"
    MITOME_PROGRAM_DIR="${CMAKE_BINARY_DIR}/bin")
  target_link_libraries(${name}_test PRIVATE
    ${links} ${arg_FOREIGN} GTest::gtest GTest::gmock GTest::gtest_main mitome_flags)

  if("concurrent" IN_LIST arg_LABELS)
    # The tsan lane runs these alone, so it builds these alone.
    if(NOT TARGET concurrent_tests)
      add_custom_target(concurrent_tests)
    endif()
    add_dependencies(concurrent_tests ${name}_test)
  endif()

  if(arg_WHOLE)
    add_test(NAME ${name} COMMAND ${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300 LABELS "${arg_LABELS}")
    return()
  endif()

  gtest_discover_tests(${name}_test
    DISCOVERY_MODE PRE_TEST
    DISCOVERY_TIMEOUT 60
    TEST_PREFIX ${name}.
    TEST_LIST ${name}_tests
    PROPERTIES TIMEOUT 120)
  if(arg_LABELS)
    # gtest_discover_tests loses all labels but the first, so ctest reads them from a file of ours.
    set(labels_file ${CMAKE_CURRENT_BINARY_DIR}/${name}_labels.cmake)
    file(WRITE ${labels_file}
      "if(${name}_tests)\n"
      "  set_tests_properties(\${${name}_tests} PROPERTIES LABELS \"${arg_LABELS}\")\n"
      "endif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${labels_file})
  endif()
endfunction()

# One parser's fuzz function. Under MITOME_FUZZ libFuzzer drives it; otherwise the same file is
# linked with a main that replays the corpus, so it never rots under GCC.
function(mitome_fuzz source)
  cmake_path(GET source STEM executable)
  if(NOT executable MATCHES "^(.+)_fuzz$")
    message(FATAL_ERROR "mitome_fuzz: ${source} is not called …_fuzz.cpp")
  endif()
  set(subject ${CMAKE_MATCH_1})
  set(corpus ${MITOME_ROOT}/tests/corpus/${subject})
  if(NOT MITOME_FUZZ AND NOT MITOME_TESTS)
    return()
  endif()

  add_executable(${executable} ${source})
  set_target_properties(${executable} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
  target_compile_definitions(${executable} PRIVATE MITOME_SOURCE_DIR="${MITOME_ROOT}")
  target_link_libraries(${executable} PRIVATE ${ARGN} mitome_flags)

  if(MITOME_FUZZ)
    target_link_options(${executable} PRIVATE -fsanitize=fuzzer)
    set(found ${CMAKE_BINARY_DIR}/found/${subject})
    file(MAKE_DIRECTORY ${found})
    set(seeds)
    if(IS_DIRECTORY ${corpus})
      set(seeds ${corpus})
    endif()
    add_test(NAME fuzz.${subject}
      COMMAND ${executable} -max_total_time=${MITOME_FUZZ_SECONDS} -timeout=10
        -artifact_prefix=${found}- ${found} ${seeds})
    math(EXPR limit "${MITOME_FUZZ_SECONDS} + 60")
    set_tests_properties(fuzz.${subject} PROPERTIES LABELS fuzz TIMEOUT ${limit})
    return()
  endif()

  target_sources(${executable} PRIVATE ${MITOME_ROOT}/cmake/replay_main.cpp)
  if(IS_DIRECTORY ${corpus})
    add_test(NAME fuzz-replay.${subject} COMMAND ${executable} ${corpus})
    set_tests_properties(fuzz-replay.${subject} PROPERTIES LABELS fuzz TIMEOUT 120)
  endif()
endfunction()

function(mitome_bench name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS;FOREIGN")
  mitome_refuse_unparsed(mitome_bench "${arg_UNPARSED_ARGUMENTS}" "")
  if(NOT MITOME_BENCH OR MITOME_FUZZ)
    return()
  endif()
  find_package(benchmark REQUIRED)
  mitome_targets(links ${arg_LINKS})
  add_executable(${name}_bench ${arg_SOURCES})
  set_target_properties(${name}_bench PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bench)
  target_compile_definitions(${name}_bench PRIVATE MITOME_SOURCE_DIR="${MITOME_ROOT}")
  target_link_libraries(${name}_bench PRIVATE
    ${links} ${arg_FOREIGN} benchmark::benchmark mitome_flags)
endfunction()
