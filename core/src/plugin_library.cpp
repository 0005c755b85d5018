#include "plugin_library.hpp"

#define BOOST_DLL_USE_STD_FS
#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>

#include <dlfcn.h>
#include <exception>
#include <string_view>
#include <unwind.h>

namespace loong {

namespace {

Error reason(std::string_view text) { return {ErrorCode::plugin_refused, std::string(text), {}}; }

/// Boost wraps what the loader said: `… (dlerror system message: FILE: REASON): Bad file descriptor`.
std::string_view loader_reason(std::string_view text, const std::string& file) {
    constexpr std::string_view before = "dlerror system message: ";
    const std::size_t start = text.find(before);
    if (start == std::string_view::npos) return text;
    text.remove_prefix(start + before.size());
    text = text.substr(0, text.rfind("): "));
    if (text.starts_with(file + ": ")) text.remove_prefix(file.size() + 2);
    return text;
}

/// What a plugin throws is raised by the plugin's libgcc and caught with that of this program, which
/// may be another copy: then it has to have set itself up, as it does when it first unwinds.
void set_up_unwinding() {
    _Unwind_Backtrace([](_Unwind_Context*, void*) { return _URC_NORMAL_STOP; }, nullptr);
}

} // namespace

Result<std::vector<std::string>> exported_names(const std::string& file) {
    try {
        return boost::dll::library_info(file).symbols();
    } catch (const std::exception& caught) {
        return reason(caught.what());
    }
}

Result<const void*> load_export(const std::string& file, const char* name) {
    using boost::dll::load_mode::type;
    // Lazy binding, the default, ends the process at the first call of a symbol that is missing. A
    // library is never unloaded: objects, threads and exceptions of it may still be around.
    const auto mode = static_cast<type>(boost::dll::load_mode::rtld_now |
                                        boost::dll::load_mode::rtld_local | RTLD_NODELETE);
    set_up_unwinding();
    try {
        boost::dll::shared_library library;
        library.load(file, mode);
        return static_cast<const void*>(&library.get<const unsigned char>(name));
    } catch (const std::exception& caught) {
        return reason(loader_reason(caught.what(), file));
    } catch (...) {
        return reason("one of its static objects threw while it was loaded");
    }
}

} // namespace loong
