# SPDX-License-Identifier: Apache-2.0
# Flags as INTERFACE targets. `mitome_flags` is what every target of ours links.
include(CheckPIESupported)
include(CheckLinkerFlag)

option(MITOME_WERROR "every warning stops the build" OFF)
option(MITOME_HARDENING "the flags of a released binary" OFF)
option(MITOME_FUZZ "libFuzzer executables instead of tests and programs (clang)" OFF)
set(MITOME_SANITIZE "" CACHE STRING "sanitizers, as in -fsanitize=")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()

find_program(MITOME_CCACHE ccache)
if(MITOME_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${MITOME_CCACHE})
endif()

# Static libraries also end up in the PKCS#11 module, which is a shared object.
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
check_pie_supported(LANGUAGES CXX)

add_library(mitome_warnings INTERFACE)
target_compile_options(mitome_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast -Wcast-qual
  -Wnon-virtual-dtor -Woverloaded-virtual -Wswitch-enum -Wformat=2
  $<$<CXX_COMPILER_ID:GNU>:-Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wuseless-cast>
  -Werror=switch -Werror=unused-result
  $<$<BOOL:${MITOME_WERROR}>:-Werror>)
if(MITOME_WERROR AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION LESS 13)
  # GCC 12 reports these inside its own <string>, <variant> and <expected> once they are inlined
  # (GCC bugs 105651, 105329, 105562). They stay visible but do not stop the build.
  target_compile_options(mitome_warnings INTERFACE
    -Wno-error=restrict -Wno-error=maybe-uninitialized -Wno-error=array-bounds
    -Wno-error=stringop-overflow -Wno-error=stringop-overread)
endif()

add_library(mitome_hardening INTERFACE)
target_compile_options(mitome_hardening INTERFACE
  -fstack-protector-strong -fcf-protection -fvisibility=hidden -fvisibility-inlines-hidden
  $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)  # nothing without optimisation
target_link_options(mitome_hardening INTERFACE -Wl,-z,relro,-z,now)

add_library(mitome_sanitizers INTERFACE)
if(MITOME_SANITIZE)
  target_compile_options(mitome_sanitizers INTERFACE
    -fsanitize=${MITOME_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(mitome_sanitizers INTERFACE -fsanitize=${MITOME_SANITIZE})
endif()
if(MITOME_FUZZ)
  target_compile_options(mitome_sanitizers INTERFACE -fsanitize=fuzzer-no-link)
endif()

add_library(mitome_linker INTERFACE)
find_program(MITOME_MOLD mold)
if(MITOME_MOLD)
  check_linker_flag(CXX -fuse-ld=mold MITOME_MOLD_LINKS)
  if(MITOME_MOLD_LINKS)
    target_link_options(mitome_linker INTERFACE -fuse-ld=mold)
  endif()
endif()

add_library(mitome_flags INTERFACE)
target_compile_definitions(mitome_flags INTERFACE _GLIBCXX_ASSERTIONS)
target_link_libraries(mitome_flags INTERFACE
  mitome_warnings mitome_sanitizers mitome_linker
  $<$<BOOL:${MITOME_HARDENING}>:mitome_hardening>)
