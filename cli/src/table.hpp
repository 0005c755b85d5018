#pragma once
/// Aligned columns.

#include "terminal.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace loong::cli {

struct Cell {
    std::string text;
    Colour colour = Colour::none;
    bool align_right = false;
};

/// Collects rows and lays them out together. Cells are printed as they are: what comes from a task
/// has to be escaped before.
class Table {
public:
    /// `flexible` is the column that is shortened where a row is wider than the terminal.
    Table(const Terminal& terminal, std::size_t flexible)
        : terminal_(terminal),
          flexible_(flexible) {}

    void add(std::vector<Cell> row) { rows_.push_back(std::move(row)); }

    [[nodiscard]] std::string text() const;

private:
    [[nodiscard]] std::vector<std::size_t> column_widths() const;
    [[nodiscard]] std::string row_text(const std::vector<Cell>& row,
                                       const std::vector<std::size_t>& widths) const;

    Terminal terminal_;
    std::size_t flexible_;
    std::vector<std::vector<Cell>> rows_;
};

/// The text, or its start and `…` where it takes more than `width` columns.
[[nodiscard]] std::string fit(const std::string& text, std::size_t width);

} // namespace loong::cli
