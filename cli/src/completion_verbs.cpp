#include "completion.hpp"
#include "completion_scripts.hpp"
#include "config.hpp"
#include "option_values.hpp"
#include "plugins.hpp"
#include "task_labels.hpp"
#include "text.hpp"
#include "verbs.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

namespace loong::cli {
namespace {

const std::vector<std::string> shells = {"bash", "zsh", "fish"};

/// In which states a task has to be for a verb to make sense; any where none is named.
std::vector<SessionState> states_for(std::string_view command) {
    if (command == "tasks cancel") return {SessionState::ready, SessionState::running};
    if (command == "tasks release") return {SessionState::ready};
    if (command == "tasks approve" || command == "tasks deny" || command == "tasks answer") {
        return {SessionState::running};
    }
    if (command == "tasks archive" || command == "tasks prune") {
        return {SessionState::completed, SessionState::failed, SessionState::timed_out,
                SessionState::cancelled};
    }
    if (command == "tasks recover") {
        return {SessionState::ready, SessionState::running, SessionState::failed,
                SessionState::timed_out};
    }
    return {};
}

/// Configuration and state, as far as they are there. Looking must not make what is not.
class RealSource final : public CompletionSource {
public:
    explicit RealSource(const GlobalOptions& globals) {
        options_.config_file = globals.config_file.value_or("");
        options_.session_id = globals.session_id.value_or("");
        options_.all_sessions = globals.all_sessions;
    }

    std::vector<Candidate> tasks(std::string_view command, const std::string& word) override {
        std::vector<Candidate> found;
        for (const TaskLabel& task : newest(word, states_for(command), most_shown)) {
            found.push_back({task.task_id, std::string(to_string(task.state)) + ": " + task.label});
        }
        return found;
    }

    std::vector<Candidate> labels() override {
        std::vector<Candidate> found;
        const auto has = [&](const std::string& label) {
            return std::any_of(found.begin(), found.end(),
                               [&](const Candidate& one) { return one.word == label; });
        };
        for (const TaskLabel& task : newest({}, {}, most_looked_at)) {
            if (found.size() == most_shown) break;
            if (!has(task.label)) found.push_back({task.label, {}});
        }
        return found;
    }

    std::vector<Candidate> runtimes() override {
        std::vector<Candidate> found;
        const Result<Config> config = load_config(options_.config_file);
        if (!config) return found;
        for (const auto& [name, entry] : config->runtimes) found.push_back({name, entry.plugin});
        return found;
    }

    std::vector<Candidate> sessions(const std::string& word) override {
        std::vector<Candidate> found = {{"latest", "the newest root session with a task"},
                                        {"default", {}}};
        const auto add = [&](const std::string& id, const std::string& description) {
            const bool known = std::any_of(found.begin(), found.end(),
                                           [&](const Candidate& one) { return one.word == id; });
            if (!known && !id.empty()) found.push_back({id, description});
        };
        options_.all_sessions = true;
        const std::vector<TaskLabel> tasks = newest({}, {}, most_looked_at);
        for (const TaskLabel& task : tasks) add(task.scope_session_id, {});
        if (word.empty()) return found;
        for (const TaskLabel& task : tasks) add(task.task_session_id, task.label);
        return found;
    }

    std::vector<Candidate> requests() override {
        std::vector<Candidate> found;
        if (!is_state_there()) return found;
        Result<Tasks> tasks = Tasks::open(options_);
        if (!tasks) return found;
        const Result<RequestsResult> open = tasks->requests({false, most_shown});
        if (!open) return found;
        for (const RequestRow& row : open->requests) {
            found.push_back({row.task_id + "/" + row.request.request_id, row.request.question});
        }
        return found;
    }

    std::vector<Candidate> plugins() override {
        std::vector<Candidate> found;
        const Result<Config> config = load_config(options_.config_file);
        if (!config) return found;
        for (const PluginFile& plugin : find_plugins(plugin_directories(config->plugin_path))) {
            found.push_back({plugin.name, {}});
        }
        return found;
    }

private:
    static constexpr std::size_t most_shown = 50;
    static constexpr std::size_t most_looked_at = 200;

    [[nodiscard]] bool is_state_there() const {
        const Result<Config> config = load_config(options_.config_file);
        std::error_code failed;
        return config && std::filesystem::is_directory(config->state_directory, failed);
    }

    std::vector<TaskLabel> newest(const std::string& word, std::vector<SessionState> states,
                                  std::size_t limit) {
        if (!is_state_there()) return {};
        Result<std::vector<TaskLabel>> found =
            task_labels(options_, {word, std::move(states), limit});
        return found ? *std::move(found) : std::vector<TaskLabel>();
    }

    OpenOptions options_;
};

class CompletionScript final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("bash|zsh|fish", 1);
        table.note("Prints the script that makes a shell complete verbs, options, statuses, "
                   "runtimes, labels and task ids. Installed with loong; where that is not where "
                   "your shell looks, load what this prints.");
        table.example("source <(loong completion bash)");
        table.example("loong completion fish > ~/.config/fish/completions/loong.fish");
        table.exit_codes("0 done, 2 failure");
    }

    Result<ExitCode> run(Invocation& invocation) override {
        if (invocation.words.empty()) {
            return Error{ErrorCode::invalid_argument, "no shell was given", "bash, zsh or fish"};
        }
        const std::string_view script = completion_script(invocation.words.front());
        if (script.empty()) return unknown_word("shell", invocation.words.front(), shells);
        invocation.out.print(std::string(script));
        return ExitCode::done;
    }
};

/// Not for people: what the scripts ask.
class Complete final : public Verb {
public:
    void declare(OptionTable& table) override {
        table.positionals("-- WORD...", 0);
        table.note("Prints what can stand in the place of the last word: a line each, with a tab "
                   "before what it is.");
        table.example("loong complete -- tasks st");
        table.exit_codes("0 done");
    }

    [[nodiscard]] bool takes_command() const override { return true; }

    Result<ExitCode> run(Invocation& invocation) override {
        const std::vector<std::string> words =
            invocation.command_line.value_or(std::vector<std::string>{""});
        RealSource source(globals_on(words));
        invocation.out.print(completion_text(complete_line(words, source)));
        return ExitCode::done;
    }
};

} // namespace

std::unique_ptr<Verb> make_completion() { return std::make_unique<CompletionScript>(); }
std::unique_ptr<Verb> make_complete() { return std::make_unique<Complete>(); }

} // namespace loong::cli
