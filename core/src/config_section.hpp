#pragma once
/// Reading one mapping of the configuration, key by key.

#include "loong/error.hpp"
#include "loong/value.hpp"
#include "yaml_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace loong {

/// What is wrong in a configuration: the problem that stands first in the file is kept.
class ConfigProblems {
public:
    explicit ConfigProblems(std::string file) : file_(std::move(file)) {}

    /// `key` is the whole path to it: `workers.max_parallel`.
    void add(Place place, std::string_view key, const std::string& why);

    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] const std::optional<Error>& first() const { return first_; }

private:
    std::string file_;
    Place place_;
    std::optional<Error> first_;
};

/// A mapping whose keys are taken one after the other; those that are left are unknown. A key that
/// is missing, or without a value, leaves the default as it is. So does one that is wrong.
class ConfigSection {
public:
    /// `node` may be null, and has to live as long as the section.
    ConfigSection(const YamlNode* node, std::string path, ConfigProblems& problems);

    void read(std::string_view key, std::string& into);
    void read(std::string_view key, int& into, int smallest, int largest);
    /// Numbers count as the texts that they were written as.
    void read(std::string_view key, std::vector<std::string>& into);
    [[nodiscard]] ConfigSection section(std::string_view key);

    /// The value of a key, null where it is missing or has none.
    [[nodiscard]] const YamlNode* take(std::string_view key);

    /// All members that were not taken, which then are.
    [[nodiscard]] std::vector<const YamlMember*> take_rest();
    void refuse_rest();

    [[nodiscard]] std::string path_of(std::string_view key) const;
    /// Where the value of the key stands, or else the section.
    [[nodiscard]] Place place_of(std::string_view key) const;
    /// Adds a problem with the value of the key.
    void refuse(std::string_view key, const std::string& why);
    [[nodiscard]] ConfigProblems& problems() { return *problems_; }

private:
    const YamlNode* node_;
    Place place_;
    std::string path_;
    ConfigProblems* problems_;
    /// The keys that were asked for, which are all that are known.
    std::vector<std::string> known_;
};

/// `the text 'four'`, `a list`: what was found where something else was expected.
[[nodiscard]] std::string describe(const YamlNode& node);

} // namespace loong
