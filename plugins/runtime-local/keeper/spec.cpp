#include "spec.hpp"

#include "protocol.hpp"

#include <cerrno>
#include <cstring>
#include <sys/mman.h>
#include <sys/stat.h>

namespace loong::keeper {
namespace {

/// The kernel's own limit.
constexpr std::uint64_t most_filter_instructions = 4096;

char command_id_copy[started_mark_size];
char session_id_copy[128];

/// Goes through strings that lie one after the other.
class Strings {
public:
    Strings(char* begin, std::size_t size) : next_(begin), end_(begin + size) {}

    /// Null where there is none left.
    char* next() {
        char* found = next_;
        if (found == end_) return nullptr;
        next_ += std::strlen(found) + 1;
        return found;
    }

private:
    char* next_;
    char* end_;
};

bool copy(char* to, std::size_t size, const char* from) {
    const std::size_t length = std::strlen(from);
    if (length >= size) return false;
    std::memcpy(to, from, length + 1);
    return true;
}

bool fill(char** vector, std::size_t count, Strings& strings) {
    for (std::size_t i = 0; i < count; ++i) {
        vector[i] = strings.next();
        if (vector[i] == nullptr) return false;
    }
    vector[count] = nullptr;
    return true;
}

} // namespace

int read_spec(int descriptor, Spec& spec) {
    struct stat status {};
    if (fstat(descriptor, &status) != 0) return errno;
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size < sizeof(SpecHeader)) return EPROTO;
    void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) return errno;
    spec.memory = memory;
    spec.memory_size = size;

    SpecHeader header;
    std::memcpy(&header, memory, sizeof(header));
    const std::uint64_t filter_bytes = header.filter_size * filter_instruction_size;
    if (header.magic != spec_magic || header.filter_size > most_filter_instructions ||
        size - sizeof(header) < filter_bytes) {
        return EPROTO;
    }
    auto* text = static_cast<char*>(memory) + sizeof(header) + filter_bytes;
    const std::size_t text_size = size - sizeof(header) - filter_bytes;
    if (header.text_size != text_size || text_size == 0 || text[text_size - 1] != '\0' ||
        header.argument_count == 0) {
        return EPROTO;
    }

    // ENOEXEC puts a shell before the arguments: room for it, and for both null pointers.
    const std::size_t pointers = std::size_t{header.argument_count} + header.environment_count + 3;
    void* vectors = mmap(nullptr, pointers * sizeof(char*), PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (vectors == MAP_FAILED) return errno;
    spec.vectors = vectors;
    spec.vectors_size = pointers * sizeof(char*);
    spec.arguments = static_cast<char**>(vectors) + 1;
    spec.environment = spec.arguments + header.argument_count + 1;

    Strings strings(text, text_size);
    const char* command_id = strings.next();
    const char* session_id = strings.next();
    spec.path = strings.next();
    spec.directory = strings.next();
    if (spec.directory == nullptr || !fill(spec.arguments, header.argument_count, strings) ||
        !fill(spec.environment, header.environment_count, strings) ||
        !copy(command_id_copy, sizeof(command_id_copy), command_id) ||
        !copy(session_id_copy, sizeof(session_id_copy), session_id)) {
        return EPROTO;
    }
    spec.command_id = command_id_copy;
    spec.session_id = session_id_copy;
    spec.max_output_bytes = header.max_output_bytes;
    spec.grace_microseconds = header.grace_microseconds;
    spec.flags = header.flags;
    spec.umask = header.umask;
    spec.filter = static_cast<char*>(memory) + sizeof(header);
    spec.filter_size = static_cast<std::uint16_t>(header.filter_size);
    return 0;
}

void release_spec(Spec& spec) {
    if (spec.memory != nullptr) munmap(spec.memory, spec.memory_size);
    if (spec.vectors != nullptr) munmap(spec.vectors, spec.vectors_size);
    spec.memory = nullptr;
    spec.vectors = nullptr;
    spec.path = nullptr;
    spec.directory = nullptr;
    spec.arguments = nullptr;
    spec.environment = nullptr;
    spec.filter = nullptr;
}

} // namespace loong::keeper
