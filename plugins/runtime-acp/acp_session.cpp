#include "acp_session.hpp"

#include <loong/policy_questions.hpp>

#include <algorithm>
#include <utility>

namespace loong::acp {
namespace {

/// Between TERM and KILL, once the agent has been asked in every other way.
constexpr Milliseconds longest_kill_grace{3'000};

std::string name_of(const std::string& program) { return program.substr(program.rfind('/') + 1); }

} // namespace

AcpSession::AcpSession(SessionContext& context, AcpSettings settings, std::string program)
    : context_(context),
      settings_(std::move(settings)),
      program_(std::move(program)),
      directory_(settings_.cwd.empty() ? context.spec().working_directory : settings_.cwd),
      policy_(context.spec().tool_policy),
      transcript_(context.directory(), context.spec().limits.max_output_bytes),
      narrator_(context) {
    handle_.agent = name_of(program_);
    handle_.directory = directory_;
    handle_.mode = settings_.mode;
}

Result<void> AcpSession::save_handle() { return context_.save_handle(format_handle(handle_)); }

std::string AcpSession::who() const {
    std::string name = text_of(agent_info_, "title");
    if (name.empty()) name = text_of(agent_info_, "name");
    if (name.empty()) name = handle_.agent;
    const std::string version = text_of(agent_info_, "version");
    return version.empty() ? name : name + " " + version;
}

Result<Outcome> AcpSession::run() { return carry(); }

Result<Outcome> AcpSession::take_up(Handle handle) {
    handle_ = std::move(handle);
    taking_up_ = true;
    return carry();
}

Result<Outcome> AcpSession::carry() {
    Ended ended = settle_policy();
    while (ended && !*ended) {
        ended = start_agent();
        if (ended && !*ended) ended = initialize();
        if (ended && !*ended) ended = open_session();
        if (ended && !*ended && !needs_login_) ended = take_turn();
        if (!ended || *ended) break;
        Result<void> gone = end_process(true);
        if (!gone) return std::move(gone).error();
        ending_ = false;
        ended = ask_for_login();
    }
    if (!ended) {
        // Whatever went wrong here, no agent is left behind.
        if (peer_) static_cast<void>(end_process(false));
        return std::move(ended).error();
    }
    return close(**std::move(ended));
}

Result<Outcome> AcpSession::close(Outcome outcome) {
    if (outcome.kind == OutcomeKind::detached) {
        // Its keeper ends it; the session can be taken up by another process.
        peer_.reset();
        return outcome;
    }
    ending_ = true;
    if (Result<void> gone = end_process(!signals_.force); !gone) return std::move(gone).error();
    if (Result<void> told = narrator_.finish(); !told) return std::move(told).error();
    if (trouble_) return *trouble_;
    outcome.result = narrator_.last_message();
    if (const std::string usage = narrator_.usage(); !usage.empty()) {
        outcome.message += (outcome.message.empty() ? "used " : "; used ") + usage;
    }
    if (peer_ && peer_->end()) outcome.resource_use = peer_->end()->use;
    return outcome;
}

AcpSession::Ended AcpSession::settle_policy() {
    int number = 0;
    for (const ToolRule& rule : open_questions(policy_)) {
        NewRequest request = question_about(rule, policy_);
        request.key = "use " + std::to_string(++number) + "/" + context_.spec().task_session_id;
        Result<RequestStatus> status = context_.ask(request);
        if (!status) return std::move(status).error();
        if (status->state == RequestState::open) {
            look_at_signals();
            return std::optional(told_outcome());
        }
        const bool allowed = status->state == RequestState::allowed;
        settle(policy_, rule, allowed);
        if (allowed) continue;
        Result<void> told = context_.report_denied(request.tool, request.detail, request.rule);
        if (!told) return std::move(told).error();
    }
    return std::optional<Outcome>();
}

AcpSession::Ended AcpSession::start_agent() {
    const SessionSpec& spec = context_.spec();
    KeptStart start;
    start.keeper_path = context_.keeper_path();
    start.directory = context_.directory();
    start.session_id = spec.task_session_id;
    start.program = program_;
    start.arguments = settings_.args;
    start.arguments.insert(start.arguments.begin(), settings_.command);
    start.environment = spec.environment;
    for (const EnvironmentVariable& more : settings_.env) {
        std::erase_if(start.environment, [&](const auto& one) { return one.name == more.name; });
        start.environment.push_back(more);
    }
    start.working_directory = directory_;
    start.grace = std::min<Microseconds>(longest_kill_grace, spec.limits.grace);
    start.policy = policy_;
    start.umask = spec.umask;
    Peer::Hooks hooks;
    hooks.on_errors = [this](std::string_view bytes) {
        Result<void> written = context_.write_output(OutputStream::standard_error, bytes);
        if (!written && !trouble_) trouble_ = std::move(written).error();
    };
    hooks.on_trouble = [this](const std::string& what) { context_.log("agent: " + what); };
    Result<Peer> peer = Peer::start(start, transcript_, std::move(hooks));
    if (!peer) return std::move(peer).error();
    peer_ = std::make_unique<Peer>(*std::move(peer));
    // Durable before the agent runs, so that nothing can run that nobody knows of.
    if (Result<void> saved = save_handle(); !saved) {
        peer_.reset();
        return std::move(saved).error();
    }
    needs_login_ = false;
    look_at_signals();
    if (is_told()) {
        peer_.reset();
        return std::optional(told_outcome());
    }
    peer_->go();
    return std::optional<Outcome>();
}

AcpSession::Ended AcpSession::ask_for_login() {
    std::string methods;
    for (const json::value& method : login_methods_) {
        std::string name = text_of(method, "name");
        if (name.empty()) name = text_of(method, "id");
        methods += (methods.empty() ? "" : ", ") + name;
    }
    NewRequest request;
    request.kind = RequestKind::input;
    request.key = "login " + std::to_string(++logins_) + "/" + context_.spec().task_session_id;
    request.question = who() + " needs a login (" +
                       (methods.empty() ? std::string("it names no method") : methods) +
                       "). Log in outside of loong, then answer anything to try again";
    if (!settings_.login.empty()) request.detail = "how to log in: " + settings_.login;
    narrator_.set_state(ProgressState::blocked, "needs a login: " + methods);
    if (auto told = narrator_.tell_progress(); !told) return std::move(told).error();
    Result<RequestStatus> status = context_.ask(request);
    if (!status) return std::move(status).error();
    look_at_signals();
    if (is_told()) return std::optional(told_outcome());
    if (status->state != RequestState::answered) {
        return std::optional(failed(who() + " needs a login (" + methods + ")"));
    }
    narrator_.set_state(ProgressState::active, "trying again after the login");
    return std::optional<Outcome>();
}

} // namespace loong::acp
