#include "trusted_file.hpp"

#include <fmt/format.h>

#include <grp.h>
#include <pwd.h>
#include <string_view>
#include <unistd.h>
#include <vector>

namespace loong {

namespace {

/// Many systems give each user a group of the same name and let it write. As everybody's first
/// group is not in the list of members, the name is what tells such a group from a shared one.
bool is_private_group(uid_t user, gid_t group) {
    std::vector<char> user_buffer(16'384);
    struct passwd user_entry {};
    struct passwd* user_found = nullptr;
    if (getpwuid_r(user, &user_entry, user_buffer.data(), user_buffer.size(), &user_found) != 0 ||
        user_found == nullptr || user_found->pw_gid != group) {
        return false;
    }
    std::vector<char> group_buffer(16'384);
    struct group group_entry {};
    struct group* group_found = nullptr;
    if (getgrgid_r(group, &group_entry, group_buffer.data(), group_buffer.size(), &group_found) !=
            0 ||
        group_found == nullptr) {
        return false;
    }
    const std::string_view name = user_found->pw_name;
    if (name != group_found->gr_name) return false;
    for (char** member = group_found->gr_mem; *member != nullptr; ++member) {
        if (name != *member) return false;
    }
    return true;
}

} // namespace

std::string why_not_trusted(const struct stat& status) {
    if (status.st_uid != geteuid() && status.st_uid != 0) {
        return fmt::format("is owned by another user (uid {})", status.st_uid);
    }
    const bool by_group = (status.st_mode & S_IWGRP) != 0;
    const bool by_all = (status.st_mode & S_IWOTH) != 0;
    if (by_all || (by_group && !is_private_group(status.st_uid, status.st_gid))) {
        return fmt::format("may be written by others (mode {:04o})", status.st_mode & 07777U);
    }
    return {};
}

} // namespace loong
