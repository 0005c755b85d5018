#include "losing_files.hpp"

#include <filesystem>
#include <fstream>

namespace loong::store_common {

namespace fs = std::filesystem;

void LosingFiles::change() {
    ++changes;
    if (before_each_change) before_each_change();
}

LosingFiles::NodePointer LosingFiles::find(const std::string& path) {
    NodePointer node = top_;
    // What lies above the root was there before.
    if (path.size() <= root_.size()) return node;
    for (const fs::path& part : fs::path(path.substr(root_.size() + 1))) {
        NodePointer& next = node->names[part.string()];
        if (!next) next = std::make_shared<Node>();
        node = next;
    }
    return node;
}

LosingFiles::NodePointer LosingFiles::node_of(int descriptor) {
    const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
    NodePointer node = find(fs::read_symlink(link).string());
    node->is_directory = fs::is_directory(link);
    return node;
}

int LosingFiles::make_directory(int directory, const std::string& name) {
    const Turn turn(mutex_);
    change();
    const int error = FileSystem::make_directory(directory, name);
    if (error != 0) return error;
    auto node = std::make_shared<Node>();
    node->is_directory = true;
    node_of(directory)->names[name] = std::move(node);
    return 0;
}

int LosingFiles::create_file(int directory, const std::string& name, Descriptor& file) {
    const Turn turn(mutex_);
    change();
    const int error = FileSystem::create_file(directory, name, file);
    if (error == 0) node_of(directory)->names[name] = std::make_shared<Node>();
    return error;
}

int LosingFiles::write_at(int file, std::string_view text, off_t offset) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = node_of(file);
    const auto begin = static_cast<std::size_t>(offset);
    if (node->content.size() < begin + text.size()) node->content.resize(begin + text.size());
    node->content.replace(begin, text.size(), text);
    return FileSystem::write_at(file, text, offset);
}

int LosingFiles::truncate(int file, off_t size) {
    const Turn turn(mutex_);
    change();
    node_of(file)->content.resize(static_cast<std::size_t>(size));
    return FileSystem::truncate(file, size);
}

int LosingFiles::sync_file(int file) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = node_of(file);
    node->synced_content = node->content;
    return FileSystem::sync_file(file);
}

int LosingFiles::sync_directory(int directory) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = node_of(directory);
    node->synced_names = node->names;
    return FileSystem::sync_directory(directory);
}

void LosingFiles::sync_all_below(Node& node) {
    node.synced_content = node.content;
    node.synced_names = node.names;
    for (auto& [name, child] : node.names) sync_all_below(*child);
}

int LosingFiles::sync_all(int file) {
    const Turn turn(mutex_);
    change();
    sync_all_below(*top_);
    return FileSystem::sync_all(file);
}

int LosingFiles::rename(int directory, const std::string& from, const std::string& to) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = node_of(directory);
    const int error = FileSystem::rename(directory, from, to);
    if (error != 0) return error;
    // Both may be paths below the directory.
    const std::string base = fs::read_symlink("/proc/self/fd/" + std::to_string(directory));
    const fs::path old_name = fs::path(base) / from;
    const fs::path new_name = fs::path(base) / to;
    const NodePointer old_parent = find(old_name.parent_path().string());
    const NodePointer moved = old_parent->names[old_name.filename().string()];
    old_parent->names.erase(old_name.filename().string());
    find(new_name.parent_path().string())->names[new_name.filename().string()] = moved;
    return 0;
}

int LosingFiles::replace(int directory, const std::string& from, const std::string& to) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = node_of(directory);
    const int error = FileSystem::replace(directory, from, to);
    if (error != 0) return error;
    node->names[to] = node->names[from];
    node->names.erase(from);
    return 0;
}

int LosingFiles::remove_file(int directory, const std::string& name) {
    const Turn turn(mutex_);
    change();
    node_of(directory)->names.erase(name);
    return FileSystem::remove_file(directory, name);
}

int LosingFiles::remove_directory(int directory, const std::string& name) {
    const Turn turn(mutex_);
    change();
    node_of(directory)->names.erase(name);
    return FileSystem::remove_directory(directory, name);
}

LosingFiles::NodePointer LosingFiles::parent_of(const std::string& path) {
    return find(path.substr(0, path.rfind('/')));
}

void LosingFiles::note_opened(const std::string& path) {
    const Turn turn(mutex_);
    static_cast<void>(find(path));
}

void LosingFiles::note_written(const std::string& path, std::string_view text, off_t offset) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = find(path);
    const auto begin = static_cast<std::size_t>(offset);
    if (node->content.size() < begin + text.size()) node->content.resize(begin + text.size());
    node->content.replace(begin, text.size(), text);
}

void LosingFiles::note_truncated(const std::string& path, off_t size) {
    const Turn turn(mutex_);
    change();
    find(path)->content.resize(static_cast<std::size_t>(size));
}

void LosingFiles::note_synced(const std::string& path) {
    const Turn turn(mutex_);
    change();
    const NodePointer node = find(path);
    node->synced_content = node->content;
    parent_of(path)->synced_names[path.substr(path.rfind('/') + 1)] = node;
}

void LosingFiles::note_removed(const std::string& path, bool synced) {
    const Turn turn(mutex_);
    change();
    const std::string name = path.substr(path.rfind('/') + 1);
    parent_of(path)->names.erase(name);
    if (synced) parent_of(path)->synced_names.erase(name);
}

void LosingFiles::lay_out(const Node& node, const std::string& target, Loss loss) {
    if (!node.is_directory) {
        std::string content = loss == Loss::names ? node.content : node.synced_content;
        // Its length was kept, what it held was not.
        if (loss == Loss::content && content != node.content) {
            content.resize(node.synced_content.size() +
                           (node.content.size() - std::min(node.content.size(), content.size())) /
                               2);
        }
        std::ofstream(target, std::ios::binary) << content;
        fs::permissions(target, fs::perms::owner_read | fs::perms::owner_write);
        return;
    }
    fs::create_directory(target);
    fs::permissions(target, fs::perms::owner_all);
    const auto& names = loss == Loss::content ? node.names : node.synced_names;
    for (const auto& [name, child] : names) lay_out(*child, target + "/" + name, loss);
}

void LosingFiles::image(const std::string& target, Loss loss) const {
    const Turn turn(mutex_);
    lay_out(*top_, target, loss);
}

} // namespace loong::store_common
