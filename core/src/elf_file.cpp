#include "elf_file.hpp"

#include "descriptor.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <string_view>
#include <sys/stat.h>
#include <unistd.h>
#include <vector>

namespace loong {

namespace {

using Header = ElfW(Ehdr);
using Section = ElfW(Shdr);

constexpr unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
constexpr unsigned char own_byte_order =
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;

#if defined(__x86_64__)
constexpr int own_machine = EM_X86_64;
#elif defined(__aarch64__)
constexpr int own_machine = EM_AARCH64;
#elif defined(__riscv)
constexpr int own_machine = EM_RISCV;
#elif defined(__powerpc64__)
constexpr int own_machine = EM_PPC64;
#elif defined(__s390x__)
constexpr int own_machine = EM_S390;
#else
// Left to the loader.
constexpr int own_machine = EM_NONE;
#endif

constexpr const char* damaged = "is cut off or damaged";

/// True where all `size` bytes at `offset` were read.
bool read_at(int descriptor, void* into, std::size_t size, std::uint64_t offset) {
    auto* bytes = static_cast<char*>(into);
    while (size > 0) {
        const ssize_t got = ::pread(descriptor, bytes, size, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return false;
        bytes += got;
        size -= static_cast<std::size_t>(got);
        offset += static_cast<std::uint64_t>(got);
    }
    return true;
}

std::string why_foreign(const Header& header) {
    if (std::string_view(reinterpret_cast<const char*>(header.e_ident), SELFMAG) != ELFMAG) {
        return "is no ELF file";
    }
    const bool same_machine = own_machine == EM_NONE || header.e_machine == own_machine;
    if (header.e_ident[EI_CLASS] != own_class || header.e_ident[EI_DATA] != own_byte_order ||
        !same_machine) {
        return "was built for another kind of machine";
    }
    if (header.e_type != ET_DYN) return "is no shared library";
    return {};
}

bool is_whole(int descriptor, const Header& header, std::uint64_t size) {
    if (header.e_shnum == 0 || header.e_shentsize != sizeof(Section) ||
        header.e_shstrndx >= header.e_shnum || header.e_shoff > size) {
        return false;
    }
    std::vector<Section> sections(header.e_shnum);
    if (!read_at(descriptor, sections.data(), sections.size() * sizeof(Section), header.e_shoff)) {
        return false;
    }
    for (const Section& section : sections) {
        const bool has_bytes = section.sh_type != SHT_NOBITS && section.sh_type != SHT_NULL;
        if (has_bytes && (section.sh_offset > size || section.sh_size > size - section.sh_offset)) {
            return false;
        }
    }
    return true;
}

} // namespace

std::string why_no_library(const std::string& file) {
    const Descriptor descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    struct stat status {};
    if (!descriptor || ::fstat(descriptor.get(), &status) != 0) {
        return std::string("cannot be read: ") + std::strerror(errno);
    }
    Header header{};
    const auto size = static_cast<std::uint64_t>(status.st_size);
    if (size < SELFMAG) return "is no ELF file";
    const std::size_t length = size < sizeof header ? size : sizeof header;
    if (!read_at(descriptor.get(), &header, length, 0)) {
        return std::string("cannot be read: ") + std::strerror(errno);
    }
    if (std::string why = why_foreign(header); !why.empty()) {
        const bool cut = length < sizeof header && why != "is no ELF file";
        return cut ? damaged : why;
    }
    if (length < sizeof header || !is_whole(descriptor.get(), header, size)) return damaged;
    return {};
}

} // namespace loong
