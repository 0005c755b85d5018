#pragma once
/// A quick reader for the YAML that core itself writes into task documents.
///
/// Documents are YAML because people read them and may change them, and nearly nobody does. A reader
/// of all of YAML takes longer for one than everything else that is done with a short task. So what
/// has the exact form in which `task_document.cpp` writes is read here, and all else by yaml-cpp.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// A part of a document, whoever has read it.
struct DocumentNode {
    enum class Kind : std::uint8_t { null, scalar, sequence, mapping };
    /// Of a scalar: only a plain one may be something else than a text; a binary one is base64.
    enum class Style : std::uint8_t { plain, text, binary };
    Kind kind = Kind::null;
    Style style = Style::text;
    std::string text;
    /// Of a sequence its items, of a mapping each key and after it its value.
    std::vector<DocumentNode> items;
    /// From 0; -1 where it is not known.
    int line = -1;
    int column = -1;
};

/// Absent wherever there is any doubt: then the text may mean anything, and may be damaged. What is
/// read is what yaml-cpp reads, without lines and columns.
[[nodiscard]] std::optional<DocumentNode> read_own_yaml(std::string_view text);

} // namespace loong
