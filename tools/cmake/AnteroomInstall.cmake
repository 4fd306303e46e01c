# cmake --install: libraries, headers, find_package(anteroom), pkg-config. Targets anteroom::stack,
# anteroom::tap and anteroom::testing (for tests of your own).
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS anteroom_stack anteroom_tap anteroom_testing EXPORT anteroomTargets FILE_SET HEADERS)
set(package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/anteroom")
install(EXPORT anteroomTargets NAMESPACE anteroom:: DESTINATION "${package_dir}")
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/anteroomConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/anteroomConfig.cmake" INSTALL_DESTINATION "${package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/anteroomConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/anteroomConfig.cmake"
  "${PROJECT_BINARY_DIR}/anteroomConfigVersion.cmake" DESTINATION "${package_dir}")

# Found from where the file lies, so that an installed tree may move (cmake --install --prefix).
file(RELATIVE_PATH up_to_prefix "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
foreach(package IN ITEMS anteroom anteroom-testing)
  configure_file("${CMAKE_CURRENT_LIST_DIR}/${package}.pc.in" "${PROJECT_BINARY_DIR}/${package}.pc" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/${package}.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endforeach()
if(TARGET anteroom)
  install(TARGETS anteroom)
endif()
