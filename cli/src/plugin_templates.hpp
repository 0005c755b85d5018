#pragma once
/// The projects that `loong plugins new` writes, as they were when this program was built.

#include <span>
#include <string_view>

namespace loong::cli {

/// `@ID@`, `@NAME@`, `@CLASS@`, `@NAMESPACE@`, `@SERIES@` and `@DIRECTORY@` stand for what is filled in.
struct TemplateFile {
    /// `runtime` or `store`.
    std::string_view kind;
    std::string_view name;
    std::string_view content;
};

[[nodiscard]] std::span<const TemplateFile> plugin_templates() noexcept;

} // namespace loong::cli
