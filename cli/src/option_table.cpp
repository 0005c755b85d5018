#include "option_table.hpp"

#include "text.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>

namespace loong::cli {
namespace {

constexpr std::size_t help_width = 96;

// In lines of at most `help_width` columns; ASCII.
std::string wrapped(const std::string& text) {
    std::string lines;
    std::size_t begin = 0;
    while (text.size() - begin > help_width) {
        const std::size_t blank = text.rfind(' ', begin + help_width);
        if (blank == std::string::npos || blank <= begin) break;
        lines += text.substr(begin, blank - begin) + "\n";
        begin = blank + 1;
    }
    return lines + text.substr(begin) + "\n";
}

bool looks_like_option(std::string_view word) { return word.size() > 1 && word.front() == '-'; }

} // namespace

void OptionTable::positionals(std::string usage, std::size_t limit) {
    positional_usage_ = std::move(usage);
    positional_limit_ = limit;
}

void OptionTable::flag(std::string name, bool& target, std::string help) {
    options_.push_back({std::move(name), "", std::move(help), {}, &target, nullptr, nullptr});
}

void OptionTable::value(std::string name, std::string placeholder,
                        std::optional<std::string>& target, std::string help) {
    options_.push_back(
        {std::move(name), std::move(placeholder), std::move(help), {}, nullptr, &target, nullptr});
}

void OptionTable::values(std::string name, std::string placeholder,
                         std::vector<std::string>& target, std::string help) {
    options_.push_back(
        {std::move(name), std::move(placeholder), std::move(help), {}, nullptr, nullptr, &target});
}

std::vector<std::string> OptionTable::Option::names() const {
    const std::size_t comma = name.find(',');
    if (comma == std::string::npos) return {name};
    return {name.substr(0, comma), name.substr(comma + 1)};
}

bool OptionTable::Option::may_occur_in(const std::vector<std::string>& given) const {
    const std::vector<std::string> known = names();
    return std::any_of(given.begin(), given.end(), [&](const std::string& word) {
        return std::any_of(known.begin(), known.end(), [&](const std::string& one) {
            if (one.starts_with("--")) return word.starts_with(one);
            // `-q` may be one of several behind one dash.
            return looks_like_option(word) && word.find(one.back()) != std::string::npos;
        });
    });
}

std::span<const OptionTable::Option> OptionTable::own_options() const {
    return std::span(options_).first(first_global_.value_or(options_.size()));
}

std::span<const OptionTable::Option> OptionTable::global_options() const {
    return std::span(options_).subspan(first_global_.value_or(options_.size()));
}

const OptionTable::Option* OptionTable::find_option(std::string_view name) const {
    for (const Option& option : options_) {
        for (const std::string& one : option.names()) {
            if (one == name) return &option;
        }
    }
    return nullptr;
}

Result<std::vector<std::string>> OptionTable::parse(const std::vector<std::string>& words) const {
    // Unknown options and other words are taken as they come and judged below, in our own words.
    CLI::App app;
    app.set_help_flag();
    app.allow_extras();
    std::vector<std::vector<std::string>> given(options_.size());
    for (std::size_t i = 0; i < options_.size(); ++i) {
        // Declaring all forty of `tasks create` would take longer than reading its configuration.
        if (!options_[i].may_occur_in(words)) continue;
        if (options_[i].flag != nullptr) {
            app.add_flag(options_[i].name, *options_[i].flag);
        } else {
            app.add_option(options_[i].name, given[i])->allow_extra_args(false);
        }
    }
    try {
        app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
    } catch (const CLI::ArgumentMismatch& mismatch) {
        const std::string text = mismatch.what();
        const std::string name = text.substr(0, text.find(':'));
        return Error{ErrorCode::invalid_argument, "option " + name + ": a value is missing",
                     "see `" + command_ + " --help`"};
    } catch (const CLI::ParseError& error) {
        return Error{ErrorCode::invalid_argument, error.what(), "see `" + command_ + " --help`"};
    }
    for (std::size_t i = 0; i < options_.size(); ++i) {
        if (Result<void> taken = take(options_[i], std::move(given[i])); !taken) {
            return std::move(taken).error();
        }
    }
    std::vector<std::string> others = app.remaining();
    const auto unknown = std::find_if(others.begin(), others.end(), looks_like_option);
    if (unknown != others.end()) return unknown_option(*unknown);
    return others;
}

Result<void> OptionTable::take(const Option& option, std::vector<std::string> given) const {
    if (given.empty()) return {};
    if (option.values != nullptr) {
        *option.values = std::move(given);
    } else if (given.size() > 1) {
        return Error{ErrorCode::invalid_argument,
                     "option " + option.name + ": given " + std::to_string(given.size()) + " times",
                     "give it once"};
    } else {
        *option.value = std::move(given.front());
    }
    return {};
}

Result<void> OptionTable::check_positionals(const std::vector<std::string>& words) const {
    if (words.size() <= positional_limit_) return {};
    const std::string& extra = words[positional_limit_];
    return Error{ErrorCode::invalid_argument, "unexpected argument '" + extra + "'",
                 "usage: " + command_ + " [OPTION]..." +
                     (positional_usage_.empty() ? "" : " " + positional_usage_)};
}

Error OptionTable::unknown_option(const std::string& word) const {
    const std::string name = word.substr(0, word.find('='));
    std::vector<std::string> names = {"--help"};
    for (const Option& option : options_) {
        // `-q,--quiet`: the long name is the one to compare with.
        names.push_back(option.name.substr(option.name.find("--")));
    }
    const std::optional<std::string> nearest = nearest_word(name, names);
    return {ErrorCode::invalid_argument, "unknown option '" + name + "'",
            nearest ? "did you mean '" + *nearest + "'?" : "see `" + command_ + " --help`"};
}

std::string OptionTable::list_options(std::size_t first, std::size_t end) const {
    constexpr std::size_t column = 26;
    std::string text;
    for (std::size_t i = first; i < end; ++i) {
        std::string line = "  " + options_[i].name;
        if (const std::size_t comma = line.find(','); comma != std::string::npos) {
            line.insert(comma + 1, " ");
        }
        if (!options_[i].placeholder.empty()) line += " " + options_[i].placeholder;
        if (line.size() + 2 > column) {
            text += line + "\n" + std::string(column, ' ');
        } else {
            text += line + std::string(column - line.size(), ' ');
        }
        text += options_[i].help + "\n";
    }
    return text;
}

std::string OptionTable::help() const {
    const std::size_t globals = first_global_.value_or(options_.size());
    std::string text = command_ + ": " + summary_ + "\n\nusage: " + command_ + " [OPTION]...";
    if (!positional_usage_.empty()) text += " " + positional_usage_;
    text += "\n";
    if (globals > 0) text += "\noptions:\n" + list_options(0, globals);
    text += "\noptions of every command:\n" + list_options(globals, options_.size());
    for (const std::string& note : notes_) text += "\n" + wrapped(note);
    if (!examples_.empty()) text += "\nexamples:\n";
    for (const std::string& line : examples_) text += "  " + line + "\n";
    if (!exit_codes_.empty()) text += "\n" + wrapped("exit status: " + exit_codes_);
    return text;
}

} // namespace loong::cli
