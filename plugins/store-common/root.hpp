#pragma once
/// The directory that everything is kept in: found or made, checked, and held open.

#include "descriptor.hpp"
#include "file_system.hpp"
#include "loong/error.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

namespace loong::store_common {

class Root;

/// What distinguishes the state directories of one plugin.
struct RootKind {
    /// As `store.yaml` says it: the plugin's name.
    std::string name;
    int format = 1;
    /// An empty file that carries locks. Byte 2 of it belongs to Root, the others to the plugin.
    std::string lock_file;
    /// Makes what has to be there before the directory counts as a store; may be empty. Several
    /// processes may be at it at once, and one may have died in it.
    std::function<Result<void>(const Root&)> prepare;
};

class Root {
public:
    /// Opens the root, making what is missing. Refuses one that belongs to somebody else or that
    /// others may write to (`store_io`), that lies on a network file system or was made on another
    /// machine (`not_on_this_host`), or that a newer loong has made (`store_version`).
    static Result<Root> open(FileSystem& files, const std::string& path, const RootKind& kind);

    [[nodiscard]] const std::string& path() const noexcept { return path_; }
    [[nodiscard]] const RootKind& kind() const noexcept { return kind_; }
    [[nodiscard]] int root() const noexcept { return root_.get(); }
    [[nodiscard]] int tasks() const noexcept { return tasks_.get(); }
    [[nodiscard]] int leases() const noexcept { return leases_.get(); }
    [[nodiscard]] FileSystem& files() const noexcept { return *files_; }

    /// How often this machine was started since the root was made, as far as the store was used
    /// then; it only grows, also over a loss of power. From 0.
    Result<std::uint64_t> boot_number();

private:
    Root(FileSystem& files, std::string path, RootKind kind)
        : files_(&files),
          path_(std::move(path)),
          kind_(std::move(kind)) {}

    Result<void> open_directories();
    Result<void> check_owner() const;
    Result<void> check_file_system() const;
    Result<void> check_format();
    Result<void> write_format();
    Result<std::uint64_t> count_boot(const std::string& boot);
    Result<void> write_whole(const std::string& name, const std::string& text);

    FileSystem* files_;
    std::string path_;
    RootKind kind_;
    Descriptor root_;
    Descriptor tasks_;
    Descriptor leases_;
    std::int64_t boot_number_ = -1;
};

} // namespace loong::store_common
