/// Prints what a compiler makes of the two interfaces, for interfaces.py.

#include <loong/plugin.hpp>

#include <cinttypes>
#include <cstddef>
#include <cstdio>

namespace {

template <typename Descriptor>
void print(const char* kind, const char* symbol, std::uint32_t number, std::uint64_t layout) {
    std::printf("%s interface %" PRIu32 "\n", kind, number);
    std::printf("%s symbol %s\n", kind, symbol);
    std::printf("%s layout %016" PRIx64 " (x86-64, libstdc++)\n", kind, layout);
    std::printf("%s descriptor %zu bytes: interface_number %zu, layout %zu, built_with %zu, id "
                "%zu, version %zu, create %zu, destroy %zu\n",
                kind, sizeof(Descriptor), offsetof(Descriptor, interface_number),
                offsetof(Descriptor, layout), offsetof(Descriptor, built_with),
                offsetof(Descriptor, id), offsetof(Descriptor, version),
                offsetof(Descriptor, create), offsetof(Descriptor, destroy));
}

} // namespace

int main() {
    print<loong::RuntimeDescriptor>("runtime", loong::runtime_symbol_name,
                                    loong::runtime_interface_number, loong::runtime_layout);
    print<loong::StoreDescriptor>("store", loong::store_symbol_name, loong::store_interface_number,
                                  loong::store_layout);
    return 0;
}
