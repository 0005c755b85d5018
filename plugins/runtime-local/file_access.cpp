#include "file_access.hpp"

#include "system.hpp"
#include <loong/tool_policy.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>

// The running kernel may be newer than the headers that this is built with.
#include <linux/landlock.h>

namespace loong::local {
namespace {

namespace access {
constexpr std::uint64_t execute = 1U << 0U;
constexpr std::uint64_t write_file = 1U << 1U;
constexpr std::uint64_t read_file = 1U << 2U;
constexpr std::uint64_t read_directory = 1U << 3U;
constexpr std::uint64_t remove_directory = 1U << 4U;
constexpr std::uint64_t remove_file = 1U << 5U;
constexpr std::uint64_t make_directory = 1U << 7U;
constexpr std::uint64_t make_file = 1U << 8U;
constexpr std::uint64_t make_socket = 1U << 9U;
constexpr std::uint64_t make_fifo = 1U << 10U;
constexpr std::uint64_t make_symlink = 1U << 12U;
constexpr std::uint64_t refer = 1U << 13U;
constexpr std::uint64_t truncate = 1U << 14U;
constexpr std::uint64_t ioctl = 1U << 15U;

constexpr std::uint64_t reading = execute | read_file | read_directory;
/// Device files are never made.
constexpr std::uint64_t writing = write_file | remove_directory | remove_file | make_directory |
                                  make_file | make_socket | make_fifo | make_symlink | refer |
                                  truncate | ioctl;
constexpr std::uint64_t of_files = execute | write_file | read_file | truncate | ioctl;

/// All that this version knows; what it knows and nobody grants is refused.
constexpr std::uint64_t known_to(int version) {
    constexpr std::uint64_t first = (1U << 13U) - 1;
    return first | (version >= 2 ? refer : 0) | (version >= 3 ? truncate : 0) |
           (version >= 5 ? ioctl : 0);
}
} // namespace access

/// As of version 6; older kernels are told a smaller size.
struct RulesetAttributes {
    std::uint64_t files = 0;
    std::uint64_t network = 0;
    std::uint64_t scoped = 0;
};
constexpr std::uint64_t tcp = 3;
constexpr std::uint64_t abstract_sockets_and_signals = 3;

/// A program needs these, whatever else it may read.
constexpr std::array<std::string_view, 10> system_places{
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/sys", "/libx32"};
/// All of /dev that is for everybody. A raw disk would give away what is on it, another's terminal
/// would take what is written to it.
constexpr std::array<std::string_view, 6> devices{"/dev/null",   "/dev/zero",    "/dev/full",
                                                  "/dev/random", "/dev/urandom", "/dev/tty"};

class Expansion {
public:
    Expansion(const ToolPolicy& policy, const ListDirectory& list, std::string_view tool,
              std::vector<Grant>& grants)
        : policy_(policy),
          list_(list),
          tool_(tool),
          grants_(grants) {
        for (const ToolRule& rule : policy.rules) {
            if (rule.tool == tool && !rule.prefix.empty()) boundaries_.push_back(rule.prefix);
        }
        for (const std::string& hidden : policy.hidden_directories) boundaries_.push_back(hidden);
        boundaries_.emplace_back("/dev");
    }

    /// `by_default`: the rule for the whole tool counts for it.
    void add(const std::string& directory, bool by_default) {
        root_ = directory;
        by_default_ = by_default;
        descend(directory, true);
    }

private:
    [[nodiscard]] bool is_allowed(const std::string& path) const {
        for (const std::string& hidden : policy_.hidden_directories) {
            if (is_inside(path, hidden)) return false;
        }
        if (is_inside(path, "/dev") && !is_inside(root_, "/dev")) return false;
        const ToolRule* rule = deciding_rule(policy_.rules, tool_, path);
        if (rule == nullptr || (rule->prefix.empty() && !by_default_)) return true;
        return rule->decision == ToolDecision::allow;
    }

    void descend(const std::string& path, bool is_root) {
        const bool is_divided =
            std::any_of(boundaries_.begin(), boundaries_.end(), [&](const std::string& one) {
                return one != path && is_inside(one, path);
            });
        if (!is_divided) {
            if (!is_allowed(path)) return;
            grants_.push_back({path, tool_ == tool::fs_read, tool_ == tool::fs_write,
                               is_root && root_ != "/" && by_default_});
            return;
        }
        const std::string parent = path == "/" ? path : path + '/';
        for (const std::string& name : list_(path)) {
            std::string child = parent;
            descend(child += name, false);
        }
    }

    const ToolPolicy& policy_;
    const ListDirectory& list_;
    std::string_view tool_;
    std::vector<Grant>& grants_;
    std::vector<std::string> boundaries_;
    std::string root_;
    bool by_default_ = true;
};

/// -1 with errno. No symbolic link on the way is followed: none was there when the path was named.
int open_path(const std::string& path) {
    open_how how{};
    how.flags = O_PATH | O_CLOEXEC;
    how.resolve = RESOLVE_NO_SYMLINKS;
    return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, path.c_str(), &how, sizeof(how)));
}

Result<void> add_grant(int ruleset, const Grant& grant, std::uint64_t known) {
    const Descriptor place(open_path(grant.path));
    if (!place) {
        if (!grant.must_exist) return {};
        return Error{ErrorCode::invalid_argument,
                     "tool policy: directory " + grant.path +
                         ": is not what it was when the task "
                         "was created: " +
                         error_text(errno),
                     "create the task anew"};
    }
    struct stat status {};
    if (::fstat(place.get(), &status) != 0) return system_error(grant.path, errno);
    landlock_path_beneath_attr beneath{};
    beneath.parent_fd = place.get();
    beneath.allowed_access =
        (grant.read ? access::reading : 0) | (grant.write ? access::writing : 0);
    beneath.allowed_access &= known;
    if (!S_ISDIR(status.st_mode)) beneath.allowed_access &= access::of_files;
    if (beneath.allowed_access == 0) return {};
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0) {
        // Sockets and the like have no rules, and nothing is lost by that.
        if (errno == EBADFD && !grant.must_exist) return {};
        return system_error("Landlock rule for " + grant.path, errno);
    }
    return {};
}

} // namespace

std::vector<std::string> list_directory(const std::string& path) {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), ::closedir);
    if (!directory) return names;
    while (const dirent* entry = ::readdir(directory.get())) {
        const std::string_view name = static_cast<const char*>(entry->d_name);
        if (name != "." && name != "..") names.emplace_back(name);
    }
    return names;
}

std::vector<Grant> grants_of(const ToolPolicy& policy, const ListDirectory& list) {
    std::vector<Grant> grants;
    const std::vector<std::string> none;
    const auto& writable = policy.write_directories ? *policy.write_directories : none;
    Expansion write(policy, list, tool::fs_write, grants);
    Expansion read(policy, list, tool::fs_read, grants);
    for (const std::string& directory : writable) {
        write.add(directory, true);
        read.add(directory, false);
    }
    if (policy.read_directories) {
        for (const std::string& directory : *policy.read_directories) read.add(directory, true);
    } else {
        read.add("/", true);
    }
    for (const std::string_view place : system_places) read.add(std::string(place), false);
    for (const std::string_view device : devices) {
        grants.push_back({std::string(device), true, true, false});
    }
    return grants;
}

Result<Descriptor> make_ruleset(const std::vector<Grant>& grants, int version, bool no_tcp) {
    RulesetAttributes attributes;
    attributes.files = access::known_to(version);
    if (version >= 4 && no_tcp) attributes.network = tcp;
    if (version >= 6) attributes.scoped = abstract_sockets_and_signals;
    const std::size_t size = version >= 6   ? sizeof(attributes)
                             : version >= 4 ? sizeof(std::uint64_t) * 2
                                            : sizeof(std::uint64_t);
    Descriptor ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0)));
    if (!ruleset) return system_error("Landlock ruleset", errno);
    for (const Grant& grant : grants) {
        Result<void> added = add_grant(ruleset.get(), grant, attributes.files);
        if (!added) return std::move(added).error();
    }
    return ruleset;
}

} // namespace loong::local
