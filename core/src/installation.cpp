#include "installation.hpp"

#include <dlfcn.h>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace loong {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view library_name = "libloong-core.so";
// `lib`, or a directory below it such as Debian's `lib/x86_64-linux-gnu`.
constexpr int deepest_library_directory = 3;

/// The shared library that this function is in; empty where it is in the program itself.
fs::path own_library() {
    Dl_info info{};
    // Of the program the loader only knows by which words it was started.
    if (::dladdr(reinterpret_cast<const void*>(&own_library), &info) == 0) return {};
    if (info.dli_fname == nullptr) return {};
    const fs::path file(info.dli_fname);
    if (!file.filename().string().starts_with(library_name)) return {};
    std::error_code failed;
    fs::path real = fs::canonical(file, failed);
    return failed ? fs::path() : real;
}

} // namespace

std::string installation_prefix() {
    std::error_code failed;
    const fs::path library = own_library();
    fs::path directory = library.parent_path();
    for (int level = 0; !library.empty() && level < deepest_library_directory; ++level) {
        directory = directory.parent_path();
        if (fs::exists(directory / "bin/loong", failed)) return directory.string();
    }
    if (!library.empty()) return library.parent_path().parent_path().string();
    const fs::path program = fs::read_symlink("/proc/self/exe", failed);
    return failed ? std::string() : program.parent_path().parent_path().string();
}

std::string installed_keeper() { return installation_prefix() + "/libexec/loong/loong-keeper"; }

} // namespace loong
