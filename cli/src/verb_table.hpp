#pragma once
/// Every verb of the program by its name: what the command line, the help, the completion and the
/// manual pages are made from.

#include "verbs.hpp"

#include <span>
#include <string>
#include <vector>

namespace loong::cli {

struct VerbEntry {
    const char* noun;
    /// Empty: the noun is a verb by itself.
    const char* verb;
    const char* summary;
    MakeVerb make;
    /// Not for people.
    bool hidden = false;
};

/// Those of one noun stand together.
[[nodiscard]] std::span<const VerbEntry> all_verbs();

/// `loong tasks create`, `loong doctor`.
[[nodiscard]] std::string command_of(const VerbEntry& entry);

/// Nouns for people, in order.
[[nodiscard]] std::vector<std::string> nouns();
/// Nouns that are verbs by themselves, hidden ones too.
[[nodiscard]] std::vector<std::string> nouns_without_verb();
/// The verbs of a noun, hidden ones too; empty where there is no such noun.
[[nodiscard]] std::vector<std::string> verbs_of(const std::string& noun);

/// The options that every verb has.
void declare_global_options(OptionTable& table, GlobalOptions& globals);

/// A verb with all of its options, for whoever only wants to know what there is.
struct DeclaredVerb {
    explicit DeclaredVerb(const VerbEntry& entry);

    std::unique_ptr<Verb> verb;
    GlobalOptions globals;
    OptionTable table;
};

} // namespace loong::cli
