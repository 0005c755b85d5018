#include "runtime_presets.hpp"

#include "installation.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>

namespace loong {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view ending = ".yaml";

fs::path preset_directory() { return fs::path(installation_prefix()) / "share/loong/runtimes"; }

} // namespace

std::vector<std::string> preset_names() {
    std::vector<std::string> names;
    std::error_code failed;
    for (const auto& one : fs::directory_iterator(preset_directory(), failed)) {
        const std::string name = one.path().filename().string();
        if (name.ends_with(ending)) names.push_back(name.substr(0, name.size() - ending.size()));
    }
    std::sort(names.begin(), names.end());
    return names;
}

Result<const RuntimeEntry*> find_preset(const std::string& name) {
    // Only names that are there become part of a path.
    const std::vector<std::string> names = preset_names();
    if (!std::binary_search(names.begin(), names.end(), name)) {
        return static_cast<const RuntimeEntry*>(nullptr);
    }
    static std::mutex mutex;
    static std::map<std::string, RuntimeEntry> known;
    {
        const std::lock_guard guard(mutex);
        if (const auto found = known.find(name); found != known.end()) return &found->second;
    }
    const std::string file = (preset_directory() / (name + std::string(ending))).string();
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        return Error{
            ErrorCode::invalid_config, "runtime " + name + ": " + file + " cannot be read", {}};
    }
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    Result<RuntimeEntry> entry = parse_preset(text, file, name);
    if (!entry) return std::move(entry).error();
    const std::lock_guard guard(mutex);
    return &known.emplace(name, *std::move(entry)).first->second;
}

} // namespace loong
