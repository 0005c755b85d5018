#include "keeper_spec.hpp"

#include "keeper/protocol.hpp"
#include "system.hpp"

#include <algorithm>
#include <cerrno>
#include <sys/mman.h>
#include <unistd.h>

namespace loong::local {
namespace {

void append(std::string& text, std::string_view string) {
    text += string;
    text += '\0';
}

} // namespace

Result<Descriptor> write_keeper_spec(const KeeperSpec& spec) {
    std::string text;
    append(text, spec.command_id);
    append(text, spec.session_id);
    append(text, spec.command.path);
    append(text, spec.command.directory);
    for (const std::string& argument : spec.command.arguments) append(text, argument);
    for (const std::string& variable : spec.command.environment) append(text, variable);

    keeper::SpecHeader header;
    header.argument_count = static_cast<std::uint32_t>(spec.command.arguments.size());
    header.environment_count = static_cast<std::uint32_t>(spec.command.environment.size());
    header.text_size = text.size();
    header.max_output_bytes = spec.limits.max_output_bytes;
    header.grace_microseconds =
        static_cast<std::uint64_t>(std::max<std::int64_t>(0, spec.limits.grace.count()));
    const std::vector<std::uint64_t>& filter = spec.confinement.filter;
    static_assert(sizeof(filter[0]) == keeper::filter_instruction_size);
    header.flags = spec.confinement.flags | spec.flags;
    header.filter_size = filter.size();
    header.umask = spec.command.umask.value_or(keeper::own_umask);
    std::string content(reinterpret_cast<const char*>(&header), sizeof(header));
    content.append(reinterpret_cast<const char*>(filter.data()), filter.size() * sizeof(filter[0]));
    content += text;

    Descriptor file(::memfd_create("loong-keeper", MFD_CLOEXEC));
    if (!file) return system_error("specification for loong-keeper", errno);
    std::string_view left = content;
    while (!left.empty()) {
        const ssize_t count = ::write(file.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return system_error("specification for loong-keeper", errno);
        left.remove_prefix(static_cast<std::size_t>(count));
    }
    return file;
}

} // namespace loong::local
