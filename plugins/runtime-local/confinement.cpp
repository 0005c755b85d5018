#include "confinement.hpp"

#include "file_access.hpp"
#include "keeper/protocol.hpp"
#include "seccomp_filter.hpp"
#include "system.hpp"
#include <loong/narrow_policy.hpp>

#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>

namespace loong::local {
namespace {

using NetworkNamespace = KernelAbilities::NetworkNamespace;

constexpr int truncation_version = 3;

std::string temporary_of(const std::string& session_directory) {
    return session_directory + "/tmp";
}

} // namespace

Result<Confinement> confine(const ToolPolicy& policy, const KernelAbilities& abilities,
                            const OwnPlaces& places) {
    if (Result<void> able = check_abilities(abilities); !able) return std::move(able).error();
    if (const std::optional<PathConflict> conflict = write_conflict(policy)) {
        return Error{ErrorCode::invalid_argument,
                     "tool policy: narrowed work could write " + conflict->writable +
                         ", and with it " + conflict->place,
                     "name smaller directories to be written"};
    }
    std::vector<Grant> grants = grants_of(policy, list_directory);
    for (const std::string& directory : places.directories) {
        grants.push_back({directory, true, true, true});
    }
    for (const std::string& file : places.files) grants.push_back({file, true, false, false});
    const bool has_namespace = abilities.network_namespace != NetworkNamespace::no;
    Confinement confinement;
    auto ruleset = make_ruleset(grants, abilities.landlock, !policy.network && !has_namespace);
    if (!ruleset) return std::move(ruleset).error();
    confinement.ruleset = std::move(*ruleset);
    FilterOptions options;
    options.refuse_truncation = abilities.landlock < truncation_version;
    // In a namespace of its own the work may talk to itself.
    options.internet_sockets = policy.network || has_namespace;
    confinement.filter = make_filter(options);
    confinement.flags = keeper::narrowed_flag;
    if (!policy.network && has_namespace) {
        confinement.flags |= keeper::network_namespace_flag;
        if (abilities.network_namespace == NetworkNamespace::with_user_namespace) {
            confinement.flags |= keeper::user_namespace_flag;
        }
    }
    return confinement;
}

Result<std::string> make_temporary_directory(const std::string& session_directory) {
    std::string directory = temporary_of(session_directory);
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error("temporary directory " + directory, errno);
    }
    return directory;
}

void remove_temporary_directory(const std::string& session_directory) {
    // What stays takes room until the task is pruned, and does no other harm.
    std::error_code ignored;
    std::filesystem::remove_all(temporary_of(session_directory), ignored);
}

} // namespace loong::local
