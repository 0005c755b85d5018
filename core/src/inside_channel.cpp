#include "inside_channel.hpp"

#include "inside_request.hpp"
#include "loong/tool_policy.hpp"
#include "text.hpp"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <string_view>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace loong {

namespace {

/// One look takes so many; the rest waits for the next one. With the pause it bounds what work that
/// rings without end can make of this machine.
constexpr std::size_t most_at_once = 64;
constexpr std::size_t most_names = 4096;
/// A full FIFO.
constexpr int most_reads = 16;
constexpr std::size_t most_pending = 100;
constexpr std::chrono::milliseconds pause_between_looks{20};

Error io_error(const std::string& what) {
    return {ErrorCode::store_io, what + ": " + std::strerror(errno),
            "look at the session's directory"};
}

Error policy_error(const std::string& why) {
    return {ErrorCode::unsupported, "tool policy: task.create " + why,
            "the task was created so; its policy cannot be widened"};
}

} // namespace

std::string inside_directory(const std::string& session_directory, std::string_view part) {
    std::string path = session_directory + "/loong-inside";
    if (!part.empty()) path.append("-").append(part);
    return path;
}

Result<std::unique_ptr<InsideChannel>> InsideChannel::start(Setup setup) {
    std::unique_ptr<InsideChannel> channel(new InsideChannel(std::move(setup)));
    channel->options_.session_id = channel->session_->spec().task_session_id;
    channel->options_.all_sessions = false;
    // Threads would have to leave before this session may end.
    channel->options_.workers_in_this_process = false;
    if (Result<void> opened = channel->open(); !opened) return std::move(opened).error();
    try {
        channel->thread_ = std::thread([channel = channel.get()] { channel->loop(); });
    } catch (const std::system_error& failure) {
        return Error{ErrorCode::store_io,
                     std::string("worker: no thread could be started: ") + failure.what(),
                     "raise the limit on processes"};
    }
    return channel;
}

InsideChannel::~InsideChannel() {
    session_->stop_ringing(answered_);
    stopping_ = true;
    stop_.ring();
    if (thread_.joinable()) thread_.join();
}

Result<void> InsideChannel::open() {
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) return io_error(path_);
    directory_ = Descriptor(::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!directory_) return io_error(path_);
    if (::mkfifoat(directory_.get(), inside::bell_name, 0600) != 0 && errno != EEXIST) {
        return io_error(path_ + "/bell");
    }
    // For both, so that it never ends however many ring and leave. The work may have put anything
    // in its place by now; then nobody is heard, which is the work's own loss.
    bell_ = Descriptor(::openat(directory_.get(), inside::bell_name,
                                O_RDWR | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC));
    struct stat status {};
    if (bell_ && (::fstat(bell_.get(), &status) != 0 || !S_ISFIFO(status.st_mode))) bell_.close();
    Result<Bell> stop = Bell::make("session " + session_->spec().task_session_id);
    if (!stop) return std::move(stop).error();
    stop_ = *std::move(stop);
    Result<Bell> answered = Bell::make("session " + session_->spec().task_session_id);
    if (!answered) return std::move(answered).error();
    answered_ = *std::move(answered);
    session_->ring_on_answer(answered_);
    return {};
}

void InsideChannel::loop() {
    while (!stopping_) {
        // Emptied before looking: what comes after rings again.
        std::array<char, 4096> rung{};
        for (int reads = 0; bell_ && reads < most_reads; ++reads) {
            if (::read(bell_.get(), rung.data(), rung.size()) <= 0) break;
        }
        static_cast<void>(answered_.silence());
        look_for_requests();
        answer_pending();
        pollfd stop{stop_.descriptor(), POLLIN, 0};
        ::poll(&stop, 1, static_cast<int>(pause_between_looks.count()));
        if (!stopping_) wait_for_work();
    }
}

void InsideChannel::wait_for_work() {
    std::array<pollfd, 3> watched{{{stop_.descriptor(), POLLIN, 0},
                                   {answered_.descriptor(), POLLIN, 0},
                                   {bell_ ? bell_.get() : -1, POLLIN, 0}}};
    ::poll(watched.data(), watched.size(), -1);
}

void InsideChannel::look_for_requests() {
    const int copy = ::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (copy < 0) return;
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(::fdopendir(copy), ::closedir);
    if (!entries) {
        ::close(copy);
        return;
    }
    std::vector<std::string> names;
    std::size_t seen = 0;
    while (const dirent* entry = ::readdir(entries.get())) {
        if (++seen > most_names || names.size() == most_at_once) break;
        std::string_view name = static_cast<const char*>(entry->d_name);
        if (!name.ends_with(inside::request_suffix)) continue;
        name.remove_suffix(inside::request_suffix.size());
        if (inside::is_message_name(name) && !pending_.contains(std::string(name))) {
            names.emplace_back(name);
        }
    }
    for (const std::string& name : names) {
        if (!stopping_) take(name);
    }
    // There may be more.
    if (names.size() == most_at_once && bell_ && ::write(bell_.get(), "", 1) < 0) {
        session_->log("the bell of the channel is full");
    }
}

Result<std::string> InsideChannel::read(const std::string& file) {
    const Descriptor opened(
        ::openat(directory_.get(), file.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!opened || ::fstat(opened.get(), &status) != 0) return io_error(file);
    const Error none{
        ErrorCode::invalid_argument, "message from inside the work: is no such file", {}};
    if (!S_ISREG(status.st_mode)) return none;
    std::string content;
    std::array<char, 65536> block{};
    for (;;) {
        const ssize_t count = ::read(opened.get(), block.data(), block.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return io_error(file);
        if (count == 0) return content;
        content.append(block.data(), static_cast<std::size_t>(count));
        if (content.size() > inside::longest_message) return none;
    }
}

void InsideChannel::take(const std::string& name) {
    Result<std::string> text = read(name + std::string(inside::request_suffix));
    if (!text) return answer(name, std::move(text).error());
    Result<inside::Request> request = inside::read_request(*text);
    if (!request) return answer(name, std::move(request).error());
    if (Outcome done = handle(name, *request)) answer(name, *done);
}

InsideChannel::Outcome InsideChannel::handle(const std::string& name,
                                             const inside::Request& request) {
    if (const auto* told = std::get_if<ReportRequest>(&request)) return report(*told);
    if (const auto* wish = std::get_if<CreateRequest>(&request)) return create(name, *wish);
    const auto& question = std::get<AskRequest>(request);
    Result<NewRequest> asked = inside_request(session_->state(), question, name);
    if (!asked) return Result<inside::Answered>(std::move(asked).error());
    return open_question(name, *asked);
}

InsideChannel::Outcome InsideChannel::report(const ReportRequest& request) {
    Progress progress;
    progress.percent = request.percent;
    progress.note = request.note;
    progress.state = request.state.value_or(ProgressState::none);
    Result<void> done = session_->report_progress(progress);
    if (!done) return Result<inside::Answered>(std::move(done).error());
    return Result<inside::Answered>(inside::Answered{});
}

InsideChannel::Outcome InsideChannel::open_question(const std::string& name,
                                                    const NewRequest& request) {
    if (pending_.size() >= most_pending) {
        return Result<inside::Answered>(
            Error{ErrorCode::conflict, "the work asks too much at once", "wait for an answer"});
    }
    Result<RequestStatus> status = session_->open_request(request);
    if (!status) return Result<inside::Answered>(std::move(status).error());
    pending_[name].request_id = status->request_id;
    return std::nullopt;
}

InsideChannel::Outcome InsideChannel::create(const std::string& name,
                                             const CreateRequest& request) {
    const ToolRule* rule = deciding_rule(policy_.rules, tool::task_create, {});
    if (rule == nullptr || rule->decision == ToolDecision::allow) {
        return create_now(name, request);
    }
    const std::string what = request.label.empty() ? request.work.text : request.label;
    if (rule->decision == ToolDecision::deny) {
        static_cast<void>(
            session_->report_denied(tool::task_create, shorten(what, 1024), to_text(*rule)));
        return Result<inside::Answered>(policy_error("is denied"));
    }
    NewRequest asked;
    asked.key = "create " + name;
    asked.tool = tool::task_create;
    asked.rule = to_text(*rule);
    std::string work = request.work.text;
    for (const std::string& word : request.work.arguments) work += shell_quote(word) + ' ';
    asked.question = "May the work create a task? " + shorten(what.empty() ? work : what, 200);
    asked.detail = shorten(work, std::size_t{60} * 1024);
    Outcome refused = open_question(name, asked);
    if (!refused) pending_[name].create = request;
    return refused;
}

Result<Tasks::Implementation*> InsideChannel::tasks() {
    if (!tasks_) {
        Result<std::unique_ptr<Tasks::Implementation>> opened =
            Tasks::Implementation::open(options_);
        if (!opened) return std::move(opened).error();
        tasks_ = *std::move(opened);
        tasks_->create_at_most(policy_);
    }
    return tasks_.get();
}

Result<inside::Answered> InsideChannel::create_now(const std::string& name, CreateRequest request) {
    Result<Tasks::Implementation*> opened = tasks();
    if (!opened) return std::move(opened).error();
    // Answered again after a crash it must not be created twice.
    if (request.dedupe_key.empty()) {
        request.dedupe_key = "inside/" + session_->spec().task_session_id + "/" + name;
    }
    Result<std::vector<Result<CreateResult>>> created = (*opened)->create({std::move(request)});
    if (!created) return std::move(created).error();
    if (!created->front()) return std::move(created->front()).error();
    inside::Answered answered;
    answered.created = *std::move(created->front());
    return answered;
}

void InsideChannel::answer_pending() {
    for (auto next = pending_.begin(); next != pending_.end();) {
        const auto one = next++;
        Result<RequestStatus> status = session_->request_status(one->second.request_id);
        if (!status) continue;
        if (status->state == RequestState::open) continue;
        const std::string name = one->first;
        const std::optional<CreateRequest> wish = std::move(one->second.create);
        pending_.erase(one);
        if (!wish) {
            answer(name, inside::Answered{*status, std::nullopt});
        } else if (status->state == RequestState::allowed) {
            answer(name, create_now(name, *wish));
        } else {
            static_cast<void>(session_->report_denied(
                tool::task_create, shorten(wish->work.text, 1024), "ask task.create"));
            answer(name, policy_error("was not allowed by the operator"));
        }
    }
}

void InsideChannel::answer(const std::string& name, const Result<inside::Answered>& given) {
    const std::string text = inside::write_answer(given);
    const std::string draft = "." + name;
    const std::string file = name + std::string(inside::answer_suffix);
    // Whatever lies there under these names is the work's doing, and not followed.
    ::unlinkat(directory_.get(), draft.c_str(), 0);
    const Descriptor made(::openat(directory_.get(), draft.c_str(),
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    bool whole = static_cast<bool>(made);
    for (std::string_view left = text; whole && !left.empty();) {
        const ssize_t count = ::write(made.get(), left.data(), left.size());
        if (count < 0 && errno == EINTR) continue;
        whole = count >= 0;
        if (whole) left.remove_prefix(static_cast<std::size_t>(count));
    }
    whole =
        whole && ::renameat(directory_.get(), draft.c_str(), directory_.get(), file.c_str()) == 0;
    if (!whole) session_->log("message " + name + " from inside could not be answered");
    // Also where it could not: it was obeyed, and must not be for ever.
    ::unlinkat(directory_.get(), (name + std::string(inside::request_suffix)).c_str(), 0);
}

} // namespace loong
