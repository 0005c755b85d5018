#pragma once
/// A file system that knows what a loss of power would leave.
///
/// Every change is made for real, and remembered as lost until it is synced: the content of a file
/// until the file is, a name (new, renamed, removed) until its directory is. At every change a
/// function is called in which image() lays out what would be found after the power came back. Several
/// threads may change it; they take turns.

#include "file_system.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace loong::store_common {

/// How much of what was not synced is lost.
enum class Loss : std::uint8_t {
    /// All of it.
    everything,
    /// Content, while names came through: files that are there and empty, or half as long.
    content,
    /// Names, while content came through.
    names,
};

class LosingFiles : public FileSystem {
public:
    explicit LosingFiles(std::string root) : root_(std::move(root)) {}

    std::function<void()> before_each_change;

    /// What is durable now, below `target`, a new directory.
    void image(const std::string& target, Loss loss) const;

    int make_directory(int directory, const std::string& name) override;
    int create_file(int directory, const std::string& name, Descriptor& file) override;
    int write_at(int file, std::string_view text, off_t offset) override;
    int truncate(int file, off_t size) override;
    int sync_file(int file) override;
    int sync_directory(int directory) override;
    int sync_all(int file) override;
    int rename(int directory, const std::string& from, const std::string& to) override;
    int replace(int directory, const std::string& from, const std::string& to) override;
    int remove_file(int directory, const std::string& name) override;
    int remove_directory(int directory, const std::string& name) override;

    // What others change that do not come this way, told before they do it.
    [[nodiscard]] bool remembers(const std::string& path) const {
        return path.starts_with(root_ + "/");
    }
    void note_opened(const std::string& path);
    void note_written(const std::string& path, std::string_view text, off_t offset);
    void note_truncated(const std::string& path, off_t size);
    /// With the file's name, as SQLite does it for a log that it has made.
    void note_synced(const std::string& path);
    void note_removed(const std::string& path, bool synced);

    int changes = 0;

private:
    /// A file or directory, alive as long as some name for it may come back.
    struct Node {
        bool is_directory = false;
        std::string content;
        std::string synced_content;
        std::map<std::string, std::shared_ptr<Node>> names;
        std::map<std::string, std::shared_ptr<Node>> synced_names;
    };
    using NodePointer = std::shared_ptr<Node>;

    void change();
    NodePointer parent_of(const std::string& path);
    /// The node behind a descriptor; made where it was not known, as durable as it looks.
    NodePointer node_of(int descriptor);
    NodePointer find(const std::string& path);
    static void sync_all_below(Node& node);
    static void lay_out(const Node& node, const std::string& target, Loss loss);

    using Turn = std::lock_guard<std::recursive_mutex>;

    const std::string root_;
    // Recursive: image() is called in the middle of a change.
    mutable std::recursive_mutex mutex_;
    NodePointer top_ = std::make_shared<Node>(Node{true, {}, {}, {}, {}});
};

} // namespace loong::store_common
