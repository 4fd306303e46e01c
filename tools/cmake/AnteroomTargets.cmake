# How a folder of this project becomes a target. One OBJECT library per folder carries the layering
# (a folder sees only what it names in USES); the installed libraries gather the objects.
include_guard()
find_package(PkgConfig REQUIRED)
pkg_check_modules(SODIUM REQUIRED IMPORTED_TARGET libsodium)

# What every target of ours is compiled with; never exported. Warnings as errors come from presets.
add_library(anteroom_flags INTERFACE)
target_compile_features(anteroom_flags INTERFACE cxx_std_20)
target_compile_options(anteroom_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast)
target_include_directories(anteroom_flags INTERFACE
  "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/stack/include" "${PROJECT_SOURCE_DIR}/tap/include")
if(ANTEROOM_CHECKED)
  target_compile_definitions(anteroom_flags INTERFACE ANTEROOM_CHECKED=1)
endif()

# anteroom_part(NAME SOURCES ... [USES ...]): one folder of the core, an OBJECT library anteroom_NAME.
function(anteroom_part name)
  cmake_parse_arguments(PART "" "" "SOURCES;USES" ${ARGN})
  add_library(anteroom_${name} OBJECT ${PART_SOURCES})
  set_target_properties(anteroom_${name} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_compile_options(anteroom_${name} PRIVATE -fno-exceptions -fno-rtti)
  target_link_libraries(anteroom_${name} PRIVATE anteroom_flags PkgConfig::SODIUM)
  set_property(GLOBAL APPEND PROPERTY ANTEROOM_CORE_PARTS anteroom_${name})
  foreach(used IN LISTS PART_USES)
    if(NOT TARGET anteroom_${used})
      message(FATAL_ERROR "stack/${name} uses '${used}', which is not below it")
    endif()
  endforeach()
endfunction()

# anteroom_test(NAME SOURCES ... [LINKS ...]): a GoogleTest program, each case its own CTest test.
function(anteroom_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;LINKS" ${ARGN})
  if(NOT ANTEROOM_DEVELOPER)
    return()
  endif()
  include(GoogleTest)
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE anteroom_flags ${TEST_LINKS} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} TEST_PREFIX "${name}." DISCOVERY_TIMEOUT 60)
endfunction()

# anteroom_fuzz(NAME SOURCE CORPUS): a fuzz target. Always built with a replaying main(), and replayed
# over its corpus by CTest, so that it cannot rot; with ANTEROOM_FUZZ it is a libFuzzer program.
function(anteroom_fuzz name source)
  if(NOT ANTEROOM_DEVELOPER)
    return()
  endif()
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE anteroom_flags anteroom_testing anteroom_stack)
  if(ANTEROOM_FUZZ)
    target_compile_options(${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  else()
    target_sources(${name} PRIVATE $<TARGET_OBJECTS:anteroom_fuzz_replay>)
    add_test(NAME fuzz.${name} COMMAND ${name} "${PROJECT_SOURCE_DIR}/conformance/corpus/${name}")
    set_tests_properties(fuzz.${name} PROPERTIES LABELS fuzz)
  endif()
endfunction()
