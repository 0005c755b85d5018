#include "idle_memory.hpp"

#include <cstdint>
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

namespace loong {

namespace {

/// Text alone: what is read-only now may have been written when the program was loaded.
int forget_text(dl_phdr_info* info, std::size_t /*size*/, void* /*data*/) {
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < info->dlpi_phnum; ++i) {
        const ElfW(Phdr)& part = info->dlpi_phdr[i];
        if (part.p_type != PT_LOAD || (part.p_flags & PF_X) == 0 || (part.p_flags & PF_W) != 0) {
            continue;
        }
        const std::uintptr_t begin = (info->dlpi_addr + part.p_vaddr) & ~(page - 1);
        const std::uintptr_t end = info->dlpi_addr + part.p_vaddr + part.p_memsz;
        // Refused for what is no file, such as the kernel's own page.
        static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED));
    }
    return 0;
}

} // namespace

void give_back_memory() noexcept {
    ::malloc_trim(0);
    ::dl_iterate_phdr(&forget_text, nullptr);
}

} // namespace loong
