#pragma once
/// What can stand where the cursor is on a command line: the same for every shell.

#include "invocation.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace loong::cli {

struct Candidate {
    std::string word;
    std::string description;
};

struct Completed {
    std::vector<Candidate> candidates;
    /// What the shell itself knows best, where that can stand there.
    enum class Other : std::uint8_t { none, files, directories, commands };
    Other other = Other::none;
};

/// What only a look at configuration and state tells. What cannot be read has nothing to offer.
class CompletionSource {
public:
    CompletionSource() = default;
    CompletionSource(const CompletionSource&) = delete;
    CompletionSource& operator=(const CompletionSource&) = delete;
    virtual ~CompletionSource() = default;

    /// Tasks that `word` may stand for and that `command` (`tasks cancel`) can be meant for.
    virtual std::vector<Candidate> tasks(std::string_view command, const std::string& word) = 0;
    virtual std::vector<Candidate> labels() = 0;
    virtual std::vector<Candidate> runtimes() = 0;
    virtual std::vector<Candidate> sessions(const std::string& word) = 0;
    virtual std::vector<Candidate> requests() = 0;
    virtual std::vector<Candidate> plugins() = 0;
};

/// The options of every verb as they stand on a line that is not finished.
[[nodiscard]] GlobalOptions globals_on(const std::vector<std::string>& words);

/// `words` are those behind the program's name, up to and with the one that is being typed.
[[nodiscard]] Completed complete_line(const std::vector<std::string>& words,
                                      CompletionSource& source);

/// A line for each candidate: the word, a tab, the description. Before them a line `:files`,
/// `:directories` or `:commands`, where the shell is to add those.
[[nodiscard]] std::string completion_text(const Completed& completed);

} // namespace loong::cli
