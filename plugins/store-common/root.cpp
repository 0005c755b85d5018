#include "root.hpp"

#include "errors.hpp"
#include "file_lock.hpp"
#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <fcntl.h>
#include <fstream>
#include <linux/magic.h>
#include <optional>
#include <sstream>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

namespace loong::store_common {

namespace {

constexpr const char* format_file = "store.yaml";
constexpr const char* boot_file = "boot.json";

/// Makes a directory and those above it. Above, the user's mask decides about the mode.
int make_directories(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST) return 0;
    if (errno != ENOENT) return errno;
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos || slash == 0) return ENOENT;
    const int failed = make_directories(path.substr(0, slash));
    if (failed != 0) return failed;
    return ::mkdir(path.c_str(), 0700) == 0 || errno == EEXIST ? 0 : errno;
}

/// Makes the names of all directories on the way durable, as far as they belong to this user.
void sync_parents(FileSystem& files, std::string path) {
    for (std::size_t slash = path.rfind('/'); slash != std::string::npos && slash != 0;
         slash = path.rfind('/')) {
        path.resize(slash);
        const Descriptor parent(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        struct stat about {};
        if (!parent.is_open() || ::fstat(parent.get(), &about) != 0) return;
        static_cast<void>(files.sync_directory(parent.get()));
        if (about.st_uid != ::geteuid()) return;
    }
}

/// The value of `key` in a file of `key: value` lines; quotes around it are taken off.
std::string yaml_value(const std::string& text, const std::string& key) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key + ":")) continue;
        std::string value = line.substr(key.size() + 1);
        const std::size_t comment = value.find(" #");
        if (comment != std::string::npos) value.resize(comment);
        const std::size_t begin = value.find_first_not_of(" \t\"'");
        const std::size_t end = value.find_last_not_of(" \t\r\"'");
        return begin == std::string::npos ? std::string() : value.substr(begin, end - begin + 1);
    }
    return {};
}

bool is_network_magic(std::uint32_t magic) {
    constexpr std::array<std::uint32_t, 14> network = {
        0x6969 /* nfs */,      0x517b /* smb */,
        0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */,
        0x01021997 /* 9p */,   0x00c36400 /* ceph */,
        0x5346414f /* afs */,  0x6b414653 /* kafs */,
        0x73757245 /* coda */, 0x0bd00bd0 /* lustre */,
        0x47504653 /* gpfs */, 0x7461636f /* ocfs2 */,
        0x01161970 /* gfs2 */, 0x19830326 /* beegfs */};
    return std::find(network.begin(), network.end(), magic) != network.end();
}

/// The type of a mounted file system by its device number, as /proc tells it; empty if it does not.
std::string mounted_type(dev_t device) {
    const std::string wanted = std::to_string(major(device)) + ":" + std::to_string(minor(device));
    std::ifstream mounts("/proc/self/mountinfo");
    for (std::string line; std::getline(mounts, line);) {
        std::istringstream words(line);
        std::string id;
        std::string parent;
        std::string number;
        words >> id >> parent >> number;
        if (number != wanted) continue;
        const std::size_t mark = line.find(" - ");
        if (mark == std::string::npos) continue;
        std::istringstream rest(line.substr(mark + 3));
        std::string type;
        rest >> type;
        return type;
    }
    return {};
}

bool is_network_fuse(const std::string& type) {
    constexpr std::array<std::string_view, 10> network = {
        "fuse.sshfs", "fuse.rclone", "fuse.s3fs",      "fuse.glusterfs", "fuse.ceph-fuse",
        "fuse.davfs", "fuse.davfs2", "fuse.curlftpfs", "fuse.gcsfuse",   "fuse.juicefs"};
    return std::find(network.begin(), network.end(), type) != network.end();
}

} // namespace

Result<Root> Root::open(FileSystem& files, const std::string& path, const RootKind& kind) {
    Root root(files, path, kind);
    if (auto done = root.open_directories(); !done) return std::move(done).error();
    if (auto done = root.check_format(); !done) return std::move(done).error();
    return root;
}

Result<void> Root::open_directories() {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    root_ = Descriptor(::open(path_.c_str(), flags));
    if (!root_.is_open() && errno == ENOENT) {
        const int failed = make_directories(path_);
        if (failed != 0) return io_error("make state directory", path_, failed);
        sync_parents(*files_, path_);
        root_ = Descriptor(::open(path_.c_str(), flags));
    }
    if (!root_.is_open()) {
        Error error = io_error("open state directory", path_, errno);
        if (errno == ENOTDIR) error.hint = "give the path of a directory";
        return error;
    }
    if (auto checked = check_owner(); !checked) return checked;
    if (auto checked = check_file_system(); !checked) return checked;
    for (const auto& [name, directory] :
         {std::pair<std::string, Descriptor*>("tasks", &tasks_),
          std::pair<std::string, Descriptor*>("leases", &leases_)}) {
        int failed = open_below(root_.get(), name, flags, *directory);
        if (failed == ENOENT) {
            // A newer format may not have these directories, and is not to be touched.
            if (auto checked = check_format(); !checked) return checked;
            failed = files_->make_directory(root_.get(), name);
            if (failed == 0) failed = files_->sync_directory(root_.get());
            if (failed == 0 || failed == EEXIST)
                failed = open_below(root_.get(), name, flags, *directory);
        }
        if (failed != 0) return io_error("open directory", path_ + "/" + name, failed);
    }
    return {};
}

Result<void> Root::check_owner() const {
    struct stat about {};
    if (::fstat(root_.get(), &about) != 0) return io_error("look at", path_, errno);
    if (about.st_uid != ::geteuid()) {
        return Error{ErrorCode::store_io,
                     "state directory " + path_ + ": it belongs to another user (" +
                         std::to_string(about.st_uid) + "), and you are " +
                         std::to_string(::geteuid()),
                     "run as that user, or name a directory of your own in LOONG_HOME"};
    }
    if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
        return Error{ErrorCode::store_io,
                     "state directory " + path_ + ": other users may write to it",
                     "run `chmod 700 " + path_ + "`, after a look at what is in it"};
    }
    return {};
}

Result<void> Root::check_file_system() const {
    struct statfs about {};
    if (::fstatfs(root_.get(), &about) != 0) return io_error("look at", path_, errno);
    const auto magic = static_cast<std::uint32_t>(about.f_type);
    bool network = is_network_magic(magic);
    if (magic == FUSE_SUPER_MAGIC) {
        struct stat file {};
        network = ::fstat(root_.get(), &file) == 0 && is_network_fuse(mounted_type(file.st_dev));
    }
    if (!network) return {};
    return Error{ErrorCode::not_on_this_host,
                 "state directory " + path_ +
                     ": it lies on a network file system, where other machines may be at work",
                 "name a directory on a local disk in LOONG_HOME"};
}

Result<void> Root::check_format() {
    std::string text;
    const int failed = read_file(root_.get(), format_file, text);
    if (failed == ENOENT) return tasks_.is_open() ? write_format() : Result<void>();
    const std::string path = path_ + "/" + format_file;
    if (failed != 0) return io_error("read", path, failed);
    const std::string kind = yaml_value(text, "kind");
    const std::string format = yaml_value(text, "format");
    int version = 0;
    const std::from_chars_result read =
        std::from_chars(format.data(), format.data() + format.size(), version);
    if (kind.empty() || read.ec != std::errc() || version < 1) {
        return Error{ErrorCode::store_corrupt, path + ": this does not describe a store",
                     "if `tasks/` beside it was made by this version of loong, remove the file; "
                     "it is then written anew"};
    }
    if (kind != kind_.name) {
        return Error{ErrorCode::store_version, path + ": this is a store of kind '" + kind + "'",
                     "use the plugin of that name, or another state directory; `loong store copy` "
                     "copies what is there into a store of another kind"};
    }
    if (version > kind_.format) {
        return Error{ErrorCode::store_version,
                     path + ": format " + std::to_string(version) +
                         " is newer than what this loong knows (" + std::to_string(kind_.format) +
                         ")",
                     "use the loong that made it, or another state directory; nothing was changed"};
    }
    const std::string made_on = yaml_value(text, "machine");
    const std::string here = machine_id();
    if (!made_on.empty() && !here.empty() && made_on != here) {
        return Error{ErrorCode::not_on_this_host,
                     "state directory " + path_ + ": it was made on another machine",
                     "if nothing there uses it any more, put `machine: " + here + "` into " + path};
    }
    return {};
}

Result<void> Root::write_format() {
    if (kind_.prepare) {
        if (auto prepared = kind_.prepare(*this); !prepared) return prepared;
    }
    std::string text =
        "# A state directory of loong. Do not edit, except as an error message asks.\n";
    text += "kind: " + kind_.name + "\nformat: " + std::to_string(kind_.format);
    text += "\nid: " + random_id() + "\nmachine: \"" + machine_id();
    text += "\"\ncreated: " + format_time(now()) + "\n";
    return write_whole(format_file, text);
}

Result<void> Root::write_whole(const std::string& name, const std::string& text) {
    const std::string temporary = "." + name + "-" + random_id();
    Descriptor file;
    int failed = files_->create_file(root_.get(), temporary, file);
    if (failed == 0) failed = files_->write_at(file.get(), text, 0);
    if (failed == 0) failed = files_->sync_file(file.get());
    if (failed == 0) failed = files_->replace(root_.get(), temporary, name);
    if (failed == 0) failed = files_->sync_directory(root_.get());
    if (failed == 0) return {};
    static_cast<void>(files_->remove_file(root_.get(), temporary));
    return io_error("write", path_ + "/" + name, failed);
}

Result<std::uint64_t> Root::boot_number() {
    if (boot_number_ < 0) {
        auto counted = count_boot(boot_id());
        if (!counted) return counted;
        boot_number_ = static_cast<std::int64_t>(*counted);
    }
    return static_cast<std::uint64_t>(boot_number_);
}

Result<std::uint64_t> Root::count_boot(const std::string& boot) {
    const auto known = [&](std::string& text) -> std::optional<std::uint64_t> {
        if (read_file(root_.get(), boot_file, text) != 0) return {};
        if (json_member(text, "boot_id") != std::string_view(boot)) return {};
        return json_number(text, "number");
    };
    std::string text;
    if (const auto number = known(text)) return *number;
    Descriptor lock;
    int failed = open_or_create(*files_, root_.get(), kind_.lock_file, O_RDWR, lock);
    // Byte 2 of that file is for this.
    if (failed == 0) failed = wait_lock(lock.get(), LockKind::exclusive, {2, 1}, lock_limit);
    if (failed != 0) return io_error("lock", path_ + "/" + kind_.lock_file, failed);
    text.clear();
    if (const auto number = known(text)) return *number;
    const std::optional<std::uint64_t> last = json_number(text, "number");
    // A damaged file must not make tokens smaller again: days since 1970 are more than the starts.
    const auto days = std::chrono::floor<std::chrono::days>(now()).time_since_epoch().count();
    const std::uint64_t next = last           ? *last + 1
                               : text.empty() ? 0
                                              : static_cast<std::uint64_t>(days);
    auto written = write_whole(boot_file, "{\"boot_id\":\"" + boot +
                                              "\",\"number\":" + std::to_string(next) + "}\n");
    if (!written) return std::move(written).error();
    return next;
}

} // namespace loong::store_common
