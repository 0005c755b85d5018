#include "plugin_check_steps.hpp"

#include "descriptor.hpp"
#include "json.hpp"
#include "text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

using Clock = std::chrono::steady_clock;

constexpr rlim_t most_memory = rlim_t{2} << 30U;
// Between a check's own end and the next one's beginning nothing of the plugin runs.
constexpr std::chrono::seconds patience_between{10};

Error failure(const std::string& what) {
    return {ErrorCode::store_io, "plugin check: " + what + ": " + std::strerror(errno), {}};
}

void write_line(int descriptor, const std::string& line) {
    std::string_view rest = line;
    while (!rest.empty()) {
        const ssize_t written = ::write(descriptor, rest.data(), rest.size());
        if (written >= 0) {
            rest.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno != EINTR) {
            ::_exit(1); // nobody listens any more
        }
    }
}

/// The process in which the plugin runs: in a group of its own, silent, and with an end to what it
/// may take from the machine.
[[noreturn]] void be_the_plugins_process(const std::function<void(CheckTeller&)>& body, int told) {
    ::setsid();
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int stream = 0; stream <= 2 && null >= 0; ++stream) ::dup2(null, stream);
    // What is written to, not what is reserved: some reserve a great deal. Never more than before.
    rlimit limit{};
    if (::getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur > most_memory) {
        limit.rlim_cur = most_memory;
        ::setrlimit(RLIMIT_DATA, &limit);
    }
    CheckTeller teller(told);
    try {
        body(teller);
    } catch (const std::exception& caught) {
        teller.failed(std::string("threw ") + caught.what());
    }
    // Not exit(): static objects of the plugin are the plugin's, and the plugin is not unloaded.
    ::_exit(0);
}

std::string how_it_died(int status) {
    if (WIFSIGNALED(status)) {
        const int number = WTERMSIG(status);
        const char* name = ::sigabbrev_np(number);
        const char* words = ::sigdescr_np(number);
        return fmt::format("crashed: SIG{} ({})", name == nullptr ? "?" : name,
                           words == nullptr ? "?" : words);
    }
    return fmt::format("ended the process with exit code {}", WEXITSTATUS(status));
}

/// Reads what the plugin's process tells and turns it into checks.
class Listener {
public:
    explicit Listener(PluginCheckReport& report) : report_(report) {}

    /// False once the process is silent for too long.
    bool listen(int descriptor) {
        std::array<char, 4096> piece{};
        while (true) {
            const auto left = std::chrono::ceil<Milliseconds>(until_ - Clock::now());
            if (left <= Milliseconds(0)) return false;
            pollfd watched{descriptor, POLLIN, 0};
            const int ready = ::poll(&watched, 1, static_cast<int>(left.count()));
            if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
            const ssize_t got = ::read(descriptor, piece.data(), piece.size());
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) return true;
            text_.append(piece.data(), static_cast<std::size_t>(got));
            for (std::size_t end = text_.find('\n'); end != std::string::npos;
                 end = text_.find('\n')) {
                take(text_.substr(0, end));
                text_.erase(0, end + 1);
            }
        }
    }

    /// The check that was begun and not told of; there was none where it is empty.
    [[nodiscard]] const std::string& open_check() const { return open_; }
    [[nodiscard]] Milliseconds limit() const { return limit_; }

private:
    void take(const std::string& line) {
        const std::size_t first = line.find('\t');
        const std::size_t second = line.find('\t', first + 1);
        if (first == std::string::npos || second == std::string::npos) return;
        const std::string word = line.substr(0, first);
        const std::string key = line.substr(first + 1, second - first - 1);
        const std::string text = line.substr(second + 1);
        until_ = Clock::now() + patience_between;
        if (word == "begin") {
            open_ = text;
            Milliseconds::rep limit = 0;
            std::from_chars(key.data(), key.data() + key.size(), limit);
            limit_ = Milliseconds(limit);
            until_ = Clock::now() + limit_;
        } else if (word == "fact") {
            (key == "id" ? report_.id : report_.version) = text;
        } else {
            const auto result = word == "passed"    ? PluginCheck::Result::passed
                                : word == "skipped" ? PluginCheck::Result::skipped
                                                    : PluginCheck::Result::failed;
            report_.checks.push_back({std::exchange(open_, {}), result, text});
        }
    }

    PluginCheckReport& report_;
    std::string text_;
    std::string open_;
    Milliseconds limit_{0};
    Clock::time_point until_ = Clock::now() + patience_between;
};

std::vector<pid_t> children_of_this_process() {
    std::vector<pid_t> found;
    std::error_code ignored;
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task", ignored)) {
        std::ifstream file(task.path() / "children");
        std::copy(std::istream_iterator<pid_t>(file), {}, std::back_inserter(found));
    }
    return found;
}

/// Workers that the checks started came to us when their parents ended.
void end_descendants() {
    for (std::vector<pid_t> rest = children_of_this_process(); !rest.empty();
         rest = children_of_this_process()) {
        for (const pid_t pid : rest) {
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
        }
    }
}

} // namespace

void CheckTeller::begin(std::string_view name, Milliseconds limit) {
    write_line(descriptor_, fmt::format("begin\t{}\t{}\n", limit.count(), escape_controls(name)));
}

void CheckTeller::fact(std::string_view key, std::string_view value) {
    write_line(descriptor_, fmt::format("fact\t{}\t{}\n", key, escape_controls(value)));
}

void CheckTeller::tell(std::string_view how, std::string_view text) {
    write_line(descriptor_, fmt::format("{}\t\t{}\n", how, escape_controls(text)));
}

void CheckTeller::check(std::string_view name, const std::function<std::string()>& body) {
    begin(name);
    const std::string why = body();
    why.empty() ? passed() : failed(why);
}

Result<void> run_apart(const std::function<void(CheckTeller&)>& body, PluginCheckReport& report) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failure("pipe");
    const Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    if (::prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) return failure("prctl");
    const pid_t child = ::fork();
    if (child < 0) return failure("fork");
    if (child == 0) be_the_plugins_process(body, write_end.get());
    write_end.close();
    Listener listener(report);
    const bool came_back = listener.listen(read_end.get());
    if (!came_back) ::kill(child, SIGKILL);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    end_descendants();
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    const bool well = came_back && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (well && listener.open_check().empty()) return {};
    const std::string why = came_back
                                ? how_it_died(status)
                                : fmt::format("did not come back within {} s",
                                              std::chrono::ceil<Seconds>(listener.limit()).count());
    report.checks.push_back(
        {listener.open_check().empty() ? "the plugin's process ends well" : listener.open_check(),
         PluginCheck::Result::failed, why});
    return {};
}

Result<std::unique_ptr<CheckDirectory>> CheckDirectory::make() {
    std::error_code failed;
    std::string path =
        (std::filesystem::temp_directory_path(failed) / "loong-check-XXXXXX").string();
    if (failed || ::mkdtemp(path.data()) == nullptr) return failure("directory " + path);
    return std::make_unique<CheckDirectory>(path);
}

CheckDirectory::~CheckDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

Result<std::string> CheckDirectory::configure(const Value& config) const {
    std::string text;
    // JSON is YAML.
    append_json(text, config);
    std::string file = path_ + "/config.yaml";
    std::ofstream stream(file, std::ios::binary);
    stream << text << '\n';
    stream.close();
    if (!stream) return failure("configuration " + file);
    return file;
}

Value plugin_entry(const PluginCheckRequest& request) {
    Value entry;
    entry.set("plugin", request.file);
    if (const Value::Object* members = request.settings.values.as_object()) {
        for (const auto& [key, value] : *members) entry.set(key, value);
    }
    return entry;
}

std::string error_line(const Error& error) {
    return std::string(to_string(error.code)) + ": " + error.message;
}

} // namespace loong
